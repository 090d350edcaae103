// Molecules drawn from numbers: where each atom lies, what is written there, and what each bond is.

/**
 * Packed drawings of many molecules (mmexplore/chem/drawings.py); `atoms` and `bonds` say where each one's begin.
 * @typedef {object} Packed
 * @property {Uint32Array} atoms
 * @property {Uint32Array} bonds
 * @property {Int32Array} x
 * @property {Int32Array} y
 * @property {Uint16Array} texts
 * @property {Uint16Array} begins
 * @property {Uint16Array} ends
 * @property {Uint8Array} kinds
 * @property {string[]} written   "isotope symbol hydrogens charge radicals", "" for a mere corner
 *
 * @typedef {[number, number]} Point
 *
 * An atom: its place in pixels, what is written there, and who is bound to it.
 * @typedef {{ at: Point, text: string, beside: Point[] }} Atom
 */

const [SINGLE, DOUBLE, TRIPLE, AROMATIC, DATIVE, WEDGE, DASH, WAVY, CROSSED, DOTTED, LEFT, RIGHT] = Array.from({ length: 12 }, (_, k) => k + 1);
const LONGEST_PX = 26, BOND = 36;
const PAD = { x: 26, y: 14 };   // what is written at the rim is wider than high
/** @type {Record<string, [string, string]>} */
const INKS = {
  N: ["#2f4fd0", "#8fa8ff"], O: ["#cc1f1a", "#ff7b72"], S: ["#8a7000", "#e3c94a"], P: ["#b35900", "#ffa657"], F: ["#23807f", "#6fd6d2"],
  Cl: ["#1d7f1d", "#6fd66f"], Br: ["#84391a", "#e0936f"], I: ["#7a2c8f", "#d49be6"], B: ["#a05a4a", "#f0a898"],
};

/**
 * Reads what mmexplore/explore/map_card/content.py packed.
 * @param {Uint8Array} bytes
 * @param {number} n   so many drawings
 * @param {string[]} written
 * @returns {Packed}
 */
export function unpacked(bytes, n, written) {
  let at = 0;
  /** @param {number} length */
  const plane = length => {
    const made = Uint16Array.from({ length }, (_, k) => bytes[at + k] | bytes[at + length + k] << 8);
    at += 2 * length;
    return made;
  };
  /** @param {Uint16Array} counts */
  const starts = counts => {
    const made = new Uint32Array(counts.length + 1);
    counts.forEach((count, k) => { made[k + 1] = made[k] + count; });
    return made;
  };
  const atoms = starts(plane(n)), bonds = starts(plane(n));
  /** @param {Uint16Array} steps */
  const walked = steps => {
    const made = new Int32Array(steps.length);
    for (let one = 0; one < n; one++) {
      for (let k = atoms[one], sum = 0; k < atoms[one + 1]; k++) made[k] = sum += steps[k] << 16 >> 16;
    }
    return made;
  };
  const x = walked(plane(atoms[n])), y = walked(plane(atoms[n])), texts = plane(atoms[n]);
  const begins = plane(bonds[n]), far = plane(bonds[n]), ends = begins.map((begin, k) => begin + far[k]);
  return { atoms, bonds, x, y, texts, begins, ends, kinds: bytes.slice(at, at + bonds[n]), written };
}

/** @param {string} text */
const escape = text => text.replace(/[&<>"']/g, c => `&#${c.charCodeAt(0)};`);

/** @param {number} v */
const short = v => v.toFixed(1);

/**
 * A molecule as SVG on a transparent ground; "" where there is no drawing.
 * @param {Packed} packed
 * @param {number} one   which of them
 * @param {number} width
 * @param {number} height
 * @param {boolean} dark
 */
export function svg(packed, one, width, height, dark) {
  const first = packed.atoms[one], n = packed.atoms[one + 1] - first;
  if (!n) return "";
  const xs = packed.x.subarray(first, first + n), ys = packed.y.subarray(first, first + n);
  const [left, right] = [Math.min(...xs), Math.max(...xs)], [low, high] = [Math.min(...ys), Math.max(...ys)];
  const scale = Math.min((width - 2 * PAD.x) / Math.max(right - left, 1), (height - 2 * PAD.y) / Math.max(high - low, 1), LONGEST_PX / BOND);
  const size = Math.max(5, Math.min(13, 0.5 * BOND * scale)), ink = dark ? "#e8eaed" : "#1f2328";
  /** @type {Atom[]} */
  const atoms = Array.from(xs, (x, k) => ({
    at: [width / 2 + (x - (left + right) / 2) * scale, height / 2 - (ys[k] - (low + high) / 2) * scale],
    text: packed.written[packed.texts[first + k]], beside: [],
  }));
  const lines = [];
  for (let k = packed.bonds[one]; k < packed.bonds[one + 1]; k++) {
    const begin = atoms[packed.begins[k]], end = atoms[packed.ends[k]];
    begin.beside.push(end.at);
    end.beside.push(begin.at);
    lines.push(bond(begin, end, packed.kinds[k], size, BOND * scale, dark, ink));
  }
  const texts = atoms.map(atom => atom.text && label(atom, size, dark, ink));
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">`
    + `<g fill="none" stroke-linecap="round" stroke-width="${Math.max(0.8, Math.min(1.6, size / 8)).toFixed(2)}">${lines.join("")}</g>`
    + `<g font-family="system-ui, sans-serif" font-size="${short(size)}">${texts.join("")}</g></svg>`;
}

/**
 * @param {string} symbol
 * @param {boolean} dark
 * @param {string} ink
 */
const inkOf = (symbol, dark, ink) => INKS[symbol]?.[Number(dark)] ?? ink;

/**
 * @param {Atom} atom
 * @param {boolean} dark
 * @param {string} ink
 */
const own = (atom, dark, ink) => atom.text ? inkOf(atom.text.split(" ")[1], dark, ink) : ink;

/**
 * A bond, each half in its atom's colour, ending where something is written.
 * @param {Atom} begin
 * @param {Atom} end
 * @param {number} kind
 * @param {number} size
 * @param {number} long   pixels of a usual bond
 * @param {boolean} dark
 * @param {string} ink
 */
function bond(begin, end, kind, size, long, dark, ink) {
  const [ax, ay] = begin.at, [bx, by] = end.at, length = Math.hypot(bx - ax, by - ay) || 1;
  const ux = (bx - ax) / length, uy = (by - ay) / length, gap = 0.14 * long;
  /** @param {Atom} atom */
  const free = atom => atom.text ? Math.min(0.62 * size, 0.4 * length) : 0;
  const from = free(begin), to = length - free(end), inks = [own(begin, dark, ink), own(end, dark, ink)];
  /**
   * A place along the bond and beside it, positive to the right of who walks (y goes down here).
   * @param {number} along
   * @param {number} aside
   * @returns {Point}
   */
  const at = (along, aside) => [ax + ux * along - uy * aside, ay + uy * along + ux * aside];
  /** @param {Point} p */
  const word = p => p.map(short).join(" ");
  /**
   * @param {number} aside
   * @param {number} [shorter]
   * @param {string} [more]
   */
  const line = (aside, shorter = 0, more = "") => {
    const s = Math.max(from, shorter), e = Math.min(to, length - shorter), middle = (from + to) / 2;
    if (inks[0] === inks[1]) return `<path d="M${word(at(s, aside))}L${word(at(e, aside))}" stroke="${inks[0]}"${more}/>`;
    return `<path d="M${word(at(s, aside))}L${word(at(middle, aside))}" stroke="${inks[0]}"${more}/><path d="M${word(at(middle, aside))}L${word(at(e, aside))}" stroke="${inks[1]}"${more}/>`;
  };
  const half = 0.13 * long, dashes = ` stroke-dasharray="${short(0.1 * long)} ${short(0.1 * long)}"`;
  switch (kind) {
    case DOUBLE: return line(gap / 2) + line(-gap / 2);
    case LEFT: return line(0) + line(-gap, 0.12 * length);
    case RIGHT: return line(0) + line(gap, 0.12 * length);
    case TRIPLE: return line(0) + line(gap) + line(-gap);
    case AROMATIC: return line(0) + line(gap, 0.12 * length, dashes);
    case CROSSED: {
      const [a, b, c, d] = [at(from, gap / 2), at(to, -gap / 2), at(from, -gap / 2), at(to, gap / 2)].map(word);
      return `<path d="M${a}L${b}M${c}L${d}" stroke="${ink}"/>`;
    }
    case WEDGE: return `<path d="M${word(at(from, 0))}L${word(at(to, half))}L${word(at(to, -half))}Z" fill="${inks[1]}" stroke="${inks[1]}" stroke-width="0.4"/>`;
    case DASH: {
      const steps = Math.max(4, Math.round((to - from) / 3)), strokes = [];
      for (let k = 1; k <= steps; k++) {
        const along = from + (to - from) * k / steps, aside = half * k / steps;
        strokes.push(`M${word(at(along, aside))}L${word(at(along, -aside))}`);
      }
      return `<path d="${strokes.join("")}" stroke="${inks[1]}" stroke-width="1"/>`;
    }
    case WAVY: {
      const steps = 8, bends = [];
      for (let k = 0; k < steps; k++) {
        const step = (to - from) / steps, side = (k % 2 ? -1 : 1) * 0.12 * long;
        bends.push(`Q${word(at(from + step * (k + 0.5), side))} ${word(at(from + step * (k + 1), 0))}`);
      }
      return `<path d="M${word(at(from, 0))}${bends.join("")}" stroke="${inks[0]}"/>`;
    }
    case DATIVE: {
      const head = Math.min(0.25 * long, 0.4 * (to - from)), [tip, one, other] = [at(to, 0), at(to - head, head / 2), at(to - head, -head / 2)].map(word);
      return `${line(0)}<path d="M${tip}L${one}L${other}Z" fill="${inks[1]}" stroke="none"/>`;
    }
    case DOTTED: return line(0, 0, dashes);
    case SINGLE: default: return line(0);
  }
}

/**
 * What is written at an atom: its symbol in the middle, hydrogens on the side where nothing is bound, charge last.
 * @param {Atom} atom
 * @param {number} size
 * @param {boolean} dark
 * @param {string} ink
 */
function label({ at: [x, y], text, beside }, size, dark, ink) {
  const [isotope, symbol, ...counts] = text.split(" "), [hydrogens, charge, radicals] = counts.map(Number);
  const base = y + 0.36 * size, half = 0.38 * size * symbol.length, small = short(0.68 * size), fill = inkOf(symbol, dark, ink);
  const toLeft = beside.some(([other]) => other < x - 1), toRight = beside.some(([other]) => other > x + 1);
  const side = !toRight ? 1 : !toLeft ? -1 : 0;   // right, left, or above and below
  const level = { sub: 0.24 * size, sup: -0.38 * size };
  /**
   * @param {string} what
   * @param {"sub" | "sup"} how
   */
  const little = (what, how) => what && `<tspan dy="${short(level[how])}" font-size="${small}">${escape(what)}</tspan><tspan dy="${short(-level[how])}" font-size="0.1">\u200b</tspan>`;
  /**
   * @param {number} px
   * @param {number} py
   * @param {string} anchor
   * @param {string} inner
   */
  const put = (px, py, anchor, inner) => inner && `<text x="${short(px)}" y="${short(py)}" text-anchor="${anchor}" fill="${fill}">${inner}</text>`;
  const signed = charge ? `${Math.abs(charge) > 1 ? Math.abs(charge) : ""}${charge > 0 ? "+" : "\u2212"}` : "";
  const last = little(signed + "\u2022".repeat(radicals), "sup");
  const held = hydrogens ? `H${little(hydrogens > 1 ? String(hydrogens) : "", "sub")}` : "";
  const middle = put(x, base, "middle", escape(symbol)), mass = isotope === "0" ? "" : little(isotope, "sup");
  if (side === 0 && held) {
    const lower = beside.reduce((sum, [, other]) => sum + other - y, 0) < 0;   // what is bound lies above
    return middle + put(x - half, base, "end", mass) + put(x + half, base, "start", last) + put(x, base + (lower ? 0.95 : -0.85) * size, "middle", held);
  }
  if (side === -1) return middle + put(x - half, base, "end", held + mass) + put(x + half, base, "start", last);
  return middle + put(x - half, base, "end", mass) + put(x + half, base, "start", held + last);
}
