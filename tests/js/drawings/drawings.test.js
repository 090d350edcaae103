import assert from "node:assert/strict";
import { test } from "node:test";

import show from "../../../mmexplore/ui/components/drawings/drawings.js";
import { element, happen } from "../page.js";

const items = [7, 9].map(row => ({ query: `row=${row}`, title: `<b>${row}</b>`, text: "", row }));
const data = { address: "/depict.svg", items, width: 100, height: 80, current: 9, picks: true };

function grid() {
  const parentElement = element("div");
  parentElement.append(element("div", { className: "drawings" }));
  return parentElement;
}

test("a click tells the row by the callback of the last run, and a rerun keeps the cells", () => {
  const parentElement = grid(), [box] = parentElement.children;
  /** @type {unknown[][]} */
  const told = [];
  show({ data, parentElement, setTriggerValue: () => told.push(["an old run"]) });
  const cells = [...box.children];
  show({ data, parentElement, setTriggerValue: (...what) => told.push(what) });
  assert.deepEqual(box.children, cells);
  happen(cells[0], "click");
  assert.deepEqual(told, [["picked", 7]]);
});

test("the current molecule is pressed, titles are texts, and a grid that picks nothing has no buttons", () => {
  const parentElement = grid(), [box] = parentElement.children;
  show({ data, parentElement, setTriggerValue: () => {} });
  assert.deepEqual(box.children.map((/** @type {any} */ cell) => cell.getAttribute("aria-pressed")), ["false", "true"]);
  assert.equal(box.querySelector(".title").textContent, "<b>7</b>");
  show({ data: { ...data, picks: false }, parentElement, setTriggerValue: () => {} });
  assert.equal(box.querySelector("button"), null);
  assert.equal(box.children.length, 2);
});
