import assert from "node:assert/strict";
import { test } from "node:test";

import { FADED, GREYED, LIT, SHOWN, states } from "../../../mmexplore/ui/components/molecule_map/masks.js";

const bits = Uint8Array.from([0b10000000, 0b01000000]);   // rows 0 and 9

test("without a mask all are shown, with one the others are greyed", () => {
  assert.deepEqual(states(3, null, null), [Uint8Array.from([SHOWN, SHOWN, SHOWN]), [false, false, true, false]]);
  const [made, present] = states(10, bits, null);
  assert.deepEqual([...made].flatMap((state, row) => state === SHOWN ? [row] : []), [0, 9]);
  assert.deepEqual(present, [true, false, true, false]);
});

test("what was found is lit, selected or not", () => {
  const [made, present] = states(10, Uint8Array.from([0b11000000, 0]), bits);
  assert.deepEqual([made[0], made[1], made[2], made[9]], [LIT, SHOWN, GREYED, LIT]);
  assert.deepEqual(present, [true, false, true, true]);
});

test("what is doubtful fades where it would be shown, and nowhere else", () => {
  const [made, present] = states(10, null, null, bits);
  assert.deepEqual([...made].flatMap((state, row) => state === FADED ? [row] : []), [0, 9]);
  assert.deepEqual(present, [false, true, true, false]);
  const [both] = states(10, Uint8Array.from([0b11000000, 0]), Uint8Array.from([0b00100000, 0]), Uint8Array.from([0b11111111, 0b11000000]));
  assert.deepEqual([both[0], both[1], both[2], both[3]], [FADED, FADED, LIT, GREYED]);
});
