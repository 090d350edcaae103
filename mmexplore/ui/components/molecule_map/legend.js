// What the colours mean: categories with their counts, each a button that selects its molecules; or a bar with a scale.

const make = (tag, name, text) => Object.assign(document.createElement(tag), { className: name, textContent: text ?? "" });
const count = n => n.toLocaleString("en");

function entry(name, colour, n, choose) {
  const button = make("button", "entry");
  const dot = make("span", "dot");
  dot.style.background = colour;
  button.type = "button";
  button.title = `Select these ${count(n)} molecules (Shift adds)`;
  button.append(dot, make("span", "label", name), make("span", "count", count(n)));
  button.addEventListener("click", e => choose(e.shiftKey));
  return button;
}

function bar(palette, ticks) {
  const stops = palette.filter((_, i) => i % 16 === 0 || i === palette.length - 1);
  const scale = make("div", "scale"), strip = make("div", "strip"), numbers = make("div", "ticks");
  strip.style.background = `linear-gradient(to right, ${stops.join(",")})`;
  numbers.append(...ticks.map(tick => make("span", "", tick)));
  scale.append(strip, numbers);
  return scale;
}

/** Fill the legend's element from the colour's description; `choose(code, add)` is called for a category. */
export function legend(element, colour, choose) {
  const parts = [make("div", "what", colour.label)];
  if (colour.ticks.length) parts.push(bar(colour.palette.slice(0, 255), colour.ticks));
  for (const { name, code, n } of colour.entries) {
    parts.push(entry(name, colour.palette[code], n, add => choose(code, add)));
  }
  element.replaceChildren(...parts);
  element.hidden = !colour.label;
}
