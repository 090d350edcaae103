"""The Results page: the papers' tables beside what was measured here, and every other measurement with its story."""

from collections.abc import Sequence
from typing import Any

import pandas as pd
import streamlit as st
from pandas.io.formats.style import Styler

from mmexplore import studio
from mmexplore.studio import PaperTable, Result
from mmexplore.ui.components import charts
from mmexplore.ui.components.words import literal
from mmexplore.ui.results import charts as results_charts
from mmexplore.ui.shell import address

_OTHERS = "Speed and size"
_LETTER_PX = 7


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
    longest = max(len(variant) for variant in table.figures["variant"])
    names = st.column_config.TextColumn(width=_LETTER_PX * longest + 24)
    about: dict[str, Any] = {"column_config": {"_index": names}, "placeholder": ""}
    st.dataframe(_wide(table.figures), key=f"{key}/{table.number}/table", **about)
    file = f"{name} {table.number}"
    st.download_button("Table (CSV)", table.figures.to_csv(index=False), f"{file}.csv", "text/csv", f"{key}/csv")
    charts.show(results_charts.beside(chosen, _title(table)), file, f"{key}/{table.number}")


def _title(table: PaperTable) -> str:
    number = table.number if table.number.startswith("figure") else f"table {table.number}"
    return f"{number[0].upper()}{number[1:]}: {table.title}"


def _protocols(table: PaperTable) -> None:
    """What may be compared, in words."""
    if not table.measured:
        st.info("Not measured here yet; this does it, cut off it goes on:")
        st.code("\n".join(table.commands), language="bash")
    elif table.comparable:
        st.badge("Comparable", color="green", icon=":material/check:")
    else:
        st.badge("Not comparable figure by figure", color="orange", icon=":material/close:")
    st.caption(literal(f"{table.paper}. The same: {table.same}. Different: {table.differs}."))
    for result in table.measured:
        st.caption(literal(_story(result)))


def _story(result: Result) -> str:
    return f"Measured {result.date} at commit {result.commit} on {result.machine}: {result.command}"


def _wide(figures: pd.DataFrame) -> Styler:
    """A row a variant; for each data set the paper's figure, ours and its spread, those that are there."""
    names = figures.drop_duplicates("data").set_index("data")["metric"]
    parts = {}
    for data, metric in names.items():
        rows = figures[figures["data"] == data].set_index("variant")
        unit = " %" if metric.endswith("%") else ""
        for column, title in (("paper", f"paper{unit}"), ("ours", f"here{unit}"), ("spread", f"±{unit}")):
            if rows[column].notna().any():
                parts[data, title] = rows[column]
    digits: dict[Any, Any] = {column: "{:.1f}" if column[1].endswith("%") else "{:.3f}" for column in parts}
    wide = pd.DataFrame(parts).reindex(list(dict.fromkeys(figures["variant"])))
    return wide.style.format(digits, na_rep="")


def _others(results: Sequence[Result]) -> None:
    st.caption("Each is a ratio against a named alternative in the same run, or says what else it is.")
    for result in results:
        with st.expander(literal(result.question)):
            st.dataframe(result.rows, hide_index=True, key=f"results/{result.name}")
            st.caption(literal(_story(result)))
