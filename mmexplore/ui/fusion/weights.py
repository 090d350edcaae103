"""Coefficients, predictions and their products: distributions, the table behind them, one molecule as a waterfall."""

from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from mmexplore import studio
from mmexplore.studio import FusionReport
from mmexplore.ui.components import charts, molecule, structures
from mmexplore.ui.components.words import literal
from mmexplore.ui.fusion import charts as fusion_charts
from mmexplore.ui.fusion import state
from mmexplore.ui.shell import address, session
from mmexplore.ui.shell.session import Choice

_TABLE = "fusion-table"
_ALL, _SELECTED = "all molecules", "the selection"


def show(choice: Choice, task: str) -> None:
    """Everything about the weights of a late fusion."""
    report = state.report(choice.model, choice.data, task)
    left, right = st.container(key="stacks-fusion-weights").columns([13, 7], gap="large")
    with left:
        places = _molecules(report)
        _distributions(choice, report, places)
        _table(choice, report, places)
    with right:
        one(choice, report)


def one(choice: Choice, report: FusionReport, factors: tuple[float, ...] = ()) -> None:
    """The current molecule: from each modality's product to the prediction, and its card."""
    place = where(report)
    if place < 0:
        words = "Choose a line of the table, or click a molecule on the Map: what each modality adds appears here."
        st.info(words, icon=":material/ads_click:")
        return
    query = studio.query_of_row(choice.data, int(report.rows[place]))
    products = studio.products(report.w[[place]], report.p[[place]])[0] * np.asarray(factors or 1.0)
    shown = dict(zip(report.modalities, products.tolist(), strict=True))
    name, told = molecule.title(query), in_words(report, float(products.sum()))
    drawn = fusion_charts.waterfall(shown, name, told, f"w · p, {report.scale}")
    charts.show(drawn, "waterfall", "fusion/waterfall")
    molecule.show(query, choice.model, choice.view, "fusion-card")


def where(report: FusionReport) -> int:
    """The current molecule's place in the report, -1 where there is none or it could not be described."""
    found = np.flatnonzero(report.rows == session.current_row())
    return int(found[0]) if len(found) else -1


def in_words(report: FusionReport, prediction: float) -> str:
    """A prediction as people read it."""
    value = float(studio.readable(report, np.array([prediction]))[0])
    if report.scale == "logit":
        return f"{report.task}, probability {value:.2f}"
    return f"{report.task} {value:.2f} {report.unit}".strip()


def _molecules(report: FusionReport) -> np.ndarray:
    """Places in the report of the molecules that are looked at: all, or those selected on the Map."""
    chosen = np.flatnonzero(np.isin(report.rows, session.selection()))
    if not len(chosen):
        return np.arange(len(report.rows))
    about: dict[str, Any] = {"kind": "the molecules", "default": _ALL, "required": True}
    which = address.choose(st.segmented_control, "Molecules", [_ALL, _SELECTED], key="molecules", **about)
    return chosen if which == _SELECTED else np.arange(len(report.rows))


def _distributions(choice: Choice, report: FusionReport, places: np.ndarray) -> None:
    w, p = report.w[places], report.p[places]
    parts = {"coefficient w": w, "prediction p": p, "product w · p": studio.products(w, p)}
    current = np.flatnonzero(places == where(report))
    title = f"{report.task}: what each modality adds, {len(places):,} molecules of {choice.data}"
    drawn = fusion_charts.distributions(parts, report.modalities, int(current[0]) if len(current) else -1, title)
    charts.show(drawn, f"{choice.model}-weights", "fusion/distributions")
    scale = f"z-scores: times {report.std:.3g} plus {report.mean:.3g} is {report.task}" + f" {report.unit}".rstrip()
    about = "logits: the sum goes through one sigmoid" if report.scale == "logit" else scale
    st.caption(literal(f"The prediction is the sum of w · p over the modalities. p and w · p are {about}."))


def _table(choice: Choice, report: FusionReport, places: np.ndarray) -> None:
    """A line a molecule; choosing one makes it the current molecule of all pages."""
    table = as_table(choice, report, places)
    about: dict[str, Any] = {"selection_mode": "single-row", "on_select": "rerun", "height": 330, "key": _TABLE}
    fit = [name for name in map(str, table) if not name.startswith(("w ", "p ")) or name.startswith("w · p")]
    fit.remove("SMILES")
    config: dict[str, Any] = {"name": st.column_config.TextColumn(width=100)}
    for name in report.modalities:
        told: dict[str, Any] = {"help": f"w · p of {name}", "format": "%.3f", "width": 84}
        config[f"w · p {name}"] = st.column_config.NumberColumn(name, **told)
    chosen = structures.fitting(table, fit, "contributions", config, alt="Contributions by molecule", **about)
    rows = chosen.selection.rows
    if rows and (row := int(report.rows[places[rows[0]]])) != session.current_row():
        session.choose_row(row)
        st.rerun()
    name = f"{choice.model}-{choice.data}-fusion.csv"
    st.download_button("Table (CSV)", lambda: studio.to_csv(table), name, "text/csv", on_click="ignore")


def as_table(choice: Choice, report: FusionReport, places: np.ndarray) -> pd.DataFrame:
    """Name, SMILES, prediction as people read it, and w, p and w · p of every modality."""
    data, rows = studio.dataset(choice.data), report.rows[places]
    w, p = report.w[places], report.p[places]
    columns = {
        "name": [str(data.names[row]) or f"Molecule {row + 1}" for row in rows],
        f"{report.task}, predicted": studio.readable(report, report.prediction[places]),
    }
    for what, values in (("w · p", studio.products(w, p)), ("w", w), ("p", p)):
        columns |= {f"{what} {name}": values[:, i] for i, name in enumerate(report.modalities)}
    return pd.DataFrame(columns | {"SMILES": report.smiles[places]})
