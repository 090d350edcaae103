// Labels of the map: what molecules that lie together have in common, drawn where they lie; finer ones as one comes closer.
// And contours, the lines round where molecules lie closest.

/** @import { MoleculeMap } from "./molecule_map.js" */
/** @import { Place } from "./pinch.js" */
import { make } from "../dom.js";

export const WIDTH = 96, HEIGHT = 72;
/** Of the height, so much is for the shares below the drawing. */
export const SHARES = 20;
const GAP = 6, EDGE = 4;
const SOONER = 0.6;   // of a level: one press of + brings the next one

/**
 * What molecules that lie together have in common, from zooms somewhat below 2 ** level on: `inside` of the `n` there hold it, and
 * `outside` of the others.
 * @typedef {{ x: number, y: number, level: number, smiles: string, inside: number, n: number, outside: number, n_outside: number }} MapLabel
 *
 * What a place for labels is: pixels of a place, how far one has zoomed in, and the room that there is.
 * @typedef {{ toPixels: (x: number, y: number) => Place, k: number, home: number, width: number, height: number, bar: number }} Room
 *
 * Where a label lies; `side` says on which side of its peak.
 * @typedef {{ label: number, left: number, top: number, side: number }} Laid
 */

/**
 * Where labels go: beside their peaks, inside the map, on top of no other one. Where there is no room for all, finer ones
 * come first, then those of more molecules. One that was on a side before stays there while it can.
 * @param {Pick<MapLabel, "x" | "y" | "level">[]} labels   of each level those of more molecules first
 * @param {Room} room
 * @param {Map<number, number>} before   the side of each label that lay there
 * @returns {Laid[]}
 */
export function layout(labels, room, before = new Map()) {
  const closer = Math.log2(room.k / room.home) + SOONER;
  const order = labels.map((_, k) => k).filter(k => labels[k].level <= Math.max(closer, 0));
  order.sort((one, other) => labels[other].level - labels[one].level || one - other);
  /** @type {Laid[]} */
  const laid = [];
  for (const label of order) {
    const [x, y] = room.toPixels(labels[label].x, labels[label].y);
    if (!(x >= 0 && x <= room.width && y >= room.bar && y <= room.height)) continue;
    const left = x - WIDTH / 2, top = y - HEIGHT / 2, usual = before.get(label) ?? 0;
    const sides = [
      { left, top: y - HEIGHT - GAP }, { left, top: y + GAP }, { left: x + GAP, top }, { left: x - WIDTH - GAP, top },
    ].map((at, side) => ({ label, ...at, side }));
    const free = [sides[usual], ...sides].find(at => fits(at, room) && laid.every(other => apart(at, other)));
    if (free) laid.push(free);
  }
  return laid;
}

/**
 * @param {Laid} at
 * @param {Room} room
 */
function fits({ left, top }, { width, height, bar }) {
  return left >= EDGE && top >= bar + EDGE && left + WIDTH <= width - EDGE && top + HEIGHT <= height - EDGE;
}

/**
 * @param {Laid} one
 * @param {Laid} other
 */
function apart(one, other) {
  return Math.abs(one.left - other.left) >= WIDTH + GAP || Math.abs(one.top - other.top) >= HEIGHT + GAP;
}

/**
 * A share in per cent; a few are not none, and nearly all are not all.
 * @param {number} some
 * @param {number} all
 */
export function percent(some, all) {
  const share = 100 * some / Math.max(all, 1);
  return some > 0 && share < 0.5 ? "<1%" : some < all && share >= 99.5 ? ">99%" : `${Math.round(share)}%`;
}

/** Drives the layer of labels; a click on one selects its molecules. */
export class Labels {
  /** @type {MapLabel[]} */
  #labels = [];
  /** @type {HTMLElement[]} */
  #made = [];
  #written = "[]";
  /** @type {boolean | null} */
  #dark = null;
  /** @type {Map<number, number>} */
  #sides = new Map();
  /** @type {Laid[]} */
  laid = [];

  /**
   * @param {HTMLElement} layer
   * @param {Pick<MoleculeMap, "source" | "data" | "surface">} map
   * @param {(label: number, add: boolean) => void} chosen
   */
  constructor(layer, map, chosen) {
    this.layer = layer;
    this.map = map;
    this.chosen = chosen;
    layer.addEventListener("wheel", e => { e.preventDefault(); map.surface.dispatchEvent(new WheelEvent("wheel", e)); }, { passive: false });
  }

  /** @param {MapLabel[]} labels */
  update(labels) {
    const written = JSON.stringify(labels);
    if (written === this.#written) return;
    this.#written = written;
    this.#labels = labels;
    this.#dark = null;
    this.#sides = new Map();
  }

  /** @param {boolean} dark */
  #draw(dark) {
    this.#dark = dark;
    this.#made = this.#labels.map((label, k) => this.#button(label, k, dark));
    this.layer.replaceChildren(...this.#made);
  }

  /**
   * The address of a label's drawing.
   * @param {number} label
   * @param {boolean} dark
   */
  drawing(label, dark) {
    const query = new URLSearchParams({ smiles: this.#labels[label].smiles, width: String(WIDTH), height: String(HEIGHT - SHARES), dark: String(Number(dark)) });
    return `${this.map.data.base}/depict.svg?${query}`;
  }

  /** @param {number} label */
  shares(label) {
    const { inside, n, outside, n_outside } = this.#labels[label];
    return `${percent(inside, n)} in, ${percent(outside, n_outside)} out`;
  }

  /**
   * @param {MapLabel} label
   * @param {number} number
   * @param {boolean} dark
   */
  #button(label, number, dark) {
    const button = make("button", "region"), image = make("img", "part");
    button.type = "button";
    image.alt = "";
    this.map.source.draw(image, this.drawing(number, dark));
    button.append(image, make("span", "share", this.shares(number)));
    /** @param {number} n */
    const count = n => n.toLocaleString("en");
    button.title = `${label.smiles}: in ${count(label.inside)} of the ${count(label.n)} molecules here, and in ${count(label.outside)} of the ${count(label.n_outside)} others. A click selects those here, with Shift it adds them.`;
    button.setAttribute("aria-label", button.title);
    button.addEventListener("click", e => this.chosen(number, e.shiftKey));
    return button;
  }

  /**
   * Puts each where it belongs now.
   * @param {Room} room
   * @param {boolean} dark
   */
  place(room, dark) {
    if (dark !== this.#dark) this.#draw(dark);
    this.laid = layout(this.#labels, room, this.#sides);
    this.#sides = new Map(this.laid.map(({ label, side }) => [label, side]));
    const places = new Map(this.laid.map(at => [at.label, at]));
    this.#made.forEach((button, k) => {
      const at = places.get(k);
      button.hidden = !at;
      if (at) Object.assign(button.style, { left: `${at.left.toFixed(1)}px`, top: `${at.top.toFixed(1)}px` });
    });
    this.layer.dataset.laid = String(this.laid.length);
  }
}

/** Drives the path of the contours, which is written once, in data units, and moved by a transform. */
export class Contours {
  /** @type {Float32Array | null} */
  #lines = null;

  /** @param {Element} path */
  constructor(path) { this.path = path; }

  /** @param {Float32Array} lines   x and y in turn, NaN after each line */
  update(lines) {
    if (lines.length === this.#lines?.length && lines.every((v, k) => Object.is(v, this.#lines?.[k]))) return;
    this.#lines = lines;
    const steps = [];
    for (let k = 0, ended = true; k < lines.length; k += 2) {
      if (!Number.isNaN(lines[k])) steps.push(`${ended ? "M" : "L"}${lines[k]} ${lines[k + 1]}`);
      ended = Number.isNaN(lines[k]);
    }
    this.path.setAttribute("d", steps.join(""));
  }

  /** @param {Room} room */
  place(room) {
    const [x, y] = room.toPixels(0, 0);
    this.path.setAttribute("transform", `translate(${x} ${y}) scale(${room.k} ${-room.k})`);
  }
}
