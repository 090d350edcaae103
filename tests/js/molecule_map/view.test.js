import assert from "node:assert/strict";
import { test } from "node:test";

import { View } from "../../../mmexplore/ui/components/molecule_map/view.js";
import { drawn } from "../page.js";

const BOX = { left: -3, right: 5, bottom: 10, top: 14 };

/** @param {number} bar */
function fitted(bar = 0) {
  const view = new View();
  view.resize(640, 480, bar);
  view.fit(BOX);
  return view;
}

/**
 * @param {number[]} one
 * @param {number[]} other
 */
function close(one, other) { one.forEach((v, k) => assert.ok(Math.abs(v - other[k]) < 1e-6, `${one} is not ${other}`)); }

test("pixels and data units are each other's inverse", () => {
  const view = fitted(), places = drawn(40, 0, 600);
  for (let k = 0; k < 40; k += 2) close(view.toPixels(...view.toData(places[k], places[k + 1])), [places[k], places[k + 1]]);
});

test("the whole map lies on the element, below the tools", () => {
  const view = fitted(50), [left, top] = view.toPixels(BOX.left, BOX.top), [right, bottom] = view.toPixels(BOX.right, BOX.bottom);
  assert.ok(left > 0 && right < 640 && top > 50 && bottom < 480);
});

test("zoom keeps what is under its pixel, at its limits too", () => {
  const view = fitted();
  for (const factor of [1.5, 3, 1e6, 1e-9, 0.9]) {
    const under = view.toData(123, 77);
    view.zoom(factor, 123, 77);
    close(view.toPixels(...under), [123, 77]);
    assert.ok(view.k >= view.home / 2 && view.k <= view.home * 2000);
  }
});

test("a zoomed map keeps its centre and zoom when the element changes, a whole one stays whole", () => {
  const view = fitted();
  view.zoom(4, 10, 10);
  const { x, y } = view;
  view.resize(300, 300);
  view.refit(BOX);
  close([view.x, view.y, view.k / view.home], [x, y, 4]);
  const whole = fitted();
  whole.resize(300, 300);
  whole.refit(BOX);
  assert.equal(whole.k, whole.home);
});

test("what is revealed is in sight, and what is in sight does not move", () => {
  const view = fitted();
  view.zoom(20);
  view.reveal(BOX.left, BOX.top);
  const [px, py] = view.toPixels(BOX.left, BOX.top), before = [view.x, view.y];
  assert.ok(px >= 39.99 && py >= 39.99 && px <= 600.01 && py <= 440.01);
  view.reveal(BOX.left, BOX.top);
  close([view.x, view.y], before);
});
