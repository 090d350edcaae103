"""Encoder interface: reads one modality's packed batch and returns one vector a molecule."""

from abc import ABC, abstractmethod
from typing import ClassVar

from torch import Tensor, nn

from mmexplore.nn.dataloader import Records
from mmexplore.runtime.errors import NotAvailable


class Encoder(nn.Module, ABC):
    """Encoder base class. Keyword options of ``__init__`` are what a recipe may set.

    ``reads`` names the modality; ``dimension`` is the width of the embedding.
    """

    reads: ClassVar[str]
    on_one_scale: ClassVar[bool] = False
    """Whether the embedding's numbers are on a scale of about one as they come, so that a baseline leaves them so."""
    dimension: int

    def begin(self, records: Records) -> None:
        """Take what the training molecules tell beforehand, such as the scale of their values; by default nothing."""

    @abstractmethod
    def forward(self, records: Records) -> Tensor:
        """Embeddings, shape ``(n_molecules, dimension)``; a molecule's row does not depend on its neighbours."""

    def by_atom(self, records: Records) -> Tensor:
        """A vector for each atom, ``(atoms, dimension)``, by encoders that state ``tells_atoms``."""
        raise NotImplementedError(f"{type(self).__name__} has no vector for each atom")

    def from_hub(self, name: str) -> None:
        """Take published weights of that name. Raises NotAvailable where there are none or they cannot be reached."""
        raise NotAvailable(f"there are no published weights {name!r} for encoder {type(self).__name__.lower()!r}")
