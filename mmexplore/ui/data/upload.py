"""Bring your own molecules: a file or pasted SMILES, what it seems to hold, the import and its report."""

from pathlib import Path
from typing import Any

import streamlit as st

from mmexplore import studio
from mmexplore.chem.file_endings import ARCHIVE, ENDINGS, FORMATS, PACKED
from mmexplore.datasets.readers.cells import unique
from mmexplore.runtime.cache import FileVersion, cached, version
from mmexplore.runtime.errors import MmexploreError
from mmexplore.studio import Job
from mmexplore.ui.components import follow_job, waits
from mmexplore.ui.components.words import literal
from mmexplore.ui.data import catalog, dataset, label_step
from mmexplore.ui.shell import uploads

_INLINE_ROWS = 5_000
_INLINE_BYTES = 5_000_000
_NOTHING = "(none)"


def show(titles: set[str]) -> None:
    """Draw the panel; ``titles`` are those of the data sets that are here."""
    _following()
    path = _source()
    if path is None:
        return
    key = f"upload/{path.parent.name}"
    try:
        with st.spinner("Reading the file…"):
            found = _preview(version(path), st.session_state.get(f"{key}/sheet"))
    except MmexploreError as error:
        uploads.refuse(path, str(error))
        st.error(literal(error))
        _discard(path)
        return
    if len(found.sheets) > 1:
        st.selectbox("Sheet", found.sheets, key=f"{key}/sheet")
    s = "s" * (found.rows != 1)
    st.caption(f"{found.rows:,} row{s}, {len(found.columns)} column{'s' * (len(found.columns) != 1)}; the first ones:")
    for note in found.notes:
        st.text(note)
    st.dataframe(found.head.head(8), hide_index=True)
    title, options = _choices(path, found, titles)
    about: dict[str, Any] = {"type": "primary", "icon": ":material/download_done:", "disabled": options is None}
    left, right = st.columns([1, 5])
    left.button("Import", key="upload/import", on_click=_mark, args=(str(path),), **about)
    with right:
        _discard(path)
    if st.session_state.pop("upload/wanted", "") == str(path) and options is not None:
        _import(path, title, options, found.rows)


def _mark(path: str) -> None:
    """Two clicks at once leave one mark, and none for the next file."""
    st.session_state["upload/wanted"] = path


def _discard(path: Path) -> None:
    if not path.name.startswith(uploads.PASTED):
        about: dict[str, Any] = {"icon": ":material/delete:", "on_click": _away, "args": (path,)}
        st.button("Delete this upload", key=f"upload/discard/{path.parent.name}", **about)


@cached(8)
def _preview(file: FileVersion, sheet: str | None) -> Any:
    return studio.preview(file.path, sheet)


def _source() -> Path | None:
    """The file in hand: just uploaded, pasted, or left from an earlier visit."""
    way = st.segmented_control("From", ["File", "Pasted SMILES"], default="File", required=True, key="upload/way")
    if way == "File":
        words = f"{FORMATS}, plain, gzipped or zipped; the first line of a table may name its columns"
        endings = [*ENDINGS, PACKED, ARCHIVE]
        given = st.file_uploader("File", endings, key=f"upload/file/{_turn()}", help=words)
        most = st.get_option("server.maxUploadSize")
        st.caption(f"Up to {most:,} MB. A larger file: pack it with gzip, or run mmexplore import FILE in a shell.")
        return _kept(given) if given is not None else _left()
    about: dict[str, Any] = {"key": f"upload/text/{_turn()}", "height": 160, "placeholder": "CCO ethanol"}
    text = st.text_area("SMILES, one a line, a name after it; or a table with its header", **about)
    return uploads.keep(f"{uploads.PASTED}txt", text.encode()) if text.strip() else None


def _kept(given: Any) -> Path:
    """Written once a file, not once a run of the page."""
    known = st.session_state.setdefault("upload/kept", {})
    path = known.get(given.file_id)
    if path is None or not path.is_file():
        path = known[given.file_id] = uploads.keep(given.name, given.getvalue())
    return Path(path)


def _turn() -> int:
    """Counts imports: after each one the file and the text are away."""
    return int(st.session_state.get("upload/turn", 0))


def _left() -> Path | None:
    left = uploads.waiting()
    if not left:
        st.info("Nothing is uploaded yet. Drop a file above: its columns and first rows show here before the import.")
        return None
    names = unique([path.name for path in left])
    about: dict[str, Any] = {"index": None, "placeholder": "choose one to go on", "key": f"upload/left/{len(left)}"}
    chosen = st.selectbox("Uploaded, not imported yet", names, **about)
    for name, path in zip(names, left, strict=True):
        if name != chosen and (why := uploads.refusal(path)):
            st.text(f"{name} was refused: {why}")
    return left[names.index(chosen)] if chosen in names else None


def _choices(path: Path, found: Any, titles: set[str]) -> tuple[str, dict[str, Any] | None]:
    """Title and choices; None for these while something has to be said first."""
    key = f"upload/{path.parent.name}"
    title = st.text_input("Title", uploads.title_of(path), max_chars=80, key=f"{key}/title").strip()
    if title in titles:
        st.info(
            "A data set with this title is here already. This one will get a number after its name, unless it is the "
            "same file with the same choices: that is not kept twice."
        )
    columns = list(found.columns)
    left, middle, right = st.columns([1, 1, 2])
    place = columns.index(found.smiles) if found.smiles in columns else None
    smiles = left.selectbox("SMILES column", columns, place, key=f"{key}/smiles", placeholder="choose a column")
    named = [_NOTHING, *(c for c in columns if c != smiles)]
    place = named.index(found.name) if found.name in named else 0
    name = middle.selectbox("Name column", named, place, key=f"{key}/name")
    labels = label_step.draw(found, [c for c in columns if c not in (smiles, name)], key, right)
    left, right = st.columns(2)
    strip = left.toggle("Strip salts and neutralise", True, key=f"{key}/salts", help="off: structures stay as drawn")
    merge = right.toggle("Merge duplicates", True, key=f"{key}/merge", help="the same molecule twice becomes one row")
    if labels is None:
        return title, None
    options: dict[str, Any] = {"smiles": smiles, "name": None if name == _NOTHING else name}
    options |= {"sheet": st.session_state.get(f"{key}/sheet"), "salts": "strip" if strip else "keep"}
    return title, options | labels | {"duplicates": "merge" if merge else "keep"}


def _import(path: Path, title: str, options: dict[str, Any], rows: int) -> None:
    if not title:
        st.error("A data set needs a title.")
        return
    if known := studio.known_dataset(path, **options):
        _away(path)
        st.session_state["upload/made"] = known
        st.session_state["upload/again"] = True
        st.rerun()
    if rows > _INLINE_ROWS or path.stat().st_size > _INLINE_BYTES:
        st.session_state["upload/job"] = studio.start_import(path, title, options).id
        st.session_state["upload/turn"] = _turn() + 1
        st.rerun()
    try:
        with waits.bar("Reading") as progress:
            made = studio.add_dataset(path, title, progress=progress, **options)
    except MmexploreError as error:
        uploads.refuse(path, str(error))
        st.error(literal(error))
        return
    _away(path)
    st.session_state["upload/made"] = made.name
    st.session_state.pop("upload/again", None)
    st.rerun()


def _away(path: Path) -> None:
    uploads.forget(path)
    st.session_state["upload/turn"] = _turn() + 1


def _following() -> None:
    """What was imported last, or the job that is at it."""
    if made := st.session_state.get("upload/made"):
        _done(made)
    job_id = st.session_state.get("upload/job")
    if not job_id:
        return
    if job := follow_job.known(job_id):
        follow_job.follow_one(job, _importing, every=1.0)


def _importing(job: Job) -> None:
    with st.container(border=True):
        st.text(job.title)
        if job.active:
            follow_job.bar(job)
            follow_job.cancel_button(job, f"upload/cancel/{job.id}")
        elif job.state == "done":
            uploads.forget(Path(job.arguments[0]))
            _done(str((job.result or {}).get("data", "")))
        else:
            st.error(literal(follow_job.why(job, job.state)))


def _done(name: str) -> None:
    try:
        report = studio.dataset(name).report
    except MmexploreError:
        return  # removed meanwhile
    with st.container(border=True):
        if st.session_state.get("upload/again"):
            st.text("This file is here already with these choices; it was not kept twice.")
        st.text(
            f"{name}: {report.read:,} rows read, {report.kept:,} molecules kept, {len(report.merged):,} merged, "
            f"{len(report.standardised):,} standardised, {len(report.rejected):,} rejected"
        )
        about: dict[str, Any] = {"type": "primary", "key": f"upload/open/{name}"}
        st.button("Show this data set", on_click=_look_at, args=(name,), **about)


def _look_at(name: str) -> None:
    for key in ("upload/made", "upload/job", "upload/again"):
        st.session_state.pop(key, None)
    st.session_state[dataset.TAB] = "Report"
    catalog.choose(name)
