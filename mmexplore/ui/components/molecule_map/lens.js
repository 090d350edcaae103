// The lens: a slider through several maps of the same molecules. Between two stops each molecule is on its own way.

import { make, part } from "../dom.js";

/**
 * Stops of a lens, in order; `points` are addresses, `lit` those of bit masks, one for each way between two stops.
 * @typedef {{ names: string[], points: string[], lit: string[], at: number }} Stops
 */

const STEP = 0.05, GLIDE_MS = 900;

/**
 * The way that a place on the slider lies on: the number of the stop that it comes from, and the share of it, 0 to 1.
 * @param {number} at
 * @param {number} stops   how many there are, two at least
 * @returns {[number, number]}
 */
export function way(at, stops) {
  const from = Math.min(Math.max(Math.floor(at), 0), stops - 2);
  return [from, Math.min(Math.max(at - from, 0), 1)];
}

/**
 * Places between two maps, into `mixed`; NaN where a molecule has no place there.
 * @param {Float32Array} from
 * @param {Float32Array} to
 * @param {number} share
 * @param {Float32Array<ArrayBuffer>} mixed
 */
export function mix(from, to, share, mixed) {
  if (share === 0 || share === 1) mixed.set(share ? to : from);
  else for (let k = 0; k < mixed.length; k++) mixed[k] = from[k] + share * (to[k] - from[k]);
  return mixed;
}

/**
 * What is said of a place on the slider.
 * @param {number} at
 * @param {string[]} names
 */
export function words(at, names) {
  const [from, share] = way(at, names.length);
  if (share === 0 || share === 1) return names[from + share];
  return `${Math.round(100 * share)} % from ${names[from]} to ${names[from + 1]}`;
}

/**
 * Columns for the names of so many stops: each has its place in the middle, the first and the last at the ends.
 * @param {number} stops   two at least
 */
export function columns(stops) {
  return ["minmax(0, 1fr)", ...Array(stops - 2).fill("minmax(0, 2fr)"), "minmax(0, 1fr)"].join(" ");
}

const still = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

/** Drives the lens element: a range and a button for each stop. */
export class Lens {
  at = 0;
  /** @type {string[]} */
  names = [];
  #told = NaN;   // where the server last put the slider
  /** @type {number[]} */
  #unanswered = [];   // where it came to rest, which the server says again: no news
  #frame = 0;
  #moved;
  #rests;

  /**
   * @param {HTMLElement} element
   * @param {(at: number) => void} moved   the slider is somewhere else
   * @param {(at: number) => void} rests   and stays there
   */
  constructor(element, moved, rests) {
    this.element = element;
    this.slider = part(element, ".way", HTMLInputElement);
    this.stops = part(element, ".stops", HTMLElement);
    this.#moved = moved;
    this.#rests = rests;
    this.slider.addEventListener("input", () => { this.#halt(); this.put(Number(this.slider.value)); });
    this.slider.addEventListener("change", () => this.#rest());
  }

  /**
   * Take these stops, null for none; a place that the server names anew is gone to at once.
   * @param {Stops | null} stops
   */
  show(stops) {
    this.element.hidden = stops === null;
    if (!stops) { this.names = []; return; }
    if (this.names.join("\n") !== stops.names.join("\n")) {
      this.names = stops.names;
      this.slider.max = String(stops.names.length - 1);
      this.stops.replaceChildren(...stops.names.map((name, number) => this.#button(name, number)));
      this.stops.style.gridTemplateColumns = columns(stops.names.length);
      this.#told = NaN;
    }
    const answered = this.#unanswered.indexOf(stops.at);
    if (answered >= 0) { this.#told = stops.at; this.#unanswered.splice(0, answered + 1); }
    if (this.#told === stops.at) return;
    this.#told = stops.at;
    this.#unanswered = [];
    this.#halt();
    this.put(stops.at);
  }

  /** @param {number} at */
  put(at) {
    this.at = Math.min(Math.max(at, 0), this.names.length - 1);
    this.slider.step = still() ? "1" : String(STEP);
    this.slider.value = String(this.at);
    this.slider.setAttribute("aria-valuetext", words(this.at, this.names));
    this.stops.querySelectorAll("button").forEach((button, number) => button.setAttribute("aria-pressed", String(number === this.at)));
    this.#moved(this.at);
  }

  /**
   * Go to a stop: at once where motion is not wanted.
   * @param {number} to
   */
  glide(to) {
    this.#halt();
    const from = this.at, began = performance.now(), whole = GLIDE_MS * Math.abs(to - from);
    if (still() || !whole) { this.put(to); this.#rest(); return; }
    const step = () => {
      const share = Math.min((performance.now() - began) / whole, 1);
      this.put(from + (to - from) * share * share * (3 - 2 * share));
      if (share < 1) this.#frame = requestAnimationFrame(step);
      else this.#rest();
    };
    this.#frame = requestAnimationFrame(step);
  }

  close() { this.#halt(); }

  #rest() {
    this.#unanswered.push(this.at);
    this.#rests(this.at);
  }

  #halt() {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
  }

  /**
   * @param {string} name
   * @param {number} number
   */
  #button(name, number) {
    const button = make("button", "stop", name);
    button.type = "button";
    button.title = `Go to ${name}`;
    button.addEventListener("click", () => this.glide(number));
    return button;
  }
}
