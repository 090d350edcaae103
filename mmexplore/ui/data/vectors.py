"""Vectors of one's own on the Data page: a file becomes a view beside a model's, and those that are here already."""

from pathlib import Path
from typing import Any

import streamlit as st

from mmexplore import studio
from mmexplore.datasets.readers.vectors import ENDINGS
from mmexplore.runtime.errors import MmexploreError
from mmexplore.studio import Dataset, Imported
from mmexplore.ui.components import model_links
from mmexplore.ui.components.words import literal
from mmexplore.ui.shell import backups, uploads

_TURN, _SAID = "data/vectors/turn", "data/vectors/said"
_ABOUT = (
    "A file with a vector a molecule becomes a view beside a model's: it can be mapped, compared, searched and probed. "
    "Rows are matched by a column of SMILES or of names, else by their order."
)


def show(dataset: Dataset) -> None:
    """Draw the box for a file, what became of the last one, and the embeddings of this data set."""
    st.text(_ABOUT)
    key = f"data/vectors/{dataset.name}/{st.session_state.get(_TURN, 0)}"
    given = st.file_uploader("File of vectors", list(ENDINGS), key=key, help=".npy, .npz or Parquet")
    left, middle, right = st.columns(3)
    usual = uploads.title_of(Path(given.name)) if given else ""
    left.text_input("Name", max_chars=80, key=f"{key}/name", placeholder=usual)
    middle.text_input(
        "Column of names or SMILES", key=f"{key}/column", help="empty: one of a usual name, else the order"
    )
    right.text_input("Array or column of vectors", key=f"{key}/array", help="where the file holds several")
    by = st.radio("That column holds", ["SMILES", "names"], horizontal=True, key=f"{key}/by")
    about: dict[str, Any] = {"type": "primary", "disabled": given is None, "key": f"{key}/start"}
    st.button("Import these vectors", on_click=_import, args=(dataset.name, key, by), **about)
    good, lines = st.session_state.get(f"{_SAID}/{dataset.digest}", (True, []))
    for number, line in enumerate(lines):
        (st.text if number else st.success if good else st.error)(literal(line) if number == 0 else line)
    for one in studio.imported_embeddings(dataset.name):
        _one(one)


def _import(data: str, key: str, by: str) -> None:
    given, column = st.session_state.get(key), str(st.session_state.get(f"{key}/column", "")).strip()
    if given is None:
        return
    said = f"{_SAID}/{studio.dataset(data).digest}"
    options: dict[str, Any] = {"smiles" if by == "SMILES" else "ids": column} if column else {}
    options["array"] = str(st.session_state.get(f"{key}/array", "")).strip()
    try:
        path = uploads.keep(given.name, given.getvalue())
        try:
            name = str(st.session_state[f"{key}/name"]).strip() or uploads.title_of(Path(given.name))
            made = studio.import_embedding(path, data, name, **options)
        finally:
            uploads.forget(path)
    except (MmexploreError, OSError) as error:
        st.session_state[said] = (False, [str(error)])
        return
    words = f"{made.title}: {made.held:,} of {made.n:,} molecules have a vector of {made.width:,} numbers."
    st.session_state[said] = (True, [words, *made.notes])
    st.session_state[_TURN] = st.session_state.get(_TURN, 0) + 1


def _one(one: Imported) -> None:
    with st.container(border=True):
        st.markdown(f"**{literal(one.title)}**")
        st.text(f"{one.held:,} of {one.n:,} molecules, {one.width:,} numbers each; {'; '.join(one.notes)}")
        with st.container(horizontal=True, vertical_alignment="center"):
            model_links.link(one.name)
            backups.save(model=one.name)
            with st.popover("Rename", icon=":material/edit:"), st.form(f"vectors/rename/{one.name}", border=False):
                key = f"vectors/title/{one.name}"
                st.text_input("New name", one.title, max_chars=80, key=key)
                st.form_submit_button("Rename", on_click=_renamed, args=(one.name, key))
            with st.popover("Delete", icon=":material/delete:"):
                st.text(f"Delete {one.title}? The data set stays.")
                about: dict[str, Any] = {"type": "primary", "on_click": _try, "args": (studio.delete_model, one.name)}
                st.button("Delete these vectors", key=f"vectors/delete/{one.name}", **about)


def _renamed(name: str, key: str) -> None:
    _try(studio.rename_model, name, str(st.session_state[key]))


def _try(act: Any, *arguments: str) -> None:
    try:
        act(*arguments)
    except (MmexploreError, OSError) as error:
        st.toast(literal(error), icon=":material/error:")
