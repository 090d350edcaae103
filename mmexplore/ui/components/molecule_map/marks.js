// What lies over the points: rings round the molecules that matter, and the line that is being drawn.

/** Drives the overlay <svg>, whose circles are named by their class. */
export class Marks {
  constructor(svg) { this.svg = svg; }

  /** A ring of that name at [x, y] with a radius; none where the place is null or not on the map. */
  ring(name, at, radius) {
    const circle = this.svg.querySelector(`.${name}`), there = at !== null && Number.isFinite(at[0] + at[1]);
    circle.style.display = there ? "block" : "none";
    if (!there) return;
    circle.setAttribute("cx", at[0]);
    circle.setAttribute("cy", at[1]);
    circle.setAttribute("r", radius);
  }

  /** The star of a molecule that was typed, at [x, y]; none where the place is null. */
  star(at) {
    const star = this.svg.querySelector(".star");
    star.style.display = at ? "block" : "none";
    if (at) star.setAttribute("transform", `translate(${at[0]} ${at[1]})`);
  }

  /** The lasso or the box, null for none. */
  outline(points) {
    this.svg.querySelector("polygon").setAttribute("points", (points ?? []).map(p => p.join()).join(" "));
  }
}
