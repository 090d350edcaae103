"""Benchmark results: the papers' tables beside what this project measured.

Read from ``benchmarks/papers`` and ``benchmarks/results``. Both record how figures were made, field by field in the
same words; whether a pair of figures may be compared follows from these fields by one rule (:func:`compared`), and
each field that is not the same is named.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mmexplore.runtime import places
from mmexplore.runtime.cache import FileVersion, cached, version

if TYPE_CHECKING:
    import pandas as pd

BENCHMARKS = places.BENCHMARKS
COLUMNS = (
    "variant", "data", "metric", "paper", "paper spread", "ours", "spread", "seeds", "state", "differences",
    "each", "marked", "baseline",
)  # fmt: skip
BASELINE, MARKED_SEED = "boosting", 19
"""The strongest simple model, which stands in every table; the seed of MMFRL's published example, told apart."""
SAME, TRAINING, DIFFERS = "same protocol", "same test, other training", "differs"
STATES = (SAME, TRAINING, DIFFERS)
TEST = ("data", "split", "parts", "metric")
"""Fields that say what a score was computed on; all others say how the model was trained."""
_KEY = ["variant", "data"]
_OURS = ["ours", "spread", "seeds", "state", "differences", "each", "marked", "baseline"]
_PRETRAINING = "pre-training"


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
    protocol: "Protocol | None" = None


@dataclass(frozen=True)
class PaperTable:
    """One table of a paper beside ours.

    ``figures`` has a row a variant and data set (COLUMNS): the paper's figure with its own spread and our mean, in the
    unit of ``metric``, NaN where there is none, our sample standard deviation over ``seeds`` runs, one of STATES and
    the differences of the two protocols in words; ``each`` our single scores, a tuple, ``marked`` that of MARKED_SEED,
    which counts in no mean, ``baseline`` boosting's mean over the same seeds. ``note`` is what else is to be known of
    the table. ``measured`` are the results that our figures come from, ``commands`` those that would measure what is
    missing.
    """

    paper: str
    number: str
    title: str
    figures: "pd.DataFrame"
    note: str
    measured: tuple[Result, ...]
    commands: tuple[str, ...]


@dataclass(frozen=True)
class Protocol:
    """How the figures of a paper or a result were made.

    ``fields`` by their names, a value or one a data set; ``scratch`` are variants without pre-training, to which
    fields of that do not apply; ``variants`` what holds for one of them alone: None for what it has not, and
    ``because`` says how that is known.
    """

    fields: Mapping[str, Any]
    scratch: tuple[str, ...] = ()
    variants: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def of(self, variant: str, data: str) -> dict[str, Any]:
        """Fields of one figure."""
        chosen = dict(self.fields) | dict(self.variants.get(variant, {}))
        if variant in self.scratch:
            chosen = {name: value for name, value in chosen.items() if not name.startswith(_PRETRAINING)}
        chosen = {name: value.get(data) if isinstance(value, Mapping) else value for name, value in chosen.items()}
        return {name: value for name, value in chosen.items() if value is not None}


def compared(theirs: Mapping[str, Any], ours: Mapping[str, Any]) -> tuple[str, tuple[str, ...]]:
    """Whether two figures may be compared, one of STATES, and each difference of their protocols in words.

    A field that one of them does not record is no difference where the other has none either, else it is one.

    >>> compared({"split": "scaffold", "seeds": 5}, {"split": "scaffold", "seeds": 3})
    ('same test, other training', ('seeds 3 (paper: 5)',))
    """
    names = [name for name in dict.fromkeys((*theirs, *ours)) if name != "because"]
    apart = [name for name in names if theirs.get(name) != ours.get(name)]
    because = theirs.get("because")
    words = tuple(
        f"{name} {_said(ours.get(name))} (paper: {_said(theirs.get(name))}{_known(name, because)})" for name in apart
    )
    if not apart:
        return SAME, ()
    return (DIFFERS if any(name in TEST for name in apart) else TRAINING), words


def _said(value: object) -> str:
    if value is None:
        return "not recorded"
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)


def _known(name: str, because: object) -> str:
    return f", as {because}" if because and name in TEST else ""


def measured_results() -> dict[str, Result]:
    """All results that are here, by name."""
    return _measured(_files("results"))


def _files(folder: str) -> tuple[FileVersion, ...]:
    return tuple(version(path) for path in sorted(BENCHMARKS.glob(f"{folder}/*.json")))


@cached(1)
def _measured(files: tuple[FileVersion, ...]) -> dict[str, Result]:
    found = (_read(file.path) for file in files)
    return {name: _result(name, values) for name, values in found if "rows" in values}


def paper_tables() -> dict[str, tuple[PaperTable, ...]]:
    """The tables of each paper, by the paper's short name, in the order of its file."""
    return _printed(_files("papers"), _files("results"))


@cached(1)
def _printed(papers: tuple[FileVersion, ...], results: tuple[FileVersion, ...]) -> dict[str, tuple[PaperTable, ...]]:
    measured = _measured(results)
    return {
        name: tuple(_table(values, number, measured) for number in values["tables"])
        for name, values in (_read(file.path) for file in papers)
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
    protocol = _protocol(values) if "protocol" in values else None
    return Result(name, machine=place, versions=values["versions"], rows=rows, protocol=protocol, **texts)


def _protocol(values: Mapping[str, Any]) -> Protocol:
    return Protocol(values["protocol"], tuple(values.get("scratch", ())), values.get("variants", {}))


def _table(paper: Mapping[str, Any], number: str, measured: Mapping[str, Result]) -> PaperTable:
    import pandas as pd

    about: dict[str, Any] = paper["tables"][number]
    names: dict[str, dict[str, str]] = about["results"]
    spread = paper.get("spread", {}).get(number, {})
    cells = [
        (variant, data, value, spread.get(variant, {}).get(data))
        for variant, row in paper[number].items()
        for data, value in row.items()
    ]
    printed = pd.DataFrame(cells, columns=[*_KEY, "paper", "paper spread"]).set_index(_KEY)
    theirs = _protocol(paper)
    found: list[pd.DataFrame] = []
    for name, variants in names.items():
        if name in measured:
            own = _ours(measured[name], variants, paper["metric"], theirs, _simple(measured, measured[name]))
            known = {data for one in found for data in one["data"]}
            found.append(own[~own["data"].isin(known)])  # all rows of a data set by one rule: the first result's
    ours = pd.concat([pd.DataFrame(columns=[*_KEY, *_OURS]), *found]).set_index(_KEY)
    every = printed.index.union(ours.index, sort=False)
    figures = pd.concat([printed.reindex(every), ours.reindex(every)], axis=1).reset_index()
    figures["metric"] = figures["data"].map(paper["metric"])
    unpaired = figures["paper"].isna() | figures["ours"].isna()
    figures.loc[unpaired, ["state", "differences"]] = ""
    kinds: Any = dict.fromkeys(("paper", "paper spread", "ours", "spread", "marked", "baseline"), float)
    figures["each"] = figures["each"].map(lambda each: each if isinstance(each, tuple) else ())
    kinds |= {"seeds": "Int64", "state": str, "differences": str}
    return PaperTable(
        paper["paper"],
        number,
        about["title"],
        figures[list(COLUMNS)].astype(kinds),
        about.get("note", ""),
        tuple(measured[name] for name in names if name in measured),
        tuple(about["commands"]),
    )


def _ours(
    result: Result,
    variants: Mapping[str, str],
    metrics: Mapping[str, str],
    theirs: Protocol,
    simple: Mapping[str, Mapping[int, float]],
) -> "pd.DataFrame":
    """Rows of a result under the paper's names of the variants; shares of one as per cent where the paper prints so."""
    import pandas as pd

    found = []
    for (variant, data, metric), scores in _by_seed(result.rows).items():
        if data not in metrics or (variants and variant not in variants):
            continue
        share = metric == "ROC-AUC" and metrics[data].endswith("%")
        each = {seed: score * (100 if share else 1) for seed, score in scores.items()}
        marked = each.pop(MARKED_SEED, float("nan"))
        if not each:
            continue
        name = variants.get(variant, variant)
        state, words = _pair(result, theirs, variant, name, data, metric, metrics, len(each))
        values = pd.Series(each)
        base = pd.Series(simple.get(data, {}), dtype=float).reindex(list(each)).mean(skipna=False)
        row = (name, data, values.mean(), values.std(), len(each), state, "; ".join(words))
        found.append((*row, tuple(each.values()), marked, base))
    return pd.DataFrame(found, columns=[*_KEY, *_OURS])


def _by_seed(rows: "pd.DataFrame") -> dict[tuple[str, str, str], dict[int, float]]:
    """Scores by seed of each variant, data set and metric, whether they stand in one row or have a row each."""
    found: dict[tuple[str, str, str], dict[int, float]] = {}
    for row in rows.rename(columns={"model": "variant"}).to_dict("records"):
        scores = found.setdefault((row["variant"], row["data"], row["metric"]), {})
        scores |= {int(row["seed"]): row["score"]} if "seed" in row else dict(enumerate(row["seeds"]))
    return found


def _simple(measured: Mapping[str, Result], beside: Result) -> dict[str, dict[int, float]]:
    """Scores of the baseline by data set and seed, on the split of another result; nothing where there are none."""
    for result in measured.values():
        same = result.protocol and beside.protocol and _split(result) == _split(beside)
        if same and "score" in result.rows and BASELINE in set(result.rows["variant"]):
            scores = _by_seed(result.rows[result.rows["variant"] == BASELINE])
            return {data: seeds for (_, data, _), seeds in scores.items()}
    return {}


def _split(result: Result) -> object:
    return result.protocol.fields.get("split") if result.protocol else None


def _pair(
    result: Result,
    theirs: Protocol,
    variant: str,
    name: str,
    data: str,
    metric: str,
    metrics: Mapping[str, str],
    seeds: int,
) -> tuple[str, tuple[str, ...]]:
    """The state of a figure of ours beside the paper's; a result that tells no protocol is not comparable."""
    if result.protocol is None:
        return DIFFERS, ("our protocol is not recorded",)
    ours = result.protocol.of(variant, data) | {"seeds": seeds, "metric": metric.removesuffix(" %")}
    return compared(theirs.of(name, data) | {"metric": metrics[data].removesuffix(" %")}, ours)
