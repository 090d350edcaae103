"""A library searched from the Retrieval page: a list for each space that it holds, how it was searched, a table."""

import shlex
from dataclasses import replace
from typing import Any

import pandas as pd
import streamlit as st

from mmexplore import studio
from mmexplore.runtime.errors import MmexploreError
from mmexplore.studio import LibraryHits, LibraryQuery
from mmexplore.ui.components import structures
from mmexplore.ui.components.drawings import of_smiles
from mmexplore.ui.components.hit_lists import Hit, HitColumn, hit_lists, picked
from mmexplore.ui.components.words import literal

PREFIX = "library: "
"""What the name of a library begins with where data sets are offered, too."""
_FIT = ("space", "similarity", "name", "smiles")
_LISTS, _SMILES, _QUERY = "library-hits", "library-smiles", "query"


def offered() -> list[str]:
    """Libraries as the page offers them."""
    return [PREFIX + one.name for one in studio.libraries()]


def library_page(name: str, smiles: str, asked: LibraryQuery) -> None:
    """Hits of a molecule in every space of a library."""
    told = studio.library_status(name)["stages"][0]
    rows, rejected = told["rows"], told["rejected"]
    unready = "" if told["shards"] == told["of"] else f", {told['of'] - told['shards']} shards still to be made"
    st.caption(literal(f"Most like the query among {rows - rejected:,} molecules of the library {name}{unready}."))
    lists: dict[str, LibraryHits] = {}
    columns: list[HitColumn] = []
    with st.spinner("Searching ..."):
        for space in studio.library_spaces(name):
            columns.append(_column(name, smiles, replace(asked, space=space), lists))
    st.session_state[_SMILES] = {
        int(row): text
        for found in lists.values()
        for row, text in zip(found.table["row"], found.table["smiles"], strict=True)
    }
    hit_lists(_LISTS, columns, _pick)
    if lists:
        _table(name, lists)


def _column(name: str, smiles: str, asked: LibraryQuery, lists: dict[str, LibraryHits]) -> HitColumn:
    model, at, view = asked.space.rpartition("@")
    heading, words = (view, f"{model}, cosine") if at else ("ECFP", "Tanimoto")
    if not studio.library_is_ready(name, asked):
        command = ["mmexplore", "library", "search", name, "--query", smiles, *(["--view", asked.space] if at else [])]
        return HitColumn(heading, words, (), f"Its index is not made yet; this makes it: {shlex.join(command)}")
    try:
        lists[asked.space] = found = studio.library_hits(name, smiles, asked)
    except MmexploreError as mistake:
        return HitColumn(heading, words, (), str(mistake))
    how = found.words if found.recall == 1 else f"recall {found.recall:.2f}: {found.words}"
    if not len(found.table):
        return HitColumn(heading, f"{words}; {how}", (), "No molecule passes the filters.")
    hits = tuple(
        Hit(of_smiles(str(one["smiles"])), int(one["row"]), f"{one['similarity']:.4f}", _called(one), "")
        for one in found.table.to_dict("records")
    )
    return HitColumn(heading, f"{words}; {how}", hits)


def _called(one: dict[Any, Any]) -> str:
    return str(one["name"]) or f"{one['source']}, line {one['line']}"


def _pick() -> None:
    """A hit that is clicked becomes the query."""
    if smiles := st.session_state.get(_SMILES, {}).get(picked(_LISTS)):
        st.session_state[_QUERY] = smiles


def _table(name: str, lists: dict[str, LibraryHits]) -> None:
    whole = pd.concat([found.table.assign(space=space) for space, found in lists.items()], ignore_index=True)
    structures.fitting(whole, _FIT, "library-hits", height=min(420, 42 + 35 * len(whole)))
    csv = studio.to_csv(whole).encode()
    st.download_button("CSV", csv, f"{name}-hits.csv", "text/csv", icon=":material/download:", on_click="ignore")
