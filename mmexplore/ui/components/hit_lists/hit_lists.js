// Lists of structures side by side. Each drawing is an image from the server; names are text. A molecule that is pointed
// at, or has the focus, lights up wherever it stands; one that stands in several lists carries a mark and says so.

const make = (tag, name, text) => Object.assign(document.createElement(tag), { className: name, textContent: text ?? "" });

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".hit-lists"), ink = getComputedStyle(root).color.match(/[\d.]+/g).map(Number);
  const dark = ink[0] + ink[1] + ink[2] > 380 ? 1 : 0, asked = JSON.stringify([data, dark]);
  root.pick = row => setTriggerValue("picked", row);
  if (root.dataset.asked === asked) return;
  root.dataset.asked = asked;
  root.style.setProperty("--lists", data.columns.length);
  const lists = new Map();
  data.columns.forEach(column => column.hits.forEach(hit => lists.set(hit.row, (lists.get(hit.row) ?? 0) + 1)));
  root.replaceChildren(...data.columns.map(column => list(root, column, lists, data, dark)));
}

function list(root, column, lists, data, dark) {
  const section = make("section", "list"), head = make("div", "head"), hits = document.createElement("ol");
  section.setAttribute("aria-label", column.title);
  head.append(make("strong", "", column.title), make("span", "", column.text));
  head.title = `${column.title}: ${column.text}`;
  hits.append(...column.hits.map((hit, place) => {
    const item = document.createElement("li");
    item.append(cell(root, hit, place + 1, lists.get(hit.row), data, dark));
    return item;
  }));
  section.append(head, column.message ? make("p", "message", column.message) : hits);
  return section;
}

function cell(root, hit, rank, count, data, dark) {
  const button = make("button", count > 1 ? "hit shared" : "hit"), top = make("span", "top"), picture = document.createElement("img");
  const mark = hit.own ? "the query" : count > 1 ? `in ${count} of ${data.columns.length}` : "";
  Object.assign(button, { type: "button", title: hit.name });
  button.dataset.row = hit.row;
  Object.assign(picture, { src: `${data.address}?${hit.query}&width=360&height=200&dark=${dark}`, alt: `Structure of ${hit.name}`, loading: "lazy" });
  top.append(make("span", "similarity", `${rank}. ${hit.similarity}`), make("span", "badge", mark));
  button.append(top, picture, make("span", "name", hit.name));
  if (hit.text) button.append(make("span", "text", hit.text));
  const light = on => root.querySelectorAll(`[data-row="${hit.row}"]`).forEach(other => other.classList.toggle("lit", on));
  for (const [event, on] of [["pointerenter", true], ["focus", true], ["pointerleave", false], ["blur", false]]) {
    button.addEventListener(event, () => light(on));
  }
  button.addEventListener("click", () => root.pick(hit.row));
  return button;
}
