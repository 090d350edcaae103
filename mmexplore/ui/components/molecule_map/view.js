// Where the map is looked at: data units <-> pixels of the element, one scale for both axes so that distances are true.

/** @import { Place } from "./pinch.js" */

/** @typedef {{ left: number, right: number, bottom: number, top: number }} Box   in data units */

/** So long after its last move a map is at rest: the notches of a slow wheel are one move, and nobody waits. */
export const REST_MS = 150;
const MOST_CORNERS = 500;

export class View {
  x = 0;   // the middle, in data units
  y = 0;
  k = 1;   // pixels a data unit
  home = 1;   // k where the whole map is shown
  width = 1;
  height = 1;
  bar = 0;
  dot = 1;   // finer points below 1

  /**
   * The element's size in pixels; a tool bar covers the uppermost `bar`.
   * @param {number} width
   * @param {number} height
   * @param {number} bar
   */
  resize(width, height, bar = 0) {
    this.width = Math.max(width, 1);
    this.height = Math.max(height, bar + 1);
    this.bar = bar;
  }

  /**
   * Takes the size of an element, and how much of its top the tools cover: nothing where they are not shown.
   * @param {HTMLElement} surface
   * @param {HTMLElement} tools
   */
  measure(surface, tools) {
    this.resize(surface.clientWidth, surface.clientHeight, tools.offsetHeight && tools.offsetTop + tools.offsetHeight);
  }

  /**
   * Show all points, with a margin for the rings, below the tool bar.
   * @param {Box} box
   */
  fit({ left, right, bottom, top }) {
    const across = right - left || 1, up = top - bottom || 1;
    this.k = this.home = 0.92 * Math.min(this.width / across, (this.height - this.bar) / up);
    this.x = (left + right) / 2;
    this.y = (bottom + top) / 2 + this.bar / 2 / this.k;
  }

  /**
   * The whole map still fills the element after a resize; a zoomed map keeps its centre and scale.
   * @param {Box} box
   */
  refit(box) {
    const zoom = this.k / this.home, { x, y } = this;
    this.fit(box);
    if (Math.abs(zoom - 1) > 1e-3) Object.assign(this, { x, y, k: zoom * this.home });
  }

  /**
   * @param {number} x
   * @param {number} y
   * @returns {Place}
   */
  toPixels(x, y) { return [this.width / 2 + (x - this.x) * this.k, this.height / 2 - (y - this.y) * this.k]; }

  /**
   * @param {number} px
   * @param {number} py
   * @returns {[number, number]}
   */
  toData(px, py) { return [this.x + (px - this.width / 2) / this.k, this.y - (py - this.height / 2) / this.k]; }

  /**
   * A drawn line in data units, thinned to what says as much.
   * @param {Place[]} points   in pixels
   */
  outline(points) {
    const every = Math.ceil(points.length / MOST_CORNERS);
    return points.filter((_, k) => k % every === 0).map(p => this.toData(...p));
  }

  /**
   * @param {number} dx
   * @param {number} dy
   */
  pan(dx, dy) { this.x -= dx / this.k; this.y += dy / this.k; }

  /**
   * Zoom about a pixel, which stays where it is; from half the whole map to 2,000 times.
   * @param {number} factor
   * @param {number} px
   * @param {number} py
   */
  zoom(factor, px = this.width / 2, py = this.height / 2) {
    const [x, y] = this.toData(px, py);
    this.k = Math.min(Math.max(this.k * factor, this.home / 2), this.home * 2000);
    const [qx, qy] = this.toPixels(x, y);
    this.pan(px - qx, py - qy);
  }

  /**
   * Bring a point into sight with the smallest move.
   * @param {number} x
   * @param {number} y
   * @param {number} margin
   */
  reveal(x, y, margin = 40) {
    const [px, py] = this.toPixels(x, y);
    /**
     * @param {number} p
     * @param {number} size
     */
    const inside = (p, size) => Math.min(Math.max(p, margin), size - margin);
    this.pan(inside(px, this.width) - px, inside(py, this.height) - py);
  }

  /**
   * Diameter of a point in pixels: small where there are many, growing slowly as one comes closer.
   * @param {number} n
   */
  diameter(n) {
    const base = Math.min(8, Math.max(1.5, 60 / Math.sqrt(Math.sqrt(n) + 1) / 1.15 - 0.3));
    return this.dot * Math.min(14, base * Math.pow(Math.max(this.k / this.home, 0.6), 0.35));
  }
}
