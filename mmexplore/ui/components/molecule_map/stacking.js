// Which points lie above which: what is not known first, then classes from the most frequent to the rarest, whose points
// are larger, so that 27 of 93,000 are seen. Numbers have no order of their own; only what is not known lies below them.

/** @import { Entry } from "./legend.js" */

const MISSING = 255, COMMON = 0.02, MOST_GROWN = 2.5;

/**
 * How points lie above each other.
 * @typedef {object} Stacking
 * @property {Uint8Array} rank   of each of 256 codes; the highest lies on top
 * @property {Float32Array} growth   diameter of each of 256 codes, as a multiple of the usual one
 * @property {Uint32Array<ArrayBuffer> | null} order   rows from the lowest to the topmost; null where they lie as they come
 */

/**
 * The stacking of n points of one kind.
 * @returns {Stacking}
 */
export function flat() {
  return { rank: new Uint8Array(256), growth: new Float32Array(256).fill(1), order: null };
}

/**
 * The stacking of points by their colours; `entries` are the legend's.
 * @param {Uint8Array} codes
 * @param {Entry[]} entries
 * @returns {Stacking}
 */
export function stacking(codes, entries) {
  const { rank, growth } = flat(), classes = entries.filter(entry => entry.code !== MISSING).sort((a, b) => b.n - a.n);
  rank.fill(1);
  rank[MISSING] = 0;
  classes.forEach(({ code, n }, place) => {
    rank[code] = place + 1;
    growth[code] = n ? Math.min(MOST_GROWN, Math.max(1, Math.pow(COMMON * codes.length / n, 0.25))) : 1;
  });
  return { rank, growth, order: sorted(codes, rank) };
}

/**
 * Rows by the rank of their code, equal ones as they come; null where all are equal.
 * @param {Uint8Array} codes
 * @param {Uint8Array} rank
 */
function sorted(codes, rank) {
  const starts = new Uint32Array(257);
  for (const code of codes) starts[rank[code] + 1]++;
  if (starts.some(count => count === codes.length)) return null;
  for (let k = 0; k < 256; k++) starts[k + 1] += starts[k];
  const order = new Uint32Array(codes.length);
  for (let i = 0; i < codes.length; i++) order[starts[rank[codes[i]]]++] = i;
  return order;
}

/**
 * Rows from the lowest to the topmost.
 * @param {Stacking} stack
 * @param {number} n
 */
export function rows({ order }, n) { return order ?? Uint32Array.from({ length: n }, (_, i) => i); }
