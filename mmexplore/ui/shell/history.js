// The browser's history, a step a gesture. Streamlit replaces the address where a widget changes, so that Back would
// leave the page, and adds a step for whatever the server corrects, so that Back would seem to do nothing. Here the
// first change of the address after a gesture is a step, and what follows of itself belongs to it. And the theme: what
// the server has drawn for one of the two is drawn anew for the other.

const AHEAD_MS = 3000;
const GESTURES = ["pointerdown", "keydown", "blur"];   // blur: into a frame, whose gestures are not seen here
/** @type {WeakSet<History>} */
const kept = new WeakSet();

/** @type {(() => void) | null} */
let changed = null;
/** @type {Promise<void> | null} */
let fetched = null;

/**
 * Called by Streamlit at every rerun of the page; `data` names scripts of Streamlit's that other pages will need.
 * @param {{ data: string[], setTriggerValue: (name: string, value: unknown) => void }} asked
 */
export default function start({ data, setTriggerValue }) {
  keep(window);
  if (data.length && !fetched) fetched = ahead(data);
  const app = document.querySelector("[data-testid=stApp]");
  if (app && !changed) watch(app, () => getComputedStyle(app).colorScheme, () => changed?.());
  changed = () => setTriggerValue("theme", true);
}

/**
 * Have scripts of Streamlit's read, one by one, while nobody waits for them: that of charts takes a second of a first one.
 * @param {string[]} names
 */
async function ahead(names) {
  await new Promise(calm => { setTimeout(calm, AHEAD_MS); });
  const own = document.querySelector("script[type=module][src*='static/js/']");
  if (!(own instanceof HTMLScriptElement)) return;
  const read = (/** @type {string} */ name) => import(new URL(name, own.src).href).catch(() => {});   // then an element fetches it
  await names.reduce((before, name) => before.then(() => read(name)), Promise.resolve());
}

/**
 * Tell when an element's theme becomes another.
 * @param {Element} app
 * @param {() => string} theme
 * @param {() => void} tell
 */
export function watch(app, theme, tell) {
  let was = theme();
  new MutationObserver(() => { if (theme() !== was) { was = theme(); tell(); } }).observe(app, { attributes: true });
}

/** @param {Window} place */
export function keep(place) {
  const { history } = place;
  if (kept.has(history)) return;
  kept.add(history);
  const push = history.pushState.bind(history), replace = history.replaceState.bind(history);
  let fresh = false;
  GESTURES.forEach(gesture => place.addEventListener(gesture, () => { fresh = true; }, true));
  place.addEventListener("popstate", () => { fresh = false; }, true);
  /**
   * @param {typeof push} asked
   * @returns {typeof push}
   */
  const goes = asked => (state, unused, url) => {
    const { href, pathname, search } = place.location, to = new URL(url ?? href, href);
    if (to.pathname === pathname && (to.search === search || !fresh)) return replace(state, unused, url);
    fresh = false;
    return (to.pathname === pathname ? push : asked)(state, unused, url);
  };
  history.pushState = goes(push);
  history.replaceState = goes(replace);
}
