"""Map comparison: several maps side by side, linked in the browser, aligned for the eye, with one legend.

Each map is a component of its own; they light up each other's molecules without a word to the server (linked.js).
What is drawn on one becomes the selection of the page. Maps that are not there yet are computed one after the other,
a first picture of each before the finished ones.
"""

from functools import partial

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from mmexplore import studio
from mmexplore.explore.maps.painting import Painting
from mmexplore.studio import FEWEST_PANELS, Classes, Quality, SearchResult
from mmexplore.ui.compare import panel as compare_panel
from mmexplore.ui.compare import state
from mmexplore.ui.compare.panel import GROUP, Look, Marks
from mmexplore.ui.components.molecule_map import map_bar, mask
from mmexplore.ui.components.words import METHOD_TITLES, literal
from mmexplore.ui.map import coloring, controls, events, progress
from mmexplore.ui.map.controls import Controls
from mmexplore.ui.map.selection import selection_table
from mmexplore.ui.map.side import map_side
from mmexplore.ui.server import blobs
from mmexplore.ui.shell import session
from mmexplore.ui.shell.session import Choice

_BAR = "compare-bar"
_STYLE = """<style>
div.st-key-maps { display: grid; gap: 1rem; grid-template-columns: repeat(2, minmax(0, 1fr)); HEIGHT }
@media (min-width: 1200px) { div.st-key-maps { grid-template-columns: repeat(COLUMNS, minmax(0, 1fr)); } }
div.st-key-maps table { font-size: 0.75rem; margin: 0 0 0.4rem; }
div.st-key-maps :is(th, td) { padding: 0.15rem 0.4rem; }
</style>"""
_TWO_ROWS = "--map-height: max(220px, calc(50vh - 170px));"  # both on one screen, so that what lights up is seen


def compare_page(
    title: DeltaGenerator,
    choice: Choice,
    asked: Controls,
    painting: Painting,
    classes: Classes | None,
    found: SearchResult | None,
) -> None:
    """All below the controls of the Map page, and its title."""
    method, seed = asked.method, asked.seed
    panels = state.panels(choice)
    state.answer_link(panels)
    looks = [compare_panel.look(number, panel, choice, method, seed) for number, panel in panels.items()]
    with title:
        _title(choice, looks, method, seed)
    with st.container():  # always there, so that what follows keeps its place
        controls.found_line(found)
    events.drawn(_BAR, painting.codes)
    map_bar(_BAR, GROUP, painting, partial(events.happened, _BAR))
    scores = _scores(looks, classes)
    _panels(looks, method, seed, _marks(painting, found), scores)
    waiting = next((look for look in looks if look.scored and scores[look.number] is None), None)
    if waiting and waiting.shown and classes:
        coloring.wait_for_quality(waiting.choice, waiting.shown, choice, asked.color, classes)
    _how(scores)
    map_side(found.smarts if found else "")
    selection_table()


def _title(choice: Choice, looks: list[Look], method: str, seed: int) -> None:
    data = studio.dataset(choice.data)
    st.title(f"{len(data):,} molecules of {literal(data.title)}", anchor=False)
    of = "" if method == "pca" else f", seed {seed}"
    turned = "each turned, mirrored, scaled and shifted onto the first (Procrustes), for drawing only"
    st.caption(literal(f"{len(looks)} maps by {METHOD_TITLES[method]}{of}; {turned}"))


def _marks(painting: Painting, found: SearchResult | None) -> Marks:
    rows, n = session.selection(), len(painting.codes)
    return Marks(
        painting,
        codes=blobs.publish(painting.codes.tobytes()),
        selected=blobs.publish(mask(rows, n)) if len(rows) else "",
        found=blobs.publish(mask(found.rows, n)) if found else "",
        current=session.current_row(),
    )


def _scores(looks: list[Look], classes: Classes | None) -> dict[int, Quality | None]:
    """Scores of each panel's map by these classes, those that are known."""
    return {
        look.number: coloring.quality(look.choice, look.shown, classes)
        if look.shown and look.scored and classes
        else None
        for look in looks
    }


def _panels(looks: list[Look], method: str, seed: int, marks: Marks, scores: dict[int, Quality | None]) -> None:
    at_work = _next(looks, method, seed)
    first = next((look.shown for look in looks if look.shown), None)
    st.html(_style(len(looks)))
    with st.container(key="maps"):
        for look in looks:
            with st.container(key=f"panel-{look.number}", gap="xsmall"):
                compare_panel.panel(look, first, marks, scores[look.number], closable=len(looks) > FEWEST_PANELS)
                _progress(look, method, seed, look is at_work)


def _style(n: int) -> str:
    return _STYLE.replace("COLUMNS", "2" if n in (2, 4) else "3").replace("HEIGHT", _TWO_ROWS if n > 3 else "")


def _next(looks: list[Look], method: str, seed: int) -> Look | None:
    """Whose turn it is to be computed: first pictures before finished maps, in order, without those that failed."""
    waiting = [look for look in looks if look.waits_for(method) and not _failed(look, method, seed)]
    return next((look for look in waiting if look.shown is None), next(iter(waiting), None))


def _progress(look: Look, method: str, seed: int, at_work: bool) -> None:
    if not look.waits_for(method):
        return
    if at_work or _failed(look, method, seed):
        progress.wait(look.choice, _goal(look, method), look.shown, seed)
    else:
        st.caption(f"{METHOD_TITLES[method]} waits for its turn.")


def _failed(look: Look, method: str, seed: int) -> bool:
    return progress.failed(look.choice, _goal(look, method), seed)


def _goal(look: Look, method: str) -> str:
    return method if look.shown else "pca"


def _how(scores: dict[int, Quality | None]) -> None:
    """What the scores were computed on, once where all were computed alike."""
    hows = dict.fromkeys((each.test or each).how for each in scores.values() if each)
    for how in hows:
        st.caption(f":small[DBI is Davies-Bouldin, lower is better; NMI, higher is better; {literal(how)}]")
