// Moves a map from one stop to another on a bare page; returns frames a second of each way to do it.
async ([address, n, frames]) => {
  const modules = ["painter", "view", "nearest", "lens"].map(name => import(`${address}/${name}.js`));
  const [{ LastingPainter }, { View }, { extent }, { mix }] = await Promise.all(modules);
  let state = 12345;
  const chance = () => (state = (1103515245 * state + 12345) % 2 ** 31) / 2 ** 31;
  const stop = () => Float32Array.from({ length: 2 * n }, () => chance() + chance() + chance());
  const [from, to] = [stop(), stop()], canvas = document.body.appendChild(document.createElement("canvas")), view = new View();
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg"), painter = new LastingPainter(canvas, svg, () => {});
  const gl = canvas.getContext("webgl2"), pixel = new Uint8Array(4), paper = [1, 1, 1, 1];
  const palette = Uint8Array.from({ length: 1024 }, (_, i) => i % 256), codes = Uint8Array.from({ length: n }, (_, i) => i % 255);
  const states = Uint8Array.from({ length: n }, (_, i) => i < 12 ? 3 : 1);
  const mixed = new Float32Array(2 * n), uploaded = share => painter.points(mix(from, to, share, mixed));
  const moves = {
    frames_a_second: [share => painter.between(share), paper],
    frames_a_second_by_webgl: [share => painter.between(share), null],
    frames_a_second_by_webgl_uploaded: [uploaded, null],
  };
  view.resize(900, 600);
  view.fit(extent(from));
  const found = {};
  for (const [name, [move, below]] of Object.entries(moves)) {
    painter.points(from, to);
    painter.colours(codes, palette);
    painter.states(states, [false, true, false, true]);
    let began = 0;
    for (let frame = -2; frame < frames; frame++) {   // two that do not count
      await new Promise(done => requestAnimationFrame(done));
      if (frame === 0) began = performance.now();
      move(Math.max(frame, 0) / frames);
      painter.paint(view, [0.8, 0.8, 0.8, 1], [0, 0, 0, 1], 0.4, below);
      if (!below) gl.readPixels(0, 0, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, pixel);   // waits until it is drawn
    }
    found[name] = 1000 * frames / (performance.now() - began);
  }
  return found;
}
