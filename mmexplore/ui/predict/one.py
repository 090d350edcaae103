"""One molecule on the Predict page: what was read, what each model predicts of it, and how far to trust that."""

import math
from collections.abc import Sequence

import streamlit as st

from mmexplore import studio
from mmexplore.explore.maps.painting import short
from mmexplore.runtime.errors import MmexploreError
from mmexplore.studio import MoleculePrediction, MoleculeRef, TaskEstimate
from mmexplore.ui.components import molecule
from mmexplore.ui.components.drawings import Drawing, drawings, of_smiles
from mmexplore.ui.components.smiles_box import ANY_TEXT, structure_text
from mmexplore.ui.components.words import literal
from mmexplore.ui.predict.request import PredictionRequest, level_in_words
from mmexplore.ui.shell import session, tour
from mmexplore.ui.shell.session import Choice

_TYPED = "typed"
_MOST_TASKS = 40
INTERVALS = {"regression": "interval", "classification": "set of classes"}
_SETS = {"0": "0", "1": "1", "0|1": "0 or 1", "": "neither"}


def show(choice: Choice, asked: PredictionRequest) -> None:
    """Draw the panel: the box, the molecule, and a column a model."""
    text = structure_text(
        "Molecule",
        _TYPED,
        bind="query-params",
        icon=":material/edit:",
        placeholder=f"{ANY_TEXT}; empty: the current molecule",
    )
    try:
        query = _query(choice, text)
        if query is None:
            st.info("Type a name or a SMILES above, draw a molecule, or click one on the Map.", icon=":material/edit:")
            tour.example_button(choice)
            return
        read = studio.read_structure(query.smiles, "keep" if asked.salts == "keep" else "strip")
        with st.spinner("Asking the model ..."):
            found = studio.predict_molecule(asked.models, read.smiles, asked.level)
    except MmexploreError as mistake:
        st.warning(literal(mistake), icon=":material/search_off:")
        return
    left, right = st.container(key="stacks-predict").columns([4, 8], gap="medium")
    with left:
        _molecule(query, read.smiles, read.words)
    with right:
        for made in found:
            _prediction(made, asked.level)


def _query(choice: Choice, text: str) -> MoleculeRef | None:
    if text:
        return studio.query_of(choice.data, text)
    row = session.current_row()
    return studio.query_of_row(choice.data, row) if row >= 0 else None


def _molecule(query: MoleculeRef, smiles: str, done: str) -> None:
    st.markdown(f"**{literal(molecule.title(query))}**")
    drawings("predict/drawing", [Drawing(of_smiles(smiles))], width=240, height=190)
    st.code(smiles, language=None, wrap_lines=True)
    if done:
        st.caption(literal(f"{done}. Structure, above, says whether it is taken as drawn."))


def _prediction(made: MoleculePrediction, level: float) -> None:
    with st.container(border=True):
        st.markdown(f"**{literal(made.model)}**")
        if made.refused:
            st.warning(literal(f"Not predicted: {made.refused}"), icon=":material/block:")
            return
        st.markdown(_table(made.estimates, level))
        if len(made.estimates) > _MOST_TASKS:
            st.caption(f"and {len(made.estimates) - _MOST_TASKS:,} more labels, which a file of one row holds")
        if words := sets_in_words(made.estimates, level):
            st.caption(words)
        st.caption(literal(about_intervals(made.model, level)))
        _trust(made)


def _table(estimates: tuple[TaskEstimate, ...], level: float) -> str:
    """Label, prediction, interval and spread as a table of markdown."""
    spread = any(not math.isnan(one.std) for one in estimates)
    head = ["", "prediction", interval_title(estimates, level), *(["spread"] if spread else [])]
    lines = [f"| {' | '.join(head)} |", f"|:--|{'--:|' * (len(head) - 1)}"]
    for one in estimates[:_MOST_TASKS]:
        cells = [one.name, value_in_words(one), interval_in_words(one), *([_number(one.std)] if spread else [])]
        lines.append(f"| {' | '.join(map(literal, cells))} |")
    return "\n".join(lines)


def interval_title(estimates: Sequence[TaskEstimate], level: float) -> str:
    """What stands beside these predictions: intervals of numbers, possible classes."""
    kinds = dict.fromkeys(INTERVALS[one.kind] for one in estimates)
    return f"{level_in_words(level)} {' or '.join(kinds)}"


def value_in_words(one: TaskEstimate) -> str:
    """A prediction with its unit, or a probability.

    >>> value_in_words(TaskEstimate("logS", "regression", "log mol/L", -3.1234, -4.0, -2.0, "", 0.1))
    '-3.12 log mol/L'
    """
    return f"{short(one.value)} {one.unit}".strip() if one.kind == "regression" else f"probability {one.value:.2f}"


def interval_in_words(one: TaskEstimate) -> str:
    """An interval, or which classes are possible; "not known" of a model without calibration.

    >>> interval_in_words(TaskEstimate("y", "classification", "", 0.6, float("nan"), float("nan"), "0|1", 0.0))
    '0 or 1'
    """
    if one.kind == "classification":
        return "not known" if one.set is None else _SETS.get(one.set, one.set)
    return "not known" if math.isnan(one.low) else f"{short(one.low)} to {short(one.high)}"


def sets_in_words(estimates: Sequence[TaskEstimate], level: float) -> str:
    """What it means that both classes are possible, or none is; "" where each label has one.

    >>> sets_in_words([TaskEstimate("y", "classification", "", 0.7, float("nan"), float("nan"), "", 0.0)], 0.9)
    'neither: higher than 90 % of class 0 have it among the calibration molecules, lower than 90 % of class 1.'
    """
    share, told = level_in_words(level), {one.set for one in estimates}
    both = f"0 or 1: where {share} of class 0 have it among the calibration molecules, and {share} of class 1."
    none = f"neither: higher than {share} of class 0 have it among the calibration molecules, lower than {share} of "
    return " ".join([both] * ("0|1" in told) + [f"{none}class 1."] * ("" in told))


def about_intervals(model: str, level: float) -> str:
    """What a model's intervals are made of and what they cover, or why it has none."""
    try:
        return studio.intervals_in_words(model, level)
    except MmexploreError as mistake:
        return str(mistake)


def _number(value: float) -> str:
    return "" if math.isnan(value) else f"{value:.2g}"


def _trust(made: MoleculePrediction) -> None:
    """The nearest training molecule, drawn, and whether the molecule is in the domain."""
    if not made.nearest:
        st.caption("Its training molecules are not here, so nothing is said of how near they are.")
        return
    st.markdown(f"**{domain_in_words(made.inside)}**")
    near, words = st.columns([2, 5], vertical_alignment="center")
    with near:
        drawings(f"predict/near/{made.model}", [Drawing(of_smiles(made.nearest))], width=110, height=84)
    with words:
        st.caption(
            f"Nearest training molecule: Tanimoto {made.similarity:.2f} (ECFP4). 95 % of the training molecules have "
            f"another one at {made.edge:.2f} or more; below that the domain ends."
        )


def domain_in_words(inside: bool | None) -> str:
    """Whether a molecule is in the domain, in words."""
    return "Domain unknown" if inside is None else "In the domain" if inside else "Outside the domain: trust it less"
