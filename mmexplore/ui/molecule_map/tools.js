// The tool bar: which gesture draws, and zoom, whole map and picture at a click.

import { downloadPicture } from "./picture.js";

/** Bring the bar's buttons to life for a map. */
export function tools(bar, map) {
  const press = chosen => {
    map.gestures.setTool(chosen);
    map.surface.dataset.tool = chosen;
    bar.querySelectorAll("[data-tool]").forEach(b => b.setAttribute("aria-pressed", b.dataset.tool === chosen));
  };
  const act = { in: () => map.view.zoom(1.5), out: () => map.view.zoom(1 / 1.5), reset: () => map.view.fit(map.box) };
  bar.addEventListener("click", e => {
    const { tool, act: wish } = e.target.closest("button")?.dataset ?? {};
    if (tool) press(tool);
    else if (!wish || !map.n) return;
    else if (wish === "picture") { map.paintNow(); downloadPicture(map); }
    else { act[wish](); map.paint(); }
  });
  press("lasso");
}
