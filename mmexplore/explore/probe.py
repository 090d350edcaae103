"""Linear probe: what a straight line reads of the labels in a frozen view, beside what it reads in ECFP.

Ridge regression, or logistic regression for classes, on the view's numbers and on the 2,048 bits of ECFP: the same
molecules, the same splits, the strength of the penalty chosen inside the learned part. The difference of the scores is
tested over several seeds of the split by Student's t with the variance of Nadeau and Bengio (Machine Learning 2003,
52, 239), as splits of the same molecules overlap.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mmexplore.datasets import Dataset, Kind, splits
from mmexplore.explore.maps.compute import map_folders
from mmexplore.features.of_dataset import features_of
from mmexplore.models import metrics
from mmexplore.models.bootstrap import PairedTest, over_seeds
from mmexplore.models.embed import embedding
from mmexplore.models.registry import View, ecfp_view
from mmexplore.recipes.recipe import UNSEEDED
from mmexplore.runtime.errors import BadRecipe, BadTable, MmexploreError, UnknownName
from mmexplore.runtime.home import Home, read_json, write_json
from mmexplore.runtime.progress import Progress, silent

RULE, SEEDS = "scaffold_balanced", 5
RULES = ("scaffold_balanced", "random")
FEWEST_SEEDS, MOST_SEEDS = 2, 50
MOST_TASKS, MOST_MOLECULES, FEWEST_MOLECULES = 12, 5_000, 20
_VERSION = 1
_STRENGTHS = np.logspace(-2, 5, 15)
_FOLDS = 3


@dataclass(frozen=True)
class Asked:
    """What is asked of a probe: the ``tasks`` (none: the first twelve), the split's ``rule``, and how many seeds."""

    tasks: tuple[str, ...] = ()
    rule: str = RULE
    seeds: int = SEEDS


@dataclass(frozen=True)
class ProbedTask:
    """Probe of one task: test scores by seed of the view and of ECFP, and the ``test`` of the first minus the second.

    ``test`` is None where fewer than two seeds could be scored. ``n`` molecules have a label and stand in both spaces.
    """

    task: str
    kind: Kind
    metric: str
    n: int
    view: tuple[float, ...]
    ecfp: tuple[float, ...]
    test: PairedTest | None


@dataclass(frozen=True)
class Probe:
    """Linear probe of a view against ECFP; ``notes`` say what was left out."""

    model: str
    view: str
    data: str
    rule: str
    seeds: tuple[int, ...]
    tasks: tuple[ProbedTask, ...]
    notes: tuple[str, ...] = ()


def kept_probe(view: View, dataset: Dataset, asked: Asked, progress: Progress = silent, *, home: Home) -> Probe:
    """Linear probe from disk where it is there, else computed and kept. Raises like :func:`probe`."""
    found = stored(view, dataset, asked, home=home)
    if found is None:
        found = probe(view, dataset, asked, progress, home=home)
        write_json(_file(view, dataset, asked, home=home), asdict(found))
    return found


def stored(view: View, dataset: Dataset, asked: Asked, *, home: Home) -> Probe | None:
    """Kept probe, None where there is none."""
    try:
        return _read(read_json(_file(view, dataset, asked, home=home)), view, dataset)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _read(values: dict[str, Any], view: View, dataset: Dataset) -> Probe:
    tasks = [
        ProbedTask(**one | {name: tuple(map(_number, one[name])) for name in ("view", "ecfp")}
                   | {"test": PairedTest(**one["test"]) if one["test"] else None})
        for one in values["tasks"]
    ]  # fmt: skip
    values |= {"tasks": tuple(tasks), "seeds": tuple(values["seeds"]), "notes": tuple(values["notes"])}
    return Probe(**values | {"model": view.model.name, "data": dataset.name})


def _number(value: float | None) -> float:
    return float("nan") if value is None else float(value)


def _file(view: View, dataset: Dataset, asked: Asked, *, home: Home) -> Path:
    content = hashlib.sha256(f"{_VERSION} {view.digest} {dataset.digest} {asked}".encode()).hexdigest()[:24]
    return map_folders(view.model, dataset, home=home)[-1] / "probes" / f"{content}.json"


def probe(view: View, dataset: Dataset, asked: Asked, progress: Progress = silent, *, home: Home) -> Probe:
    """Linear probe of a view against ECFP; embeds the data set first where that is not done.

    Raises BadRecipe for options that cannot be, BadTable where too few molecules have a label, UnknownName.
    """
    numbers = _tasks(dataset, asked)
    _check(view, asked)
    notes = [] if asked.tasks or len(dataset.tasks) <= len(numbers) else [
        f"the first {len(numbers)} of {len(dataset.tasks)} labels; name others to probe them"
    ]  # fmt: skip
    x = np.asarray(embedding(view.model, dataset, progress, home=home).view(view.name))
    described = features_of(dataset, "fingerprint", progress=progress, home=home)
    both = np.isfinite(x).all(1) & described.ok
    if left := int((~both).sum()):
        notes.append(f"{left:,} of {len(dataset):,} molecules do not stand in both spaces and were left out")
    found: list[ProbedTask] = []
    for place, number in enumerate(numbers):
        rows = np.flatnonzero(both & np.isfinite(dataset.truth(number)))
        name = dataset.tasks[number].name
        if len(rows) > MOST_MOLECULES:
            notes.append(f"{name}: {MOST_MOLECULES:,} of {len(rows):,} molecules, drawn with seed 0")
            rows = np.sort(np.random.default_rng(0).choice(rows, MOST_MOLECULES, replace=False))
        if len(rows) < FEWEST_MOLECULES:
            notes.append(f"{name}: {len(rows)} molecules have a label, and {FEWEST_MOLECULES} are needed")
            continue
        bits = np.unpackbits(described.take(rows).columns["bits"], axis=1)
        report = _Stages(progress, place, len(numbers), asked.seeds)
        found.append(_probed(dataset, number, rows, x[rows], bits, asked, notes, report))
    if not found:
        raise BadTable(f"no label of {dataset.name!r} can be probed: {'; '.join(notes)}")
    progress("probe", 1, 1)
    about = (view.model.name, view.name, dataset.name, asked.rule, tuple(range(asked.seeds)))
    return Probe(*about, tuple(found), tuple(notes))


def _check(view: View, asked: Asked) -> None:
    if view.model.name == ecfp_view().model.name:
        raise BadRecipe("a probe compares a view with ECFP, and ECFP itself came; choose a view of a model")
    if asked.rule not in RULES or asked.rule in UNSEEDED:
        raise UnknownName("seeded split", asked.rule, RULES)
    if not FEWEST_SEEDS <= asked.seeds <= MOST_SEEDS:
        raise BadRecipe(f"a paired test needs {FEWEST_SEEDS} to {MOST_SEEDS} seeds, and {asked.seeds} came")


def _tasks(dataset: Dataset, asked: Asked) -> list[int]:
    names = [task.name for task in dataset.tasks]
    for name in asked.tasks:
        if name not in names:
            raise UnknownName(f"label of {dataset.name!r}", name, names)
    if not names:
        raise BadTable(f"{dataset.name!r} has no labels, and a probe predicts one")
    return [names.index(name) for name in asked.tasks] or list(range(min(len(names), MOST_TASKS)))


@dataclass(frozen=True)
class _Stages:
    """Progress over tasks and seeds."""

    progress: Progress
    task: int
    tasks: int
    seeds: int

    def __call__(self, seed: int) -> None:
        self.progress("probe", self.task * self.seeds + seed, self.tasks * self.seeds)


def _probed(
    dataset: Dataset,
    number: int,
    rows: np.ndarray,
    x: np.ndarray,
    bits: np.ndarray,
    asked: Asked,
    notes: list[str],
    report: _Stages,
) -> ProbedTask:
    task, y = dataset.tasks[number], dataset.truth(number)[rows]
    metric = metrics.main(task.kind)
    scores: Mapping[str, list[float]] = {"view": [], "ecfp": []}
    overlaps = []
    for seed in range(asked.seeds):
        report(seed)
        try:
            parts = splits.split(dataset.smiles[rows], asked.rule, seed)
        except MmexploreError as error:
            notes.append(f"{task.name}, seed {seed}: {error}")
            continue
        learned = np.union1d(parts.train, parts.validation)
        if any(len(np.unique(y[part])) < 2 for part in (learned, parts.test)):
            notes.append(f"{task.name}, seed {seed}: one value alone on one side of the split, not scored")
            continue
        for name, described in (("view", x), ("ecfp", bits)):
            fitted = fit_line(task.kind, described[learned].astype(np.float64), y[learned], seed)
            guess = read_line(task.kind, fitted, described[parts.test].astype(np.float64))
            scores[name].append(
                metrics.scores((task.kind,), y[parts.test, None], guess[:, None], (metric,)).get(metric, float("nan"))
            )
        overlaps.append(len(parts.test) / len(learned))
    overlap = float(np.mean(overlaps)) if overlaps else 0.0
    test = over_seeds(metric, scores["view"], scores["ecfp"], overlap=overlap)
    return ProbedTask(task.name, task.kind, metric, len(rows), tuple(scores["view"]), tuple(scores["ecfp"]), test)


def fit_line(kind: Kind, x: np.ndarray, y: np.ndarray, seed: int) -> Any:
    """Linear model of rows ``x`` (n, d) and one label, columns on one scale.

    Ridge regression, or logistic regression for classes; the strength of the penalty is chosen by leaving out some of
    these very molecules.
    """
    from sklearn.linear_model import LogisticRegression, RidgeCV
    from sklearn.model_selection import GridSearchCV, StratifiedKFold
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    if kind == "regression":
        return make_pipeline(StandardScaler(), RidgeCV(alphas=_STRENGTHS)).fit(x, y)
    line = make_pipeline(StandardScaler(), LogisticRegression(max_iter=500))
    fewest = int(min((y == 0).sum(), (y == 1).sum()))
    if fewest < 2:
        return line.fit(x, y)
    folds = StratifiedKFold(min(_FOLDS, fewest), shuffle=True, random_state=seed)
    asked = {"logisticregression__C": 1 / _STRENGTHS[::2]}
    return GridSearchCV(line, asked, cv=folds, scoring="neg_log_loss").fit(x, y)


def read_line(kind: Kind, fitted: Any, x: np.ndarray) -> np.ndarray:
    """Values, or probabilities of class 1, that a linear model of :func:`fit_line` reads in rows."""
    found: np.ndarray = fitted.predict(x) if kind == "regression" else fitted.predict_proba(x)[:, 1]
    return found
