// The tool bar: which gesture draws, and zoom, whole map and picture at a click, for one map or all of a comparison.

/** @import { MoleculeMap } from "./molecule_map.js" */
/** @import { Pictured } from "./picture.js" */
import { downloadPicture } from "./picture.js";

/** @typedef {Pick<MoleculeMap, "view" | "box" | "n" | "take" | "paint"> & Pictured} Tooled */

/** @type {Record<string, (map: Tooled) => void>} */
const ACTS = { in: map => map.view.zoom(1.5), out: map => map.view.zoom(1 / 1.5), reset: map => map.view.fit(map.box) };

/**
 * Bring the bar's buttons to life; `maps()` are those it works on, `took(tool)` hears which tool was taken.
 * @param {HTMLElement} bar
 * @param {() => Tooled[]} maps
 * @param {(tool: string) => void} took
 */
export function tools(bar, maps, took = () => {}) {
  /** @type {NodeListOf<HTMLElement>} */
  const choices = bar.querySelectorAll("[data-tool]");
  /** @param {string} chosen */
  const press = chosen => {
    took(chosen);
    maps().forEach(map => map.take(chosen));
    choices.forEach(b => b.setAttribute("aria-pressed", String(b.dataset.tool === chosen)));
  };
  bar.addEventListener("click", e => {
    const pressed = e.target instanceof Element ? e.target.closest("button") : null;
    const { tool, act } = pressed?.dataset ?? {}, there = maps().filter(map => map.n);
    if (tool) press(tool);
    else if (!act || !there.length) return;
    else if (act === "picture") downloadPicture(there, e.shiftKey);
    else there.forEach(map => { ACTS[act](map); map.paint(); });
  });
  press("lasso");
}
