"""Query embedding: a few molecules through a model, in memory.

What was typed or drawn, beside an embedding that is on disk.

Views that a molecule has only among others are made among its nearest ones in the data set, by their basis view. That
is exact where the data set has no more than ``AROUND`` molecules. In larger ones the molecule's own neighbours are
exact, and only what lies far beyond them is not seen.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mmexplore.explore import hurried
from mmexplore.explore.neighbors.knn import nearest
from mmexplore.features.of_dataset import structural
from mmexplore.features.store import features
from mmexplore.models import checkpoints
from mmexplore.models.embed import Run
from mmexplore.models.embeddings import PREDICTIONS, Embedded, part_file, view_file
from mmexplore.models.ensembles import mean
from mmexplore.models.registry import Model
from mmexplore.recipes.recipe import Recipe
from mmexplore.runtime.cache import cached
from mmexplore.runtime.home import Home, as_json

if TYPE_CHECKING:
    from mmexplore.nn.model import Predictor

AROUND = 512


@dataclass(frozen=True)
class Few:
    """Embedded queries.

    ``views`` of each molecule by itself, ``{name: (n, d)}`` float32, and ``predictions`` (n, tasks).

    NaN where a molecule could not be featurised; classification as probabilities, regression in the label's unit.
    ``parts`` are what a fusion made on the way, as :meth:`mmexplore.models.embeddings.Embedded.part` has them.
    """

    views: dict[str, np.ndarray]
    predictions: np.ndarray
    parts: dict[str, np.ndarray] = field(default_factory=dict)


def embed_few(model_folder: Path, smiles: Sequence[str], *, home: Home) -> Few:
    """Query embedding: own views and predictions of canonical SMILES; imports torch at its first call.

    Raises BadMolecule where none can be featurised, BadCheckpoint. What a visitor typed goes by :func:`embed_in_time`.
    """
    predictor = loaded(model_folder)
    from mmexplore.runtime import devices

    molecules = np.array(list(smiles), object)
    modalities = read_of_structures(predictor.recipe)
    described = {m: features(m, molecules, options, home=home) for m, options in modalities.items()}
    run = Run(predictor, devices.policy(), described, "the query")
    predictor.to(run.policy.device)
    made = run.rows(0, len(smiles))
    recipe = predictor.recipe
    own = {view: made[view_file(view)] for view in recipe.views if view not in recipe.set_views}
    parts = {name: made[part_file(name)].reshape(len(smiles), *shape) for name, shape in run.parts.items()}
    return Few(own, made[PREDICTIONS], parts)


def read_of_structures(recipe: Recipe) -> dict[str, dict[str, Any]]:
    """Modalities that a model reads of a structure, each with its options: where views are made apart, not all."""
    return structural(recipe.modalities) if recipe.apart else recipe.modalities


def embed_in_time(model: Model, smiles: Sequence[str], *, home: Home) -> Few:
    """The same of what a visitor typed: featurized before the deadline, then run by a process that is ended at it.

    Raises TooLong.
    """
    assert model.recipe is not None
    for modality, options in read_of_structures(model.recipe).items():
        features(modality, list(smiles), options, home=home, typed=True)  # kept, for that process to read
    told = hurried.within(model, few_values, list(smiles), str(home.path))
    views, parts = (
        {name: np.array(rows, np.float32) for name, rows in told[kind].items()} for kind in ("views", "parts")
    )
    return Few(views, np.array(told["predictions"], np.float32), parts)


def few_values(folder: str, _name: str, smiles: list[str], home: str) -> dict[str, Any]:
    """The share of that process: plain values of a query embedding."""
    made = embed_few(Path(folder), smiles, home=Home(Path(home)))
    values: dict[str, Any] = as_json({"views": made.views, "predictions": made.predictions, "parts": made.parts})
    return values


def joined(each: Sequence[Few]) -> Few:
    """What an ensemble makes of a few molecules, from what each of its members does."""
    views = {name: np.concatenate([few.views[name] for few in each], axis=1) for name in each[0].views}
    return Few(views, mean([few.predictions for few in each]).astype(np.float32))


def among(model_folder: Path, few: Few, found: Embedded, view: str) -> np.ndarray:
    """Set view of a few molecules among those of a data set, (n, d) float32, each as if it alone had come."""
    predictor = loaded(model_folder)
    basis = predictor.recipe.set_views[view]
    x = np.asarray(found.view(basis))
    usable = np.flatnonzero(np.isfinite(x).all(1))
    made = [_joined(predictor, query, x, usable, basis, view) for query in few.views[basis]]
    return np.stack(made)


def _joined(
    predictor: "Predictor", query: np.ndarray, x: np.ndarray, usable: np.ndarray, basis: str, view: str
) -> np.ndarray:
    if not np.isfinite(query).all():
        return np.full(x.shape[1], np.nan, np.float32)
    near = np.sort(nearest(query[None], x[usable], min(AROUND, len(usable))).indices[0])  # equals keep their order
    around = np.concatenate([x[usable[near]], query[None]])
    joined: np.ndarray = predictor.among({basis: around})[view][-1]
    return joined


def loaded(model_folder: Path) -> "Predictor":
    """Cached model of a folder as its files are now, kept between calls; two visitors at once load it once."""
    return _loaded(Path(model_folder), checkpoints.digest(model_folder))


@cached(4)
def _loaded(model_folder: Path, _digest: str) -> "Predictor":
    return checkpoints.load(model_folder)
