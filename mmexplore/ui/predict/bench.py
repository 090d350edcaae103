"""Bench: a molecule that is edited, what a model makes of each edit, and what is different from a pinned molecule."""

import math
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from mmexplore import studio
from mmexplore.runtime.errors import MmexploreError
from mmexplore.studio import METHODS, Contributions, MapFile, MoleculePrediction, MoleculeRef, TaskEstimate, ViewRef
from mmexplore.ui.components import charts, waits
from mmexplore.ui.components.drawings import Drawing, drawings, of_atoms, of_smiles, picked
from mmexplore.ui.components.smiles_box import ANY_TEXT, structure_text
from mmexplore.ui.components.widgets import label_picker
from mmexplore.ui.components.words import METHOD_TITLES, literal
from mmexplore.ui.predict import bench_charts, deciding, steps
from mmexplore.ui.predict.one import (
    INTERVALS,
    about_intervals,
    domain_in_words,
    interval_in_words,
    interval_title,
    value_in_words,
)
from mmexplore.ui.predict.request import PredictionRequest
from mmexplore.ui.predict.steps import BOX, Steps
from mmexplore.ui.shell import address, session
from mmexplore.ui.shell.session import Choice

_PINNED, _PIN, _HISTORY = "pinned", "predict/bench/pinned", "predict/bench/history"
_TRAIL = 12


@dataclass(frozen=True)
class Looked:
    """A molecule with its prediction; ``told``: what was done to the structure before, in words."""

    smiles: str
    told: str
    made: MoleculePrediction


def show(choice: Choice, asked: PredictionRequest) -> None:
    """Draw the panel."""
    model = asked.models[0]
    if len(asked.models) > 1:
        st.caption(literal(f"The bench asks one model: {model}, the first of those above."))
    history, now = _typed(choice, asked, model)
    if now is None:
        words = (
            "Type a SMILES above or draw a molecule, then change it: what the model makes of each edit appears here."
        )
        st.info(words, icon=":material/draw:")
        return
    label = _label(now.made)
    if estimate := _of(now, label):
        deciding.begin(model, now.smiles, estimate)
    pinned = _pinned(choice, asked, model)
    left, right = st.container(key="stacks-bench").columns([5, 7], gap="medium")
    below, beside = st.container(key="stacks-bench-why").columns([5, 7], gap="medium")
    with left:
        _pair(now, pinned)
    _predictions(model, now, pinned, label, asked.level, right, beside)
    with below:
        _star(choice, model, history, pinned)
        if estimate:
            deciding.show(model, now.smiles, estimate)
    _steps(history)


def _typed(choice: Choice, asked: PredictionRequest, model: str) -> tuple[Steps, Looked | None]:
    """The box with its buttons, and what it holds; the last molecule that could be read where it holds none."""
    steps.restore()
    row, before = session.current_row(), steps.kept()
    text = structure_text("Molecule", BOX, bind="query-params", icon=":material/edit:", placeholder=ANY_TEXT)
    now, mistake = None, ""
    try:
        with st.spinner("Asking the model ..."):
            if text:
                now = _looked(studio.query_of(choice.data, text).smiles, asked, model)
            elif before.smiles or row >= 0:
                now = _looked(before.now or studio.query_of_row(choice.data, row).smiles, asked, model)
    except MmexploreError as problem:
        mistake = str(problem)
    history = steps.came(now.smiles) if now else before
    with st.container(horizontal=True, gap="xsmall"):
        _button("Undo", "undo", steps.go, history.at - 1, off=history.at < 1)
        _button("Redo", "redo", steps.go, history.at + 1, off=history.at >= len(history.smiles) - 1)
        _button("Pin this molecule", "keep", _pin, history.now, off=not history.smiles)
        if st.session_state.get(_PIN) or address.arriving(_PINNED):
            _button("Unpin", "keep_off", _pin, "")
    if mistake:
        kept = ". The last molecule that could be read stays below." if history.smiles else ""
        st.warning(literal(mistake) + kept, icon=":material/search_off:")
        if history.smiles:
            with suppress(MmexploreError):
                now = _looked(history.now, asked, model)
    return history, now


def _button(title: str, icon: str, then: Any, what: Any, *, off: bool = False) -> None:
    key = f"predict/bench/{icon}"
    st.button(title, key=key, icon=f":material/{icon}:", on_click=then, args=(what,), disabled=off)


def _looked(smiles: str, asked: PredictionRequest, model: str) -> Looked:
    """A molecule with its prediction. Raises BadMolecule, TooLong."""
    read = studio.read_structure(smiles, "keep" if asked.salts == "keep" else "strip")
    (made,) = studio.predict_molecule([model], read.smiles, asked.level)
    return Looked(read.smiles, read.words, made)


def _pin(smiles: str) -> None:
    st.session_state[_PIN] = smiles


def _pinned(choice: Choice, asked: PredictionRequest, model: str) -> Looked | None:
    """The pinned molecule, which the address names."""
    came = address.arriving(_PINNED)
    if came is not None:
        st.session_state[_PIN] = came
    elif address.went_back() and _PINNED not in st.query_params:
        st.session_state[_PIN] = ""
    found, smiles = None, str(st.session_state.get(_PIN, ""))
    try:
        if smiles:
            found = _looked(studio.query_of(choice.data, smiles).smiles, asked, model)
    except MmexploreError:
        address.tell(_PINNED, address.lacking("the pinned molecule", smiles, "none", "cannot be read or predicted"))
    st.session_state[_PIN] = found.smiles if found else ""
    address.keep(_PINNED, found.smiles if found else None)
    address.answer(_PINNED, found.smiles if found else "")
    return found


def _label(made: MoleculePrediction) -> str:
    """The label that contributions and parts are about."""
    names = [one.name for one in made.estimates]
    if len(names) < 2:
        return names[0] if names else ""
    return str(address.choose(label_picker, "Label", names, key="bench-label", kind="the label"))


def _of(looked: Looked | None, label: str) -> TaskEstimate | None:
    """The prediction of a label; None where there is none."""
    if looked is None or looked.made.refused:
        return None
    return next((one for one in looked.made.estimates if one.name == label), None)


def _predictions(
    model: str,
    now: Looked,
    pinned: Looked | None,
    label: str,
    level: float,
    right: DeltaGenerator,
    below: DeltaGenerator,
) -> None:
    """Prediction and contributions of one molecule, or of both with their difference, and below them their bars."""
    one, other = _of(now, label), _of(pinned, label)
    if one is None:
        right.warning(literal(f"Not predicted: {now.made.refused}"), icon=":material/block:")
        return
    place = right.empty()
    place.markdown(table(_rows(one, other, "", ""), other is not None))
    about = f"{interval_title([one], level)}. {domain_in_words(now.made.inside)}."
    words = about_intervals(model, level)
    known = one.set is not None or not math.isnan(one.low)
    right.caption(literal(about if known else f"{about} {words}"), help=literal(words) if known else None)
    added, of_other = _added(model, now.smiles, label), _added(model, pinned.smiles, label) if pinned else ""
    place.markdown(table(_rows(one, other, added, of_other), other is not None))
    if isinstance(added, str):
        right.caption(literal(f"No contributions of modalities: {added}."))
        return
    shown = {"this molecule": added.values[0].tolist()}
    if isinstance(of_other, Contributions):
        shown["pinned"] = of_other.values[0].tolist()
    scale = f"{label}, {added.unit}".removesuffix(", ")
    drawn = bench_charts.contributions(shown, added.modalities, scale)
    with below:
        charts.show(drawn, f"{model}-contributions", "predict/bench/added", downloads=False)
        st.caption(literal(f"Measured from {added.start_is} ({added.start:.3g}); {added.by}."))


def _added(model: str, smiles: str, label: str) -> Contributions | str:
    """What each modality adds, or why that is not known, in words."""
    try:
        return studio.contributions_of(model, smiles, label)
    except MmexploreError as mistake:
        return str(mistake)


Row = tuple[str, str, str, str]


def _rows(one: TaskEstimate, other: TaskEstimate | None, added: Any, of_other: Any) -> list[Row]:
    """Lines of the table: what, of this molecule, of the pinned one, and the difference."""
    rows = [(f"{one.name}, predicted", value_in_words(one), "", "")]
    rows.append((INTERVALS[one.kind], interval_in_words(one), "", ""))
    if other is not None:
        unit = one.unit if one.kind == "regression" else ""
        rows[0] = (rows[0][0], rows[0][1], value_in_words(other), difference(one.value, other.value, unit))
        rows[1] = (rows[1][0], rows[1][1], interval_in_words(other), "")
    if not isinstance(added, Contributions):
        return rows
    both = isinstance(of_other, Contributions)
    for number, name in enumerate(added.modalities):
        mine, theirs = added.values[0, number], of_other.values[0, number] if both else np.nan
        cells = (with_unit(mine, added.unit), with_unit(theirs, added.unit) if both else "")
        rows.append((f"adds {name}", *cells, difference(mine, theirs, added.unit) if both else ""))
    return rows


def difference(one: float, other: float, unit: str) -> str:
    """A difference with its sign and unit.

    >>> difference(-3.0, -2.5, "log mol/L"), difference(0.75, 0.5, "")
    ('-0.5 log mol/L', '+0.25')
    """
    return f"{one - other:+.3g} {unit}".strip()


def with_unit(value: float, unit: str) -> str:
    """A contribution with its sign and unit."""
    return f"{value:+.3g} {unit}".strip()


def table(rows: Sequence[Row], pinned: bool) -> str:
    """Rows as a table of markdown; without a pinned molecule two columns of it."""
    width = 4 if pinned else 2
    head = ["", "this molecule", "pinned", "difference"][:width]
    lines = [f"| {' | '.join(head)} |", f"|:--|{'--:|' * (width - 1)}"]
    return "\n".join([*lines, *(f"| {' | '.join(map(literal, row[:width]))} |" for row in rows)])


def _pair(now: Looked, pinned: Looked | None) -> None:
    """Both drawings with the atoms that differ lit."""
    cells = [Drawing(of_smiles(now.smiles), "This molecule" if pinned else "")]
    told = ""
    if pinned is not None:
        here: list[int] = []
        there: list[int] = []
        if pinned.smiles == now.smiles:
            told = "The pinned molecule is this one."
        else:
            try:
                here, there, whole = studio.differing(now.smiles, pinned.smiles)
                told = "Lit: the atoms that differ." if whole else "Lit: the atoms that differ, as far as was looked."
            except MmexploreError:
                told = "What differs was not found in time."
        cells = [
            Drawing(of_atoms(now.smiles, here), "This molecule"),
            Drawing(of_atoms(pinned.smiles, there), "Pinned"),
        ]
    drawings("predict/bench/pair", cells, width=200, height=180)
    st.code(now.smiles, language=None, wrap_lines=True)
    if told:
        st.caption(told)
    if now.told:
        st.caption(literal(f"{now.told}. Structure, above, says whether it is taken as drawn."))


def _star(choice: Choice, model: str, history: Steps, pinned: Looked | None) -> None:
    """The molecule's place on the model's map of its training data set, with the way that it has come."""
    chosen = studio.model(model)
    data = studio.current_name(chosen.data)
    if data not in studio.available():
        st.caption(literal(f"{data}, which {model} was trained on, is not here: there is no map to put a star on."))
        return
    view = choice.view if choice.model == model else chosen.views[-1]
    shown = next(filter(None, (studio.stored_map(model, data, view, method) for method in METHODS)), None)
    if shown is None:
        key = f"predict/bench/map/{model}/{view}"
        st.caption(literal(f"{model} has no map of {data} yet, view {view}; the star appears on it."))
        if st.session_state.get(key) or st.button("Make the map", key=f"{key}/start", icon=":material/map:"):
            waits.made(key, lambda: studio.start_map(model, data, view, "umap"))
        return
    panel = ViewRef(model, view)
    if lacking := studio.lacking([panel], data):
        st.caption("The star appears once the model has embedded its training molecules.")
        waits.embedded(lacking, data)
        return
    here = None
    try:
        with st.spinner("Placing the molecule ..."):
            here = studio.place_on(MoleculeRef(history.now), panel, data, shown.xy)
    except MmexploreError as mistake:
        st.caption(literal(f"No star: {mistake}."))
    before = (_place(smiles, panel, data, shown) for smiles in history.smiles[: history.at][-_TRAIL:])
    trail = [at for at in (*before, here) if at is not None]
    other = _place(pinned.smiles, panel, data, shown) if pinned else None
    title = f"{data}, view {view}, {METHOD_TITLES[shown.method]}"
    drawn = bench_charts.star(shown.xy, here, trail, other, title)
    charts.show(drawn, f"{model}-star", "predict/bench/star", downloads=False)


def _place(smiles: str, panel: ViewRef, data: str, shown: MapFile) -> tuple[float, float] | None:
    """Where a molecule lies, None for nowhere."""
    try:
        return studio.place_on(MoleculeRef(smiles), panel, data, shown.xy)
    except MmexploreError:
        return None


def _steps(history: Steps) -> None:
    """All steps; a click leads back to one."""
    if len(history.smiles) < 2:
        return
    st.markdown(f"**{len(history.smiles)} steps**")
    cells = [Drawing(of_smiles(one), str(number + 1), "", number) for number, one in enumerate(history.smiles)]
    drawings(_HISTORY, cells, _back, width=110, height=84, current=history.at)


def _back() -> None:
    if (number := picked(_HISTORY)) >= 0:
        steps.go(number)
