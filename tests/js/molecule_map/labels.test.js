import assert from "node:assert/strict";
import { test } from "node:test";

import { HEIGHT, layout, WIDTH } from "../../../mmexplore/ui/components/molecule_map/labels.js";
import { View } from "../../../mmexplore/ui/components/molecule_map/view.js";
import { drawn } from "../page.js";

const BOX = { left: -10, right: 10, bottom: -10, top: 10 };

/** @param {number} n */
function many(n) {
  const x = drawn(2 * n, -10, 10);
  return Array.from({ length: n }, (_, k) => ({ x: x[2 * k], y: x[2 * k + 1], level: k % 4 }));
}

/** @param {number} zoom */
function seen(zoom, width = 900, height = 600) {
  const view = new View();
  view.resize(width, height, 40);
  view.fit(BOX);
  view.zoom(zoom);
  return view;
}

test("no label lies on another one, under the tools or outside the map, however many and however near", () => {
  for (const zoom of [0.5, 1, 1.7, 2, 4, 9, 60]) {
    for (const [width, height] of [[900, 600], [320, 220], [90, 60]]) {
      const view = seen(zoom, width, height), placed = layout(many(80), view);
      placed.forEach(({ left, top }, k) => {
        assert.ok(left >= 0 && left + WIDTH <= view.width && top >= view.bar && top + HEIGHT <= view.height);
        for (const other of placed.slice(k + 1)) {
          assert.ok(Math.abs(left - other.left) >= WIDTH || Math.abs(top - other.top) >= HEIGHT);
        }
      });
      assert.equal(new Set(placed.map(({ label }) => label)).size, placed.length);
    }
  }
});

test("a label stands by its peak", () => {
  const view = seen(1), labels = many(40);
  for (const { label, left, top } of layout(labels, view)) {
    const [x, y] = view.toPixels(labels[label].x, labels[label].y);
    assert.ok(Math.abs(left + WIDTH / 2 - x) <= WIDTH && Math.abs(top + HEIGHT / 2 - y) <= HEIGHT);
  }
});

test("finer labels come as one comes closer, before coarse ones", () => {
  const labels = [{ x: 0, y: 0, level: 0 }, { x: 0.001, y: 0, level: 1 }, { x: 0, y: 0.001, level: 2 }];
  /** @param {number} zoom */
  const first = zoom => layout(labels, seen(zoom))[0].label;
  assert.deepEqual([first(1), first(2), first(4)], [0, 1, 2]);
  assert.ok(layout(many(80), seen(1)).every(({ label }) => label % 4 === 0));
});
