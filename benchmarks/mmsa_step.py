"""How long does a pre-training step of MMSA take beside the same with 224 px drawings made on the fly?

    MMEXPLORE_DATA_DIR=... python benchmarks/mmsa_step.py [--rounds 3]

One thread, one process, variants take turns, medians of CPU seconds; all three branches, hypergraph and memory, batch
128 of ZINC molecules, forward, backward and Adam. The alternative draws its 128 molecules with RDKit in the step and
feeds float32 pictures in torch's default layout; everything else is read from the store in both.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from public import MANY, zinc
from record import Asked, record
from timing import timed

from mmexplore.features.featurize import featurize
from mmexplore.features.modalities.image import Image
from mmexplore.features.packing import gather
from mmexplore.features.store import Features, features
from mmexplore.nn.dataloader import Batch, Records, collate
from mmexplore.nn.encoders.resnet import ResNet
from mmexplore.nn.model import Predictor
from mmexplore.recipes.presets import pretraining
from mmexplore.recipes.recipe import Recipe
from mmexplore.runtime.home import default_home


def molecules(n: int) -> list[str]:
    """Some of ZINC's, the same in every run."""
    lines, _ = zinc(MANY)
    return [lines[i] for i in np.random.default_rng(0).permutation(len(lines))[:n]]


def recipe(side_px: int) -> Recipe:
    """The published pre-training with drawings of that side and random weights."""
    return pretraining("mmsa", "quick").with_settings(
        ["branches.1.start=", f"branches.1.features.side_px={side_px}", "branches.2.features.conformers=1"]
    )


def described(chosen: Recipe, smiles: list[str]) -> dict[str, Features]:
    """Features of all that the pre-training reads, from the store."""
    wanted = chosen.modalities | chosen.teachers
    return {m: features(m, smiles, options, home=default_home()) for m, options in wanted.items()}


def batch(known: Mapping[str, Features]) -> Batch:
    """All molecules as one batch."""
    rows = np.arange(len(next(iter(known.values()))))
    records = {m: collate(f.take(rows), m) for m, f in known.items()}
    return Batch(records, torch.empty(len(rows), 0), torch.from_numpy(rows))


def drawn(smiles: list[str], side_px: int) -> Records:
    """Drawings made now, one after the other."""
    packed = featurize(Image(side_px=side_px), smiles).packed
    stops = {axis: np.cumsum(counts) for axis, counts in packed.counts.items()}
    return collate(gather(Image.columns, packed.columns, stops, np.arange(len(smiles))), "image")


def step(chosen: Recipe, make: Callable[[], Batch], plain: bool) -> Callable[[], None]:
    """Batch, forward, backward and Adam."""
    torch.manual_seed(0)
    model = Predictor(chosen, ())
    if plain:
        for encoder in model.branches:
            if isinstance(encoder, ResNet):
                encoder.to(memory_format=torch.contiguous_format)  # type: ignore[call-overload]
    optimizer = torch.optim.Adam(model.parameters())

    def run() -> None:
        optimizer.zero_grad()
        model.losses(make())["loss"].backward()  # type: ignore[no-untyped-call]
        optimizer.step()

    return run


def variants(smiles: list[str]) -> dict[str, Callable[[], None]]:
    """Steps by name, the alternative first."""
    large = recipe(224)
    known = described(large, smiles)

    def on_the_fly() -> Batch:
        made = batch({m: f for m, f in known.items() if m != "image"})
        return Batch(made.records | {"image": drawn(smiles, 224)}, made.labels, made.rows)

    found = {"224 px drawn on the fly, default layout": step(large, on_the_fly, plain=True)}
    for side in (224, 112, 64):
        chosen = recipe(side)
        kept = described(chosen, smiles)
        found[f"{side} px from the store"] = step(chosen, lambda kept=kept: batch(kept), plain=False)  # type: ignore[misc]
    return found


def main() -> None:
    chosen = command_line().parse_args()
    torch.set_num_threads(1)
    medians = timed(variants(molecules(chosen.batch)), chosen.rounds)
    first = next(iter(medians.values()))
    rows: list[dict[str, Any]] = [
        {"variant": n, "CPU seconds a step": s, "molecules a second": chosen.batch / s, "times as fast": first / s}
        for n, s in medians.items()
    ]
    record(
        "mmsa_step",
        f"a pre-training step of MMSA, batch {chosen.batch}, one thread",
        "python benchmarks/mmsa_step.py",
        rows,
    )


def command_line() -> Asked:
    """What can be asked for."""
    asked = Asked(__doc__)
    asked.option("--rounds", 3, 1)
    asked.option("--batch", 128, 8)
    return asked


if __name__ == "__main__":
    main()
