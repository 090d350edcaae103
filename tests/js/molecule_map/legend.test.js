import assert from "node:assert/strict";
import { test } from "node:test";

import { legend } from "../../../mmexplore/ui/components/molecule_map/legend.js";
import { element, happen } from "../page.js";

const palette = Array.from({ length: 256 }, (_, k) => `#0000${k.toString(16).padStart(2, "0")}`);

test("a category is a button with its count, and a click tells its code", () => {
  const box = element("div");
  /** @type {unknown[][]} */
  const chosen = [];
  legend(box, { label: "active", entries: [{ name: "<i>yes</i>", code: 4, n: 1282 }], ticks: [], palette }, (...what) => chosen.push(what));
  const [entry] = box.querySelectorAll(".entry");
  assert.equal(entry.textContent, "<i>yes</i>1,282");
  assert.equal(entry.querySelector(".dot").style.background, palette[4]);
  happen(entry, "click", { shiftKey: true });
  assert.deepEqual(chosen, [[4, true]]);
});

test("a scale has its ticks and no buttons, and no colour has no legend", () => {
  const box = element("div");
  legend(box, { label: "logS", entries: [], ticks: ["-3", "0"], palette }, () => {});
  assert.equal(box.querySelector(".ticks").textContent, "-30");
  assert.equal(box.querySelector("button"), null);
  legend(box, { label: "", entries: [], ticks: [], palette }, () => {});
  assert.ok(box.hidden);
});

test("it says who fades, and nothing where nobody does", () => {
  const box = element("div"), colour = { label: "logS", entries: [], ticks: ["-3", "0"], palette };
  legend(box, colour, () => {}, "20 of 1,282 fade");
  assert.equal(box.querySelector(".fading").textContent, "20 of 1,282 fade");
  legend(box, colour, () => {});
  assert.equal(box.querySelector(".fading"), null);
});
