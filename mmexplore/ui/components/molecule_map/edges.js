// Edges: pairs of molecules that the page has joined, drawn over the points; one of them is looked at.

/** @import { Place } from "./pinch.js" */
import { part } from "../dom.js";

const REACH_PX = 5;

/** @typedef {{ toPixels: (x: number, y: number) => Place }} Looked */

/**
 * How far a place is from a straight line between two others.
 * @param {Place} at
 * @param {Place} one
 * @param {Place} other
 */
export function distance([x, y], [ax, ay], [bx, by]) {
  const dx = bx - ax, dy = by - ay, long = dx * dx + dy * dy;
  const along = long ? Math.min(1, Math.max(0, ((x - ax) * dx + (y - ay) * dy) / long)) : 0;
  return Math.hypot(x - ax - along * dx, y - ay - along * dy);
}

export class Edges {
  /** @type {[number, number][]} */
  pairs = [];
  chosen = -1;

  /** @param {Element} svg */
  constructor(svg) {
    this.all = part(svg, ".edges", SVGElement);
    this.one = part(svg, ".edge", SVGElement);
  }

  /**
   * @param {[number, number][]} pairs
   * @param {number} chosen   which of them is looked at, -1 for none
   */
  update(pairs, chosen) {
    this.pairs = pairs;
    this.chosen = chosen;
  }

  /**
   * Draw them where their molecules are now.
   * @param {Looked} view
   * @param {Float32Array} xy
   */
  place(view, xy) {
    const lines = this.pairs.map(pair => this.#ends(pair, view, xy)).map(ends => ends ? `M${ends.map(p => p.map(v => v.toFixed(1)).join(" ")).join("L")}` : "");
    this.all.setAttribute("d", lines.filter((_, k) => k !== this.chosen).join(""));
    this.one.setAttribute("d", lines[this.chosen] ?? "");
  }

  /**
   * The edge at a pixel, the nearest one, -1 for none.
   * @param {number} x
   * @param {number} y
   * @param {Looked} view
   * @param {Float32Array} xy
   */
  at(x, y, view, xy) {
    let found = -1, least = REACH_PX;
    this.pairs.forEach((pair, k) => {
      const ends = this.#ends(pair, view, xy), away = ends ? distance([x, y], ...ends) : Infinity;
      if (away < least) [found, least] = [k, away];
    });
    return found;
  }

  /**
   * Pixels of both ends, null where one has no place.
   * @param {[number, number]} pair
   * @param {Looked} view
   * @param {Float32Array} xy
   * @returns {[Place, Place] | null}
   */
  #ends([a, b], view, xy) {
    const one = view.toPixels(xy[2 * a], xy[2 * a + 1]), other = view.toPixels(xy[2 * b], xy[2 * b + 1]);
    return Number.isFinite(one[0] + one[1] + other[0] + other[1]) ? [one, other] : null;
  }
}
