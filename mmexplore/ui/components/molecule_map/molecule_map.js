// The map: points that the server published once, drawn here, asked about one at a time. What goes back is an outline,
// a row or a wish, never the points: the server knows them.

/** @import { Component } from "../dom.js" */
/** @import { Ink } from "./inks.js" */
/** @import { Did, Shown } from "./shown.js" */
/** @import { Source } from "./source.js" */
import { part } from "../dom.js";
import { fetched } from "./fetched.js";
import { gestures } from "./gestures.js";
import { Edges } from "./edges.js";
import { bytes, FAINT, inks, PASSING } from "./inks.js";
import { Contours, Labels } from "./labels.js";
import { legend } from "./legend.js";
import { Lens, mix, way } from "./lens.js";
import { light, link, unlink } from "./linked.js";
import { passing, states } from "./masks.js";
import { around, extent } from "./nearest.js";
import { LastingPainter } from "./painter.js";
import { Pointing } from "./pointing.js";
import { NOTHING } from "./shown.js";
import { SERVER } from "./source.js";
import { flat, stacking } from "./stacking.js";
import { tools } from "./tools.js";
import { REST_MS, View } from "./view.js";

/** @type {WeakMap<Element, MoleculeMap>} */
const maps = new WeakMap();

/**
 * Called by Streamlit at every rerun of the page: the first time builds the map, later times bring it up to date.
 * @param {Component<Shown> & { source?: Source }} component
 */
export default function show({ data, parentElement, setTriggerValue, source }) {
  const root = part(parentElement, ".molecule-map", HTMLElement), map = maps.get(root) ?? new MoleculeMap(root, source);
  maps.set(root, map);
  map.update(data, event => setTriggerValue("event", event));
  return () => map.close();
}

export class MoleculeMap {
  data = NOTHING;
  group = "";
  view = new View();
  n = 0;
  xy = new Float32Array();
  codes = new Uint8Array();
  states = new Uint8Array();
  /** @type {Float32Array<ArrayBuffer>[]} */
  stops = [];   // maps that a lens goes through
  /** @type {Uint8Array[]} */
  lit = [];   // and whom each way between two of them is about
  stack = flat();
  box = extent(this.xy);
  /** @type {Ink} */
  grey = [0, 0, 0, 1];
  dark = false;
  /** @type {(event: Did) => void} */
  #send = () => {};
  /** @type {Promise<void>} */
  #working = Promise.resolve();
  /** @type {{ points?: string, codes?: string, palette?: string, fading?: string, marks?: string } | null} */
  #drawn = null;   // what the painter has
  #frame = 0;
  /** @type {Parameters<typeof states>} */
  #masks = [0, null, null, null];
  #way = -1;   // the way of the lens that the painter knows
  #passing = -1;   // and the one that is gone at the moment
  #unseen = new AbortController();
  #moving = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #rest;

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
    this.pointing = new Pointing(this);
    this.edges = new Edges(part(root, ".overlay", SVGElement));
    this.contours = new Contours(part(root, ".contours", SVGElement));
    this.labels = new Labels(part(root, ".regions", HTMLElement), this, (code, add) => this.#tell({ kind: "label", code, mode: add ? "add" : "replace" }));
    this.gestures = this.#listen();
    this.lens = new Lens(part(root, ".lens", HTMLElement), at => this.#moveTo(at), at => this.#tell({ kind: "lens", at }));
    tools(this.bar, () => [this]);
    this.painter = new LastingPainter(this.canvas, part(root, ".sampled", SVGElement), () => this.#anew());
    this.resizing = new ResizeObserver(() => this.#resized());
    this.resizing.observe(this.surface);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => requestAnimationFrame(() => this.paint()), this.#unseen);
  }

  close() {
    unlink(this);
    this.lens.close();
    clearTimeout(this.#rest);
    this.painter.close();
    this.resizing.disconnect();
    this.#unseen.abort();
    maps.delete(this.root);
  }

  // ---- what the server says ----

  /**
   * @param {Shown} data
   * @param {(event: Did) => void} send
   */
  update(data, send) {
    const before = this.data, { card } = this.pointing;
    this.data = data;
    this.#send = send;
    if (before.data !== data.data || before.model !== data.model) card.forget();
    card.star = data.star;
    this.edges.update(data.edges ?? [], data.edge ?? -1);
    this.labels.update(data.labels ?? []);
    if (before.current !== data.current) this.pointing.cursor = data.current;
    this.surface.setAttribute("aria-label", data.title);
    this.root.dataset.group = data.group;
    link(this, data.group);
    this.#working = this.#working.then(() => this.#renew()).catch(problem => this.#failed(problem));
  }

  /** Fetch and upload what is new; what has not changed stays on the GPU. */
  async #renew() {
    const { data } = this, drawn = this.#drawn ?? {};
    const [points, codes, selected, found, faded, lines] = await Promise.all(
      [data.points, data.colour.codes, data.selected, data.found, data.faded, data.contours].map(url => url ? fetched(url, this.source) : null));
    const along = await Promise.all([...data.lens?.points ?? [], ...data.lens?.lit ?? []].map(url => fetched(url, this.source)));
    if (data !== this.data) return;
    const places = data.lens?.points.join() ?? data.points;
    this.stops = along.slice(0, data.lens?.points.length ?? 0).map(stop => new Float32Array(stop));
    this.lit = along.slice(this.stops.length).map(mask => new Uint8Array(mask));
    if (drawn.points !== places) this.#newPoints(new Float32Array(points ?? []));
    const palette = data.colour.palette.join();
    if (drawn.codes !== data.colour.codes || drawn.palette !== palette) {
      this.codes = new Uint8Array(codes ?? []);
      this.stack = stacking(this.codes, data.colour.entries);
      this.painter.colours(this.codes, bytes(data.colour.palette, this.n), this.stack);
    }
    const fading = data.fading ?? "";
    if (drawn.codes !== data.colour.codes || drawn.palette !== palette || drawn.fading !== fading) {
      const choose = (/** @type {number} */ code, /** @type {boolean} */ add) => this.#tell({ kind: "category", code, mode: add ? "add" : "replace" });
      legend(part(this.root, ".legend", HTMLElement), data.colour, choose, fading);
    }
    const marks = [places, data.selected, data.found, data.faded, ...data.lens?.lit ?? []].join();
    if (drawn.marks !== marks) {
      const [one, two, three] = [selected, found, faded].map(mask => mask && new Uint8Array(mask));
      this.#masks = [this.n, one, two, three];
      this.#newStates();
    }
    this.contours.update(new Float32Array(lines ?? []));
    this.#drawn = { points: places, codes: data.colour.codes, palette, fading, marks };
    this.lens.show(data.lens);
    if (this.stops.length && this.#way < 0) this.#moveTo(this.lens.at);   // other maps, the slider where it was
    this.pointing.marks.outline(null);
    this.root.dataset.busy = "no";
    this.#anew();
  }

  /** @param {Float32Array<ArrayBuffer>} xy */
  #newPoints(xy) {
    this.xy = xy;
    this.n = xy.length / 2;
    this.box = around([xy, ...this.stops].map(extent));
    this.#way = this.#passing = -1;
    this.view.measure(this.surface, this.bar);
    this.view.fit(this.box);
    this.painter.points(xy);
    this.pointing.forget();
  }

  #newStates() {
    const rest = states(...this.#masks), lit = this.lit[this.#passing];
    const [made, present] = lit ? passing(rest[0], lit) : rest;
    this.states = made;
    this.painter.states(made, present);
  }

  /** @param {number} at   a place on the slider of the lens */
  #moveTo(at) {
    const { stops } = this;
    if (stops.length < 2) return;
    const [from, share] = way(at, stops.length), passed = share === 0 || share === 1 ? -1 : from;
    if (this.#way !== from) this.painter.points(stops[from], stops[from + 1]);
    this.#way = from;
    this.painter.between(share);
    this.xy = mix(stops[from], stops[from + 1], share, new Float32Array(2 * this.n));
    this.pointing.forget();
    if (this.#passing !== passed) {
      this.#passing = passed;
      this.#newStates();
    }
    this.root.dataset.at = at.toFixed(2);
    this.#stir();
  }

  /** @param {Error} problem */
  #failed(problem) {
    this.pointing.marks.outline(null);
    this.#notify(`The points could not be fetched from the server (${problem.message}). Reload the page to try again.`);
  }

  // ---- what is seen ----

  /** There is something new to paint, or a new painter. */
  #anew() {
    const { sampled } = this.painter;
    this.#notify(sampled ? `This browser has no WebGL: ${sampled.toLocaleString("en")} of ${this.n.toLocaleString("en")} molecules are drawn, evenly sampled.` : "");
    this.paint();
  }

  #resized() {
    this.view.measure(this.surface, this.bar);
    if (!this.n) return;
    this.view.refit(this.box);
    this.paint();
  }

  /** Paint in the next frame, once, however often it is asked for. */
  paint() {
    if (this.#frame || !this.#drawn) return;
    this.#frame = requestAnimationFrame(() => { this.#frame = 0; if (this.root.isConnected) this.paintNow(this.#moving); });
  }

  /** Paint points that move; once they have not for a while, as they are at rest. */
  #stir() {
    this.#moving = true;
    clearTimeout(this.#rest);
    this.#rest = setTimeout(() => { this.#moving = false; this.paint(); }, REST_MS);
    this.paint();
  }

  paintNow(moving = false) {
    const { grey, rim, paper, dark } = inks(this.surface), { dataset } = this.root;
    this.grey = grey;
    this.dark = dark;
    this.painter.paint(this.view, grey, rim, this.#passing < 0 ? FAINT : PASSING, moving ? paper : null);
    this.pointing.rings();
    this.edges.place(this.view, this.xy);
    this.contours.place(this.view);
    this.labels.place(this.view, dark);
    dataset.zoom = (this.view.k / this.view.home).toFixed(2);
    dataset.painted = String(Number(dataset.painted ?? 0) + 1);
  }

  /** @param {string} text */
  #notify(text) { this.notice.textContent = text; this.notice.hidden = !text; }

  // ---- what the visitor does ----

  #listen() {
    const { pointing, view } = this;
    return gestures(this.surface, {
      hover: (x, y) => pointing.hover(pointing.under(x, y)),
      leave: () => pointing.hover(-1),
      scrolls: () => this.group !== "" || this.data.scrolls === true,   // six maps fill a page, which could not be scrolled otherwise
      drag: points => pointing.marks.outline(points),
      pan: (dx, dy) => { view.pan(dx, dy); this.#stir(); },
      zoom: (factor, ...at) => { pointing.hover(-1); view.zoom(factor, ...at); this.#stir(); },
      reset: () => { view.fit(this.box); this.paint(); },
      click: (x, y, add) => this.#click(pointing.under(x, y), this.edges.at(x, y, view, this.xy), add),
      enter: add => this.#choose(pointing.cursor, add),
      escape: () => { pointing.hover(-1); light(this, -1); this.#tell({ kind: "clear" }); },
      arrow: (dx, dy) => pointing.walk(dx, dy),
      outline: (points, kind, add) => this.#tell({ kind, mode: add ? "add" : "replace", outline: view.outline(points) }),
    });
  }

  /**
   * A molecule comes before an edge that passes by.
   * @param {number} row
   * @param {number} edge
   * @param {boolean} add
   */
  #click(row, edge, add) {
    if (row === -1 && edge >= 0) this.#tell({ kind: "edge", code: edge });
    else this.#choose(row, add);
  }

  /** @param {number} row   pointed at in another map of the comparison */
  echo(row) { this.pointing.echo(row); }

  /** @param {string} tool */
  take(tool) {
    this.gestures.setTool(tool);
    this.surface.dataset.tool = tool;
  }

  /**
   * @param {number} row
   * @param {boolean} add
   */
  #choose(row, add) {
    if (row < 0) return;
    this.pointing.cursor = row;
    if (!add) this.data = { ...this.data, current: row };
    this.pointing.rings();
    this.#tell({ kind: "click", row, mode: add ? "add" : "replace" });
  }

  /** @param {Did} event */
  #tell(event) {
    this.root.dataset.busy = "yes";
    this.#send(this.stops.length ? { at: this.lens.at, ...event } : event);
  }
}
