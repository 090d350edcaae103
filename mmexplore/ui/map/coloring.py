"""Colours and scores that take long: a job makes both, this shows how far it is, with a way to stop it."""

from collections.abc import Callable
from functools import partial

import streamlit as st

from mmexplore import studio
from mmexplore.explore.maps.painting import Painting, unknown
from mmexplore.studio import Classes, MapFile, Quality, ViewRef
from mmexplore.ui.components import waits
from mmexplore.ui.map import state
from mmexplore.ui.shell.session import Choice


def painting(on: state.Ground, name: str, method: str) -> Painting:
    """A color of the molecules; one that takes long is gray until the job that makes it, shown here, has ended.

    That job waits for a first picture: colors without a map are of no use.
    """
    choice = on.choice
    if state.is_quick(on, name):
        return state.painting(on, name)
    if state.best_map(on, method):
        what = f"The colours of {name} are being computed"
        _wait(choice, choice, name, method, 0, what, partial(state.is_quick, on, name))
    return unknown(f"{name}, not computed yet", len(studio.dataset(choice.data)))


def classes(on: state.Ground, name: str) -> Classes | None:
    """Classes that maps are scored by when they show that color; None until it is there."""
    return state.classes(on, name) if state.is_quick(on, name) else None


def quality(choice: Choice, shown: MapFile, classes: Classes) -> Quality | None:
    """Quality of a map by these classes, None where a job has to score it."""
    asked = choice.model, choice.data, choice.view
    known = studio.stored_quality(shown, *asked, classes)
    if known is None and studio.scores_quickly(choice.model, choice.data):
        with st.spinner("Scoring ..."):
            return studio.compute_quality(shown, *asked, classes)
    return known


def wait_for_quality(choice: Choice, shown: MapFile, by: Choice, name: str, classes: Classes) -> None:
    """Have a map scored by the color of that name, which is one of the view ``by``, and show the progress."""

    def is_there() -> bool:
        return studio.stored_quality(shown, choice.model, choice.data, choice.view, classes) is not None

    _wait(choice, by, name, shown.method, shown.seed, f"The scores by {name} are being computed", is_there)


def _wait(
    choice: Choice, by: Choice, name: str, method: str, seed: int, what: str, is_there: Callable[[], bool]
) -> None:
    folder = state.ground(choice).folders[-1]
    key = "/".join(("color-job", str(folder), choice.view, method, str(seed), by.model, by.view, name))
    of = ViewRef(by.model, by.view)
    start = partial(studio.start_map, choice.model, choice.data, choice.view, method, seed, name, of)
    waits.made_beside(key, start, what, f"{name} was not finished.", is_there)
