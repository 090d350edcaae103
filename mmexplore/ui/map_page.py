"""The Map: points in the chosen view, what they are coloured by, which are found and selected; or several maps."""

from functools import partial

import streamlit as st

from mmexplore.studio import Found, MapFile
from mmexplore.ui import (
    blobs,
    compare_page,
    compare_state,
    map_controls,
    map_events,
    map_progress,
    map_star,
    map_state,
    session,
)
from mmexplore.ui.kinship_panel import kinship_panel
from mmexplore.ui.map_side import map_side
from mmexplore.ui.map_state import TITLES
from mmexplore.ui.molecule_map import Shown, Star, mask, molecule_map
from mmexplore.ui.molecule_map.painting import Painting
from mmexplore.ui.quality_panel import quality_panel
from mmexplore.ui.selection_panel import selection_table
from mmexplore.ui.session import Choice

_MAP = "map"


def map_page() -> None:
    """The whole page."""
    choice = session.choice()
    header = st.container(gap="small")
    on = map_state.ground(choice)
    with header:
        title, several = map_controls.header(choice)
    asked = map_controls.controls(on, several)
    method, painting = asked.method, map_state.painting(on, asked.colour)
    found = map_controls.search(choice.data, asked.search)
    if several:
        compare_page.compare_page(title, choice, asked, painting, found)
        return
    compare_state.forget_address()
    shown = map_state.best_map(on, method)
    with title:
        map_controls.title(choice, shown, method)
    if not map_state.is_final(shown, method):
        map_progress.wait(choice, method, shown)
    if shown is None:
        words = "The first picture, by PCA, appears here as soon as the molecules are embedded."
        st.info(words, icon=":material/hourglass_top:")
        return
    _body(choice, shown, painting, found, map_star.star(choice, shown, asked.search, found))


def _body(choice: Choice, shown: MapFile, painting: Painting, found: Found | None, star: Star | None) -> None:
    picture, side = st.columns([12, 8], gap="medium")
    with picture:
        map_controls.found_line(found)
        map_star.words(star)
        _draw(choice, shown, painting, found, star)
    with side:
        quality_panel(shown)
        map_side(found.smarts if found else "", star)
    kinship_panel()
    selection_table()


def _draw(choice: Choice, shown: MapFile, painting: Painting, found: Found | None, star: Star | None) -> None:
    rows, n = session.selection(), len(shown.xy)
    points = blobs.published(("points", str(shown.path), shown.created, shown.seconds), shown.xy.tobytes)
    by = TITLES[shown.method]
    map_events.drawn(_MAP, painting.codes, shown.xy)
    what = Shown(
        title=f"{n:,} molecules of {choice.data}, view {choice.view}, {by}, coloured by {painting.label}",
        data=choice.data,
        model=choice.model,
        points=points,
        painting=painting,
        codes=blobs.publish(painting.codes.tobytes()),
        selected=blobs.publish(mask(rows, n)) if len(rows) else "",
        found=blobs.publish(mask(found.rows, n)) if found else "",
        current=session.current_row(),
        star=star,
    )
    molecule_map(_MAP, what, partial(map_events.happened, _MAP))
