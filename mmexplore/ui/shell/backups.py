"""Backups: the button that saves one data set or model to a zip, and the box that brings such a zip back."""

import tempfile
from pathlib import Path
from typing import Any

import streamlit as st

from mmexplore import studio
from mmexplore.runtime.errors import MmexploreError
from mmexplore.ui.components.words import literal

_MOST_BYTES = 2_000_000_000
_WORDS = "A zip that 'Bring back a backup' here, or mmexplore home restore in a shell, brings back"


def save(*, data: str = "", model: str = "") -> None:
    """Draw the button that saves a data set or a model, which are the user's own."""
    name = data or model
    about: dict[str, Any] = {"on_click": "ignore", "icon": ":material/download:", "key": f"back-up/{name}"}
    content = lambda: zipped(data, model)  # noqa: E731
    st.download_button("Back up", content, f"{name}.zip", "application/zip", help=_WORDS, **about)


def zipped(data: str = "", model: str = "") -> bytes:
    """Content of a zip with one data set or model."""
    with tempfile.TemporaryDirectory() as where:
        made = studio.backup(Path(where) / "backup.zip", [data] * bool(data), [model] * bool(model))
        return made.file.read_bytes()


def bring_back(key: str) -> None:
    """Draw the box for a zip, and what it brought back."""
    given = st.file_uploader("Bring back a backup", ["zip"], key=f"{key}/zip")
    asked = given is not None and st.button("Bring it back", key=f"{key}/restore")
    if given is not None and asked:
        st.session_state[f"{key}/said"] = (given.file_id, *_brought(given))
        st.rerun()  # what stands above has it now
    known = st.session_state.get(f"{key}/said")
    if given is None or known is None or known[0] != given.file_id:
        return
    _, good, lines = known
    for number, line in enumerate(lines):
        (st.text if number else st.success if good else st.error)(literal(line) if number == 0 else line)


def _brought(given: Any) -> tuple[bool, list[str]]:
    """Whether a zip brought something back, and lines on what came of it."""
    if given.size > _MOST_BYTES:
        return False, ["This file is large: mmexplore home restore ZIP, in a shell, brings it back."]
    with tempfile.TemporaryDirectory() as where:
        path = Path(where) / "backup.zip"
        path.write_bytes(given.getvalue())
        try:
            brought = studio.restore(path)
        except (MmexploreError, OSError) as error:
            return False, [str(error).replace(str(path), given.name)]
    names = ", ".join((*brought.datasets, *brought.models))
    skipped = [f"{name}: skipped, as {why}" for name, why in brought.skipped.items()]
    return bool(names), [f"Brought back: {names or 'nothing'}", *skipped]
