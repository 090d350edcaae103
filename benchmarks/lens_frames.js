// Moves a map from one stop to another on a bare page; returns frames a second of both ways to do it.
async ([address, n, frames]) => {
  const modules = ["webgl", "view", "nearest", "lens"].map(name => import(`${address}/${name}.js`));
  const [{ webglPainter }, { View }, { extent }, { mix }] = await Promise.all(modules);
  let state = 12345;
  const chance = () => (state = (1103515245 * state + 12345) % 2 ** 31) / 2 ** 31;
  const stop = () => Float32Array.from({ length: 2 * n }, () => chance() + chance() + chance());
  const [from, to] = [stop(), stop()], canvas = document.body.appendChild(document.createElement("canvas")), view = new View();
  const painter = webglPainter(canvas), gl = canvas.getContext("webgl2"), pixel = new Uint8Array(4);
  const palette = Uint8Array.from({ length: 1024 }, (_, i) => i % 256), codes = Uint8Array.from({ length: n }, (_, i) => i % 255);
  const states = Uint8Array.from({ length: n }, (_, i) => i < 12 ? 3 : 1);
  const moves = {
    frames_a_second: share => painter.between(share),
    frames_a_second_uploaded: share => painter.points(mix(from, to, share, new Float32Array(2 * n))),
  };
  view.resize(900, 600);
  view.fit(extent(from));
  const found = {};
  for (const [name, move] of Object.entries(moves)) {
    painter.points(from, to);
    painter.colours(codes, palette);
    painter.states(states, [false, true, false, true]);
    let began = 0;
    for (let frame = -2; frame < frames; frame++) {   // two that do not count
      await new Promise(done => requestAnimationFrame(done));
      if (frame === 0) began = performance.now();
      move(Math.max(frame, 0) / frames);
      painter.paint(view, [0.8, 0.8, 0.8, 1], [0, 0, 0, 1], 0.4);
      gl.readPixels(0, 0, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, pixel);   // waits until it is drawn
    }
    found[name] = 1000 * frames / (performance.now() - began);
  }
  return found;
}
