"""A picture or a conformer as a query: the file, the molecules that a model finds most like it, and the file again."""

from dataclasses import dataclass
from typing import Literal

import streamlit as st

from mmexplore import studio
from mmexplore.runtime.errors import MmexploreError
from mmexplore.studio import ECFP, HitList, MoleculeRef, ShownQuery, ViewRef
from mmexplore.ui.components import molecule, waits
from mmexplore.ui.components.words import literal
from mmexplore.ui.shell import address
from mmexplore.ui.shell.session import Choice

Kind = Literal["picture", "conformer"]
_ENDINGS = {"picture": ["png"], "conformer": ["sdf", "sd", "mol"]}
_MOST_MB = 8
_LABELS = {"picture": "Picture of a structure (PNG)", "conformer": "Conformer (SDF, in space)"}
EMPTY = {
    "picture": "Give a PNG with one drawn structure above, a screenshot or an export: the molecules whose drawings are "
    "most like it are listed.",
    "conformer": "Give an SDF of one molecule with places in space above: the molecules of the most similar shape are "
    "listed, beside those of the most similar structure.",
}
ICONS = {"picture": ":material/image:", "conformer": ":material/view_in_ar:"}
_LINK = "The link of this page holds the name under which the server keeps this file, and leads here while it does."


@dataclass(frozen=True)
class ShownSearch:
    """What is shown, by which views it is sought, where, for how many hits, and what hits must be like."""

    shown: ShownQuery
    panels: tuple[ViewRef, ...]
    data: str
    k: int
    smarts: str
    within: dict[str, tuple[float, float]]


def shown_file(kind: Kind) -> ShownQuery | None:
    """Draw the box for a file and read it; None where none came, or one that could not be read, which it says."""
    key = f"{kind}/given"
    st.file_uploader(
        _LABELS[kind], _ENDINGS[kind], key=key, max_upload_size=_MOST_MB, on_change=_read, args=(kind, key)
    )
    came = address.arriving(kind)
    if came is not None or (address.went_back() and kind not in st.query_params):
        st.session_state[_name(kind)] = came or None
        st.session_state.pop(_why(kind), None)
    if told := st.session_state.get(_why(kind)):
        st.warning(literal(told), icon=":material/search_off:")
    found = None
    if name := st.session_state.get(_name(kind)):
        try:
            found = studio.kept_shown(kind, name)
        except MmexploreError:
            address.tell(kind, address.lacking(f"the {kind}", name, "", "this server does not keep"))
            st.session_state[_name(kind)] = name = None
    address.keep(kind, name)
    address.answer(kind, name)
    return found


def _read(kind: Kind, key: str) -> None:
    """An uploaded file is kept under a name, which goes into the link."""
    given = st.session_state.get(key)
    st.session_state[_why(kind)], st.session_state[_name(kind)] = "", None
    if given is None:
        return
    try:
        st.session_state[_name(kind)] = studio.keep_shown(studio.shown_query(kind, given.getvalue()))
    except MmexploreError as mistake:
        st.session_state[_why(kind)] = str(mistake)
    except OSError:
        st.session_state[_why(kind)] = "the server cannot keep the file, which a search needs; free space would do"


def _name(kind: Kind) -> str:
    return f"{kind}/name"


def _why(kind: Kind) -> str:
    return f"{kind}/why"


def panels(kind: Kind, choice: Choice) -> tuple[ViewRef, ...]:
    """Views that read it: the chosen model's where it has one, else the shipped one's; ECFP of what an SDF holds."""
    own = studio.shown_panel(kind, choice.model, usual=True)
    return (own, ECFP) if kind == "conformer" else (own,)


def search(asked: ShownSearch) -> tuple[dict[ViewRef, HitList], dict[ViewRef, str]]:
    """Hits of each view that is there, or the sentence that says why there are none."""
    lists: dict[ViewRef, HitList] = {}
    problems: dict[ViewRef, str] = {}
    lacking = studio.lacking(asked.panels, asked.data)
    waits.embedded(lacking, asked.data)
    with st.spinner("Searching ..."):
        for panel in asked.panels:
            if panel.model in lacking:
                continue
            try:
                lists[panel] = studio.shown_hits(asked.shown, panel, asked.data, asked.k, asked.smarts, asked.within)
            except MmexploreError as mistake:
                problems[panel] = str(mistake)
    return lists, problems


def trust(asked: ShownSearch) -> None:
    """How far to trust what is found, where the model was measured; and what the link leads to."""
    if asked.panels[0] == studio.shown_panel(asked.shown.kind):
        st.caption(literal(studio.shown_trust(asked.shown.kind)))
    st.caption(_LINK)


def query_card(choice: Choice, asked: ShownSearch) -> None:
    """What was shown, as it is read, and what is to be said of it."""
    kind = asked.shown.kind
    st.markdown(f"**The {kind}, the query**")
    if kind == "picture":
        st.image(asked.shown.png, caption="As it is read: cropped, on white", width=240)
    else:
        molecule.show(MoleculeRef(asked.shown.smiles), choice.model, choice.view, "retrieval-shown")
    for note in asked.shown.told:
        st.caption(literal(note))
