"""Pretraining interface.

Turns the branches' embeddings into losses without labels, and into the views it is made for.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
from torch import Tensor, nn

from mmexplore.features.packing import Source
from mmexplore.nn.dataloader import Records


class Pretraining(nn.Module, ABC):
    """Pretraining base class. Built as ``Pretraining(dimensions, **options)``.

    ``dimensions`` maps each branch's name to the width of its embedding. ``views`` names the embeddings that it adds,
    ``targets`` the modalities that its losses read besides the branches' own; both map to the options that must be on
    for it, divided by spaces, "" for always. ``target_features`` are the options of such a modality where no branch
    reads it. ``set_views`` are the views that a molecule has only among others, each with the view in which its
    neighbours are sought. ``lessons``, the pretraining targets, are the names that a branch may have, each with the
    option that names the frozen model that teaches it, "" where records of that modality do; empty: any name.
    ``by_atoms`` are the branches whose losses want a vector an atom. ``fewest`` molecules make a batch. ``apart``: each
    view is made of the branch of its name alone, all of one width, so that a molecule has a view where that branch can
    read it.
    """

    views: ClassVar[dict[str, str]]
    targets: ClassVar[dict[str, str]]
    target_features: ClassVar[dict[str, dict[str, Any]]]
    set_views: ClassVar[dict[str, str]]
    lessons: ClassVar[dict[str, str]]
    by_atoms: tuple[str, ...] = ()
    fewest: ClassVar[int] = 1
    apart: ClassVar[bool] = False

    @abstractmethod
    def forward(self, embeddings: dict[str, Tensor]) -> dict[str, Tensor]:
        """Views that a molecule has by itself, ``{name: (n, width)}``, from ``{branch: (n, dimension)}``.

        A view with a branch's name stands in for the encoder's output.
        """

    def alone(self, branch: str, embedding: Tensor) -> Tensor:
        """View of a branch's name, ``(n, width)``, where that branch alone has an embedding."""
        found: Tensor = self({branch: embedding}).get(branch, embedding)
        return found

    def chosen(self, records: dict[str, Records]) -> dict[str, Records]:
        """The batch as both its embeddings and its losses see it: random choices are made here, once."""
        return records

    @abstractmethod
    def losses(self, embeddings: dict[str, Tensor], records: dict[str, Records]) -> dict[str, Tensor]:
        """``loss``, which is minimised, and its terms, each a number, over the molecules of a batch."""

    def learn_scales(self, targets: Mapping[str, Source], rows: np.ndarray) -> None:
        """Look at the targets of the training molecules once, before the first epoch."""

    def among(self, views: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """The set views of all molecules of a data set, from their own views, each ``(n, width)`` float32."""
        del views
        return {}
