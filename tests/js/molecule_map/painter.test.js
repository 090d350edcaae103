import assert from "node:assert/strict";
import { beforeEach, mock, test } from "node:test";

import { LastingPainter } from "../../../mmexplore/ui/components/molecule_map/painter.js";
import { View } from "../../../mmexplore/ui/components/molecule_map/view.js";
import { element, happen, webglCanvas } from "../page.js";

const UPLOADS = ["bufferData", "texImage2D"];

beforeEach(() => { mock.timers.reset(); mock.timers.enable({ apis: ["setTimeout"] }); });

/** A painter that was told of three points. */
function painting(canvas = webglCanvas()) {
  const svg = element("svg"), changed = mock.fn(), painter = new LastingPainter(canvas, svg, changed);
  painter.points(new Float32Array([0, 0, 1, 1, 2, 2]));
  painter.colours(new Uint8Array(3), new Uint8Array(1024));
  painter.states(new Uint8Array(3), [true, false, false, false]);
  const paint = () => painter.paint(new View(), [0, 0, 0, 1], [0, 0, 0, 1]);
  return { canvas, svg, painter, paint, changes: () => changed.mock.callCount() };
}

/** @param {any} canvas */
function lose(canvas) {
  Object.assign(canvas, { lost: true, asked: [] });
  happen(canvas, "webglcontextlost");
}

/** @param {any} canvas */
function restore(canvas) {
  canvas.lost = false;
  happen(canvas, "webglcontextrestored");
}

/** @param {any} canvas */
const uploads = canvas => canvas.asked.filter((/** @type {string} */ name) => UPLOADS.includes(name)).length;

test("a restored WebGL is told everything again and asked to paint", () => {
  const { canvas, svg, painter, paint, changes } = painting(), before = uploads(canvas);
  lose(canvas);
  paint();
  assert.deepEqual(canvas.asked, []);
  restore(canvas);
  assert.equal(uploads(canvas), before);
  assert.equal(changes(), 1);
  paint();
  assert.ok(canvas.asked.includes("drawArrays"));
  mock.timers.tick(60_000);
  assert.ok(painter.exact && !canvas.hidden && svg.children.length === 0);
});

test("what is told while WebGL is lost is what the restored one draws", () => {
  const { canvas, painter } = painting();
  lose(canvas);
  painter.points(new Float32Array(2));
  painter.colours(new Uint8Array(1), new Uint8Array(1024));
  painter.states(new Uint8Array(1), [true, false, false, false]);
  assert.equal(uploads(canvas), 0);
  restore(canvas);
  assert.equal(uploads(canvas), 4);
});

test("a WebGL that stays away gives way to SVG with all points", () => {
  const { canvas, svg, painter, paint, changes } = painting();
  lose(canvas);
  mock.timers.tick(60_000);
  assert.equal(changes(), 1);
  paint();
  assert.equal(svg.querySelectorAll("circle").length, 3);
  assert.ok(svg.querySelectorAll("circle").every((/** @type {any} */ dot) => dot.getAttribute("fill")));
  assert.ok(canvas.hidden && svg.style.display === "block" && !painter.exact);
});

test("a WebGL that comes back late takes over again", () => {
  const { canvas, svg, painter, changes } = painting();
  lose(canvas);
  mock.timers.tick(60_000);
  restore(canvas);
  assert.equal(changes(), 2);
  assert.ok(painter.exact && !canvas.hidden && svg.style.display === "none");
  assert.equal(svg.children.length, 0);
});

test("without WebGL it is SVG from the start", () => {
  const { canvas, svg, painter } = painting(element("canvas", { getContext: () => null }));
  assert.ok(canvas.hidden && !painter.exact);
  assert.equal(svg.querySelectorAll("circle").length, 3);
});

test("a closed painter neither waits nor comes back", () => {
  const { canvas, svg, painter, changes } = painting();
  painter.close();
  lose(canvas);
  mock.timers.tick(60_000);
  restore(canvas);
  assert.equal(changes(), 0);
  assert.equal(svg.children.length, 0);
});
