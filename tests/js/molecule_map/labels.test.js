import assert from "node:assert/strict";
import { test } from "node:test";

import { Contours, HEIGHT, Labels, layout, percent, WIDTH } from "../../../mmexplore/ui/components/molecule_map/labels.js";
import { View } from "../../../mmexplore/ui/components/molecule_map/view.js";
import { drawn, element, happen } from "../page.js";

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

test("a label stays on its side while it can", () => {
  const labels = many(30), first = layout(labels, seen(1)), sides = new Map(first.map(({ label, side }) => [label, side]));
  assert.deepEqual(layout(labels, seen(1), sides), first);
  const alone = [{ x: 0, y: 0, level: 0 }];
  for (const side of [0, 1, 2, 3]) assert.equal(layout(alone, seen(1), new Map([[0, side]]))[0].side, side);
});

test("a few are not none, and nearly all are not all", () => {
  assert.deepEqual([percent(0, 9), percent(1, 9999), percent(1, 2), percent(9998, 9999), percent(9, 9), percent(0, 0)], ["0%", "<1%", "50%", ">99%", "100%", "0%"]);
});

test("a click tells which label, Shift adds, and texts are no markup", () => {
  /** @type {[number, boolean][]} */
  const told = [], layer = element("div"), source = { draw(/** @type {any} */ image, /** @type {string} */ address) { image.src = address; } };
  const map = /** @type {any} */ ({ source, data: { base: "/app" }, surface: element("div") }), labels = new Labels(layer, map, (code, add) => told.push([code, add]));
  labels.update([{ x: 0, y: 0, level: 0, smiles: "c1ccccc1", inside: 3, n: 4, outside: 1, n_outside: 96 }]);
  labels.place(seen(1), true);
  const [button] = layer.querySelectorAll(".region"), [image] = layer.querySelectorAll("img");
  assert.match(image.src, /^\/app\/depict\.svg\?smiles=c1ccccc1&.*dark=1$/);
  assert.equal(layer.querySelector(".share").textContent, "75% in, 1% out");
  happen(button, "click", { shiftKey: false });
  happen(button, "click", { shiftKey: true });
  assert.deepEqual(told, [[0, false], [0, true]]);
  assert.equal(button.hidden, false);
  labels.update([]);
  labels.place(seen(1), true);
  assert.equal(layer.children.length, 0);
});

test("contours are one path a line, moved with the map", () => {
  const path = element("path"), contours = new Contours(path), view = seen(2);
  contours.update(Float32Array.from([0, 0, 1, 2, NaN, NaN, 3, 3, 4, 4, NaN, NaN]));
  contours.place(view);
  assert.equal(path.getAttribute("d"), "M0 0L1 2M3 3L4 4");
  const [x, y] = view.toPixels(0, 0);
  assert.equal(path.getAttribute("transform"), `translate(${x} ${y}) scale(${view.k} ${-view.k})`);
});
