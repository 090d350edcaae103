"""Coefficients, predictions and their products: distributions, the table behind them, one molecule as a waterfall."""

from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from mmexplore import studio
from mmexplore.studio import Absent, Contributions, FusionReport
from mmexplore.ui.components import charts, molecule, structures
from mmexplore.ui.components.words import literal
from mmexplore.ui.fusion import charts as fusion_charts
from mmexplore.ui.fusion import state
from mmexplore.ui.shell import address, session
from mmexplore.ui.shell.session import Choice

_TABLE = "fusion-table"
_ALL, _SELECTED = "all molecules", "the selection"


def show(choice: Choice, task: str, absent: Absent) -> None:
    """Everything about the weights of a late fusion."""
    report = state.report(choice.model, choice.data, task)
    added = state.contributions(choice, task, absent)
    if added is None:
        return
    left, right = st.container(key="stacks-fusion-weights").columns([13, 7], gap="large")
    with left:
        places = molecules(report)
        _distributions(choice, report, added, places)
        table(choice, report, added, places)
    with right:
        one(choice, report, added)


def one(choice: Choice, report: FusionReport, added: Contributions, factors: tuple[float, ...] = ()) -> None:
    """The current molecule: from the start through what each modality adds to the prediction, and its card."""
    place = where(report)
    if place < 0:
        words = "Choose a line of the table, or click a molecule on the Map: what each modality adds appears here."
        st.info(words, icon=":material/ads_click:")
        return
    query = studio.query_of_row(choice.data, int(report.rows[place]))
    values = added.values[place] * np.asarray(factors or 1.0)
    shown = dict(zip(report.modalities, values.tolist(), strict=True))
    name, told = molecule.title(query), in_words(report, added.start + float(values.sum()))
    drawn = fusion_charts.waterfall(shown, name, told, of_contributions(report), added.start)
    charts.show(drawn, "waterfall", "fusion/waterfall")
    st.caption(literal(f"From {added.start_is} ({added.start:.3g}) to the prediction; {added.by}."))
    molecule.show(query, choice.model, choice.view, "fusion-card")


def where(report: FusionReport) -> int:
    """The current molecule's place in the report, -1 where there is none or it could not be described."""
    found = np.flatnonzero(report.rows == session.current_row())
    return int(found[0]) if len(found) else -1


def of_contributions(report: FusionReport) -> str:
    """What contributions are measured in, as an axis has it."""
    return f"{report.task}, {report.contribution_unit}".removesuffix(", ")


def in_words(report: FusionReport, prediction: float) -> str:
    """A prediction as people read it, from the scale of the contributions."""
    if report.contribution_unit == "logit":
        return f"{report.task}, probability {1 / (1 + np.exp(-prediction)):.2f}"
    return f"{report.task} {prediction:.2f} {report.unit}".strip()


def molecules(report: FusionReport) -> np.ndarray:
    """Places in the report of the molecules that are looked at: all, or those selected on the Map."""
    chosen = np.flatnonzero(np.isin(report.rows, session.selection()))
    if not len(chosen):
        return np.arange(len(report.rows))
    about: dict[str, Any] = {"kind": "the molecules", "default": _ALL, "required": True}
    which = address.choose(st.segmented_control, "Molecules", [_ALL, _SELECTED], key="molecules", **about)
    return chosen if which == _SELECTED else np.arange(len(report.rows))


def _distributions(choice: Choice, report: FusionReport, added: Contributions, places: np.ndarray) -> None:
    parts = {"coefficient w": report.w[places], "prediction p": report.p[places]}
    parts[f"contribution, {report.contribution_unit}".removesuffix(", ")] = added.values[places]
    current = np.flatnonzero(places == where(report))
    title = f"{report.task}: what each modality adds, {len(places):,} molecules of {choice.data}"
    drawn = fusion_charts.distributions(parts, report.modalities, int(current[0]) if len(current) else -1, title)
    charts.show(drawn, f"{choice.model}-weights", "fusion/distributions")
    scale = f"z-scores: times {report.std:.3g} plus {report.mean:.3g} is {report.task}" + f" {report.unit}".rstrip()
    about = "logits: the sum goes through one sigmoid" if report.scale == "logit" else scale
    words = f"The prediction is the sum of w · p over the modalities. p and w · p are {about}. A contribution is w · p "
    words += f"less what an absent modality counts as: it is measured from {added.start_is}, and contributions add up "
    words += "to the prediction. " + _of_signs(report)
    st.caption(literal(words))


def _of_signs(report: FusionReport) -> str:
    words = (
        "The sign of a branch is free, as (w, p) and (-w, -p) are one model: each is shown so that its p rises with "
    )
    words += "the label over the training part"
    return words + (f"; turned round for that: {', '.join(report.turned)}." if report.turned else ".")


def table(choice: Choice, report: FusionReport, added: Contributions, places: np.ndarray) -> None:
    """A line a molecule; choosing one makes it the current molecule of all pages."""
    shown = as_table(choice, report, added, places)
    about: dict[str, Any] = {"selection_mode": "single-row", "on_select": "rerun", "height": 330, "key": _TABLE}
    fit = [name for name in map(str, shown) if not name.startswith(("w ", "p ")) and name != "SMILES"]
    config: dict[str, Any] = {"name": st.column_config.TextColumn(width=100)}
    for name in report.modalities:
        told: dict[str, Any] = {"help": f"what {name} adds", "format": "%.3f", "width": 84}
        config[f"adds {name}"] = st.column_config.NumberColumn(name, **told)
    chosen = structures.fitting(shown, fit, "contributions", config, alt="Contributions by molecule", **about)
    rows = chosen.selection.rows
    if rows and (row := int(report.rows[places[rows[0]]])) != session.current_row():
        session.choose_row(row)
        st.rerun()
    name = f"{choice.model}-{choice.data}-fusion.csv"
    st.download_button("Table (CSV)", lambda: studio.to_csv(shown), name, "text/csv", on_click="ignore")


def as_table(choice: Choice, report: FusionReport, added: Contributions, places: np.ndarray) -> pd.DataFrame:
    """Name, SMILES, prediction as people read it, what each modality adds, and of a late fusion w · p, w and p."""
    data, rows = studio.dataset(choice.data), report.rows[places]
    w, p = report.w[places], report.p[places]
    columns = {
        "name": [str(data.names[row]) or f"Molecule {row + 1}" for row in rows],
        f"{report.task}, predicted": studio.readable(report, report.prediction[places]),
    }
    late = (("w · p", studio.products(w, p)), ("w", w), ("p", p)) if w.shape[1] else ()
    for what, values in (("adds", added.values[places]), *late):
        columns |= {f"{what} {name}": values[:, i] for i, name in enumerate(report.modalities)}
    return pd.DataFrame(columns | {"SMILES": report.smiles[places]})
