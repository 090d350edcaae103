import assert from "node:assert/strict";
import { test } from "node:test";

import { keep } from "../../mmexplore/ui/shell/history.js";

/** A window with a history of its own, and what happens in it. */
function browser() {
  const steps = ["/"];
  /** @type {Record<string, (() => void)[]>} */
  const heard = {};
  const location = { get href() { return `http://here${steps.at(-1)}`; }, get pathname() { return new URL(this.href).pathname; }, get search() { return new URL(this.href).search; } };
  const history = {
    pushState: (/** @type {unknown} */ _, /** @type {string} */ __, /** @type {string} */ url) => { steps.push(url); },
    replaceState: (/** @type {unknown} */ _, /** @type {string} */ __, /** @type {string} */ url) => { steps[steps.length - 1] = url; },
  };
  const place = /** @type {any} */ ({ history, location, addEventListener: (/** @type {string} */ name, /** @type {() => void} */ does) => { (heard[name] ??= []).push(does); } });
  const happens = (/** @type {string} */ name) => heard[name].forEach(does => does());
  keep(place);
  keep(place);   // at every rerun, and only the first counts
  return { steps, history, happens };
}

test("the first change after a gesture is a step, what follows of itself belongs to it", () => {
  const { steps, history, happens } = browser();
  happens("pointerdown");
  history.replaceState({}, "", "/?row=5");
  history.pushState({}, "", "/?row=5&beside=Molecule");
  assert.deepEqual(steps, ["/", "/?row=5&beside=Molecule"]);
  happens("keydown");
  history.pushState({}, "", "/?row=7&beside=Molecule");
  assert.equal(steps.length, 3);
});

test("what the server corrects when a page is opened, or after Back, is no step", () => {
  const { steps, history, happens } = browser();
  history.pushState({}, "", "/?data=solubility");
  assert.deepEqual(steps, ["/?data=solubility"]);
  happens("pointerdown");
  happens("popstate");
  history.pushState({}, "", "/?data=freesolv");
  assert.deepEqual(steps, ["/?data=freesolv"]);
});

test("another page is a step of its own, and the same address none", () => {
  const { steps, history, happens } = browser();
  happens("pointerdown");
  history.pushState({}, "", "/Fusion");
  history.pushState({}, "", "/Fusion?row=5");
  assert.deepEqual(steps, ["/", "/Fusion?row=5"]);
  happens("pointerdown");
  history.pushState({}, "", "/Fusion?row=5");
  history.pushState({}, "", "/Fusion?row=6");
  assert.deepEqual(steps, ["/", "/Fusion?row=5", "/Fusion?row=6"]);
});
