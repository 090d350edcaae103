import assert from "node:assert/strict";
import { test } from "node:test";

import { imported } from "../../../mmexplore/ui/notebook/loader.js";

/** @param {string} text */
const publish = text => `data:text/javascript,${encodeURIComponent(text)}`;

test("modules find each other by where they lay, are one instance each, and their addresses are forgotten", async () => {
  /** @type {string[]} */
  const forgotten = [];
  /** @type {[string, string][]} */
  const modules = [
    ["a/deep/one.js", "export const held = [];"],
    ["a/two.js", 'import { held } from "./deep/one.js";\nexport function note(word) { held.push(word); }'],
    ["b/last.js", 'import { held } from "../a/deep/one.js";\nimport { note } from "../a/two.js";\nnote(\'import x from "./y.js";\');\nexport default held;'],
  ];
  const { default: held } = await imported(modules, publish, address => forgotten.push(address));
  assert.deepEqual(held, ['import x from "./y.js";']);
  assert.equal(forgotten.length, 3);
});
