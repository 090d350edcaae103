// Draws the same map with Plotly's scattergl on a bare page, and listens to its hover; returns the seconds of each step.
async ([, blobs]) => {
  const xy = new Float32Array(await (await fetch(blobs[0])).arrayBuffer()), n = xy.length / 2, took = {};
  const x = xy.filter((_, i) => i % 2 === 0), y = xy.filter((_, i) => i % 2), color = Float32Array.from(x, (_, i) => i % 255);
  document.body.innerHTML = "<div id='plot' style='width:900px;height:600px;position:fixed;top:0;left:0'></div><img id='card'>";
  const plot = document.getElementById("plot"), card = document.getElementById("card");
  const frame = () => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
  const timed = async (name, work) => {
    const began = performance.now();
    await work();
    await frame();
    took[name] = (performance.now() - began) / 1000;
  };
  const trace = { type: "scattergl", mode: "markers", x, y, hoverinfo: "none", marker: { size: 4, color, colorscale: "Viridis" } };
  await timed("draw", () => Plotly.newPlot(plot, [trace], { margin: { l: 0, r: 0, t: 0, b: 0 } }));
  await timed("recolour", () => Plotly.restyle(plot, { "marker.color": [color.reverse()] }));
  const some = Array.from({ length: Math.ceil(n / 3) }, (_, i) => 3 * i);
  await timed("grey", () => Plotly.restyle(plot, { selectedpoints: [some] }));
  window.times = [];
  window.image = card;
  plot.addEventListener("mousemove", e => { window.began = e.timeStamp; }, true);
  plot.on("plotly_hover", e => {
    const began = window.began;
    card.onload = () => card.decode().then(() => window.times.push(performance.now() - began));
    card.src = `/depict.svg?data=solubility&row=${e.points[0].pointNumber % 1282}`;
  });
  return took;
}
