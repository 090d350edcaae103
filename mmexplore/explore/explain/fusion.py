"""Fusion report: what each modality says of each molecule, how alike the modalities are, and scores of what-ifs."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save as to_bytes

from mmexplore.chem import molecules
from mmexplore.datasets import Dataset, Kind, Task
from mmexplore.explore.explain import contributions
from mmexplore.explore.explain.contributions import Absent, Similarities
from mmexplore.explore.explain.search import Target
from mmexplore.models import branch_signs, metrics
from mmexplore.models.checkpoints import WEIGHTS
from mmexplore.models.embed import embedding
from mmexplore.models.embeddings import Embedded
from mmexplore.models.ensembles import Ensemble, single
from mmexplore.models.predictions import predictions
from mmexplore.models.registry import Model
from mmexplore.runtime.cache import cached
from mmexplore.runtime.errors import BadRecipe, UnknownName
from mmexplore.runtime.home import Home, read_json, write_atomically
from mmexplore.runtime.progress import Progress, silent

_LARGEST_SHOWN = 30


@dataclass(frozen=True)
class FusionReport:
    """A model's fusion on a data set, for one task; molecules that could not be described are left out.

    ``rows`` int64 (n,) number the molecules in the data set. ``prediction`` (n,) speaks on ``scale``: of a late fusion
    "logit", or "z-score" (times ``std`` plus ``mean`` is the value in ``unit``), and is the sum over ``modalities`` of
    ``w`` times ``p``, both float64 (n, modalities). Other fusions have no such parts (width 0), and predict a
    "probability" or a "value". ``alike`` compares the views of the branches and the fused one.

    ``means`` (modalities,) are those of the products over the molecules of ``reference``, in words: the training part
    where it is known. ``turned`` names the branches whose w and p both changed sign when the model was read, so that p
    rises with the label there; no prediction changes by that.
    """

    fusion: str
    task: str
    modalities: tuple[str, ...]
    scale: str
    unit: str
    mean: float
    std: float
    rows: np.ndarray
    smiles: np.ndarray
    prediction: np.ndarray
    w: np.ndarray
    p: np.ndarray
    alike: Similarities
    means: np.ndarray
    reference: str
    turned: tuple[str, ...] = ()

    @property
    def contribution_unit(self) -> str:
        """What contributions are measured in: the label's unit ("" where it has none), of classes "logit"."""
        return "logit" if self.scale in ("logit", "probability") else self.unit

    def on_unit(self, predicted: np.ndarray) -> np.ndarray:
        """Predictions of the report's scale in the label's unit; logits stay, as probabilities do not add up."""
        return predicted * self.std + self.mean if self.scale == "z-score" else predicted

    def stand_ins(self, absent: Absent) -> np.ndarray:
        """What counts in place of each modality's product where that is absent, (modalities,). Raises UnknownName."""
        contributions.check_absent(absent)
        return self.means if absent == "mean" else np.zeros(self.w.shape[1])


@dataclass(frozen=True)
class Reference:
    """Reference molecules, which contributions are measured from: ``rows`` of an embedding, and what they are in words.

    ``labels`` (rows, tasks of the model), NaN where missing; None where the training data set is not here.
    """

    made: Embedded
    rows: np.ndarray
    words: str
    labels: np.ndarray | None = None


@cached(6)
def fusion_report(
    model: Model,
    dataset: Dataset,
    task: str = "",
    trained_on: Dataset | None = None,
    *,
    home: Home,
    progress: Progress = silent,
) -> FusionReport:
    """Fusion report of a model on a data set, from disk where it is there; ``task`` "": the model's first.

    ``trained_on``: the model's training data set, None where that is not here. Raises BadRecipe for a model that fuses
    nothing and UnknownName for a task that it does not predict.
    """
    if found := shipped_report(model, dataset, task):
        return found
    number, about = _task(model, task)
    assert model.recipe is not None
    made = embedding(model, dataset, progress, home=home)
    rows = np.setdiff1d(np.arange(made.n), made.missing)
    names = model.recipe.parts
    ground = reference(model, dataset, made, trained_on, home=home, progress=progress)
    signs = _signs(model, ground)
    w, p, prediction = _parts(made, rows, number, signs)
    there, learned, _ = _parts(ground.made, ground.rows, number, signs)
    late = "w" in made.parts
    scales = ("logit", "z-score") if late else ("probability", "value")
    regression = about.kind == "regression"
    progress("compare views", 0, 1)
    return FusionReport(
        fusion=model.recipe.how,
        task=about.name,
        modalities=names,
        scale=scales[regression],
        unit=about.unit,
        mean=_of_labels(model, "label_mean", number),
        std=_of_labels(model, "label_std", number),
        rows=rows,
        smiles=dataset.smiles[rows],
        prediction=prediction,
        w=w,
        p=p,
        alike=contributions.similarities({view: made.view(view)[rows] for view in model.views}),
        means=contributions.products(there, learned).mean(0),
        reference=ground.words,
        turned=tuple(name for name, sign in zip(names, signs, strict=False) if sign < 0),
    )


def report_file(model: Model, dataset: Dataset, task: str) -> Path:
    """File beside a model that holds its fusion report, if it was shipped with one."""
    return model.folder / "fusion" / f"{dataset.digest[:16]}-{task_number(model, task)}.safetensors"


def shipped_report(model: Model, dataset: Dataset, task: str) -> FusionReport | None:
    """Fusion report that came with a model, so that a first visit waits for no embedding; None where none did."""
    number, about = _task(model, task)
    assert model.recipe is not None
    path = report_file(model, dataset, about.name)
    if not path.is_file():
        return None
    try:
        with safe_open(path, framework="np") as file:
            told, arrays = file.metadata(), {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (OSError, SafetensorError):
        return None
    if told.get("model") != model.digest:
        return None
    rows, w, p = arrays["rows"], arrays["w"].astype(np.float64), arrays["p"].astype(np.float64)
    cosine, cka, disagreement = (arrays[f"alike.{name}"] for name in ("cosine", "cka", "disagreement"))
    return FusionReport(
        fusion=model.recipe.how,
        task=about.name,
        modalities=model.recipe.parts,
        scale="z-score" if about.kind == "regression" else "logit",
        unit=about.unit,
        mean=_of_labels(model, "label_mean", number),
        std=_of_labels(model, "label_std", number),
        rows=rows,
        smiles=dataset.smiles[rows],
        prediction=contributions.predictions(w, p),
        w=w,
        p=p,
        alike=Similarities(model.views, cosine, cka, disagreement, int(told["k"])),
        means=arrays["means"],
        reference=told["reference"],
        turned=tuple(filter(None, told["turned"].split("\n"))),
    )


def ship_report(model: Model, dataset: Dataset, report: FusionReport) -> None:
    """Keep a late fusion's report beside its model, as :func:`shipped_report` reads it."""
    told = {"model": model.digest, "reference": report.reference, "turned": "\n".join(report.turned)}
    arrays = {"rows": report.rows, "means": report.means}
    arrays |= {"w": report.w.astype(np.float32), "p": report.p.astype(np.float32)}
    arrays |= {f"alike.{name}": getattr(report.alike, name) for name in ("cosine", "cka", "disagreement")}
    content = to_bytes(arrays, told | {"k": str(report.alike.k)})
    write_atomically(report_file(model, dataset, report.task), content, sealed=False)


def reference(
    model: Model,
    dataset: Dataset,
    made: Embedded,
    trained_on: Dataset | None,
    *,
    home: Home,
    progress: Progress = silent,
) -> Reference:
    """Reference molecules of a model: its training part; else all of its data set that have a label, or all at hand.

    ``made``: its embedding of ``dataset``. The training part is known where the model's own predictions lie beside it.
    """
    assert model.card is not None
    if trained_on is None or trained_on.digest != model.card.data.digest:
        rows = np.setdiff1d(np.arange(made.n), made.missing)
        words = f"the {len(rows):,} molecules of {dataset.name}, as those that the model has learned from are not here"
        return Reference(made, rows, words)
    if trained_on.digest != dataset.digest:
        made = embedding(model, trained_on, progress, home=home)
    names = [task.name for task in trained_on.tasks]
    chosen = [names.index(task.name) for task in model.card.data.tasks]
    labels = np.asarray(trained_on.labels[:, chosen], np.float64)
    known = predictions(model, trained_on, home=home)
    rows = np.flatnonzero(np.isfinite(labels).any(1))
    words = "{:,} molecules of " + trained_on.name + " that have a label"
    if known is not None and "split" in known:
        rows, words = np.flatnonzero(known["split"] == "train"), "the {:,} training molecules of " + trained_on.name
    rows = np.setdiff1d(rows, made.missing)
    return Reference(made, rows, words.format(len(rows)), labels[rows])


def _signs(model: Model, ground: Reference) -> np.ndarray:
    """1 or -1 a branch: that by which p rises with the label, or with the prediction where labels are not here."""
    assert model.recipe is not None
    if not branch_signs.are_free(model.recipe) or not len(ground.rows):
        return np.ones(len(model.recipe.parts))
    w, p = (np.asarray(ground.made.part(part)[ground.rows], np.float64) for part in ("w", "p"))
    return branch_signs.signs(p, contributions.predictions(w, p) if ground.labels is None else ground.labels)


WALK = "walk.json"
"""File of a model folder with the molecule that people are shown it by; ``checkpoints/make.py`` writes it."""


@dataclass(frozen=True)
class ShownMolecule:
    """Shown molecule: its ``row``, the side and threshold on which its deciding part was found, and how many of its
    ``atoms`` that ``part`` has."""

    row: int
    direction: str
    threshold: float
    part: int
    atoms: int


def shown(model: Model, dataset: Dataset) -> ShownMolecule | None:
    """Shown molecule of a model: one whose deciding part is visibly a part of it. None where none was sought.

    Found when the model was made, since that takes a search for each candidate: :func:`candidates`, in their order,
    the first whose smallest positive subgraph is at most three quarters of its atoms.
    """
    try:
        told = read_json(model.folder / WALK)
        rows = np.flatnonzero(dataset.smiles == told["smiles"])
        sizes = int(told["part"]), int(told["atoms"])
        about = str(told["direction"]), float(told["threshold"]), *sizes
        return ShownMolecule(int(rows[0]), *about) if len(rows) else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def candidates(model: Model, dataset: Dataset, goal: Target, *, home: Home) -> list[int]:
    """Rows to show a model by: of the test part, measured and predicted on the side of ``goal``, predicted within half
    a standard deviation of the labels, named and of at most 30 atoms; those with most atoms first."""
    able = np.flatnonzero(_told_well(model, dataset, goal, home=home) & (dataset.names != "")).tolist()
    sizes = {row: molecules.parse(str(dataset.smiles[row])).GetNumHeavyAtoms() for row in able}
    return sorted((row for row in able if sizes[row] <= _LARGEST_SHOWN), key=lambda row: (-sizes[row], row))


def _told_well(model: Model, dataset: Dataset, goal: Target, *, home: Home) -> np.ndarray:
    """Molecules of the test part that are positive by label and prediction, and predicted well, bool (n,)."""
    known = predictions(model, dataset, home=home)
    names = [task.name for task in dataset.tasks]
    if known is None or "split" not in known or goal.task not in names:
        return np.zeros(len(dataset), bool)
    labels, guess = dataset.truth(names.index(goal.task)), known[goal.task].to_numpy()
    near = np.abs(guess - labels) <= np.nanstd(labels) / 2
    positive = goal.reached(goal.score(guess)) & goal.reached(goal.score(labels))
    tested: np.ndarray = (known["split"] == "test").to_numpy() & positive & near
    return tested


def example(model: Model, dataset: Dataset, least: float, *, home: Home) -> int:
    """Example molecule for a demonstration.

    A molecule to show a model by: of the test part, measured and predicted at ``least`` or more, predicted within
    half a standard deviation of the labels; of those the one with most atoms. -1 where there is none.
    """
    task = model.card.data.tasks[0].name if model.card else ""
    able = _told_well(model, dataset, Target(task, "above", least), home=home)
    sizes = {row: molecules.parse(str(dataset.smiles[row])).GetNumHeavyAtoms() for row in np.flatnonzero(able).tolist()}
    return max(sizes, key=lambda row: sizes[row], default=-1)


@dataclass(frozen=True)
class Evaluation:
    """Evaluation labels: ``truth`` (n,) of the report's rows, NaN where not judged.

    ``part`` says which molecules are: the test part of the model's own split, or all that have a label.
    """

    kind: Kind
    truth: np.ndarray
    part: str

    @property
    def n(self) -> int:
        """Number of judged molecules."""
        return int(np.isfinite(self.truth).sum())


def evaluate(report: FusionReport, model: Model, dataset: Dataset, *, home: Home) -> Evaluation | None:
    """Evaluation labels; None where the data set has none of this task, or too few to be scored."""
    names = [task.name for task in dataset.tasks]
    if report.task not in names:
        return None
    number = names.index(report.task)
    truth, part = dataset.truth(number)[report.rows], "all molecules"
    known = predictions(model, dataset, home=home)
    if model.data == dataset.name and known is not None and "split" in known:
        tested = known["split"].to_numpy()[report.rows] == "test"
        truth, part = np.where(tested, truth, np.nan), "test part"
    found = Evaluation(dataset.tasks[number].kind, truth, part)
    return found if fusion_score(report, found) else None


def readable(report: FusionReport, predicted: np.ndarray) -> np.ndarray:
    """Values in readable units, from the report's scale: probabilities, or values in ``unit``."""
    if report.scale == "logit":
        return np.asarray(1 / (1 + np.exp(-predicted)))
    return predicted * report.std + report.mean if report.scale == "z-score" else predicted


def counterfactual(report: FusionReport, factors: Sequence[float] = (), absent: Absent = "mean") -> np.ndarray:
    """Counterfactual predictions (n,) of a late fusion, on the report's scale: each modality counts ``factors`` times.

    Where that is less than once its stand-in takes the rest: its mean product over the reference molecules, or nothing
    where ``absent`` is "zero". Raises UnknownName.
    """
    if not len(factors):
        return report.prediction
    return contributions.what_if(report.w, report.p, factors, report.stand_ins(absent))


def fusion_score(
    report: FusionReport, against: Evaluation, factors: Sequence[float] = (), absent: Absent = "mean"
) -> tuple[str, float] | None:
    """ROC-AUC or RMSE (in ``unit``) of :func:`counterfactual`; None where undefined."""
    return score(against, readable(report, counterfactual(report, factors, absent)))


def score(against: Evaluation, predicted: np.ndarray) -> tuple[str, float] | None:
    """ROC-AUC of probabilities or logits (n,), or RMSE of values in the label's unit; None where undefined."""
    found = metrics.scores(against.kind, against.truth[:, None], predicted[:, None])
    name = "roc_auc" if against.kind == "classification" else "rmse"
    return (name, found[name]) if name in found else None


def task_number(model: Model, task: str) -> int:
    """The column of a model's task. Raises BadRecipe and UnknownName as :func:`fusion_report`."""
    return _task(model, task)[0]


def _task(chosen: Model, task: str) -> tuple[int, Task]:
    if chosen.recipe and chosen.recipe.parts == ("early",):
        raise BadRecipe(
            f"{chosen.name!r} fuses early: its modalities were blended into one target that its one encoder learned "
            "from, so none can be taken out of a prediction; choose a model trained with fusion 'late' or "
            "'intermediate', or a stack"
        )
    if chosen.card is None or chosen.recipe is None or chosen.recipe.pretrains or len(chosen.recipe.parts) < 2:
        raise BadRecipe(
            f"{chosen.name!r} fuses nothing; choose a model of several branches, trained with fusion 'late' or "
            "'intermediate', or a stack"
        )
    if chosen.recipe.summands:
        single(chosen, "what its parts add up to is told of")
    names = [one.name for one in chosen.card.data.tasks]
    if task and task not in names:
        raise UnknownName(f"task of {chosen.name!r}", task, names)
    number = names.index(task) if task else 0
    return number, chosen.card.data.tasks[number]


def _parts(made: Embedded, rows: np.ndarray, task: int, signs: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Coefficients, predictions, and the sum of their products; without parts the prediction as it is."""
    if "w" not in made.parts:
        nothing = np.empty((len(rows), 0))
        return nothing, nothing, np.asarray(made.predictions[rows, task], np.float64)
    w = np.asarray(made.part("w")[rows], np.float64) * signs
    p = np.asarray(made.part("p")[rows, :, task], np.float64) * signs
    return w, p, contributions.predictions(w, p)


def _of_labels(chosen: Model, name: str, task: int) -> float:
    """Mean or deviation of the training labels, which stand with the weights; 0 and 1 where nothing was learned."""
    one = chosen.members[0] if isinstance(chosen, Ensemble) else chosen  # members have learned the same labels
    with safe_open(one.folder / WEIGHTS, framework="np") as file:
        known = name in file.keys()  # noqa: SIM118
        return float(file.get_tensor(name)[task]) if known else float(name == "label_std")
