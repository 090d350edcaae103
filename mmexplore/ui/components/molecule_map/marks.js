// What lies over the points: rings round the molecules that matter, and the line that is being drawn.

/** @import { Place } from "./pinch.js" */
import { part } from "../dom.js";

/** Drives the overlay <svg>, whose circles are named by their class. */
export class Marks {
  /** @param {Element} svg */
  constructor(svg) { this.svg = svg; }

  /**
   * A ring of that name at a place, with a radius; none where the place is null or not on the map.
   * @param {string} name
   * @param {Place | null} at
   * @param {number} radius
   */
  ring(name, at, radius) {
    const circle = part(this.svg, `.${name}`, SVGElement), there = at && Number.isFinite(at[0] + at[1]);
    circle.style.display = there ? "block" : "none";
    if (!there) return;
    circle.setAttribute("cx", String(at[0]));
    circle.setAttribute("cy", String(at[1]));
    circle.setAttribute("r", String(radius));
  }

  /**
   * The star of a molecule that was typed; none where the place is null.
   * @param {Place | null} at
   */
  star(at) {
    const star = part(this.svg, ".star", SVGElement);
    star.style.display = at ? "block" : "none";
    if (at) star.setAttribute("transform", `translate(${at[0]} ${at[1]})`);
  }

  /**
   * The lasso or the box, null for none.
   * @param {Place[] | null} points
   */
  outline(points) {
    part(this.svg, "polygon", SVGElement).setAttribute("points", (points ?? []).map(p => p.join()).join(" "));
  }
}
