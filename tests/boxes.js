// Boxes of a page that lie over each other, or are cut by the edge of their page, in words; none is an empty list.
() => {
  const inside = root => [...root.querySelectorAll("*")].flatMap(e => e.shadowRoot ? [e, ...inside(e.shadowRoot)] : [e]);
  const main = document.querySelector("[data-testid=stMain]"), room = main.getBoundingClientRect(), all = inside(main);
  const box = e => e.getBoundingClientRect();
  const seen = e => box(e).width > 1 && box(e).height > 1 && e.checkVisibility({ visibilityProperty: true });
  const parent = e => e.parentNode instanceof ShadowRoot ? e.parentNode.host : e.parentElement;
  const above = e => { const found = []; for (let x = e; x && x !== main; x = parent(x)) found.push(x); return found; };
  const floats = e => above(e).some(x => ["absolute", "fixed", "sticky"].includes(getComputedStyle(x).position));
  const scrolled = e => above(parent(e)).some(x => ["auto", "scroll"].includes(getComputedStyle(x).overflowX));
  const text = e => (e.innerText || e.shadowRoot?.textContent || e.outerHTML).trim().replaceAll(/\s+/g, " ").slice(0, 60);
  const name = e => `${e.dataset.testid ?? e.className} (${text(e)})`;
  const ours = "[data-testid=stElementContainer], .hit, .cell, .list, .plane, .legend";
  const boxes = all.filter(e => e.matches(ours) && seen(e) && !floats(e));
  const chains = new Map(boxes.map(e => [e, new Set(above(e))]));
  const found = [];
  boxes.forEach((a, n) => boxes.slice(n + 1).forEach(b => {
    if (chains.get(a).has(b) || chains.get(b).has(a)) return;
    const p = box(a), q = box(b);
    const wide = Math.min(p.right, q.right) - Math.max(p.left, q.left);
    const tall = Math.min(p.bottom, q.bottom) - Math.max(p.top, q.top);
    if (wide > 1.5 && tall > 1.5) found.push(`${name(a)} lies over ${name(b)} by ${Math.round(wide)} x ${Math.round(tall)}`);
  }));
  for (const e of [...boxes, ...all.filter(e => e.matches("button, label, input, [role=tab], p") && seen(e))]) {
    if (floats(e) || scrolled(e)) continue;
    const { left, right } = box(e);
    if (right > room.right + 1.5 || left < room.left - 1.5) found.push(`${name(e)} is cut: ${left} to ${right}`);
  }
  const wide = innerWidth < 1000 ? "" : ".dvn-scroller, [data-testid=stMarkdownContainer], ";  // tables scroll in a narrower window
  for (const e of all.filter(e => e.matches(`${wide}[data-testid=stButtonGroup] *`) && seen(e)))
    if (e.scrollWidth > e.clientWidth + 1) found.push(`${name(e)} is ${e.scrollWidth} wide in ${e.clientWidth}`);
  for (const e of all.filter(e => e.matches("[data-testid=stMultiSelectTagsContainer]") && seen(e)))
    if (e.scrollWidth > e.clientWidth + 1) found.push(`${name(e)} has chosen names out of sight`);
  if (main.scrollWidth > main.clientWidth + 1) found.push(`the page is ${main.scrollWidth} wide in ${main.clientWidth}`);
  return [...new Set(found)];
}
