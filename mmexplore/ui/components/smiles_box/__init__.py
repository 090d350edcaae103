"""A box for what a chemist types, or draws in Ketcher, which opens beside it and needs no network.

What the text means is read by :mod:`mmexplore.datasets.search` alone.

The editor is optional: where ``streamlit-ketcher`` is not installed, the box stands alone.
"""

from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import streamlit as st
import streamlit.components.v1 as components

from mmexplore.datasets.search import structure
from mmexplore.runtime.errors import BadMolecule

ANY_TEXT = "name, SMILES, InChI or SMARTS"
EDITOR = "streamlit_ketcher"
_EDITOR_PX = 400  # Ketcher takes no less; with it Apply is in view on a window of 768 lines


def structure_text(label: str, key: str, **about: Any) -> str:
    """Structure text in the box, as it was typed or drawn. ``about`` goes to the text box (``placeholder``, ...)."""
    drawn = st.session_state.pop(f"{key}/drawn", None)
    if drawn is not None:
        st.session_state[key], st.session_state[f"{key}/editor"] = spelled(drawn), False
    with st.container(horizontal=True, vertical_alignment="bottom", gap="xsmall", wrap=False):
        typed = st.text_input(label, key=key, **about) or ""
        if _has_editor():
            _editor(key, typed.strip())
    return typed.strip()


@cache
def _has_editor() -> bool:
    return find_spec(EDITOR) is not None


def _editor(key: str, text: str) -> None:
    words = "Draw a molecule, then press Apply: its canonical SMILES goes into the box"
    with st.popover("", icon=":material/draw:", help=words, key=f"{key}/editor", on_change="rerun") as opened:
        if not opened.open:
            return
        with st.container(width=640):
            drawn = _ketcher(f"{key}/ketcher/{text}", text if _drawable(text) else "")
    if drawn != text and drawn:
        st.session_state[f"{key}/drawn"] = drawn
        st.rerun()


def _ketcher(key: str, smiles: str) -> str:
    """What was applied; a key that holds the text forgets what was drawn before another text was typed."""
    about = {"molecule": smiles, "height": _EDITOR_PX, "molecule_format": "SMILES", "default": smiles}
    return str(_component()(key=key, **about) or "")


@cache
def _component() -> Any:
    """streamlit-ketcher's editor, in a page of ours that mends it (``ketcher/instance.js``)."""
    import_module(EDITOR)  # which has Streamlit serve its files
    return components.declare_component("ketcher", path=str(Path(__file__).with_name("ketcher")))


def spelled(text: str) -> str:
    """A drawn text as the box shows it: a molecule as its canonical SMILES; a pattern or a reaction as it is drawn.

    >>> spelled("C1=CC=CC=C1"), spelled("CCO>>CC=O")
    ('c1ccccc1', 'CCO>>CC=O')
    """
    try:
        return structure(text).molecule or text
    except BadMolecule:
        return text


def _drawable(text: str) -> bool:
    """Whether the editor can begin with it."""
    try:
        return bool(structure(text).molecule)
    except BadMolecule:
        return False
