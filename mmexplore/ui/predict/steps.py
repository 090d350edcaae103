"""History of the bench: the molecules of a visit one after the other, with undo, redo, and a way back to each."""

from dataclasses import dataclass

import streamlit as st

from mmexplore.ui.shell import address
from mmexplore.ui.shell.tabs import BENCH_BOX

BOX = BENCH_BOX
"""Key of the structure box, whose text stands in the address."""
_KEPT = "predict/bench/steps"
MOST = 60


@dataclass(frozen=True)
class Steps:
    """Steps, canonical SMILES, the oldest first, and the number of the one that is looked at; -1 where there is none.

    >>> some = Steps().then("C").then("CC").then("CCC")
    >>> some.to(0).then("CO").smiles, some.to(1).then("CCC").at, some.then("CCC").smiles
    (('C', 'CO'), 2, ('C', 'CC', 'CCC'))
    """

    smiles: tuple[str, ...] = ()
    at: int = -1

    @property
    def now(self) -> str:
        """The molecule that is looked at, "" where there is none."""
        return self.smiles[self.at] if self.smiles else ""

    def to(self, number: int) -> "Steps":
        """Another one of them looked at; the nearest where there is none of that number."""
        return Steps(self.smiles, max(min(number, len(self.smiles) - 1), 0 if self.smiles else -1))

    def then(self, smiles: str) -> "Steps":
        """With a molecule after the one that is looked at: what followed goes unless it is that; the oldest may go."""
        if smiles == self.now:
            return self
        if self.at + 1 < len(self.smiles) and self.smiles[self.at + 1] == smiles:
            return self.to(self.at + 1)
        kept = (*self.smiles[: self.at + 1], smiles)[-MOST:]
        return Steps(kept, len(kept) - 1)

    def back_to(self, smiles: str) -> "Steps":
        """At the step of that molecule which is nearest, as the browser's Back and forward ask; else after this one."""
        places = [number for number, one in enumerate(self.smiles) if one == smiles]
        return self.to(min(places, key=lambda number: abs(number - self.at))) if places else self.then(smiles)


def kept() -> Steps:
    """The history of this visit."""
    found: Steps = st.session_state.get(_KEPT, Steps())
    return found


def came(smiles: str) -> Steps:
    """The history with the molecule that the box holds now."""
    before = kept()
    after = before.back_to(smiles) if address.went_back() else before.then(smiles)
    st.session_state[_KEPT] = after
    return after


def go(number: int) -> None:
    """Look at a step; for callbacks."""
    st.session_state[_KEPT] = there = kept().to(number)
    st.session_state[BOX] = there.now


def restore() -> None:
    """Have the box hold the current step again where another tab or page was open meanwhile; before the box."""
    if BOX not in st.session_state and BOX not in st.query_params and kept().smiles:
        st.session_state[BOX] = kept().now
