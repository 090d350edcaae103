"""Evaluation: scores of trained models with intervals, beside the baseline that was trained on the same split."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from mmexplore.datasets.splits.nearest import NearestTraining
from mmexplore.models import bootstrap, evaluation, metrics, registry
from mmexplore.models.bootstrap import Interval, PairedTest
from mmexplore.models.evaluation import Judged, Scored
from mmexplore.models.metrics import Scores
from mmexplore.models.registry import Model
from mmexplore.runtime.errors import BadRecipe, MmexploreError
from mmexplore.runtime.progress import Progress, silent
from mmexplore.studio.door import dataset, home, model, training_data


@dataclass(frozen=True)
class BaselineScores:
    """The strongest simple baseline on the same split: its name and scores, or why there is none.

    ``missing`` in a sentence and the ``command`` that trains it, both "" where it is here.
    """

    model: str = ""
    metrics: Scores = field(default_factory=dict)
    intervals: Mapping[str, Interval] = field(default_factory=dict)
    missing: str = ""
    command: str = ""


@dataclass(frozen=True)
class ModelEvaluation:
    """Evaluation of a model, or of a recipe over its seeds, on ``n`` molecules of a data set that ``part`` names.

    ``metrics`` are means over tasks, ``per_task`` by task; ``intervals`` at 95 %, over molecules, or over seeds where
    the ``members`` are several seeds of one recipe. ``paired`` is the test against the baseline on ``main``, None where
    there is none. ``nearest``: how like the training part the test part is.
    """

    model: str
    data: str
    part: str
    n: int
    main: str
    metrics: Scores
    intervals: Mapping[str, Interval]
    per_task: Mapping[str, Scores]
    per_task_intervals: Mapping[str, Mapping[str, Interval]]
    baseline: BaselineScores
    paired: PairedTest | None
    nearest: NearestTraining | None = None
    members: tuple["ModelEvaluation", ...] = ()
    against_first: PairedTest | None = None
    notes: tuple[str, ...] = ()


def evaluate(
    models: str | Sequence[str], data: str = "", part: str = "test", progress: Progress = silent
) -> ModelEvaluation:
    """Evaluation of a model, or of several, on a data set ("": its own).

    Of its own data set a model is judged on a part of its split; of another one on the molecules that it was not
    trained on. Several that are seeds of one recipe are one evaluation, paired over the seeds; others are ``members``
    beside each other, the first of which the whole stands for, and each is tested against it. Imports torch where
    predictions have to be made. Raises BadRecipe, UnknownName, NotAvailable.
    """
    names = [models] if isinstance(models, str) else list(dict.fromkeys(models))
    if not names:
        raise BadRecipe("an evaluation needs a model, and none came")
    chosen = [model(name) for name in names]
    found = [_one(one, data, part, progress) for one in chosen]
    if len(found) == 1:
        return found[0]
    if _are_seeds(chosen):
        return _over_seeds(found)
    return _beside(chosen, found, data, part, progress)


def baseline_of(name: str) -> Model | None:
    """The strongest simple baseline on the split of a model; None where there is none here. A baseline has itself."""
    return evaluation.baseline_of(model(name), registry.models(home=home()))


def baseline_test(name: str) -> PairedTest | None:
    """Paired test of a model against :func:`baseline_of` on the test part; None where one of them cannot be judged."""
    one, other = model(name), baseline_of(name)
    if other is None or other.name == one.name:
        return None
    try:
        return evaluation.paired_test(one, other, dataset(one.data), "test", home=home())
    except MmexploreError:
        return None  # the data set changed, or predictions are gone


def judged(name: str, part: str = "test") -> Judged:
    """Labels and predictions of a part of a model's own split. Raises BadRecipe, NotAvailable, UnknownName."""
    one = model(name)
    return evaluation.kept(one, dataset(one.data), part, home=home())


def own_evaluation(name: str) -> ModelEvaluation | None:
    """Evaluation of a model's own test part by what its training kept; None where that is gone. Predicts nothing."""
    try:
        judged(name)
        return evaluate(name)
    except MmexploreError:
        return None


def scores_at(name: str, threshold: float, part: str = "test") -> Scored:
    """Scores that depend on the threshold from which classes are called 1, of a part of a model's own split."""
    return evaluation.scored(judged(name, part), threshold, metrics.CALLED)


def confusion(name: str, task: str, threshold: float, part: str = "test") -> np.ndarray:
    """Confusion matrix of a task, int64 (2, 2): true class by row, the class that is called by column."""
    found = judged(name, part)
    column = [one.name for one in found.tasks].index(task)
    truth, guess = metrics.known(found.truth[:, column], found.prediction[:, column])
    places = 2 * (truth == 1) + (guess >= threshold)
    return np.bincount(places.astype(np.int64), minlength=4).reshape(2, 2)


def _one(one: Model, data: str, part: str, progress: Progress) -> ModelEvaluation:
    if one.card is None:
        raise BadRecipe(f"{one.name!r} predicts nothing that could be scored; choose a model that learned labels")
    table, training = dataset(data or one.data), training_data(one)
    own = one.card.data.digest == table.digest
    found = evaluation.judged(one, table, part, training, progress, home=home())
    made = evaluation.scores_of(one, table, part, training, progress=progress, home=home())
    beside, paired = _baseline(one, found, table.name if own else "", part)
    return ModelEvaluation(
        model=one.name,
        data=table.name,
        part=found.part,
        n=made.n,
        main=found.main,
        metrics=_with_loss(found, made.metrics),
        intervals=made.intervals,
        per_task=made.per_task,
        per_task_intervals=made.per_task_intervals,
        baseline=beside,
        paired=paired,
        nearest=one.card.split.nearest if own and part == "test" else None,
        notes=found.notes,
    )


def _with_loss(found: Judged, scores: Scores) -> Scores:
    """Tasks of both kinds have one score in common, their loss, which comes first."""
    if found.main != "loss":
        return scores
    kinds = metrics.each(found.kinds, len(found.tasks))
    value = metrics.mean_loss(kinds, found.truth, found.prediction, found.spread)
    return {"loss": value} | scores


def _baseline(one: Model, found: Judged, own: str, part: str) -> tuple[BaselineScores, PairedTest | None]:
    """The baseline's scores on the same part, and the test against it."""
    if not own:
        return BaselineScores(missing=f"{one.name!r} is judged on other data than its own: no baseline shares it"), None
    other = evaluation.baseline_of(one, registry.models(home=home()))
    if other is None:
        missing = f"no {evaluation.SIMPLE} was trained on this split of {own!r} here"
        return BaselineScores(missing=missing, command=evaluation.baseline_command(one)), None
    try:
        table = dataset(own)
        scores = evaluation.scores_of(other, table, part, None, home=home())
        theirs = evaluation.kept(other, table, part, home=home())
    except MmexploreError as error:
        return BaselineScores(missing=str(error), command=evaluation.baseline_command(one)), None
    told = BaselineScores(other.name, _with_loss(theirs, scores.metrics), scores.intervals)
    return told, None if other.name == one.name else evaluation.compared(found, theirs)


def _are_seeds(models: Sequence[Model]) -> bool:
    families = {one.recipe.family if one.recipe else one.name for one in models}
    return len(families) == 1 and len({one.card.data.digest for one in models if one.card}) == 1


def _over_seeds(found: Sequence[ModelEvaluation]) -> ModelEvaluation:
    """Means over seeds, intervals of the mean by Student's t, and the test over pairs of a seed and its baseline."""
    first, main = found[0], found[0].main
    means = {name: float(np.mean([one.metrics[name] for one in found])) for name in _shared([o.metrics for o in found])}
    ends = {}
    for name in means:
        values = [one.metrics[name] for one in found]
        if test := bootstrap.over_seeds(name, values, [0.0] * len(values)):
            ends[name] = (test.low, test.high)
    tasks = _shared([one.per_task for one in found])
    each = {
        task: {
            name: float(np.mean([one.per_task[task][name] for one in found]))
            for name in _shared([one.per_task[task] for one in found])
        }
        for task in tasks
    }
    pairs = [(one.metrics[main], one.baseline.metrics[main]) for one in found if main in one.baseline.metrics]
    same = {one.baseline.model for one in found} <= {one.model for one in found}
    test = bootstrap.over_seeds(main, *map(list, zip(*pairs, strict=True))) if pairs and not same else None
    whole = [one.baseline for one in found if one.baseline.model]
    beside = BaselineScores(
        ", ".join(dict.fromkeys(one.model for one in whole)),
        {name: float(np.mean([one.metrics[name] for one in whole])) for name in _shared([o.metrics for o in whole])},
        missing="; ".join(dict.fromkeys(one.baseline.missing for one in found if one.baseline.missing)),
        command="\n".join(dict.fromkeys(one.baseline.command for one in found if one.baseline.command)),
    )
    return ModelEvaluation(
        model=", ".join(one.model for one in found),
        data=first.data,
        part=f"{first.part}, mean over {len(found)} seeds",
        n=sum(one.n for one in found),
        main=main,
        metrics=means,
        intervals=ends,
        per_task=each,
        per_task_intervals={},
        baseline=beside,
        paired=test or first.paired if len(pairs) < 2 else test,
        members=tuple(found),
        notes=tuple(dict.fromkeys(note for one in found for note in one.notes)),
    )


def _shared(found: Sequence[Mapping[str, object]]) -> list[str]:
    """Keys that all have, in the first one's order."""
    return [name for name in (found[0] if found else ()) if all(name in one for one in found)]


def _beside(
    models: Sequence[Model], found: Sequence[ModelEvaluation], data: str, part: str, progress: Progress
) -> ModelEvaluation:
    """Several models, each tested against the first on the molecules that both are judged on."""
    from dataclasses import replace

    tables = [dataset(data or one.data) for one in models]
    judges = [
        evaluation.judged(one, table, part, training_data(one), progress, home=home())
        for one, table in zip(models, tables, strict=True)
    ]
    members = [found[0]]
    for one, table, judge in zip(found[1:], tables[1:], judges[1:], strict=True):
        same = table.digest == tables[0].digest
        members.append(replace(one, against_first=evaluation.compared(judge, judges[0]) if same else None))
    return replace(found[0], members=tuple(members))
