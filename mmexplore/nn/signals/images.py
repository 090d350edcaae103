"""Image tensors from strokes of ``image``: a batch is painted by one scatter, on any device.

Training turns, mirrors, enlarges and greys each image at random, as IEM does (Xiang et al., whose images MMSA takes
over). Departs from IEM: its centre crop, which at equal sizes crops nothing, is an enlargement of up to a tenth.
"""

import math
from functools import cache

import torch
from torch import Tensor
from torch.nn import functional

from mmexplore.features.modalities.image import colours
from mmexplore.nn.dataloader import Records
from mmexplore.runtime.errors import BadRecipe

GRAY_SHARE = 0.2
MOST_ZOOM = 1.1

_MEAN, _STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # of ImageNet, as every ResNet since has had them
_LUMA = (0.299, 0.587, 0.114)  # ITU-R BT.601


def pictures(records: Records) -> Tensor:
    """The drawings of a batch, float32 ``(n, 3, side, side)`` from 0 (no light) to 1, channels last in memory.

    Raises BadRecipe where drawings of several sizes meet in one batch.
    """
    side = _side(records.columns["side"])
    ink, lengths = records.columns["ink"], records.columns["lengths"].long()
    starts = records.columns["starts"].long() + records.owner["strokes"] * side**2
    shift = starts - (lengths.cumsum(0) - lengths)
    places = shift.repeat_interleave(lengths, output_size=len(ink)) + torch.arange(len(ink), device=ink.device)
    canvas = torch.ones(records.n * side**2, 3, device=ink.device)
    canvas.index_copy_(0, places, _colors(ink.device).index_select(0, ink.int()))
    return canvas.view(records.n, side, side, 3).permute(0, 3, 1, 2)


def ink(records: Records) -> Tensor:
    """Ink image.

    How dark each pixel of a batch's drawings is, float32 ``(n, 1, side, side)`` from 0 (white) to 1 (black).

    Raises BadRecipe where drawings of several sizes meet in one batch.
    """
    images = pictures(records)
    weights = images.new_tensor(_LUMA).view(1, 3, 1, 1)
    return 1 - (images * weights).sum(1, keepdim=True)


def augmented(images: Tensor) -> Tensor:
    """Image augmentation.

    Each image ``(n, 3, side, side)`` mirrored or not, turned by any angle, enlarged by up to a tenth, grey or not.

    Mirrored in half of the cases, grey in a fifth; white comes in from outside. Drawn from torch's global generator
    of the CPU, so that every device trains on the same images.
    """
    flip, angle, zoom, gray = torch.rand(4, len(images))
    mirror = torch.where(flip < 0.5, -1.0, 1.0)
    reach = 1 / (1 + (MOST_ZOOM - 1) * zoom)
    cosine, sine = reach * (2 * math.pi * angle).cos(), reach * (2 * math.pi * angle).sin()
    nowhere = torch.zeros_like(angle)
    rows = (cosine * mirror, -sine, nowhere, sine * mirror, cosine, nowhere)
    theta = torch.stack(rows, 1).view(-1, 2, 3).to(images)
    places = functional.affine_grid(theta, list(images.shape), align_corners=False)
    turned = functional.grid_sample(1 - images, places, align_corners=False).neg_().add_(1)
    grays = (gray < GRAY_SHARE).nonzero().squeeze(1).to(images.device)
    light = turned[grays].permute(0, 2, 3, 1) @ images.new_tensor(_LUMA)
    turned.index_copy_(0, grays, light.unsqueeze(1).expand(-1, 3, -1, -1))
    return turned.contiguous(memory_format=torch.channels_last)


def normalized(images: Tensor) -> Tensor:
    """Normalized images: less ImageNet's mean, over its standard deviation, channel by channel."""
    mean, std = images.new_tensor([_MEAN, _STD]).view(2, 1, 3, 1, 1)
    return torch.addcmul(-mean / std, images, 1 / std)


def _side(sides: Tensor) -> int:
    found: list[int] = sorted(set(sides.tolist()))
    if len(found) != 1:
        raise BadRecipe(f"images of one batch must have one size, and sides of {found} pixels came; choose one side_px")
    return found[0]


@cache
def _colors(device: torch.device) -> Tensor:
    return torch.from_numpy(colours()).to(device)
