// Which molecule is pointed at, walked to or chosen: its rings, its card, and what is said of it.

/** @import { MoleculeMap } from "./molecule_map.js" */
/** @import { Place } from "./pinch.js" */
import { part } from "../dom.js";
import { address, Card, STAR } from "./card.js";
import { light } from "./linked.js";
import { Marks } from "./marks.js";
import { Nearest } from "./nearest.js";

const REACH_PX = 10;

export class Pointing {
  cursor = -1;   // where arrow keys walk from
  hovered = -1;
  echoed = -1;   // pointed at in another map of the comparison
  /** @type {Nearest | null} */
  #index = null;
  #map;
  #said;

  /** @param {MoleculeMap} map */
  constructor(map) {
    this.#map = map;
    this.#said = part(map.root, ".said", HTMLElement);
    this.marks = new Marks(part(map.root, ".overlay", SVGElement));
    this.card = new Card(part(map.root, ".card", HTMLElement), (path, row) => address(path, row, map.data, map.dark), map.source);
  }

  /** The points have new places. */
  forget() {
    this.#index = null;
    this.card.hide();
  }

  rings() {
    const { view, n, data, root } = this.#map, radius = view.diameter(n) / 2;
    /** @param {number} row */
    const at = row => row >= 0 && row < n ? this.#place(row) : null;
    this.marks.ring("current", at(data.current), radius + 5);
    this.marks.ring("cursor", at(this.cursor === data.current ? -1 : this.cursor), radius + 3);
    this.marks.ring("hovered", at(this.hovered), radius + 3);
    this.marks.ring("echoed", at(this.echoed), radius + 7);
    this.marks.star(data.star ? this.#place(STAR) : null);
    root.dataset.lit = String(Math.max(this.hovered, this.echoed));
  }

  /**
   * The molecule at a pixel, -1 for none.
   * @param {number} x
   * @param {number} y
   */
  under(x, y) {
    const { n, data, view } = this.#map;
    if (!n) return -1;
    if (data.star) {
      const [starX, starY] = this.#place(STAR);
      if (Math.hypot(starX - x, starY - y) < REACH_PX + 2) return STAR;
    }
    const { codes, stack, states } = this.#map, usual = view.diameter(n) / 2 / view.k;
    /** @param {number} row */
    const radius = row => usual * (states[row] ? stack.growth[codes[row]] : 1);
    /** @param {number} row */
    const height = row => 256 * states[row] + stack.rank[codes[row]];
    return this.#nearest().at(...view.toData(x, y), REACH_PX / view.k, { radius, height });
  }

  /** @param {number} row   -1 for none */
  hover(row) {
    if (row === -1) this.card.hide();   // also one that keys have walked to
    if (row === this.hovered) return;
    this.hovered = row;
    this.echoed = -1;
    this.rings();
    light(this.#map, row);
    if (row !== -1) this.card.show(row, this.#place(row), this.#map.view);
  }

  /** @param {number} row   pointed at in another map of the comparison, -1 for none */
  echo(row) {
    this.echoed = row;
    this.hovered = -1;
    this.card.hide();
    this.rings();
  }

  /**
   * Step to the nearest molecule in a direction; the first step is to the middle of what is in sight.
   * @param {number} dx
   * @param {number} dy
   */
  async walk(dx, dy) {
    const { n, view, xy } = this.#map;
    if (!n) return;
    const next = this.cursor >= 0 ? this.#nearest().towards(this.cursor, dx, dy) : this.#nearest().at(view.x, view.y, view.width / view.k);
    if (next < 0) { this.#said.textContent = "No molecule further in this direction"; return; }
    this.cursor = next;
    view.reveal(xy[2 * next], xy[2 * next + 1]);
    this.#map.paint();
    this.hovered = -1;
    light(this.#map, next);
    const words = await this.card.show(next, this.#place(next), view);
    if (words) this.#said.textContent = words;
  }

  #nearest() { return this.#index ??= new Nearest(this.#map.xy, this.#map.box); }

  /**
   * @param {number} row
   * @returns {Place}
   */
  #place(row) {
    const { view, xy, data } = this.#map;
    return row === STAR && data.star ? view.toPixels(...data.star.xy) : view.toPixels(xy[2 * row], xy[2 * row + 1]);
  }
}
