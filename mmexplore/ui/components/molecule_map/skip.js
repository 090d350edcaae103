// The first thing that Tab reaches on a page with a map: a link to it. Streamlit's own, to the page's content, comes next.

/** @import { Component } from "../dom.js" */
import { make } from "../dom.js";

/** The map's surface, the first one of several; null where there is none yet. */
function surface() {
  for (const host of document.querySelectorAll("[data-testid=stMain] *")) {
    const found = host.shadowRoot?.querySelector(".molecule-map .surface");
    if (found instanceof HTMLElement) return found;
  }
  return null;
}

/**
 * Called by Streamlit at every rerun of the page: there is one link, and none on a page without it.
 * @param {Component<{ words: string }>} component
 */
export default function show({ data }) {
  const link = document.querySelector("a.skip-link") ?? document.body.insertBefore(make("a", "skip-link"), document.body.firstChild);
  if (!(link instanceof HTMLAnchorElement)) return undefined;
  link.href = "#stMain";
  link.textContent = data.words;
  link.onclick = event => {
    event.preventDefault();   // the address is the page's
    (surface() ?? document.getElementById("stMain"))?.focus();
  };
  return () => link.remove();
}
