"""How many molecules a second does the ResNet train on, by size of the image, memory format and precision?

    python benchmarks/resnet_step.py [--batch 16] [--rounds 5]

A step is painting, augmenting, forward, backward and Adam over the same drugs, from collated records; variants take
turns on one thread, medians of CPU seconds. bfloat16 runs only where this machine's own measurement finds its product
faster than float32's. The last rows say which part of a step is not the network's.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import torch
from record import Asked, record
from timing import timed

from mmexplore.datasets import catalog
from mmexplore.features.store import features
from mmexplore.nn.dataloader import Records, collate
from mmexplore.nn.encoders.resnet import ResNet
from mmexplore.nn.signals.images import augmented, normalized, pictures
from mmexplore.runtime import devices
from mmexplore.runtime.home import default_home

Step = Callable[[], object]
BASE = "224 px, float32, NCHW"


def step(records: Records, layout: torch.memory_format, cast: bool = False) -> Step:
    """Forward, backward and Adam on the mean square of the embeddings."""
    torch.manual_seed(0)
    model: ResNet = ResNet().train().to(memory_format=layout)  # type: ignore[call-overload]
    optimizer = torch.optim.Adam(model.parameters())

    def run() -> None:
        optimizer.zero_grad()
        images = normalized(augmented(pictures(records))).contiguous(memory_format=layout)
        with torch.autocast("cpu", torch.bfloat16, enabled=cast):
            loss = model.network(images).pooler_output.float().square().mean()
        loss.backward()
        optimizer.step()

    return run


def steps(smiles: list[str]) -> dict[str, Step]:
    """The variants that are worth a try here, and the parts that are not the network's."""
    batches = {
        side: collate(
            features("image", smiles, {"side_px": side}, home=default_home()).take(np.arange(len(smiles))), "image"
        )
        for side in (224, 112)
    }
    rows, last = torch.contiguous_format, torch.channels_last
    found = {
        BASE: step(batches[224], rows),
        "224 px, float32, channels last": step(batches[224], last),
        "112 px, float32, channels last": step(batches[112], last),
    }
    measured = devices.measure("cpu")
    if measured["bfloat16"].seconds < measured["highest"].seconds:
        found["224 px, bfloat16, channels last"] = step(batches[224], last, cast=True)
        found["112 px, bfloat16, channels last"] = step(batches[112], last, cast=True)
    painted = pictures(batches[224])
    found["of which painting, 224 px"] = partial(pictures, batches[224])
    found["of which augmenting and normalising, 224 px"] = lambda: normalized(augmented(painted))
    return found


def main() -> None:
    chosen = command_line().parse_args()
    torch.set_num_threads(1)
    every = list(dict.fromkeys(catalog.load("chembl_drugs", home=default_home()).smiles))
    smiles = [every[i] for i in np.random.default_rng(0).permutation(len(every))[: chosen.batch]]
    seconds = timed(steps(smiles), chosen.rounds)
    rows: list[dict[str, Any]] = [
        {
            "variant": name,
            "milliseconds": s * 1e3,
            "molecules/s": chosen.batch / s,
            f"times {BASE}": seconds[BASE] / s,
        }
        for name, s in seconds.items()
    ]
    command = f"python benchmarks/resnet_step.py --batch {chosen.batch} --rounds {chosen.rounds}"
    record("resnet_step", f"training step of the ResNet at batch {chosen.batch}, one thread", command, rows)


def command_line() -> Asked:
    """What can be asked for."""
    asked = Asked(__doc__)
    asked.option("--batch", 16, 2)
    asked.option("--rounds", 5, 1)
    return asked


if __name__ == "__main__":
    main()
