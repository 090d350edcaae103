// A grid of structures. Each is an image from the server; names are text.

const make = (tag, name, text) => Object.assign(document.createElement(tag), { className: name, textContent: text ?? "" });

export default function ({ data, parentElement, setTriggerValue }) {
  const grid = parentElement.querySelector(".drawings"), text = getComputedStyle(grid).color.match(/[\d.]+/g).map(Number);
  const dark = text[0] + text[1] + text[2] > 380 ? 1 : 0, asked = JSON.stringify([data, dark]);
  grid.pick = row => setTriggerValue("picked", row);
  if (grid.dataset.asked === asked) return;
  grid.dataset.asked = asked;
  grid.style.setProperty("--wide", `${data.width}px`);
  grid.replaceChildren(...data.items.map(item => {
    const cell = make(data.picks ? "button" : "div", "cell"), picture = make("img", "picture");
    picture.src = `${data.address}?${item.query}&width=${2 * data.width}&height=${2 * data.height}&dark=${dark}`;
    picture.alt = `Structure of ${item.title || "the molecule"}`;
    picture.style.height = `${data.height}px`;
    cell.append(picture);
    if (item.title) cell.append(make("span", "title", item.title));
    if (item.text) cell.append(make("span", "text", item.text));
    if (data.picks) {
      cell.type = "button";
      cell.title = item.title;
      cell.setAttribute("aria-pressed", item.row === data.current);
      cell.addEventListener("click", () => grid.pick(item.row));
    }
    return cell;
  }));
}
