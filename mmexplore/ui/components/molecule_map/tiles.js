// Tiles of a library's map: which of them a view needs, and their bytes, each fetched once and kept while there is room.

/** @import { Source } from "./source.js" */
/** @import { Box } from "./view.js" */
import { SERVER } from "./source.js";

/**
 * What the server tells of tiles: how many points, the square that they lie in (left, bottom, side), and of each level of
 * detail its tiles as depth, x, y, points, left, bottom, right, top.
 * @typedef {{ n: number, box: [number, number, number], levels: number[][][], rasters: number }} Index
 *
 * @typedef {{ level: number, tiles: number[], points: number }} Choice   tiles of one level, and how many points they hold
 * @typedef {{ points: ArrayBuffer, codes: ArrayBuffer | null, n: number }} Tile   12 bytes a point: x, y, row
 */

/** So many points are drawn at rest at most; a level of detail that has more in sight gives way to the next. */
export const BUDGET = 2_000_000;
const FEWEST = 15_000, MOST = 400_000;   // that are drawn while the map moves
const SMOOTH_MS = 20, SLOW_MS = 32;
const MOST_KEPT = 2 * BUDGET;
const BYTES = 12;

/**
 * Tiles of the finest level of detail that a budget has room for in what is seen; of the coarsest if none has.
 * @param {Index} index
 * @param {Box} seen
 * @param {number} budget
 * @returns {Choice}
 */
export function chosen({ levels }, seen, budget = BUDGET) {
  for (let level = 0; ; level++) {
    /** @type {number[]} */
    const tiles = [];
    let points = 0;
    levels[level].forEach(([, , , n, left, bottom, right, top], k) => {
      if (right < seen.left || left > seen.right || top < seen.bottom || bottom > seen.top) return;
      tiles.push(k);
      points += n;
    });
    if (points <= budget || level === levels.length - 1) return { level, tiles, points };
  }
}

/**
 * How many points may be drawn in a frame of a map that moves, after a frame that took so long.
 * @param {number} before
 * @param {number} ms
 */
export function allowed(before, ms) {
  return Math.min(MOST, Math.max(FEWEST, before * (ms > SLOW_MS ? 0.75 : ms < SMOOTH_MS ? 1.1 : 1)));
}

/**
 * The raster whose cells are no larger than a pixel, the finest if all are.
 * @param {number} pixels   that the side of the square takes
 * @param {number} rasters   how many there are
 */
export function raster(pixels, rasters) {
  return Math.min(rasters - 1, Math.max(0, Math.ceil(Math.log2(Math.max(pixels, 1) / 256))));
}

/**
 * The address of tiles, or of what they hold.
 * @param {string} path
 * @param {{ base: string, library: string, key: string }} shown
 * @param {Record<string, string>} more
 */
export function address(path, { base, library, key }, more = {}) {
  return `${base}/${path}?${new URLSearchParams({ library, key, ...more })}`;
}

/** Tiles of one map, in one colour at a time. */
export class Tiles {
  /** @type {Map<string, Tile>} */
  #held = new Map();
  #points = 0;

  /**
   * @param {{ base: string, library: string, key: string }} shown
   * @param {(id: string) => void} dropped   called when a tile had to make room
   * @param {Source} source
   */
  constructor(shown, dropped, source = SERVER) {
    this.shown = shown;
    this.dropped = dropped;
    this.source = source;
  }

  /** @param {string} id */
  get(id) { return this.#held.get(id); }

  /**
   * Names of the tiles of a choice.
   * @param {Choice} choice
   */
  static ids({ level, tiles }) { return tiles.map(tile => `${level}/${tile}`); }

  /**
   * Whether all tiles of a choice are here, in a colour ("" for none).
   * @param {Choice} choice
   * @param {string} colour
   */
  has(choice, colour) { return Tiles.ids(choice).every(id => this.#held.has(id) && (!colour || this.#held.get(id)?.codes)); }

  /**
   * Fetch what is not here of a choice; others make room, the longest unused first.
   * @param {Choice} choice
   * @param {string} colour
   */
  async load(choice, colour) {
    await Promise.all(Tiles.ids(choice).map(async (id, k) => {
      const where = { level: String(choice.level), tile: String(choice.tiles[k]) }, known = this.#held.get(id);
      const [points, codes] = await Promise.all([
        known?.points ?? this.#bytes("tile.bin", where),
        colour ? known?.codes ?? this.#bytes("tile.bin", { ...where, colour }) : null,
      ]);
      const here = this.#held.get(id);   // somebody else may have been faster
      if (here) this.#held.delete(id); else this.#points += points.byteLength / BYTES;
      this.#held.set(id, { points: here?.points ?? points, codes: codes ?? here?.codes ?? null, n: points.byteLength / BYTES });
    }));
    const wanted = new Set(Tiles.ids(choice));
    for (const [id, { n }] of this.#held) {
      if (this.#points <= MOST_KEPT) break;
      if (wanted.has(id)) continue;
      this.#held.delete(id);
      this.#points -= n;
      this.dropped(id);
    }
  }

  /** Another colour: the codes of the last one mean nothing any more. */
  recolour() { this.#held.forEach((tile, id) => this.#held.set(id, { ...tile, codes: null })); }

  /**
   * Places and rows of the points of a choice that lie in a box.
   * @param {Choice} choice
   * @param {Box} seen
   * @returns {{ xy: Float32Array, rows: Uint32Array }}
   */
  within(choice, seen) {
    const tiles = Tiles.ids(choice).flatMap(id => this.#held.get(id) ?? []), most = tiles.reduce((sum, { n }) => sum + n, 0);
    const xy = new Float32Array(2 * most), rows = new Uint32Array(most);
    let n = 0;
    for (const { points } of tiles) {
      const places = new Float32Array(points), numbers = new Uint32Array(points);
      for (let k = 0; k < places.length; k += 3) {
        const x = places[k], y = places[k + 1];
        if (x < seen.left || x > seen.right || y < seen.bottom || y > seen.top) continue;
        xy[2 * n] = x;
        xy[2 * n + 1] = y;
        rows[n++] = numbers[k + 2];
      }
    }
    return { xy: xy.slice(0, 2 * n), rows: rows.slice(0, n) };
  }

  /**
   * @param {string} path
   * @param {Record<string, string>} more
   */
  async #bytes(path, more) {
    const answer = await this.source.answer(address(path, this.shown, more));
    if (!answer.ok) throw new Error(answer.status < 500 ? await answer.text() : `${answer.status}`);
    return answer.arrayBuffer();
  }

  /**
   * A raster of density, and where a colour is wanted its means.
   * @param {number} level
   * @param {string} colour
   */
  async raster(level, colour) {
    const where = { level: String(level) };
    const [shade, mean] = await Promise.all([this.#bytes("raster.bin", where), colour ? this.#bytes("raster.bin", { ...where, colour }) : null]);
    return { side: 256 * 2 ** level, shade: new Uint8Array(shade), mean: mean && new Uint8Array(mean) };
  }
}
