"""Stack: late fusion of whole models, weighed by their predictions of training molecules that they had not seen.

Each member is trained on the training part, and once more without each fold of it; the weights are fitted to what the
members say of the folds that they were trained without. No label of the validation or test part is read for them.
"""

import time
from dataclasses import replace

import numpy as np
import torch

from mmexplore.features.packing import Source
from mmexplore.nn.dataloader import batches
from mmexplore.nn.model import FROZEN, Predictor
from mmexplore.runtime.home import Home
from mmexplore.runtime.progress import Progress
from mmexplore.training.data import Prepared, learning_from
from mmexplore.training.fit import Fitted, fit, sees_training
from mmexplore.training.objective import TrainingPlan
from mmexplore.training.supervised import Supervised, predict_rows

_BATCH = 256


def fit_stack(plan: TrainingPlan, *, home: Home) -> Fitted:
    """Train every member and weigh them."""
    started = time.perf_counter()
    objective, prepared = Supervised(plan), plan.prepared
    predictor = Predictor(plan.recipe, prepared.tasks)
    objective.begin(predictor)
    rows = prepared.parts["train"]
    folds = _folds(rows, plan.recipe.stack.folds, plan.recipe.training.seed)
    p = torch.zeros(len(rows), len(plan.recipe.parts), len(prepared.tasks))
    passes, notes = 0, []
    told = _Told(plan.progress, len(plan.recipe.parts) * (len(folds) + 1))
    for number, (name, member) in enumerate(predictor.by_name().items()):
        own = _of_member(replace(plan, progress=told), name)
        whole = fit(own, home=home)
        member.load_state_dict(whole.predictor.state_dict())
        passes += whole.encoder_epochs
        told.next()
        notes += [f"{name}: {note}" for note in whole.notes]
        for done, fold in enumerate(folds):
            part = fit(_without(own, whole, fold, done), home=home)
            passes += part.encoder_epochs
            told.next()
            guess = predict_rows(part.predictor, part.objective.prepared, fold, _BATCH, plan.policy)
            p[torch.from_numpy(np.searchsorted(rows, fold)), number] = _on_scale(predictor, torch.from_numpy(guess))
    labels = predictor.scale(torch.from_numpy(prepared.labels[rows]))
    spaces = _spaces(predictor, prepared, rows) if plan.recipe.stack.gates == "learned" else {}
    predictor.gates.fit(p, labels, prepared.kinds[0] == "classification", spaces)
    constant = dict(zip(plan.recipe.parts, predictor.gates.constant.tolist(), strict=True))
    weights = ", ".join(f"{name} {weight:.3f}" for name, weight in constant.items())
    notes.append(f"constant weights, from {len(folds)} folds of the training part: {weights}")
    seconds = time.perf_counter() - started
    return Fitted(predictor.eval().to(plan.policy.device), objective, [], 0, seconds, passes, tuple(notes))


class _Told:
    """Progress of a stack by models fitted; what a member tells of itself only lets a listener stop it."""

    def __init__(self, progress: Progress, total: int) -> None:
        self.progress, self.done, self.total = progress, 0, total
        progress("stack", 0, total)

    def __call__(self, stage: str, done: int, total: int, /, **values: float) -> None:
        del stage, done, total, values
        self.progress("stack", self.done, self.total)

    def next(self) -> None:
        self.done += 1
        self.progress("stack", self.done, self.total)


def _folds(rows: np.ndarray, count: int, seed: int) -> list[np.ndarray]:
    """Training rows, which rise, in rising parts of about one size, drawn by the seed."""
    drawn = np.random.default_rng((seed, count)).permutation(rows)
    return [np.sort(part) for part in np.array_split(drawn, count)]


def _of_member(plan: TrainingPlan, name: str) -> TrainingPlan:
    recipe = plan.recipe.member(name)
    features = {modality: plan.prepared.features[modality] for modality in recipe.modalities}
    prepared = replace(plan.prepared, features=features)
    resume = plan.resume / f"{plan.recipe.parts.index(name)}-whole"
    return replace(plan, recipe=recipe, prepared=prepared, resume=resume)


def _without(own: TrainingPlan, whole: Fitted, fold: np.ndarray, number: int) -> TrainingPlan:
    """The member's plan without a fold; what frozen branches say that see no training molecule holds there, too."""
    rest = own.prepared.parts["train"]
    known: dict[str, Source] = {}
    for branch, encoder in zip(own.recipe.branches, whole.predictor.encoders(), strict=True):
        key = FROZEN + branch.name
        if key in whole.objective.prepared.features and not sees_training(encoder):
            known[key] = whole.objective.prepared.features[key]
    prepared = learning_from(replace(own.prepared, features=own.prepared.features | known), rest[~np.isin(rest, fold)])
    return replace(own, prepared=prepared, resume=own.resume.with_name(f"{own.resume.name}-{number}"))


def _on_scale(predictor: Predictor, guess: torch.Tensor) -> torch.Tensor:
    """Probabilities as logits, values as z-scores of the whole training part."""
    if predictor.tasks[0].kind == "classification":
        return predictor.bounded(guess.double().clamp(1e-7, 1 - 1e-7).logit())
    return predictor.scale(guess)


def _spaces(predictor: Predictor, prepared: Prepared, rows: np.ndarray) -> dict[str, torch.Tensor]:
    """Members' views of the training molecules."""
    found: dict[str, list[torch.Tensor]] = {name: [] for name in predictor.recipe.parts}
    predictor.eval()
    with torch.inference_mode():
        for batch in batches(prepared.features, prepared.labels, rows, _BATCH):
            for name, view in predictor(batch).views.items():
                found[name].append(view.cpu())
    return {name: torch.cat(parts).clone() for name, parts in found.items()}
