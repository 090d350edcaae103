"""Training run: pre-train or fine-tune a recipe on a data set: from molecules to a checkpoint that says how good it is.

A run folder gets ``model/`` (:mod:`mmexplore.models.checkpoints`), ``predictions.parquet``, ``history.json``, where
rows were left out ``skipped.json``, and, while it runs, ``resume/``: started again after a kill, a training goes on and
loses at most the epoch in hand.
"""

import io
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from mmexplore.datasets import Dataset
from mmexplore.datasets.splits.nearest import nearest_training
from mmexplore.models import calibration, checkpoints, registry
from mmexplore.models.calibration import Calibration
from mmexplore.models.checkpoints import Card, DataUsed, SplitUsed
from mmexplore.recipes.recipe import Recipe
from mmexplore.runtime import devices as numerics
from mmexplore.runtime import processes, provenance
from mmexplore.runtime.devices import Policy
from mmexplore.runtime.errors import NotAvailable, Taken
from mmexplore.runtime.files import claimed
from mmexplore.runtime.home import Home, write_atomically, write_json
from mmexplore.runtime.progress import Progress, silent
from mmexplore.training import checks, resume
from mmexplore.training.data import Prepared, prepare
from mmexplore.training.fit import Fitted, fit
from mmexplore.training.objective import TrainingOutcome, TrainingPlan
from mmexplore.training.stack import fit_stack

MODEL, PREDICTIONS, HISTORY, RESUME = "model", "predictions.parquet", "history.json", "resume"
NUMERICS, LOCK = "numerics.json", ".lock"
SKIPPED = "skipped.json"


def train(
    recipe: Recipe,
    dataset: Dataset,
    folder: Path,
    *,
    name: str = "",
    overwrite: bool = False,
    without: Sequence[Dataset] = (),
    progress: Progress = silent,
    home: Home,
) -> Card:
    """Train a recipe on a data set into a run folder; goes on where an interrupted training of both left off.

    ``predictions.parquet`` has the data set's rows in order: ``row``, ``split`` (train, validation, test, "" where a
    molecule could not be described, is in a set of ``without``, or a training molecule has no label), a column a task
    (probability, or value in the label's unit) and a column ``truth: TASK``. Raises BadRecipe, NotAvailable,
    UnknownName, Taken where another process trains into the folder or a finished model lies there that is not to be
    overwritten, and Cancelled from ``progress``, after which the same call goes on.
    """
    registry.check_starts(recipe, home=home)
    if os.environ.get("LOCAL_RANK", "0") != "0":  # a further GPU's process, whose first one has the claim
        return _train(recipe, dataset, folder, name, without, progress, home=home)
    own = folder.parent == registry.runs_folder(home=home)
    before = folder.is_dir() and (not own or any(path.name != LOCK for path in folder.iterdir()))
    with (
        _nothing_left(folder, before),
        claimed(folder / LOCK, f"another process trains into {folder} now; give another --out, or wait for it"),
    ):
        if (folder / MODEL / checkpoints.CARD).is_file() and not (folder / RESUME).is_dir() and not overwrite:
            raise Taken(f"{folder} holds a finished model; give another --out, or --overwrite to train over it")
        return _train(recipe, dataset, folder, name, without, progress, home=home)


@contextmanager
def _nothing_left(folder: Path, before: bool) -> Iterator[None]:
    """A run that fails before there is anything to go on with leaves no folder, unless that was there ``before``."""
    try:
        yield
    except Taken:
        raise
    except BaseException:
        if not (folder / RESUME / resume.FILE).is_file():
            shutil.rmtree(folder / RESUME, ignore_errors=True)
            with suppress(OSError):
                (folder / LOCK).unlink()
            if not before and not (folder / MODEL).exists():
                shutil.rmtree(folder, ignore_errors=True)
        raise


def _train(
    recipe: Recipe,
    dataset: Dataset,
    folder: Path,
    name: str,
    without: Sequence[Dataset],
    progress: Progress,
    *,
    home: Home,
) -> Card:
    main = os.environ.get("LOCAL_RANK", "0") == "0"  # Lightning starts one more process for each further GPU
    progress = progress if main else silent
    policy = _policy(recipe, dataset, folder, home=home)
    _check_devices(recipe, policy)
    prepared = prepare(recipe, dataset, progress, without=without, home=home)
    if main:
        numerics.keep(folder / RESUME / NUMERICS, f"{recipe.digest} {dataset.digest}", policy)
    numerics.apply(policy)  # after the targets of a pre-training, which are computed as whatever people see
    plan = TrainingPlan(recipe, dataset, prepared, policy, folder / RESUME, progress)
    whole = replace(prepared, calibration=prepared.calibration[:0])
    if len(prepared.calibration) and resume.key_in(plan.resume) == replace(plan, prepared=whole).key:
        prepared, plan = whole, replace(plan, prepared=whole)  # begun when all of the validation part chose the epoch
    fitted = fit_stack(plan, home=home) if recipe.stacks else fit(plan, home=home)
    predictor = fitted.predictor
    outcome = fitted.objective.outcome(predictor)
    progress("train", max(1, len(fitted.history)), max(1, len(fitted.history)))  # the last word is its epochs
    card = _card(fitted, outcome, name or recipe.name)
    calibrated = _calibrated(prepared, outcome.predictions)
    if calibrated:
        test = prepared.parts["test"]
        covered = calibrated.coverage(prepared.tasks, prepared.labels[test], outcome.predictions["test"])
        card = card.model_copy(update={"coverage": covered})
    if main:
        card = checkpoints.save(folder / MODEL, predictor, recipe, card)
        if calibrated:
            calibration.write(folder / MODEL, prepared.tasks, calibrated, card.weights_sha256)
        if fitted.history:
            write_json(folder / HISTORY, fitted.history)
        if outcome.predictions:
            _write_predictions(folder, prepared, outcome.predictions)
        numerics.keep(folder / NUMERICS, f"{recipe.digest} {dataset.digest}", policy)
        if prepared.skipped:
            write_json(folder / SKIPPED, [asdict(one) for one in prepared.skipped])
        shutil.rmtree(folder / RESUME, ignore_errors=True)
    return card


def _policy(recipe: Recipe, dataset: Dataset, folder: Path, *, home: Home) -> Policy:
    """How this run computes: decided when it began, whatever would be found now."""
    key, record = f"{recipe.digest} {dataset.digest}", folder / RESUME / NUMERICS
    if found := numerics.kept(record, key):
        return found
    return numerics.decided(recipe.training.device, recipe.training.precision, home=home)


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
        split=_split_used(plan),
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


def _split_used(plan: TrainingPlan) -> SplitUsed:
    """The split as the card tells it; of a pre-training nobody asks how near the test part lies."""
    data, parts, smiles = plan.recipe.data, plan.prepared.parts, plan.dataset.smiles
    nearest = nearest_training(smiles, parts["train"], parts["test"]) if plan.prepared.tasks else None
    return SplitUsed(
        rule=data.split,
        seed=data.split_seed,
        sizes=plan.prepared.sizes,
        options=data.split_options,
        digest=checks.digest_of(checks.split_parts(plan.recipe, plan.dataset), plan.dataset),
        nearest=nearest,
        calibration=len(plan.prepared.calibration),
    )


def _calibrated(prepared: Prepared, guess: dict[str, np.ndarray]) -> Calibration | None:
    """What the model predicts of its calibration rows; of the validation part where none were set apart."""
    if not guess:
        return None
    validation = prepared.parts["validation"]
    rows = prepared.calibration if len(prepared.calibration) else validation
    told = guess["validation"][np.searchsorted(validation, rows)].astype(np.float64)
    kinds = tuple(task.kind for task in prepared.tasks)
    return Calibration(kinds, prepared.labels[rows].astype(np.float64), told, apart=len(prepared.calibration) > 0)


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
