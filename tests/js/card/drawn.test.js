import assert from "node:assert/strict";
import { test } from "node:test";

import { svg, unpacked } from "../../../mmexplore/ui/card/drawn.js";

/** @param {number[]} plane */
const bytes = plane => [...plane.map(v => v & 255), ...plane.map(v => v >> 8 & 255)];

/**
 * As mmexplore/explore/map_card/content.py packs.
 * @param {{ x: number[], y: number[], texts: number[], begins: number[], ends: number[], kinds: number[] }[]} made
 */
function packed(made) {
  /** @param {number[]} places */
  const steps = places => places.map((v, k) => v - (k ? places[k - 1] : 0));
  const planes = [
    made.map(one => one.x.length), made.map(one => one.begins.length), made.flatMap(one => steps(one.x)), made.flatMap(one => steps(one.y)),
    made.flatMap(one => one.texts), made.flatMap(one => one.begins), made.flatMap(one => one.ends.map((end, k) => end - one.begins[k])),
  ];
  return Uint8Array.from([...planes.flatMap(bytes), ...made.flatMap(one => one.kinds)]);
}

const ONE = { x: [0, 36, -300, 700], y: [5, -5, 20000, -9000], texts: [0, 1, 0, 2], begins: [0, 1, 3], ends: [1, 2, 2], kinds: [1, 11, 6] };
const WRITTEN = ["", "0 N 3 1 0", "13 <b> 2 -2 1"];

test("what was packed is unpacked, each molecule by itself", () => {
  const back = unpacked(packed([ONE, { x: [], y: [], texts: [], begins: [], ends: [], kinds: [] }, ONE]), 3, WRITTEN);
  assert.deepEqual([...back.atoms], [0, 4, 4, 8]);
  for (const first of [0, 4]) {
    assert.deepEqual([...back.x.slice(first, first + 4)], ONE.x);
    assert.deepEqual([...back.y.slice(first, first + 4)], ONE.y);
  }
  assert.deepEqual([...back.ends.slice(3)], ONE.ends);
  assert.deepEqual([...back.kinds], [...ONE.kinds, ...ONE.kinds]);
  assert.equal(svg(back, 1, 100, 80, false), "");
});

test("all lies within the drawing, and what is written is text", () => {
  const text = svg(unpacked(packed([ONE]), 1, WRITTEN), 0, 220, 150, false);
  const places = [...text.matchAll(/[ML](-?[\d.]+) (-?[\d.]+)/g)].map(([, x, y]) => [Number(x), Number(y)]);
  assert.ok(places.length > 6 && places.every(([x, y]) => x >= 0 && x <= 220 && y >= 0 && y <= 150));
  assert.ok(!text.includes("<b>") && text.includes("&#60;b&#62;"));
  assert.match(text, /2\u2212\u2022/);
  assert.ok(text.includes(">+<") && text.includes(">13<") && text.includes(">3<"));
});
