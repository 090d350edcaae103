import assert from "node:assert/strict";
import { test } from "node:test";

import { View } from "../../../mmexplore/ui/components/molecule_map/view.js";
import { resize, webglPainter } from "../../../mmexplore/ui/components/molecule_map/webgl.js";
import { element, webglCanvas } from "../page.js";

/** A canvas that notes each time it is given a size. */
function counting() {
  /** @type {string[]} */
  const set = [];
  let width = 300, height = 150;
  return {
    set,
    get width() { return width; },
    set width(v) { width = v; set.push(`width ${v}`); },
    get height() { return height; },
    set height(v) { height = v; set.push(`height ${v}`); },
  };
}

test("a canvas is given a size only where that is another one", () => {
  const canvas = counting();
  resize(canvas, { width: 640.2, height: 480 }, 1);
  resize(canvas, { width: 640.2, height: 480 }, 1);
  resize(canvas, { width: 639.9, height: 480 }, 1);
  assert.deepEqual(canvas.set, ["width 640", "height 480"]);
  resize(canvas, { width: 640, height: 400 }, 1);
  resize(canvas, { width: 640, height: 400 }, 2);
  assert.deepEqual(canvas.set.slice(2), ["height 400", "width 1280", "height 800"]);
});

test("a painting clears what the one before left", () => {
  const canvas = webglCanvas(), painter = webglPainter(canvas);
  assert.ok(painter);
  painter.points(new Float32Array(4));
  for (let turn = 0; turn < 2; turn++) painter.paint(new View(), [0, 0, 0, 1], [0, 0, 0, 1]);
  assert.deepEqual(canvas.asked.filter((/** @type {string} */ name) => ["clear", "drawArrays"].includes(name)), ["clear", "drawArrays", "clear", "drawArrays"]);
});

test("there is no painter where there is no WebGL, or none any more", () => {
  assert.equal(webglPainter(element("canvas", { getContext: () => null })), null);
  assert.equal(webglPainter(Object.assign(webglCanvas(), { lost: true })), null);
});
