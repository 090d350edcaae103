import assert from "node:assert/strict";
import { test } from "node:test";

import { LastingPainter } from "../../../mmexplore/ui/components/molecule_map/painter.js";
import { disc, rasterPainter } from "../../../mmexplore/ui/components/molecule_map/raster.js";
import { View } from "../../../mmexplore/ui/components/molecule_map/view.js";
import { drawn, element, rasterCanvas, webglCanvas } from "../page.js";

const PAPER = /** @type {[number, number, number, number]} */ ([1, 1, 1, 1]);
const GREY = /** @type {[number, number, number, number]} */ ([0.5, 0.5, 0.5, 1]);
const RIM = /** @type {[number, number, number, number]} */ ([0, 0, 0, 1]);
const RED = [255, 0, 0], BLUE = [0, 0, 255], WHITE = [255, 255, 255];

/** @param {number[][]} colours   of the first codes, red, green, blue, alpha */
const palette = (...colours) => { const bytes = new Uint8Array(1024); colours.forEach((c, k) => bytes.set(c, 4 * k)); return bytes; };

/** A view of 100 by 100 pixels, a pixel a unit, its middle at 0. */
function view() {
  const made = new View();
  made.resize(100, 100);
  made.diameter = () => 1.5;
  return made;
}

/**
 * A picture of points, and what is at a place of it.
 * @param {number[]} xy
 * @param {number[]} codes
 * @param {number[]} states
 * @param {Uint8Array<ArrayBuffer>} colours
 */
function painted(xy, codes, states, colours, faint = 0.4) {
  const canvas = rasterCanvas(), painter = rasterPainter(canvas);
  painter.points(new Float32Array(xy));
  painter.colours(new Uint8Array(codes), colours);
  painter.states(new Uint8Array(states), [0, 1, 2, 3].map(state => states.includes(state)));
  painter.paint(view(), GREY, RIM, faint, PAPER);
  return { canvas, at: (/** @type {number} */ x, /** @type {number} */ y) => canvas.pixel(50 + x, 49 - y) };
}

test("a disc has the pixels that are near enough, by counting", () => {
  for (const radius of [0, 0.9, 1, 1.5, 2.2, 5.7]) {
    let inside = 0;
    for (let x = -9; x < 10; x++) for (let y = -9; y < 10; y++) inside += Number(Math.hypot(x, y) <= radius);
    assert.equal(disc(radius, 1000).length, inside);
  }
});

test("a point is where it is, in its colour, and nothing else is painted", () => {
  const { at, canvas } = painted([10.5, 20.5, -30.5, -5.5], [0, 1], [2, 2], palette([...RED, 255], [...BLUE, 255]));
  assert.deepEqual(at(10, 20), RED);
  assert.deepEqual(at(-31, -6), BLUE);
  assert.equal(canvas.count(RED), 5);
  assert.equal(canvas.count(BLUE), 5);
  assert.equal(canvas.count(WHITE), 100 * 100 - 10);
});

test("what has no place, or is out of sight, leaves no trace; what is at the edge is cut", () => {
  const { canvas } = painted([NaN, NaN, 500, 0, 0, -500, Infinity, 0, 49.5, 0.5], [0, 0, 0, 0, 0], [2, 2, 2, 2, 2], palette([...RED, 255]));
  assert.equal(canvas.count(RED), 4);
});

test("later points lie above earlier ones, and lit ones above all", () => {
  const both = palette([...RED, 255], [...BLUE, 255]);
  assert.deepEqual(painted([0.5, 0.5, 0.5, 0.5], [0, 1], [2, 2], both).at(0, 0), BLUE);
  assert.deepEqual(painted([0.5, 0.5, 0.5, 0.5], [0, 1], [3, 2], both).at(0, 0), RED);
});

test("what lets through is mixed as light is", () => {
  const alphas = drawn(40, 0, 255).map(Math.round), [r, g, b] = [200, 100, 50];
  for (const alpha of alphas) {
    for (const [state, part] of /** @type {const} */ ([[2, 1], [1, 0.4]])) {
      const found = painted([0.5, 0.5], [0], [state], palette([r, g, b, alpha])).at(0, 0), a = part * alpha / 255;
      [r, g, b].forEach((own, k) => assert.ok(Math.abs(found[k] - (own * a + 255 * (1 - a))) <= 2, `${found} of ${alpha}`));
    }
  }
});

test("half way a point is in the middle of its way", () => {
  const canvas = rasterCanvas(), painter = rasterPainter(canvas);
  painter.points(new Float32Array([0.5, 0.5]), new Float32Array([20.5, -10.5]));
  painter.between(0.5);
  painter.colours(new Uint8Array(1), palette([...RED, 255]));
  painter.states(new Uint8Array([2]), [false, false, true, false]);
  painter.paint(view(), GREY, RIM, 1, PAPER);
  assert.deepEqual(canvas.pixel(50 + 10, 49 + 5), RED);
  painter.between(1);
  painter.paint(view(), GREY, RIM, 1, PAPER);
  assert.deepEqual(canvas.pixel(50 + 20, 49 + 11), RED);
  assert.equal(canvas.count(RED), 5);
});

/** Whether WebGL drew, and whether the picture over it is seen, at rest and while points move. */
function shown(/** @type {string} */ renderer, /** @type {number} */ n) {
  const surface = element("div"), canvas = surface.appendChild(webglCanvas(renderer)), painter = new LastingPainter(canvas, element("svg"), () => {});
  painter.points(new Float32Array(2 * n));
  painter.colours(new Uint8Array(n), new Uint8Array(1024));
  painter.states(new Uint8Array(n).fill(2), [false, false, true, false]);
  return [null, PAPER, null].map(paper => {
    canvas.asked.length = 0;
    painter.paint(view(), GREY, RIM, 1, paper);
    return [canvas.asked.includes("drawArrays"), surface.querySelector(".moving")?.hidden === false];
  });
}

test("only many points that move without a GPU are painted as a picture", () => {
  const webgl = [true, false], picture = [false, true];
  assert.deepEqual(shown("ANGLE (Google, Vulkan 1.3.0 (SwiftShader Device))", 5000), [webgl, picture, webgl]);
  assert.deepEqual(shown("ANGLE (Google, Vulkan 1.3.0 (SwiftShader Device))", 500), [webgl, webgl, webgl]);
  assert.deepEqual(shown("ANGLE (NVIDIA GeForce)", 5000), [webgl, webgl, webgl]);
});
