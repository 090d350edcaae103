import assert from "node:assert/strict";
import { test } from "node:test";

import { distance, Edges } from "../../../mmexplore/ui/components/molecule_map/edges.js";
import { View } from "../../../mmexplore/ui/components/molecule_map/view.js";
import { drawn, element } from "../page.js";

const XY = new Float32Array([0, 0, 4, 0, 0, 3, NaN, NaN]);

/** @param {[number, number][]} pairs */
function made(pairs, chosen = -1) {
  const svg = element("svg"), view = new View();
  svg.append(element("path", { className: "edges" }), element("path", { className: "edge" }));
  view.resize(400, 300);
  view.fit({ left: 0, right: 4, bottom: 0, top: 3 });
  const edges = new Edges(svg);
  edges.update(pairs, chosen);
  edges.place(view, XY);
  return { edges, view, all: svg.querySelector(".edges").getAttribute("d"), one: svg.querySelector(".edge").getAttribute("d") };
}

test("the edge that is looked at is drawn apart, and one without a place is drawn nowhere", () => {
  const { all, one } = made([[0, 1], [0, 2], [0, 3]], 1);
  assert.equal(all.split("M").length - 1, 1);
  assert.equal(one.split("M").length - 1, 1);
  assert.deepEqual([made([]).all, made([]).one], ["", ""]);
});

test("an edge is found between its ends, the nearest of several, and nowhere else", () => {
  const { edges, view } = made([[0, 1], [0, 2], [0, 3]]);
  const [x, y] = view.toPixels(2, 0), [u, v] = view.toPixels(0, 1.5);
  assert.equal(edges.at(x, y + 3, view, XY), 0);
  assert.equal(edges.at(u - 3, v, view, XY), 1);
  assert.equal(edges.at(x, y - 30, view, XY), -1);
});

test("the distance to a line is the least to any of its places", () => {
  const numbers = drawn(60, -5, 5);
  for (let k = 0; k < 60; k += 6) {
    const [x, y, ax, ay, bx, by] = numbers.slice(k, k + 6);
    const least = Math.min(...Array.from({ length: 2001 }, (_, t) => Math.hypot(x - ax - (t / 2000) * (bx - ax), y - ay - (t / 2000) * (by - ay))));
    assert.ok(Math.abs(distance([x, y], [ax, ay], [bx, by]) - least) < 1e-2);
  }
});
