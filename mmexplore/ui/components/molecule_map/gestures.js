// Pointer, wheel and keys turned into what they mean; knows nothing of molecules.

const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
const SLACK = 4;   // pixels that a hand trembles during a click

/** Listen on a surface. `on` holds hover, leave, drag, outline, click, pan, zoom, reset, arrow, enter, escape, tool, and
 *  scrolls, which says whether the wheel is the page's unless Ctrl is held. */
export function gestures(surface, on) {
  let tool = "lasso", down = null, path = [];
  const at = e => { const box = surface.getBoundingClientRect(); return [e.clientX - box.left, e.clientY - box.top]; };
  const box = () => { const [[a, b], [c, d]] = [path[0], path.at(-1)]; return [[a, b], [c, b], [c, d], [a, d]]; };
  const outline = () => tool === "box" ? box() : path;
  const stop = () => { down = null; path = []; on.drag(null); };

  surface.addEventListener("pointerdown", e => {
    if (e.button > 1) return;
    surface.focus({ preventScroll: true });
    surface.dataset.by = "pointer";
    surface.setPointerCapture(e.pointerId);
    down = { moved: false, last: at(e), panning: tool === "move" || e.button === 1 || e.altKey };
    path = [at(e)];
    e.preventDefault();
  });
  surface.addEventListener("pointermove", e => {
    const [x, y] = at(e);
    if (!down) return on.hover(x, y);
    const [fromX, fromY] = down.last;
    if (Math.hypot(x - fromX, y - fromY) < (down.moved ? 2 : SLACK)) return;
    down.moved = true;
    down.last = [x, y];
    on.leave();
    if (down.panning) return on.pan(x - fromX, y - fromY);
    path.push([x, y]);
    on.drag(outline());
  });
  surface.addEventListener("pointerup", e => {
    if (!down) return;
    const { moved, panning } = down, drawn = moved ? outline() : null;
    down = null;
    path = [];
    if (!moved) { on.drag(null); on.click(...at(e), e.shiftKey); }
    else if (!panning && drawn.length > 2) on.outline(drawn, tool, e.shiftKey);
    else on.drag(null);
  });
  surface.addEventListener("pointercancel", stop);
  surface.addEventListener("pointerleave", () => { if (!down) on.leave(); });
  surface.addEventListener("dblclick", () => on.reset());
  surface.addEventListener("wheel", e => {
    if (on.scrolls() && !e.ctrlKey && !e.metaKey) return;
    e.preventDefault();
    on.zoom(Math.exp(-e.deltaY * (e.deltaMode ? 0.05 : 0.002)), ...at(e));
  }, { passive: false });
  surface.addEventListener("keydown", e => {
    surface.dataset.by = "keys";
    if (e.ctrlKey || e.metaKey || e.altKey) return;
    if (e.key === "Escape") { if (down) stop(); else on.escape(); }
    else if (ARROWS[e.key]) on.arrow(...ARROWS[e.key]);
    else if (e.key === "Enter" || e.key === " ") on.enter(e.shiftKey);
    else if (e.key === "+" || e.key === "=") on.zoom(1.4);
    else if (e.key === "-") on.zoom(1 / 1.4);
    else if (e.key === "0") on.reset();
    else return;
    e.preventDefault();
  });
  return { setTool(chosen) { tool = chosen; } };
}
