// Modules of the map where no server gives them: each becomes an address of its own, those that it imports before it.

/**
 * What the last module exports.
 * @param {[string, string][]} modules   path and text; what a module imports stands before it
 * @param {(text: string) => string} publish   gives a text an address to import it from
 * @param {(address: string) => void} forget
 */
export async function imported(modules, publish = text => URL.createObjectURL(new Blob([text], { type: "text/javascript" })), forget = URL.revokeObjectURL) {
  /** @type {Map<string, string>} */
  const addresses = new Map();
  let last = "";
  for (const [path, text] of modules) {
    const linked = text.replace(/^(import .* from )"(\.[^"]+)";$/gm, (_, what, there) => `${what}"${addresses.get(new URL(there, `file:///${path}`).pathname)}";`);
    last = publish(linked);
    addresses.set(`/${path}`, last);
  }
  try {
    return await import(last);
  } finally {
    addresses.forEach(forget);
  }
}
