// The map without WebGL: the same calls as the WebGL painter, drawn as SVG circles, of which a browser bears some
// thousands; larger maps show an even sample along the stacking, so that a rare class has its share and lies on top; the
// search under the pointer still knows every point.

/** @import { Painter } from "./painter.js" */
import { FAINT } from "./inks.js";
import { mix } from "./lens.js";
import { FADED, LIT } from "./masks.js";
import { flat, rows as stacked } from "./stacking.js";

const MOST = 5000, NS = "http://www.w3.org/2000/svg";

/** @param {number[]} ink */
const css = ([r, g, b, a]) => `rgba(${Math.round(r * 255)},${Math.round(g * 255)},${Math.round(b * 255)},${a})`;

/**
 * A painter on an <svg> element; `sampled` says whether points are left out.
 * @param {SVGElement} svg
 * @returns {Painter}
 */
export function svgPainter(svg) {
  let places = new Float32Array(), from = places, codes = new Uint8Array(), palette = new Uint8Array(), states = new Uint8Array(), n = 0, stack = flat();
  /** @type {Float32Array<ArrayBuffer> | null} */
  let next = null;
  /** @type {number[]} */
  let rows = [];
  /** @type {SVGElement[]} */
  let dots = [];
  const group = svg.appendChild(document.createElementNS(NS, "g"));
  /** Chooses the points that are drawn, from the lowest to the topmost: those of a grown class all, of others a sample. */
  const draw = () => {
    const all = stacked(stack, n), few = Array.from(all).filter(row => stack.growth[codes[row]] > 1).slice(-MOST / 10);
    const rare = new Set(few), rest = rare.size ? Array.from(all).filter(row => !rare.has(row)) : Array.from(all);
    const room = Math.min(rest.length, MOST - rare.size);
    rows = [...Array.from({ length: room }, (_, k) => rest[Math.floor(k * Math.max(1, rest.length / room))]), ...few];
    dots = rows.map(() => document.createElementNS(NS, "circle"));
    group.replaceChildren(...dots);
  };
  return {
    exact: false,
    get sampled() { return n > MOST ? MOST : 0; },
    points(xy, to = null) {
      places = from = xy;
      next = to;
      if (n === xy.length / 2) return;
      n = xy.length / 2;
      stack = flat();
      draw();
    },
    between(share) { if (next) places = mix(from, next, share, new Float32Array(from.length)); },
    colours(newCodes, newPalette, newStack = flat()) {
      codes = newCodes;
      palette = newPalette;
      stack = newStack;
      draw();
    },
    states(newStates) { states = newStates; },
    close() { group.remove(); },
    paint(view, grey, rim, faint = FAINT) {
      const radius = view.diameter(rows.length) / 2;
      rows.forEach((row, k) => {
        const [x, y] = view.toPixels(places[2 * row], places[2 * row + 1]), c = 4 * codes[row], dot = dots[k];
        const own = [0, 1, 2, 3].map(j => palette[c + j] / 255);
        dot.setAttribute("cx", x.toFixed(1));
        dot.setAttribute("cy", y.toFixed(1));
        dot.setAttribute("r", (radius * (states[row] ? stack.growth[codes[row]] : 1)).toFixed(1));
        dot.setAttribute("fill", css(states[row] ? own : grey));
        dot.setAttribute("fill-opacity", String(states[row] === FADED ? faint : 1));
        dot.setAttribute("stroke", states[row] === LIT ? css(rim) : "none");
      });
    },
  };
}
