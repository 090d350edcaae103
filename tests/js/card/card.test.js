import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { test } from "node:test";

import "../page.js";
import { mask, opened, search, within } from "../../../mmexplore/ui/card/card.js";

test("parts come back by their names", async () => {
  const packed = gzipSync(Uint8Array.from([1, 2, 3, 4, 5])).toString("base64");
  const parts = await opened(` ${packed}\n`, [["one", 2], ["none", 0], ["two", 3]]);
  assert.deepEqual(Object.entries(parts).map(([name, part]) => [name, [...part]]), [["one", [1, 2]], ["none", []], ["two", [3, 4, 5]]]);
});

test("what lies within an outline is found, and what has no place is not", () => {
  const xy = Float32Array.from([0, 0, 2, 2, 0.5, 0.5, NaN, NaN]);
  assert.deepEqual(within([[-1, -1], [1, -1], [1, 1], [-1, 1]], xy), [0, 2]);
  assert.deepEqual(within([], xy), []);
});

test("names are found in any case, SMILES as they are written", () => {
  const names = ["Aspirin", "", "caffeine"], smiles = ["CC(=O)Oc1ccccc1C(=O)O", "CCN", "Cn1c(=O)c2c(ncn2C)n(C)c1=O"];
  assert.deepEqual(search("aspir", names, smiles), [0]);
  assert.deepEqual(search(" CCN ", names, smiles), [1]);
  assert.deepEqual(search("ccn", names, smiles), []);
  assert.deepEqual(search("", names, smiles), []);
});

test("a mask has the first row in the highest bit", () => assert.deepEqual([...mask([0, 9], 10)], [128, 64]));
