// A map card: the map's own scripts, told by what lies in this file. Nothing is asked of anybody; texts are set as text.

/** @import { MapLabel } from "../components/molecule_map/labels.js" */
/** @import { Entry } from "../components/molecule_map/legend.js" */
/** @import { Did } from "../components/molecule_map/shown.js" */
/** @import { Source } from "../components/molecule_map/source.js" */
import { isDark, make, part } from "../components/dom.js";
import show from "../components/molecule_map/molecule_map.js";
import { svg, unpacked } from "./drawn.js";

/**
 * @typedef {{ name: string, label: string, entries: Entry[], ticks: string[], palette: string[] }} Colour
 * @typedef {{ score: string, better: string, part: string, full: number | null, full_permuted: number | null, map: number | null, map_permuted: number | null }} Score
 * @typedef {{ label: string, unit: string, values: (number | null)[] }} Fact
 *
 * What the file says of itself (mmexplore/explore/map_card/content.py).
 * @typedef {object} About
 * @property {string} title
 * @property {{ name: string, digest: string, rows: number }} data
 * @property {{ name: string, digest: string, card: string }} model
 * @property {{ view: string, method: string, seed: number, parameters: Record<string, unknown>, created: string, digest: string, placed: number }} map
 * @property {Score[]} scores
 * @property {string[]} how
 * @property {number | null} doubtful
 * @property {string} command
 * @property {Record<string, string>} made
 * @property {(MapLabel & { rows: number })[]} labels
 * @property {Colour[]} colors
 * @property {[string, number][]} parts
 */

const MOST_DRAWN = 24;
const TITLES = /** @type {Record<string, string>} */ ({ umap: "UMAP", tsne: "t-SNE", pca: "PCA" });

/**
 * The file's parts by their names.
 * @param {string} packed   base64 of what gzip made
 * @param {[string, number][]} parts
 * @returns {Promise<Record<string, Uint8Array<ArrayBuffer>>>}
 */
export async function opened(packed, parts) {
  const bytes = Uint8Array.from(atob(packed.trim()), c => c.charCodeAt(0));
  const whole = await new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).arrayBuffer();
  let at = 0;
  return Object.fromEntries(parts.map(([name, length]) => [name, new Uint8Array(whole.slice(at, at += length))]));
}

/**
 * Rows whose places lie within an outline, by the even-odd rule.
 * @param {[number, number][]} outline
 * @param {Float32Array} xy
 */
export function within(outline, xy) {
  const found = [];
  for (let row = 0; row < xy.length / 2; row++) {
    const x = xy[2 * row], y = xy[2 * row + 1];
    let odd = false;
    outline.forEach(([ax, ay], k) => {
      const [bx, by] = outline[(k || outline.length) - 1];
      if (ay > y !== by > y && x < (bx - ax) * (y - ay) / (by - ay) + ax) odd = !odd;
    });
    if (odd) found.push(row);
  }
  return found;
}

/**
 * Rows whose name, in any case, or whose SMILES holds a text.
 * @param {string} text
 * @param {string[]} names
 * @param {string[]} smiles
 */
export function search(text, names, smiles) {
  const sought = text.trim(), low = sought.toLowerCase();
  return sought ? names.flatMap((name, row) => name.toLowerCase().includes(low) || smiles[row].includes(sought) ? [row] : []) : [];
}

/**
 * Rows as a bit mask, the first in the highest bit.
 * @param {number[]} rows
 * @param {number} n
 */
export function mask(rows, n) {
  const bits = new Uint8Array(Math.ceil(n / 8));
  rows.forEach(row => { bits[row >> 3] |= 128 >> (row & 7); });
  return bits;
}

/**
 * Brings the page to life.
 * @param {Document} page
 */
export default async function start(page) {
  /** @param {string} id */
  const text = id => page.getElementById(id)?.textContent ?? "";
  /** @type {About} */
  const about = JSON.parse(text("about"));
  const parts = await opened(text("packed"), about.parts), n = about.data.rows;
  /** @type {{ names: string[], smiles: string[], facts: Fact[], atoms: string[] }} */
  const words = JSON.parse(new TextDecoder().decode(parts.words));
  const packed = unpacked(parts.drawings, n + about.labels.length, words.atoms);
  const xy = new Float32Array(parts.points.buffer), rowsOfLabels = new Uint32Array(parts.rows.buffer);

  /** @type {Map<string, Uint8Array<ArrayBuffer>>} */
  const published = new Map();
  let count = 0;
  /** @param {Uint8Array<ArrayBuffer>} bytes */
  const publish = bytes => { published.set(`part:${count}`, bytes); return `part:${count++}`; };
  const points = publish(parts.points), contours = publish(parts.contours);
  const codes = about.colors.map((_, k) => publish(parts.codes.slice(k * n, (k + 1) * n)));

  /** @param {string} address */
  const drawn = address => {
    const { searchParams: asked } = new URL(address, "file:///"), row = asked.get("row");
    const label = about.labels.findIndex(({ smiles }) => smiles === asked.get("smiles")), one = row === null ? n + label : Number(row);
    return row === null && label < 0 ? "" : svg(packed, one, Number(asked.get("width")), Number(asked.get("height")), asked.get("dark") === "1");
  };
  /** @param {number} row */
  const facts = row => ({
    name: words.names[row], smiles: words.smiles[row],
    facts: words.facts.flatMap(({ label, unit, values }) => values[row] === null ? [] : [[label, `${values[row]}${unit && ` ${unit}`}`]]),
  });
  /** @type {Source} */
  const source = {
    async answer(address) {
      const bytes = published.get(address);
      if (bytes) return new Response(bytes);
      if (address.includes("/card.json?")) return new Response(JSON.stringify(facts(Number(new URL(address, "file:///").searchParams.get("row")))));
      return new Response(drawn(address));
    },
    draw(image, address) { image.src = `data:image/svg+xml,${encodeURIComponent(drawn(address))}`; },
  };

  const now = { colour: 0, selected: /** @type {number[]} */ ([]), found: /** @type {number[]} */ ([]), sought: false, current: -1 };
  const masks = { selected: "", found: "" };
  const root = part(page, "main", HTMLElement);
  const labelled = part(page, ".with-labels", HTMLInputElement), lined = part(page, ".with-contours", HTMLInputElement);

  /** @param {number[]} rows */
  const select = rows => {
    now.selected = [...new Set(rows)].sort((a, b) => a - b);
    masks.selected = now.selected.length ? publish(mask(now.selected, n)) : "";
  };
  /** @param {Did} did */
  const meant = ({ kind, row = -1, code = -1, outline = [] }) => {
    if (kind === "click") return [row];
    if (kind === "category") return Array.from(parts.codes.subarray(now.colour * n, (now.colour + 1) * n)).flatMap((own, k) => own === code ? [k] : []);
    if (kind !== "label") return within(outline, xy);
    const first = about.labels.slice(0, code).reduce((sum, label) => sum + label.rows, 0);
    return Array.from(rowsOfLabels.subarray(first, first + about.labels[code].rows));
  };

  /** What is chosen, selected or found, as drawings. */
  const molecules = () => {
    const rows = [...(now.current >= 0 ? [now.current] : []), ...(now.selected.length ? now.selected : now.found).filter(row => row !== now.current)];
    const section = part(page, ".molecules", HTMLElement), dark = isDark(page.body);
    section.hidden = !rows.length;
    part(section, "h2", HTMLElement).textContent = `${rows.length.toLocaleString("en")} molecule${rows.length === 1 ? "" : "s"}`;
    part(section, ".grid", HTMLElement).replaceChildren(...rows.slice(0, MOST_DRAWN).map(row => {
      const one = make("figure", "one"), image = make("img"), { name, smiles, facts: told } = facts(row);
      image.alt = smiles;
      image.src = `data:image/svg+xml,${encodeURIComponent(svg(packed, row, 150, 96, dark))}`;
      one.title = smiles;
      one.append(image, make("figcaption", "", name || `Molecule ${row + 1}`), ...told.slice(0, 2).map(([label, value]) => make("figcaption", "", `${label} ${value}`)));
      return one;
    }));
    part(section, ".more", HTMLElement).textContent = rows.length > MOST_DRAWN ? `${(rows.length - MOST_DRAWN).toLocaleString("en")} more are not drawn here.` : "";
  };

  let renew = () => {};
  /** @param {Did} did */
  const heard = did => {
    if (did.kind === "click" && did.mode !== "add") {
      now.current = did.row ?? -1;
    } else if (did.kind === "clear") {
      now.current = -1;
      select([]);
    } else {
      const rows = meant(did);
      select(did.mode === "add" ? [...now.selected, ...rows] : rows);
    }
    renew();
  };
  renew = () => {
    const { name, ...colour } = about.colors[now.colour] ?? { name: "", label: "", entries: [], ticks: [], palette: [] };
    const data = {
      title: `${about.title}, view ${about.map.view}, coloured by ${colour.label || name}`, data: about.data.name, model: about.model.name,
      current: now.current, group: "", name: "", points, selected: masks.selected, found: masks.found, faded: "", star: null, lens: null,
      contours: lined.checked ? contours : "", labels: labelled.checked ? about.labels : [],
      colour: { ...colour, codes: codes[now.colour] ?? publish(new Uint8Array(n).fill(255)) }, base: "",
    };
    show({ data, parentElement: root, source, setTriggerValue: (_, did) => heard(/** @type {Did} */ (did)) });
    molecules();
  };

  const colours = part(page, ".colours", HTMLSelectElement), box = part(page, ".search", HTMLInputElement), told = part(page, ".told", HTMLElement);
  colours.append(...about.colors.map(({ name }, k) => Object.assign(make("option", "", name), { value: String(k) })));
  colours.addEventListener("change", () => { now.colour = Number(colours.value); renew(); });
  box.addEventListener("input", () => {
    now.found = search(box.value, words.names, words.smiles);
    masks.found = box.value.trim() ? publish(mask(now.found, n)) : "";
    told.textContent = box.value.trim() ? `${now.found.length.toLocaleString("en")} found` : "";
    renew();
  });
  [labelled, lined].forEach(one => one.addEventListener("change", renew));
  part(page, ".controls", HTMLFormElement).addEventListener("submit", e => e.preventDefault());
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => requestAnimationFrame(molecules));
  if (!about.labels.length) part(page, "label:has(.with-labels)", HTMLElement).hidden = true;

  written(page, about, words.facts.length);
  renew();
}

/**
 * What the page tells beside the map.
 * @param {Document} page
 * @param {About} about
 * @param {number} columns
 */
function written(page, about, columns) {
  const { data, model, map } = about, title = TITLES[map.method] ?? map.method;
  /** @param {number | null} value */
  const digits = value => value === null ? "\u2013" : Math.abs(value) >= 1 ? value.toFixed(2) : value.toFixed(3);
  page.title = `Map card: ${about.title}`;
  part(page, "h1", HTMLElement).textContent = about.title;
  part(page, ".under", HTMLElement).textContent = `View ${map.view} of model ${model.name}, ${title}, seed ${map.seed}`;
  const head = make("tr");
  head.append(...["", "full space", "permuted", "map", "permuted"].map(word => make("th", "", word)));
  const rows = about.scores.filter(({ full, map: flat }) => full !== null || flat !== null).map(one => {
    const row = make("tr"), values = [one.full, one.full_permuted, one.map, one.map_permuted];
    row.append(make("td", "", `${one.score}, ${one.part} (${one.better})`), ...values.map(value => make("td", "", digits(value))));
    return row;
  });
  part(page, ".scores", HTMLElement).append(head, ...rows);
  const doubtful = about.doubtful === null ? [] : [make("p", "", `${(100 * about.doubtful).toFixed(1)} % of the places are doubtful.`)];
  part(page, ".how", HTMLElement).append(...doubtful, ...about.how.map(word => make("p", "", `${word.slice(0, 1).toUpperCase()}${word.slice(1)}.`)));
  const parameters = Object.entries(map.parameters).map(([name, value]) => `${name} ${String(value)}`).join(", ");
  const made = {
    "Data set": data.name, "Digest of the data": data.digest, Model: model.name, "Digest of the model": model.digest, View: map.view,
    Method: [title, parameters].filter(Boolean).join("; "), Seed: String(map.seed), "Laid out": map.created, "Digest of the places": map.digest,
    Versions: Object.entries(about.made).map(([name, version]) => `${name} ${version}`).join(", "),
  };
  part(page, ".made", HTMLElement).append(...Object.entries(made).flatMap(([name, value]) => [make("dt", "", name), make("dd", "", value)]));
  part(page, ".command", HTMLElement).textContent = about.command;
  part(page, ".model", HTMLElement).hidden = !model.card;
  part(page, ".model-card", HTMLElement).textContent = model.card;
  part(page, ".holds", HTMLElement).textContent = `${data.rows.toLocaleString("en")} molecules: their names, SMILES, places and drawings, ${columns} columns of labels and predictions, and ${about.colors.length} colours. Whoever gets the file gets these. It asks nobody for anything and works without a network.`;
}
