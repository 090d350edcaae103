"""Benchmark results: the papers' tables beside what this project measured.

Read from ``benchmarks/papers`` and ``benchmarks/results``.

A paper's file says for each of its tables which result measured it and what of the two protocols is the same and what
is not; whether a pair of figures may be compared is said there once, by a person, and shown beside every figure.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mmexplore.runtime import places

if TYPE_CHECKING:
    import pandas as pd

BENCHMARKS = places.BENCHMARKS
COLUMNS = ("variant", "data", "metric", "paper", "ours", "spread", "seeds")
_KEY, _OURS = ["variant", "data"], ["ours", "spread", "seeds"]


@dataclass(frozen=True)
class Result:
    """Benchmark result, one file of ``benchmarks/results``.

    A question, its answer in rows, and where and on what it was measured.
    """

    name: str
    question: str
    command: str
    commit: str
    date: str
    machine: str
    versions: dict[str, str]
    rows: "pd.DataFrame"


@dataclass(frozen=True)
class PaperTable:
    """One table of a paper beside ours.

    ``figures`` has a row a variant and data set (COLUMNS): the paper's figure and our mean, in the unit of ``metric``,
    NaN where there is none, our sample standard deviation over ``seeds`` runs. ``same`` and ``differs`` are sentences
    on the two protocols; ``comparable`` is false where the split or the metric differ. ``measured`` are the results
    that our figures come from, ``commands`` those that would measure what is missing.
    """

    paper: str
    number: str
    title: str
    figures: "pd.DataFrame"
    comparable: bool
    same: str
    differs: str
    measured: tuple[Result, ...]
    commands: tuple[str, ...]


def measured_results() -> dict[str, Result]:
    """All results that are here, by name."""
    found = (_read(path) for path in sorted(BENCHMARKS.glob("results/*.json")))
    return {name: _result(name, values) for name, values in found if "rows" in values}


def paper_tables() -> dict[str, tuple[PaperTable, ...]]:
    """The tables of each paper, by the paper's short name, in the order of its file."""
    measured = measured_results()
    return {
        name: tuple(_table(values, number, measured) for number in values["tables"])
        for name, values in (_read(path) for path in sorted(BENCHMARKS.glob("papers/*.json")))
    }


def _read(path: Path) -> tuple[str, dict[str, Any]]:
    values: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return path.stem, values


def _result(name: str, values: Mapping[str, Any]) -> Result:
    import pandas as pd

    machine = values["machine"]
    place = f"{machine['processor']}, {machine['cores']} cores"
    texts = {key: str(values[key]) for key in ("question", "command", "commit", "date")}
    rows = pd.DataFrame(values["rows"]).replace("", None).infer_objects()
    return Result(name, machine=place, versions=values["versions"], rows=rows, **texts)


def _table(paper: Mapping[str, Any], number: str, measured: Mapping[str, Result]) -> PaperTable:
    import pandas as pd

    about: dict[str, Any] = paper["tables"][number]
    names: dict[str, dict[str, str]] = about["results"]
    cells = [(variant, data, value) for variant, row in paper[number].items() for data, value in row.items()]
    printed = pd.DataFrame(cells, columns=[*_KEY, "paper"]).set_index(_KEY)
    found = [_ours(measured[name], variants, paper["metric"]) for name, variants in names.items() if name in measured]
    ours = pd.concat([pd.DataFrame(columns=[*_KEY, *_OURS]), *found]).set_index(_KEY)
    every = printed.index.union(ours.index, sort=False)
    figures = pd.concat([printed.reindex(every), ours.reindex(every)], axis=1).reset_index()
    figures["metric"] = figures["data"].map(paper["metric"])
    return PaperTable(
        paper["paper"],
        number,
        about["title"],
        figures[list(COLUMNS)].astype({"paper": float, "ours": float, "spread": float, "seeds": "Int64"}),
        about["comparable"],
        about["same"],
        about["differs"],
        tuple(measured[name] for name in names if name in measured),
        tuple(about["commands"]),
    )


def _ours(result: Result, variants: Mapping[str, str], metrics: Mapping[str, str]) -> "pd.DataFrame":
    """Rows of a result under the paper's names of the variants; shares of one as per cent where the paper prints so."""
    import pandas as pd

    rows = result.rows.rename(columns={"model": "variant"})
    rows = rows[rows["data"].isin(list(metrics))]
    if variants:
        rows = rows[rows["variant"].isin(list(variants))].replace({"variant": dict(variants)})
    share = (rows["metric"] == "ROC-AUC") & rows["data"].map(lambda d: metrics[d].endswith("%"))
    scale = share.map({True: 100.0, False: 1.0})
    found = {
        "variant": rows["variant"],
        "data": rows["data"],
        "ours": rows["mean"] * scale,
        "spread": pd.to_numeric(rows["std"]) * scale,
        "seeds": rows["seeds"].map(len),
    }
    return pd.DataFrame(found)
