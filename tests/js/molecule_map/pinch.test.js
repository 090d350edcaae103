import assert from "node:assert/strict";
import { test } from "node:test";

import { pinch } from "../../../mmexplore/ui/components/molecule_map/pinch.js";
import { View } from "../../../mmexplore/ui/components/molecule_map/view.js";
import { drawn } from "../page.js";

/** @typedef {import("../../../mmexplore/ui/components/molecule_map/pinch.js").Place} Place */

/**
 * @param {number} n
 * @returns {[Place, Place][]}
 */
function fingers(n) {
  const at = drawn(4 * n, 0, 500);
  return Array.from({ length: n }, (_, k) => [[at[4 * k], at[4 * k + 1]], [at[4 * k + 2], at[4 * k + 3]]]);
}

/** @param {[Place, Place]} two */
const middle = ([[ax, ay], [bx, by]]) => [(ax + bx) / 2, (ay + by) / 2];

function shown() {
  const view = new View();
  view.resize(500, 400);
  view.fit({ left: 0, right: 8, bottom: 0, top: 8 });
  return view;
}

/**
 * @param {View} view
 * @param {ReturnType<typeof pinch>} moved
 */
function follow(view, { dx, dy, factor, x, y }) { view.pan(dx, dy); view.zoom(factor, x, y); }

test("what was under the middle of the fingers stays under it", () => {
  const steps = fingers(50), view = shown();
  for (let k = 1; k < steps.length; k++) {
    const [fromX, fromY] = middle(steps[k - 1]), under = view.toData(fromX, fromY);
    follow(view, pinch(steps[k - 1], steps[k]));
    const [x, y] = view.toPixels(...under), [toX, toY] = middle(steps[k]);
    assert.ok(Math.hypot(x - toX, y - toY) < 1e-5);
  }
});

test("fingers twice as far apart show everything twice as large", () => {
  const view = shown(), before = view.k;
  follow(view, pinch([[100, 100], [200, 100]], [[100, 50], [100, 250]]));
  assert.ok(Math.abs(view.k / before - 2) < 1e-9);
});

test("fingers that keep their distance only pan", () => {
  assert.deepEqual(pinch([[10, 10], [30, 10]], [[15, 17], [35, 17]]), { dx: 5, dy: 7, factor: 1, x: 25, y: 17 });
});

test("one step or many come to the same zoom", () => {
  const steps = fingers(20), product = steps.slice(1).reduce((so, two, k) => so * pinch(steps[k], two).factor, 1);
  assert.ok(Math.abs(product / pinch(steps[0], steps[steps.length - 1]).factor - 1) < 1e-9);
});

test("fingers that meet zoom by no more than their distance", () => {
  assert.equal(pinch([[5, 5], [5, 5]], [[5, 5], [15, 5]]).factor, 10);
  assert.equal(pinch([[5, 5], [5, 5]], [[5, 5], [5, 5]]).factor, 1);
});
