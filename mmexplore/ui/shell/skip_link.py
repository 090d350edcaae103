"""Skip link: the first thing that Tab reaches on the Map leads past all controls to the map itself.

Streamlit's own link, which leads to the content, is the first one on other pages.
"""

import streamlit as st

from mmexplore.ui.components.component_scripts import start
from mmexplore.ui.components.molecule_map import HERE

STYLE = """
.skip-link { position: fixed; z-index: 1000001; top: 0.5rem; left: 0.5rem; padding: 0.5rem 0.9rem;
  border-radius: 0.5rem; background: #0b6b7d; color: #fff; font: 600 0.95rem sans-serif; transform: translateY(-300%); }
.skip-link:focus { transform: none; outline: 2px solid #fff; outline-offset: -4px; }
.st-key-skip-link { position: absolute; width: 0; height: 0; overflow: hidden; }
"""
_link = st.components.v2.component("skip_link", html="<span></span>", js=start(HERE / "skip.js"))


def skip_link(page: str) -> None:
    """The link of a page by its title; nothing but on the Map."""
    if page == "Map":
        with st.container(key="skip-link"):
            _link(key="skip", data={"words": "Skip to the map"})
