"""Table of predictions that a job has made: drawings, filters, downloads, and the way to the Map."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st

from mmexplore import studio
from mmexplore.datasets import tables
from mmexplore.runtime.cache import FileVersion, cached, version
from mmexplore.runtime.errors import MmexploreError
from mmexplore.studio import Job
from mmexplore.ui.components import follow_job, model_links, structures, waits
from mmexplore.ui.components.words import literal
from mmexplore.ui.shell import address, navigation, uploads

if TYPE_CHECKING:
    import pandas as pd

MOST_SHOWN = 500
_INLINE_ROWS = 5_000
_EVERY, _PREDICTED, _NOT, _INSIDE, _OUTSIDE = "All rows", "Predicted", "Not predicted", "In the domain", "Outside it"
_DOWNLOADS = {
    "CSV": (".csv", "text/csv"),
    "Parquet": (".parquet", "application/vnd.apache.parquet"),
    "Excel": (".xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    "SDF": (".sdf", "chemical/x-mdl-sdfile"),
}
_NARROW_PX, _NAME_PX, _STATUS_PX = 80, 110, 100
_MOST_FITTING = 5


def show(job: Job) -> None:
    """Draw what a finished job has made."""
    path = studio.predicted_file(job)
    if path is None or job.result is None:
        st.info("This table was deleted, as tables are after a week. Predict the file again.")
        return
    told = job.result
    words = f"{told['n']:,} rows, {told['predicted']:,} predicted, {told['not_predicted']:,} not, by {told['model']}"
    st.markdown(f"**{literal(job.title)}**: {literal(words)}")
    for note in told.get("notes", [])[:5]:
        st.caption(literal(note))
    table = _table(version(path))
    _downloads(job)
    _to_map(job)
    shown = filtered(table, told, *_filters(table, told))
    if len(shown) > MOST_SHOWN:
        st.caption(f"The first {MOST_SHOWN:,} of {len(shown):,} rows in this order; the downloads hold all.")
    elif not len(shown):
        st.caption("No row passes these filters.")
    _draw(shown.head(MOST_SHOWN), told)


@cached(2)
def _table(file: FileVersion) -> "pd.DataFrame":
    return tables.frame(file.path.read_bytes())


def _filters(table: "pd.DataFrame", told: dict[str, Any]) -> tuple[str, str, bool, str]:
    """Which rows, in which order, and a text that they are to hold."""
    left, middle, down, right = st.columns([2, 2, 1, 2], vertical_alignment="bottom")
    known = any(inside in table and table[inside].notna().any() for *_, inside in told["columns"]["domains"])
    kinds = [_EVERY, _PREDICTED, _NOT, *([_INSIDE, _OUTSIDE] if known else [])]
    orders = ["the file", *(task["column"] for task in told["tasks"])]
    with left:
        rows = address.choose(st.selectbox, "Rows", kinds, key="rows", kind="the rows")
    with middle:
        order = address.choose(st.selectbox, "In the order of", orders, key="order", kind="the order")
    falling = order != orders[0] and address.toggle("Largest first", True, key="falling", place=down)
    text = right.text_input("That hold", key="holding", bind="query-params", placeholder="a text, in any column")
    return rows or _EVERY, order or orders[0], falling, (text or "").strip()


def filtered(
    table: "pd.DataFrame", told: dict[str, Any], rows: str, order: str, falling: bool, text: str
) -> "pd.DataFrame":
    """Rows of a table of predictions that are asked for, in the order that is asked for."""
    status, inside = told["columns"]["status"], [columns[2] for columns in told["columns"]["domains"]]
    predicted = table[status].str.startswith("predicted")
    if rows in (_PREDICTED, _NOT):
        table = table.loc[predicted if rows == _PREDICTED else ~predicted]
    elif rows in (_INSIDE, _OUTSIDE):
        wanted = table[inside].eq(rows == _INSIDE).fillna(False)
        table = table.loc[wanted.all(axis=1) if rows == _INSIDE else wanted.any(axis=1)]
    if text:
        held = [table[name].astype("str").str.contains(text, case=False, regex=False, na=False) for name in table]
        table = table.loc[np.logical_or.reduce(held)]
    return table.sort_values(order, ascending=not falling, kind="stable") if order in table else table


def _draw(table: "pd.DataFrame", told: dict[str, Any]) -> None:
    about = told["columns"]
    used = table[about["smiles_used"]]
    smiles = used.fillna(table[about["structure"]]) if about["structure"] else used
    readable = table[about["status"]].str.startswith("predicted")
    drawn = [structures.address(str(text)) if good else None for text, good in zip(smiles, readable, strict=True)]
    table = table.copy()
    table.insert(0, "structure " if "structure" in table else "structure", drawn)
    config: dict[str, Any] = {str(table.columns[0]): structures.column()}
    config |= {task["column"]: _score(task) for task in told["tasks"]}
    config |= {name: st.column_config.Column(width=_NARROW_PX) for name in _beside(told)}
    config |= {about["status"]: st.column_config.Column(width=_STATUS_PX)}
    config |= {about["name"]: st.column_config.Column(width=_NAME_PX)} if about["name"] else {}
    made = [*(task["column"] for task in told["tasks"]), *_beside(told)]
    made = [name for name in dict.fromkeys(made) if name in table and table[name].notna().any()]
    fit = [str(table.columns[0]), *made[:_MOST_FITTING], about["status"], *([about["name"]] if about["name"] else [])]
    order = dict.fromkeys([*fit, *made, *([about["structure"]] if about["structure"] else []), *table.columns])
    structures.table(table[list(order)], config, fit=fit, switch="predicted")


def _score(task: dict[str, Any]) -> Any:
    """The column of a prediction, its unit in the header."""
    return st.column_config.NumberColumn(f"{task['column']} ({task['unit']})" if task["unit"] else None, format="%.4g")


def _beside(told: dict[str, Any]) -> list[str]:
    """Columns that say how sure a prediction is: its interval, its spread, whether it lies in the domain."""
    about = told["columns"]
    return [*about.get("beside", ()), *(domain[2] for domain in about["domains"])]  # tables of a week ago say less


def _downloads(job: Job) -> None:
    def content(ending: str) -> bytes:
        return studio.write_predicted(job, ending).read_bytes()

    path = studio.predicted_file(job)
    assert path is not None
    with st.container(horizontal=True):
        for kind, (ending, mime) in _DOWNLOADS.items():
            about: dict[str, Any] = {"icon": ":material/download:", "on_click": "ignore", "key": f"predict/{kind}"}
            name = f"{path.stem.rpartition('-')[0]}-predictions{ending}"
            st.download_button(kind, partial(content, ending), name, mime, **about)


def _to_map(job: Job) -> None:
    """The predicted molecules as a data set whose labels are the predictions, which colour the Map."""
    key = f"predict/sent/{job.id}"
    sent = st.session_state.get(key, "")
    importing = follow_job.known(st.session_state.get(f"{key}/job", ""))
    if importing is not None and importing.state == "done":
        sent = st.session_state[key] = str((importing.result or {}).get("data", ""))
    model = studio.asked_of(job).models[0]
    if sent:
        words = f"Open {sent} on the Map, coloured by the prediction"
        navigation.link("Map", words, ":material/scatter_plot:", **{model_links.USE: model, model_links.ON: sent})
    elif importing is not None and importing.active:
        follow_job.follow_one(importing, follow_job.bar)
    elif importing is not None:
        st.error(literal(follow_job.why(importing, importing.state)))
    elif st.button("Send to the Map", key=f"{key}/button", icon=":material/scatter_plot:"):
        _send(job, key)


def _send(job: Job, key: str) -> None:
    title = f"{Path(studio.asked_of(job).data).name.partition('.')[0]} predicted"
    try:
        content, chosen = studio.dataset_of_predictions(job)
        path = uploads.keep(f"{title}.csv", content.encode())
        if (job.result or {}).get("n", 0) > _INLINE_ROWS:
            st.session_state[f"{key}/job"] = studio.start_import(path, title, chosen).id
        else:
            with waits.bar("Reading") as progress:
                st.session_state[key] = studio.add_dataset(path, title, progress=progress, **chosen).name
            uploads.forget(path)
    except MmexploreError as mistake:
        st.error(literal(mistake))
        return
    st.rerun()
