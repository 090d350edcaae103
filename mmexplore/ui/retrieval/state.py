"""Retrieval request, as it stands in the URL: query, data set to search, spaces, filters."""

from dataclasses import dataclass, field, replace
from math import isfinite
from typing import Any

import streamlit as st

from mmexplore import studio
from mmexplore.runtime.errors import BadMolecule, MmexploreError
from mmexplore.studio import ECFP, MOST_PANELS, PROPERTIES, UNTRAINED, MoleculeRef, PeakList, ShownQuery, ViewRef
from mmexplore.ui.compare import state
from mmexplore.ui.components import waits
from mmexplore.ui.components.smiles_box import ANY_TEXT, structure_text
from mmexplore.ui.components.words import literal
from mmexplore.ui.retrieval import in_library
from mmexplore.ui.retrieval.peaks import peaks_text
from mmexplore.ui.retrieval.shown import Kind, shown_file
from mmexplore.ui.retrieval.shown import panels as shown_panels
from mmexplore.ui.shell import address, session
from mmexplore.ui.shell.session import Choice

_QUERY, _AMONG, _SPACES, _MARK = "query", "among", "spaces", "retrieval-of"
_STRUCTURE, _PEAKS = "Structure", "Peaks"
_SHOWN: dict[str, Kind] = {"Picture": "picture", "Conformer": "conformer"}


@dataclass(frozen=True)
class RetrievalRequest:
    """Retrieval request: what to search with, where, in which spaces, for how many, and what hits must be like.

    ``by_peaks``: a list of 13C peaks is the query, ``peaks``, None before one came; it has spaces of its own. ``kind``:
    a picture or a conformer is, ``shown``. A ``library`` has spaces of its own, too; "" where a data set is searched.
    """

    query: MoleculeRef | None
    typed: bool
    data: str
    panels: tuple[ViewRef, ...]
    k: int
    smarts: str = ""
    within: dict[str, tuple[float, float]] = field(default_factory=dict)
    by_peaks: bool = False
    peaks: PeakList | None = None
    kind: Kind | None = None
    shown: ShownQuery | None = None
    library: str = ""


def asked(choice: Choice) -> RetrievalRequest:
    """Draw the controls and read them."""
    _follow(choice)
    about: dict[str, Any] = {"kind": "the kind of query", "default": _STRUCTURE, "required": True}
    about |= {"label_visibility": "collapsed"}
    by = address.choose(st.segmented_control, "Sought by", [_STRUCTURE, _PEAKS, *_SHOWN], key="query-by", **about)
    left, middle, right = st.columns([6, 3, 1.2], vertical_alignment="bottom")
    shown_kind = _SHOWN.get(str(by))
    with left:
        peaks = peaks_text() if by == _PEAKS else None
        shown = shown_file(shown_kind) if shown_kind else None
        text = _structure() if by == _STRUCTURE else ""
    names = [*studio.available(), *(in_library.offered() if by == _STRUCTURE else ())]
    with middle:
        data = address.choose(
            st.selectbox, "Search in", names, index=names.index(choice.data), key=_AMONG, kind="the data set"
        )
    with right:
        k = address.whole(st, "Hits", 1, 50, 6, key="hits", kind="a number of hits")
    query = _query(choice, text) if by == _STRUCTURE else None
    library = data.removeprefix(in_library.PREFIX) if data and data.startswith(in_library.PREFIX) else ""
    with st.container(horizontal=True, vertical_alignment="bottom", wrap=False):
        panels = _spaces(choice) if by == _STRUCTURE and not library else ()
        smarts, within = _filters()
    smarts = _readable(smarts)
    panels = shown_panels(shown_kind, choice) if shown_kind else panels
    among = choice.data if library or not data else data
    waits.read(among)
    found = RetrievalRequest(query, bool(text), among, panels, k, smarts, within, by == _PEAKS, peaks)
    return replace(found, kind=shown_kind, shown=shown, library=library)


def _structure() -> str:
    return structure_text(
        "Query",
        _QUERY,
        bind="query-params",
        icon=":material/search:",
        placeholder=f"{ANY_TEXT}; empty: the current molecule",
    )


def _follow(choice: Choice) -> None:
    """Another data set is searched, another model's views are shown, as soon as the frame says so."""
    before = st.session_state.get(_MARK)
    st.session_state[_MARK] = choice
    if before and before.data != choice.data:
        st.session_state[_AMONG] = choice.data
    if before and (before.model, before.view) != (choice.model, choice.view):
        st.session_state[_SPACES] = [state.written([panel]) for panel in _standard(choice)]


def _query(choice: Choice, text: str) -> MoleculeRef | None:
    if not text:
        row = session.current_row()
        return studio.query_of_row(choice.data, row) if row >= 0 else None
    try:
        return studio.query_of(choice.data, text)
    except BadMolecule as mistake:
        st.warning(literal(mistake), icon=":material/search_off:")
        return None


def _standard(choice: Choice) -> tuple[ViewRef, ...]:
    return studio.standard_panels(choice.model, choice.view)


def _spaces(choice: Choice) -> tuple[ViewRef, ...]:
    """Two to six columns; the URL holds them as that of a comparison holds its maps."""
    offered = {state.written([panel]): panel for panel in _offered(choice)}
    standard = [state.written([panel]) for panel in _standard(choice)]
    picked = address.several(
        "Side by side",
        list(offered),
        standard,
        key=_SPACES,
        kind="the space",
        max_selections=MOST_PANELS,
        format_func=lambda code: _in_words(offered[code]) if code in offered else code,
        help="Up to six spaces in which neighbours are sought",
    )
    return tuple(offered[code] for code in picked if code in offered) or (ECFP,)


def _in_words(panel: ViewRef) -> str:
    return ", ".join(filter(None, title(panel)))


def _offered(choice: Choice) -> list[ViewRef]:
    """ECFP, then the chosen model and its untrained twin, then the others, then vectors that were imported."""
    models = sorted((m for m in studio.models() if m.recipe), key=lambda m: m.name != choice.model)
    trained = [ViewRef(model.name, view) for model in models for view in model.views]
    twins = [ViewRef(UNTRAINED + panel.model, panel.view) for panel in trained]
    own = [ViewRef(one.name, view) for one in studio.imported_embeddings() for view in one.views]
    return list(dict.fromkeys([ECFP, *_standard(choice), *trained, *twins, *own]))


def title(panel: ViewRef) -> tuple[str, str]:
    """A space in two parts: which view, trained or not, and of which model."""
    if panel == ECFP:
        return "ECFP", ""
    twin = ", untrained" if panel.model.startswith(UNTRAINED) else ""
    return panel.view + twin, panel.model.removeprefix(UNTRAINED)


def named(panels: list[ViewRef]) -> dict[str, ViewRef]:
    """Spaces by their names: the view's, with the model's where another one has a view of that name too."""
    views = [title(panel)[0] for panel in panels]
    return {
        view if views.count(view) == 1 else ", ".join(filter(None, title(panel))): panel
        for view, panel in zip(views, panels, strict=True)
    }


def _filters() -> tuple[str, dict[str, tuple[float, float]]]:
    with st.popover("Filters", icon=":material/filter_alt:"):
        about: dict[str, Any] = {"key": "smarts", "bind": "query-params", "max_chars": 500, "placeholder": "c1ccncc1"}
        smarts = (st.text_input("Contains (SMARTS or SMILES)", **about) or "").strip()
        names = address.several("Properties", PROPERTIES, key="properties", kind="the property")
        ranges = {name: _range(name) for name in names}
    return smarts, {name: bounds for name, bounds in ranges.items() if any(map(isfinite, bounds))}


def _readable(smarts: str) -> str:
    """The pattern, "" for one that cannot be read, which it says across the page."""
    try:
        studio.check_pattern(smarts)
    except MmexploreError as mistake:
        st.warning(literal(f"Hits are not filtered by what they contain: {mistake}"), icon=":material/search_off:")
        return ""
    return smarts


def _range(name: str) -> tuple[float, float]:
    low, high = st.columns(2)
    key = name.replace(" ", "-")
    about: dict[str, Any] = {"value": None, "kind": f"a bound of {name}"}
    least = address.number(low.number_input, f"{name}, from", key=f"{key}-from", **about)
    most = address.number(high.number_input, "to", key=f"{key}-to", **about)
    return (float("-inf") if least is None else float(least), float("inf") if most is None else float(most))
