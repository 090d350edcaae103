"""One molecule in detail, for every page that has one at hand: drawn, measured, predicted, and how far to trust it.

molecule_card.show(studio.query_of_row("bbbp", 5), "bbbp-gin", "gin", key="fusion-card")
molecule_card.show(studio.MoleculeRef("CCO"), model, view, key="typed")
"""

import math
from collections.abc import Iterable
from urllib.parse import urlencode

import streamlit as st

from mmexplore import studio
from mmexplore.explore.maps.painting import short
from mmexplore.studio import BASELINE, Dataset, Detail, MoleculeRef, Nearest, Standing
from mmexplore.ui.components import structures, viewer3d
from mmexplore.ui.components.drawings import Drawing, drawings, of_row, of_smiles
from mmexplore.ui.components.words import literal
from mmexplore.ui.shell import address

_MOST_LINES = 12


def show(
    query: MoleculeRef,
    model: str,
    view: str,
    key: str,
    *,
    smarts: str = "",
    atoms: Iterable[int] = (),
    drawing_px: int = 170,
    task: str = "",
) -> None:
    """Draw the card; ``atoms`` (of the SMILES) or what matches ``smarts`` are lit, in 2D and 3D."""
    lit = tuple(int(atom) for atom in atoms)
    _picture(query, key, smarts, lit, drawing_px)
    facts(query, model, view, key, task)


def facts(query: MoleculeRef, model: str, view: str, key: str, task: str = "") -> None:
    """The card without its picture: measured, predicted, near what the model was trained on, SMILES.

    ``task`` is the label that the page is about: it stands first.
    """
    with st.spinner("Asking the model ..."):
        found = studio.detail(query, model, view)
    _standings(found.standings, found.trained_on, task, f"{key}/label")
    _trust(found, key)
    st.code(query.smiles, language=None, wrap_lines=True)
    for note in found.notes:
        st.caption(literal(note))


def title(query: MoleculeRef) -> str:
    """Title of the molecule."""
    return query.name or (f"Molecule {query.row + 1}" if query.row >= 0 else "Typed molecule")


def label_of(table: Dataset, row: int) -> str:
    """The first known label of a molecule in a few words, "" where none is known."""
    for task, value in zip(table.tasks, table.labels[row].tolist(), strict=True):
        if not math.isnan(value):
            return f"{task.name} {short(value)}"
    return ""


def _picture(query: MoleculeRef, key: str, smarts: str, lit: tuple[int, ...], height: int) -> None:
    if structures.in_space(f"{key}/way"):
        viewer3d.show(query.smiles, f"{key}/3d", lit, height=2 * height - 60)
        return
    asked = of_row(query.data, query.row, smarts) if query.row >= 0 else of_smiles(query.smiles)
    if lit:
        asked = f"{of_smiles(query.smiles)}&{urlencode({'atoms': ','.join(map(str, lit))})}"
    drawings(f"{key}/drawing", [Drawing(asked, "", "", query.row)], width=240, height=height)


def _standings(standings: tuple[Standing, ...], trained_on: str, task: str, key: str) -> None:
    """What is known of each task, measured and predicted, a line each; ``task`` first, another one if it is sought."""
    told = {standing.task: lines for standing in standings if (lines := _lines(standing))}
    if not told:
        return
    many = sum(map(len, told.values())) > _MOST_LINES
    sought = (st.session_state.get(key) if many else None) or task
    order = [name for name in (sought, *told) if name in told]
    lines = [line for name in dict.fromkeys(order) for line in told[name]]
    cells = [f"| {literal(label)} | {literal(value)} |" for label, value in lines[:_MOST_LINES]]
    st.markdown("\n".join(["| | |", "|:--|--:|", *cells]))
    if len(lines) > _MOST_LINES:
        words = f"and {len(lines) - _MOST_LINES:,} more values"
        help_ = "It stands first in the table then"
        about = {"index": None, "placeholder": "type to find a label", "help": help_}
        address.choose(st.selectbox, words, list(told), key=key, kind="the label", **about)
    if any(not math.isnan(standing.percentile) for standing in standings):
        st.caption(f"Percentile: among the predictions for the training molecules of {literal(trained_on)}.")


def _lines(standing: Standing) -> list[tuple[str, str]]:
    unit = f" {standing.unit}" if standing.unit else ""
    found = []
    if not math.isnan(standing.label):
        found.append((standing.task, f"{short(standing.label)}{unit}"))
    if not math.isnan(standing.prediction):
        place = f", {_ordinal(standing.percentile)} percentile" if not math.isnan(standing.percentile) else ""
        found.append((f"{standing.task}, predicted", f"{short(standing.prediction)}{unit}{place}"))
    return found


def _ordinal(value: float) -> str:
    """A percentile in words.

    >>> _ordinal(71.6), _ordinal(2.2), _ordinal(12.0)
    ('72nd', '2nd', '12th')
    """
    number = round(value)
    ending = "th" if 10 <= number % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def _trust(found: Detail, key: str) -> None:
    """How near the molecule is to what the model was trained on."""
    if not found.trained_on:
        return
    own = any(near.reach.own for near in found.nearest)
    words = f"A training molecule of {found.trained_on}; its nearest others" if own else "Nearest training molecules"
    st.markdown(f"**{literal(words)}**")
    for near in found.nearest:
        st.caption(_nearest(near))
    for name in found.lacking:
        st.button(
            f"Nearest by {'ECFP' if name == BASELINE else 'model'}",
            key=f"{key}/embed/{name}",
            help=f"{name} has not embedded {found.trained_on} yet; a job does it",
            on_click=_embed,
            args=(name, found.trained_on),
        )


def _embed(model: str, data: str) -> None:
    studio.start_embedding(model, data)


def _nearest(near: Nearest) -> str:
    baseline = near.panel.model == BASELINE
    space, measure = ("ECFP", "Tanimoto") if baseline else (near.panel.view, "Cosine")
    distance, share = max(0.0, 1 - near.reach.similarity), near.reach.farther_than
    return (
        f"{literal(space)}: **{literal(near.reach.words)}**. {measure} distance {distance:.3f} to "
        f"{literal(title(near.neighbor))}; {share:.0%} of the training molecules lie nearer to another one."
    )
