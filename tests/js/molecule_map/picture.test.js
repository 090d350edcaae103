import assert from "node:assert/strict";
import { test } from "node:test";

import { FADED, GREYED, SHOWN } from "../../../mmexplore/ui/components/molecule_map/masks.js";
import { sheet, svgText } from "../../../mmexplore/ui/components/molecule_map/picture.js";
import { View } from "../../../mmexplore/ui/components/molecule_map/view.js";
import { element } from "../page.js";

/**
 * A map of three points, of which the last lies out of sight.
 * @param {number} left
 * @param {number} top
 * @returns {any}
 */
function map(left, top) {
  const view = new View();
  view.resize(200, 100);
  view.fit({ left: 0, right: 1, bottom: 0, top: 1 });
  const colour = { label: "a < b", ticks: [], entries: [{ name: "<script>", code: 0, n: 3 }], palette: ["#123456"] };
  return {
    root: element("div", { getBoundingClientRect: () => ({ left, top }) }), view, n: 3, xy: Float32Array.from([0, 0, 1, 1, 99, 99]),
    codes: new Uint8Array(3), states: Uint8Array.from([SHOWN, GREYED, SHOWN]), grey: [0, 0, 0, 1], data: { title: "one", name: `at ${left}`, colour },
  };
}

test("what is in sight is drawn, in its colour or grey, and texts are escaped", () => {
  const text = svgText(sheet([map(0, 0)]), "#000000", "#ffffff");
  assert.equal(text.match(/r="[\d.]+" fill="#123456"/g)?.length, 2);   // one point, one line of the legend
  assert.equal(text.match(/fill="#000000"\/>/g)?.length, 1);
  assert.ok(text.includes("&#60;script&#62; (3)") && text.includes("a &#60; b") && !text.includes("<script"));
});

test("maps stand in rows as on the page and do not overlap", () => {
  const { places, width, foot, height } = sheet([map(0, 0), map(300, 5), map(0, 400)]);
  const [a, b, c] = places;
  assert.ok(a.y === b.y && b.x >= a.x + 200 && c.x === a.x && c.y >= a.y + 100);
  assert.ok(width >= b.x + 200 && foot >= c.y + 100 && height > foot);
  assert.deepEqual([a.title, c.title], ["at 0", "at 0"]);
  assert.equal(sheet([map(0, 0)]).places[0].title, "one");
});

test("what fades on the map fades in the picture", () => {
  const faded = { ...map(0, 0), states: Uint8Array.from([FADED, SHOWN, SHOWN]) }, text = svgText(sheet([faded]), "#000000", "#ffffff");
  assert.equal(text.match(/fill="#123456" fill-opacity="0.16"/g)?.length, 1);
});

test("labels and lines over the points are in the picture, their texts escaped", () => {
  const drawn = sheet([map(0, 0)]), image = element("img", { src: "data:image/svg+xml,%3Csvg/%3E" });
  const line = { d: "M0 0L1 1", matrix: [2, 0, 0, -2, 5, 6], ink: "#000000", width: 1, opacity: 0.5 };
  drawn.places[0].above = { strokes: [line], labels: [{ left: 1, top: 2, text: "<b>5% in</b>", image }, { left: 9, top: 9, text: "no drawing", image: null }] };
  const text = svgText(drawn, "#000000", "#ffffff");
  assert.match(text, /<path d="M0 0L1 1" transform="matrix\(2 0 0 -2 5 6\)"/);
  assert.equal(text.match(/<image /g)?.length, 1);
  assert.ok(text.includes("&#60;b&#62;5% in") && !text.includes("<b>") && text.includes("no drawing"));
});
