// The browser's history, a step a gesture. Streamlit replaces the address where a widget changes, so that Back would
// leave the page, and adds a step for whatever the server corrects, so that Back would seem to do nothing. Here the
// first change of the address after a gesture is a step, and what follows of itself belongs to it.

const GESTURES = ["pointerdown", "keydown", "blur"];   // blur: into a frame, whose gestures are not seen here
/** @type {WeakSet<History>} */
const kept = new WeakSet();

/** Called by Streamlit at every rerun of the page. */
export default function start() { keep(window); }

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
