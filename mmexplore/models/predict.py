"""Inference on molecules that are in no data set: a model, or the members of an ensemble, on one batch after another.

What is computed is what an embedding of the same molecules holds (:mod:`mmexplore.models.embed`), without the views.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from mmexplore.datasets import Task
from mmexplore.features.modalities import Measured
from mmexplore.features.store import Features, features
from mmexplore.models import checkpoints, ensembles, imported
from mmexplore.models.embed import Run
from mmexplore.models.embeddings import PREDICTIONS
from mmexplore.models.ensembles import Ensemble
from mmexplore.models.registry import Model
from mmexplore.models.skipped import NOT_FINITE
from mmexplore.runtime.errors import BadRecipe
from mmexplore.runtime.home import Home
from mmexplore.runtime.progress import Progress, silent
from mmexplore.runtime.registry import MODALITIES

if TYPE_CHECKING:
    from mmexplore.nn.model import Predictor
    from mmexplore.runtime.devices import Policy


@dataclass(frozen=True)
class Predicted:
    """Predictions of ``n`` molecules, NaN where there is none.

    ``values`` float32 (n, tasks): probabilities, or values in the label's unit; ``spread`` float32 (n, tasks), the
    standard deviation over an ensemble's members, None of a single model; ``refused``: why a molecule has none.
    """

    values: np.ndarray
    spread: np.ndarray | None
    refused: dict[int, str]


def check(model: Model) -> tuple[Task, ...]:
    """Tasks that a model predicts of a structure. Raises BadRecipe for one that predicts nothing of it."""
    if isinstance(model, imported.Imported):
        raise BadRecipe(imported.no_encoder(model))
    if model.card is None or model.recipe is None:
        raise BadRecipe(f"{model.name!r} is a fingerprint, which predicts nothing; name a trained model")
    if model.card.untrained:
        raise BadRecipe(f"{model.name!r} has learned nothing; name the trained model")
    if model.recipe.pretrains or not model.card.data.tasks:
        raise BadRecipe(
            f"{model.name!r} was pre-trained without labels and predicts none; train a model that starts from it"
        )
    if measured := [name for name in model.recipe.modalities if issubclass(MODALITIES[name], Measured)]:
        raise BadRecipe(f"{model.name!r} reads {measured[0]!r}, which was measured and follows from no structure")
    return model.card.data.tasks


class Inference:
    """Inference session: weights loaded once, for any number of molecules. Raises BadRecipe, BadCheckpoint."""

    def __init__(self, model: Model, *, home: Home) -> None:
        self.tasks = check(model)
        self.model, self._home = model, home
        self._members = model.members if isinstance(model, Ensemble) else (model,)

    @property
    def steps(self) -> int:
        """How many stages of about equal length a batch takes."""
        return len(self._wanted) + len(self._members)

    def __call__(self, smiles: Sequence[str], progress: Progress = silent, *, typed: bool = False) -> Predicted:
        """Predictions of canonical SMILES. ``typed``: a visitor gave them, each is described before the deadline."""
        n, known = len(smiles), dict[str, Features]()
        reasons: dict[int, str] = {}
        for key, (modality, options) in self._wanted.items():
            known[key] = features(modality, smiles, options, progress, home=self._home, typed=typed)
            reasons = known[key].reasons() | reasons
        each = [self._by(predictor, known, n) for predictor in self._predictors]
        values = ensembles.mean(each) if len(each) > 1 else each[0]
        spread = ensembles.spread(each).astype(np.float32) if len(each) > 1 else None
        lost = np.flatnonzero(~np.isfinite(values).all(1)).tolist()
        return Predicted(values.astype(np.float32), spread, {row: reasons.get(row, NOT_FINITE) for row in lost})

    @cached_property
    def _predictors(self) -> "list[Predictor]":
        """The members, loaded when they are needed first."""
        from mmexplore.runtime import devices

        devices.apply(self._policy)
        return [checkpoints.load(one.folder).to(self._policy.device) for one in self._members]

    @cached_property
    def _policy(self) -> "Policy":
        from mmexplore.runtime import devices

        return devices.decided(home=self._home)

    def _by(self, predictor: "Predictor", known: dict[str, Features], n: int) -> np.ndarray:
        described = {m: known[_key(m, options)] for m, options in predictor.recipe.modalities.items()}
        ok = np.logical_and.reduce([one.ok for one in described.values()])
        if not ok.any():
            return np.full((n, len(self.tasks)), np.nan, np.float32)
        found: np.ndarray = Run(predictor, self._policy, described, "the molecules").rows(0, n)[PREDICTIONS]
        return found

    @cached_property
    def _wanted(self) -> dict[str, tuple[str, dict[str, Any]]]:
        """Modalities that the members read, each once."""
        recipes = [one.recipe for one in self._members if one.recipe]
        return {
            _key(modality, options): (modality, dict(options))
            for recipe in recipes
            for modality, options in recipe.modalities.items()
        }


def _key(modality: str, options: Any) -> str:
    return json.dumps([modality, options], sort_keys=True, default=str, allow_nan=False)
