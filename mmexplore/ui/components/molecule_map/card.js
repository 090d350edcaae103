// The structure card: what a molecule looks like and what is known of it. Texts are set as text, never as markup.

/** The number of the molecule that was typed: it is in no row of the data set, and its facts came with the page. */
export const STAR = -2;
const WAIT_MS = 30;   // while the pointer sweeps over many points, only the one it rests on is asked for

const make = (tag, name, text) => Object.assign(document.createElement(tag), { className: name, textContent: text ?? "" });

/** Drives the card element; `address(path, row)` makes the URL of a drawing or of the facts. */
export class Card {
  constructor(element, address) {
    Object.assign(this, { element, address, row: -1, asked: 0, known: new Map() });
    this.picture = make("img", "picture");
    this.picture.alt = "";
    this.text = make("div", "facts");
    element.replaceChildren(this.picture, this.text);
    this.picture.addEventListener("error", () => { this.picture.style.visibility = "hidden"; });
    this.picture.addEventListener("load", () => { this.picture.style.visibility = "visible"; });
  }

  /** Show a row's card beside a pixel; resolves to the words that say what it is, or null if another row came first. */
  async show(row, px, py, view) {
    if (row === this.row) return null;
    this.row = row;
    clearTimeout(this.timer);
    const now = performance.now(), wait = now - this.asked < WAIT_MS ? WAIT_MS : 0;
    this.asked = now;
    if (wait) await new Promise(done => { this.timer = setTimeout(done, wait); });
    if (this.row !== row) return null;
    this.picture.style.visibility = "hidden";
    this.picture.src = this.address("depict.svg", row);
    this.text.replaceChildren(make("strong", "name", row === STAR ? this.star.name : `Molecule ${row + 1}`));
    this.place(px, py, view);
    const facts = await this.facts(row);
    if (this.row !== row || !facts) return null;
    this.write(facts);
    this.place(px, py, view);
    return [facts.name || facts.smiles, ...facts.facts.map(([label, value]) => `${label} ${value}`)].join(", ");
  }

  /** Forget what was known: the data set or the model changed. */
  forget() { this.known.clear(); this.hide(); }

  hide() { this.row = -1; this.element.hidden = true; }

  async facts(row) {
    if (row === STAR) return this.star;
    const url = this.address("card.json", row);
    if (this.known.size > 500) this.known.clear();
    if (!this.known.has(url)) this.known.set(url, fetch(url).then(r => r.ok ? r.json() : null).catch(() => null));
    return this.known.get(url);
  }

  write({ name, smiles, row, facts }) {
    const list = make("dl", "values");
    for (const [label, value] of facts) list.append(make("dt", "", label), make("dd", "", value));
    this.text.replaceChildren(make("strong", "name", name || `Molecule ${row + 1}`), make("code", "smiles", smiles), list);
  }

  /** Beside the pointer, on the side where there is room, always inside the map. */
  place(px, py, view) {
    this.element.hidden = false;
    const { offsetWidth: w, offsetHeight: h } = this.element, gap = 16;
    const left = px + gap + w <= view.width ? px + gap : px - gap - w;
    const top = Math.min(Math.max(py - h / 2, 4), view.height - h - 4);
    this.element.style.left = `${Math.min(Math.max(left, 4), Math.max(view.width - w - 4, 4))}px`;
    this.element.style.top = `${Math.max(top, 4)}px`;
  }
}
