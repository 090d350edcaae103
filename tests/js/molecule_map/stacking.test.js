import assert from "node:assert/strict";
import { test } from "node:test";

import { extent, Nearest } from "../../../mmexplore/ui/components/molecule_map/nearest.js";
import { rows, stacking } from "../../../mmexplore/ui/components/molecule_map/stacking.js";
import { svgPainter } from "../../../mmexplore/ui/components/molecule_map/svg.js";
import { View } from "../../../mmexplore/ui/components/molecule_map/view.js";
import { drawn, element } from "../page.js";

const MISSING = 255;

/**
 * Codes of classes that are mixed, and the legend's entries of them.
 * @param {Record<number, number>} counts
 */
function mixed(counts) {
  const list = Object.entries(counts).flatMap(([code, n]) => Array.from({ length: n }, () => Number(code))), random = drawn(list.length, 0, 1);
  const codes = Uint8Array.from(list.map((code, i) => ({ code, at: random[i] })).sort((a, b) => a.at - b.at).map(({ code }) => code));
  return { codes, entries: Object.entries(counts).map(([code, n]) => ({ name: code, code: Number(code), n })) };
}

test("what is not known lies lowest, the rarest class on top, and no row is lost", () => {
  const { codes, entries } = mixed({ 0: 3000, 1: 7, 2: 400, [MISSING]: 9000 }), stack = stacking(codes, entries), order = rows(stack, codes.length);
  assert.deepEqual([...order].sort((a, b) => a - b), Array.from(codes, (_, i) => i));
  const met = [...order].map(row => codes[row]);
  assert.deepEqual(met.filter((code, i) => !i || code !== met[i - 1]), [MISSING, 0, 2, 1]);
  assert.ok(stack.growth[1] > stack.growth[2] && stack.growth[2] >= 1 && stack.growth[0] === 1 && stack.growth[MISSING] === 1);
});

test("numbers lie as they come, above what is not known; one kind alone needs no order", () => {
  const codes = Uint8Array.from([3, MISSING, 250, 0, MISSING]);
  assert.deepEqual([...rows(stacking(codes, [{ name: "not known", code: MISSING, n: 2 }]), 5)], [1, 4, 0, 2, 3]);
  assert.equal(stacking(new Uint8Array(4), [{ name: "0", code: 0, n: 4 }]).order, null);
});

test("under the pointer is the dot that is seen there, else the nearest molecule", () => {
  const xy = Float32Array.from([0, 0, 0.1, 0, 3, 0]), index = new Nearest(xy, extent(xy));
  const seen = { radius: (/** @type {number} */ row) => row === 1 ? 0.5 : 0.2, height: (/** @type {number} */ row) => row === 1 ? 2 : 1 };
  assert.equal(index.at(0, 0, 1), 0);
  assert.equal(index.at(0, 0, 1, seen), 1);   // its larger dot covers the other one
  assert.equal(index.at(-0.45, 0, 1, seen), 0);   // no dot is there: the nearest
  assert.equal(index.at(2.9, 0, 1, seen), 2);
});

test("without WebGL a rare class is drawn whole, larger and last", () => {
  const { codes, entries } = mixed({ 0: 11_990, 1: 10 }), svg = element("svg"), painter = svgPainter(svg);
  painter.points(Float32Array.from({ length: 24_000 }, () => 0));
  painter.colours(codes, Uint8Array.from({ length: 1024 }, (_, k) => k < 4 ? 10 : 200), stacking(codes, entries));
  painter.states(new Uint8Array(12_000).fill(2), [false, false, true, false]);
  painter.paint(new View(), [0, 0, 0, 1], [0, 0, 0, 1]);
  const dots = svg.querySelectorAll("circle").map((/** @type {any} */ dot) => [dot.getAttribute("fill"), Number(dot.getAttribute("r"))]);
  assert.equal(dots.length, 5000);
  const [usual, rare] = [dots[0], dots[4999]];
  assert.ok(rare[1] > 1.5 * usual[1]);
  assert.deepEqual(dots.slice(4990), Array.from({ length: 10 }, () => rare));
  assert.ok(dots.slice(0, 4990).every((/** @type {any} */ dot) => dot[0] === usual[0]));
});
