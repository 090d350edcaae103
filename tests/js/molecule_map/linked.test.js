import assert from "node:assert/strict";
import { test } from "node:test";

import { group, inOrder, light, link, unlink } from "../../../mmexplore/ui/components/molecule_map/linked.js";
import { element } from "../page.js";

/**
 * @param {number} left
 * @param {number} top
 * @returns {any}
 */
function map(left, top) {
  const made = {
    group: "", view: { dot: 1 }, root: element("div", { getBoundingClientRect: () => ({ left, top }) }), lit: -1, tool: "",
    echo: (/** @type {number} */ row) => { made.lit = row; },
    take: (/** @type {string} */ tool) => { made.tool = tool; },
  };
  return made;
}

test("what is pointed at in one map lights up in the others of its group alone", () => {
  const [a, b, c] = [map(0, 0), map(300, 0), map(0, 0)];
  group("pair").tool = "box";
  link(a, "pair");
  link(b, "pair");
  link(c, "other");
  light(a, 7);
  assert.deepEqual([a.lit, b.lit, c.lit], [-1, 7, -1]);
  assert.deepEqual([b.tool, c.tool], ["box", "lasso"]);
  unlink(a);
  assert.equal(b.lit, -1);
  light(b, 3);
  assert.equal(a.lit, -1);
});

test("maps stand in order as they are read, although a row is not quite even", () => {
  const maps = [map(300, 410), map(300, 3), map(0, 400), map(0, 0)];
  maps.forEach(one => link(one, "four"));
  assert.deepEqual(inOrder("four"), [maps[3], maps[1], maps[2], maps[0]]);
});
