// Bytes that were published under addresses which never change their content: each is fetched once.

/** @import { Source } from "./source.js" */
import { SERVER } from "./source.js";

const MOST = 24;
/** @type {Map<string, Promise<ArrayBuffer>>} */
const kept = new Map();

/**
 * The bytes of an address; a fetch that failed is tried again the next time.
 * @param {string} url
 * @param {Source} source
 * @returns {Promise<ArrayBuffer>}
 */
export function fetched(url, source = SERVER) {
  const known = kept.get(url);
  if (known) return known;
  const bytes = source.answer(url).then(r => { if (!r.ok) throw new Error(`${r.status}`); return r.arrayBuffer(); });
  bytes.catch(() => kept.delete(url));
  kept.set(url, bytes);
  const [oldest] = kept.keys();
  if (kept.size > MOST && oldest !== undefined) kept.delete(oldest);
  return bytes;
}
