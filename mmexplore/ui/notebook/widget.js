// The map in a notebook: the scripts that the app's pages use, told by the widget's state and heard by its kernel.

/** @import { Invoke, Model } from "./kernel.js" */
import { make } from "../components/dom.js";
import show from "../components/molecule_map/molecule_map.js";
import { kernel } from "./kernel.js";

/**
 * Called by anywidget for each place where the widget is shown; returns what takes it away again.
 * @param {{ model: Model, el: HTMLElement, experimental: { invoke: Invoke } }} shown
 * @param {{ markup: string, style: string }} made
 */
export default function render({ model, el, experimental }, { markup, style }) {
  const host = make("div"), source = kernel(model, experimental.invoke);
  host.dataset.lmSuppressShortcuts = "true";   // else keys that are meant for the map walk from cell to cell
  const parentElement = host.attachShadow({ mode: "open" });
  parentElement.append(make("style", "", style), ...new DOMParser().parseFromString(markup, "text/html").body.children);
  el.append(host);
  let close = () => {};
  const renew = () => {
    host.style.setProperty("--map-height", `${model.get("height")}px`);
    const data = { ...model.get("_shown"), base: "", scrolls: true };
    close = show({ data, parentElement, source, setTriggerValue: (_, did) => model.send({ did }) });
  };
  /** @param {{ done?: boolean }} message */
  const heard = message => { if (message.done) renew(); };
  const themed = new MutationObserver(renew);   // JupyterLab's themes, and VS Code's, are attributes of the body
  themed.observe(document.body, { attributes: true, attributeFilter: ["class", "data-jp-theme-name", "data-vscode-theme-id"] });
  const changes = ["change:_shown", "change:height"];
  changes.forEach(change => model.on(change, renew));
  model.on("msg:custom", heard);
  renew();
  return () => {
    themed.disconnect();
    changes.forEach(change => model.off(change, renew));
    model.off("msg:custom", heard);
    close();
  };
}
