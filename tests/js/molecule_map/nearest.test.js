import assert from "node:assert/strict";
import { test } from "node:test";

import { extent, Nearest } from "../../../mmexplore/ui/components/molecule_map/nearest.js";
import { drawn } from "../page.js";

const xy = Float32Array.from(drawn(600, -3, 7)), index = new Nearest(xy, extent(xy));

/**
 * @param {number} x
 * @param {number} y
 */
const distances = (x, y) => Array.from({ length: xy.length / 2 }, (_, i) => Math.hypot(xy[2 * i] - x, xy[2 * i + 1] - y));

test("the nearest point is that of looking at all of them", () => {
  const asked = drawn(200, -4, 8);
  for (let k = 0; k < 200; k += 2) {
    const all = distances(asked[k], asked[k + 1]), best = Math.min(...all), found = index.at(asked[k], asked[k + 1], 0.4);
    assert.equal(found === -1, best > 0.4);
    if (found >= 0) assert.ok(Math.abs(all[found] - best) < 1e-12);
  }
});

test("every point finds itself, and one without a place is never found", () => {
  for (let i = 0; i < xy.length / 2; i++) assert.equal(distances(xy[2 * i], xy[2 * i + 1])[index.at(xy[2 * i], xy[2 * i + 1], 0.01)], 0);
  const odd = Float32Array.from([NaN, NaN, 1, 1]);
  assert.deepEqual(extent(odd), { left: 1, right: 1, bottom: 1, top: 1 });
  assert.equal(new Nearest(odd, extent(odd)).at(1, 1, 100), 1);
});

test("a step to the right is to the right, within 45 degrees", () => {
  for (let i = 0; i < 50; i++) {
    const next = index.towards(i, 1, 0);
    if (next < 0) continue;
    assert.ok(xy[2 * next] > xy[2 * i]);
    assert.ok(Math.abs(xy[2 * next + 1] - xy[2 * i + 1]) <= xy[2 * next] - xy[2 * i]);
  }
});

test("no points have a box all the same", () => {
  assert.deepEqual(extent(new Float32Array()), { left: 0, right: 1, bottom: 0, top: 1 });
});
