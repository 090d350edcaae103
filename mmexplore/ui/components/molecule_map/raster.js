// Draws points on a canvas by the processor, quickly rather than finely: every point of a map that moves, where WebGL
// itself is the processor's work. There it takes a microsecond a point; a few writes into a picture take a hundredth.

/** @import { Ink } from "./inks.js" */
/** @import { Painter } from "./painter.js" */
/** @import { View } from "./view.js" */
import { mix } from "./lens.js";
import { FADED, GREYED, LIT } from "./masks.js";
import { flat } from "./stacking.js";
import { resize } from "./webgl.js";

const LIT_GROWN = 1.25, RIM = 1.5;
const RED_BLUE = 0xff00ff, GREEN = 0xff00, OPAQUE = 0xff000000;

/**
 * A disc about a pixel, as steps from it to each of its pixels in a picture that is so wide.
 * @param {number} radius
 * @param {number} across
 */
export function disc(radius, across) {
  const whole = Math.floor(radius), steps = [];
  for (let dy = -whole; dy <= whole; dy++) for (let dx = -whole; dx <= whole; dx++) if (dx * dx + dy * dy <= radius * radius) steps.push(dy * across + dx);
  return Int32Array.from(steps);
}

/** Colours of the 256 codes as pixels, weighed, and what each lets through. */
class Inks {
  redBlue = new Int32Array(256);
  green = new Int32Array(256);
  through = new Int32Array(256);

  /** @param {(code: number) => ArrayLike<number>} colour   red, green, blue and alpha, 0 to 1 */
  constructor(colour) {
    for (let code = 0; code < 256; code++) {
      const { 0: red, 1: green, 2: blue, 3: alpha } = colour(code), cover = Math.round(256 * alpha);
      this.redBlue[code] = Math.imul(Math.round(255 * blue) << 16 | Math.round(255 * red), cover);
      this.green[code] = Math.imul(Math.round(255 * green) << 8, cover);
      this.through[code] = 256 - cover;
    }
  }
}

/**
 * A painter of pictures on an opaque canvas, at one pixel of it for one of the page.
 * @param {HTMLCanvasElement} canvas
 */
export function rasterPainter(canvas) {
  const pen = canvas.getContext("2d", { alpha: false });
  let from = new Float32Array(), places = from, codes = new Uint8Array(), palette = new Uint8Array(), states = new Uint8Array(), stack = flat(), n = 0;
  /** @type {Float32Array<ArrayBuffer> | null} */
  let next = null;
  /** @type {boolean[]} */
  let present = [];
  /** @type {ImageData | null} */
  let picture = null;
  let pixels = new Int32Array(), across = 0, down = 0;

  /**
   * @param {View} view
   * @param {number} margin   about the picture, for the discs of points at its edge
   * @param {number} paper
   */
  const blank = (view, margin, paper) => {
    resize(canvas, view, 1);
    if (across !== canvas.width + 2 * margin || down !== canvas.height + 2 * margin || !picture) {
      [across, down] = [canvas.width + 2 * margin, canvas.height + 2 * margin];
      picture = new ImageData(across, down);
      pixels = new Int32Array(picture.data.buffer);
    }
    pixels.fill(paper);
    return picture;
  };

  /**
   * Points of one state, by inks of their codes.
   * @param {View} view
   * @param {number} state
   * @param {Inks} inks
   * @param {Int32Array[]} discs   of each code, as steps in the picture
   * @param {number} margin
   */
  const draw = (view, state, { redBlue, green, through }, discs, margin) => {
    const { k } = view, left = view.width / 2 - view.x * k + margin, top = view.height / 2 + view.y * k + margin;
    const right = across - margin, bottom = down - margin, { order } = stack;
    for (let turn = 0; turn < n; turn++) {
      const row = order ? order[turn] : turn;
      if (states[row] !== state) continue;
      const x = Math.floor(left + places[2 * row] * k), y = Math.floor(top - places[2 * row + 1] * k);
      if (!(x >= margin && y >= margin && x < right && y < bottom)) continue;   // nor what has no place
      const code = codes[row], steps = discs[code], middle = y * across + x;
      const ownRedBlue = redBlue[code], ownGreen = green[code], rest = through[code];
      for (let s = 0; s < steps.length; s++) {
        const at = middle + steps[s], below = pixels[at];
        pixels[at] = OPAQUE | (ownRedBlue + Math.imul(below & RED_BLUE, rest)) >>> 8 & RED_BLUE
          | (ownGreen + Math.imul(below & GREEN, rest)) >>> 8 & GREEN;
      }
    }
  };

  /**
   * A disc for each code.
   * @param {(growth: number) => number} radius
   */
  const discs = radius => Array.from(stack.growth, growth => disc(radius(growth), across));

  return {
    /** @type {Painter["points"]} */
    points(xy, to = null) { places = from = xy; next = to; n = xy.length / 2; },
    /** @type {Painter["between"]} */
    between(share) { if (next) places = mix(from, next, share, places === from ? new Float32Array(from.length) : places); },
    /** @type {Painter["colours"]} */
    colours(newCodes, newPalette, newStack = flat()) { codes = newCodes; palette = newPalette; stack = newStack; },
    /** @type {Painter["states"]} */
    states(newStates, newPresent) { states = newStates; present = newPresent; },
    /**
     * @param {View} view
     * @param {Ink} grey
     * @param {Ink} rim
     * @param {number} faint
     * @param {Ink} paper   what lies below
     */
    paint(view, grey, rim, faint, paper) {
      const radius = (view.diameter(n) + 0.6) / 2, lit = radius * LIT_GROWN, margin = Math.ceil(lit * Math.max(...stack.growth) + RIM);
      const [red, green, blue] = paper.map(part => Math.round(255 * part)), made = blank(view, margin, OPAQUE | blue << 16 | green << 8 | red);
      /** @param {number} part */
      const own = part => new Inks(code => Array.from(palette.subarray(4 * code, 4 * code + 4), (value, k) => value / 255 * (k === 3 ? part : 1)));
      present.forEach((there, state) => {
        if (!there) return;
        if (state === GREYED) draw(view, state, new Inks(() => grey), discs(() => radius), margin);
        else if (state === LIT) {
          draw(view, state, new Inks(() => rim), discs(growth => lit * growth + RIM), margin);
          draw(view, state, own(1), discs(growth => lit * growth), margin);
        } else draw(view, state, own(state === FADED ? faint : 1), discs(growth => radius * growth), margin);
      });
      pen?.putImageData(made, -margin, -margin);
    },
  };
}
