// The map: points that the server published once, drawn here, asked about one at a time. What goes back is an outline,
// a row or a wish, never the points: the server knows them.

import { Card, STAR } from "./card.js";
import { fetched } from "./fetched.js";
import { gestures } from "./gestures.js";
import { legend } from "./legend.js";
import { light, link, unlink } from "./linked.js";
import { Marks } from "./marks.js";
import { states } from "./masks.js";
import { extent, Nearest } from "./nearest.js";
import { svgPainter } from "./svg.js";
import { tools } from "./tools.js";
import { View } from "./view.js";
import { webglPainter } from "./webgl.js";

const REACH_PX = 10;
const maps = new WeakMap();

/** Called by Streamlit at every rerun of the page: the first time builds the map, later times bring it up to date. */
export default function show({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".molecule-map");
  if (!maps.has(root)) maps.set(root, new MoleculeMap(root));
  maps.get(root).update(data, event => setTriggerValue("event", event));
  return () => maps.get(root)?.close();
}

const rgb = text => [1, 3, 5].map(k => parseInt(text.slice(k, k + 2), 16));

class MoleculeMap {
  constructor(root) {
    const find = name => root.querySelector(`.${name}`);
    Object.assign(this, { root, surface: find("surface"), marks: new Marks(find("overlay")), said: find("said"), notice: find("notice"), bar: find("tools") });
    Object.assign(this, { view: new View(), data: {}, n: 0, cursor: -1, hovered: -1, echoed: -1, group: "", working: Promise.resolve() });
    this.card = new Card(find("card"), (path, row) => this.address(path, row));
    this.listen();
    tools(this.bar, () => [this]);
    this.painter = this.newPainter();
    this.resizing = new ResizeObserver(() => this.resized());
    this.resizing.observe(this.surface);
    this.scheme = matchMedia("(prefers-color-scheme: dark)");
    this.repaint = () => requestAnimationFrame(() => this.paint());
    this.scheme.addEventListener("change", this.repaint);
  }

  close() {
    unlink(this);
    this.painter.close();
    this.resizing.disconnect();
    this.scheme.removeEventListener("change", this.repaint);
    maps.delete(this.root);
  }

  newPainter() {
    const canvas = this.root.querySelector("canvas"), svg = this.root.querySelector(".sampled");
    const painter = webglPainter(canvas);
    canvas.hidden = !painter;
    svg.style.display = painter ? "none" : "block";
    canvas.addEventListener("webglcontextlost", e => e.preventDefault());
    canvas.addEventListener("webglcontextrestored", () => { this.painter = webglPainter(canvas); this.drawn = {}; this.renew(); });
    return painter ?? svgPainter(svg);
  }

  // ---- what the server says ----

  update(data, send) {
    const before = this.data;
    Object.assign(this, { data, send });
    if (before.data !== data.data || before.model !== data.model) this.card.forget();
    this.card.star = data.star;
    if (before.current !== data.current) this.cursor = data.current;
    this.surface.setAttribute("aria-label", data.title);
    this.root.dataset.group = data.group;
    link(this, data.group);
    this.working = this.working.then(() => this.renew()).catch(problem => this.failed(problem));
  }

  /** Fetch and upload what is new; what has not changed stays on the GPU. */
  async renew() {
    const { data, drawn = {} } = this;
    const [points, codes, selected, found] = await Promise.all(
      [data.points, data.colour.codes, data.selected, data.found].map(url => url ? fetched(url) : null));
    if (data !== this.data) return;
    if (drawn.points !== data.points) this.newPoints(new Float32Array(points));
    const palette = data.colour.palette.join();
    if (drawn.codes !== data.colour.codes || drawn.palette !== palette) {
      this.codes = new Uint8Array(codes);
      this.painter.colours(this.codes, this.palette());
      legend(this.root.querySelector(".legend"), data.colour, (code, add) => this.tell({ kind: "category", code, mode: add ? "add" : "replace" }));
    }
    const marks = [data.points, data.selected, data.found].join();
    if (drawn.marks !== marks) this.newStates(selected && new Uint8Array(selected), found && new Uint8Array(found));
    this.drawn = { points: data.points, codes: data.colour.codes, palette, marks };
    this.marks.outline(null);
    this.root.dataset.busy = "no";
    this.notify(this.painter.sampled ? `This browser has no WebGL: ${this.painter.sampled.toLocaleString("en")} of ${this.n.toLocaleString("en")} molecules are drawn, evenly sampled.` : "");
    this.paint();
  }

  newPoints(xy) {
    Object.assign(this, { xy, n: xy.length / 2, box: extent(xy), index: null });
    this.view.measure(this.surface, this.bar);
    this.view.fit(this.box);
    this.painter.points(xy);
    this.card.hide();
  }

  newStates(selected, found) {
    const [made, present] = states(this.n, selected, found);
    this.states = made;
    this.painter.states(made, present);
  }

  palette() {
    const rgba = new Uint8Array(1024), alpha = this.n > 300000 ? 150 : this.n > 20000 ? 190 : 225;
    this.data.colour.palette.forEach((colour, code) => rgba.set([...rgb(colour), alpha], 4 * code));
    return rgba;
  }

  failed(problem) {
    this.marks.outline(null);
    this.notify(`The points could not be fetched from the server (${problem.message}). Reload the page to try again.`);
  }

  // ---- what is seen ----

  resized() {
    this.view.measure(this.surface, this.bar);
    if (!this.n) return;
    this.view.refit(this.box);
    this.paint();
  }

  /** Paint in the next frame, once, however often it is asked for. */
  paint() {
    if (this.waiting || !this.drawn) return;
    this.waiting = requestAnimationFrame(() => { this.waiting = 0; if (this.root.isConnected) this.paintNow(); });
  }

  paintNow() {
    const channels = css => css.match(/[\d.]+/g).slice(0, 3).map(v => v / 255), style = getComputedStyle(this.surface);
    const text = channels(style.color), paper = channels(style.backgroundColor);
    this.dark = text[0] > paper[0];
    this.grey = [...text.map((ink, k) => paper[k] + 0.17 * (ink - paper[k])), 1];
    this.painter.paint(this.view, this.grey, [...text, 1]);
    this.rings();
    this.root.dataset.zoom = (this.view.k / this.view.home).toFixed(2);
    this.root.dataset.painted = Number(this.root.dataset.painted || 0) + 1;
  }

  rings() {
    const radius = this.view.diameter(this.n) / 2, at = row => row >= 0 && row < this.n ? this.place(row) : null;
    this.marks.ring("current", at(this.data.current), radius + 5);
    this.marks.ring("cursor", at(this.cursor === this.data.current ? -1 : this.cursor), radius + 3);
    this.marks.ring("hovered", at(this.hovered), radius + 3);
    this.marks.ring("echoed", at(this.echoed), radius + 7);
    this.marks.star(this.data.star ? this.place(STAR) : null);
    this.root.dataset.lit = Math.max(this.hovered, this.echoed);
  }

  notify(text) { this.notice.textContent = text; this.notice.hidden = !text; }

  place(row) { return this.view.toPixels(...row === STAR ? this.data.star.xy : [this.xy[2 * row], this.xy[2 * row + 1]]); }

  address(path, row) {
    const { base, data, model, star } = this.data, query = new URLSearchParams(row === STAR ? { smiles: star.smiles } : { data, model, row });
    if (path === "depict.svg") { query.set("dark", this.dark ? 1 : 0); query.set("width", 220); query.set("height", 150); }
    return `${base}/${path}?${query}`;
  }

  // ---- what the visitor does ----

  listen() {
    this.gestures = gestures(this.surface, {
      hover: (x, y) => this.hover(this.under(x, y)),
      leave: () => this.hover(-1),
      scrolls: () => this.group !== "",   // six maps fill a page, which could not be scrolled otherwise
      drag: points => this.marks.outline(points),
      pan: (dx, dy) => { this.view.pan(dx, dy); this.paint(); },
      zoom: (factor, ...at) => { this.hover(-1); this.view.zoom(factor, ...at); this.paint(); },
      reset: () => { this.view.fit(this.box); this.paint(); },
      click: (x, y, add) => { const row = this.under(x, y); if (row >= 0) this.choose(row, add); },
      enter: add => { if (this.cursor >= 0) this.choose(this.cursor, add); },
      escape: () => { this.hover(-1); light(this, -1); this.tell({ kind: "clear" }); },
      arrow: (dx, dy) => this.walk(dx, dy),
      outline: (points, kind, add) => this.tell({ kind, mode: add ? "add" : "replace", outline: this.inData(points) }),
    });
  }

  inData(points) {
    const every = Math.ceil(points.length / 500);
    return points.filter((_, k) => k % every === 0).map(p => this.view.toData(...p));
  }

  under(x, y) {
    if (!this.n) return -1;
    if (this.data.star && Math.hypot(...this.place(STAR).map((p, k) => p - [x, y][k])) < REACH_PX + 2) return STAR;
    this.index ??= new Nearest(this.xy, this.box);
    return this.index.at(...this.view.toData(x, y), REACH_PX / this.view.k);
  }

  hover(row) {
    if (row === this.hovered) return;
    this.hovered = row;
    this.echoed = -1;
    this.rings();
    light(this, row);
    if (row === -1) this.card.hide();
    else this.card.show(row, ...this.place(row), this.view);
  }

  /** The molecule that is pointed at in another map of the comparison. */
  echo(row) {
    Object.assign(this, { echoed: row, hovered: -1 });
    this.card.hide();
    this.rings();
  }

  take(tool) {
    this.gestures.setTool(tool);
    this.surface.dataset.tool = tool;
  }

  choose(row, add) {
    this.cursor = row;
    if (!add) this.data = { ...this.data, current: row };
    this.rings();
    this.tell({ kind: "click", row, mode: add ? "add" : "replace" });
  }

  async walk(dx, dy) {
    if (!this.n) return;
    this.index ??= new Nearest(this.xy, this.box);
    const next = this.cursor >= 0 ? this.index.towards(this.cursor, dx, dy) : this.index.at(this.view.x, this.view.y, this.view.width / this.view.k);
    if (next < 0) { this.said.textContent = "No molecule further in this direction"; return; }
    this.cursor = next;
    this.view.reveal(this.xy[2 * next], this.xy[2 * next + 1]);
    this.paint();
    this.hovered = -1;
    light(this, next);
    const words = await this.card.show(next, ...this.place(next), this.view);
    if (words) this.said.textContent = words;
  }

  tell(event) {
    this.root.dataset.busy = "yes";
    this.send(event);
  }
}
