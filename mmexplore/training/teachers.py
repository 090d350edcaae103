"""Teacher embeddings: a frozen model's embedding read as if it were a modality, made once and kept.

A pre-training that learns from another model never runs it: the embedding is computed before the first epoch
(:mod:`mmexplore.models.embed`), lies on the disk, and a batch gathers its rows. No torch.
"""

from dataclasses import dataclass

import numpy as np

from mmexplore.datasets import Dataset
from mmexplore.features.packing import Packed
from mmexplore.models import embed
from mmexplore.models.registry import HUB, target
from mmexplore.runtime.home import Home
from mmexplore.runtime.progress import Progress, silent


@dataclass(frozen=True)
class TeacherEmbeddings:
    """Teacher embeddings: rows ``values`` (n, d) of a view; ``ok`` (n,): which molecules have one."""

    values: np.ndarray
    ok: np.ndarray

    def take(self, indices: np.ndarray) -> Packed:
        """Rows of these molecules as a record with the one column ``z``."""
        return Packed(len(indices), {"z": np.asarray(self.values[indices], np.float32)}, {})


def read(
    target_name: str, name: str, dataset: Dataset, progress: Progress = silent, *, home: Home
) -> TeacherEmbeddings:
    """Teacher embeddings of a data set, made now where they were not yet. Raises NotAvailable, BadMolecule."""
    if name.startswith(HUB):
        from mmexplore.training import hub

        values = hub.embedded(name.removeprefix(HUB), dataset, progress, home=home)
        return TeacherEmbeddings(values, np.isfinite(values).all(1))
    chosen, view = target(target_name, name, home=home)
    made = embed.embedding(chosen, dataset, progress, home=home)
    ok = np.ones(made.n, bool)
    ok[made.missing] = False
    return TeacherEmbeddings(made.view(view), ok)
