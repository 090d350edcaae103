"""Training run: pre-train or fine-tune a recipe on a data set: from molecules to a checkpoint that says how good it is.

A run folder gets ``model/`` (:mod:`mmexplore.models.checkpoints`), ``predictions.parquet``, ``history.json`` and, while
it runs, ``resume/``: started again after a kill, a training goes on and loses at most the epoch in hand.
"""

import io
import os
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from mmexplore.datasets import Dataset
from mmexplore.models import checkpoints, registry
from mmexplore.models.checkpoints import Card, DataUsed, SplitUsed
from mmexplore.recipes.recipe import Recipe
from mmexplore.runtime import devices as numerics
from mmexplore.runtime import processes, provenance
from mmexplore.runtime.devices import Policy
from mmexplore.runtime.errors import NotAvailable
from mmexplore.runtime.home import Home, write_atomically, write_json
from mmexplore.runtime.progress import Progress, silent
from mmexplore.training.data import Prepared, prepare
from mmexplore.training.fit import Fitted, fit
from mmexplore.training.objective import TrainingOutcome, TrainingPlan
from mmexplore.training.stack import fit_stack

MODEL, PREDICTIONS, HISTORY, RESUME = "model", "predictions.parquet", "history.json", "resume"


def train(
    recipe: Recipe, dataset: Dataset, folder: Path, *, name: str = "", progress: Progress = silent, home: Home
) -> Card:
    """Train a recipe on a data set into a run folder; goes on where an interrupted training of both left off.

    ``predictions.parquet`` has the data set's rows in order: ``row``, ``split`` (train, validation, test, "" where a
    molecule could not be described or a training molecule has no label), a column a task (probability, or value in the
    label's unit) and a column ``truth: TASK``. Raises BadRecipe, NotAvailable, UnknownName,
    and Cancelled from ``progress``, after which the same call goes on.
    """
    registry.check_starts(recipe, home=home)
    main = os.environ.get("LOCAL_RANK", "0") == "0"  # Lightning starts one more process for each further GPU
    progress = progress if main else silent
    policy = numerics.policy(recipe.training.device, recipe.training.precision)
    _check_devices(recipe, policy)
    prepared = prepare(recipe, dataset, progress, home=home)
    numerics.apply(policy)  # after the targets of a pre-training, which are computed as whatever people see
    plan = TrainingPlan(recipe, dataset, prepared, policy, folder / RESUME, progress)
    fitted = fit_stack(plan, home=home) if recipe.stacks else fit(plan, home=home)
    predictor = fitted.predictor
    outcome = fitted.objective.outcome(predictor)
    card = _card(fitted, outcome, name or recipe.name)
    if main:
        card = checkpoints.save(folder / MODEL, predictor, recipe, card)
        if fitted.history:
            write_json(folder / HISTORY, fitted.history)
        if outcome.predictions:
            _write_predictions(folder, prepared, outcome.predictions)
        shutil.rmtree(folder / RESUME, ignore_errors=True)
    return card


def _check_devices(recipe: Recipe, policy: Policy) -> None:
    wanted = recipe.training.devices
    there = {"cuda": torch.cuda.device_count(), "mps": 1}.get(policy.device, os.cpu_count() or 1)
    if wanted > there:
        raise NotAvailable(f"training.devices asks for {wanted}, and this machine has {there} ({policy.device})")


def _card(fitted: Fitted, outcome: TrainingOutcome, name: str) -> Card:
    plan = fitted.objective.plan
    recipe, dataset, prepared = plan.recipe, plan.dataset, plan.prepared
    speeds = [epoch["molecules_per_second"] for epoch in fitted.history]
    return Card(
        name=name,
        data=DataUsed(name=dataset.name, digest=dataset.digest, rows=len(dataset), tasks=prepared.tasks),
        split=SplitUsed(rule=recipe.data.split, seed=recipe.data.split_seed, sizes=prepared.sizes),
        seed=recipe.training.seed,
        metrics=outcome.metrics,
        per_task=outcome.per_task,
        epochs_run=len(fitted.history),
        best_epoch=fitted.best_epoch,
        encoder_epochs=fitted.encoder_epochs,
        seconds=round(fitted.seconds, 3),
        molecules_per_second=round(float(np.median(speeds)), 1) if speeds else 0.0,
        peak_megabytes=round(_peak_megabytes(), 1),
        numerics=plan.policy.why,
        machine=_machine(plan.policy),
        notes=(*prepared.notes, *fitted.notes, *outcome.notes),
    )


def _write_predictions(folder: Path, prepared: Prepared, guess: dict[str, np.ndarray]) -> None:
    values = np.full(prepared.labels.shape, np.nan, np.float32)
    split = np.full(len(values), "", object)
    for part, rows in prepared.parts.items():
        values[rows], split[rows] = guess[part], part
    names = [task.name for task in prepared.tasks]
    columns = {"row": np.arange(len(values)), "split": split}
    columns |= dict(zip(names, values.T, strict=True))
    columns |= {f"truth: {name}": truth for name, truth in zip(names, prepared.labels.T, strict=True)}
    buffer = io.BytesIO()
    pd.DataFrame(columns).to_parquet(buffer, index=False)
    write_atomically(folder / PREDICTIONS, buffer.getvalue())


def _peak_megabytes() -> float:
    return torch.cuda.max_memory_allocated() / 1e6 if torch.cuda.is_available() else processes.peak_megabytes()


def _machine(policy: Policy) -> str:
    return provenance.machine() + (f", {torch.cuda.get_device_name()}" if policy.device == "cuda" else "")
