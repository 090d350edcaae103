"""Labels and contours of the Map: what molecules that lie together have in common, drawn where they lie."""

from functools import partial

import numpy as np
import streamlit as st

from mmexplore import studio
from mmexplore.studio import MapFile, MapLabel
from mmexplore.ui.components import waits
from mmexplore.ui.map import state
from mmexplore.ui.server import blobs
from mmexplore.ui.shell import address
from mmexplore.ui.shell.session import Choice

_LABELS = "labels/shown"
_LABELS_HELP = """What the molecules at each density peak have in common: their scaffold, a ring system or their common
part, where it tells them from the rest of the map. Finer ones appear as you zoom in; a click selects the molecules."""
_CONTOURS_HELP = "Lines that enclose 10, 30, 50, 70 and 90 % of the molecules where they lie closest"


def switches() -> tuple[bool, bool]:
    """The switches of labels and contours."""
    return (
        address.toggle("Labels", key="labels", help=_LABELS_HELP),
        address.toggle("Density contours", key="contours", help=_CONTOURS_HELP),
    )


def labels(choice: Choice, shown: MapFile, method: str, *, wanted: bool) -> tuple[MapLabel, ...]:
    """Labels that are asked for; none while a job is at them, which shows how far it is."""
    known = _labels(choice, shown, method) if wanted else ()
    st.session_state[_LABELS] = known
    return known


def _labels(choice: Choice, shown: MapFile, method: str) -> tuple[MapLabel, ...]:
    known = studio.stored_labels(shown, choice.model, choice.data)
    if known is None and state.is_final(shown, method):

        def is_there() -> bool:
            return studio.stored_labels(shown, choice.model, choice.data) is not None

        start = partial(studio.start_labels, choice.model, choice.data, choice.view, shown.method, shown.seed)
        what, lost = "The labels come once each region is looked at", "The regions were not looked at."
        waits.made_beside(f"labels-job/{shown.digest}", start, what, lost, is_there)
    elif known == ():
        st.caption("Nothing tells the regions of this map from each other.")
    return known or ()


def contours(shown: MapFile, *, wanted: bool) -> str:
    """Blob of the contour lines that are asked for, "" for none."""
    if not wanted:
        return ""
    return blobs.published(
        ("contours", str(shown.path), shown.created, shown.seconds), lambda: studio.map_contours(shown).tobytes()
    )


def rows_of(number: int) -> np.ndarray:
    """Rows of the label that was clicked."""
    known: tuple[MapLabel, ...] = st.session_state.get(_LABELS, ())
    return np.array(known[number].rows if 0 <= number < len(known) else (), np.int64)
