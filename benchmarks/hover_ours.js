// Draws a map with the project's own painter on a bare page; returns the seconds of each step.
async ([address, blobs]) => {
  const modules = ["webgl", "view", "nearest"].map(name => import(`${address}/${name}.js`));
  const [{ webglPainter }, { View }, { extent }] = await Promise.all(modules);
  const xy = new Float32Array(await (await fetch(blobs[0])).arrayBuffer()), n = xy.length / 2;
  const canvas = document.body.appendChild(document.createElement("canvas")), view = new View(), took = {};
  const painter = webglPainter(canvas), gl = canvas.getContext("webgl2");
  const palette = Uint8Array.from({ length: 1024 }, (_, i) => i % 256), codes = Uint8Array.from({ length: n }, (_, i) => i % 255);
  const frame = () => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
  const timed = async (name, work) => {
    const began = performance.now();
    work();
    painter.paint(view, [0.8, 0.8, 0.8, 1], [0, 0, 0, 1]);
    gl.finish();
    await frame();
    took[name] = (performance.now() - began) / 1000;
  };
  view.resize(900, 600);
  view.fit(extent(xy));
  await timed("draw", () => {
    painter.points(xy);
    painter.colours(codes, palette);
    painter.states(new Uint8Array(n).fill(2), [false, false, true, false]);
  });
  await timed("recolour", () => painter.colours(codes.reverse(), palette));
  await timed("grey", () => painter.states(Uint8Array.from({ length: n }, (_, i) => i % 3 ? 0 : 2), [true, false, true, false]));
  return took;
}
