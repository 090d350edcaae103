"""Peaks as a query: the box for a list of 13C shifts, the molecules whose structures fit it, and both spectra."""

from dataclasses import dataclass

import pandas as pd
import streamlit as st

from mmexplore import studio
from mmexplore.runtime.errors import MmexploreError
from mmexplore.studio import PeakHits, PeakList, ViewRef
from mmexplore.ui.components import charts, molecule, structures, waits
from mmexplore.ui.components.drawings import of_row
from mmexplore.ui.components.hit_lists import Hit, HitColumn
from mmexplore.ui.components.words import literal
from mmexplore.ui.shell.session import Choice

_PEAKS, _READ = "peaks", "peaks/read"
_TITLES = {"both": "Both", "joint": "Joint model", "shifts": "Predicted shifts"}
_TEXTS = {
    "both": "rank by shifts + rank by joint model",
    "joint": "cosine of spectrum and structure in one space",
    "shifts": "peaks paired with a table's shifts, 1: each falls on one",
}
_EXAMPLE = "134.9, 129.5, 128.6, 126.1, 35.8"


@dataclass(frozen=True)
class PeakSearch:
    """What peaks are sought, where, for how many hits, and what hits must be like."""

    peaks: PeakList
    data: str
    k: int
    smarts: str
    within: dict[str, tuple[float, float]]


def peaks_text() -> PeakList | None:
    """Draw the box and read it; None where nothing was typed, or nothing that could be read, which it says."""
    read = st.session_state.pop(_READ, None)
    if read is not None:
        st.session_state[_PEAKS] = read
    with st.container(horizontal=True, vertical_alignment="bottom", gap="xsmall", wrap=False):
        typed = st.text_input(
            "Peaks (13C, ppm)",
            key=_PEAKS,
            bind="query-params",
            icon=":material/show_chart:",
            max_chars=4_000,
            placeholder=f"{_EXAMPLE}; with or without multiplicities, as 128.5 (d)",
        )
        with st.popover("", icon=":material/upload_file:", help="Read the list from a file", key=f"{_PEAKS}/file"):
            given = st.file_uploader("File of peaks", ["txt", "csv", "tsv"], key=f"{_PEAKS}/given", on_change=_read)
            if given is not None and (told := st.session_state.get(f"{_PEAKS}/why")):
                st.warning(literal(told))
    if not (typed or "").strip():
        return None
    try:
        return studio.peak_list(str(typed))
    except MmexploreError as mistake:
        st.warning(literal(mistake), icon=":material/search_off:")
        return None


def _read() -> None:
    """An uploaded list comes into the box, in one form, and so into the link."""
    given = st.session_state.get(f"{_PEAKS}/given")
    st.session_state[f"{_PEAKS}/why"] = ""
    if given is None:
        return
    try:
        st.session_state[_READ] = studio.peak_list(given.getvalue().decode("utf-8-sig", "replace")).text
    except MmexploreError as mistake:
        st.session_state[f"{_PEAKS}/why"] = str(mistake)


def search(asked: PeakSearch) -> dict[str, PeakHits] | None:
    """Hits by each way that there is; None while a job makes what the data set lacks, or where the search is refused.

    The joint model's come as soon as a job has embedded the data set; the others do not wait for it.
    """
    if studio.lacking_for_peaks(asked.data):
        digest = studio.dataset(asked.data).digest
        waits.made(f"peaks-job/{digest}", lambda: studio.start_peaks(asked.peaks, asked.data))
        return None
    if joint := studio.joint_model():
        waits.embedded(studio.lacking([ViewRef(joint.name, "structure")], asked.data), asked.data)
    try:
        with waits.bar("Predicting shifts") as progress:
            return studio.peak_hits(asked.peaks, asked.data, asked.k, asked.smarts, asked.within, progress=progress)
    except MmexploreError as mistake:
        st.warning(literal(mistake), icon=":material/search_off:")
        return None


def columns(found: dict[str, PeakHits], asked: PeakSearch) -> list[HitColumn]:
    """A list a way, the one that finds most first."""
    return [_column(way, one, asked) for way, one in found.items()]


def _column(way: str, found: PeakHits, asked: PeakSearch) -> HitColumn:
    words = _TEXTS[way] + (f"; {found.tied:,} molecules tie with the last" if found.tied else "")
    if not len(found.rows):
        return HitColumn(_TITLES[way], words, (), "No molecule with carbon passes the filters.")
    table, hits = studio.dataset(asked.data), []
    for number, row in enumerate(found.rows.tolist()):
        name = str(table.names[row]) or f"Molecule {row + 1}"
        shown = _ranked(found, number) if way == "both" else f"{found.similarity[number]:.3f}"
        hits.append(Hit(of_row(asked.data, row, asked.smarts), row, shown, name, molecule.label_of(table, row)))
    return HitColumn(_TITLES[way], words, tuple(hits))


def _ranked(found: PeakHits, number: int) -> str:
    shifts, joint = found.ranks[number].tolist()
    return f"{shifts:g} + {joint:g}"


def cards(choice: Choice, asked: PeakSearch, found: dict[str, PeakHits], clicked: int) -> None:
    """The measured list above the shifts predicted for a hit: the one that was clicked, or the best one."""
    first = next(iter(found.values())).rows
    row = clicked if clicked >= 0 else int(first[0]) if len(first) else -1
    st.markdown(f"**{len(asked.peaks)} peaks, the query**")
    if row < 0:
        st.caption(literal(asked.peaks.text))
        return
    hit = studio.query_of_row(asked.data, row)
    lines = studio.predicted_shifts(asked.data, row)
    name = molecule.title(hit)
    figure = charts.mirrored(asked.peaks.ppm, lines.ppm, "13C shifts", "query", f"predicted: {name}")
    charts.show(figure, f"{asked.data}-peaks", "peaks-figure")
    st.caption(literal(asked.peaks.text))
    st.markdown(f"**{literal(name)}**, {'the hit that was clicked' if clicked >= 0 else 'the best hit'}")
    molecule.show(hit, choice.model, choice.view, "retrieval-hit")


def table(choice: Choice, asked: PeakSearch, found: dict[str, PeakHits]) -> None:
    """Hits of all lists as a table, with its downloads."""
    tables = [studio.peak_hit_table(one, asked.data, choice.model) for one in found.values() if len(one.rows)]
    if not tables:
        st.caption("Hits appear here as a table, with all that is known of them.")
        return
    whole = pd.concat(tables, ignore_index=True)
    fit = {"rank", "space", "similarity", "name", "smiles"}
    structures.fitting(whole, fit, "hits", height=min(420, 42 + 35 * len(whole)), alt="Hits of all lists")
    name = f"{asked.data}-peaks"
    with st.container(horizontal=True):
        icon = ":material/download:"
        csv = studio.to_csv(whole).encode()
        st.download_button("CSV", csv, f"{name}.csv", "text/csv", icon=icon, on_click="ignore")
        sdf = studio.to_sdf(whole).encode
        st.download_button("SDF", sdf, f"{name}.sdf", "chemical/x-mdl-sdfile", icon=icon, on_click="ignore")
