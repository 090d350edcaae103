import assert from "node:assert/strict";
import { afterEach, mock, test } from "node:test";

import { address, Card, STAR } from "../../../mmexplore/ui/components/molecule_map/card.js";
import { element } from "../page.js";

const shown = { base: "/chem", data: "my set", model: "ecfp", star: null };
const view = { width: 400, height: 300 };

afterEach(() => mock.restoreAll());

/** @param {(url: string) => Promise<object>} answer */
function card(answer) {
  const asked = mock.method(globalThis, "fetch", async (/** @type {string} */ url) => ({ ok: true, json: () => answer(url) }));
  const box = element("div", { offsetWidth: 236, offsetHeight: 200 });
  return { box, asked, made: new Card(box, (path, row) => address(path, row, shown, true)) };
}

test("addresses name the row, or the typed SMILES, and escape both", () => {
  assert.equal(address("card.json", 3, shown, true), "/chem/card.json?data=my+set&model=ecfp&row=3");
  assert.equal(address("depict.svg", 3, shown, true), "/chem/depict.svg?data=my+set&model=ecfp&row=3&dark=1&width=220&height=150");
  const star = { xy: /** @type {[number, number]} */ ([0, 0]), smiles: "C#N", name: "", facts: [] };
  assert.equal(address("card.json", STAR, { ...shown, star }, false), "/chem/card.json?smiles=C%23N");
});

test("the card says what is known, once fetched, as text", async () => {
  const { box, made, asked } = card(async () => ({ name: "<b>x</b>", smiles: "C", facts: [["logS", "-1"]] }));
  assert.equal(await made.show(2, [10, 10], view), "<b>x</b>, logS -1");
  assert.equal(box.querySelector(".name").textContent, "<b>x</b>");
  made.hide();
  await made.show(2, [10, 10], view);
  assert.equal(asked.mock.callCount(), 1);
  made.forget();
  await made.show(2, [10, 10], view);
  assert.equal(asked.mock.callCount(), 2);
});

test("a row that another overtook says nothing", async () => {
  const { box, made } = card(async url => ({ name: url.slice(-5), smiles: "C", facts: [] }));
  const first = made.show(1, [10, 10], view), second = made.show(2, [10, 10], view);
  assert.deepEqual(await Promise.all([first, second]), [null, "row=2"]);
  assert.equal(box.querySelector(".name").textContent, "row=2");
});

test("the card stays on the map wherever the pointer is", () => {
  const { box, made } = card(async () => ({}));
  for (const at of [[0, 0], [400, 300], [200, 150], [399, 0], [0, 299]]) {
    made.place(at, view);
    const left = parseFloat(box.style.left), top = parseFloat(box.style.top);
    assert.ok(left >= 4 && left + 236 <= 396 && top >= 4 && top + 200 <= 296, `${left}, ${top}`);
  }
});
