"""Skipped rows: which molecules of a data set a model does without, and why.

The one answer that maps, hit lists, fusion reports, trainings and their pages give. Which rows are lacking is read from
what lies on the disk; the reasons are asked of the feature store for these rows alone. No torch.
"""

import numpy as np

from mmexplore.datasets import Dataset, Skipped
from mmexplore.features.modalities import Measured
from mmexplore.features.of_dataset import features_of
from mmexplore.features.store import features
from mmexplore.models import imported
from mmexplore.models.ensembles import stored
from mmexplore.models.imported import Imported
from mmexplore.models.registry import Model
from mmexplore.runtime.cache import cached
from mmexplore.runtime.home import Home
from mmexplore.runtime.registry import MODALITIES

NOT_FINITE = "the model gives no finite numbers for it"


def without(model: Model, dataset: Dataset, rows: np.ndarray, *, home: Home) -> tuple[Skipped, ...]:
    """Skipped rows, of those that are known to lack a place, with the reason of each."""
    if isinstance(model, Imported):
        return imported.without(model, dataset, rows)
    reasons = dict.fromkeys(np.asarray(rows, np.int64).tolist(), NOT_FINITE)
    return dataset.skipped(reasons | described(model, dataset, rows, home=home))


def described(model: Model, dataset: Dataset, rows: np.ndarray, *, home: Home) -> dict[int, str]:
    """Why the modalities of a model cannot describe these rows; rows that each of them can are left out."""
    rows = np.asarray(rows, np.int64)
    reasons: dict[int, str] = {}
    if not len(rows):
        return reasons
    for modality, options in (model.recipe.modalities if model.recipe else {"fingerprint": {}}).items():
        if not issubclass(MODALITIES[modality], Measured):
            why = features(modality, dataset.smiles[rows], options, home=home).reasons()
            found = {int(rows[number]): reason for number, reason in why.items()}
        elif dataset.spectra is None:
            found = dict.fromkeys(rows.tolist(), f"{dataset.name!r} has no measured spectra")
        else:
            why = features_of(dataset, modality, options, home=home).reasons()
            found = {row: why[row] for row in rows.tolist() if row in why}
        reasons = found | reasons
    return reasons


def skipped(model: Model, dataset: Dataset, *, home: Home) -> tuple[Skipped, ...]:
    """Rows that an embedding which is there does not hold; nothing before it is there. Fingerprints are made now."""
    if isinstance(model, Imported):
        return imported.skipped(model, dataset)
    if model.card is None:
        return without(model, dataset, _without_fingerprint(dataset, home=home), home=home)
    found = stored(model, dataset, home=home)
    return () if found is None else without(model, dataset, found.missing, home=home)


@cached(4)
def _without_fingerprint(dataset: Dataset, *, home: Home) -> np.ndarray:
    return np.flatnonzero(~features_of(dataset, "fingerprint", home=home).ok)
