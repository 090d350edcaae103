import assert from "node:assert/strict";
import { test } from "node:test";

import { extent, lines } from "../../../mmexplore/ui/components/molecule_map/library_map.js";
import { painted, TilePainter } from "../../../mmexplore/ui/components/molecule_map/tile_painter.js";
import { address, allowed, chosen, raster, Tiles } from "../../../mmexplore/ui/components/molecule_map/tiles.js";
import { View } from "../../../mmexplore/ui/components/molecule_map/view.js";
import { drawn, webglCanvas } from "../page.js";

/**
 * Levels of an even map, each half of the one before: tiles of side 1 / 2 ** depth.
 * @param {number} depth
 * @param {number} n   points a tile
 */
function even(depth, n) {
  const levels = [];
  for (let d = depth; d >= 0; d--) {
    const side = 2 ** d, level = [];
    for (let x = 0; x < side; x++) for (let y = 0; y < side; y++) level.push([d, x, y, n, x / side, y / side, (x + 1) / side, (y + 1) / side]);
    levels.push(level);
  }
  return { n: n * 4 ** depth, box: /** @type {[number, number, number]} */ ([0, 0, 1]), levels, rasters: 4 };
}

const SHOWN = { base: "/chem", library: "a b", key: "0f" };
const WHOLE = { left: 0, right: 1, bottom: 0, top: 1 };

/** A server that gives each tile points of its own, and notes what it was asked. */
function server(n = 4) {
  /** @type {string[]} */
  const asked = [];
  /** @param {string} url */
  const answer = async url => {
    asked.push(url);
    const query = new URLSearchParams(url.split("?")[1]), tile = Number(query.get("tile"));
    const places = new Float32Array(3 * n), rows = new Uint32Array(places.buffer);
    for (let k = 0; k < n; k++) { places.set([tile + k / n, k / n], 3 * k); rows[3 * k + 2] = 100 * tile + k; }
    const bytes = query.has("colour") ? new Uint8Array(n).fill(tile).buffer : places.buffer;
    return /** @type {Response} */ (/** @type {unknown} */ ({ ok: true, status: 200, arrayBuffer: async () => bytes }));
  };
  return { asked, source: { answer, draw: () => {} } };
}

test("the finest level that the budget has room for is taken, of it what is in sight", () => {
  const index = even(4, 100);
  assert.deepEqual(chosen(index, WHOLE, 100 * 256), { level: 0, tiles: [...Array(256).keys()], points: 25600 });
  assert.equal(chosen(index, WHOLE, 100 * 256 - 1).level, 1);
  assert.equal(chosen(index, WHOLE, 100).level, 4);
  assert.equal(chosen(index, WHOLE, 1).level, 4, "something is always drawn");
  const close = chosen(index, { left: 0.51, right: 0.55, bottom: 0.01, top: 0.05 }, 100);
  assert.deepEqual([close.level, close.points, index.levels[0][close.tiles[0]].slice(0, 3)], [0, 100, [4, 8, 0]]);
  assert.deepEqual(chosen(index, { left: 2, right: 3, bottom: 0, top: 1 }, 100), { level: 0, tiles: [], points: 0 });
});

test("what one comes closer to is drawn at least as finely", () => {
  const index = even(5, 1000);
  for (const [k, size] of drawn(40, 0.001, 0.9).entries()) {
    const x = drawn(40, 0, 1)[k], one = { left: x, right: x + size, bottom: 0, top: size };
    const closer = { ...one, right: x + size / 2, top: size / 2 };
    assert.ok(chosen(index, closer, 20000).level <= chosen(index, one, 20000).level);
  }
});

test("the raster's cells are no larger than pixels, as long as there is a finer one", () => {
  assert.deepEqual([1, 256, 257, 900, 1025, 9e6].map(pixels => raster(pixels, 4)), [0, 0, 1, 2, 3, 3]);
  assert.equal(raster(900, 1), 0);
});

test("slow frames have fewer points, smooth ones more, between two bounds", () => {
  let points = 100_000;
  for (let k = 0; k < 40; k++) points = allowed(points, 60);
  const fewest = points;
  assert.ok(fewest > 1_000 && fewest < 50_000);
  assert.equal(allowed(fewest, 25), fewest);
  for (let k = 0; k < 80; k++) points = allowed(points, 16);
  assert.ok(points > 200_000 && points === allowed(points, 16));
});

test("addresses hold names as text", () => {
  assert.equal(address("tile.bin", { base: "/chem", library: "a&b c", key: "0f" }, { tile: "3" }), "/chem/tile.bin?library=a%26b+c&key=0f&tile=3");
});

test("each tile is fetched once, its colours anew where they are others, and old ones make room", async () => {
  const { asked, source } = server();
  /** @type {string[]} */
  const dropped = [], tiles = new Tiles(SHOWN, id => dropped.push(id), source);
  const two = { level: 1, tiles: [0, 3], points: 8 };
  await tiles.load(two, "");
  await tiles.load(two, "");
  assert.equal(asked.length, 2);
  assert.ok(tiles.has(two, "") && !tiles.has(two, "logP"));
  await tiles.load(two, "logP");
  assert.ok(tiles.has(two, "logP"));
  assert.deepEqual(asked.slice(2).map(url => new URLSearchParams(url.split("?")[1]).get("colour")), ["logP", "logP"]);
  tiles.recolour();
  assert.ok(tiles.has(two, "") && !tiles.has(two, "logP"));
  const large = server(1_500_000), many = new Tiles(SHOWN, id => dropped.push(id), large.source);
  await many.load({ level: 0, tiles: [0, 1], points: 0 }, "");
  await many.load({ level: 0, tiles: [1, 2], points: 0 }, "");
  assert.deepEqual(dropped, ["0/0"]);
  assert.ok(many.get("0/1") && many.get("0/2") && !many.get("0/0"));
});

test("points in sight come with their rows", async () => {
  const { source } = server(), tiles = new Tiles(SHOWN, () => {}, source), choice = { level: 0, tiles: [0, 1, 2], points: 12 };
  await tiles.load(choice, "");
  const { xy, rows } = tiles.within(choice, { left: 0.5, right: 1.25, bottom: 0, top: 0.6 });
  assert.deepEqual([...rows], [2, 100, 101]);
  assert.deepEqual([...xy], [0.5, 0.5, 1, 0, 1.25, 0.25]);
});

test("a tile that is not there any more is told in the server's words", async () => {
  const gone = /** @type {Response} */ (/** @type {unknown} */ ({ ok: false, status: 404, text: async () => "reload the page" }));
  const tiles = new Tiles(SHOWN, () => {}, { answer: async () => gone, draw: () => {} });
  await assert.rejects(tiles.load({ level: 0, tiles: [0], points: 1 }, ""), /reload the page/);
});

test("a raster is drawn once there is one; a picture at rest is shown whole, of tiles that are there", () => {
  const canvas = webglCanvas(), painter = TilePainter.on(canvas), view = new View();
  assert.ok(painter);
  assert.equal(painter.density(view, [0, 0, 1]), false);
  painter.raster({ side: 256, shade: new Uint8Array(65536), mean: null });
  assert.equal(painter.density(view, [0, 0, 1]), true);
  painter.put("0/1", new ArrayBuffer(24), null);
  canvas.asked.length = 0;
  painter.begin(view);
  painter.add(view, [0, 0, 1], ["0/1", "0/2"], 2, false);
  painter.show();
  const drew = canvas.asked.filter((/** @type {string} */ name) => ["drawArrays", "blitFramebuffer"].includes(name));
  assert.deepEqual(drew, ["drawArrays", "blitFramebuffer"]);
  painter.drop("0/1");
  assert.equal(painter.has("0/1"), false);
  canvas.lost = true;
  assert.equal(TilePainter.on(canvas), null);
});

test("cells of a raster are premultiplied colours of their density or their mean, empty ones nothing", () => {
  const colours = new Uint8Array(1024);
  colours.set([10, 20, 30, 255], 4 * 254);
  colours.set([200, 100, 50, 255], 4 * 7);
  assert.deepEqual([...painted(Uint8Array.of(0, 255), null, colours)], [0, 0, 0, 0, 10, 20, 30, 255]);
  assert.deepEqual([...painted(Uint8Array.of(0, 255), Uint8Array.of(7, 7), colours)].slice(4), [200, 100, 50, 255]);
  const thin = painted(Uint8Array.of(1), Uint8Array.of(7), colours);
  assert.ok(thin[3] > 100 && thin[3] < 200 && thin[0] <= thin[3]);
});

test("outlines are closed lines, and the box of a map is that of all its tiles", () => {
  assert.deepEqual([...lines([[[0, 0], [1, 0], [1, 1]]])], [0, 0, 1, 0, 1, 1, 0, 0, NaN, NaN]);
  assert.deepEqual(extent(even(3, 1)), WHOLE);
});
