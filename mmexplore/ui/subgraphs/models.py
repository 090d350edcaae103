"""Model comparison on the same molecule.

Several models, or branches of one, side by side, with the atoms that they agree on.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import streamlit as st

from mmexplore import studio
from mmexplore.explore.explain.storage import Explained
from mmexplore.ui.components.drawings import Drawing, drawings, of_atoms
from mmexplore.ui.components.words import literal
from mmexplore.ui.shell import address
from mmexplore.ui.subgraphs import stream
from mmexplore.ui.subgraphs.controls import Limits, SubgraphRequest
from mmexplore.ui.subgraphs.result import score_text


def show(model: str, found: Explained, asked: SubgraphRequest, limits: Limits) -> None:
    """The branches of a late fusion, then a picker of other models of the same label, and what each finds."""
    _branches(model, found, asked, limits)
    others = [known.name for known in studio.models() if known.name != model and _predicts(known.name, asked)]
    st.subheader("Under several models", anchor=False)
    if not others:
        words = f"No other model here predicts {asked.goal.task}. Train one, and its answer can stand beside this one."
        st.caption(literal(words))
        return
    chosen = address.several("Ask these too", others, key=f"models-{asked.goal.task}", kind="the model")
    if not chosen:
        st.caption("Choose models: each one's smallest subgraph is drawn, and the atoms that at least half share.")
        return
    asked_of = {name: (name, found.smiles, asked.goal, limits.rules, limits.by, 1) for name in chosen}
    stream.show(
        "models", asked_of, lambda new, coming: _side_by_side(found.smiles, {model: found, **new}, asked, coming)
    )


def _branches(model: str, found: Explained, asked: SubgraphRequest, limits: Limits) -> None:
    """What makes each branch add at least half of what it adds for the whole molecule, one after the other."""
    names = studio.summands(model)
    if not names:
        return
    st.subheader("Under each modality's branch", anchor=False)
    asked_of = {name: (model, found.smiles, asked.goal, limits.rules, limits.by, 1, name) for name in names}
    plain = replace(asked, unit="")
    stream.show("branches", asked_of, lambda answers, coming: _side_by_side(found.smiles, answers, plain, coming))
    st.caption(
        "A branch of a late fusion adds w · p to the prediction (logits or z-scores). Drawn is the smallest part that "
        "alone makes it add at least half of what the whole molecule does, in the same direction."
    )


def _predicts(model: str, asked: SubgraphRequest) -> bool:
    return asked.goal.task in [task.name for task in studio.explained_tasks(model)]


def _side_by_side(
    smiles: str, answers: Mapping[str, Explained], asked: SubgraphRequest, coming: Sequence[str] = ()
) -> None:
    best = {name: found.subgraphs[0].atoms for name, found in answers.items() if found.subgraphs}
    cells = [
        Drawing(of_atoms(smiles, best.get(name, ())), name, _words(found, asked)) for name, found in answers.items()
    ]
    if len(best) > 1:
        shared = studio.consensus(best)
        text = f"{len(shared)} atoms in at least half of {len(best)}" if shared else "no atom in half of them"
        text += f"; {len(coming)} to come" if coming else ""
        cells.append(Drawing(of_atoms(smiles, shared), "Agreement", text))
    if cells:
        drawings(f"subgraphs/of/{'-'.join(answers)}", cells, width=230, height=165)


def _words(found: Explained, asked: SubgraphRequest) -> str:
    whole = score_text(found.score, asked)
    if not found.subgraphs:
        return f"whole {whole}; no subgraph"
    part = found.subgraphs[0]
    return f"{part.n_atoms} atoms {score_text(part.deciding(found.by), asked)}; whole {whole}"
