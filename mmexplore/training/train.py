"""Training run: pre-train or fine-tune a recipe on a data set: from molecules to a checkpoint that says how good it is.

A run folder gets ``model/`` (:mod:`mmexplore.models.checkpoints`), ``predictions.parquet``, ``history.json``, where
rows were left out ``skipped.json``, and, while it runs, ``resume/``: started again after a kill, a training goes on and
loses at most the epoch in hand.
"""

import io
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
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
from mmexplore.nn import shares
from mmexplore.recipes.recipe import Recipe
from mmexplore.runtime import devices as numerics
from mmexplore.runtime import processes, provenance
from mmexplore.runtime.devices import Policy
from mmexplore.runtime.errors import BadRecipe, NotAvailable, Taken
from mmexplore.runtime.files import claimed
from mmexplore.runtime.home import Home, write_atomically, write_json
from mmexplore.runtime.jobs import ranks
from mmexplore.runtime.jobs.ranks import Rank
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
    training = recipe.training
    _check_sharing(recipe)
    rank = ranks.told(training.devices, training.nodes)
    if rank and rank.number:  # the first one has the claim
        return _further(rank, recipe, dataset, folder, without, home)
    own = folder.parent == registry.runs_folder(home=home)
    before = folder.is_dir() and (not own or any(path.name != LOCK for path in folder.iterdir()))
    with (
        _nothing_left(folder, before),
        claimed(folder / LOCK, f"another process trains into {folder} now; give another --out, or wait for it"),
    ):
        if (folder / MODEL / checkpoints.CARD).is_file() and not (folder / RESUME).is_dir() and not overwrite:
            raise Taken(f"{folder} holds a finished model; give another --out, or --overwrite to train over it")
        if training.processes == 1:
            return _train(recipe, dataset, folder, name, without, progress, home=home)
        begun = ranks.started(training.processes, _further, recipe, dataset, folder, without, home)
        with nullcontext(rank) if rank else begun as rank, shares.joined(rank, _device(recipe)):
            return _train(recipe, dataset, folder, name, without, progress, home=home)


def _further(
    rank: Rank, recipe: Recipe, dataset: Dataset, folder: Path, without: Sequence[Dataset], home: Home
) -> Card:
    """A rank beside the first: it trains with that one, and writes and says nothing."""
    with shares.joined(rank, _device(recipe)):
        return _train(recipe, dataset, folder, "", without, silent, home=home)


def _device(recipe: Recipe) -> str:
    """Where the ranks of a training compute, which they have to agree on before anything is timed."""
    asked = recipe.training.device
    return asked if asked != "auto" else ("cuda" if torch.cuda.is_available() else "cpu")


def _check_sharing(recipe: Recipe) -> None:
    training = recipe.training
    if training.processes == 1:
        return
    if recipe.stacks or recipe.baseline.name:
        what = "a stack" if recipe.stacks else f"baseline {recipe.baseline.name!r}"
        raise BadRecipe(f"devices and nodes share a network's batches, and {what} came with {training.processes}")
    device = _device(recipe)
    there = torch.cuda.device_count() if device == "cuda" else processes.cores()
    if training.devices > there and device != "mps":
        raise NotAvailable(f"training.devices asks for {training.devices}, and this machine has {there} ({device})")
    if training.batch_size < training.processes:
        raise BadRecipe(
            f"each of {training.processes} processes takes a molecule of a batch at least, and batch_size "
            f"{training.batch_size} came"
        )
    if training.device == "mps":
        raise BadRecipe("a Mac has one GPU, which several processes cannot share; devices 1 would do")


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
    dataset = checks.drawn(recipe, dataset)
    with shares.first_before_others():
        policy = _policy(recipe, dataset, folder, home=home)
        prepared = prepare(recipe, dataset, progress, without=without, home=home)
        if shares.first():
            numerics.keep(folder / RESUME / NUMERICS, f"{recipe.alone.digest} {dataset.digest}", policy)
    if len(prepared.parts["train"]) < recipe.training.processes:
        few = len(prepared.parts["train"])
        raise BadRecipe(f"{few} training molecules are fewer than the processes that share them")
    sharing = recipe.training.devices if policy.device == "cpu" else 1
    # after the targets of a pre-training, which are computed as whatever people see
    numerics.apply(replace(policy, threads=max(1, policy.threads // sharing)))
    plan = TrainingPlan(recipe, dataset, prepared, policy, folder / RESUME, progress)
    whole = replace(prepared, calibration=prepared.calibration[:0])
    if len(prepared.calibration) and resume.key_in(plan.resume) == replace(plan, prepared=whole).key:
        prepared, plan = whole, replace(plan, prepared=whole)  # begun when all of the validation part chose the epoch
    fitted = fit_stack(plan, home=home) if recipe.stacks else fit(plan, home=home)
    if not shares.first():
        shares.wait()  # until all is written
        return checkpoints.read(folder / MODEL)[1]
    predictor = fitted.predictor
    outcome = fitted.objective.outcome(predictor)
    progress("train", max(1, len(fitted.history)), max(1, len(fitted.history)))  # the last word is its epochs
    card = _card(fitted, outcome, name or recipe.name)
    calibrated = _calibrated(prepared, outcome.predictions)
    if calibrated:
        test = prepared.parts["test"]
        covered = calibrated.coverage(prepared.tasks, prepared.labels[test], outcome.predictions["test"])
        card = card.model_copy(update={"coverage": covered})
    card = checkpoints.save(folder / MODEL, predictor, recipe, card)
    if calibrated:
        calibration.write(folder / MODEL, prepared.tasks, calibrated, card.weights_sha256)
    if fitted.history:
        write_json(folder / HISTORY, fitted.history)
    if outcome.predictions:
        _write_predictions(folder, prepared, outcome.predictions)
    numerics.keep(folder / NUMERICS, f"{recipe.alone.digest} {dataset.digest}", policy)
    if prepared.skipped:
        write_json(folder / SKIPPED, [asdict(one) for one in prepared.skipped])
    shutil.rmtree(folder / RESUME, ignore_errors=True)
    shares.wait()
    return card


def _policy(recipe: Recipe, dataset: Dataset, folder: Path, *, home: Home) -> Policy:
    """How this run computes: decided when it began, whatever would be found now."""
    key, record, training = f"{recipe.alone.digest} {dataset.digest}", folder / RESUME / NUMERICS, recipe.training
    device = training.device if training.processes == 1 else _device(recipe)
    return numerics.kept(record, key) or numerics.decided(device, training.precision, home=home)


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
        notes=(*prepared.notes, *fitted.notes, *_shared(recipe), *outcome.notes),
    )


def _shared(recipe: Recipe) -> tuple[str, ...]:
    count = recipe.training.processes
    return (f"trained by {count} processes, each with a share of every batch",) if count > 1 else ()


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
