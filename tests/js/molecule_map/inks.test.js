import assert from "node:assert/strict";
import { test } from "node:test";

import { bytes, inks } from "../../../mmexplore/ui/components/molecule_map/inks.js";
import { element } from "../page.js";

test("a palette is four bytes a colour, the paler the more points there are", () => {
  assert.deepEqual([...bytes(["#ff0080", "#010203"], 10).slice(0, 8)], [255, 0, 128, 225, 1, 2, 3, 225]);
  const alphas = [10, 20_001, 300_001].map(n => bytes(["#000000"], n)[3]);
  assert.deepEqual(alphas, [...new Set(alphas)].sort((a, b) => b - a));
});

test("greyed points lie between paper and text, nearer to the paper", () => {
  const { grey, rim, dark } = inks(element("div"));
  assert.ok(!dark && rim[0] < grey[0] && grey[0] < 250 / 255 && grey[0] > (rim[0] + 250 / 255) / 2);
});
