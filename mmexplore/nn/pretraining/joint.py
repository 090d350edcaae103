"""Joint pretraining: branches that read different things of a molecule come to meet in one space.

Contrastive learning of pairs (CLIP, Radford et al. 2021, arXiv:2103.00020): of all molecules of a batch, a spectrum's
own structure is to be the nearest, and a structure's own spectrum. A view is made of its own branch alone, so that a
spectrum is searched among structures that were never measured.
"""

import math
from itertools import combinations
from typing import Annotated, Any, ClassVar

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional

from mmexplore.nn.dataloader import Records
from mmexplore.nn.pretraining import Pretraining
from mmexplore.runtime.registry import OneOf

_SHARPEST = math.log(100.0)


class Joint(Pretraining):
    """Joint pretraining.

    ``L = mean over pairs of branches of (CE(s A B^T) + CE(s B A^T)) / 2``, unit vectors, the molecule itself being the
    right answer; ``s``, at most 100, is learned.
    """

    views: ClassVar[dict[str, str]] = {}
    set_views: ClassVar[dict[str, str]] = {}
    targets: ClassVar[dict[str, str]] = {}
    target_features: ClassVar[dict[str, dict[str, Any]]] = {}
    lessons: ClassVar[dict[str, str]] = {}
    fewest: ClassVar[int] = 2
    apart: ClassVar[bool] = True

    def __init__(
        self,
        dimensions: dict[str, int],
        *,
        dimension: Annotated[
            int, Field(ge=1, le=4096, description="width of the shared space"), OneOf((64, 128, 256, 512))
        ] = 256,
        temperature: Annotated[float, Field(gt=0.01, le=10, description="1/s before the first step")] = 0.1,
    ) -> None:
        super().__init__()
        self.names = tuple(dimensions)
        self.heads = nn.ModuleList(
            nn.Sequential(nn.Linear(width, dimension), nn.ReLU(), nn.Linear(dimension, dimension))
            for width in dimensions.values()
        )
        self.log_scale = nn.Parameter(torch.tensor(-math.log(temperature)))

    def shared(self, name: str, embedding: Tensor) -> Tensor:
        """A branch's embedding in the shared space, unit vectors ``(n, dimension)``."""
        return functional.normalize(self.heads[self.names.index(name)](embedding), dim=1)

    def forward(self, embeddings: dict[str, Tensor]) -> dict[str, Tensor]:
        """Views in the shared space, under the branches' own names."""
        return {name: self.shared(name, z) for name, z in embeddings.items()}

    def losses(self, embeddings: dict[str, Tensor], records: dict[str, Records]) -> dict[str, Tensor]:
        """``loss``, and ``first``, the share of molecules whose own partner is the nearest of the batch."""
        del records
        with torch.autocast(next(iter(embeddings.values())).device.type, enabled=False):
            views = self({name: z.float() for name, z in embeddings.items()})
            scale = self.log_scale.clamp(max=_SHARPEST).exp()
            right = torch.arange(len(next(iter(views.values()))), device=scale.device)
            losses, first = [], []
            for one, other in combinations(views.values(), 2):
                logits = scale * one @ other.T
                losses += [functional.cross_entropy(logits, right), functional.cross_entropy(logits.T, right)]
                first.append((logits.detach().argmax(1) == right).float().mean())
            return {"loss": torch.stack(losses).mean(), "first": torch.stack(first).mean()}
