"""Run tracking: a finished training logged to MLflow: the recipe, each epoch, the scores and the model card.

The package is an extra of its own, as it lowers pyarrow by a version. What it logs to is its tracking URI: a server's
address, or a folder.
"""

import importlib
import math
from collections.abc import Callable, Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any

from mmexplore.models.exchange import model_card
from mmexplore.models.registry import Model
from mmexplore.runtime.errors import BadRecipe, NotAvailable

if TYPE_CHECKING:
    import pandas as pd

EXPERIMENT = "mmexplore"
_AT_ONCE, _LONGEST = 100, 500  # so many parameters a request, and so many characters of one, MLflow has always taken


def check_tracking() -> Any:
    """MLflow's module. Raises NotAvailable where it is not installed, which is asked before a training begins."""
    try:
        return importlib.import_module("mlflow")
    except ImportError:
        raise NotAvailable("logging to MLflow needs its package: pip install 'mmexplore[mlflow]'") from None


def log(model: Model, history: "Callable[[], pd.DataFrame]", uri: str) -> str:
    """Log a trained model as a run; returns the run's id. Raises NotAvailable where MLflow says no."""
    mlflow = check_tracking()
    if model.card is None or model.recipe is None:
        raise BadRecipe(f"{model.name!r} was not trained, so there is no run to log")
    epochs = history()
    tags = {
        "mmexplore.model": model.name,
        "mmexplore.data": model.card.data.name,
        "mmexplore.commit": model.card.commit,
    }
    tags |= {"mmexplore.data_digest": model.card.data.digest, "mmexplore.weights_sha256": model.card.weights_sha256}
    try:
        mlflow.set_tracking_uri(uri)
        mlflow.set_experiment(EXPERIMENT)
        with mlflow.start_run(run_name=model.title or model.name) as run:
            mlflow.set_tags(tags)
            parameters = _flat(model.recipe.model_dump(mode="json"))
            while some := dict(islice(parameters, _AT_ONCE)):
                mlflow.log_params(some)
            for epoch, row in zip(epochs.index.tolist(), epochs.to_dict("records"), strict=True):
                mlflow.log_metrics({name: value for name, value in row.items() if math.isfinite(value)}, step=epoch)
            mlflow.log_metrics(
                {f"{p}_{name}": v for p, found in model.card.metrics.items() for name, v in found.items()}
            )
            mlflow.log_text(model_card.text(model.recipe, model.card), model_card.README)
            return str(run.info.run_id)
    except Exception as error:  # of the package, of its server, of the system
        said = " ".join(str(error).split())[:200]
        raise NotAvailable(
            f"the model is trained and lies in {model.folder}, but MLflow at {uri} says: {said}"
        ) from None


def _flat(values: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Leaves of plain values by their path.

    >>> list(_flat({"a": {"b": 1}, "c": [2, {"d": "x"}], "e": []}))
    [('a.b', '1'), ('c.0', '2'), ('c.1.d', 'x')]
    """
    if isinstance(values, dict | list):
        pairs = values.items() if isinstance(values, dict) else enumerate(values)
        for key, held in pairs:
            yield from _flat(held, f"{name}.{key}" if name else str(key))
    else:
        yield name, str(values)[:_LONGEST]
