// The first thing that Tab reaches: a link past the navigation to the map, or on a page without one to its content.

/** @import { Component } from "../dom.js" */
import { make, part } from "../dom.js";

const CONTENT = "main-content";

/** The map's surface, the first one of several; null on a page without a map. */
function surface() {
  for (const host of document.querySelectorAll("[data-testid=stMain] *")) {
    const found = host.shadowRoot?.querySelector(".molecule-map .surface");
    if (found instanceof HTMLElement) return found;
  }
  return null;
}

/** The page's content, which can be focused from here on. */
function content() {
  const main = part(document, "[data-testid=stMain]", HTMLElement);
  main.id = CONTENT;
  main.tabIndex = -1;
  return main;
}

/**
 * Called by Streamlit at every rerun of a page: there is one link, whatever the page.
 * @param {Component<{ words: string }>} component
 */
export default function show({ data }) {
  const link = document.querySelector("a.skip-link") ?? document.body.insertBefore(make("a", "skip-link"), document.body.firstChild);
  if (!(link instanceof HTMLAnchorElement)) return;
  content();
  link.href = `#${CONTENT}`;
  link.textContent = data.words;
  link.onclick = event => {
    event.preventDefault();   // the address is the page's
    (surface() ?? content()).focus();
  };
}
