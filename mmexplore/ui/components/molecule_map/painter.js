// Which painter draws: WebGL; SVG where a browser has none, or where one that was lost does not come back. A driver that
// starts anew and a page with too many maps both take WebGL away; whoever paints next is told again what there is.

/** @import { Ink } from "./inks.js" */
/** @import { Stacking } from "./stacking.js" */
/** @import { View } from "./view.js" */
import { make } from "../dom.js";
import { FAINT } from "./inks.js";
import { rasterPainter } from "./raster.js";
import { svgPainter } from "./svg.js";
import { webglPainter } from "./webgl.js";

/**
 * What draws points.
 * @typedef {object} Painter
 * @property {boolean} exact   whether the canvas holds every point
 * @property {number} sampled   how many points are drawn where that is not all of them, else 0
 * @property {(xy: Float32Array<ArrayBuffer>, next?: Float32Array<ArrayBuffer> | null) => void} points   pairs in data units, and where they may move to
 * @property {(share: number) => void} between   how far they are on their way there, 0 to 1
 * @property {(codes: Uint8Array<ArrayBuffer>, palette: Uint8Array<ArrayBuffer>, stack?: Stacking) => void} colours   a byte a point into 256 colours, and which lie on top
 * @property {(states: Uint8Array<ArrayBuffer>, present: boolean[]) => void} states   see masks.js
 * @property {(view: View, grey: Ink, rim: Ink, faint?: number, paper?: Ink | null) => void} paint   `faint` is what faded points keep of their colour; `paper`, what lies below them, is given while they move
 * @property {boolean} [slow]   whether it takes long for many points, as there is no GPU
 * @property {() => void} close
 */

/** @typedef {Pick<Painter, "points" | "between" | "colours" | "states">} Told */

const PATIENCE_MS = 3000;   // that a lost context has to come back
const FEW = 2000;   // points, which WebGL without a GPU draws quickly enough

/** @implements {Painter} */
export class LastingPainter {
  /** @type {Painter | null} */
  #current = null;   // none while WebGL is lost
  /** @type {{ [Said in "points" | "between" | "colours" | "states"]?: Parameters<Painter[Said]> }} */
  #told = {};
  #listening = new AbortController();
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #waiting;
  #canvas;
  #svg;
  #changed;
  #moving = make("canvas", "moving");   // over the other, while points move and that one is slow
  /** @type {ReturnType<typeof rasterPainter> | null} */
  #raster = null;

  /**
   * @param {HTMLCanvasElement} canvas
   * @param {SVGElement} svg
   * @param {() => void} changed   called when another painter took over and has nothing drawn yet
   */
  constructor(canvas, svg, changed) {
    this.#canvas = canvas;
    this.#svg = svg;
    this.#changed = changed;
    this.#take(webglPainter(canvas) ?? svgPainter(svg));
    const { signal } = this.#listening;
    canvas.addEventListener("webglcontextlost", e => this.#lost(e), { signal });
    canvas.addEventListener("webglcontextrestored", () => this.#restored(), { signal });
  }

  get exact() { return this.#current?.exact ?? false; }

  get sampled() { return this.#current?.sampled ?? 0; }

  /** @type {Painter["points"]} */
  points(...told) {
    const same = told[0].length === this.#told.points?.[0].length;   // else colours and states are those of other points
    this.#told = { ...(same ? this.#told : {}), points: told, between: undefined };
    this.#everyone(painter => painter.points(...told));
  }

  /** @type {Painter["between"]} */
  between(...told) { this.#told.between = told; this.#everyone(painter => painter.between(...told)); }

  /** @type {Painter["colours"]} */
  colours(...told) { this.#told.colours = told; this.#everyone(painter => painter.colours(...told)); }

  /** @type {Painter["states"]} */
  states(...told) { this.#told.states = told; this.#everyone(painter => painter.states(...told)); }

  /** @type {Painter["paint"]} */
  paint(view, grey, rim, faint = FAINT, paper = null) {
    const points = this.#told.points?.[0].length ?? 0, raster = paper && this.#current?.slow && points > 2 * FEW ? this.#quick() : null;
    this.#moving.hidden = raster === null;
    if (raster && paper) raster.paint(view, grey, rim, faint, paper);
    else this.#current?.paint(view, grey, rim, faint);
  }

  close() {
    this.#listening.abort();
    clearTimeout(this.#waiting);
    this.#current?.close();
    this.#current = null;
    this.#moving.remove();
  }

  /** @param {(painter: Told) => void} tell */
  #everyone(tell) { [this.#current, this.#raster].forEach(painter => { if (painter) tell(painter); }); }

  /** @param {Painter} painter */
  #take(painter) {
    this.#current?.close();
    this.#current = painter;
    this.#canvas.hidden = !painter.exact;
    this.#svg.style.display = painter.exact ? "none" : "block";
    this.#tell(painter);
  }

  #quick() {
    if (!this.#raster) {
      this.#canvas.after(this.#moving);
      this.#tell(this.#raster = rasterPainter(this.#moving));
    }
    return this.#raster;
  }

  /** @param {Told} painter */
  #tell(painter) {
    const { points, between, colours, states } = this.#told;
    if (points) painter.points(...points);
    if (between) painter.between(...between);
    if (colours) painter.colours(...colours);
    if (states) painter.states(...states);
  }

  /** @param {Event} e */
  #lost(e) {
    e.preventDefault();   // else it is never restored
    if (!this.#current?.exact) return;
    this.#current = null;
    this.#waiting = setTimeout(() => { this.#take(svgPainter(this.#svg)); this.#changed(); }, PATIENCE_MS);
  }

  #restored() {
    const painter = webglPainter(this.#canvas);
    if (!painter) return;
    clearTimeout(this.#waiting);
    this.#take(painter);
    this.#changed();
  }
}
