import assert from "node:assert/strict";
import { afterEach, mock, test } from "node:test";

import { fetched } from "../../../mmexplore/ui/components/molecule_map/fetched.js";
import { kernel } from "../../../mmexplore/ui/notebook/kernel.js";
import { element } from "../page.js";

afterEach(() => mock.restoreAll());

/**
 * A widget's state, and a kernel that answers with what it was asked for.
 * @param {Record<string, DataView>} state
 * @param {number} status
 */
function made(state, status = 200) {
  mock.method(globalThis, "fetch", async () => { throw new Error("a notebook has no server"); });
  const model = { get: (/** @type {string} */ name) => state[name], on() {}, off() {}, send() {} };
  /** @type {(() => void)[]} */
  const waiting = [];
  /** @type {import("../../../mmexplore/ui/notebook/kernel.js").Invoke} */
  const invoke = async (name, asked) => {
    await new Promise(done => { waiting.push(() => { done(null); }); });
    return [{ status, text: `${name} ${asked}` }, []];
  };
  return { source: kernel(model, invoke), waiting, state };
}

const settled = () => new Promise(done => { setImmediate(done); });

test("bytes come from the widget's state, and only those of the view on them", async () => {
  const whole = new Float32Array([9, 1, 2, 9]), { source } = made({ _points: new DataView(whole.buffer, 4, 8) });
  assert.deepEqual([...new Float32Array(await fetched("state:_points:a", source))], [1, 2]);
});

test("a new digest brings the new bytes", async () => {
  const { source, state } = made({ _codes: new DataView(new Uint8Array([1]).buffer) });
  assert.deepEqual([...new Uint8Array(await fetched("state:_codes:1", source))], [1]);
  state._codes = new DataView(new Uint8Array([2]).buffer);
  assert.deepEqual([...new Uint8Array(await fetched("state:_codes:2", source))], [2]);
});

test("facts are asked of the kernel, whose status is the answer's", async () => {
  const { source, waiting } = made({}, 400), came = source.answer("/card.json?row=1");
  waiting[0]();
  const { ok, status } = await came;
  assert.deepEqual([ok, status, await (await came).text()], [false, 400, "_answer /card.json?row=1"]);
});

test("an image shows the drawing that was wanted last, whichever comes last", async () => {
  const { source, waiting } = made({}), image = element("img", { src: "" });
  source.draw(image, "/depict.svg?row=1");
  source.draw(image, "/depict.svg?row=2");
  waiting[1]();
  await settled();
  const shown = `data:image/svg+xml,${encodeURIComponent("_answer /depict.svg?row=2")}`;
  assert.equal(image.src, shown);
  waiting[0]();
  await settled();
  assert.equal(image.src, shown);
});

test("a drawing that is refused leaves the image as it is", async () => {
  const { source, waiting } = made({}, 400), image = element("img", { src: "" });
  source.draw(image, "/depict.svg?row=1");
  waiting[0]();
  await settled();
  assert.equal(image.src, "");
});
