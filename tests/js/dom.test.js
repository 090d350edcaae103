import assert from "node:assert/strict";
import { test } from "node:test";

import { channels, draw, isDark, make, part } from "../../mmexplore/ui/components/dom.js";
import { element } from "./page.js";

test("a text that looks like markup is a text", () => {
  const made = make("span", "name", "<img src=x onerror=alert(1)>");
  assert.equal(made.textContent, "<img src=x onerror=alert(1)>");
  assert.equal(made.children.length, 0);
  assert.equal(made.className, "name");
});

test("a part that is not there is missed at once, by its name", () => {
  const root = element("div");
  root.append(make("p", "said"));
  assert.equal(part(root, ".said", HTMLElement).className, "said");
  assert.throws(() => part(root, ".surface", HTMLElement), /no \.surface/);
});

test("colours are read with and without an alpha", () => {
  assert.deepEqual(channels("rgb(1, 2, 3)"), [1, 2, 3]);
  assert.deepEqual(channels("rgba(1, 2, 3, 0.5)"), [1, 2, 3]);
  assert.equal(isDark(element("div")), false);
});

test("a drawing that does not come is asked for again, unless another one is wanted by then", context => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  const image = make("img");
  /** @type {string[]} */
  const asked = [];
  const fail = () => image.onerror?.("");
  Object.defineProperty(image, "src", { set: address => { asked.push(address); } });
  draw(image, "/one.svg");
  fail();
  context.mock.timers.tick(60_000);
  assert.deepEqual(asked, ["/one.svg", "/one.svg"]);
  fail();
  draw(image, "/two.svg");
  context.mock.timers.tick(60_000);
  assert.deepEqual(asked, ["/one.svg", "/one.svg", "/two.svg"]);
  for (let again = 0; again < 9; again++) { fail(); context.mock.timers.tick(60_000); }
  assert.equal(asked.length, 8);
});
