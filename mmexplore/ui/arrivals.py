"""What a link asks of the page that it leads to: taken out of the address before anything is drawn, and done."""

from collections.abc import Callable

import streamlit as st

from mmexplore.ui import demo, model_links, session, subgraph_link

_DOORS: dict[str, Callable[[str], None]] = {
    demo.STEP: demo.arrive,
    model_links.USE: model_links.arrive,
    session.MOLECULE: session.arrive,
    subgraph_link.OF: subgraph_link.arrive,
}


def arrive() -> None:
    """Do what the address asks; what cannot be done is left."""
    for name, door in _DOORS.items():
        if name in st.query_params:
            door(str(st.query_params.pop(name)))
