"""Exports of ChEMBL and PubChem, recognised by their headers: relation, value and unit are one label there."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from mmexplore.datasets.readers.cells import Cells, bare
from mmexplore.datasets.readers.labels import LabelRule

_UNITS = {"MICROMOLAR": "µM", "NANOMOLAR": "nM", "PICOMOLAR": "pM", "MILLIMOLAR": "mM", "MOLAR": "M"}


@dataclass(frozen=True)
class Export:
    """Export of a database: whose, its labels, its column of names, and what is to be said of it."""

    database: str
    rules: tuple[LabelRule, ...]
    name: str | None
    notes: tuple[str, ...]


def about_rows(cells: Cells) -> dict[str, dict[str, str]]:
    """Takes away the rows by which a PubChem data table describes its columns; what they say, by row and column."""
    if "pubchemactivityoutcome" not in map(bare, cells.columns):
        return {}
    found: dict[str, dict[str, str]] = {}
    kept = []
    for place, row in enumerate(cells.rows):
        said = next((cell for cell in row[:2] if cell.startswith("RESULT_")), "")
        if said:
            found[said] = dict(zip(cells.columns, row, strict=True))
        else:
            kept.append(place)
    if found:
        cells.rows, cells.lines = [cells.rows[p] for p in kept], [cells.lines[p] for p in kept]
        cells.notes.append(f"{len(found)} rows that describe the columns were skipped: {', '.join(found)}"[:200])
    return found


def export(frame: pd.DataFrame, about: dict[str, dict[str, str]]) -> Export | None:
    """The export that a table is, None for another."""
    known = {bare(column): str(column) for column in frame.columns}
    if "pubchemactivityoutcome" in known:
        return _pubchem(frame, known, about)
    if {"standardvalue", "standardrelation"} <= known.keys() or {"standardvalue", "standardtype"} <= known.keys():
        return _chembl(frame, known)
    return None


def _chembl(frame: pd.DataFrame, known: dict[str, str]) -> Export:
    rule = LabelRule(
        known["standardvalue"], "regression", relation=known.get("standardrelation"), units=known.get("standardunits")
    )
    rules = [rule] if _filled(frame, rule.column) else []
    if _filled(frame, known.get("pchemblvalue")):
        rules.append(LabelRule(known["pchemblvalue"], "regression"))
    parts = [known[c] for c in ("standardrelation", "standardvalue", "standardunits") if c in known]
    notes = [f"an export of ChEMBL: {', '.join(map(repr, parts))} are one label"]
    if "standardtype" in known:
        kinds = frame[known["standardtype"]].str.strip().value_counts()
        if len(kinds) > 1:
            told = ", ".join(f"{kind} ({count:,})" for kind, count in list(kinds.items())[:5])
            notes.append(
                f"{known['standardtype']!r} holds several kinds of measurements, which are one label here: {told}"
            )
    return Export("ChEMBL", tuple(rules), None, tuple(notes))


def _pubchem(frame: pd.DataFrame, known: dict[str, str], about: dict[str, dict[str, str]]) -> Export:
    outcome = known["pubchemactivityoutcome"]
    rules = [LabelRule(outcome, "classification")] if _filled(frame, outcome) else []
    active = about.get("RESULT_IS_ACTIVE_CONCENTRATION", {})
    for column in [name for name, said in active.items() if said.strip().upper() == "TRUE"]:
        unit = about.get("RESULT_UNIT", {}).get(column, "").strip()
        if _filled(frame, column):
            rules.append(LabelRule(column, "regression", unit=_UNITS.get(unit.upper(), unit)))
    name = known.get("pubchemcid") or known.get("pubchemsid")
    return Export(
        "PubChem", tuple(rules), name, ("an export of PubChem: outcomes other than active and inactive are missing",)
    )


def _filled(frame: pd.DataFrame, column: str | None) -> bool:
    return column is not None and bool(np.any(frame[column].str.strip() != ""))
