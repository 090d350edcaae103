"""Spectrum tensor: packed bits of ``nmr_spectrum`` to the tensor that networks read."""

import torch
from torch import Tensor

from mmexplore.nn.dataloader import Records


def bins(records: Records) -> Tensor:
    """The spectra of a batch, float32 ``(n, 4000)`` of zeros and ones."""
    packed = records.columns["bits"]
    places = torch.arange(7, -1, -1, dtype=torch.uint8, device=packed.device)
    return (packed.unsqueeze(2) >> places & 1).flatten(1).float()
