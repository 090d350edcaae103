// The structure card: what a molecule looks like and what is known of it. Texts are set as text, never as markup.

/** @import { Source } from "./source.js" */
import { make } from "../dom.js";
import { SERVER } from "./source.js";

/**
 * @typedef {{ name: string, smiles: string, facts: [string, string][] }} Facts
 * @typedef {Facts & { xy: [number, number] }} Star   a molecule that was typed: its place, and what its card says
 */

/** The number of the molecule that was typed: it is in no row of the data set, and its facts came with the page. */
export const STAR = -2;
const WAIT_MS = 30;   // while the pointer sweeps over many points, only the one it rests on is asked for

/**
 * The URL of a drawing or of the facts of a row, or of the typed molecule.
 * @param {string} path
 * @param {number} row
 * @param {{ base: string, data: string, model: string, star: Star | null }} shown
 * @param {boolean} dark
 */
export function address(path, row, { base, data, model, star }, dark) {
  const query = new URLSearchParams(row === STAR ? { smiles: star?.smiles ?? "" } : { data, model, row: String(row) });
  const drawing = path === "depict.svg" ? `&dark=${Number(dark)}&width=220&height=150` : "";
  return `${base}/${path}?${query}${drawing}`;
}

/** Drives the card element. */
export class Card {
  row = -1;
  asked = 0;
  /** @type {Star | null} */
  star = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  timer;
  /** @type {Map<string, Promise<Facts | null>>} */
  known = new Map();

  /**
   * @param {HTMLElement} element
   * @param {(path: string, row: number) => string} find   the URL of a drawing or of the facts
   * @param {Source} source
   */
  constructor(element, find, source = SERVER) {
    this.element = element;
    this.find = find;
    this.source = source;
    this.picture = make("img", "picture");
    this.picture.alt = "";
    this.text = make("div", "facts");
    element.replaceChildren(this.picture, this.text);
    this.picture.addEventListener("error", () => { this.picture.style.visibility = "hidden"; });
    this.picture.addEventListener("load", () => { this.picture.style.visibility = "visible"; });
  }

  /**
   * Show a row's card beside a pixel; resolves to the words that say what it is, or null if another row came first.
   * @param {number} row
   * @param {number[]} at
   * @param {{ width: number, height: number }} view
   */
  async show(row, at, view) {
    if (row === this.row) return null;
    this.row = row;
    clearTimeout(this.timer);
    const now = performance.now(), wait = now - this.asked < WAIT_MS ? WAIT_MS : 0;
    this.asked = now;
    if (wait) await new Promise(done => { this.timer = setTimeout(done, wait); });
    if (this.row !== row) return null;
    this.picture.style.visibility = "hidden";
    this.source.draw(this.picture, this.find("depict.svg", row));
    this.text.replaceChildren(make("strong", "name", row === STAR ? this.star?.name : `Molecule ${row + 1}`));
    this.place(at, view);
    const facts = await this.facts(row);
    if (this.row !== row || !facts) return null;
    this.write(facts, row);
    this.place(at, view);
    return [facts.name || facts.smiles, ...facts.facts.map(([label, value]) => `${label} ${value}`)].join(", ");
  }

  /** Forget what was known: the data set or the model changed. */
  forget() { this.known.clear(); this.hide(); }

  hide() { this.row = -1; this.element.hidden = true; }

  /**
   * @param {number} row
   * @returns {Promise<Facts | null>}
   */
  async facts(row) {
    if (row === STAR) return this.star;
    const url = this.find("card.json", row);
    if (this.known.size > 500) this.known.clear();
    const asked = this.known.get(url) ?? this.source.answer(url).then(r => r.ok ? r.json() : null).catch(() => null);
    this.known.set(url, asked);
    return asked;
  }

  /**
   * @param {Facts} facts
   * @param {number} row
   */
  write({ name, smiles, facts }, row) {
    const list = make("dl", "values");
    for (const [label, value] of facts) list.append(make("dt", "", label), make("dd", "", value));
    this.text.replaceChildren(make("strong", "name", name || `Molecule ${row + 1}`), make("code", "smiles", smiles), list);
  }

  /**
   * Beside the pointer, on the side where there is room, always inside the map.
   * @param {number[]} at
   * @param {{ width: number, height: number }} view
   */
  place([px, py], view) {
    this.element.hidden = false;
    const { offsetWidth: w, offsetHeight: h } = this.element, gap = 16;
    const left = px + gap + w <= view.width ? px + gap : px - gap - w;
    const top = Math.min(Math.max(py - h / 2, 4), view.height - h - 4);
    this.element.style.left = `${Math.min(Math.max(left, 4), Math.max(view.width - w - 4, 4))}px`;
    this.element.style.top = `${Math.max(top, 4)}px`;
  }
}
