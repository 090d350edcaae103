"""Models from elsewhere and for elsewhere on the Train page: a box that takes one in, and one that writes it out."""

from pathlib import Path
from typing import Any

import streamlit as st

from mmexplore import studio
from mmexplore.models.registry import Model
from mmexplore.runtime.errors import MmexploreError
from mmexplore.studio import Job
from mmexplore.ui.components import follow_job
from mmexplore.ui.components.words import literal

_MOST_BYTES = 2_000_000_000
_DESCRIPTORS = ("rdkit_2d", "morgan_binary", "morgan_count")
_HELP = "A checkpoint of chemprop 2 (.pt, .ckpt) or a zip of an exported model. Nothing of a file is run."
_FORMS = {".pt": "chemprop 2 (.pt)", ".onnx": "ONNX (.onnx)"}


def take_in() -> None:
    """Draw the box for a model's file, and what came of the last one."""
    given = st.file_uploader("Bring in a model", ["pt", "ckpt", "zip"], key="foreign/file", help=_HELP)
    title = st.text_input("Name", "", max_chars=80, key="foreign/title", placeholder="the file's own")
    words = "Descriptors that chemprop gave it besides, in their order"
    descriptors = st.multiselect(words, _DESCRIPTORS, key="foreign/descriptors")
    if st.button("Bring it in", key="foreign/go", disabled=given is None, type="primary") and given is not None:
        if given.size > _MOST_BYTES:
            st.error("This file is large: mmexplore models import FILE, in a shell, takes it in.")
        else:
            path = studio.keep_model_file(given.name, given.getvalue())
            _start(str(path), title.strip() or Path(given.name).stem, descriptors)
    if studio.admet_folder() is not None and st.button("ADMET-AI's 41 end points", key="foreign/admet"):
        _start(studio.ADMET, "", ())
    _follow(st.session_state.get("foreign/job", ""), "foreign/done")


def _start(source: str, title: str, descriptors: Any) -> None:
    try:
        st.session_state["foreign/job"] = studio.start_model_import(source, title, descriptors).id
    except (MmexploreError, OSError) as error:
        st.error(literal(error))


def _follow(job_id: str, key: str) -> None:
    seen = follow_job.known(job_id)
    if seen is None:
        return

    def draw(job: Job) -> None:
        if job.active:
            follow_job.bar(job)
        elif job.state != "done":
            st.error(literal(follow_job.why(job, "it was not finished")))
        else:
            st.success("It is here now, and stands in the table.")

    follow_job.follow_one(seen, draw)
    if seen.state == "done" and st.session_state.get(key) != seen.id:
        st.session_state[key] = seen.id
        st.rerun()  # the table above has it now


def write_out(model: Model) -> None:
    """Draw the box that writes a model for chemprop 2 or as ONNX, and the file once it is there."""
    key = f"written/{model.name}"
    for ending, words in _FORMS.items():
        if st.button(f"Write for {words}", key=f"{key}{ending}"):
            try:
                st.session_state[key] = studio.start_model_export(model.name, ending).id
            except (MmexploreError, OSError) as error:
                st.error(literal(error))
    seen = follow_job.known(st.session_state.get(key, ""))
    if seen is None:
        return

    def draw(job: Job) -> None:
        if job.active:
            follow_job.bar(job)
            return
        file = Path(job.arguments[-1])
        if job.state != "done" or not file.is_file():
            st.error(literal(job.message or "it was not written"))
            return
        st.caption(literal(f"It holds {(job.result or {}).get('holds', 'the model')}."))
        about: dict[str, Any] = {"on_click": "ignore", "icon": ":material/download:", "key": f"{key}/file"}
        st.download_button(f"Download {file.name}", file.read_bytes, file.name, "application/octet-stream", **about)

    follow_job.follow_one(seen, draw)
