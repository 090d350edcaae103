// Draws the points: ten bytes a molecule on the GPU (place, colour code, state), colours and sizes looked up in a palette,
// so that a new selection uploads one byte a point; a new colour one, and four for the order where there is one.

/** @import { Painter } from "./painter.js" */
import { FAINT } from "./inks.js";
import { flat } from "./stacking.js";

const VERTEX = `#version 300 es
in vec2 place, next; in float code; in float state;
uniform vec2 centre, scale; uniform float diameter, layer, share; uniform float faded; uniform vec4 grey; uniform sampler2D palette;
out vec4 colour; out float px;
void main() {
  vec2 at = share == 0. ? place : share == 1. ? next : mix(place, next, share);
  gl_Position = state == layer ? vec4((at - centre) * scale, 0., 1.) : vec4(2., 2., 2., 1.);
  float grown = layer == 0. ? 1. : 1. + texelFetch(palette, ivec2(int(code + .5), 1), 0).r * 255. / 64.;
  px = diameter * grown * (layer == 3. ? 1.25 : 1.) + 1.;
  gl_PointSize = px;
  colour = layer == 0. ? grey : texelFetch(palette, ivec2(int(code + .5), 0), 0);
  if (layer == 1.) colour.a *= faded;
}`;
const FRAGMENT = `#version 300 es
precision highp float;
in vec4 colour; in float px; uniform vec4 rim; uniform float layer; out vec4 pixel;
void main() {
  float r = length(gl_PointCoord - .5) * px, edge = px / 2.;
  float cover = clamp(edge - r, 0., 1.);
  vec4 paint = layer == 3. ? mix(colour, rim, clamp(r - edge + 2.5, 0., 1.)) : colour;
  pixel = vec4(paint.rgb, 1.) * paint.a * cover;
}`;

/**
 * A program of two shaders, null where the context was lost meanwhile.
 * @param {WebGL2RenderingContext} gl
 * @param {string} vertex
 * @param {string} fragment
 * @returns {WebGLProgram | null}
 */
export function program(gl, vertex, fragment) {
  const made = gl.createProgram();
  for (const [kind, text] of /** @type {const} */ ([[gl.VERTEX_SHADER, vertex], [gl.FRAGMENT_SHADER, fragment]])) {
    const shader = gl.createShader(kind);
    if (!shader) return null;
    gl.shaderSource(shader, text);
    gl.compileShader(shader);
    gl.attachShader(made, shader);
  }
  gl.linkProgram(made);
  if (gl.isContextLost()) return null;
  if (!gl.getProgramParameter(made, gl.LINK_STATUS)) throw new Error(gl.getProgramInfoLog(made) ?? "no program");
  return made;
}

const WITHOUT_GPU = /swiftshader|llvmpipe|softpipe|software|basic render/i;

/**
 * Whether WebGL is the processor's work.
 * @param {WebGL2RenderingContext} gl
 */
function byProcessor(gl) {
  const about = gl.getExtension("WEBGL_debug_renderer_info");
  return WITHOUT_GPU.test(String(gl.getParameter(about ? about.UNMASKED_RENDERER_WEBGL : gl.RENDERER)));
}

/**
 * Gives a canvas its size in device pixels, where it has another: setting it makes the browser allocate it anew.
 * @param {{ width: number, height: number }} canvas
 * @param {{ width: number, height: number }} view
 * @param {number} ratio   device pixels a pixel
 */
export function resize(canvas, view, ratio) {
  const width = Math.round(view.width * ratio), height = Math.round(view.height * ratio);
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
}

/**
 * The palette's two rows: colours, and how much larger than usual the points of a code are, in parts of 64.
 * @param {Uint8Array} palette
 * @param {Float32Array} growth
 */
function texels(palette, growth) {
  const rows = new Uint8Array(2048);
  rows.set(palette);
  growth.forEach((factor, code) => { rows[1024 + 4 * code] = Math.round((factor - 1) * 64); });
  return rows;
}

/**
 * A painter on a canvas, or null where the browser has no WebGL 2 or took it away.
 * @param {HTMLCanvasElement} canvas
 * @returns {Painter | null}
 */
export function webglPainter(canvas) {
  const gl = canvas.getContext("webgl2", { antialias: false, premultipliedAlpha: true, powerPreference: "high-performance" });
  const points = gl && !gl.isContextLost() ? program(gl, VERTEX, FRAGMENT) : null;
  if (!gl || !points) return null;
  /** @param {string} name */
  const uniform = name => gl.getUniformLocation(points, name);
  /** @type {Record<string, WebGLBuffer>} */
  const buffers = {};
  /** @type {WebGLTexture | null} */
  let texture = null;
  /** @type {WebGLBuffer | null} */
  let ordered = null;
  let n = 0, share = 0, layers = [false, false, true, false], inOrder = false;
  gl.useProgram(points);
  gl.enable(gl.BLEND);
  gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
  /**
   * @param {string} name
   * @param {Float32Array<ArrayBuffer> | Uint8Array<ArrayBuffer>} values
   * @param {number} size
   * @param {number} type
   */
  const upload = (name, values, size, type) => {
    buffers[name] ??= gl.createBuffer();
    gl.bindBuffer(gl.ARRAY_BUFFER, buffers[name]);
    gl.bufferData(gl.ARRAY_BUFFER, values, gl.STATIC_DRAW);
    const where = gl.getAttribLocation(points, name);
    gl.enableVertexAttribArray(where);
    gl.vertexAttribPointer(where, size, type, false, 0, 0);
  };
  return {
    exact: true,
    sampled: 0,
    slow: byProcessor(gl),
    points(xy, next = null) {
      n = xy.length / 2;
      share = 0;
      upload("place", xy, 2, gl.FLOAT);
      if (next) upload("next", next, 2, gl.FLOAT);
      else gl.disableVertexAttribArray(gl.getAttribLocation(points, "next"));   // what it holds then counts for nothing
    },
    between(part) { share = part; },
    colours(codes, palette, { growth, order } = flat()) {
      upload("code", codes, 1, gl.UNSIGNED_BYTE);
      inOrder = order !== null;
      if (order) {
        gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, ordered ??= gl.createBuffer());
        gl.bufferData(gl.ELEMENT_ARRAY_BUFFER, order, gl.STATIC_DRAW);
      }
      gl.bindTexture(gl.TEXTURE_2D, texture ??= gl.createTexture());
      gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, 256, 2, 0, gl.RGBA, gl.UNSIGNED_BYTE, texels(palette, growth));
      gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.NEAREST);
      gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAG_FILTER, gl.NEAREST);
    },
    close() { gl.getExtension("WEBGL_lose_context")?.loseContext(); },   // a page may hold some sixteen
    states(states, present) { upload("state", states, 1, gl.UNSIGNED_BYTE); layers = present; },
    paint(view, grey, rim, faint = FAINT) {
      const ratio = window.devicePixelRatio || 1;
      resize(canvas, view, ratio);
      gl.viewport(0, 0, canvas.width, canvas.height);
      gl.clear(gl.COLOR_BUFFER_BIT);   // a frame may be painted twice, for a picture
      gl.uniform2f(uniform("centre"), view.x, view.y);
      gl.uniform2f(uniform("scale"), 2 * view.k / view.width, 2 * view.k / view.height);
      gl.uniform1f(uniform("diameter"), view.diameter(n) * ratio);
      gl.uniform4fv(uniform("grey"), grey);
      gl.uniform1f(uniform("faded"), faint);
      gl.uniform1f(uniform("share"), share);
      gl.uniform4fv(uniform("rim"), rim);
      layers.forEach((there, layer) => {
        if (!there || !n) return;
        gl.uniform1f(uniform("layer"), layer);
        if (inOrder) gl.drawElements(gl.POINTS, n, gl.UNSIGNED_INT, 0);
        else gl.drawArrays(gl.POINTS, 0, n);
      });
    },
  };
}
