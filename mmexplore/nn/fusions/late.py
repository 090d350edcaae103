"""Late fusion of MMFRL: each modality predicts by itself, and says how much that counts.

"Multimodal fusion with relational learning for molecular property prediction", section 3.2.3, equations 9 to 11.

Everything is summed before the one sigmoid or unit at the end, and every modality is in the sum: the published code
leaves two out and, in classification, squashes twice.
"""

from typing import Annotated, ClassVar, Literal

import torch
from pydantic import Field
from torch import Tensor, nn

from mmexplore.nn.fusions import Fused, Fusion, present
from mmexplore.nn.heads import feed_forward
from mmexplore.runtime.registry import OneOf, Range

_GATE = (100, 33, 1)


class Late(Fusion):
    """Late fusion: ``p_i = readout_i(f_i)`` (9), ``w_i = gate_i(f_i)`` (10), ``outputs = sum_i w_i p_i`` (11).

    ``w_i`` is one number a molecule and modality, shared by all tasks and free to be negative: 300 -> 100 -> 33 -> 1.
    Its parts are ``w`` (n, modalities) and ``p`` (n, modalities, tasks), on the scale of the outputs.
    """

    views: ClassVar[tuple[str, ...]] = ()

    def __init__(
        self,
        dimensions: dict[str, int],
        tasks: int,
        *,
        gates: Annotated[
            Literal["free", "softmax"], Field(description="coefficients as they come, or positive with sum 1")
        ] = "free",
        hidden_layers: Annotated[
            int, Field(ge=0, le=3, description="hidden layers of each readout; 0: linear"), Range(0, 2)
        ] = 1,
        hidden_size: Annotated[
            int, Field(ge=1, le=4096, description="width of the readouts' hidden layers"), OneOf((64, 128, 256, 512))
        ] = 300,
        dropout: Annotated[
            float, Field(ge=0, lt=1, description="dropout before each layer of a readout"), Range(0.0, 0.6)
        ] = 0.0,
        modality_dropout: Annotated[
            float, Field(ge=0, le=0.9, description="share of modalities missing in training, drawn for each molecule")
        ] = 0.0,
    ) -> None:
        super().__init__()
        self.names, self.normalize, self.missing = tuple(dimensions), gates == "softmax", modality_dropout
        hidden = [hidden_size] * hidden_layers
        self.readouts = nn.ModuleList(feed_forward([d, *hidden, tasks], dropout) for d in dimensions.values())
        self.gates = nn.ModuleList(feed_forward([d, *_GATE]) for d in dimensions.values())

    def forward(self, embeddings: dict[str, Tensor]) -> Fused:
        """Outputs ``(n, tasks)`` and the parts they are the sum of.

        In training with ``modality_dropout`` a missing modality's product is 0 and the others count for more, as
        :func:`mmexplore.nn.fusions.present` has it, or have all of the softmax.
        """
        f = [embeddings[name] for name in self.names]
        p = torch.stack([readout(x) for readout, x in zip(self.readouts, f, strict=True)], dim=1)
        w = torch.cat([gate(x) for gate, x in zip(self.gates, f, strict=True)], dim=1)
        if self.training and self.missing:
            factor = present(w, self.missing)
            w = torch.where(factor > 0, w, -torch.inf) if self.normalize else w * factor
        w = w.softmax(1) if self.normalize else w
        return Fused((w.unsqueeze(2) * p).sum(1), parts={"w": w, "p": p})

    def turn(self, signs: Tensor) -> None:
        """Turn branches round, ``signs`` (modalities,) of 1 and -1: w and p change sign, and no output changes."""
        for readout, gate, sign in zip(self.readouts, self.gates, signs.tolist(), strict=True):
            for last in (readout[-1], gate[-1]):  # type: ignore[index]
                for values in last.parameters():
                    values.data.mul_(sign)
