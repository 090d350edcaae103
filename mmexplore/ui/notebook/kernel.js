// The notebook's kernel as the source of a map: bytes lie in the widget's state, cards and drawings are asked for.

/** @import { Source } from "../components/molecule_map/source.js" */

/**
 * What anywidget hands to a widget, as far as the map needs it.
 * @typedef {object} Model
 * @property {(name: string) => any} get
 * @property {(event: string, heard: (...about: any[]) => void) => void} on
 * @property {(event: string, heard: (...about: any[]) => void) => void} off
 * @property {(message: object) => void} send
 *
 * Asks the kernel by a method's name; the answer comes with its buffers.
 * @typedef {(name: string, asked: string, options: { signal: AbortSignal }) => Promise<[{ status: number, text: string }, DataView[]]>} Invoke
 */

const PATIENCE_MS = 60000;   // a kernel answers between its cells
const STATE = "state:";

/**
 * @param {Model} model
 * @param {Invoke} invoke
 * @returns {Source}
 */
export function kernel(model, invoke) {
  /** @param {string} address   "state:TRAIT:DIGEST", or what a server would be asked for */
  const answer = async address => {
    if (address.startsWith(STATE)) return new Response(model.get(address.split(":")[1]));
    const [{ status, text }] = await invoke("_answer", address, { signal: AbortSignal.timeout(PATIENCE_MS) });
    return new Response(text, { status });
  };
  return {
    answer,
    draw(image, address) {
      image.dataset.wanted = address;
      const came = answer(address).then(async response => response.ok ? response.text() : "");
      came.then(svg => { if (svg && image.dataset.wanted === address) image.src = `data:image/svg+xml,${encodeURIComponent(svg)}`; }, () => {});
    },
  };
}
