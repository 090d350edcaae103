// The map as a file: what is in sight, with its title and legend, as an SVG drawing (small maps) or a PNG picture.

const MOST_SVG = 20000;
const hex = v => v.toString(16).padStart(2, "0");

function save(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

/** Lines of the legend as {text, colour}. */
function lines({ colour }) {
  const scale = colour.ticks.map((text, k) => ({ text, colour: colour.palette[Math.round(k * 254 / (colour.ticks.length - 1))] }));
  return [...scale, ...colour.entries.map(e => ({ text: `${e.name} (${e.n.toLocaleString("en")})`, colour: colour.palette[e.code] }))];
}

function asPng(map, ink, paper) {
  const from = map.root.querySelector("canvas"), ratio = from.width / map.view.width, head = 28, foot = 22 * lines(map.data).length + 30;
  const to = Object.assign(document.createElement("canvas"), { width: from.width, height: from.height + (head + foot) * ratio });
  const pen = to.getContext("2d");
  pen.fillStyle = paper;
  pen.fillRect(0, 0, to.width, to.height);
  pen.drawImage(from, 0, head * ratio);
  pen.scale(ratio, ratio);
  pen.font = "14px sans-serif";
  pen.fillStyle = ink;
  pen.fillText(map.data.title, 10, 19);
  pen.fillText(map.data.colour.label, 10, head + map.view.height + 18);
  lines(map.data).forEach(({ text, colour }, k) => {
    const y = head + map.view.height + 38 + 22 * k;
    pen.fillStyle = colour;
    pen.beginPath();
    pen.arc(16, y - 4, 6, 0, 7);
    pen.fill();
    pen.fillStyle = ink;
    pen.fillText(text, 30, y);
  });
  to.toBlob(blob => save(blob, "map.png"));
}

function asSvg(map, ink, paper) {
  const { view, xy, codes, states, data } = map, { width, height } = view, rows = lines(data), r = view.diameter(map.n) / 2;
  const escape = text => text.replace(/[&<>"]/g, c => `&#${c.charCodeAt(0)};`);
  const dots = [], foot = 30 + 22 * rows.length, grey = "#" + map.grey.slice(0, 3).map(v => hex(Math.round(255 * v))).join("");
  for (let i = 0; i < map.n; i++) {
    const [x, y] = view.toPixels(xy[2 * i], xy[2 * i + 1]);
    if (x < 0 || y < 0 || x > width || y > height) continue;
    dots.push(`<circle cx="${x.toFixed(1)}" cy="${(y + 28).toFixed(1)}" r="${r.toFixed(1)}" fill="${states[i] ? data.colour.palette[codes[i]] : grey}"/>`);
  }
  const texts = rows.map(({ text, colour }, k) => `<circle cx="16" cy="${height + 62 + 22 * k}" r="6" fill="${colour}"/><text x="30" y="${height + 66 + 22 * k}">${escape(text)}</text>`);
  const body = `<rect width="100%" height="100%" fill="${paper}"/><g fill-opacity="0.85">${dots.join("")}</g>
<g font-family="sans-serif" font-size="14" fill="${ink}"><text x="10" y="19">${escape(data.title)}</text><text x="10" y="${height + 46}">${escape(data.colour.label)}</text>${texts.join("")}</g>`;
  const text = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height + 28 + foot}">${body}</svg>`;
  save(new Blob([text], { type: "image/svg+xml" }), "map.svg");
}

/** Save the map as SVG where that stays small, else as PNG. */
export function downloadPicture(map) {
  const colour = text => "#" + text.match(/[\d.]+/g).slice(0, 3).map(v => hex(Number(v))).join("");
  const style = getComputedStyle(map.surface), ink = colour(style.color), paper = colour(style.backgroundColor);
  if (map.n <= MOST_SVG || !map.painter.exact) asSvg(map, ink, paper);
  else asPng(map, ink, paper);
}
