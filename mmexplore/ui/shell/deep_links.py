"""Deep links, what a link asks of its page: taken out of the address before anything is drawn, and done."""

import ast
from collections.abc import Callable
from functools import cache
from pathlib import Path

import streamlit as st

from mmexplore.ui.components import model_links
from mmexplore.ui.shell import address, session, tabs, tour

_SCREENS = Path(__file__).parents[1]
_SHARED = ("compare", "components")
_STRANGE, _LONGEST = "strange", 80
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


def strange(title: str) -> None:
    """Say which names in the address the page that was drawn knows nothing of, until another page is.

    Names that a part of the page has which is not drawn now are known, those of other pages are not.
    """
    told: list[str] = st.session_state.setdefault(_STRANGE, [])
    for name in [name for name in st.query_params if not _knows(title, name)]:
        del st.query_params[name]
        told += [name] * (name not in told)
        cut = name if len(name) <= _LONGEST else f"{name[: _LONGEST - 3]}..."
        words = f"The link says something of {cut!r}, which {title} knows nothing of; it is shown without that."
        address.tell(f"{_STRANGE}/{name}", words)
    for name in told:
        address.answer(f"{_STRANGE}/{name}", title)


def _knows(title: str, name: str) -> bool:
    """Whether a page's code has such a name, or one may be composed there."""
    return "-" in name or "/" in name or address.is_held(name) or name in _words(title)


@cache
def _words(title: str) -> frozenset[str]:
    """All texts in the code of a page, and of what it shares with others."""
    files = [path for part in (title.lower(), *_SHARED) for path in (_SCREENS / part).rglob("*.py")]
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in [*files, Path(tabs.__file__)]]
    found = (node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Constant))
    return frozenset(node.value for node in found if isinstance(node.value, str))
