"""Libraries on the Data page: how far each stage is, what failed, and what was rejected, as a table that downloads."""

from typing import Any

import pandas as pd
import streamlit as st

from mmexplore import studio
from mmexplore.runtime.errors import MmexploreError
from mmexplore.ui.components import structures
from mmexplore.ui.components.words import duration, literal
from mmexplore.ui.shell import address

_SHOWN = 100_000
_EVERY = 5.0
_COLUMNS = {
    "made": st.column_config.ProgressColumn(format="percent", min_value=0, max_value=1),
    "rows": st.column_config.NumberColumn(format="localized", help="rows of the source in the shards that are made"),
    "of": st.column_config.NumberColumn(format="localized"),
    "rejected": st.column_config.NumberColumn(format="localized"),
    "rows a second": st.column_config.NumberColumn(format="%.0f", help="of the last run"),
}
_FIT = ("source", "line", "structure", "reason")
_WIDTHS = {
    "source": st.column_config.TextColumn(width=110),
    "line": st.column_config.NumberColumn(width=70),
    "reason": st.column_config.TextColumn(width=340),
}


def show() -> None:
    """Draw the tab."""
    names = [one.name for one in studio.libraries()]
    if not names:
        st.text(
            "A library is a collection of millions, built shard by shard in a shell. None is here yet; this builds one:"
        )
        st.code("mmexplore library build FOLDER --name NAME --model MODEL", language=None)
        return
    name = address.choose(st.selectbox, "Library", names, key="library", kind="the library")
    try:
        told = studio.library_status(name)
    except MmexploreError as mistake:
        st.error(literal(mistake))
        return
    whole = all(stage["shards"] == stage["of"] for stage in told["stages"])
    st.fragment(_stages, run_every=None if whole else _EVERY)(name)
    _rejected(name, [stage["stage"] for stage in told["stages"] if stage["rejected"]])


def _stages(name: str) -> None:
    told = studio.library_status(name)
    st.caption(
        literal(
            f"Made of {told['source']}, in shards of {told['shard_rows']:,} rows; {told['bytes'] / 1e6:,.1f} MB in "
            f"{told['folder']}. Retrieval searches it; choose it there in Search in."
        )
    )
    st.dataframe(pd.DataFrame([_line(stage) for stage in told["stages"]]), hide_index=True, column_config=_COLUMNS)
    for stage in told["stages"]:
        for shard, why in list(stage["failed"].items())[:10]:
            st.warning(literal(f"{stage['stage']}, shard {shard}: {why}"))
        if damaged := stage["damaged"]:
            st.warning(literal(f"{stage['stage']}: damaged, and made again by a build: {', '.join(damaged[:10])}"))
    if any(stage["shards"] < stage["of"] for stage in told["stages"]):
        st.code(f"mmexplore library build --name {name}", language=None)
    for note in told["notes"]:
        st.caption(literal(note))


def _line(stage: dict[str, Any]) -> dict[str, Any]:
    left = stage["seconds_left"]
    return {
        "stage": stage["stage"],
        "made": stage["rows"] / stage["of_rows"] if stage["of_rows"] else 1.0,
        "rows": stage["rows"],
        "of": stage["of_rows"],
        "shards": f"{stage['shards']:,} of {stage['of']:,}",
        "rows a second": stage["rows_per_second"],
        "left": "unknown" if left is None else duration(left) if left else "",
        "failed": len(stage["failed"]),
        "rejected": stage["rejected"],
    }


def _rejected(name: str, stages: list[str]) -> None:
    if not stages:
        return
    with st.expander("Rejected rows", key="library/rejected"):
        stage = stages[0]
        if len(stages) > 1:
            stage = address.choose(st.selectbox, "Stage", stages, key="library-stage", kind="the stage")
        try:
            table = studio.library_rejected(name, stage, _SHOWN)
        except MmexploreError as mistake:
            st.error(literal(mistake))
            return
        if len(table) == _SHOWN:
            st.caption(f"The first {_SHOWN:,}; all of them stand in the library's folder, in rejected/.")
        height = min(320, 42 + 35 * len(table))
        structures.fitting(table, _FIT, "library-rejected", _WIDTHS, height=height)
        csv = studio.to_csv(table).encode()
        st.download_button(
            "CSV", csv, f"{name}-rejected.csv", "text/csv", icon=":material/download:", on_click="ignore"
        )
