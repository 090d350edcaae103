"""Retrieval: the molecules most like a query, in several spaces side by side, and how far these agree with ECFP."""

from collections.abc import Callable
from functools import partial
from typing import Any

import streamlit as st

from mmexplore import studio
from mmexplore.runtime.errors import MmexploreError
from mmexplore.studio import Dataset, HitList, MoleculeRef, PeakHits, ViewRef
from mmexplore.ui.components import molecule, structures, waits
from mmexplore.ui.components.drawings import of_row
from mmexplore.ui.components.hit_lists import Hit, HitColumn, hit_lists, picked
from mmexplore.ui.components.words import left_out, literal
from mmexplore.ui.retrieval import in_library, peaks, state
from mmexplore.ui.retrieval import shown as shown_queries
from mmexplore.ui.retrieval.agreement import agreement_panel
from mmexplore.ui.retrieval.doubt import doubt_panel
from mmexplore.ui.retrieval.pairs import pairs_panel
from mmexplore.ui.retrieval.probes import probe_panel
from mmexplore.ui.retrieval.state import RetrievalRequest, title
from mmexplore.ui.shell import address, session, tour
from mmexplore.ui.shell.session import Choice

_LISTS, _TRAIL, _PICKED, _TABS = "hit-lists", "retrieval-trail", "retrieval-picked", "below"
_HIT = "hit"


def retrieval_page() -> None:
    """The whole page."""
    st.title("Retrieval", anchor=False)
    choice = session.choice()
    asked = state.asked(choice)
    if asked.by_peaks:
        _by_peaks(choice, asked)
        return
    if asked.kind:
        _by_shown(choice, asked, asked.kind)
        return
    if asked.library and asked.query is not None:
        wanted = studio.LibraryQuery(k=asked.k, within=asked.within, smarts=asked.smarts)
        in_library.library_page(asked.library, asked.query.smiles, wanted)
        return
    lacking = studio.lacking(asked.panels, asked.data)
    ready = [panel for panel in asked.panels if panel.model not in lacking]
    if asked.query is not None:
        waits.embedded(lacking, asked.data)
        lacking = []
    lists: dict[ViewRef, HitList] = {}
    if asked.query is None and not asked.typed:
        st.info(
            "There is no query yet. Type a name or a SMILES above, draw a molecule, or click one on the Map.",
            icon=":material/search:",
        )
        tour.example_button(choice)
    elif asked.query is not None:
        lists = _body(choice, asked, asked.query, ready)
    _below(choice, asked, ready, lists, lacking)


def _by_peaks(choice: Choice, asked: RetrievalRequest) -> None:
    """The page where a list of peaks is the query."""
    if asked.peaks is None:
        st.info(
            "Type or paste the 13C shifts of a molecule above, as a paper prints them, or read them from a file: the "
            "molecules whose structures fit them best are listed, measured or not.",
            icon=":material/show_chart:",
        )
    wanted = peaks.PeakSearch(asked.peaks, asked.data, asked.k, asked.smarts, asked.within) if asked.peaks else None
    found = peaks.search(wanted) if wanted else None
    if wanted and found:
        _peak_lists(choice, wanted, found)
    table, doubted = address.tabs(["Hits as a table", "Doubt my molecule"], f"{_TABS}-peaks")
    with table:
        if table.open and wanted and found:
            peaks.table(choice, wanted, found)
    if doubted.open:
        with doubted:
            doubt_panel(asked.peaks, asked.data)


def _peak_lists(choice: Choice, asked: peaks.PeakSearch, found: dict[str, PeakHits]) -> None:
    card, right = st.columns([4, 8], gap="medium")
    with right:
        data = studio.dataset(asked.data)
        only = f", of those that contain {asked.smarts}" if asked.smarts else ""
        words = f"Structures that fit {len(asked.peaks)} peaks best among {len(data):,} of {data.title}{only}."
        st.caption(literal(words))
        st.session_state[_LISTS + "/of"] = (asked.data, True)
        hit_lists(_LISTS, peaks.columns(found, asked), _pick)
    with card:
        row = _clicked(asked.data)
        address.keep(_HIT, str(row) if row >= 0 else None)
        address.answer(_HIT, row)
        peaks.cards(choice, asked, found, row)


def _by_shown(choice: Choice, asked: RetrievalRequest, kind: shown_queries.Kind) -> None:
    """The page where a picture or a conformer is the query."""
    lists: dict[ViewRef, HitList] = {}
    if asked.shown is None:
        st.info(shown_queries.EMPTY[kind], icon=shown_queries.ICONS[kind])
    else:
        about = (asked.panels, asked.data, asked.k, asked.smarts, asked.within)
        wanted = shown_queries.ShownSearch(asked.shown, *about)
        card, found = st.columns([4, 8], gap="medium")
        with found:
            lists, problems = shown_queries.search(wanted)
            _heading(asked, f"the {kind}")
            shown_queries.trust(wanted)
            st.session_state[_LISTS + "/of"] = (asked.data, True)
            hit_lists(_LISTS, [_column(panel, asked, lists.get(panel), {}, problems) for panel in asked.panels], _pick)
            _left_out(list(lists), asked.data)
        with card:
            shown_queries.query_card(choice, wanted)
            _hit_card(choice, asked.data, -1)
    (table,) = address.tabs(["Hits as a table"], f"{_TABS}-{kind}")
    with table:
        _table(choice, asked, list(lists.values()))


def _body(choice: Choice, asked: RetrievalRequest, query: MoleculeRef, ready: list[ViewRef]) -> dict[ViewRef, HitList]:
    card, found = st.columns([3, 10] if len(asked.panels) > 2 else [4, 8], gap="medium")
    with found:
        lists, problems = _search(asked, query, ready)
        _heading(asked, molecule.title(query) if query.row >= 0 else "the typed molecule")
        near = studio.shared(list(lists.values()))
        columns = [_column(panel, asked, lists.get(panel), near, problems) for panel in asked.panels]
        st.session_state[_LISTS + "/of"] = (asked.data, asked.typed)
        hit_lists(_LISTS, columns, _pick)
        _left_out(list(lists), asked.data)
    with card:
        _cards(choice, asked.data, query)
    return lists


def _search(
    asked: RetrievalRequest, query: MoleculeRef, ready: list[ViewRef]
) -> tuple[dict[ViewRef, HitList], dict[ViewRef, str]]:
    """Hits of each space that is there, or the sentence that says why there are none."""
    lists: dict[ViewRef, HitList] = {}
    problems: dict[ViewRef, str] = {}
    with st.spinner("Searching ..."):
        for panel in ready:
            try:
                lists[panel] = studio.hits(query, panel, asked.data, asked.k, asked.smarts, asked.within)
            except MmexploreError as mistake:
                problems[panel] = str(mistake)
    return lists, problems


def _left_out(panels: list[ViewRef], data: str) -> None:
    """Names the molecules that a list cannot hold, once for each model."""
    for name in dict.fromkeys(panel.model for panel in panels):
        if words := left_out(studio.skipped(name, data), f"among the hits of {name}"):
            st.caption(literal(words))


def _heading(asked: RetrievalRequest, name: str) -> None:
    data = studio.dataset(asked.data)
    only = f", of those that contain {asked.smarts}" if asked.smarts else ""
    only += f", within the ranges of {', '.join(asked.within)}" if asked.within else ""
    words = f"Most like {name} among {len(data):,} molecules of {data.title}{only}"
    shared = " A coloured edge marks what several lists share; point at one to see where."
    st.caption(literal(f"{words}.{shared if len(asked.panels) > 1 else ''}"))


def _column(
    panel: ViewRef,
    asked: RetrievalRequest,
    found: HitList | None,
    near: dict[ViewRef, float],
    problems: dict[ViewRef, str],
) -> HitColumn:
    heading, words = title(panel)
    words = f"{words}, cosine" if words else "Tanimoto"
    if found is None:
        return HitColumn(
            heading, words, (), problems.get(panel, "The embedding is being made; the bar above says how far.")
        )
    if not len(found.rows):
        tried = f" among the {found.tried:,} most similar" if found.tried else ""
        return HitColumn(heading, words, (), f"No molecule{tried} passes the filters.")
    if panel in near:
        words += f"; {round(near[panel] * len(found.rows))} of {len(found.rows)} shared with ECFP"
    if found.tied:
        words += f"; {found.tied:,} molecules tie at {shown(found.similarity[-1])}, shown by row"
    data = studio.dataset(asked.data)
    pairs = zip(found.rows.tolist(), found.similarity.tolist(), strict=True)
    return HitColumn(heading, words, tuple(_hit(data, asked, row, similarity) for row, similarity in pairs))


def _hit(data: Dataset, asked: RetrievalRequest, row: int, similarity: float) -> Hit:
    name = str(data.names[row]) or f"Molecule {row + 1}"
    return Hit(of_row(asked.data, row, asked.smarts), row, shown(similarity), name, molecule.label_of(data, row))


def shown(similarity: float) -> str:
    """Four decimals, and never 1.0000 for what is not the same.

    >>> shown(0.99999), shown(1.0), shown(0.77149)
    ('0.9999', '1.0000', '0.7715')
    """
    return f"{similarity:.4f}" if similarity >= 1 - 1e-7 or similarity < 0.99995 else "0.9999"


def _pick() -> None:
    """A hit becomes the current molecule; one of another data set is only shown."""
    row, (data, typed) = picked(_LISTS), st.session_state[_LISTS + "/of"]
    if row < 0:
        return
    st.session_state[_PICKED] = (data, row)
    if data == session.choice().data:
        before = session.current_row()
        if not typed and before not in (row, -1):
            st.session_state.setdefault(_TRAIL, []).append((data, before))
        session.choose_row(row)


def _cards(choice: Choice, among: str, query: MoleculeRef) -> None:
    """The query in detail, and below it the hit that was clicked, where that is another molecule."""
    _back(choice)
    st.markdown(f"**{literal(molecule.title(query))}**, the query")
    molecule.show(query, choice.model, choice.view, "retrieval-query")
    _hit_card(choice, among, query.row if among == query.data else -1)


def _hit_card(choice: Choice, among: str, own: int) -> None:
    """The hit that was clicked, where that is another molecule than the query's own row."""
    row = _clicked(among)
    apart = row >= 0 and row != own
    address.keep(_HIT, str(row) if apart else None)
    address.answer(_HIT, row)
    if not apart:
        return
    try:
        hit = studio.query_of_row(among, row)
    except (MmexploreError, IndexError):
        return  # the data set is gone, or another one goes by its name
    st.markdown(f"**{literal(molecule.title(hit))}**, the hit that was clicked")
    molecule.show(hit, choice.model, choice.view, "retrieval-hit")


def _clicked(among: str) -> int:
    """The hit that was clicked in the data set that is searched, or that a link names; -1 where there is none."""
    came = address.arriving(_HIT)
    if came is not None or (address.went_back() and _HIT not in st.query_params):
        text = came or ""
        row = int(text) if text.isascii() and text.isdigit() and len(text) < 10 else -1
        known = 0 <= row < len(studio.dataset(among))
        if text and not known:
            address.tell(_HIT, address.lacking("the hit", text, ""))
        st.session_state[_PICKED] = (among, row if known else -1)
    data, row = st.session_state.get(_PICKED, ("", -1))
    return int(row) if data == among else -1


def _back(choice: Choice) -> None:
    """The way back along the molecules that were queries."""
    trail = [step for step in st.session_state.get(_TRAIL, []) if step[0] == choice.data]
    while trail and trail[-1] == (choice.data, session.current_row()):
        trail.pop()  # the browser's Back has led here already
    st.session_state[_TRAIL] = trail
    if trail:
        name = molecule.title(studio.query_of_row(*trail[-1]))
        st.button(f"Back to {literal(name)}", icon=":material/arrow_back:", type="tertiary", on_click=_go_back)


def _go_back() -> None:
    _, row = st.session_state[_TRAIL].pop()
    session.choose_row(row)


def _below(
    choice: Choice, asked: RetrievalRequest, ready: list[ViewRef], lists: dict[ViewRef, HitList], lacking: list[str]
) -> None:
    """The tabs; one that is about the spaces has them made, ``lacking`` those that no query has asked for."""
    names = ["Hits as a table", "Agreement with ECFP", "Near and far", "Linear probe"]
    table, alike, apart, line = address.tabs(names, _TABS)
    with table:
        if table.open:
            _table(choice, asked, list(lists.values()))
    panels: dict[Any, Callable[[], None]] = {
        alike: partial(agreement_panel, ready, asked.data, asked.k),
        apart: partial(pairs_panel, ready, asked.data),
        line: partial(probe_panel, ready, asked.data),
    }
    for tab, panel in panels.items():
        if tab.open:
            with tab:
                waits.embedded(lacking, asked.data)
                panel()


def _table(choice: Choice, asked: RetrievalRequest, lists: list[HitList]) -> None:
    import pandas as pd

    if not any(len(found.rows) for found in lists):
        st.caption("Hits appear here as a table, with all that is known of them.")
        return
    tables = [studio.hit_table(found, asked.data, choice.model) for found in lists]
    whole = pd.concat(tables, ignore_index=True)
    tasks = [task.name for task in studio.dataset(asked.data).tasks[:1]]
    fit = {"rank", "space", "similarity", "name", "smiles", *tasks, *(f"{name}, predicted" for name in tasks)}
    about: dict[str, Any] = {"height": min(420, 42 + 35 * len(whole)), "alt": "Hits of all lists"}
    structures.fitting(whole, fit, "hits", **about)
    name = f"{asked.data}-hits"
    with st.container(horizontal=True):
        csv = studio.to_csv(whole).encode()
        st.download_button("CSV", csv, f"{name}.csv", "text/csv", icon=":material/download:", on_click="ignore")
        st.download_button(
            "SDF",
            lambda: studio.hits_sdf(lists, asked.data, choice.model).encode(),
            f"{name}.sdf",
            "chemical/x-mdl-sdfile",
            icon=":material/download:",
            on_click="ignore",
        )
