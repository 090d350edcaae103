// What the colours mean: categories with their counts, each a button that selects its molecules; or a bar with a scale. And
// who fades.

import { make } from "../dom.js";

/**
 * @typedef {{ name: string, code: number, n: number }} Entry
 * @typedef {{ label: string, entries: Entry[], ticks: string[], palette: string[] }} Colours   palette: "#rrggbb" by code
 */

/** @param {number} n */
const count = n => n.toLocaleString("en");

/**
 * @param {Entry} entry
 * @param {string} colour
 * @param {(add: boolean) => void} choose
 */
function button({ name, n }, colour, choose) {
  const made = make("button", "entry"), dot = make("span", "dot");
  dot.style.background = colour;
  made.type = "button";
  made.title = `Select these ${count(n)} molecules (Shift adds)`;
  made.append(dot, make("span", "label", name), make("span", "count", count(n)));
  made.addEventListener("click", e => choose(e.shiftKey));
  return made;
}

/**
 * @param {string[]} palette
 * @param {string[]} ticks
 */
function bar(palette, ticks) {
  const stops = palette.filter((_, i) => i % 16 === 0 || i === palette.length - 1);
  const scale = make("div", "scale"), strip = make("div", "strip"), numbers = make("div", "ticks");
  strip.style.background = `linear-gradient(to right, ${stops.join(",")})`;
  numbers.append(...ticks.map(tick => make("span", "", tick)));
  scale.append(strip, numbers);
  return scale;
}

/**
 * Fill the legend's element from the colour's description; `choose(code, add)` is called for a category.
 * @param {HTMLElement} element
 * @param {Colours} colour
 * @param {(code: number, add: boolean) => void} choose
 * @param {string} fading   what is said of those that fade, "" where none do
 */
export function legend(element, colour, choose, fading = "") {
  /** @type {HTMLElement[]} */
  const parts = [make("div", "what", colour.label)];
  if (colour.ticks.length) parts.push(bar(colour.palette.slice(0, 255), colour.ticks));
  for (const entry of colour.entries) parts.push(button(entry, colour.palette[entry.code], add => choose(entry.code, add)));
  if (fading) {
    const faded = make("div", "fading");
    faded.append(make("span", "dot"), make("span", "label", fading));
    parts.push(faded);
  }
  element.replaceChildren(...parts);
  element.hidden = !colour.label;
}
