"""Data set summary: label balance, scaffolds, property ranges, how a split would fall; and as Croissant."""

import hashlib
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from mmexplore.chem import descriptors
from mmexplore.datasets import Dataset, Entry, splits
from mmexplore.datasets.splits import SplitRule

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Summary:
    """Data set summary: tables fit to be shown.

    ``labels``: one row a task (kind, known, missing, positive or mean/min/max). ``scaffolds``: the most frequent
    Bemis-Murcko scaffolds with their counts. ``n_scaffolds`` and ``acyclic`` count all of them.
    """

    labels: "pd.DataFrame"
    scaffolds: "pd.DataFrame"
    n_scaffolds: int
    acyclic: int


def label_table(dataset: Dataset) -> "pd.DataFrame":
    """Label table, one row a task: what is known, and its balance (two classes), counts (more), or range (numbers)."""
    import pandas as pd

    rows = []
    for number, task in enumerate(dataset.tasks):
        values = dataset.labels[:, number]
        known = values[~np.isnan(values)]
        row: dict[str, object] = {"task": task.name, "kind": task.kind, "known": len(known)}
        row["missing"] = len(values) - len(known)
        if any(one.unit for one in dataset.tasks):
            row["unit"] = task.unit
        if len(known) and dataset.has_two_classes(number):
            row |= {"positive": int(known.sum()), "share positive": float(known.mean())}
        elif len(known) and task.kind == "classification":
            counts = {value: int((known == value).sum()) for value in dataset.classes(number)}
            row["classes"] = ", ".join(f"{value:g}: {count:,}" for value, count in counts.items())
        elif len(known):
            row |= {"lowest": float(known.min()), "mean": float(known.mean()), "highest": float(known.max())}
        rows.append(row)
    return pd.DataFrame(rows)


def summarize(dataset: Dataset, scaffolds: int = 12) -> Summary:
    """Data set summary: labels and scaffolds; reads every molecule once."""
    import pandas as pd

    counts = Counter({scaffold: len(rows) for scaffold, rows in splits.scaffold_groups(dataset.smiles).items()})
    acyclic = counts.pop("", 0)
    table = pd.DataFrame(counts.most_common(scaffolds), columns=["scaffold", "molecules"])
    return Summary(label_table(dataset), table, len(counts), acyclic)


def property_table(dataset: Dataset, most: int = 5000, seed: int = 0) -> "pd.DataFrame":
    """RDKit descriptors of the molecules that can be read.

    Of ``most`` drawn at random where there are more (about 600 a second and processor).
    """
    rows = dataset.readable
    if len(rows) > most:
        rows = np.sort(np.random.default_rng(seed).choice(rows, most, replace=False))
    return descriptors.table(dataset.smiles[rows].tolist()).set_axis(rows)


def split_table(
    dataset: Dataset,
    rule: SplitRule,
    tasks: Collection[str] | None = None,
) -> "pd.DataFrame":
    """Split table: molecules and, of the ``tasks`` (None: all), label balance or mean of each part, one row a part.

    Of more than two classes each has its share.
    """
    import pandas as pd

    split = splits.divide(dataset, rule).split
    rows = []
    for part in ("train", "validation", "test"):
        chosen = getattr(split, part)
        row: dict[str, object] = {"part": part, "molecules": len(chosen)}
        for number, task in enumerate(dataset.tasks):
            if tasks is not None and task.name not in tasks:
                continue
            values = dataset.labels[chosen, number]
            known = values[~np.isnan(values)]
            for what, shown in _balance(dataset, number, known).items():
                row[what] = float(shown.mean()) if len(shown) else float("nan")
        rows.append(row)
    return pd.DataFrame(rows)


def _balance(dataset: Dataset, number: int, known: np.ndarray) -> dict[str, np.ndarray]:
    """What is averaged over the known labels of a part, by its title."""
    name = dataset.tasks[number].name
    if dataset.tasks[number].kind == "regression":
        return {f"{name}: mean": known}
    if dataset.has_two_classes(number):
        return {f"{name}: share positive": known}
    return {f"{name} = {value:g}: share": known == value for value in dataset.classes(number)}


CROISSANT = "http://mlcommons.org/croissant/1.0"
_CONTEXT: dict[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "sc": "https://schema.org/",
    "dct": "http://purl.org/dc/terms/",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileObject": "cr:fileObject",
    "fileProperty": "cr:fileProperty",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "parentField": "cr:parentField",
    "path": "cr:path",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}
_KINDS = {"b": "sc:Boolean", "i": "sc:Integer", "u": "sc:Integer", "f": "sc:Float"}


def croissant(
    dataset: Dataset, entry: Entry | None, table: "pd.DataFrame", file: str, content: bytes
) -> dict[str, Any]:
    """Croissant 1.0 description, JSON-LD, of a data set whose ``table`` is the ``content`` of a Parquet ``file``.

    ``entry``: what the catalogue says of its source, None for a file that has no name. mlcommons.org/croissant/1.0
    """
    about = {task.name: f"{task.kind}{f', in {task.unit}' if task.unit else ''}" for task in dataset.tasks}
    about |= {"smiles": "canonical SMILES of the standardised molecule", "name": "name of the molecule"}
    columns = [str(column) for column in table.columns]
    plain = ["_".join(column.split()) for column in columns]  # an id holds no blanks
    ids = [one if plain.count(one) == 1 else f"{one}-{number}" for number, one in enumerate(plain)]
    fields = [
        {
            "@type": "cr:Field",
            "@id": f"molecules/{identifier}",
            "name": f"molecules/{column}",
            "description": about.get(column, "a further column of the source"),
            "dataType": _KINDS.get(table[column].dtype.kind, "sc:Text"),
            "source": {"fileObject": {"@id": file}, "extract": {"column": column}},
        }
        for column, identifier in zip(columns, ids, strict=True)
    ]
    words = (
        f"{len(dataset):,} molecules of {dataset.title}, standardised by mmexplore, with {len(dataset.tasks)} labels."
    )
    stored = {
        "@type": "cr:FileObject",
        "@id": file,
        "name": file,
        "contentUrl": file,
        "contentSize": f"{len(content)} B",
    }
    stored |= {"encodingFormat": "application/x-parquet", "sha256": hashlib.sha256(content).hexdigest()}
    rows = {"@type": "cr:RecordSet", "@id": "molecules", "name": "molecules", "field": fields}
    told: dict[str, Any] = {"@context": _CONTEXT, "@type": "sc:Dataset", "name": dataset.name, "description": words}
    told |= {"conformsTo": CROISSANT, "version": f"0.0.0+{dataset.digest}"}
    if entry is not None:
        told |= {key: value for key, value in (("license", entry.licence), ("url", entry.url)) if value}
    return told | {"distribution": [stored], "recordSet": [rows | {"description": "a molecule a row"}]}
