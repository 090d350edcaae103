"""Predictions of a model on a data set: those of its training, else those of an embedding that is there."""

from pathlib import Path
from typing import TYPE_CHECKING

from mmexplore.datasets import Dataset, tables
from mmexplore.models.embeddings import Embedded, stored_predictions
from mmexplore.models.ensembles import Ensemble, Joined, stored
from mmexplore.models.registry import Model
from mmexplore.runtime import seals
from mmexplore.runtime.cache import FileVersion, cached, version
from mmexplore.runtime.errors import Damaged
from mmexplore.runtime.home import Home

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

FILE = "predictions.parquet"


def predictions(model: Model, dataset: Dataset, *, home: Home) -> "pd.DataFrame | None":
    """Known predictions of a model on a data set: columns ``split`` and one a task; None if nothing yet.

    An untrained model predicts nothing worth showing. Rows are in the data set's order. Classification:
    probabilities; regression: the label's unit. Raises Damaged for a file that is not what was written.
    """
    if model.card is None or model.card.untrained:
        return None
    trained_on = model.card.data.digest == dataset.digest
    if trained_on and (path := left_by_training(model)) is not None:
        return _table(version(path), tuple(task.name for task in model.card.data.tasks))
    if isinstance(model, Ensemble):
        return _mean(model, dataset, home=home)
    return stored_predictions(model.folder, dataset, home=home)


def left_by_training(model: Model) -> Path | None:
    """File of the predictions that a training left beside its model; None where there is none."""
    places = (model.folder / FILE, model.folder.parent / FILE)
    return next((place for place in places if place.is_file()), None)


def spreads(model: Model, dataset: Dataset, *, home: Home) -> "np.ndarray | None":
    """Spread of an ensemble's predictions, float64 (n, tasks); None where :func:`predictions` is, and of one model."""
    if not isinstance(model, Ensemble) or model.card is None:
        return None
    if model.card.data.digest != dataset.digest:
        found = stored(model, dataset, home=home)
        return found.spread.astype(float) if isinstance(found, Joined) else None
    names = tuple(f"spread: {task.name}" for task in model.card.data.tasks)
    return _table(version(model.folder / FILE), names)[list(names)].to_numpy(float)


def _mean(model: Ensemble, dataset: Dataset, *, home: Home) -> "pd.DataFrame | None":
    """Mean of the members' predictions, where each has embedded the data set."""
    found = stored(model, dataset, home=home)
    return None if found is None else _mean_of(found)


@cached(4)
def _mean_of(found: Embedded) -> "pd.DataFrame":
    import pandas as pd

    return pd.DataFrame(found.predictions, columns=list(found.tasks))


@cached(8)
def _table(file: FileVersion, tasks: tuple[str, ...]) -> "pd.DataFrame":
    try:
        return tables.frame(seals.read(file.path), ["split", *tasks])
    except (OSError, ValueError, KeyError) as error:  # Arrow's errors are children of these
        if isinstance(error, Damaged):
            raise
        raise Damaged(f"{file.path} cannot be read as predictions: it was damaged; train the model again") from None
