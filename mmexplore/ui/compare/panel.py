"""One panel of a comparison: which view of which model, its map turned onto the first one, its scores in little."""

from dataclasses import dataclass
from functools import partial
from typing import Any

import streamlit as st

from mmexplore import studio
from mmexplore.explore.maps.painting import Painting
from mmexplore.runtime.errors import MmexploreError
from mmexplore.studio import UNTRAINED, MapFile, Quality, ViewRef
from mmexplore.ui.compare import state as compare_state
from mmexplore.ui.components.molecule_map import Shown, molecule_map
from mmexplore.ui.components.words import METHOD_TITLES, literal
from mmexplore.ui.map import events
from mmexplore.ui.map import state as map_state
from mmexplore.ui.map.quality import small_quality
from mmexplore.ui.server import asked, blobs
from mmexplore.ui.shell.session import Choice

GROUP = "compare"
_EMPTY_PX = 240


@dataclass(frozen=True)
class Look:
    """A panel as it stands in this run; ``shown`` is its best map so far, ``problem`` why it can have none."""

    number: int
    panel: ViewRef
    choice: Choice
    shown: MapFile | None = None
    problem: str = ""

    @property
    def scored(self) -> bool:
        """Whether the map's quality is known."""
        return self.shown is not None and map_state.is_scored(self.shown)

    def waits_for(self, method: str) -> bool:
        """Whether its map by that method is still to come."""
        return not self.problem and not map_state.is_final(self.shown, method)


@dataclass(frozen=True)
class Marks:
    """Marks that all panels have in common: colours, and the blobs of what is selected and found."""

    painting: Painting
    codes: str
    selected: str
    found: str
    current: int


def look(number: int, panel: ViewRef, choice: Choice, method: str, seed: int) -> Look:
    """Look of a panel, what there is to see; a model that was deleted is a problem in words."""
    own = Choice(choice.data, panel.model, panel.view)
    try:
        studio.view_of(asked.model(panel.model), panel.view)
        return Look(number, panel, own, map_state.best_map(map_state.ground(own), method, seed))
    except MmexploreError as mistake:
        return Look(number, panel, own, problem=str(mistake))


def panel(look: Look, first: MapFile | None, marks: Marks, scores: Quality | None, closable: bool) -> None:
    """The pickers, the map where there is one, and its scores, None while they are computed."""
    _head(look, closable)
    if look.problem:
        st.warning(f"{literal(look.problem)}. Choose another one.", icon=":material/search_off:")
    elif look.shown is None or first is None:
        with st.container(border=True, height=_EMPTY_PX, horizontal_alignment="center", vertical_alignment="center"):
            st.caption("The first picture, by PCA, appears here.", width="content")
    else:
        disparity = _draw(look, look.shown, first, marks)
        small_quality(scores)
        st.caption(literal(_notes(look.shown, disparity, first)))


def _head(look: Look, closable: bool) -> None:
    number, chosen = look.number, look.panel
    keys = {part: f"panel-{number}-{part}" for part in ("model", "view", "close")}
    models, views = _models(chosen.model), _views(chosen.model)
    views = views if chosen.view in views else [chosen.view, *views]
    st.session_state[keys["model"]], st.session_state[keys["view"]] = chosen.model, chosen.view
    about: dict[str, Any] = {"label_visibility": "collapsed", "on_change": _changed, "args": (number, chosen)}
    row = st.container(horizontal=True, gap="xsmall", vertical_alignment="center", wrap=False)
    row.selectbox("Model", models, key=keys["model"], format_func=_title, **about)
    if len(views) > 1:
        row.selectbox("View", views, key=keys["view"], **about)
    row.button(
        "",
        key=keys["close"],
        icon=":material/close:",
        type="tertiary",
        disabled=not closable,
        help="Take this map away" if closable else "A comparison needs two maps",
        on_click=compare_state.remove,
        args=(number,),
    )


def _models(chosen: str) -> list[str]:
    """Every model and its untrained twin, and what is chosen though it may be gone."""
    names = [name for m in studio.models() for name in ([m.name, UNTRAINED + m.name] if m.recipe else [m.name])]
    return names if chosen in names else [chosen, *names]


def _views(model: str) -> list[str]:
    """None where the model is gone."""
    try:
        return list(studio.model(asked.model(model)).views)
    except MmexploreError:
        return []


def _title(name: str) -> str:
    return f"{name.removeprefix(UNTRAINED)}, untrained" if name.startswith(UNTRAINED) else name


def _changed(number: int, before: ViewRef) -> None:
    """Another model keeps the view where it has it."""
    model, view = (str(st.session_state[f"panel-{number}-{part}"]) for part in ("model", "view"))
    views = _views(model)
    keep = model == before.model or view in views or not views
    compare_state.change(number, ViewRef(model, view if keep else views[0]))


def _draw(look: Look, shown: MapFile, first: MapFile, marks: Marks) -> float | None:
    made = studio.aligned(shown, first)
    key, n = f"map-{look.number}", len(made.xy)
    name = f"{_title(look.panel.model)}, {look.panel.view}"
    events.drawn(key, marks.painting.codes, made.xy)
    stamp = ((str(each.path), each.created, each.seconds) for each in (shown, first))
    by = f"{METHOD_TITLES[shown.method]}, coloured by {marks.painting.label}"
    what = Shown(
        title=f"{n:,} molecules of {look.choice.data}, {name}, {by}",
        data=look.choice.data,
        model=look.panel.model,
        points=blobs.published(("aligned", *stamp), made.xy.tobytes),
        painting=marks.painting,
        codes=marks.codes,
        selected=marks.selected,
        found=marks.found,
        current=marks.current,
        group=GROUP,
        name=name,
    )
    molecule_map(key, what, partial(events.happened, key))
    return made.disparity


def _notes(shown: MapFile, disparity: float | None, first: MapFile) -> str:
    lost = len(shown.xy) - map_state.placed(shown.xy)
    notes = [f"{lost:,} molecules could not be embedded"] if lost else []
    if shown is first:
        notes.append("the others are turned onto this one")
    elif disparity is not None:
        notes.append(f"{1 - disparity:.0%} of the first map's layout is met")
    return "; ".join(notes).capitalize()
