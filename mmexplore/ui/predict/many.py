"""Many molecules on the Predict page: a file that is dropped, or a data set, predicted by a job."""

from pathlib import Path
from typing import Any, Literal

import streamlit as st

from mmexplore import studio
from mmexplore.chem.file_endings import ARCHIVE, ENDINGS, FORMATS, PACKED
from mmexplore.runtime.cache import FileVersion, cached, version
from mmexplore.runtime.errors import MmexploreError
from mmexplore.studio import Job, TableHead
from mmexplore.ui.components import follow_job
from mmexplore.ui.components.words import literal
from mmexplore.ui.predict import results
from mmexplore.ui.predict.request import PredictionRequest
from mmexplore.ui.shell import address, uploads
from mmexplore.ui.shell.session import Choice
from mmexplore.ui.shell.tabs import A_DATA_SET, A_FILE, PREDICT_FROM, PREDICT_SET

_JOB, _KEPT = "job", "predict/kept"


def show(choice: Choice, asked: PredictionRequest) -> None:
    """Draw the panel: where the molecules come from, the job that is at them, and what it made."""
    about: dict[str, Any] = {"key": PREDICT_FROM, "kind": "molecules from", "default": A_FILE, "required": True}
    way = address.choose(st.segmented_control, "From", (A_FILE, A_DATA_SET), **about)
    data = _data_set(choice) if way == A_DATA_SET else _file()
    chosen = _chosen(data) if isinstance(data, Path) else ("", "")
    about = {"type": "primary", "icon": ":material/batch_prediction:", "disabled": data is None or chosen is None}
    if st.button("Predict", key="predict/start", **about) and data is not None and chosen is not None:
        _start(asked, data, *chosen)
    job = _followed()
    if job is None:
        if data is None:
            st.info("Drop a file above: every row of it comes back in its order, with predictions beside it.")
        return
    if job.active:
        follow_job.follow_one(job, _bar)
    elif job.state == "done":
        results.show(job)
    elif follow_job.unfinished(job, "The prediction was not finished.", "Go on", job.id):
        _follow(studio.restart_job(job.id).id)
        st.rerun()


def _data_set(choice: Choice) -> str:
    names = studio.available()
    return str(
        address.choose(
            st.selectbox, "Data set", names, key=PREDICT_SET, kind="the data set", index=names.index(choice.data)
        )
    )


def _file() -> Path | None:
    words = f"{FORMATS}, plain, gzipped or zipped; the first line of a table may name its columns"
    given = st.file_uploader("File", [*ENDINGS, PACKED, ARCHIVE], key="predict/file", help=words)
    if given is None:
        return None
    kept: dict[str, Path] = st.session_state.setdefault(_KEPT, {})
    path = kept.get(given.file_id)
    if path is None or not path.is_file():
        path = kept[given.file_id] = uploads.keep(given.name, given.getvalue())
    return path


def _chosen(path: Path) -> tuple[str, str] | None:
    """Column of structures and sheet of a file, "" where there is one way alone; None where none is chosen yet."""
    key = f"predict/{path.parent.name}"
    left, right = st.columns(2)
    try:
        found = _head(version(path), None)
        sheet = found.sheet
        if len(found.sheets) > 1:
            sheet = left.selectbox("Sheet", found.sheets, found.sheets.index(found.sheet), key=f"{key}/sheet")
        shown = _head(version(path), sheet or None)
    except MmexploreError as mistake:
        st.error(literal(mistake))
        return None
    sheet = sheet if len(found.sheets) > 1 else ""
    if not shown.columns:
        return "", sheet
    if shown.empty:
        st.warning("The table holds a header and no rows; one with a structure a row would do.")
        return None
    place = shown.columns.index(shown.structures) if shown.structures else None
    about: dict[str, Any] = {"key": f"{key}/column/{sheet}", "placeholder": "none looks like structures: choose one"}
    column = (right if sheet else left).selectbox("Structures in column", shown.columns, place, **about)
    return None if column is None else (column, sheet)


@cached(8)
def _head(file: FileVersion, sheet: str | None) -> TableHead:
    return studio.table_head(file.path, sheet)


def _start(asked: PredictionRequest, data: Path | str, smiles: str, sheet: str) -> None:
    salts: Literal["strip", "keep"] = "keep" if asked.salts == "keep" else "strip"
    try:
        _follow(studio.start_prediction(asked.models, data, asked.level, salts, smiles, sheet).id)
    except MmexploreError as mistake:
        st.error(literal(mistake))


def _follow(job_id: str) -> None:
    st.session_state["predict/job"] = job_id
    address.keep(_JOB, job_id)


def _followed() -> Job | None:
    """The prediction that the address names, else the one that this visit has started."""
    came = address.arriving(_JOB)
    known = {job.id: job for job in studio.prediction_jobs()}
    if came is not None and came not in known:
        address.tell(_JOB, address.lacking("the prediction", came, "none"))
    wanted = came if came in known else st.session_state.get("predict/job", "")
    found = known.get(wanted)
    st.session_state["predict/job"] = found.id if found else ""
    address.keep(_JOB, found.id if found else None)
    address.answer(_JOB, found.id if found else "")
    return found


def _bar(job: Job) -> None:
    if job.active:
        with st.container(border=True):
            st.text(job.title)
            follow_job.bar(job)
            follow_job.cancel_button(job, f"predict/cancel/{job.id}")
