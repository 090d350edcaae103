// The tool bar: which gesture draws, and zoom, whole map and picture at a click, for one map or all of a comparison.

import { downloadPicture } from "./picture.js";

/** Bring the bar's buttons to life; `maps()` are those it works on, `took(tool)` hears which tool was taken. */
export function tools(bar, maps, took = () => {}) {
  const press = chosen => {
    took(chosen);
    maps().forEach(map => map.take(chosen));
    bar.querySelectorAll("[data-tool]").forEach(b => b.setAttribute("aria-pressed", b.dataset.tool === chosen));
  };
  const act = { in: map => map.view.zoom(1.5), out: map => map.view.zoom(1 / 1.5), reset: map => map.view.fit(map.box) };
  bar.addEventListener("click", e => {
    const { tool, act: wish } = e.target.closest("button")?.dataset ?? {}, there = maps().filter(map => map.n);
    if (tool) press(tool);
    else if (!wish || !there.length) return;
    else if (wish === "picture") downloadPicture(there, e.shiftKey);
    else there.forEach(map => { act[wish](map); map.paint(); });
  });
  press("lasso");
}
