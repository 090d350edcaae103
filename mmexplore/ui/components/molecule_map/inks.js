// What the map is painted with: the palette as bytes, and what the theme gives for greyed points and for rims.

import { channels } from "../dom.js";

/** @typedef {[number, number, number, number]} Ink   red, green, blue and alpha, 0 to 1 */

/** How much of its colour a faded point keeps. */
export const FAINT = 0.16;
/** And one that is on its way between two maps, whose colour should still be followed. */
export const PASSING = 0.4;
const GREYED = 0.17;   // how far from paper to text

/**
 * 256 colours of four bytes; the more points there are, the more each lets through.
 * @param {string[]} palette   "#rrggbb"
 * @param {number} n
 */
export function bytes(palette, n) {
  const rgba = new Uint8Array(1024), alpha = n > 300000 ? 150 : n > 20000 ? 190 : 225;
  palette.forEach((colour, code) => rgba.set([...[1, 3, 5].map(k => parseInt(colour.slice(k, k + 2), 16)), alpha], 4 * code));
  return rgba;
}

/**
 * Greyed points, rims and the paper of an element, and whether its theme is dark.
 * @param {Element} surface
 */
export function inks(surface) {
  const style = getComputedStyle(surface), text = channels(style.color), paper = channels(style.backgroundColor);
  /**
   * @param {number[]} colour
   * @returns {Ink}
   */
  const ink = ([r, g, b]) => [r / 255, g / 255, b / 255, 1];
  return { grey: ink(text.map((v, k) => paper[k] + GREYED * (v - paper[k]))), rim: ink(text), paper: ink(paper), dark: text[0] > paper[0] };
}
