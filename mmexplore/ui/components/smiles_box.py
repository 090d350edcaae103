"""A box for one molecule: typed as SMILES, or drawn in Ketcher, which opens beside it and needs no network.

The editor is optional: where ``streamlit-ketcher`` is not installed, the box stands alone.
"""

from importlib.util import find_spec
from typing import Any

import streamlit as st

from mmexplore.runtime.errors import BadMolecule
from mmexplore.ui.components.words import literal

EDITOR = "streamlit_ketcher"
_MOST_CHARACTERS = 2_000
_EDITOR_PX = 460


def smiles_box(label: str, key: str, **about: Any) -> str | None:
    """The canonical SMILES of what stands in the box; None where it is empty, or junk, which a sentence below says.

    ``about`` goes to the text box (``placeholder``, ``bind``, ``help``, ...).
    """
    from mmexplore.chem import molecules

    text = structure_text(label, key, **about)
    if not text:
        return None
    try:
        return molecules.canonical(molecules.parse(text))
    except BadMolecule as mistake:
        st.warning(literal(mistake), icon=":material/search_off:")
        return None


def structure_text(label: str, key: str, **about: Any) -> str:
    """What stands in the box, as it was typed or drawn; for boxes that take names and SMARTS too."""
    drawn = st.session_state.pop(f"{key}/drawn", None)
    if drawn is not None:
        st.session_state[key], st.session_state[f"{key}/editor"] = drawn, False
    with st.container(horizontal=True, vertical_alignment="bottom", gap="xsmall", wrap=False):
        typed = st.text_input(label, key=key, max_chars=_MOST_CHARACTERS, **about) or ""
        if find_spec(EDITOR):
            _editor(key, typed.strip())
    return typed.strip()


def _editor(key: str, text: str) -> None:
    words = "Draw a molecule"
    with st.popover("", icon=":material/draw:", help=words, key=f"{key}/editor", on_change="rerun") as opened:
        if not opened.open:
            return
        st.caption("Draw, then press Apply: the SMILES goes into the box.")
        with st.container(width=640):
            drawn = _ketcher(f"{key}/ketcher/{text}", text if _readable(text) else "")
    if drawn != text and drawn:
        st.session_state[f"{key}/drawn"] = drawn
        st.rerun()


def _ketcher(key: str, smiles: str) -> str:
    """What was applied; a key that holds the text forgets what was drawn before another text was typed."""
    from streamlit_ketcher import st_ketcher

    return str(st_ketcher(smiles, height=_EDITOR_PX, key=key) or "")


def _readable(text: str) -> bool:
    from mmexplore.chem import molecules

    return molecules.readable(text)
