"""Deep links, what a link asks of its page: taken out of the address before anything is drawn, and done."""

from collections.abc import Callable

import streamlit as st

from mmexplore.ui.components import model_links
from mmexplore.ui.shell import address, session, tabs, tour

_DOORS: dict[str, Callable[[str], None]] = {
    tour.STEP: tour.arrive,
    model_links.USE: model_links.arrive,
    model_links.ON: model_links.arrive_with,
    session.MOLECULE: session.arrive,
    tabs.OF: tabs.arrive_at_subgraphs,
}


def arrive() -> None:
    """Do what the address asks; what cannot be done is told once the choice is known (:func:`answer`)."""
    for name, door in _DOORS.items():
        if name in st.query_params:
            door(str(st.query_params.pop(name)))


def answer() -> None:
    """Say what could not be done, until the visitor has chosen something else."""
    for name in _DOORS:
        address.answer(name, session.choice())
