"""Fitting of a model: a network by gradient steps, a baseline at once; what frozen branches say is computed once."""

import logging
import time
import warnings
from dataclasses import dataclass, replace

import numpy as np
import torch
from lightning.pytorch import Trainer
from lightning.pytorch.plugins.environments import LightningEnvironment
from lightning.pytorch.utilities.exceptions import SIGTERMException

from mmexplore.features.packing import Source
from mmexplore.models import branch_signs
from mmexplore.nn import shares
from mmexplore.nn.baselines import FittedBaseline
from mmexplore.nn.dataloader import batches, collate
from mmexplore.nn.encoders import Encoder
from mmexplore.nn.fusions.late import Late
from mmexplore.nn.model import FROZEN, Predictor
from mmexplore.recipes.recipe import Recipe
from mmexplore.runtime.devices import Policy, exactly
from mmexplore.runtime.errors import Cancelled, NotAvailable
from mmexplore.runtime.home import Home
from mmexplore.training import resume, warm_start
from mmexplore.training.data import Prepared
from mmexplore.training.objective import Objective, TrainingPlan
from mmexplore.training.self_supervised import SelfSupervised
from mmexplore.training.supervised import Supervised, class_weights
from mmexplore.training.teachers import TeacherEmbeddings
from mmexplore.training.trainer import TOLD_TO_STOP, TrainerModule

_BATCH = 256
_MOST_SEEN = 20_000


@dataclass(frozen=True)
class Fitted:
    """Fitted model: the predictor with its best weights, on its device, and how it got there."""

    predictor: Predictor
    objective: Objective
    history: list[dict[str, float]]
    best_epoch: int
    seconds: float
    encoder_epochs: int
    notes: tuple[str, ...]


def fit(plan: TrainingPlan, *, home: Home) -> Fitted:
    """Train the network of a recipe, or fit its baseline; goes on where an interrupted training left off."""
    if plan.recipe.baseline.name:
        return _baseline(plan, home=home)
    found, note = resume.find(plan.resume, plan.key)
    done = len(found.state.history) if found else 0
    if (first := shares.from_first(done)) != done:
        raise NotAvailable(
            f"the first process of the training goes on after epoch {first} and this one after {done}: the nodes must "
            "share the home and --out"
        )
    torch.manual_seed(plan.recipe.training.seed)
    predictor = Predictor(plan.recipe, plan.prepared.tasks)
    notes: tuple[str, ...] = (note,) if note else ()
    if found:
        found.restore_weights(predictor)
    else:
        notes += warm_start.begin(predictor, home=home)
        _begin_encoders(predictor, plan.prepared)
    plan = replace(plan, prepared=with_frozen(predictor, plan.prepared, plan.policy))
    objective = SelfSupervised(plan) if plan.recipe.pretrains else Supervised(plan)
    objective.begin(predictor)
    module = TrainerModule(predictor, objective, found)
    if not module.finished:
        trainer = _trainer(plan.recipe, plan.policy, plan.recipe.training.epochs - module.first)
        module.trainer = trainer
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                trainer.fit(module, module.batches)
            except SIGTERMException:  # a SystemExit with code 0: a job that was told to stop would look done
                raise Cancelled(TOLD_TO_STOP) from None
    state = module.state
    predictor = module.predictor.to(plan.policy.device)
    predictor.load_state_dict(state.best)
    _turn_branches(predictor, plan)
    passes = len(state.history) * plan.recipe.learning_branches
    return Fitted(predictor, objective, state.history, state.best_epoch, state.seconds, passes, notes)


def _turn_branches(predictor: Predictor, plan: TrainingPlan) -> None:
    """Give the branches of a late fusion the sign by which they rise with the label over the training part."""
    if not branch_signs.are_free(plan.recipe):
        return
    assert isinstance(predictor.fusion, Late)
    prepared, rows = plan.prepared, _some(plan.prepared.parts["train"])
    predictor.eval()
    with torch.inference_mode(), exactly(plan.policy):
        made = [
            predictor(batch).parts["p"].cpu() for batch in batches(prepared.features, prepared.labels, rows, _BATCH)
        ]
    predictor.fusion.turn(torch.from_numpy(branch_signs.signs(torch.cat(made).numpy(), prepared.labels[rows])))


def _baseline(plan: TrainingPlan, *, home: Home) -> Fitted:
    """Labels of the training part alone are read, and of no other part anything."""
    started = time.perf_counter()
    torch.manual_seed(plan.recipe.training.seed)
    predictor = Predictor(plan.recipe, plan.prepared.tasks).eval()
    notes = warm_start.begin(predictor, home=home)
    _begin_encoders(predictor, plan.prepared)
    plan = replace(plan, prepared=with_frozen(predictor, plan.prepared, plan.policy))
    objective = Supervised(plan)
    objective.begin(predictor)
    prepared, rows = plan.prepared, plan.prepared.parts["train"]
    labels = (prepared.labels[rows] - prepared.mean) / prepared.std
    every = {b.name: prepared.features[FROZEN + b.name].take(rows).columns["z"] for b in plan.recipe.branches}
    assert isinstance(predictor.fusion, FittedBaseline)
    predictor.fusion.fit(
        {name: torch.from_numpy(z) for name, z in every.items()},
        labels,
        prepared.kinds,
        plan.recipe.training.seed,
        lambda done: plan.progress("fit", done, len(prepared.tasks)),
        _row_weights(plan.recipe, prepared),
    )
    seconds = time.perf_counter() - started
    return Fitted(predictor.to(plan.policy.device), objective, [], 0, seconds, 0, notes)


def _row_weights(recipe: Recipe, prepared: Prepared) -> np.ndarray | None:
    """How much each training molecule weighs in each task, (rows, tasks); None where all weigh alike."""
    if recipe.training.class_weights == "none":
        return None
    ones, others = class_weights(recipe.training, prepared)
    return np.where(prepared.labels[prepared.parts["train"]] == 1, ones, others)


def sees_training(encoder: Encoder) -> bool:
    """Whether an encoder takes anything from the training molecules beforehand, such as the scale of their values."""
    return type(encoder).begin is not Encoder.begin


def _begin_encoders(predictor: Predictor, prepared: Prepared) -> None:
    """A branch that starts from another model has that one's scales with its weights."""
    rows = _some(prepared.parts["train"])
    for branch, encoder in zip(predictor.recipe.branches, predictor.encoders(), strict=True):
        if sees_training(encoder) and not branch.start and len(rows):
            encoder.begin(collate(prepared.features[branch.reads].take(rows), branch.reads))


def _some(rows: np.ndarray) -> np.ndarray:
    """Of many rows a seeded sample, in order."""
    if len(rows) <= _MOST_SEEN:
        return rows
    return np.sort(np.random.default_rng(0).choice(rows, _MOST_SEEN, replace=False))


def with_frozen(predictor: Predictor, prepared: Prepared, policy: Policy) -> Prepared:
    """The same data with the embeddings of frozen branches in place of what only those read; known ones are kept."""
    frozen = predictor.frozen_encoders()
    pairs = list(zip(predictor.recipe.branches, predictor.encoders(), strict=True))
    if not frozen:
        return prepared
    features: dict[str, Source] = {b.reads: prepared.features[b.reads] for b, e in pairs if e not in frozen}
    ok = np.logical_and.reduce([prepared.features[b.reads].ok for b, _ in pairs])
    for branch, encoder in pairs:
        key = FROZEN + branch.name
        if encoder in frozen and key in prepared.features:
            features[key] = prepared.features[key]
        elif encoder in frozen:
            features[key] = _embedded(encoder.to(policy.device), branch.reads, prepared, ok, policy)
    return replace(prepared, features=features)


def _embedded(encoder: Encoder, reads: str, prepared: Prepared, ok: np.ndarray, policy: Policy) -> TeacherEmbeddings:
    """One frozen encoder's embedding of every molecule that can be described."""
    values = np.full((len(ok), encoder.dimension), np.nan, np.float32)
    encoder.eval()
    own, nothing = {reads: prepared.features[reads]}, np.empty((len(ok), 0), np.float32)
    with torch.inference_mode(), exactly(policy):
        for batch in batches(own, nothing, np.flatnonzero(ok), _BATCH):
            records = batch.records[reads].to(policy.device)
            values[batch.rows.numpy()] = encoder(records).float().cpu().numpy()
    return TeacherEmbeddings(values, ok)


def _trainer(recipe: Recipe, policy: Policy, epochs: int) -> Trainer:
    """Lightning with everything off that this project does itself."""
    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    together = shares.count() > 1
    return Trainer(
        max_epochs=epochs,
        accelerator={"cuda": "gpu"}.get(policy.device, policy.device),
        devices=recipe.training.devices if together else 1,
        num_nodes=recipe.training.nodes if together else 1,
        strategy="ddp_find_unused_parameters_true" if together else "auto",
        precision="bf16-mixed" if policy.precision == "bfloat16" else "32-true",
        plugins=[LightningEnvironment()],
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        limit_val_batches=0,
        num_sanity_val_steps=0,
        use_distributed_sampler=False,
    )
