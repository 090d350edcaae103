// What the server tells a map, and what a map tells the server.

/** @import { Star } from "./card.js" */
/** @import { MapLabel } from "./labels.js" */
/** @import { Colours } from "./legend.js" */
/** @import { Stops } from "./lens.js" */

/**
 * What the map shows; `points`, `selected`, `found`, `faded`, `contours` and `codes` are addresses, "" where there is none.
 * @typedef {object} Shown
 * @property {string} title
 * @property {string} data
 * @property {string} model
 * @property {number} current   a row or -1
 * @property {string} group
 * @property {string} name
 * @property {string} points
 * @property {string} selected
 * @property {string} found
 * @property {string} faded
 * @property {string} [fading]   what the legend says of those that fade
 * @property {string} [contours]
 * @property {Star | null} star
 * @property {[number, number][]} [edges]   rows that are joined
 * @property {number} [edge]   the edge that is looked at, or -1
 * @property {MapLabel[]} [labels]
 * @property {Stops | null} lens   `points` is then its first stop
 * @property {Colours & { codes: string }} colour
 * @property {string} base
 * @property {number} [turn]   how many events were heard, so that one that changes nothing is answered too
 * @property {boolean} [scrolls]   whether the wheel is the page's unless Ctrl is held
 *
 * What a visitor did; an outline is in data units, `at` a place on the slider of a lens.
 * @typedef {{ kind: string, mode?: "replace" | "add", outline?: [number, number][], row?: number, code?: number, at?: number }} Did
 */

/**
 * A map that was told nothing yet.
 * @type {Shown}
 */
export const NOTHING = {
  title: "", data: "", model: "", current: -1, group: "", name: "", points: "", selected: "", found: "", faded: "", star: null, lens: null,
  colour: { label: "", entries: [], ticks: [], palette: [], codes: "" }, base: "",
};
