"""The front desk's drawer for fusions: what each modality says of each molecule, and how alike the modalities are."""

from dataclasses import dataclass

import numpy as np
from safetensors import safe_open

from mmexplore import fusion_report
from mmexplore.checkpoints import WEIGHTS
from mmexplore.data_desk import dataset
from mmexplore.datasets import Task
from mmexplore.embedding_set import Embedded
from mmexplore.errors import BadRecipe, UnknownName
from mmexplore.fusion_report import Similarities
from mmexplore.map_desk import embed
from mmexplore.models import Model, model
from mmexplore.progress import Progress, silent


@dataclass(frozen=True)
class FusionReport:
    """A model's fusion on a data set, for one task; molecules that could not be described are left out.

    ``rows`` int64 (n,) number the molecules in the data set. ``prediction`` (n,) speaks on ``scale``: of a late fusion
    "logit", or "z-score" (times ``std`` plus ``mean`` is the value in ``unit``), and is the sum over ``modalities`` of
    ``w`` times ``p``, both float64 (n, modalities). Other fusions have no such parts (width 0), and predict a
    "probability" or a "value". ``alike`` compares the views of the branches and the fused one.
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


def fusion(model_name: str, data: str, task: str = "", progress: Progress = silent) -> FusionReport:
    """What a fused model made of a data set, from disk where it is there; ``task`` "": the model's first.

    Raises BadRecipe for a model that fuses nothing and UnknownName for a task that it does not predict.
    """
    chosen, table = model(model_name), dataset(data)
    number, about = _task(chosen, task)
    assert chosen.recipe is not None
    made = embed(model_name, data, progress)
    rows = np.setdiff1d(np.arange(made.n), made.missing)
    names = tuple(branch.name for branch in chosen.recipe.branches)
    w, p, prediction = _parts(made, rows, number)
    late = "w" in made.parts
    scales = ("logit", "z-score") if late else ("probability", "value")
    regression = about.kind == "regression"
    progress("compare views", 0, 1)
    return FusionReport(
        fusion=chosen.recipe.fusion.name,
        task=about.name,
        modalities=names,
        scale=scales[regression],
        unit=about.unit,
        mean=_of_labels(chosen, "label_mean", number),
        std=_of_labels(chosen, "label_std", number),
        rows=rows,
        smiles=table.smiles[rows],
        prediction=prediction,
        w=w,
        p=p,
        alike=fusion_report.similarities({view: made.view(view)[rows] for view in chosen.views}),
    )


def _task(chosen: Model, task: str) -> tuple[int, Task]:
    if chosen.card is None or chosen.recipe is None or chosen.recipe.pretrains or len(chosen.recipe.branches) < 2:
        raise BadRecipe(
            f"{chosen.name!r} fuses nothing; choose a model of several branches, trained with fusion 'late' or "
            "'intermediate'"
        )
    names = [one.name for one in chosen.card.data.tasks]
    if task and task not in names:
        raise UnknownName(f"task of {chosen.name!r}", task, names)
    number = names.index(task) if task else 0
    return number, chosen.card.data.tasks[number]


def _parts(made: Embedded, rows: np.ndarray, task: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Coefficients, predictions, and the sum of their products; without parts the prediction as it is."""
    if "w" not in made.parts:
        nothing = np.empty((len(rows), 0))
        return nothing, nothing, np.asarray(made.predictions[rows, task], np.float64)
    w = np.asarray(made.part("w")[rows], np.float64)
    p = np.asarray(made.part("p")[rows, :, task], np.float64)
    return w, p, fusion_report.predictions(w, p)


def _of_labels(chosen: Model, name: str, task: int) -> float:
    """Mean or deviation of the training labels, which stand with the weights; 0 and 1 where nothing was learned."""
    with safe_open(chosen.folder / WEIGHTS, framework="np") as file:
        known = name in file.keys()  # noqa: SIM118
        return float(file.get_tensor(name)[task]) if known else float(name == "label_std")
