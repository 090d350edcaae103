"""The panels of a comparison: kept with the session, written to the URL, so that a link shows the same maps.

``panels=ecfp@ecfp,untrained:x@gin`` is what the URL says: model and view of each, with % for what stands between them.
Each panel has a number of its own for as long as it is there: its widgets keep what they say when another one leaves,
and a second click on a panel that is gone means nothing.
"""

from collections.abc import Iterable, Mapping, Sequence
from urllib.parse import quote, unquote

import streamlit as st

from mmexplore import studio
from mmexplore.studio import FEWEST_PANELS, MOST_PANELS, UNTRAINED, ViewRef
from mmexplore.ui.shell import address
from mmexplore.ui.shell.session import Choice
from mmexplore.ui.shell.tabs import PANELS

_NEXT = "next-panel"
_NO_PANELS = f"are not all a model and a view with @ between them, {MOST_PANELS} at most"


def panels(choice: Choice) -> dict[int, ViewRef]:
    """The panels by their numbers, in order: as chosen, else as the URL says, else those that suit the choice."""
    back = address.went_back() and PANELS in st.query_params
    if PANELS not in st.session_state or (back and address.arriving(PANELS) is not None):
        text = st.query_params.get(PANELS, "")
        came, asked = read(text), len([part for part in text.split(",") if part])
        if asked > len(came):
            rest = f"the first {len(came)}" if asked > MOST_PANELS else "the rest"
            shown = rest if came else "what suits the choice"
            address.tell(PANELS, address.lacking("the maps", text, shown, _NO_PANELS))
        replace(came if len(came) >= FEWEST_PANELS else [*came, *_suiting(choice, came)][:FEWEST_PANELS])
    known: dict[int, ViewRef] = st.session_state[PANELS]
    address.keep(PANELS, written(known.values()))  # a change of page empties the URL
    return known


def are_chosen() -> bool:
    """Whether panels were chosen already, by hand or by a link."""
    return PANELS in st.session_state or PANELS in st.query_params


def answer_link(known: Mapping[int, ViewRef]) -> None:
    """Show what a link asked for in vain, as long as the same panels are shown."""
    address.answer(PANELS, written(known.values()))


def forget_address() -> None:
    """Take the panels out of the URL while there is one map; they come back with the next comparison."""
    address.keep(PANELS, None)


def replace(chosen: Iterable[ViewRef]) -> None:
    """Show these panels instead."""
    st.session_state[PANELS] = {}
    for panel in chosen:
        _append(panel)


def add(choice: Choice) -> None:
    """One more panel, with what suits the choice and is not shown yet; nothing where there are six."""
    known = panels(choice)
    if len(known) < MOST_PANELS:
        shown = tuple(known.values())
        _append(next(iter(_suiting(choice, shown)), shown[-1]))


def remove(number: int) -> None:
    """Take a panel away; nothing where it is gone already or there are two."""
    known: dict[int, ViewRef] = st.session_state[PANELS]
    if number in known and len(known) > FEWEST_PANELS:
        st.session_state[PANELS] = {n: panel for n, panel in known.items() if n != number}


def change(number: int, panel: ViewRef) -> None:
    """Show something else in a panel."""
    known: dict[int, ViewRef] = st.session_state[PANELS]
    if number in known:
        st.session_state[PANELS] = known | {number: panel}


def put_in_order(stops: Sequence[ViewRef]) -> None:
    """Put the panels into the order of a lens's stops, which are all of them."""
    known: dict[int, ViewRef] = st.session_state[PANELS]
    st.session_state[PANELS] = dict(sorted(known.items(), key=lambda each: stops.index(each[1])))
    address.keep(PANELS, written(st.session_state[PANELS].values()))


def _append(panel: ViewRef) -> None:
    number = st.session_state[_NEXT] = st.session_state.get(_NEXT, 0) + 1
    st.session_state[PANELS] = st.session_state[PANELS] | {number: panel}


def written(chosen: Iterable[ViewRef]) -> str:
    """Panels as the URL holds them.

    >>> written([ViewRef("ecfp", "ecfp"), ViewRef("untrained:a@b", "late, fused")])
    'ecfp@ecfp,untrained:a%40b@late%2C%20fused'
    """
    return ",".join(f"{quote(panel.model, safe=':/')}@{quote(panel.view, safe='')}" for panel in chosen)


def read(text: str) -> tuple[ViewRef, ...]:
    """At most six panels of such a text; what is no panel is left out, unknown names are not.

    >>> read("ecfp@ecfp,,nonsense,a%40b@c")
    (ViewRef(model='ecfp', view='ecfp'), ViewRef(model='a@b', view='c'))
    """
    pairs = [part.partition("@") for part in text.split(",")]
    return tuple(ViewRef(unquote(model), unquote(view)) for model, at, view in pairs if model and at and view)[
        :MOST_PANELS
    ]


def _suiting(choice: Choice, shown: Iterable[ViewRef]) -> list[ViewRef]:
    """What one may want to see beside the choice: ECFP, its views, its untrained twin, then other models."""
    here = {model.name: model for model in studio.models()}
    names = dict.fromkeys([studio.BASELINE, choice.model, *here])
    found = [ViewRef(choice.model, choice.view)]
    for name in names:
        model = here.get(name)
        found += [ViewRef(name, view) for view in model.views] if model else []
        if name == choice.model and model and model.recipe:
            found.append(ViewRef(UNTRAINED + name, choice.view))
    return [panel for panel in dict.fromkeys(found) if panel not in set(shown)] or [ViewRef(choice.model, choice.view)]
