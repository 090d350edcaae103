"""The Results page: the papers' tables beside what was measured here, and every other measurement with its story."""

import math
import re
from collections.abc import Sequence
from typing import Any, cast

import pandas as pd
import streamlit as st

from mmexplore import studio
from mmexplore.studio import PaperTable, Result
from mmexplore.studio.scores.results import DIFFERS, SAME, STATES, TRAINING
from mmexplore.ui.components import charts, structures
from mmexplore.ui.components.words import literal
from mmexplore.ui.results import charts as results_charts
from mmexplore.ui.shell import address

_OTHERS = "Other measurements"
_ROOM = 6  # of a table: a data set in percent takes 2, one with more digits 3
_MOST_WRAPPED = 7
_APART = "\u2020"
_BY_DATA = re.compile(r"fine-tuning epochs (?P<ours>\d+) \(paper: (?P<paper>[\d,]+)\)")
_BADGES: dict[str, tuple[Any, str]] = {
    SAME: ("green", ":material/check:"),
    TRAINING: ("blue", ":material/rule:"),
    DIFFERS: ("orange", ":material/close:"),
}


def results_page() -> None:
    """The whole page: a tab a paper, and one for what no paper prints."""
    st.title("Results")
    papers = studio.paper_tables()
    of_papers = {result.name for tables in papers.values() for table in tables for result in table.measured}
    tabs = address.tabs([name.upper() for name in papers] + [_OTHERS], "paper")
    for (name, tables), tab in zip(papers.items(), tabs[:-1], strict=True):
        with tab:
            _paper(name, tables)
    with tabs[-1]:
        _others([result for result in studio.measured_results().values() if result.name not in of_papers])


def _paper(name: str, tables: Sequence[PaperTable]) -> None:
    titles = {_title(table): table for table in tables}
    key = f"results/{name}"
    table = titles[address.choose(st.selectbox, "Table", list(titles), key=key, kind="the table")]
    _protocols(table)
    if not len(table.figures):
        return
    measured = table.figures[table.figures["ours"].notna()]["data"].unique()
    chosen = table.figures[table.figures["data"].isin(measured)] if len(measured) else table.figures
    _tables(chosen)
    rest = table.figures[~table.figures["data"].isin(chosen["data"])]
    if len(rest):
        with st.expander(f"{rest['data'].nunique()} data sets that were not measured here: the paper's figures"):
            _tables(rest)
    file = f"{name} {table.number}"
    st.download_button("Table (CSV)", studio.to_csv(table.figures), f"{file}.csv", "text/csv", f"{key}/csv")
    charts.show(results_charts.beside(chosen, _title(table)), file, f"{key}/{table.number}")


def _tables(figures: pd.DataFrame) -> None:
    """Figures of a few data sets a table, so that each is no wider than the page."""
    for together in _together(figures):
        some = figures[figures["data"].isin(together)]
        apart = some[some["state"] == DIFFERS]["variant"].unique()
        shown = wide(some).rename(index={name: f"{name} {_APART}" for name in apart})
        shown.columns = pd.Index([": ".join(names) for names in shown.columns])
        structures.wrapped(shown.rename_axis("variant").reset_index())
        if len(apart):
            st.caption(f"{_APART} another test: not to be set beside ours")


def _together(figures: pd.DataFrame) -> list[list[str]]:
    """Data sets in their order, as many together as a table has room for."""
    found: list[list[str]] = []
    room = 0
    for data, metric in dict(zip(figures["data"], figures["metric"], strict=True)).items():
        takes = 2 if metric.endswith("%") else 3
        if takes > room:
            found.append([])
            room = _ROOM
        found[-1].append(data)
        room -= takes
    return found


def _title(table: PaperTable) -> str:
    number = table.number if table.number.startswith("figure") else f"table {table.number}"
    return f"{number[0].upper()}{number[1:]}: {table.title}"


def _protocols(table: PaperTable) -> None:
    """What may be compared, and each difference by its name."""
    if not table.measured:
        st.info("Not measured here yet; this does it, cut off it goes on:")
        st.code("\n".join(table.commands), language="bash")
    counts = table.figures["state"].value_counts()
    with st.container(horizontal=True):
        for state in STATES:
            if counts.get(state):
                color, icon = _BADGES[state]
                st.badge(
                    f"{state.capitalize()}: {counts[state]} of {counts.drop('', errors='ignore').sum()}",
                    color=color,
                    icon=icon,
                )
    for words, rows in _differences(table.figures):
        st.caption(literal(f"{rows}: {words}."))
    notes = [
        f"{table.paper}.",
        table.note,
        "\u00b1 is each side's own standard deviation over its seeds." * bool(len(table.figures)),
    ]
    st.caption(literal(" ".join(filter(None, notes))))
    for result in table.measured:
        st.caption(literal(_story(result)))


def _differences(figures: pd.DataFrame) -> list[tuple[str, str]]:
    """Each state with its differences, and the variants that it is true of; epochs of all data sets as a range."""
    paired = figures[figures["state"] != ""]
    alike = paired["differences"].str.split("; ").map(lambda words: tuple(w for w in words if not _BY_DATA.match(w)))
    found = []
    for key, rows in paired.groupby([paired["state"], alike.rename("words")], sort=False):
        state, words = cast("tuple[str, tuple[str, ...]]", key)
        epochs: dict[str, list[int]] = {}
        for match in filter(None, map(_BY_DATA.match, "; ".join(rows["differences"]).split("; "))):
            epochs.setdefault(match["paper"], []).append(int(match["ours"]))
        ranges = [f"fine-tuning epochs {_range(ours)} (paper: {paper})" for paper, ours in epochs.items()]
        told = "; ".join(filter(None, (*words, *ranges)))
        found.append((f"{state}{f': {told}' if told else ''}", ", ".join(dict.fromkeys(rows["variant"]))))
    return found


def _range(numbers: Sequence[int]) -> str:
    low, high = min(numbers), max(numbers)
    return str(low) if low == high else f"{low} to {high}, by data set"


def _story(result: Result) -> str:
    return f"Measured {result.date} at commit {result.commit} on {result.machine}: {result.command}"


def wide(figures: pd.DataFrame) -> pd.DataFrame:
    """A row a variant; for each data set the paper's figure and ours, each with its own spread, as texts."""
    names = figures.drop_duplicates("data").set_index("data")["metric"]
    parts: dict[tuple[str, str], pd.Series] = {}
    for data, metric in names.items():
        rows = figures[figures["data"] == data].set_index("variant")
        digits = 1 if metric.endswith("%") else 3
        for title, mean, spread in (("paper", "paper", "paper spread"), ("here", "ours", "spread")):
            texts = [_figure(*pair, digits) for pair in zip(rows[mean], rows[spread], strict=True)]
            if any(texts):
                parts[f"{data}, {metric}", title] = pd.Series(texts, rows.index)
    return pd.DataFrame(parts).reindex(list(dict.fromkeys(figures["variant"]))).fillna("")


def _figure(mean: float, spread: float, digits: int) -> str:
    """A figure with its spread.

    >>> _figure(71.846, 1.35, 1), _figure(1.05, float("nan"), 3)
    ('71.8 \u00b1 1.4', '1.050')
    """
    if math.isnan(mean):
        return ""
    return f"{mean:.{digits}f}" + ("" if math.isnan(spread) else f" \u00b1 {spread:.{digits}f}")


def _measured(rows: pd.DataFrame) -> None:
    """A table whose words wrap; one of more columns scrolls in its place, as its numbers would break in two."""
    if len(rows.columns) > _MOST_WRAPPED:
        structures.fitting(rows, list(map(str, rows)))
    else:
        structures.wrapped(rows)


def _in_one_cell(value: object) -> object:
    """What a cell holds, numbers of several runs or ends of an interval as one text.

    >>> _in_one_cell([-0.16666, 2.5]), _in_one_cell(3)
    ('-0.1667, 2.5', 3)
    """
    return ", ".join(map(structures.cell, value)) if isinstance(value, list) else value


def _others(results: Sequence[Result]) -> None:
    st.caption("Each is a ratio against a named alternative in the same run, or says what else it is.")
    for result in results:
        with st.expander(literal(result.question[:1].upper() + result.question[1:])):
            _measured(result.rows.rename(columns=lambda name: str(name).replace("_", " ")).map(_in_one_cell))
            st.caption(literal(_story(result)))
