// A grid of structures. Each is an image from the server; names are text.

/** @import { Component } from "../dom.js" */
import { draw, isDark, make, part } from "../dom.js";

/**
 * @typedef {{ query: string, title: string, text: string, row: number }} Drawing
 * @typedef {{ address: string, items: Drawing[], width: number, height: number, current: number, picks: boolean }} Grid
 */

/** @type {WeakMap<Element, (row: number) => void>} */
const picks = new WeakMap();   // what a click does: a rerun of the page brings a new one and leaves the cells as they are

/**
 * Called by Streamlit at every rerun of the page.
 * @param {Component<Grid>} component
 */
export default function show({ data, parentElement, setTriggerValue }) {
  const grid = part(parentElement, ".drawings", HTMLElement), dark = isDark(grid), asked = JSON.stringify([data, dark]);
  picks.set(grid, row => setTriggerValue("picked", row));
  if (grid.dataset.asked === asked) return;
  grid.dataset.asked = asked;
  grid.style.setProperty("--wide", `${data.width}px`);
  grid.replaceChildren(...data.items.map(item => {
    const parts = [picture(item, data, dark)];
    if (item.title) parts.push(make("span", "title", item.title));
    if (item.text) parts.push(make("span", "text", item.text));
    const cell = data.picks ? button(grid, item, data.current) : make("div", "cell");
    cell.append(...parts);
    return cell;
  }));
}

/**
 * @param {Drawing} item
 * @param {Grid} data
 * @param {boolean} dark
 * @returns {HTMLElement}
 */
function picture(item, { address, width, height }, dark) {
  const drawn = make("img", "picture");
  draw(drawn, `${address}?${item.query}&width=${2 * width}&height=${2 * height}&dark=${Number(dark)}`);
  drawn.alt = `Structure of ${item.title || "the molecule"}`;
  drawn.style.height = `${height}px`;
  return drawn;
}

/**
 * @param {Element} grid
 * @param {Drawing} item
 * @param {number} current
 */
function button(grid, { row, title }, current) {
  const cell = Object.assign(make("button", "cell"), { type: "button", title });
  cell.setAttribute("aria-pressed", String(row === current));
  cell.addEventListener("click", () => picks.get(grid)?.(row));
  return cell;
}
