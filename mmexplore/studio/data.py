"""The front desk's drawer for data sets: read once, kept in memory, searched; imports of files as jobs."""

import json
from functools import lru_cache
from pathlib import Path

from mmexplore.datasets import Dataset, catalog, search, yours
from mmexplore.datasets.search import Found
from mmexplore.runtime.jobs import client
from mmexplore.runtime.jobs.client import Job
from mmexplore.runtime.progress import Progress, silent


@lru_cache(maxsize=4)
def _loaded(name: str, stamp: str) -> Dataset:  # noqa: ARG001
    return catalog.load(name)


def available() -> list[str]:
    """Names of the data sets that are on this machine, in the catalogue's order."""
    return [entry.name for entry in catalog.entries() if entry.available]


def dataset(name: str, progress: Progress = silent) -> Dataset:
    """A data set by name or path, kept in memory between calls. Raises UnknownName, NotAvailable or BadTable."""
    if progress is not silent:
        return catalog.load(name, progress=progress)
    return _loaded(name, _stamp(name))


def _stamp(name: str) -> str:
    """Changes when another file, or another set of the user's, goes by the same name."""
    if card := yours.cards().get(name):
        return str(card["content"])
    try:
        found = Path(name).expanduser().stat()
    except (OSError, ValueError):
        return ""
    return f"{found.st_mtime_ns} {found.st_size}"


def start_import(path: Path, title: str, options: dict[str, object]) -> Job:
    """Have a user's file standardised and kept by a job; options are those of :data:`add_dataset`."""
    arguments = [str(path), "--name", title, "--options", json.dumps(options)]
    return client.start("import", arguments, device="imports", title=f"import of {title}")


def start_fetch(name: str) -> Job:
    """Have a published set downloaded by a job, or the job that is at it already; downloads have their own lane."""
    return client.start_once("fetch", [name], device="downloads", title=f"download of {name}")


def find(data: str, text: str) -> Found:
    """All molecules that a typed text means (:func:`mmexplore.datasets.search.search`). Raises BadMolecule."""
    return search.search(dataset(data), text)
