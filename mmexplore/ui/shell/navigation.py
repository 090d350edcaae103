"""Page navigation: a file ``pages/N_Title.py`` is the page Title, the N-th in the navigation."""

from contextlib import suppress
from functools import cache
from pathlib import Path

import streamlit as st
from streamlit.errors import StreamlitPageNotFoundError

from mmexplore.runtime import places

PAGES = places.PAGES


@cache
def pages() -> list[Path]:
    """All pages in the order of their numbers, looked up once: a new page shows after a restart."""
    return sorted(PAGES.glob("[0-9]*_*.py"), key=lambda path: int(path.stem.partition("_")[0]))


def title(path: Path) -> str:
    """Page title.

    >>> title(Path("pages/1_Map.py"))
    'Map'
    """
    return path.stem.partition("_")[2].replace("_", " ")


def page(name: str) -> Path | None:
    """Page file by its title, for ``st.page_link``; None if there is none."""
    return next((path for path in pages() if title(path) == name), None)


def link(name: str, label: str, icon: str, help: str | None = None, **asked: str) -> None:
    """Page link by its title, nothing without such a page; ``asked`` is read there (:mod:`.deep_links`).

    ``st.switch_page`` would refuse: it may not clear an address in which widgets keep their values.
    """
    found = page(name)
    with suppress(StreamlitPageNotFoundError):  # a page opened by itself knows no others
        if found:
            st.page_link(found, label=label, icon=icon, help=help, query_params=asked or None)
