import assert from "node:assert/strict";
import { beforeEach, mock, test } from "node:test";

import { Lens, mix, way, words } from "../../../mmexplore/ui/components/molecule_map/lens.js";
import { LIT, passing, FADED, GREYED, SHOWN, states } from "../../../mmexplore/ui/components/molecule_map/masks.js";
import { around } from "../../../mmexplore/ui/components/molecule_map/nearest.js";
import { LastingPainter } from "../../../mmexplore/ui/components/molecule_map/painter.js";
import { drawn, element, happen, webglCanvas } from "../page.js";

let calm = false;
/** @type {(() => void)[]} */
let frames = [];
let now = 0;
Object.assign(globalThis, {
  matchMedia: () => ({ matches: calm }),
  requestAnimationFrame: (/** @type {() => void} */ work) => frames.push(work),
  cancelAnimationFrame: () => { frames = []; },
});
mock.method(performance, "now", () => now);

beforeEach(() => { calm = false; frames = []; now = 0; });

const STOPS = { names: ["ecfp", "graph", "fused"], points: [], lit: [], at: 0 };

/** A lens of three stops, and what it told. */
function lens() {
  const root = element("div"), moved = mock.fn(), rests = mock.fn();
  root.append(element("input", { className: "way" }), element("div", { className: "stops" }));
  const made = new Lens(root, moved, rests);
  made.show(STOPS);
  return { root, made, slider: root.children[0], buttons: root.querySelectorAll("button"), last: () => moved.mock.calls.at(-1)?.arguments[0], rested: () => rests.mock.calls.map(call => call.arguments[0]) };
}

/** @param {number} ms */
function pass(ms) {
  now += ms;
  const due = frames;
  frames = [];
  due.forEach(work => work());
}

test("each place lies on one way, and its ends are the stops", () => {
  assert.deepEqual([way(0, 3), way(0.25, 3), way(1, 3), way(2, 3)], [[0, 0], [0, 0.25], [1, 0], [1, 1]]);
  assert.deepEqual([words(1, STOPS.names), words(2, STOPS.names), words(1.4, STOPS.names)], ["graph", "fused", "40 % from graph to fused"]);
});

test("at its ends a way is the maps themselves, between them each molecule is on its own line", () => {
  const from = Float32Array.from([...drawn(40, -5, 5), NaN, 1]), to = Float32Array.from([...drawn(40, 0, 9), 2, 2]);
  assert.deepEqual(mix(from, to, 0, new Float32Array(42)), from);
  assert.deepEqual(mix(from, to, 1, new Float32Array(42)), to);
  const middle = mix(from, to, 0.5, new Float32Array(42));
  for (let k = 0; k < 40; k++) assert.ok(Math.abs(middle[k] - (from[k] + to[k]) / 2) < 1e-6);
  assert.ok(Number.isNaN(middle[40]));
});

test("on the way those that it is about are lit and the others fade, what is greyed stays so", () => {
  const [rest] = states(10, Uint8Array.from([0b11100000, 0]), null), [made, present] = passing(rest, Uint8Array.from([0b10010000, 0]));
  assert.deepEqual([...made.slice(0, 5)], [LIT, FADED, FADED, LIT, GREYED]);
  assert.deepEqual(present, [true, true, false, true]);
  assert.equal(rest[0], SHOWN);
});

test("the slider moves the map, and tells the server where it rests", () => {
  const { slider, last, rested, made } = lens();
  slider.value = "0.45";
  happen(slider, "input");
  assert.equal(last(), 0.45);
  assert.deepEqual(rested(), []);
  happen(slider, "change");
  assert.deepEqual(rested(), [0.45]);
  slider.value = "0.6";
  happen(slider, "input");
  made.show({ ...STOPS, at: 0.45 });   // the answer to what was told: the slider is the visitor's
  assert.equal(last(), 0.6);
  made.show({ ...STOPS, at: 0 });   // Back: the address names another place
  assert.equal(last(), 0);
  made.show({ ...STOPS, at: 0.45 });
  assert.equal(last(), 0.45);
});

test("a click on a stop glides there, and jumps where motion is not wanted", () => {
  const { buttons, last, rested, slider } = lens();
  happen(buttons[2], "click");
  pass(400);
  assert.ok(last() > 0 && last() < 2);
  pass(5000);
  assert.equal(last(), 2);
  assert.deepEqual(rested(), [2]);
  assert.equal(slider.getAttribute("aria-valuetext"), "fused");
  calm = true;
  happen(buttons[1], "click");
  assert.equal(last(), 1);
  assert.equal(slider.step, "1");
  assert.equal(frames.length, 0);
});

test("the visitor's hand stops a glide", () => {
  const { buttons, last, slider } = lens();
  happen(buttons[2], "click");
  slider.value = "0.1";
  happen(slider, "input");
  pass(5000);
  assert.equal(last(), 0.1);
});

test("all maps of a lens are in sight at once", () => {
  const boxes = [{ left: 0, right: 1, bottom: -3, top: 1 }, { left: -2, right: 0, bottom: 0, top: 5 }];
  assert.deepEqual(around(boxes), { left: -2, right: 1, bottom: -3, top: 5 });
});

test("a WebGL that was lost on the way is told colours and states again", () => {
  const canvas = webglCanvas(), painter = new LastingPainter(canvas, element("svg"), () => {});
  painter.points(new Float32Array(6));
  painter.colours(new Uint8Array(3), new Uint8Array(1024));
  painter.states(new Uint8Array(3), [true, false, false, false]);
  painter.points(new Float32Array(6), new Float32Array(6));
  painter.between(0.5);
  Object.assign(canvas, { lost: true, asked: [] });
  happen(canvas, "webglcontextlost");
  canvas.lost = false;
  happen(canvas, "webglcontextrestored");
  assert.equal(canvas.asked.filter((/** @type {string} */ name) => ["bufferData", "texImage2D"].includes(name)).length, 5);
  painter.close();
});
