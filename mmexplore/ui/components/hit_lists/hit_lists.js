// Lists of structures side by side. Each drawing is an image from the server; names are text. A molecule that is pointed
// at, or has the focus, lights up wherever it stands; one that stands in several lists carries a mark and says so.

/** @import { Component } from "../dom.js" */
import { draw, isDark, make, part } from "../dom.js";

/**
 * @typedef {{ query: string, row: number, similarity: string, name: string, text: string }} Hit
 * @typedef {{ title: string, text: string, hits: Hit[], message: string }} Column
 * @typedef {{ address: string, columns: Column[] }} Lists
 */

/** @type {WeakMap<Element, (row: number) => void>} */
const picks = new WeakMap();   // what a click does: a rerun of the page brings a new one and leaves the lists as they are

/**
 * Called by Streamlit at every rerun of the page.
 * @param {Component<Lists>} component
 */
export default function show({ data, parentElement, setTriggerValue }) {
  const root = part(parentElement, ".hit-lists", HTMLElement), dark = isDark(root), asked = JSON.stringify([data, dark]);
  picks.set(root, row => setTriggerValue("picked", row));
  if (root.dataset.asked === asked) return;
  root.dataset.asked = asked;
  const times = counts(data.columns);
  root.replaceChildren(...data.columns.map(column => list(root, column, hit => mark(times.get(hit.row) ?? 1, data.columns.length),
    hit => `${data.address}?${hit.query}&width=360&height=200&dark=${Number(dark)}`)));
}

/**
 * In how many lists each row stands.
 * @param {Column[]} columns
 * @returns {Map<number, number>}
 */
export function counts(columns) {
  const times = new Map();
  columns.forEach(column => column.hits.forEach(({ row }) => times.set(row, (times.get(row) ?? 0) + 1)));
  return times;
}

/**
 * What is said of a hit that stands in several lists.
 * @param {number} times
 * @param {number} lists
 */
export function mark(times, lists) {
  return { shared: times > 1, words: times > 1 ? `in ${times} of ${lists}` : "" };
}

/**
 * @param {Element} root
 * @param {Column} column
 * @param {(hit: Hit) => ReturnType<typeof mark>} marked
 * @param {(hit: Hit) => string} drawing
 */
function list(root, column, marked, drawing) {
  const section = make("section", "list"), head = make("div", "head"), hits = make("ol");
  section.setAttribute("aria-label", column.title);
  head.append(make("strong", "", column.title), make("span", "", column.text));
  head.title = `${column.title}: ${column.text}`;
  hits.append(...column.hits.map((hit, place) => {
    const item = make("li");
    item.append(cell(root, hit, place + 1, marked(hit), drawing(hit)));
    return item;
  }));
  section.append(head, column.message ? make("p", "message", column.message) : hits);
  return section;
}

/**
 * @param {Element} root
 * @param {Hit} hit
 * @param {number} rank
 * @param {ReturnType<typeof mark>} mark
 * @param {string} src
 */
function cell(root, hit, rank, { shared, words }, src) {
  const button = make("button", shared ? "hit shared" : "hit"), top = make("span", "top");
  const picture = Object.assign(make("img"), { alt: `Structure of ${hit.name}`, loading: "lazy" });
  draw(picture, src);
  Object.assign(button, { type: "button", title: hit.name });
  button.dataset.row = String(hit.row);
  top.append(make("span", "similarity", `${rank}. ${hit.similarity}`), make("span", "badge", words));
  button.append(top, picture, make("span", "name", hit.name));
  if (hit.text) button.append(make("span", "text", hit.text));
  /** @param {boolean} on */
  const light = on => root.querySelectorAll(`[data-row="${hit.row}"]`).forEach(other => other.classList.toggle("lit", on));
  for (const event of ["pointerenter", "focus"]) button.addEventListener(event, () => light(true));
  for (const event of ["pointerleave", "blur"]) button.addEventListener(event, () => light(false));
  button.addEventListener("click", () => picks.get(root)?.(hit.row));
  return button;
}
