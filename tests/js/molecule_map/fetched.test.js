import assert from "node:assert/strict";
import { mock, test } from "node:test";

import { fetched } from "../../../mmexplore/ui/components/molecule_map/fetched.js";

test("bytes are fetched once, and again where that failed", async () => {
  let status = 500;
  const asked = mock.method(globalThis, "fetch", async () => ({ ok: status === 200, status, arrayBuffer: async () => new ArrayBuffer(8) }));
  await assert.rejects(fetched("/blob/a.bin"), /500/);
  status = 200;
  assert.equal((await fetched("/blob/a.bin")).byteLength, 8);
  await fetched("/blob/a.bin");
  assert.equal(asked.mock.callCount(), 2);
  for (let k = 0; k < 24; k++) await fetched(`/blob/${k}.bin`);   // eslint-disable-line no-await-in-loop -- in this order
  await fetched("/blob/a.bin");
  assert.equal(asked.mock.callCount(), 27);
});
