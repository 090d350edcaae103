// Maps as a file: what is in sight, with title and legend, as an SVG drawing (small maps) or a PNG picture. Several maps
// of a comparison stand in it as they do on the page.

/** @import { Colours } from "./legend.js" */
/** @import { Labels } from "./labels.js" */
/** @import { MoleculeMap } from "./molecule_map.js" */
/** @import { Source } from "./source.js" */
import { channels, make } from "../dom.js";
import { FAINT } from "./inks.js";
import { HEIGHT, SHARES, WIDTH } from "./labels.js";
import { FADED } from "./masks.js";
import { rows as stacked, stacking } from "./stacking.js";

/**
 * What a map must have to be in a picture.
 * @typedef {Pick<MoleculeMap, "root" | "surface" | "canvas" | "view" | "n" | "xy" | "codes" | "states" | "grey" | "paintNow" | "edges" | "contours" | "source" | "dark"> & Told} Pictured
 *
 * And what it must tell; one that is `tiled` holds not all its points, and is never drawn as SVG.
 * @typedef {{ data: { title: string, name: string, colour: Colours }, painter: { exact: boolean }, labels: Pick<Labels, "laid" | "drawing" | "shares">, tiled?: boolean }} Told
 *
 * A line over the points: its path, what moves it (as a matrix), how it is drawn.
 * @typedef {{ d: string, matrix: number[], ink: string, width: number, opacity: number }} Line
 *
 * What lies over the points of a map: lines, and labels with their drawings, whose addresses hold them.
 * @typedef {{ strokes: Line[], labels: { left: number, top: number, text: string, image: HTMLImageElement | null }[] }} Over
 *
 * Where everything goes.
 * @typedef {object} Sheet
 * @property {{ map: Pictured, x: number, y: number, title: string, above?: Over }[]} places
 * @property {{ text: string, colour: string }[]} rows   lines of the legend
 * @property {number} foot   where the legend begins
 * @property {number} width
 * @property {number} height
 * @property {string} label
 */

const MOST_SVG = 20000, HEAD = 28, LINE = 22, GAP = 12;

/** @param {number[]} rgb   0 to 255 */
const hex = rgb => `#${rgb.map(v => Math.round(v).toString(16).padStart(2, "0")).join("")}`;

/** @param {string} text */
const escape = text => text.replace(/[&<>"]/g, c => `&#${c.charCodeAt(0)};`);

/**
 * @param {Blob} blob
 * @param {string} name
 */
function save(blob, name) {
  const link = Object.assign(make("a"), { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

/** @param {Colours} colour */
function lines(colour) {
  const scale = colour.ticks.map((text, k) => ({ text, colour: colour.palette[Math.round(k * 254 / (colour.ticks.length - 1))] }));
  return [...scale, ...colour.entries.map(e => ({ text: `${e.name} (${e.n.toLocaleString("en")})`, colour: colour.palette[e.code] }))];
}

/**
 * Maps in rows as on the page, their names over them, the legend below.
 * @param {Pictured[]} maps
 * @returns {Sheet}
 */
export function sheet(maps) {
  const places = [], { colour } = maps[0].data, rows = lines(colour);
  let x = 0, y = 0, tall = 0, width = 0, last = null;
  for (const map of maps) {
    const { top } = map.root.getBoundingClientRect();
    if (last !== null && Math.abs(top - last) > 40) { x = 0; y += tall + HEAD + GAP; tall = 0; }
    last = top;
    places.push({ map, x, y: y + HEAD, title: maps.length > 1 ? map.data.name : map.data.title });
    tall = Math.max(tall, map.view.height);
    width = Math.max(width, x + map.view.width);
    x += map.view.width + GAP;
  }
  const foot = y + HEAD + tall;
  return { places, rows, foot, width, height: foot + LINE * rows.length + 30, label: colour.label };
}

/**
 * What lies over a map's points now.
 * @param {Pictured} map
 * @param {string} ink
 * @param {string} accent
 * @returns {Promise<Over>}
 */
async function over({ view, edges, contours, labels, source, dark }, ink, accent) {
  const still = [1, 0, 0, 1, 0, 0], [x, y] = view.toPixels(0, 0);
  /** @param {Element} path */
  const drawn = path => path.getAttribute("d") ?? "";
  const strokes = [
    { d: drawn(contours.path), matrix: [view.k, 0, 0, -view.k, x, y], ink, width: 1, opacity: 0.35 },
    { d: drawn(edges.all), matrix: still, ink, width: 1.25, opacity: 0.55 },
    { d: drawn(edges.one), matrix: still, ink: accent, width: 3.5, opacity: 1 },
  ].filter(({ d }) => d);
  const named = labels.laid.map(async ({ label, left, top }) => {
    const image = await loaded(source, labels.drawing(label, dark)).catch(() => null);
    return { left, top, text: labels.shares(label), image };
  });
  return { strokes, labels: await Promise.all(named) };
}

/**
 * A drawing, as an image that needs nobody any more.
 * @param {Source} source
 * @param {string} address
 */
async function loaded(source, address) {
  const answer = await source.answer(address);
  const image = Object.assign(make("img"), { src: `data:image/svg+xml,${encodeURIComponent(await answer.text())}` });
  await image.decode();
  return image;
}

/**
 * @param {CanvasRenderingContext2D} pen
 * @param {Over} above
 * @param {string} ink
 * @param {string} paper
 */
function inkOver(pen, { strokes, labels }, ink, paper) {
  for (const { d, matrix, ink: own, width, opacity } of strokes) {
    const path = new Path2D();
    path.addPath(new Path2D(d), new DOMMatrix(matrix));
    Object.assign(pen, { strokeStyle: own, lineWidth: width, globalAlpha: opacity });
    pen.stroke(path);
  }
  for (const { left, top, text, image } of labels) {
    Object.assign(pen, { fillStyle: paper, strokeStyle: ink, lineWidth: 1, globalAlpha: 0.88, font: "10.5px sans-serif", textAlign: "center" });
    pen.fillRect(left, top, WIDTH, HEIGHT);
    pen.globalAlpha = 0.2;
    pen.strokeRect(left, top, WIDTH, HEIGHT);
    pen.globalAlpha = 1;
    if (image) pen.drawImage(image, left, top, WIDTH, HEIGHT - SHARES);
    pen.fillStyle = ink;
    pen.fillText(text, left + WIDTH / 2, top + HEIGHT - 7);
  }
}

/**
 * @param {Over} above
 * @param {string} ink
 * @param {string} paper
 */
function svgOver({ strokes, labels }, ink, paper) {
  const drawn = strokes.map(({ d, matrix, ink: own, width, opacity }) =>
    `<path d="${escape(d)}" transform="matrix(${matrix.join(" ")})" fill="none" stroke="${escape(own)}" stroke-width="${width}" stroke-opacity="${opacity}" vector-effect="non-scaling-stroke"/>`);
  const named = labels.map(({ left, top, text, image }) => [
    `<g transform="translate(${left.toFixed(1)} ${top.toFixed(1)})">`,
    `<rect width="${WIDTH}" height="${HEIGHT}" rx="8" fill="${paper}" fill-opacity="0.88" stroke="${ink}" stroke-opacity="0.2"/>`,
    image ? `<image width="${WIDTH}" height="${HEIGHT - SHARES}" href="${escape(image.src)}"/>` : "",
    `<text x="${WIDTH / 2}" y="${HEIGHT - 7}" text-anchor="middle" font-size="10.5" font-family="sans-serif" fill="${ink}">${escape(text)}</text></g>`,
  ].join(""));
  return [...drawn, ...named].join("");
}

/**
 * @param {Sheet} sheet
 * @param {string} ink
 * @param {string} paper
 */
function savePng({ places, rows, foot, width, height, label }, ink, paper) {
  const ratio = places[0].map.canvas.width / places[0].map.view.width;
  const to = Object.assign(make("canvas"), { width: width * ratio, height: height * ratio }), pen = to.getContext("2d");
  if (!pen) throw new Error("this browser has no canvas to draw a picture on");
  pen.fillStyle = paper;
  pen.fillRect(0, 0, to.width, to.height);
  pen.scale(ratio, ratio);
  pen.font = "14px sans-serif";
  /**
   * @param {string} text
   * @param {number} x
   * @param {number} y
   */
  const write = (text, x, y) => { pen.fillStyle = ink; pen.fillText(text, x, y); };
  for (const { map, x, y, title, above } of places) {
    map.paintNow();   // what was drawn is gone from the canvas after its frame
    pen.drawImage(map.canvas, x, y, map.view.width, map.view.height);
    write(title, x + 10, y - 9);
    if (!above) continue;
    pen.save();
    pen.beginPath();
    pen.rect(x, y, map.view.width, map.view.height);
    pen.clip();
    pen.translate(x, y);
    inkOver(pen, above, ink, paper);
    pen.restore();
  }
  write(label, 10, foot + 18);
  rows.forEach(({ text, colour }, k) => {
    const y = foot + 38 + LINE * k;
    pen.fillStyle = colour;
    pen.beginPath();
    pen.arc(16, y - 4, 6, 0, 7);
    pen.fill();
    write(text, 30, y);
  });
  to.toBlob(blob => { if (blob) save(blob, "map.png"); });
}

/** @param {Pictured} map */
function dots({ view, xy, codes, states, data, n, grey }) {
  const made = [], usual = view.diameter(n) / 2, pale = hex(grey.slice(0, 3).map(v => 255 * v));
  const stack = stacking(codes, data.colour.entries), lowest = stacked(stack, n);
  for (const i of lowest) {
    const r = usual * (states[i] ? stack.growth[codes[i]] : 1);
    const [x, y] = view.toPixels(xy[2 * i], xy[2 * i + 1]);
    if (!(x >= 0 && y >= 0 && x <= view.width && y <= view.height)) continue;
    made.push(`<circle cx="${x.toFixed(1)}" cy="${y.toFixed(1)}" r="${r.toFixed(1)}" fill="${states[i] ? data.colour.palette[codes[i]] : pale}"${states[i] === FADED ? ` fill-opacity="${FAINT}"` : ""}/>`);
  }
  return made.join("");
}

/**
 * A sheet as SVG; names and labels are escaped.
 * @param {Sheet} sheet
 * @param {string} ink
 * @param {string} paper
 */
export function svgText({ places, rows, foot, width, height, label }, ink, paper) {
  const drawn = places.map(({ map, x, y }) => `<g transform="translate(${x} ${y})">${dots(map)}</g>`).join("\n");
  const lying = places.map(({ map, x, y, above }) => above ? `<svg x="${x}" y="${y}" width="${map.view.width}" height="${map.view.height}">${svgOver(above, ink, paper)}</svg>` : "").join("");
  const titles = places.map(({ x, y, title }) => `<text x="${x + 10}" y="${y - 9}">${escape(title)}</text>`).join("");
  const texts = rows.map(({ text, colour }, k) => `<circle cx="16" cy="${foot + 34 + LINE * k}" r="6" fill="${colour}"/><text x="30" y="${foot + 38 + LINE * k}">${escape(text)}</text>`);
  const body = `<rect width="100%" height="100%" fill="${paper}"/><g fill-opacity="0.85">${drawn}</g>${lying}
<g font-family="sans-serif" font-size="14" fill="${ink}">${titles}<text x="10" y="${foot + 18}">${escape(label)}</text>${texts.join("")}</g>`;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">${body}</svg>`;
}

/**
 * Save maps as one SVG where that stays small, else, or where it is wished, as PNG; a map that is on no canvas is SVG.
 * @param {Pictured[]} maps
 * @param {boolean} png
 */
export async function downloadPicture(maps, png) {
  const style = getComputedStyle(maps[0].surface), ink = hex(channels(style.color)), paper = hex(channels(style.backgroundColor));
  const accent = style.getPropertyValue("--st-primary-color").trim() || ink;
  maps.forEach(map => map.paintNow());
  const drawn = sheet(maps), small = maps.reduce((sum, map) => sum + map.n, 0) <= MOST_SVG && !maps.some(map => map.tiled);
  const above = await Promise.all(drawn.places.map(({ map }) => over(map, ink, accent)));
  drawn.places.forEach((place, k) => { place.above = above[k]; });
  if (small && !png || maps.some(map => !map.painter.exact)) {
    save(new Blob([svgText(drawn, ink, paper)], { type: "image/svg+xml" }), "map.svg");
  } else savePng(drawn, ink, paper);
}
