// Draws a library's map: a raster of its density while it moves; at rest the points of tiles, some hundred thousand a
// frame, into a picture of their own that takes the raster's place once it is whole.

/** @import { View } from "./view.js" */
import { program, resize } from "./webgl.js";

/** @typedef {{ side: number, shade: Uint8Array<ArrayBuffer>, mean: Uint8Array<ArrayBuffer> | null }} Raster */

/** While a map moves its points may be thinned so far. */
export const MOST_APART = 4;
const BYTES = 12;   // a point: x, y, row

const SQUARE = `#version 300 es
uniform vec2 centre, scale; uniform vec3 box; out vec2 at;
void main() {
  at = vec2(gl_VertexID & 1, gl_VertexID >> 1);
  gl_Position = vec4((box.xy + at * box.z - centre) * scale, 0., 1.);
}`;
const CELLS = `#version 300 es
precision highp float;
in vec2 at; uniform sampler2D cells; out vec4 pixel;
void main() { pixel = texture(cells, at); }`;
const POINT = `#version 300 es
in vec2 place; in float code;
uniform vec2 centre, scale; uniform vec3 box; uniform float px; uniform bool coloured; uniform sampler2D shade, palette;
out vec4 colour;
void main() {
  gl_Position = vec4((place - centre) * scale, 0., 1.);
  gl_PointSize = px;
  float number = coloured ? code : textureLod(shade, (place - box.xy) / box.z, 0.).r * 254.;
  colour = texelFetch(palette, ivec2(int(number + .5), 0), 0);
}`;
const DOT = `#version 300 es
precision highp float;
in vec4 colour; uniform float px; out vec4 pixel;
void main() {
  float cover = clamp(px / 2. - length(gl_PointCoord - .5) * px, 0., 1.);
  pixel = vec4(colour.rgb, 1.) * colour.a * cover;
}`;

/**
 * Cells of a raster as colours, premultiplied, the denser the less they let through: once for all frames.
 * @param {Uint8Array} shade
 * @param {Uint8Array | null} mean   codes in place of the density's own
 * @param {Uint8Array} colours
 */
export function painted(shade, mean, colours) {
  const cells = new Uint8Array(4 * shade.length);
  for (let k = 0; k < shade.length; k++) {
    if (!shade[k]) continue;
    const code = mean ? mean[k] : Math.min(shade[k], 254), alpha = 0.6 + 0.4 * shade[k] / 255;
    for (let c = 0; c < 3; c++) cells[4 * k + c] = colours[4 * code + c] * alpha;
    cells[4 * k + 3] = 255 * alpha;
  }
  return cells;
}

export class TilePainter {
  /** @type {Map<string, { arrays: WebGLVertexArrayObject[], buffers: WebGLBuffer[], n: number }>} */
  #tiles = new Map();
  #gl;
  #cells;
  #dots;
  #picture;
  #size = [0, 0];
  #side = 0;
  #colours = new Uint8Array(1024);

  /**
   * A painter on a canvas, or null where the browser has no WebGL 2 or took it away.
   * @param {HTMLCanvasElement} canvas
   */
  static on(canvas) {
    const gl = canvas.getContext("webgl2", { antialias: false, premultipliedAlpha: true, powerPreference: "high-performance" });
    const cells = gl && !gl.isContextLost() ? program(gl, SQUARE, CELLS) : null, dots = gl && cells ? program(gl, POINT, DOT) : null;
    return gl && cells && dots ? new TilePainter(canvas, gl, cells, dots) : null;
  }

  /**
   * @param {HTMLCanvasElement} canvas
   * @param {WebGL2RenderingContext} gl
   * @param {WebGLProgram} cells
   * @param {WebGLProgram} dots
   */
  constructor(canvas, gl, cells, dots) {
    this.canvas = canvas;
    this.#gl = gl;
    this.#cells = cells;
    this.#dots = dots;
    this.#picture = { frame: gl.createFramebuffer(), texture: gl.createTexture() };
    this.textures = { shade: gl.createTexture(), cells: gl.createTexture(), palette: gl.createTexture() };
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    gl.pixelStorei(gl.UNPACK_ALIGNMENT, 1);
  }

  /** @param {Uint8Array<ArrayBuffer>} colours   256 of four bytes */
  palette(colours) {
    this.#colours = colours;
    this.#texture("palette", this.#gl.RGBA, 256, 1, colours, this.#gl.NEAREST);
  }

  /** @param {Raster} raster */
  raster({ side, shade, mean }) {
    const gl = this.#gl;
    this.#side = side;
    this.#texture("shade", gl.RED, side, side, shade, gl.LINEAR);
    this.#texture("cells", gl.RGBA, side, side, painted(shade, mean, this.#colours), gl.LINEAR);
  }

  /**
   * Put a tile on the GPU, or its colours anew.
   * @param {string} id
   * @param {ArrayBuffer} points
   * @param {ArrayBuffer | null} codes
   */
  put(id, points, codes) {
    this.drop(id);
    const gl = this.#gl, n = points.byteLength / BYTES;
    const buffers = [points, ...codes ? [codes] : []].map(values => {
      const buffer = gl.createBuffer();
      gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
      gl.bufferData(gl.ARRAY_BUFFER, values, gl.STATIC_DRAW);
      return buffer;
    });
    const arrays = Array.from({ length: MOST_APART }, (_, k) => this.#array(buffers, k + 1));
    this.#tiles.set(id, { arrays, buffers, n });
  }

  /**
   * How a tile's buffers are read, every so many points: they lie in Morton order, so that these are an even sample.
   * @param {WebGLBuffer[]} buffers
   * @param {number} apart
   */
  #array([places, codes], apart) {
    const gl = this.#gl, array = gl.createVertexArray();
    gl.bindVertexArray(array);
    /**
     * @param {string} name
     * @param {WebGLBuffer} buffer
     * @param {number} size
     * @param {number} type
     * @param {number} stride
     */
    const read = (name, buffer, size, type, stride) => {
      const where = gl.getAttribLocation(this.#dots, name);
      gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
      gl.enableVertexAttribArray(where);
      gl.vertexAttribPointer(where, size, type, false, stride, 0);
    };
    read("place", places, 2, gl.FLOAT, BYTES * apart);
    if (codes) read("code", codes, 1, gl.UNSIGNED_BYTE, apart);
    gl.bindVertexArray(null);
    return array;
  }

  /** @param {string} id */
  has(id) { return this.#tiles.has(id); }

  /** @param {string} id */
  drop(id) {
    const tile = this.#tiles.get(id);
    if (!tile) return;
    tile.arrays.forEach(array => this.#gl.deleteVertexArray(array));
    tile.buffers.forEach(buffer => this.#gl.deleteBuffer(buffer));
    this.#tiles.delete(id);
  }

  forget() { [...this.#tiles.keys()].forEach(id => this.drop(id)); }

  /**
   * Paint the raster; whether there is one yet.
   * @param {View} view
   * @param {[number, number, number]} box
   */
  density(view, box) {
    const gl = this.#gl;
    this.#ready(view);
    gl.clear(gl.COLOR_BUFFER_BIT);
    if (!this.#side) return false;
    this.#look(this.#cells, view, box, false);
    gl.drawArrays(gl.TRIANGLE_STRIP, 0, 4);
    return true;
  }

  /**
   * Paint tiles at once, of their points each one in so many.
   * @param {View} view
   * @param {[number, number, number]} box
   * @param {string[]} ids
   * @param {number} px   diameter of a point
   * @param {boolean} coloured
   * @param {number} apart   MOST_APART at most
   */
  points(view, box, ids, px, coloured, apart) {
    this.#ready(view);
    this.#gl.clear(this.#gl.COLOR_BUFFER_BIT);
    this.#draw(view, box, ids, px, coloured, apart);
  }

  /**
   * Begin the picture at rest.
   * @param {View} view
   */
  begin(view) {
    const gl = this.#gl, { frame, texture } = this.#picture;
    this.#ready(view);
    const { width, height } = this.canvas;
    gl.activeTexture(gl.TEXTURE3);
    gl.bindTexture(gl.TEXTURE_2D, texture);
    if (this.#size.join() !== [width, height].join()) gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA8, width, height, 0, gl.RGBA, gl.UNSIGNED_BYTE, null);
    this.#size = [width, height];
    gl.bindFramebuffer(gl.FRAMEBUFFER, frame);
    gl.framebufferTexture2D(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, gl.TEXTURE_2D, texture, 0);
    gl.clear(gl.COLOR_BUFFER_BIT);
    gl.bindFramebuffer(gl.FRAMEBUFFER, null);
  }

  /**
   * Add tiles to the picture at rest.
   * @param {View} view
   * @param {[number, number, number]} box
   * @param {string[]} ids
   * @param {number} px
   * @param {boolean} coloured
   */
  add(view, box, ids, px, coloured) {
    const gl = this.#gl;
    gl.bindFramebuffer(gl.FRAMEBUFFER, this.#picture.frame);
    this.#draw(view, box, ids, px, coloured);
    gl.bindFramebuffer(gl.FRAMEBUFFER, null);
    gl.flush();   // else all of it waits for the last frame
  }

  /** Show the picture at rest. */
  show() {
    const gl = this.#gl, [width, height] = this.#size;
    gl.clear(gl.COLOR_BUFFER_BIT);   // Chromium does that late after a frame, and would take what is copied with it
    gl.bindFramebuffer(gl.READ_FRAMEBUFFER, this.#picture.frame);
    gl.bindFramebuffer(gl.DRAW_FRAMEBUFFER, null);
    gl.blitFramebuffer(0, 0, width, height, 0, 0, width, height, gl.COLOR_BUFFER_BIT, gl.NEAREST);
    gl.bindFramebuffer(gl.FRAMEBUFFER, null);
  }

  close() { this.#gl.getExtension("WEBGL_lose_context")?.loseContext(); }

  /** @param {View} view */
  #ready(view) {
    resize(this.canvas, view, window.devicePixelRatio || 1);
    this.#gl.viewport(0, 0, this.canvas.width, this.canvas.height);
  }

  /**
   * @param {View} view
   * @param {[number, number, number]} box
   * @param {string[]} ids
   * @param {number} px
   * @param {boolean} coloured
   * @param {number} apart
   */
  #draw(view, box, ids, px, coloured, apart = 1) {
    const gl = this.#gl;
    this.#look(this.#dots, view, box, coloured);
    gl.uniform1f(gl.getUniformLocation(this.#dots, "px"), px * (window.devicePixelRatio || 1) + 1);
    for (const id of ids) {
      const tile = this.#tiles.get(id);
      if (!tile) continue;
      gl.bindVertexArray(tile.arrays[apart - 1]);
      gl.drawArrays(gl.POINTS, 0, Math.ceil(tile.n / apart));
    }
    gl.bindVertexArray(null);
  }

  /**
   * @param {WebGLProgram} how
   * @param {View} view
   * @param {[number, number, number]} box
   * @param {boolean} coloured
   */
  #look(how, view, box, coloured) {
    const gl = this.#gl;
    /** @param {string} name */
    const uniform = name => gl.getUniformLocation(how, name);
    gl.useProgram(how);
    gl.uniform2f(uniform("centre"), view.x, view.y);
    gl.uniform2f(uniform("scale"), 2 * view.k / view.width, 2 * view.k / view.height);
    gl.uniform3fv(uniform("box"), box);
    gl.uniform1i(uniform("coloured"), Number(coloured));
    Object.values(this.textures).forEach((texture, unit) => {
      gl.activeTexture(gl.TEXTURE0 + unit);
      gl.bindTexture(gl.TEXTURE_2D, texture);
    });
    Object.keys(this.textures).forEach((name, unit) => gl.uniform1i(uniform(name), unit));
  }

  /**
   * @param {"shade" | "cells" | "palette"} name
   * @param {number} format
   * @param {number} width
   * @param {number} height
   * @param {Uint8Array} bytes
   * @param {number} filter
   */
  #texture(name, format, width, height, bytes, filter) {
    const gl = this.#gl;
    gl.activeTexture(gl.TEXTURE0);
    gl.bindTexture(gl.TEXTURE_2D, this.textures[name]);
    gl.texImage2D(gl.TEXTURE_2D, 0, format === gl.RED ? gl.R8 : gl.RGBA, width, height, 0, format, gl.UNSIGNED_BYTE, bytes);
    for (const side of [gl.TEXTURE_MIN_FILTER, gl.TEXTURE_MAG_FILTER]) gl.texParameteri(gl.TEXTURE_2D, side, filter);
    for (const side of [gl.TEXTURE_WRAP_S, gl.TEXTURE_WRAP_T]) gl.texParameteri(gl.TEXTURE_2D, side, gl.CLAMP_TO_EDGE);
  }
}
