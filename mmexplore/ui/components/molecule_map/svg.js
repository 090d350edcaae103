// The map without WebGL: the same calls as the WebGL painter, drawn as SVG circles, of which a browser bears some
// thousands; larger maps show an even sample, and the search under the pointer still knows every point.

/** @import { Painter } from "./painter.js" */
import { LIT } from "./masks.js";

const MOST = 5000, NS = "http://www.w3.org/2000/svg";

/** @param {number[]} ink */
const css = ([r, g, b, a]) => `rgba(${Math.round(r * 255)},${Math.round(g * 255)},${Math.round(b * 255)},${a})`;

/**
 * A painter on an <svg> element; `sampled` says whether points are left out.
 * @param {SVGElement} svg
 * @returns {Painter}
 */
export function svgPainter(svg) {
  let places = new Float32Array(), codes = new Uint8Array(), palette = new Uint8Array(), states = new Uint8Array(), n = 0;
  /** @type {number[]} */
  let rows = [];
  /** @type {SVGElement[]} */
  let dots = [];
  const group = svg.appendChild(document.createElementNS(NS, "g"));
  return {
    exact: false,
    get sampled() { return n > MOST ? MOST : 0; },
    points(xy) {
      places = xy;
      n = xy.length / 2;
      rows = Array.from({ length: Math.min(n, MOST) }, (_, k) => Math.floor(k * Math.max(1, n / MOST)));
      dots = rows.map(() => document.createElementNS(NS, "circle"));
      group.replaceChildren(...dots);
    },
    colours(newCodes, newPalette) { codes = newCodes; palette = newPalette; },
    states(newStates) { states = newStates; },
    close() { group.remove(); },
    paint(view, grey, rim) {
      const radius = view.diameter(rows.length) / 2;
      rows.forEach((row, k) => {
        const [x, y] = view.toPixels(places[2 * row], places[2 * row + 1]), c = 4 * codes[row], dot = dots[k];
        const own = [0, 1, 2, 3].map(j => palette[c + j] / 255);
        dot.setAttribute("cx", x.toFixed(1));
        dot.setAttribute("cy", y.toFixed(1));
        dot.setAttribute("r", radius.toFixed(1));
        dot.setAttribute("fill", css(states[row] ? own : grey));
        dot.setAttribute("stroke", states[row] === LIT ? css(rim) : "none");
      });
    },
  };
}
