// As much of a page as the scripts need: elements with classes, texts and events, and a WebGL that notes what is asked.

class Fake extends EventTarget {
  className = "";
  hidden = false;
  /** @type {Fake[]} */
  children = [];
  /** @type {Fake | null} */
  parent = null;
  /** @type {Record<string, string>} */
  attributes = {};
  /** @type {Record<string, string>} */
  dataset = {};
  /** @type {Record<string, unknown>} */
  style = {};
  #text = "";

  /** @param {string} tag */
  constructor(tag) {
    super();
    this.tag = tag;
    this.style.setProperty = (/** @type {string} */ name, /** @type {string} */ value) => { this.style[name] = value; };
  }

  /** @returns {string} */
  get textContent() { return this.#text + this.children.map(child => child.textContent).join(""); }
  set textContent(text) { this.#text = text; this.children = []; }

  get classList() { return { toggle: (/** @type {string} */ name, /** @type {boolean} */ on) => this.#toggle(name, on) }; }

  /**
   * @param {string} name
   * @param {boolean} on
   */
  #toggle(name, on) { this.className = [...this.className.split(" ").filter(other => other !== name), ...(on ? [name] : [])].join(" "); }

  /** @param {Fake[]} added */
  append(...added) {
    added.forEach(child => { child.parent = this; });
    this.children.push(...added);
  }

  /** @param {Fake} child */
  appendChild(child) { this.append(child); return child; }

  /** @param {Fake[]} added */
  replaceChildren(...added) { this.children = []; this.append(...added); }

  /** @param {Fake[]} added */
  after(...added) { this.parent?.append(...added); }

  /** @returns {any} */
  getContext() { return null; }

  remove() { if (this.parent) this.parent.children = this.parent.children.filter(child => child !== this); }

  /**
   * @param {string} name
   * @param {string} value
   */
  setAttribute(name, value) { this.attributes[name] = value; }

  /** @param {string} name */
  getAttribute(name) { return this.attributes[name] ?? null; }

  /**
   * All below that match `tag`, `.class` or `[data-name="value"]`.
   * @param {string} selector
   * @returns {Fake[]}
   */
  querySelectorAll(selector) {
    const [, name, value] = /^\[data-(\w+)="(.*)"\]$/.exec(selector) ?? [];
    /** @param {Fake} e */
    const fits = e => name ? e.dataset[name] === value : selector[0] === "." ? e.className.split(" ").includes(selector.slice(1)) : e.tag === selector;
    return this.children.flatMap(child => [...(fits(child) ? [child] : []), ...child.querySelectorAll(selector)]);
  }

  /** @param {string} selector */
  querySelector(selector) { return this.querySelectorAll(selector)[0] ?? null; }

  getBoundingClientRect() { return { left: 0, top: 0, width: 0, height: 0 }; }
  focus() {}
  setPointerCapture() {}
}

Object.assign(globalThis, {
  HTMLElement: Fake,
  SVGElement: Fake,
  HTMLCanvasElement: Fake,
  HTMLInputElement: Fake,
  document: {
    createElement: (/** @type {string} */ tag) => new Fake(tag),
    createElementNS: (/** @type {string} */ _, /** @type {string} */ tag) => new Fake(tag),
  },
  window: globalThis,
  getComputedStyle: () => ({ color: "rgb(20, 20, 20)", backgroundColor: "rgb(250, 250, 250)" }),
});

/**
 * An element of the page, which scripts take for a real one.
 * @param {string} tag
 * @param {object} [more]
 * @returns {any}
 */
export function element(tag, more) { return Object.assign(new Fake(tag), more); }

/**
 * Something happens on an element.
 * @param {EventTarget} target
 * @param {string} type
 * @param {object} [about]
 */
export function happen(target, type, about) { target.dispatchEvent(Object.assign(new Event(type, { cancelable: true }), about)); }

/**
 * A canvas whose WebGL can be lost; `asked` are the names of the calls, `lost` says whether it is lost.
 * @returns {any}
 */
export function webglCanvas(renderer = "a card") {
  const canvas = element("canvas", { width: 300, height: 150, lost: false, asked: [] });
  const gl = new Proxy({}, {
    get: (_, name) => name === "isContextLost" ? () => canvas.lost : name === "getParameter" ? () => renderer : () => { canvas.asked.push(name); return { loseContext() {} }; },
  });
  return Object.assign(canvas, { getContext: () => gl });
}

/**
 * Numbers between two bounds, the same ones each time.
 * @param {number} n
 * @param {number} least
 * @param {number} most
 */
export function drawn(n, least, most) {
  let state = 12345;
  return Array.from({ length: n }, () => {
    state = (1103515245 * state + 12345) % 2 ** 31;
    return least + (most - least) * state / 2 ** 31;
  });
}

/** The pixels of a picture. */
class Picture {
  /**
   * @param {number} width
   * @param {number} height
   */
  constructor(width, height) { Object.assign(this, { width, height, data: new Uint8ClampedArray(4 * width * height) }); }
}
Object.assign(globalThis, { ImageData: Picture });

/** A canvas that keeps the picture that was put on it, to be looked at pixel by pixel. */
export function rasterCanvas() {
  const canvas = element("canvas", { width: 0, height: 0 });
  /** @type {{ image: any, left: number, top: number }} */
  let last = { image: null, left: 0, top: 0 };
  /**
   * @param {number} x
   * @param {number} y
   */
  const pixel = (x, y) => {
    const at = 4 * ((y - last.top) * last.image.width + x - last.left);
    return Array.from(last.image.data.subarray(at, at + 3));
  };
  /** @param {number[]} colour */
  const count = colour => {
    let n = 0;
    for (let y = 0; y < canvas.height; y++) for (let x = 0; x < canvas.width; x++) n += Number(pixel(x, y).join() === colour.join());
    return n;
  };
  const pen = { putImageData: (/** @type {any} */ image, /** @type {number} */ left, /** @type {number} */ top) => { last = { image, left, top }; } };
  return Object.assign(canvas, { getContext: () => pen, pixel, count });
}
