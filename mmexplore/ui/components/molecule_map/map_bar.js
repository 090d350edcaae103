// The bar above a comparison: one row of tools and one legend for all of its maps.

import { legend } from "./legend.js";
import { group, inOrder } from "./linked.js";
import { tools } from "./tools.js";

const names = new WeakMap();

/** Called by Streamlit at every rerun of the page. */
export default function show({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".map-bar"), first = !names.has(root);
  names.set(root, data.group);
  if (first) tools(root.querySelector(".tools"), () => inOrder(names.get(root)), tool => { group(names.get(root)).tool = tool; });
  legend(root.querySelector(".legend"), data.colour, (code, add) => setTriggerValue("event", { kind: "category", code, mode: add ? "add" : "replace" }));
}
