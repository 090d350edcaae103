"""Stored data set: ``table.parquet``, ``remarks.parquet`` and ``card.json``; the card, written last, makes it whole.

The remarks of the report lie apart, because a million salted rows have hundreds of thousands of them.
"""

import io
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mmexplore.datasets import Dataset, Remark, Report, Spectra, Task, tables
from mmexplore.runtime import seals
from mmexplore.runtime.files import whole_or_gone
from mmexplore.runtime.home import read_json, write_atomically, write_json

if TYPE_CHECKING:
    import pandas as pd

_KINDS = ("merged", "standardised", "rejected")


def write(folder: Path, dataset: Dataset) -> None:
    """Keep a data set in a folder of its own."""
    import pyarrow as pa

    columns: dict[str, Any] = {
        "smiles": pa.array(dataset.smiles, pa.string()),
        "name": pa.array(dataset.names, pa.string()),
        "line": pa.array(dataset.lines),
    }
    columns |= {f"label {i}": pa.array(column) for i, column in enumerate(dataset.labels.T)}
    for i, column in enumerate(dataset.extra.columns):
        columns[f"extra {i}"] = pa.array(dataset.extra[column])
    if dataset.spectra is not None:
        stops = np.concatenate([[0], np.cumsum(dataset.spectra.counts)]).astype(np.int32)
        columns["ppm"] = pa.ListArray.from_arrays(stops, dataset.spectra.ppm)
        columns["atom"] = pa.ListArray.from_arrays(stops, dataset.spectra.atom)
    remarks = [(kind, r.line, r.text, r.reason) for kind in _KINDS for r in getattr(dataset.report, kind)]
    told = dict(
        zip(("kind", "line", "text", "reason"), zip(*remarks, strict=True) if remarks else ([],) * 4, strict=True)
    )
    card = {
        "digest": dataset.digest,
        "tasks": [asdict(task) for task in dataset.tasks],
        "extra": list(dataset.extra.columns),
        "report": {
            key: getattr(dataset.report, key) for key in ("read", "kept", "notes", "smiles_column", "name_column")
        },
    }
    with whole_or_gone(folder):
        _write_table(folder / "table.parquet", columns)
        _write_table(folder / "remarks.parquet", {name: list(values) for name, values in told.items()})
        write_json(folder / "card.json", card)


def write_rows(folder: Path, rows: "pd.DataFrame") -> None:
    """Keep what became of each row that was read, labels under their numbers, beside a data set."""
    import pyarrow as pa

    _write_table(folder / "rows.parquet", {f"{n}": pa.array(rows.iloc[:, n]) for n in range(rows.shape[1])})


def read_rows(folder: Path, columns: Sequence[str]) -> "pd.DataFrame | None":
    """What became of each row that was read, under these names; None where it was not kept, or is damaged."""
    import pandas as pd

    try:
        table = _read_table(folder / "rows.parquet")
    except (OSError, ValueError):
        return None
    frame: pd.DataFrame = table.to_pandas()
    return frame.set_axis(pd.Index(list(columns), dtype="str"), axis=1)


def read(folder: Path, name: str, title: str) -> Dataset | None:
    """Stored data set, under the name it has now; None where there is none, or a damaged one."""
    import pandas as pd

    if not (folder / "card.json").is_file():
        return None

    try:
        card = read_json(folder / "card.json")
        table = _read_table(folder / "table.parquet")
        labels = [table[f"label {i}"].to_numpy() for i in range(len(card["tasks"]))]
        extra = table.select([f"extra {i}" for i in range(len(card["extra"]))]).to_pandas()
        extra.columns = pd.Index(card["extra"], dtype="str")
        return Dataset(
            name=name,
            title=title,
            digest=card["digest"],
            smiles=table["smiles"].to_numpy(),
            names=table["name"].to_numpy(),
            lines=table["line"].to_numpy(),
            labels=np.stack(labels, axis=1) if labels else np.empty((len(table), 0), np.float32),
            tasks=tuple(Task(**task) for task in card["tasks"]),
            extra=extra.reindex(range(len(table))),
            report=_report(card["report"], _read_table(folder / "remarks.parquet")),
            spectra=_spectra(table) if "ppm" in table.column_names else None,
        )
    except (OSError, ValueError, KeyError, TypeError):  # Arrow's errors are children of these
        return None


def _spectra(table: Any) -> Spectra:
    ppm, atom = (table[name].combine_chunks() for name in ("ppm", "atom"))
    return Spectra(ppm.flatten().to_numpy(), atom.flatten().to_numpy(), ppm.value_lengths().to_numpy().astype(np.int64))


def _write_table(path: Path, columns: dict[str, Any]) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    buffer = io.BytesIO()
    pq.write_table(pa.table(columns), buffer, compression="zstd")
    write_atomically(path, buffer.getvalue())


def _read_table(path: Path) -> Any:
    return tables.arrow(seals.read(path))


def _report(values: dict[str, Any], table: Any) -> Report:
    remarks: dict[str, list[Remark]] = {kind: [] for kind in _KINDS}
    for kind, *fields in zip(*(column.to_pylist() for column in table.columns), strict=True):
        remarks[kind].append(Remark(*fields))
    told = {kind: tuple(found) for kind, found in remarks.items()}
    return Report(
        read=values["read"],
        kept=values["kept"],
        notes=tuple(values["notes"]),
        smiles_column=values.get("smiles_column", ""),
        name_column=values.get("name_column"),
        merged=told["merged"],
        standardised=told["standardised"],
        rejected=told["rejected"],
    )
