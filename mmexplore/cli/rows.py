"""Rows of data sets from a shell: added to one that is there, and compared with another one's."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

from mmexplore import studio
from mmexplore.cli.answer import Values
from mmexplore.datasets import tables
from mmexplore.runtime.home import as_json as plain
from mmexplore.runtime.progress import Progress


def compared(a: str, b: str, out: Path | None, progress: Progress) -> Values:
    """What ``datasets compare A B`` answers."""
    found = studio.compare_datasets(a, b, progress)
    if out is not None:
        tables.write(out, found.table)
    about: Values = {"a": found.a, "b": found.b, "same": found.same, "notes": list(found.notes), "file": str(out or "")}
    counts = {"new": found.new, "gone": found.gone, "changed": found.changed}
    rows: list[dict[str, Any]] = plain(found.table.astype(object).to_dict("records"))
    lists = {status: [_without(row, "status") for row in rows if row["status"] == status] for status in counts}
    return about | {"counts": counts} | lists


def _without(row: dict[str, Any], key: str) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name != key}


def appended(file: Path, name: str, progress: Progress) -> Values:
    """What ``import FILE --append NAME`` answers."""
    made, report = studio.append(name, file, progress=progress)
    whole = made.report
    counts = {"read": whole.read, "kept": whole.kept, "merged": len(whole.merged)}
    counts |= {"standardised": len(whole.standardised), "rejected": len(whole.rejected)}
    return {"data": made.name, "report": counts, "appended": asdict(report), "notes": list(whole.notes)}
