// Pointers, wheel and keys turned into what they mean; knows nothing of molecules.

/** @import { Place } from "./pinch.js" */
import { pinch } from "./pinch.js";

/**
 * What is told of the gestures on a surface; places are in its pixels.
 * @typedef {object} Told
 * @property {(x: number, y: number) => void} hover
 * @property {() => void} leave
 * @property {(outline: Place[] | null) => void} drag   the line that is being drawn, null for none
 * @property {(outline: Place[], tool: string, add: boolean) => void} outline   the line that was drawn
 * @property {(x: number, y: number, add: boolean) => void} click
 * @property {(dx: number, dy: number) => void} pan
 * @property {(factor: number, x?: number, y?: number) => void} zoom
 * @property {() => void} reset
 * @property {(dx: number, dy: number) => void} arrow
 * @property {(add: boolean) => void} enter
 * @property {() => void} escape
 * @property {() => boolean} scrolls   whether the wheel is the page's unless Ctrl is held
 */

/** @type {Record<string, Place>} */
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
const SLACK = 4;   // pixels that a hand trembles during a click

/**
 * Listen on a surface. One finger is a mouse; two pan and zoom, and drop the line that the first had begun.
 * @param {HTMLElement} surface
 * @param {Told} on
 */
export function gestures(surface, on) {
  let tool = "lasso", pinching = false;
  /** @type {{ moved: boolean, last: Place, panning: boolean } | null} */
  let down = null;
  /** @type {Place[]} */
  let path = [];
  /** @type {Map<number, Place>} */
  const pressed = new Map();

  /**
   * @param {MouseEvent} e
   * @returns {Place}
   */
  const at = e => { const box = surface.getBoundingClientRect(); return [e.clientX - box.left, e.clientY - box.top]; };
  /** @returns {Place[]} */
  const box = () => { const [a, b] = path[0], [c, d] = path[path.length - 1]; return [[a, b], [c, b], [c, d], [a, d]]; };
  const outline = () => tool === "box" ? box() : path;
  const stop = () => { down = null; path = []; on.drag(null); };
  /** @returns {[Place, Place]} */
  const firstTwo = () => { const [a, b] = pressed.values(); return [a, b]; };
  /** @param {PointerEvent} e */
  const lift = e => { pressed.delete(e.pointerId); if (!pressed.size) pinching = false; };

  surface.addEventListener("pointerdown", e => {
    if (e.button > 1) return;
    surface.focus({ preventScroll: true });
    surface.dataset.by = "pointer";
    surface.setPointerCapture(e.pointerId);
    e.preventDefault();
    if (e.isPrimary) { pressed.clear(); pinching = false; }
    pressed.set(e.pointerId, at(e));
    if (pressed.size > 1) {
      pinching = true;
      on.leave();
      stop();
      return;
    }
    down = { moved: false, last: at(e), panning: tool === "move" || e.button === 1 || e.altKey };
    path = [at(e)];
  });
  surface.addEventListener("pointermove", e => {
    const [x, y] = at(e);
    if (pinching) {
      if (!pressed.has(e.pointerId)) return;
      const before = firstTwo(), alone = pressed.size === 1;
      pressed.set(e.pointerId, [x, y]);
      if (alone) return;
      const moved = pinch(before, firstTwo());
      on.pan(moved.dx, moved.dy);
      on.zoom(moved.factor, moved.x, moved.y);
      return;
    }
    if (pressed.has(e.pointerId)) pressed.set(e.pointerId, [x, y]);
    if (!down) { on.hover(x, y); return; }
    const [fromX, fromY] = down.last;
    if (Math.hypot(x - fromX, y - fromY) < (down.moved ? 2 : SLACK)) return;
    down.moved = true;
    down.last = [x, y];
    on.leave();
    if (down.panning) { on.pan(x - fromX, y - fromY); return; }
    path.push([x, y]);
    on.drag(outline());
  });
  surface.addEventListener("pointerup", e => {
    lift(e);
    if (!down) return;
    const { moved, panning } = down, drawn = outline();
    down = null;
    path = [];
    if (!moved) { on.drag(null); on.click(...at(e), e.shiftKey); }
    else if (!panning && drawn.length > 2) on.outline(drawn, tool, e.shiftKey);
    else on.drag(null);
  });
  surface.addEventListener("pointercancel", e => { lift(e); stop(); });
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
  return {
    /** @param {string} chosen */
    setTool(chosen) { tool = chosen; },
  };
}
