"""Subgraph result of one molecule: the smallest positive subgraph on its drawing, the next best, scores, and files."""

import math
from collections.abc import Callable
from typing import Any

import pandas as pd
import streamlit as st

from mmexplore import studio
from mmexplore.explore.explain.search import By
from mmexplore.explore.explain.storage import Explained
from mmexplore.explore.maps.painting import short
from mmexplore.studio import Subgraph
from mmexplore.ui.components import structures, viewer3d
from mmexplore.ui.components.drawings import Drawing, drawings, of_atoms, picked
from mmexplore.ui.components.words import literal
from mmexplore.ui.shell import address
from mmexplore.ui.subgraphs import controls
from mmexplore.ui.subgraphs.controls import SubgraphRequest

MOST = 8
FAR = 0.3
"""Below this Tanimoto similarity of ECFP4 two molecules share hardly a group."""
_NEXT, _SHOWN, _PART = "subgraphs/next", "subgraphs/shown", "part"


def show(found: Explained, name: str, asked: SubgraphRequest, card: Callable[[], None]) -> None:
    """Everything about one molecule under one model; ``card`` draws what else is known of it."""
    _verdict(found, name, asked)
    if not found.subgraphs:
        _none(found, asked)
        card()
        return
    number = _shown(found)
    left, right = st.container(key="stacks-subgraphs-result").columns([5, 4], gap="large")
    with left:
        _picture(found, found.subgraphs[number], asked)
    with right:
        st.caption("Smallest first; of the same size the better score. Click one to see it large.")
        cells = [
            Drawing(of_atoms(found.smiles, part.atoms), *title(part, n, found.by, asked), n)
            for n, part in enumerate(found.subgraphs)
        ]
        drawings(_NEXT, cells, lambda: _pick(found), width=130, height=92, current=number)
        card()
    _table(found, number, asked)


def score_text(score: float, asked: SubgraphRequest) -> str:
    """A score with its unit; a dash where there is none.

    >>> from mmexplore.studio import Target
    >>> score_text(0.5, SubgraphRequest(Target("logS", "above"), "", "log mol/L"))
    '0.50 log mol/L'
    >>> score_text(-0.001, SubgraphRequest(Target("logS", "above"), ""))
    '0.00'
    """
    return "–" if math.isnan(score) else f"{score:z.2f}{f' {asked.unit}' if asked.unit else ''}"


def _verdict(found: Explained, name: str, asked: SubgraphRequest) -> None:
    goal = found.target
    what = f"probability of {goal.direction}" if goal.direction.startswith("class") else goal.task
    how = f" ({asked.how})" if asked.how else ""
    words = f"**{literal(name)}**: {literal(what)} **{literal(score_text(found.score, asked))}**; "
    side = "at most" if goal.direction == "below" else "at least"
    st.markdown(f"{words}sought is {side} {literal(f'{short(goal.threshold)}{how}')}.")


def _none(found: Explained, asked: SubgraphRequest) -> None:
    st.info(literal(f"{found.note[:1].upper()}{found.note[1:]}."), icon=":material/search_off:")
    goal = found.target
    if found.positive:
        return
    kind = controls.kind_of(goal.direction)
    st.button(
        f"Seek {asked.other} instead",
        key="subgraphs/turn",
        icon=":material/swap_horiz:",
        on_click=controls.turn,
        args=(kind, asked.other),
    )


def _picture(found: Explained, part: Subgraph, asked: SubgraphRequest) -> None:
    if structures.in_space("subgraphs/way"):
        viewer3d.show(found.smiles, "subgraphs/3d", part.atoms)
    else:
        drawings("subgraphs/large", [Drawing(of_atoms(found.smiles, part.atoms, faint=True))], width=560, height=400)
    facts = {
        "atoms": f"{part.n_atoms} of {len(found.order)}",
        "score as a fragment": score_text(part.score, asked),
        "score in the molecule": score_text(part.score_in_molecule, asked),
        "decided by": "the fragment" if found.by == "fragment" else "the atoms in the molecule",
    }
    if not math.isnan(part.nearest):
        facts["fragment's nearest training molecule"] = f"Tanimoto {part.nearest:.2f}"
    lines = [f"| {literal(label)} | {literal(text)} |" for label, text in facts.items()]
    st.markdown("\n".join(["| | |", "|:--|--:|", *lines]))
    st.code(part.smiles or "no molecule by itself", language=None, wrap_lines=True)
    if part.nearest < FAR:
        words = f"The fragment is like nothing that the model was trained on (Tanimoto {part.nearest:.2f} to "
        st.caption(literal(f"{words}{part.nearest_smiles}): its score as a fragment is a guess."))
    st.caption(literal(_how(found)))


def _how(found: Explained) -> str:
    """How the search went, in a sentence."""
    exact = f"all {found.fragments:,} fragments that peeling reaches were scored"
    walked = f"tree search scored {found.fragments:,} fragments; there may be a smaller one"
    route = "" if found.masks else "; a branch of this model reads no single atoms, so each was scored from its SMILES"
    again = "; the best of each size were scored again as molecules of their own" if found.masks else ""
    return f"{(exact if found.exact else walked).capitalize()}{again}{route}. {found.seconds:.2f} s."


def title(part: Subgraph, number: int, by: By, asked: SubgraphRequest) -> tuple[str, str]:
    """A subgraph's number and size, and the score that decides."""
    places = f", {part.places} places" if part.places > 1 else ""
    return f"{number + 1}: {part.n_atoms} atoms", f"{score_text(part.deciding(by), asked)}{places}"


def _shown(found: Explained) -> int:
    """The one that was clicked, or that a link asks for, while it is among them; else the first."""
    if (asked := address.arriving(_PART)) is not None or address.went_back():
        st.session_state[_SHOWN] = _asked(found, asked)
    chosen = st.session_state.get(_SHOWN)
    number = next((n for n, part in enumerate(found.subgraphs) if (found.smiles, part.atoms) == chosen), 0)
    address.keep(_PART, str(number + 1) if number else None)
    address.answer(_PART, number)
    return number


def _asked(found: Explained, text: str | None) -> tuple[str, tuple[int, ...]]:
    """The subgraph that a link asks for by its number, from 1."""
    text = st.query_params.get(_PART, "1") if text is None else text
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 4 else 0
    if not 0 < number <= len(found.subgraphs):
        address.tell(_PART, address.lacking("the subgraph", text, "the first"))
        number = 1
    return found.smiles, found.subgraphs[number - 1].atoms


def _pick(found: Explained) -> None:
    if (number := picked(_NEXT)) >= 0:
        st.session_state[_SHOWN] = (found.smiles, found.subgraphs[number].atoms)


def _frame(found: Explained) -> pd.DataFrame:
    rows = [
        {
            "smiles": part.smiles,
            "n_atoms": part.n_atoms,
            "score as a fragment": part.score,
            "score in the molecule": part.score_in_molecule,
            "places": part.places,
            "nearest training molecule": part.nearest_smiles,
            "Tanimoto to it": part.nearest,
            "atoms": " ".join(map(str, part.atoms)),
            "molecule": found.smiles,
        }
        for part in found.subgraphs
    ]
    return pd.DataFrame(rows)


def _table(found: Explained, number: int, asked: SubgraphRequest) -> None:
    frame = _frame(found)
    shown = frame.rename(columns={"smiles": "SMILES", "n_atoms": "size"}).drop(
        columns=["molecule", "atoms", "nearest training molecule"]
    )
    shown.insert(0, "fragment", structures.addresses(frame["smiles"]))
    unit = f" in {asked.unit}" if asked.unit else ""
    score: Any = st.column_config.NumberColumn(format="%.3f", help=f"the model's output{unit}")
    config = {"fragment": structures.column("fragment")}
    config |= {"score as a fragment": score, "score in the molecule": score}
    words = "of the fragment to the training molecule most like it, ECFP4"
    config["Tanimoto to it"] = st.column_config.NumberColumn("nearest training", format="%.2f", help=words)
    structures.table(shown, config, fit=[name for name in map(str, shown) if name != "places"], switch="parts")
    _downloads(found, found.subgraphs[number], frame)


def _downloads(found: Explained, part: Subgraph, frame: pd.DataFrame) -> None:
    about: dict[str, Any] = {"icon": ":material/download:", "on_click": "ignore"}
    with st.container(horizontal=True):
        st.download_button("CSV", studio.to_csv(frame), "subgraphs.csv", "text/csv", **about)
        readable = frame[frame["smiles"] != ""]
        st.download_button("SDF", lambda: studio.to_sdf(readable), "subgraphs.sdf", "chemical/x-mdl-sdfile", **about)
        svg = "image/svg+xml"
        st.download_button(
            "SVG", lambda: studio.depict(found.smiles, 700, 500, part.atoms), "subgraph.svg", svg, **about
        )
