// Which point is under the pointer: a grid over the plane (counting sort), built once a map; a
// move of the pointer looks at the cells round it.

/** @import { Box } from "./view.js" */

export class Nearest {
  /**
   * @param {Float32Array} xy   pairs; NaN is a point without a place
   * @param {Box} box
   */
  constructor(xy, box) {
    const n = xy.length / 2, side = Math.max(1, Math.min(1024, Math.ceil(Math.sqrt(n / 2))));
    this.xy = xy;
    this.side = side;
    this.left = box.left;
    this.bottom = box.bottom;
    this.cellX = (box.right - box.left) / side || 1;
    this.cellY = (box.top - box.bottom) / side || 1;
    const cells = new Uint32Array(n), starts = new Uint32Array(side * side + 1);
    for (let i = 0; i < n; i++) {
      cells[i] = this.row(xy[2 * i + 1]) * side + this.column(xy[2 * i]);
      starts[cells[i] + 1]++;
    }
    for (let c = 0; c < side * side; c++) starts[c + 1] += starts[c];
    const next = starts.slice(), order = new Uint32Array(n);
    for (let i = 0; i < n; i++) order[next[cells[i]]++] = i;
    this.starts = starts;
    this.order = order;
  }

  /** @param {number} v */
  clamp(v) { return v > 0 ? Math.min(v | 0, this.side - 1) : 0; }   // also for NaN
  /** @param {number} x */
  column(x) { return this.clamp((x - this.left) / this.cellX); }
  /** @param {number} y */
  row(y) { return this.clamp((y - this.bottom) / this.cellY); }

  /**
   * The point whose dot is the topmost under a place, else the nearest one within a radius (data units), or -1; of equally
   * near ones the last drawn. Without `drawn` points have no size, so that the nearest is found.
   * @param {number} x
   * @param {number} y
   * @param {number} radius
   * @param {{ radius: (row: number) => number, height: (row: number) => number }} [drawn]   sizes of dots, and which lie above which
   */
  at(x, y, radius, drawn) {
    const { xy, side, starts, order } = this;
    let found = -1, best = radius * radius, top = -1;
    for (let r = this.row(y - radius); r <= this.row(y + radius); r++) {
      const from = starts[r * side + this.column(x - radius)], to = starts[r * side + this.column(x + radius) + 1];
      for (let k = from; k < to; k++) {
        const i = order[k], dx = xy[2 * i] - x, dy = xy[2 * i + 1] - y, d = dx * dx + dy * dy;
        const covers = drawn !== undefined && d <= drawn.radius(i) ** 2, height = covers ? drawn.height(i) : -1;
        if (height > top || (height === top && d <= best)) { best = d; found = i; top = height; }
      }
    }
    return found;
  }

  /**
   * The nearest point from point i within 45 degrees of a direction (dx, dy), or -1: how arrow keys walk.
   * @param {number} i
   * @param {number} dx
   * @param {number} dy
   */
  towards(i, dx, dy) {
    const { xy } = this, x = xy[2 * i], y = xy[2 * i + 1];
    let found = -1, best = Infinity;
    for (let j = 0; j < xy.length / 2; j++) {
      const ux = xy[2 * j] - x, uy = xy[2 * j + 1] - y, along = ux * dx + uy * dy, across = Math.abs(ux * dy - uy * dx);
      if (along <= 0 || across > along) continue;
      const cost = along * along + 4 * across * across;
      if (cost < best) { best = cost; found = j; }
    }
    return found;
  }
}

/**
 * Smallest box round all points that have a place.
 * @param {Float32Array} xy
 * @returns {Box}
 */
export function extent(xy) {
  let left = Infinity, right = -Infinity, bottom = Infinity, top = -Infinity;
  for (let k = 0; k < xy.length; k += 2) {
    if (xy[k] < left) left = xy[k];
    if (xy[k] > right) right = xy[k];
    if (xy[k + 1] < bottom) bottom = xy[k + 1];
    if (xy[k + 1] > top) top = xy[k + 1];
  }
  return left <= right && bottom <= top ? { left, right, bottom, top } : { left: 0, right: 1, bottom: 0, top: 1 };
}

/**
 * Smallest box round some boxes, one at least.
 * @param {Box[]} boxes
 * @returns {Box}
 */
export function around(boxes) {
  /** @param {keyof Box} side */
  const of = side => boxes.map(box => box[side]);
  return { left: Math.min(...of("left")), right: Math.max(...of("right")), bottom: Math.min(...of("bottom")), top: Math.max(...of("top")) };
}
