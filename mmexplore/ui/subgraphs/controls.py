"""Subgraph controls: which label and side of it, which molecule, what sizes, and which score decides."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import streamlit as st

from mmexplore import studio
from mmexplore.explore.explain.search import By, Direction
from mmexplore.studio import RULES, MoleculeRef, Rules, Target
from mmexplore.ui.components import molecule as molecule_card
from mmexplore.ui.components.smiles_box import ANY_TEXT, structure_text
from mmexplore.ui.components.widgets import label_picker
from mmexplore.ui.components.words import literal
from mmexplore.ui.shell import address, session
from mmexplore.ui.shell.tabs import SOUGHT

MOST_ATOMS = 40
_THRESHOLD = "threshold"
_ATOMS, _USUAL = "atoms", "subgraphs/usual"
_KEEP: dict[str, Any] = {"persist_state": "session"}
_BY: dict[By, str] = {"fragment": "as a fragment", "in molecule": "in the molecule"}
_BY_HELP = """**As a fragment**: the atoms as a molecule of their own, cut bonds get hydrogens: the paper's rule.
**In the molecule**: the same atoms, each as it is in the whole, all others left out."""
_GROUP_SIDE = "the group's side"
_GROUP_SOUGHT = "group-sought"
_TURNS = {"class 1": "class 0", "class 0": "class 1", "above": "below", "below": "above"}


@dataclass(frozen=True)
class SubgraphRequest:
    """Subgraph request: what counts as positive, where the threshold comes from in words, and the label's unit."""

    goal: Target
    how: str
    unit: str = ""

    @property
    def other(self) -> str:
        """The opposite direction."""
        return _TURNS[self.goal.direction]


@dataclass(frozen=True)
class Limits:
    """Sizes of subgraphs, and the score that decides."""

    rules: Rules
    by: By


def goal(model: str, side_of: Callable[[str], Direction] | None = None) -> SubgraphRequest:
    """Task, direction and threshold; with ``side_of`` a label's direction is taken from a group unless told."""
    tasks = {task.name: task for task in studio.explained_tasks(model)}
    which, side, number = st.columns([2, 2, 2], vertical_alignment="bottom")
    with which:
        name = address.choose(label_picker, "Label", list(tasks), key="label", kind="the label")
    kind = tasks[name].kind
    with side:
        offered: tuple[str, ...] = studio.DIRECTIONS[kind]
        offered = (_GROUP_SIDE, *offered) if side_of else offered
        words = "Which answer of the model is to be explained"
        about = {"default": offered[0], "required": True, "help": words}
        key = f"{_GROUP_SOUGHT}-{kind}" if side_of else _direction_key(kind)
        chosen = address.choose(st.segmented_control, "Sought", offered, key=key, kind="the side", **about)
    chosen = chosen or offered[0]
    usual, how = studio.target(model, name, side_of(name) if side_of and chosen == _GROUP_SIDE else chosen)
    with number:
        threshold = _threshold(model, usual, tasks[name].unit)
    if threshold != usual.threshold:
        how = ""
    return SubgraphRequest(replace(usual, threshold=threshold), how, tasks[name].unit)


def turn(kind: str, direction: str) -> None:
    """Seek the other side; for callbacks."""
    st.session_state[_direction_key(kind)] = direction


def kind_of(direction: str) -> str:
    """Label kind that has that direction."""
    return next(kind for kind, ways in studio.DIRECTIONS.items() if direction in ways)


def _direction_key(kind: str) -> str:
    return f"{SOUGHT}-{kind}"


def _threshold(model: str, usual: Target, unit: str) -> float:
    key = f"subgraphs/threshold/{model}/{usual.task}/{usual.direction}"
    label, words, low, high, step, first = "Threshold", "The least probability of that class", 0.05, 0.95, 0.05, 0.5
    if usual.direction in ("class 1", "class 0"):
        first = usual.threshold
    else:
        words = "The least value" if usual.direction == "above" else "The greatest value"
        low, high = (round(usual.threshold + side * 3 * usual.spread, 2) for side in (-1, 1))
        label, step, first = f"Threshold ({literal(unit)})" if unit else label, 0.01, round(usual.threshold, 2)
    asked = address.arriving(_THRESHOLD)
    if asked is not None:
        st.session_state[key] = _within(asked, low, high, first)
    elif address.went_back() and _THRESHOLD not in st.query_params:
        st.session_state[key] = first
    value = float(st.slider(label, low, high, first, step, help=words, key=key, **_KEEP))
    address.keep(_THRESHOLD, None if value == first else f"{value:g}")
    address.answer(_THRESHOLD, value)
    return value


def _within(asked: str, low: float, high: float, first: float) -> float:
    """A threshold of a link, moved to the nearest one that is offered; what is no number is told."""
    try:
        wanted = float(asked)
    except ValueError:
        wanted = math.nan
    value = first if math.isnan(wanted) else min(max(wanted, low), high)
    if value != wanted:
        told = f"The link asks for the threshold {asked[:20]!r}, and thresholds lie from {low:g} to {high:g}"
        address.tell(_THRESHOLD, f"{told}; {value:g} is taken instead.")
    return value


def molecule() -> MoleculeRef | None:
    """The molecule: what was typed, else the current one; None where there is none. Raises BadMolecule."""
    choice, row = session.choice(), session.current_row()
    known = studio.query_of_row(choice.data, row) if row >= 0 else None
    holder = f"{ANY_TEXT}, for example CC(=O)Nc1ccc(O)cc1"
    if known:
        holder = f"{molecule_card.title(known)} of {choice.data}, or type {ANY_TEXT}"
    typed = structure_text("Molecule", "smiles", bind="query-params", placeholder=holder)
    return studio.query_of(choice.data, typed) if typed else known


def limits(smiles: str) -> Limits:
    """The sizes, which follow the molecule until they are moved, and which score decides."""
    low, high = studio.part_sizes(smiles)
    usual = (low, high) if low <= high else (1, 2)  # of one atom or two no part is sought
    sizes, score = st.columns([3, 2], gap="large")
    with sizes:
        words = "Only subgraphs of so many atoms count, at most three quarters of the molecule until this is moved"
        kept = st.session_state.get(_ATOMS)
        if kept is not None and kept == st.session_state.get(_USUAL) and _ATOMS not in st.query_params:
            st.session_state[_ATOMS] = usual  # nobody moved it; a browser keeps what it shows unless told
        st.session_state[_USUAL] = usual
        about: dict[str, Any] = {"key": _ATOMS, "kind": "a number of atoms", "help": words}
        given = address.number(st.slider, "Atoms of a subgraph", 1, max(MOST_ATOMS, usual[1]), usual, **about)
        low, high = sorted(given)  # a link may hold them the other way round
    with score:
        about = {"default": "fragment", "required": True, "format_func": _BY.__getitem__, "help": _BY_HELP}
        by: By = address.choose(
            st.segmented_control, "Score that decides", list(_BY), key="by", kind="the score", **about
        )
    return Limits(RULES if (low, high) == usual else replace(RULES, min_atoms=low, max_atoms=high), by)
