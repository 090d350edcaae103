import assert from "node:assert/strict";
import { test } from "node:test";

import show, { counts, mark } from "../../../mmexplore/ui/components/hit_lists/hit_lists.js";
import { element, happen } from "../page.js";

/**
 * @param {number[]} rows
 * @param {string} message
 */
const column = (rows, message = "") => ({
  title: "ECFP", text: "Tanimoto", message, hits: rows.map(row => ({ query: `row=${row}`, row, similarity: "0.5", name: `m${row}`, text: "" })),
});
const columns = [column([0, 1, 2]), column([2, 0]), column([], "no hits")];

test("a row is counted once a list", () => {
  assert.deepEqual([...counts(columns)], [[0, 2], [1, 1], [2, 2]]);
});

test("what several lists share says so, the rest says nothing", () => {
  assert.deepEqual(mark(1, 3), { shared: false, words: "" });
  assert.deepEqual(mark(2, 3), { shared: true, words: "in 2 of 3" });
});

test("what is pointed at lights up in every list, and goes out again; a click tells the row", () => {
  const parentElement = element("div"), root = element("div", { className: "hit-lists" });
  parentElement.append(root);
  /** @type {unknown[][]} */
  const told = [];
  show({ data: { address: "/depict.svg", columns }, parentElement, setTriggerValue: (...what) => told.push(what) });
  const lit = () => root.querySelectorAll(".lit").map((/** @type {any} */ hit) => hit.dataset.row);
  const [hit] = root.querySelectorAll('[data-row="2"]');
  happen(hit, "pointerenter");
  assert.deepEqual(lit(), ["2", "2"]);
  happen(hit, "pointerleave");
  assert.deepEqual(lit(), []);
  happen(hit, "click");
  assert.deepEqual(told, [["picked", 2]]);
  assert.equal(root.querySelector(".message").textContent, "no hits");
});
