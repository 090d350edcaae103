// Two fingers on the map: how they move is a pan and a zoom.

/** @typedef {[number, number]} Place   in pixels of the element */

const LEAST_APART = 1;   // pixels: fingers that meet would zoom without an end

/**
 * What two fingers did: the way (dx, dy) of the middle between them, by what factor they parted, and where the middle is
 * now. Panned that way and then zoomed about (x, y), the map has under the middle what was under it before.
 * @param {[Place, Place]} before
 * @param {[Place, Place]} after
 */
export function pinch(before, after) {
  const [fromX, fromY] = middle(before), [x, y] = middle(after);
  return { dx: x - fromX, dy: y - fromY, factor: apart(after) / apart(before), x, y };
}

/** @param {[Place, Place]} fingers */
function middle([[ax, ay], [bx, by]]) { return [(ax + bx) / 2, (ay + by) / 2]; }

/** @param {[Place, Place]} fingers */
function apart([[ax, ay], [bx, by]]) { return Math.max(Math.hypot(ax - bx, ay - by), LEAST_APART); }
