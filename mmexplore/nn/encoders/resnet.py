"""ResNet-18 over RDKit's drawing: MMSA's image encoder (its section V-A).

He et al. 2016, arXiv:1512.03385, table 1, 18 layers, by transformers' ``ResNetModel``: the mean of the last map, 512
numbers. Weights start at random; :meth:`ResNet.from_hub` brings ImageNet's. MMSA says "pre-trained ResNet-18" and not
on what. Channels lie last in memory, as the pictures come.
"""

from typing import Annotated, ClassVar

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional
from transformers.models.resnet.configuration_resnet import ResNetConfig
from transformers.models.resnet.modeling_resnet import ResNetModel

from mmexplore.nn import shares
from mmexplore.nn.dataloader import Records
from mmexplore.nn.encoders import Encoder
from mmexplore.nn.signals.images import augmented, normalized, pictures
from mmexplore.runtime.errors import NotAvailable

HUB_NAME = "microsoft/resnet-18"

_WIDTHS = [64, 128, 256, 512]
_PATIENCE_SECONDS = 5.0
_FILE = "model.safetensors"
_PREFIX = "resnet."  # of the encoder's weights in a file of transformers' image classifier


class ResNet(Encoder):
    """Residual network of 18 layers: a 7 x 7 convolution, four stages of two blocks of two 3 x 3 convolutions, a mean.

    ``augment``: in training each image is turned, mirrored, enlarged and greyed at random
    (:func:`mmexplore.nn.signals.images.augmented`); never in evaluation.
    """

    reads: ClassVar[str] = "image"

    def __init__(
        self, *, augment: Annotated[bool, Field(description="turn, mirror, zoom and grey images in training")] = True
    ) -> None:
        super().__init__()
        self.augment, self.dimension = augment, _WIDTHS[-1]
        network = ResNetModel(ResNetConfig(hidden_sizes=_WIDTHS, depths=[2, 2, 2, 2], layer_type="basic"))
        _spare_single_values(network)
        self.network = network.to(memory_format=torch.channels_last)

    def forward(self, records: Records) -> Tensor:
        """Embeddings ``(n, 512)`` of a batch of drawings of one size. Raises BadRecipe for several sizes."""
        images = pictures(records)
        if self.augment and self.training:
            images = augmented(images)
        found: Tensor = self.network(normalized(images)).pooler_output
        return found.flatten(1)

    def from_hub(self, name: str = HUB_NAME) -> None:
        """Take a ResNet-18's weights from this machine's Hugging Face cache, else from the hub.

        Only ``model.safetensors`` is read. Raises NotAvailable in one sentence where it cannot be had or does not fit.
        """
        from safetensors.torch import load_file

        path = _weights_file(name)
        try:
            found = {key.removeprefix(_PREFIX): value for key, value in load_file(path).items()}
        except Exception as error:
            raise NotAvailable(f"the file of the weights {name!r} cannot be read: {_line(error)}") from error
        wanted = {k: v for k, v in self.network.state_dict().items() if not k.endswith("num_batches_tracked")}
        if misfits := [k for k, v in wanted.items() if k not in found or found[k].shape != v.shape]:
            raise NotAvailable(f"the weights {name!r} are not those of a ResNet-18: {misfits[0]!r} is not as wanted")
        self.network.load_state_dict({key: found[key] for key in wanted}, strict=False)


class _Norm(nn.BatchNorm2d):
    """Batch normalisation of all ranks' values, also of a single one: it has no variance, so the running one serves."""

    def forward(self, x: Tensor) -> Tensor:
        if (found := shares.normalized(x, self)) is not None:
            return found
        if self.training and x.numel() == x.shape[1]:
            return functional.batch_norm(x, self.running_mean, self.running_var, self.weight, self.bias, eps=self.eps)
        return super().forward(x)


def _spare_single_values(network: nn.Module) -> None:
    for module in network.modules():
        for name, child in module.named_children():
            if isinstance(child, nn.BatchNorm2d):
                setattr(module, name, _Norm(child.num_features))


def _weights_file(name: str) -> str:
    from huggingface_hub import get_hf_file_metadata, hf_hub_download, hf_hub_url, try_to_load_from_cache

    try:
        kept = try_to_load_from_cache(name, _FILE)
        if isinstance(kept, str):
            return kept
        get_hf_file_metadata(hf_hub_url(name, _FILE), timeout=_PATIENCE_SECONDS)  # a download tries again for long
        return str(hf_hub_download(name, _FILE, etag_timeout=_PATIENCE_SECONDS))
    except Exception as error:
        raise NotAvailable(
            f"the weights {name!r} are not in this machine's Hugging Face cache and did not come from the hub "
            f"({_line(error)}); random weights, or another try with a network, would do"
        ) from error


def _line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
