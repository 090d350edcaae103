// A library's map: too many points to hold, so that tiles come for what is in sight. While it moves its density is drawn,
// at rest its points; a lasso goes to the server, which counts.

/** @import { Component } from "../dom.js" */
/** @import { Place } from "./pinch.js" */
/** @import { Colours } from "./legend.js" */
/** @import { Source } from "./source.js" */
/** @import { Choice, Index } from "./tiles.js" */
/** @import { Box } from "./view.js" */
import { part } from "../dom.js";
import { Card } from "./card.js";
import { Edges } from "./edges.js";
import { gestures } from "./gestures.js";
import { bytes, inks } from "./inks.js";
import { Contours } from "./labels.js";
import { legend } from "./legend.js";
import { Marks } from "./marks.js";
import { Nearest } from "./nearest.js";
import { SERVER } from "./source.js";
import { MOST_APART, TilePainter } from "./tile_painter.js";
import { address, allowed, chosen, raster, Tiles } from "./tiles.js";
import { tools } from "./tools.js";
import { REST_MS, View } from "./view.js";

/**
 * What the map shows: tiles by their `key`; `by` is a number of the molecules, "" for density; `outlines` are drawn on, and
 * `place` is where one looks: the middle and how far one has zoomed in; a new `arrival` goes there.
 * @typedef {object} ShownLibrary
 * @property {string} title
 * @property {string} name
 * @property {string} library
 * @property {string} key
 * @property {string} base
 * @property {string} by
 * @property {Colours} colour
 * @property {{ row: number, xy: [number, number] } | null} current
 * @property {[number, number][][]} outlines
 * @property {[number, number, number] | null} place
 * @property {number} arrival
 *
 * @typedef {{ row: number, xy: Place }} Found
 */

const SETTLED_MS = 1000;   // until the address is told where one looks
const A_FRAME = 250_000;   // points that are drawn between two looks at the pointer
const REACH_PX = 10;

/** @type {WeakMap<Element, LibraryMap>} */
const maps = new WeakMap();

/**
 * Called by Streamlit at every rerun of the page.
 * @param {Component<ShownLibrary> & { source?: Source }} component
 */
export default function show({ data, parentElement, setTriggerValue, source }) {
  const root = part(parentElement, ".molecule-map", HTMLElement), map = maps.get(root) ?? new LibraryMap(root, source);
  maps.set(root, map);
  map.update(data, event => setTriggerValue("event", event));
  return () => map.close();
}

export class LibraryMap {
  /** @type {ShownLibrary} */
  data = { title: "", name: "", library: "", key: "", base: "", by: "", colour: { label: "", entries: [], ticks: [], palette: [] }, current: null, outlines: [], place: null, arrival: 0 };
  view = new View();
  n = 0;
  /** @type {Box} */
  box = { left: 0, right: 1, bottom: 0, top: 1 };
  dark = false;
  // and what else a picture asks a map for
  tiled = true;
  painter = { exact: true };
  labels = { laid: [], drawing: () => "", shares: () => "" };
  xy = new Float32Array();
  codes = new Uint8Array();
  states = new Uint8Array();
  /** @type {import("./inks.js").Ink} */
  grey = [0, 0, 0, 1];
  /** @type {Index | null} */
  #index = null;
  /** @type {Tiles | null} */
  #tiles = null;
  /** @type {TilePainter | null} */
  #painter = null;
  /** @type {Choice | null} */
  #rested = null;   // what is drawn at rest, none while the map moves
  /** @type {{ xy: Float32Array, rows: Uint32Array, nearest: Nearest } | null} */
  #near = null;
  /** @type {Found | null} */
  #cursor = null;
  /** @type {Found | null} */
  #hovered = null;
  #raster = "";   // which one the painter has
  #frame = 0;
  #before = 0;   // when the last frame of a move was drawn
  #allowed = 30_000;   // points in the next one
  #turn = 0;   // counts what makes a picture in the making useless
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #resting;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #telling;
  #told = "";
  #unseen = new AbortController();
  /** @type {(event: object) => void} */
  #send = () => {};
  /** @type {Promise<void>} */
  #working = Promise.resolve();

  /**
   * @param {HTMLElement} root
   * @param {Source} source
   */
  constructor(root, source = SERVER) {
    this.root = root;
    this.source = source;
    this.surface = part(root, ".surface", HTMLElement);
    this.canvas = part(root, "canvas", HTMLCanvasElement);
    this.notice = part(root, ".notice", HTMLElement);
    this.bar = part(root, ".tools", HTMLElement);
    this.said = part(root, ".said", HTMLElement);
    this.marks = new Marks(part(root, ".overlay", SVGElement));
    this.edges = new Edges(part(root, ".overlay", SVGElement));
    this.contours = new Contours(part(root, ".contours", SVGElement));
    this.card = new Card(part(root, ".card", HTMLElement), (path, row) => this.#about(path, row), source);
    this.gestures = this.#listen();
    tools(this.bar, () => [this]);
    part(this.bar, "[data-act=picture]", HTMLElement).title = "Save the map as a picture (PNG)";
    const { signal } = this.#unseen;
    this.canvas.addEventListener("webglcontextlost", e => { e.preventDefault(); this.#painter = null; this.#turn++; }, { signal });
    this.canvas.addEventListener("webglcontextrestored", () => this.#begin(), { signal });
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => requestAnimationFrame(() => this.paint()), { signal });
    this.resizing = new ResizeObserver(() => this.#resized());
    this.resizing.observe(this.surface);
    this.#begin();
  }

  close() {
    this.#turn++;
    clearTimeout(this.#resting);
    clearTimeout(this.#telling);
    this.#painter?.close();
    this.resizing.disconnect();
    this.#unseen.abort();
    maps.delete(this.root);
  }

  /** A painter that knows nothing yet. */
  #begin() {
    this.#painter = TilePainter.on(this.canvas);
    this.#raster = "";
    if (!this.#painter) this.#notify("This browser has no WebGL, without which a library's map cannot be drawn.");
    else if (this.#index) this.#working = this.#working.then(() => this.#renew(this.data)).catch(problem => this.#failed(problem));
  }

  // ---- what the server says ----

  /**
   * @param {ShownLibrary} data
   * @param {(event: object) => void} send
   */
  update(data, send) {
    const before = this.data;
    this.data = data;
    this.#send = send;
    this.root.dataset.busy = "no";
    this.surface.setAttribute("aria-label", data.title);
    this.marks.outline(null);
    this.contours.update(lines(data.outlines));
    if (before.key === data.key && before.by === data.by && before.colour.palette.join() === data.colour.palette.join()) {
      if (this.#index && data.arrival !== before.arrival) this.#look();
      this.#over();
      return;
    }
    this.#turn++;
    this.#working = this.#working.then(() => this.#renew(data, before)).catch(problem => this.#failed(problem));
  }

  /**
   * @param {ShownLibrary} data
   * @param {ShownLibrary} [before]
   */
  async #renew(data, before) {
    const changed = data.key !== before?.key;
    if (before && changed) {
      const answer = await this.source.answer(address("tiles.json", data));
      if (!answer.ok) throw new Error(await answer.text());
      this.#index = await answer.json();
      this.#painter?.forget();
      this.#tiles = new Tiles(data, id => this.#painter?.drop(id), this.source);
    } else if (before && data.by !== before.by) {
      this.#tiles?.recolour();
      this.#painter?.forget();
    }
    if (data.key !== this.data.key || data.by !== this.data.by || !this.#index) return;
    const { n, box: [left, bottom, side] } = this.#index;
    this.n = n;
    this.box = extent(this.#index);
    this.#painter?.palette(bytes(data.colour.palette, n));
    legend(part(this.root, ".legend", HTMLElement), data.colour, () => {});
    if (changed && before) {
      this.card.forget();
      this.#cursor = null;
      this.#look();
    }
    this.root.dataset.side = String(side);
    this.root.dataset.at = [left, bottom].join();
    await this.#shade(raster(side * this.view.k * (window.devicePixelRatio || 1), this.#index.rasters));
    this.paint();
  }

  /** The place that the address names, or the whole map. */
  #look() {
    const { place } = this.data;
    this.view.measure(this.surface, this.bar);
    this.view.fit(this.box);
    if (place) Object.assign(this.view, { x: place[0], y: place[1], k: this.view.home * Math.min(Math.max(place[2], 0.5), 2000) });
    this.#told = place?.join() ?? "";
    this.paint();
  }

  /**
   * Have the painter know a raster.
   * @param {number} level
   */
  async #shade(level) {
    const { by, key } = this.data, name = `${key}/${level}/${by}`;
    if (this.#raster === name || !this.#tiles) return;
    this.#raster = name;
    const made = await this.#tiles.raster(level, by);
    if (this.#raster === name && this.data.by === by && this.data.key === key) this.#painter?.raster(made);
  }

  /** @param {Error} problem */
  #failed(problem) { this.#notify(`The tiles could not be fetched from the server (${problem.message}). Reload the page to try again.`); }

  // ---- what is seen ----

  #resized() {
    this.view.measure(this.surface, this.bar);
    if (!this.n) return;
    this.view.refit(this.box);
    this.paint();
  }

  /** What is in sight, in data units. */
  #seen() {
    const { view } = this, [left, top] = view.toData(0, 0), [right, bottom] = view.toData(view.width, view.height);
    return { left, right, bottom, top };
  }

  /** Paint in the next frame, as it moves; its points come once it rests. */
  paint() {
    this.#turn++;
    this.#rested = this.#near = null;
    clearTimeout(this.#resting);
    this.#resting = setTimeout(() => this.#rest().catch(problem => this.#failed(problem)), REST_MS);
    if (this.#frame || !this.#index) return;
    this.#frame = requestAnimationFrame(now => {
      this.#frame = 0;
      const took = now - this.#before;
      if (this.root.dataset.drawn === "some" && took < REST_MS) this.#allowed = allowed(this.#allowed, took);
      this.#before = now;
      if (this.root.isConnected) this.#moving();
    });
  }

  /** A frame of a map that moves: points, if need be thinned, where few are in sight and here, else the raster. */
  #moving() {
    const painter = this.#painter, tiles = this.#tiles, index = this.#index;
    if (!painter || !tiles || !index) return;
    const choice = chosen(index, this.#seen()), ids = Tiles.ids(choice);
    const apart = Math.max(1, Math.ceil(choice.points / this.#allowed)), here = tiles.has(choice, this.data.by) && ids.every(id => painter.has(id));
    if (choice.level === 0 && apart <= MOST_APART && here) {
      painter.points(this.view, index.box, ids, this.view.diameter(this.n), Boolean(this.data.by), apart);
      this.root.dataset.drawn = "some";
    } else this.root.dataset.drawn = painter.density(this.view, index.box) ? "density" : "nothing";
    this.#over();
  }

  /** The map rests: fetch what is in sight, draw it some tiles a frame, and show it. */
  async #rest() {
    const turn = this.#turn, index = this.#index, tiles = this.#tiles, { by } = this.data;
    if (!index || !tiles || !this.#painter) return;
    const choice = chosen(index, this.#seen()), ids = Tiles.ids(choice);
    this.#settle();
    await Promise.all([tiles.load(choice, by), this.#shade(raster(index.box[2] * this.view.k * (window.devicePixelRatio || 1), index.rasters))]);
    const painter = this.#painter;
    if (turn !== this.#turn || !painter) return;
    for (const id of ids) {
      const tile = tiles.get(id);
      if (tile && !painter.has(id)) painter.put(id, tile.points, by ? tile.codes : null);
    }
    painter.begin(this.view);
    if (!await this.#fill(ids, painter, turn)) return;
    painter.show();
    this.#rested = choice;
    this.root.dataset.drawn = "points";
    this.root.dataset.level = String(choice.level);
    this.root.dataset.points = String(choice.points);
    this.#notify(choice.level ? `1 in ${2 ** choice.level} of the ${this.n.toLocaleString("en")} molecules is drawn here, evenly; zoom in to see all.` : "");
    this.#over();
  }

  /**
   * Draw tiles into the picture at rest, some a frame; whether nothing has moved meanwhile.
   * @param {string[]} ids
   * @param {TilePainter} painter
   * @param {number} turn
   * @returns {Promise<boolean>}
   */
  async #fill(ids, painter, turn) {
    let count = 0, n = 0;
    while (count < ids.length && n < A_FRAME) n += this.#tiles?.get(ids[count++])?.n ?? 0;
    painter.add(this.view, this.#index?.box ?? [0, 0, 1], ids.slice(0, count), this.view.diameter(this.n), Boolean(this.data.by));
    await new Promise(done => { requestAnimationFrame(done); });
    if (turn !== this.#turn) return false;
    return count < ids.length ? this.#fill(ids.slice(count), painter, turn) : true;
  }

  /** For a picture: what is seen is drawn once more, as a canvas forgets it after its frame. */
  paintNow() {
    const { dark } = inks(this.surface);
    this.dark = dark;
    if (this.#rested) this.#painter?.show();
    else this.#moving();
  }

  /** What lies over the points. */
  #over() {
    const { view, data, root } = this, radius = view.diameter(this.n) / 2;
    this.dark = inks(this.surface).dark;
    /** @param {Found | null} one */
    const at = one => one && view.toPixels(...one.xy);
    this.marks.ring("current", at(data.current), radius + 5);
    this.marks.ring("cursor", at(this.#cursor?.row === data.current?.row ? null : this.#cursor), radius + 3);
    this.marks.ring("hovered", at(this.#hovered), radius + 3);
    this.contours.place(view);
    root.dataset.lit = String(this.#hovered?.row ?? -1);
    root.dataset.zoom = (view.k / view.home).toFixed(2);
    if (root.dataset.drawn && root.dataset.drawn !== "nothing") root.dataset.painted = String(Number(root.dataset.painted ?? 0) + 1);
  }

  /** @param {string} text */
  #notify(text) { this.notice.textContent = text; this.notice.hidden = !text; }

  // ---- which molecule ----

  /**
   * @param {string} path
   * @param {number} row
   */
  #about(path, row) {
    const drawing = path === "depict.svg" ? { dark: String(Number(this.dark)), width: "220", height: "150" } : null;
    return address(path, this.data, { row: String(row), ...drawing });
  }

  /** The points that are drawn in sight, once the map rests. */
  #drawn() {
    if (!this.#rested || !this.#tiles) return null;
    if (!this.#near) {
      const seen = this.#seen(), here = this.#tiles.within(this.#rested, seen);
      this.#near = { ...here, nearest: new Nearest(here.xy, seen) };
    }
    return this.#near;
  }

  /**
   * @param {number} x
   * @param {number} y
   * @param {number} reach   in pixels
   * @returns {Found | null}
   */
  #under(x, y, reach = REACH_PX) {
    const near = this.#drawn(), i = near ? near.nearest.at(...this.view.toData(x, y), reach / this.view.k) : -1;
    return near && i >= 0 ? { row: near.rows[i], xy: [near.xy[2 * i], near.xy[2 * i + 1]] } : null;
  }

  /** @param {Found | null} one */
  #hover(one) {
    if (one?.row === this.#hovered?.row) return;
    this.#hovered = one;
    this.#over();
    if (one) this.card.show(one.row, this.view.toPixels(...one.xy), this.view);
    else this.card.hide();
  }

  /**
   * @param {number} dx
   * @param {number} dy
   */
  async #walk(dx, dy) {
    const near = this.#drawn(), { view } = this;
    if (!near) return;
    let next = -1;
    if (this.#cursor) {
      const from = near.rows.indexOf(this.#cursor.row), start = from >= 0 ? from : near.nearest.at(...this.#cursor.xy, view.width / view.k);
      if (start >= 0) next = near.nearest.towards(start, dx, dy);
    } else next = near.nearest.at(view.x, view.y, view.width / view.k);
    if (next < 0) { this.said.textContent = "No molecule further in this direction here"; return; }
    const one = { row: near.rows[next], xy: /** @type {Place} */ ([near.xy[2 * next], near.xy[2 * next + 1]]) }, { x, y } = view;
    this.#cursor = one;
    this.#hovered = null;
    view.reveal(...one.xy);
    if (view.x !== x || view.y !== y) this.paint();
    this.#over();
    const words = await this.card.show(one.row, view.toPixels(...one.xy), view);
    if (words) this.said.textContent = words;
  }

  // ---- what the visitor does ----

  #listen() {
    const { view } = this;
    return gestures(this.surface, {
      hover: (x, y) => this.#hover(this.#under(x, y)),
      leave: () => this.#hover(null),
      scrolls: () => false,
      drag: points => this.marks.outline(points),
      pan: (dx, dy) => { view.pan(dx, dy); this.paint(); },
      zoom: (factor, ...at) => { this.#hover(null); view.zoom(factor, ...at); this.paint(); },
      reset: () => { view.fit(this.box); this.paint(); },
      click: (x, y) => this.#choose(this.#under(x, y)),
      enter: () => this.#choose(this.#cursor),
      escape: () => { this.#hover(null); this.#tell({ kind: "clear" }); },
      arrow: (dx, dy) => this.#walk(dx, dy),
      outline: (points, kind, add) => this.#tell({ kind, mode: add ? "add" : "replace", outline: view.outline(points) }),
    });
  }

  /** @param {string} tool */
  take(tool) {
    this.gestures.setTool(tool);
    this.surface.dataset.tool = tool;
  }

  /** @param {Found | null} one */
  #choose(one) {
    if (!one) return;
    this.#cursor = one;
    this.data = { ...this.data, current: one };
    this.#over();
    this.#tell({ kind: "click", row: one.row });
  }

  /** Have the address told where one looks, some time after the last move. */
  #settle() {
    clearTimeout(this.#telling);
    this.#telling = setTimeout(() => {
      const { view } = this, zoom = view.k / view.home, fitted = Object.assign(new View(), view);
      fitted.fit(this.box);
      const still = Math.abs(zoom - 1) < 1e-3 && Math.hypot(fitted.x - view.x, fitted.y - view.y) * view.k < 1;
      const place = still ? [] : [view.x, view.y, zoom].map(v => Number(v.toPrecision(6)));
      if (place.join() === this.#told) return;
      this.#told = place.join();
      this.#send({ kind: "place", place });
    }, SETTLED_MS);
  }

  /** @param {object} event */
  #tell(event) {
    this.root.dataset.busy = "yes";
    this.#send(event);
  }
}

/**
 * Outlines as the lines of contours are: pairs, NaN after each.
 * @param {[number, number][][]} outlines
 */
export function lines(outlines) { return Float32Array.from(outlines.flatMap(corners => [...corners, corners[0], [NaN, NaN]].flat())); }

/**
 * The smallest box round all points.
 * @param {Index} index
 * @returns {Box}
 */
export function extent({ levels: [all] }) {
  /** @param {number} k */
  const of = k => all.map(tile => tile[k]);
  return { left: Math.min(...of(4)), bottom: Math.min(...of(5)), right: Math.max(...of(6)), top: Math.max(...of(7)) };
}
