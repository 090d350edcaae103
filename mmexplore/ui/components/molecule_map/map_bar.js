// The bar above a comparison: one row of tools and one legend for all of its maps.

/** @import { Component } from "../dom.js" */
/** @import { Colours } from "./legend.js" */
import { part } from "../dom.js";
import { legend } from "./legend.js";
import { group, inOrder } from "./linked.js";
import { tools } from "./tools.js";

/** @type {WeakMap<Element, string>} */
const names = new WeakMap();

/**
 * Called by Streamlit at every rerun of the page.
 * @param {Component<{ group: string, colour: Colours }>} component
 */
export default function show({ data, parentElement, setTriggerValue }) {
  const root = part(parentElement, ".map-bar", HTMLElement), first = !names.has(root), name = () => names.get(root) ?? "";
  names.set(root, data.group);
  if (first) tools(part(root, ".tools", HTMLElement), () => inOrder(name()), tool => { group(name()).tool = tool; });
  legend(part(root, ".legend", HTMLElement), data.colour,
    (code, add) => setTriggerValue("event", { kind: "category", code, mode: add ? "add" : "replace" }));
}
