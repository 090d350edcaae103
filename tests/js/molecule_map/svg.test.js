import assert from "node:assert/strict";
import { test } from "node:test";

import { GREYED, LIT, SHOWN } from "../../../mmexplore/ui/components/molecule_map/masks.js";
import { svgPainter } from "../../../mmexplore/ui/components/molecule_map/svg.js";
import { View } from "../../../mmexplore/ui/components/molecule_map/view.js";
import { element } from "../page.js";

test("a large map is sampled evenly and says so, a small one is whole", () => {
  const svg = element("svg"), painter = svgPainter(svg), view = new View();
  for (const [n, sampled] of [[3, 0], [12_000, 5000]]) {
    painter.points(Float32Array.from({ length: 2 * n }, (_, k) => k % 2 ? 0 : k / 2));
    painter.colours(new Uint8Array(n), Uint8Array.from({ length: 1024 }, () => 255));
    painter.states(new Uint8Array(n), [true, false, false, false]);
    painter.paint(view, [0, 0, 0, 1], [0, 0, 0, 1]);
    assert.equal(painter.sampled, sampled);
    const rows = svg.querySelectorAll("circle").map((/** @type {any} */ dot) => view.toData(Number(dot.getAttribute("cx")), 0)[0]);
    assert.equal(rows.length, sampled || n);
    assert.ok(rows.every((/** @type {number} */ row, /** @type {number} */ k) => !k || row > rows[k - 1]) && rows[rows.length - 1] > 0.99 * (n - 1));
  }
});

test("a point is lit with a rim, shown in its colour, or greyed; a closed painter leaves nothing", () => {
  const svg = element("svg"), painter = svgPainter(svg);
  painter.points(new Float32Array(6));
  painter.colours(new Uint8Array(3), Uint8Array.from({ length: 1024 }, () => 255));
  painter.states(Uint8Array.from([GREYED, SHOWN, LIT]), [true, false, true, true]);
  painter.paint(new View(), [0, 0, 0, 1], [1, 0, 0, 1]);
  const dots = svg.querySelectorAll("circle").map((/** @type {any} */ dot) => [dot.getAttribute("fill"), dot.getAttribute("stroke")]);
  assert.deepEqual(dots, [["rgba(0,0,0,1)", "none"], ["rgba(255,255,255,1)", "none"], ["rgba(255,255,255,1)", "rgba(255,0,0,1)"]]);
  painter.close();
  assert.equal(svg.children.length, 0);
});
