// Bytes that the server published under addresses which never change their content: each is fetched once.

const MOST = 24, kept = new Map();

/** The bytes of an address, as a promise of an ArrayBuffer; a failed one is tried again the next time. */
export function fetched(url) {
  if (!kept.has(url)) {
    const bytes = fetch(url).then(r => { if (!r.ok) throw new Error(`${r.status}`); return r.arrayBuffer(); });
    bytes.catch(() => kept.delete(url));
    kept.set(url, bytes);
    if (kept.size > MOST) kept.delete(kept.keys().next().value);
  }
  return kept.get(url);
}
