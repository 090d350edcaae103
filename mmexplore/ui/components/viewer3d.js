// One molecule by 3Dmol.js, which comes from this server. Drawn again only when the molecule or the theme changes.

const scripts = new Map();

function loaded(url) {
  if (!scripts.has(url)) {
    scripts.set(url, new Promise((done, failed) => {
      const tag = Object.assign(document.createElement("script"), { src: url, onload: done });
      tag.onerror = () => { scripts.delete(url); failed(new Error("the 3D viewer could not be loaded")); };
      document.head.append(tag);
    }));
  }
  return scripts.get(url);
}

export default async function ({ data, parentElement }) {
  const box = parentElement.querySelector(".viewer3d"), asked = JSON.stringify(data);
  if (box.dataset.asked === asked) return;
  box.dataset.asked = asked;
  box.style.height = `${data.height - 2}px`;
  box.setAttribute("aria-label", data.label);
  try {
    await loaded(data.script);
  } catch (problem) {
    box.textContent = problem.message;
    return;
  }
  if (box.dataset.asked !== asked) return;
  box.replaceChildren();
  const viewer = window.$3Dmol.createViewer(box, { backgroundAlpha: 0 });
  viewer.addModel(data.block, "sdf", { keepH: true });
  viewer.setStyle({}, { stick: { radius: 0.13 }, sphere: { scale: 0.24 } });
  if (data.highlight.length) {
    viewer.setStyle({ index: data.highlight }, { stick: { radius: 0.16, color: data.lit }, sphere: { scale: 0.32, color: data.lit } });
  }
  viewer.zoomTo();
  viewer.zoom(0.85);
  viewer.render();
  box.dataset.drawn = "yes";
}
