// What each point is: greyed, faded, shown or lit, from the bit masks of what is selected, found and doubtful. A higher state
// lies above a lower one.

export const GREYED = 0, FADED = 1, SHOWN = 2, LIT = 3;

/**
 * @param {Uint8Array} mask   the first point in the highest bit
 * @param {number} i
 */
const bit = (mask, i) => mask[i >> 3] >> (7 - (i & 7)) & 1;

/**
 * A state for each of n points, and which states there are at all.
 * @param {number} n
 * @param {Uint8Array | null} selected
 * @param {Uint8Array | null} found
 * @param {Uint8Array | null} [faded]   those that fade where they would be shown
 * @returns {[Uint8Array<ArrayBuffer>, boolean[]]}
 */
export function states(n, selected, found, faded = null) {
  const made = new Uint8Array(n).fill(selected || found ? GREYED : SHOWN), present = [false, false, false, false];
  for (let i = 0; i < n; i++) {
    if (selected && bit(selected, i)) made[i] = SHOWN;
    if (faded && made[i] === SHOWN && bit(faded, i)) made[i] = FADED;
    if (found && bit(found, i)) made[i] = LIT;
    present[made[i]] = true;
  }
  return [made, present];
}

/**
 * The same points on the way from one map to another: those that the way is about are lit, others that are shown fade.
 * @param {Uint8Array} made   states at rest
 * @param {Uint8Array} lit
 * @returns {[Uint8Array<ArrayBuffer>, boolean[]]}
 */
export function passing(made, lit) {
  const moving = Uint8Array.from(made, (state, i) => bit(lit, i) ? LIT : state === SHOWN ? FADED : state);
  return [moving, [GREYED, FADED, SHOWN, LIT].map(state => moving.includes(state))];
}
