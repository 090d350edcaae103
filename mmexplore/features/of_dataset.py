"""Features of a data set: records of structures, kept in the feature store, or of what was measured.

Spectra belong to a data set and not to a SMILES, so their records are packed anew from the data set, which takes less
than a second for thirty thousand molecules.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from mmexplore.datasets import Dataset, Spectra
from mmexplore.features.modalities import Measured, Record
from mmexplore.features.packing import nothing, pack
from mmexplore.features.store import Features, features
from mmexplore.runtime.errors import BadMolecule, BadRecipe
from mmexplore.runtime.home import Home
from mmexplore.runtime.progress import Progress, silent
from mmexplore.runtime.registry import MODALITIES


def features_of(
    dataset: Dataset,
    modality: str,
    options: Mapping[str, Any] | None = None,
    progress: Progress = silent,
    *,
    home: Home,
) -> Features:
    """Records of a modality for all molecules of a data set, in its order; ``ok`` says which have one.

    Raises UnknownName, BadRecipe for options and for a measured modality of a data set without measurements, and
    Cancelled from ``progress``.
    """
    member = MODALITIES[modality]
    if not issubclass(member, Measured):
        return features(modality, dataset.smiles, options, progress, home=home)
    check_measured(dataset, modality)
    assert dataset.spectra is not None
    return _measured(member(**MODALITIES.validated(modality, dict(options or {}))), dataset.spectra, dataset.smiles)


def check_measured(dataset: Dataset, modality: str) -> None:
    """Refuse a measured modality of a data set without measurements. Raises BadRecipe."""
    if dataset.spectra is None and issubclass(MODALITIES[modality], Measured):
        raise BadRecipe(
            f"{dataset.name!r} has no measured spectra, which {modality!r} is made of; choose a data set that has, "
            "such as 'nmrshiftdb2'"
        )


def structural(modalities: Mapping[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Of some modalities with their options those that a structure alone has records of."""
    return {name: options for name, options in modalities.items() if not issubclass(MODALITIES[name], Measured)}


def _measured(modality: Measured, spectra: Spectra, smiles: np.ndarray) -> Features:
    records: list[Record] = []
    reasons: dict[int, str] = {}
    for number, stop in enumerate(np.cumsum(spectra.counts).tolist()):
        peaks = slice(stop - int(spectra.counts[number]), stop)
        try:
            records.append(modality.measured(spectra.ppm[peaks], spectra.atom[peaks]))
        except BadMolecule as error:
            reasons[number] = str(error)
            records.append(nothing(modality.columns))
    return Features.of(modality.columns, pack(modality.columns, records), reasons, smiles)
