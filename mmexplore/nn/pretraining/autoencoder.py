"""Autoencoder pretraining of images and spectra.

An embedding from which its own picture or spectrum can be told: what teaches MMFRL's image and NMR targets here.

MMFRL takes published encoders whose weights are not public (its table C.1: the CNN of Img2Mol, a 1D CNN as
auto-encoder). What is told again is coarse on purpose. A picture: its ink in 32 x 32 fields. A spectrum: 400 values a
ppm apart, each peak a bell of one ppm; in the 4,000 bins one in two hundred is set, so that "nothing anywhere" is
nearly right, and a peak told a tenth of a ppm off is as wrong as one that is not there.
"""

from typing import Annotated, Any, ClassVar

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional

from mmexplore.features.modalities.nmr_spectrum import BINS, BINS_PER_PPM
from mmexplore.nn.dataloader import Records
from mmexplore.nn.pretraining import Pretraining
from mmexplore.nn.signals.images import ink
from mmexplore.nn.signals.spectra import bins

_SIDE = 32
_VALUES = {"image": _SIDE**2, "nmr_spectrum": BINS // BINS_PER_PPM}


class Autoencoder(Pretraining):
    """Autoencoder pretraining.

    ``L = sum over branches of KL(t || sigmoid(D(z)))``, summed over values ``t`` in 0 to 1, mean over molecules, in
    nats: binary cross entropy less what no decoder can undercut. ``D`` is linear, ReLU, linear.
    """

    views: ClassVar[dict[str, str]] = {}
    set_views: ClassVar[dict[str, str]] = {}
    targets: ClassVar[dict[str, str]] = {}
    target_features: ClassVar[dict[str, dict[str, Any]]] = {}
    lessons: ClassVar[dict[str, str]] = {"image": "", "nmr_spectrum": ""}
    bells: Tensor

    def __init__(
        self,
        dimensions: dict[str, int],
        *,
        hidden_size: Annotated[int, Field(ge=1, le=4096, description="width of the decoder's hidden layer")] = 256,
        peak_width: Annotated[
            float, Field(gt=0, le=50, description="standard deviation of a peak in ppm, as it is told again")
        ] = 1.0,
    ) -> None:
        super().__init__()
        self.decoders = nn.ModuleDict(
            {
                name: nn.Sequential(nn.Linear(width, hidden_size), nn.ReLU(), nn.Linear(hidden_size, _VALUES[name]))
                for name, width in dimensions.items()
            }
        )
        values, places = torch.arange(_VALUES["nmr_spectrum"]), torch.arange(BINS) / BINS_PER_PPM
        off = (values - places.unsqueeze(1)) / peak_width
        self.register_buffer("bells", (-off.square() / 2).exp(), persistent=False)

    def forward(self, embeddings: dict[str, Tensor]) -> dict[str, Tensor]:
        """Nothing: the views are the branches' own."""
        del embeddings
        return {}

    def losses(self, embeddings: dict[str, Tensor], records: dict[str, Records]) -> dict[str, Tensor]:
        """Reconstruction losses.

        ``loss``, and for each branch its loss and ``explained``: the part of the squared differences from the
        batch's mean picture or spectrum that is told, 0 for the mean itself and 1 for all.
        """
        divergences: list[Tensor] = []
        told: dict[str, Tensor] = {}
        with torch.autocast(next(iter(embeddings.values())).device.type, enabled=False):
            for name, decoder in self.decoders.items():
                goal, logits = self.goal(records[name], name), decoder(embeddings[name].float())
                divergences.append(_divergence(logits, goal))
                told |= {name: divergences[-1], f"{name}_explained": _explained(logits.detach().sigmoid(), goal)}
        return {"loss": torch.stack(divergences).sum()} | told

    def goal(self, records: Records, name: str) -> Tensor:
        """Reconstruction target, ``(n, values)`` from 0 to 1."""
        if name == "image":
            return functional.adaptive_avg_pool2d(ink(records), _SIDE).flatten(1)
        return (bins(records) @ self.bells).clamp(max=1)


def _divergence(logits: Tensor, goal: Tensor) -> Tensor:
    entropy = functional.binary_cross_entropy(goal, goal, reduction="sum")
    return (functional.binary_cross_entropy_with_logits(logits, goal, reduction="sum") - entropy) / len(goal)


def _explained(told: Tensor, goal: Tensor) -> Tensor:
    spread = (goal - goal.mean(0)).square().sum()
    return 1 - (told - goal).square().sum() / spread.clamp(min=1e-12)
