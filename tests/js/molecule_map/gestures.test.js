import assert from "node:assert/strict";
import { test } from "node:test";

import { gestures } from "../../../mmexplore/ui/components/molecule_map/gestures.js";
import { element, happen } from "../page.js";

const NAMES = ["hover", "leave", "drag", "outline", "click", "pan", "zoom", "reset", "arrow", "enter", "escape"];

/** A surface 10 to the right and 20 below the page's corner, and what was told of it. */
function listening() {
  const surface = element("div", { getBoundingClientRect: () => ({ left: 10, top: 20 }) });
  /** @type {[string, ...any[]][]} */
  const told = [];
  const on = Object.fromEntries(NAMES.map(name => [name, (/** @type {any[]} */ ...what) => told.push([name, ...what])]));
  const { setTool } = gestures(surface, /** @type {any} */ ({ ...on, scrolls: () => false }));
  /**
   * @param {string} type
   * @param {number} x
   * @param {number} y
   * @param {object} more
   */
  const pointer = (type, x, y, more = {}) => happen(surface, `pointer${type}`, { pointerId: 1, isPrimary: true, button: 0, clientX: x + 10, clientY: y + 20, ...more });
  return { surface, told, setTool, pointer, names: () => told.map(([name]) => name), of: (/** @type {string} */ name) => told.filter(one => one[0] === name).map(one => one.slice(1)) };
}

const SECOND = { pointerId: 2, isPrimary: false }, THIRD = { pointerId: 3, isPrimary: false };

test("a tap is a click, although the finger trembles", () => {
  const { pointer, of, names } = listening();
  pointer("down", 50, 60);
  pointer("move", 52, 61);
  pointer("up", 52, 61, { shiftKey: false });
  assert.deepEqual(of("click"), [[52, 61, false]]);
  assert.ok(!names().includes("outline"));
});

test("one finger draws a line, a box, or pans, as the tool says", () => {
  const { pointer, of, setTool } = listening();
  const drag = () => { pointer("down", 0, 0); pointer("move", 20, 0); pointer("move", 20, 30); pointer("up", 20, 30, { shiftKey: true }); };
  drag();
  setTool("box");
  drag();
  assert.deepEqual(of("outline"), [[[[0, 0], [20, 0], [20, 30]], "lasso", true], [[[0, 0], [20, 0], [20, 30], [0, 30]], "box", true]]);
  setTool("move");
  drag();
  assert.deepEqual(of("pan"), [[20, 0], [0, 30]]);
  assert.equal(of("outline").length, 2);
  assert.deepEqual(of("click"), []);
});

test("a second finger drops the line, and two pan and zoom", () => {
  const { pointer, of, told } = listening();
  pointer("down", 100, 100);
  pointer("move", 120, 100);
  told.length = 0;
  pointer("down", 220, 100, SECOND);
  assert.deepEqual(of("drag"), [[null]]);
  pointer("move", 320, 100, SECOND);
  assert.deepEqual(of("pan"), [[50, 0]]);
  assert.deepEqual(of("zoom"), [[2, 220, 100]]);
  pointer("move", 20, 100);
  assert.deepEqual(of("zoom")[1], [1.5, 170, 100]);
});

test("after a pinch nothing is drawn or chosen until all fingers were lifted", () => {
  const { pointer, names, told } = listening();
  pointer("down", 100, 100);
  pointer("down", 200, 100, SECOND);
  pointer("up", 200, 100, SECOND);
  told.length = 0;
  pointer("move", 160, 160);
  pointer("up", 160, 160);
  assert.deepEqual(names(), []);
  pointer("down", 30, 30);
  pointer("up", 30, 30);
  assert.deepEqual(names(), ["drag", "click"]);
});

test("a finger that comes back to the one that stayed goes on without a jump", () => {
  const { pointer, of, told } = listening();
  pointer("down", 100, 100);
  pointer("down", 200, 100, SECOND);
  pointer("up", 200, 100, SECOND);
  pointer("move", 150, 100);
  pointer("down", 350, 100, THIRD);
  told.length = 0;
  pointer("move", 350, 100, THIRD);
  assert.deepEqual([of("pan"), of("zoom")], [[[0, 0]], [[1, 250, 100]]]);
});

test("a third finger changes nothing", () => {
  const { pointer, of } = listening();
  pointer("down", 100, 100);
  pointer("down", 200, 100, SECOND);
  pointer("down", 150, 300, THIRD);
  pointer("move", 150, 500, THIRD);
  assert.ok(of("pan").every(([dx, dy]) => dx === 0 && dy === 0) && of("zoom").every(([factor]) => factor === 1));
});

test("a gesture that the browser takes away leaves no line, and a new first finger starts anew", () => {
  const { pointer, of, told } = listening();
  pointer("down", 0, 0);
  pointer("move", 50, 50);
  pointer("cancel", 50, 50);
  assert.deepEqual(of("drag").pop(), [null]);
  pointer("down", 100, 100);
  pointer("down", 200, 100, SECOND);
  told.length = 0;
  pointer("down", 5, 5);
  pointer("move", 50, 5);
  pointer("move", 50, 50);
  pointer("up", 50, 50);
  assert.equal(of("outline").length, 1);
});

test("the mouse hovers, but not while two fingers pinch", () => {
  const { pointer, names, told } = listening(), MOUSE = { pointerId: 9 };
  pointer("move", 5, 5, MOUSE);
  assert.deepEqual(names(), ["hover"]);
  pointer("down", 100, 100);
  pointer("down", 200, 100, SECOND);
  told.length = 0;
  pointer("move", 6, 6, MOUSE);
  assert.deepEqual(names(), []);
});

test("keys and wheel mean what they say, and keys with Ctrl are the browser's", () => {
  const { surface, of, names } = listening();
  happen(surface, "keydown", { key: "ArrowUp" });
  happen(surface, "keydown", { key: "ArrowUp", ctrlKey: true });
  happen(surface, "keydown", { key: "Escape" });
  happen(surface, "wheel", { deltaY: -100, deltaMode: 0, clientX: 15, clientY: 25 });
  assert.deepEqual(names(), ["arrow", "escape", "zoom"]);
  assert.deepEqual(of("arrow"), [[0, 1]]);
  assert.ok(of("zoom")[0][0] > 1);
});
