// What all components share: how they are called, how they make elements and find their own, what colours are about.

/**
 * What Streamlit hands to a component at every rerun of the page.
 * @template Data
 * @typedef {object} Component
 * @property {Data} data
 * @property {ParentNode} parentElement
 * @property {(name: string, value: unknown) => void} setTriggerValue
 */

/**
 * A new element with a class and a text, which is set as text and never as markup.
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {string} [name]
 * @param {string} [text]
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function make(tag, name, text) {
  return Object.assign(document.createElement(tag), { className: name ?? "", textContent: text ?? "" });
}

const PAUSES_MS = [1500, 4000, 8000, 16000, 32000];   // a busy server says within its deadline that it is

/**
 * Have an image show a drawing; one that does not come is asked for again after a while, until another one is wanted.
 * @param {HTMLImageElement} image
 * @param {string} address
 */
export function draw(image, address) {
  let tried = 0;
  image.dataset.wanted = address;
  image.onerror = () => {
    if (tried < PAUSES_MS.length) setTimeout(() => { if (image.dataset.wanted === address) image.src = address; }, PAUSES_MS[tried++]);
  };
  image.src = address;
}

/**
 * The first element of that selector, which must be there and of that kind.
 * @template {Element} E
 * @param {ParentNode} root
 * @param {string} selector
 * @param {new () => E} kind
 * @returns {E}
 */
export function part(root, selector, kind) {
  const found = root.querySelector(selector);
  if (!(found instanceof kind)) throw new Error(`the component has no ${selector}`);
  return found;
}

/**
 * Red, green and blue of a computed colour, 0 to 255.
 * @param {string} colour
 */
export function channels(colour) { return (colour.match(/[\d.]+/g) ?? []).slice(0, 3).map(Number); }

/**
 * Whether an element's text is light, which says that the theme is dark.
 * @param {Element} element
 */
export function isDark(element) { return channels(getComputedStyle(element).color).reduce((sum, v) => sum + v, 0) > 380; }
