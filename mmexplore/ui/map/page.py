"""The Map: points in the chosen view, what they are coloured by, which are found and selected; or several maps."""

from collections.abc import Callable
from functools import partial

import numpy as np
import streamlit as st

from mmexplore.explore.maps.painting import Painting
from mmexplore.studio import MapFile, MapLabel, SearchResult
from mmexplore.ui.compare import lens, page
from mmexplore.ui.compare import state as compare_state
from mmexplore.ui.components import model_links
from mmexplore.ui.components.molecule_map import Shown, Star, mask, molecule_map
from mmexplore.ui.components.words import METHOD_TITLES
from mmexplore.ui.map import card, cliffs, coloring, controls, events, in_library, progress, regions
from mmexplore.ui.map import star as map_star
from mmexplore.ui.map import state as map_state
from mmexplore.ui.map.cliffs import ShownCliffs
from mmexplore.ui.map.hyperedges import hyperedge_panel
from mmexplore.ui.map.quality import quality_panel, trust
from mmexplore.ui.map.selection import selection_table
from mmexplore.ui.map.side import map_side
from mmexplore.ui.server import blobs
from mmexplore.ui.shell import session
from mmexplore.ui.shell.session import Choice

_MAP = "map"


def map_page() -> None:
    """The whole page."""
    if in_library.shown():
        return
    choice = session.choice()
    header = st.container(gap="small")
    on = map_state.ground(choice)
    with header:
        head = controls.header(choice)
    title = head.title
    asked = controls.controls(on, head.several or head.lens)
    method = asked.method
    with st.container():  # always there, as those below: a map that changes its place loses its zoom and its tool
        painting = coloring.painting(on, asked.color, method)
        found = controls.search(choice.data, asked.search)
    if not head.lens:
        lens.forget_address()
    if head.several:
        page.compare_page(title, choice, asked, painting, coloring.classes(on, asked.color), found)
        return
    if head.lens:
        lens.lens_page(title, choice, asked, painting, found)
        return
    compare_state.forget_address()
    shown = map_state.best_map(on, method)
    with title:
        controls.title(choice, shown, method)
    meanwhile = st.container()
    with meanwhile:
        if not map_state.is_final(shown, method):
            progress.wait(choice, method, shown)
    if shown is None:
        words = "The first picture, by PCA, appears here as soon as the molecules are embedded."
        st.info(words, icon=":material/hourglass_top:")
        return
    with meanwhile:
        tested = trust(choice, shown, method, wanted=head.fog)
        labels = regions.labels(choice, shown, method, wanted=head.labels)
    scored = partial(quality_panel, choice, shown, asked.color, coloring.classes(on, asked.color), tested)
    star = map_star.star(choice, shown, asked.search, found)
    faded = tested.doubtful if tested and head.fog else None
    named = labels, regions.contours(shown, wanted=head.contours)
    _body(choice, shown, painting, found, star, scored, faded, named, stepped=head.cliffs)


def _body(
    choice: Choice,
    shown: MapFile,
    painting: Painting,
    found: SearchResult | None,
    star: Star | None,
    scored: Callable[[], None],
    faded: np.ndarray | None,
    named: tuple[tuple[MapLabel, ...], str],
    *,
    stepped: bool,
) -> None:
    picture, side = st.container(key="stacks-map").columns([13, 7], gap="medium")
    with picture:
        controls.found_line(found)
        map_star.words(star)
        controls.left_out_line(choice, shown)
        steps = cliffs.shown(choice, stepped)
        _draw(choice, shown, painting, found, star, faded, steps, named)
        card.offer(choice, shown)
    predict, beside = (
        partial(model_links.predict_here, choice.model),
        partial(map_side, found.smarts if found else "", star),
    )
    parts: list[Callable[[], None]] = [scored, predict, beside]
    with side:
        for part in reversed(parts) if len(session.selection()) or session.current_row() >= 0 else parts:
            part()  # what was chosen is what is asked about, and has to be in sight
    hyperedge_panel()
    if steps:
        cliffs.panel(choice, steps)
    selection_table()


def _draw(
    choice: Choice,
    shown: MapFile,
    painting: Painting,
    found: SearchResult | None,
    star: Star | None,
    faded: np.ndarray | None,
    steps: ShownCliffs | None,
    named: tuple[tuple[MapLabel, ...], str],
) -> None:
    rows, n = session.selection(), len(shown.xy)
    points = blobs.published(("points", str(shown.path), shown.created, shown.seconds), shown.xy.tobytes)
    by = METHOD_TITLES[shown.method]
    joined, looked_at = cliffs.edges(steps, shown.xy)
    events.drawn(_MAP, painting.codes, shown.xy)
    what = Shown(
        title=f"{n:,} molecules of {choice.data}, view {choice.view}, {by}, coloured by {painting.label}",
        data=choice.data,
        model=choice.model,
        points=points,
        painting=painting,
        codes=blobs.publish(painting.codes.tobytes()),
        selected=blobs.publish(mask(rows, n)) if len(rows) else "",
        found=blobs.publish(mask(found.rows, n)) if found else "",
        faded=blobs.publish(mask(np.flatnonzero(faded), n)) if faded is not None else "",
        fading="" if faded is None else f"{int(faded.sum()):,} of {n:,} fade: their place is doubtful",
        current=session.current_row(),
        star=star,
        edges=joined,
        edge=looked_at,
        labels=named[0],
        contours=named[1],
    )
    molecule_map(_MAP, what, partial(events.happened, _MAP))
