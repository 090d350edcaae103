"""Subsets of a fusion's modalities: what it predicts with some of them alone, and so what each one adds.

An absent modality has a stand-in: nothing (``zero``), or its mean over the training molecules (``mean``). Of a late
fusion and of a stack it stands for the product w p, which is additive: what a modality adds is its product less the
stand-in. Other fusions and baselines add nothing up, and the stand-in is one of the branch's embedding: what a modality
adds is its Shapley value (Shapley 1953; Lundberg and Lee 2017, arXiv:1705.07874), exact up to seven modalities. Either
way the contributions and the start, what is predicted where all are absent, add up to the prediction.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cache
from itertools import product
from pathlib import Path

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load as from_bytes
from safetensors.numpy import save as to_bytes

from mmexplore.datasets import Dataset
from mmexplore.explore.explain import storage
from mmexplore.explore.explain.contributions import Absent, check_absent, products
from mmexplore.explore.explain.fusion import FusionReport, Reference, reference, task_number
from mmexplore.explore.neighbors.query import Few, loaded
from mmexplore.models.embed import embedding
from mmexplore.models.registry import Model
from mmexplore.runtime import seals
from mmexplore.runtime.cache import cached
from mmexplore.runtime.errors import BadMolecule
from mmexplore.runtime.home import Home, write_atomically
from mmexplore.runtime.progress import Progress, silent

EXACT = 7
"""So many modalities at most have all of their subsets tried; of more, those on the way of ORDERS drawn orders."""
ORDERS = 32
_ROWS = 4096
_VERSION = 1


@dataclass(frozen=True)
class Contributions:
    """Contributions of the modalities to each prediction, on a scale on which they add up.

    ``values`` (n, modalities): in the label's ``unit``, of classes in logits (``unit`` "logit"). ``start``: what is
    predicted where every modality is absent, ``start_is`` in words. ``prediction`` (n,) is ``start`` plus the sum of a
    row. ``by``: how they are found, in words. ``present`` bool (subsets, modalities), the last one whole, and
    ``predicted`` (subsets, n): predictions with those alone; ``exact``: all subsets are there. ``additive``: so are the
    predictions. All float64.
    """

    modalities: tuple[str, ...]
    absent: Absent
    unit: str
    by: str
    start: float
    start_is: str
    prediction: np.ndarray
    values: np.ndarray
    present: np.ndarray
    predicted: np.ndarray
    exact: bool
    additive: bool = False

    def row(self, number: int) -> "Contributions":
        """Contributions to the prediction of one of the molecules."""
        one = slice(number, number + 1)
        prediction, predicted = self.prediction[one], self.predicted[:, one]
        return replace(self, prediction=prediction, values=self.values[one], predicted=predicted)

    def of(self, kept: Iterable[bool]) -> np.ndarray | None:
        """Predictions (n,) with these modalities alone; None for a subset that was not tried."""
        if self.additive:
            alone: np.ndarray = self.start + self.values[:, np.array(list(kept), bool)].sum(1)
            return alone
        found = np.flatnonzero((self.present == np.array(list(kept), bool)).all(1))
        return self.predicted[found[0]] if len(found) else None


def contributions(
    model: Model,
    dataset: Dataset,
    report: FusionReport,
    trained_on: Dataset | None = None,
    absent: Absent = "mean",
    *,
    home: Home,
    progress: Progress = silent,
) -> Contributions:
    """Contributions of a model's modalities to its predictions of the report's rows and task; kept on disk.

    Imports torch for a fusion that does not add up. Raises UnknownName for another stand-in.
    """
    check_absent(absent)
    if report.w.shape[1]:
        return additive(report, absent)
    if found := stored(model, dataset, report, trained_on, absent, home=home):
        return found
    made = embedding(model, dataset, progress, home=home)
    ground = reference(model, dataset, made, trained_on, home=home, progress=progress)
    present, shares = subsets(len(report.modalities))
    views = {name: made.view(name) for name in report.modalities}
    means = _means(ground, report.modalities) if absent == "mean" else None
    predicted = _of_branches(model, report, views, means, present, progress)
    path = _file(model, dataset, report, trained_on, absent, home=home)
    write_atomically(path, to_bytes({"predicted": predicted}))
    return _shapley(report, absent, present, shares, predicted)


def stored(
    model: Model, dataset: Dataset, report: FusionReport, trained_on: Dataset | None, absent: Absent, *, home: Home
) -> Contributions | None:
    """Contributions as far as they are had without torch: None where they were not computed yet."""
    check_absent(absent)
    if report.w.shape[1]:
        return additive(report, absent)
    present, shares = subsets(len(report.modalities))
    try:
        content = seals.read(_file(model, dataset, report, trained_on, absent, home=home))
        predicted = from_bytes(content)["predicted"]
    except (OSError, ValueError, KeyError, SafetensorError):
        return None
    if predicted.shape != (len(present), len(report.rows)):
        return None
    return _shapley(report, absent, present, shares, predicted)


def additive(report: FusionReport, absent: Absent = "mean") -> Contributions:
    """Contributions of a late fusion or a stack: products less their stand-ins, times the label's scale."""
    parts, instead = products(report.w, report.p), report.stand_ins(absent)
    factor = report.std if report.scale == "z-score" else 1.0
    values = (parts - instead) * factor
    start = float(report.on_unit(np.array(instead.sum())))
    present, _ = subsets(len(report.modalities))
    predicted = start + present.astype(np.float64) @ values.T
    factors = "a weight times a branch's prediction (w p)"
    by = f"{factors}, less its mean over the training part" if absent == "mean" else factors
    words = f"the mean prediction of {report.reference}" if absent == "mean" else "no modality at all"
    return Contributions(
        report.modalities,
        absent,
        report.contribution_unit,
        by,
        start,
        words,
        report.on_unit(report.prediction),
        values,
        present,
        predicted,
        len(report.modalities) <= EXACT,
        additive=True,
    )


def of_molecule(
    model: Model,
    smiles: str,
    few: Few,
    report: FusionReport,
    trained_on: Dataset,
    absent: Absent = "mean",
    *,
    home: Home,
) -> Contributions:
    """Contributions to the prediction of one molecule that is in no data set, measured from where the report's are.

    ``few``: its views and parts; ``report``: that of the model on ``trained_on``. Imports torch for a fusion that does
    not add up. Raises BadMolecule for one that the model cannot describe.
    """
    check_absent(absent)
    number, modalities = task_number(model, report.task), report.modalities
    if not np.isfinite(few.predictions[0, number]):
        raise BadMolecule(f"{model.name} cannot describe {smiles[:80]!r}; another molecule would do")
    one = replace(report, rows=np.zeros(1, np.int64), smiles=np.array([smiles], object))
    if "w" in few.parts:
        signs = np.array([-1.0 if name in report.turned else 1.0 for name in modalities])
        w, p = np.float64(few.parts["w"]) * signs, np.float64(few.parts["p"][:, :, number]) * signs
        return additive(replace(one, w=w, p=p, prediction=products(w, p).sum(1)), absent)
    present, shares = subsets(len(modalities))
    views = {name: few.views[name] for name in modalities}
    means = _training_means(model, trained_on, modalities, home=home) if absent == "mean" else None
    predicted = _of_branches(model, one, views, means, present, silent)
    return _shapley(one, absent, present, shares, predicted)


@cached(8)
def _training_means(
    model: Model, trained_on: Dataset, modalities: tuple[str, ...], *, home: Home
) -> dict[str, np.ndarray]:
    made = embedding(model, trained_on, home=home)
    return _means(reference(model, trained_on, made, trained_on, home=home), modalities)


def _means(ground: Reference, modalities: Iterable[str]) -> dict[str, np.ndarray]:
    """Mean embedding of each branch over the reference molecules, float64 (width,)."""
    return {name: np.asarray(ground.made.view(name)[ground.rows]).mean(0, dtype=np.float64) for name in modalities}


@cache
def subsets(modalities: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Subsets that are tried, bool (subsets, modalities), the smallest first; and Shapley's shares of their values.

    Shares (modalities, subsets) times predictions are what each modality adds to those before it, the mean over orders.
    Up to EXACT modalities all subsets and all orders. Of more: ORDERS orders, drawn by the seed, each with its reverse,
    the subsets that they pass, and those of one modality and of all but one.
    """
    if modalities <= EXACT:
        every = np.array(list(product([False, True], repeat=modalities)))
        present = every[np.lexsort((*every.T, every.sum(1)))]
        size = present.sum(1)
        orders = [math.factorial(n) * math.factorial(modalities - 1 - n) for n in range(modalities)]
        share = np.array(orders) / math.factorial(modalities)  # of those orders in which n come before
        return present, np.where(present.T, share[size - 1], -share[np.minimum(size, modalities - 1)])
    rng = np.random.default_rng((seed, modalities))
    drawn = np.array([rng.permutation(modalities) for _ in range(ORDERS // 2)])
    each = np.concatenate([drawn, drawn[:, ::-1]])
    passed = [np.isin(np.arange(modalities), order[:k]) for order in each for k in range(modalities + 1)]
    ones = np.eye(modalities, dtype=bool)
    every = np.unique(np.concatenate([passed, ones, ~ones]), axis=0)
    present = every[np.lexsort((*every.T, every.sum(1)))]
    return present, _shares(present, each)


def _shares(present: np.ndarray, orders: np.ndarray) -> np.ndarray:
    place = {some.tobytes(): number for number, some in enumerate(present)}
    share = np.zeros((present.shape[1], len(present)))
    for order in orders:
        kept = np.zeros(present.shape[1], bool)
        for modality in order.tolist():
            share[modality, place[kept.tobytes()]] -= 1 / len(orders)
            kept[modality] = True
            share[modality, place[kept.tobytes()]] += 1 / len(orders)
    return share


def shapley(predicted: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """Shapley values (n, modalities) of ``predicted`` (subsets, n), by the shares of :func:`subsets`.

    A row adds up to the whole less nothing, over any orders (efficiency).
    """
    found: np.ndarray = (shares @ predicted).T
    return found


def _shapley(
    report: FusionReport, absent: Absent, present: np.ndarray, shares: np.ndarray, predicted: np.ndarray
) -> Contributions:
    exact = len(report.modalities) <= EXACT
    by = "Shapley values over " + ("all subsets" if exact else f"{ORDERS} drawn orders") + " of the modalities"
    words = "the prediction with every modality at its mean over " + report.reference
    return Contributions(
        report.modalities,
        absent,
        report.contribution_unit,
        by,
        float(predicted[0].mean()),
        words if absent == "mean" else "the prediction with every modality at zero",
        predicted[-1],
        shapley(predicted, shares),
        present,
        predicted,
        exact,
    )


def _of_branches(
    model: Model,
    report: FusionReport,
    views: dict[str, np.ndarray],
    means: dict[str, np.ndarray] | None,
    present: np.ndarray,
    progress: Progress,
) -> np.ndarray:
    """Predictions (subsets, n) of the fusion from embeddings of its branches, some at their stand-in: mean, or zero."""
    import torch

    from mmexplore.runtime import devices

    predictor, number = loaded(model.folder), task_number(model, report.task)
    device = predictor.label_mean.device
    instead = {name: torch.zeros(view.shape[1], device=device) for name, view in views.items()}
    if means is not None:
        instead = {name: torch.from_numpy(mean).float().to(device) for name, mean in means.items()}
    found = np.empty((len(present), len(report.rows)))
    with devices.exactly(devices.policy()), torch.inference_mode():
        for start in range(0, len(report.rows), _ROWS):
            progress("subsets of modalities", start, len(report.rows))
            rows = report.rows[start : start + _ROWS]
            f = {name: torch.from_numpy(np.array(view[rows])).to(device) for name, view in views.items()}
            for subset, kept in enumerate(present):
                some = {
                    name: x if there else instead[name].expand_as(x)
                    for (name, x), there in zip(f.items(), kept.tolist(), strict=True)
                }
                outputs = predictor.fusion(some).outputs[:, number]
                found[subset, start : start + len(rows)] = outputs.double().cpu().numpy()
    progress("subsets of modalities", len(report.rows), len(report.rows))
    return found if report.contribution_unit == "logit" else found * report.std + report.mean


def _file(
    model: Model, dataset: Dataset, report: FusionReport, trained_on: Dataset | None, absent: Absent, *, home: Home
) -> Path:
    learned = trained_on.digest if trained_on else ""
    key = storage.digest(_VERSION, model.digest, dataset.digest, learned, report.task, absent, report.reference)
    return home / "contributions" / f"{key}.safetensors"
