"""How much sooner is a batch of images read from the store than drawn again, and how many bytes does an image take?

    python benchmarks/images.py [--batch 32] [--batches 6] [--side 224]

Ready for a network means float32 ``(n, 3, side, side)``, channels last. ``store``: records of the warm store collated
and painted; ``drawn again``: RDKit's Cairo drawing of molecules already parsed, its PNG decoded and stacked; ``palette
PNG``: the same drawings kept as PNGs of 16 greys, decoded and stacked. One thread; the ways take turns over the same
drugs; medians of CPU seconds. A batch of 32 images fits the allocator's memory; larger ones are mapped anew each time,
which costs every way the same.
"""

import os
import statistics
import tempfile
import time
from collections.abc import Callable
from io import BytesIO
from typing import Any

import numpy as np
import torch
from PIL import Image as Picture
from rdkit import Chem
from record import Asked, record
from torch import Tensor

from mmexplore.datasets import catalog
from mmexplore.features.modalities.image import drawn
from mmexplore.features.pool import Pool
from mmexplore.features.store import Features, features
from mmexplore.nn.dataloader import collate
from mmexplore.nn.signals.images import pictures
from mmexplore.runtime.home import default_home

BUDGET = 20


def stacked(pixels: list[np.ndarray]) -> Tensor:
    """Drawings uint8 ``(side, side[, 3])`` as the network takes them."""
    found = torch.from_numpy(np.stack(pixels)).float().div_(255)
    found = found if found.dim() == 4 else found.unsqueeze(3).expand(-1, -1, -1, 3)
    return found.permute(0, 3, 1, 2).contiguous(memory_format=torch.channels_last)


def palette_png(pixels: np.ndarray) -> bytes:
    """A drawing in 16 greys as an optimised PNG."""
    file = BytesIO()
    Picture.fromarray(pixels).convert("L").quantize(16).save(file, "PNG", optimize=True)
    return file.getvalue()


def ways(smiles: list[str], side: int, found: Features) -> tuple[dict[str, Callable[[np.ndarray], Tensor]], float]:
    """Ways to the images of some rows, and the bytes of a palette PNG."""
    molecules = [Chem.MolFromSmiles(s) for s in smiles]
    pngs = [palette_png(drawn(m, side)) for m in molecules]

    def opened(png: bytes) -> np.ndarray:
        return np.asarray(Picture.open(BytesIO(png)).convert("L"))

    return {
        "store": lambda rows: pictures(collate(found.take(rows), "image")),
        "drawn again": lambda rows: stacked([drawn(molecules[i], side) for i in rows]),
        "palette PNG": lambda rows: stacked([opened(pngs[i]) for i in rows]),
    }, sum(map(len, pngs)) / len(pngs)


def timed(variants: dict[str, Callable[[np.ndarray], Tensor]], parts: list[np.ndarray]) -> dict[str, float]:
    """Median CPU seconds of a batch by each way, after one that does not count."""
    seconds: dict[str, list[float]] = {name: [] for name in variants}
    for turn, rows in enumerate([parts[0], *parts]):
        for name, way in variants.items():
            start = time.process_time()
            way(rows)
            if turn:
                seconds[name].append(time.process_time() - start)
    return {name: statistics.median(s) for name, s in seconds.items()}


def bytes_a_molecule(side: int, molecules: int) -> float:
    """Columns and lengths in the pool's folder; keys and flags are every modality's."""
    folder = Pool("image", {"side_px": side}, home=default_home()).folder
    kept = [*folder.glob("column-*.bin"), *folder.glob("axis-*.bin")]
    return sum(path.stat().st_size for path in kept) / molecules


def main() -> None:
    chosen = command_line().parse_args()
    torch.set_num_threads(1)
    every = list(dict.fromkeys(catalog.load("chembl_drugs", home=default_home()).smiles))
    number = chosen.batch * chosen.batches
    smiles = [every[i] for i in np.random.default_rng(0).permutation(len(every))[:number]]
    with tempfile.TemporaryDirectory() as home:
        os.environ["MMEXPLORE_HOME"] = home
        start = time.process_time()
        found = features("image", smiles, {"side_px": chosen.side}, workers=1, home=default_home())
        made = (time.process_time() - start) / number
        variants, png = ways(smiles, chosen.side, found)
        seconds = timed(variants, np.split(np.arange(number), chosen.batches))
        size = bytes_a_molecule(chosen.side, number)
    rows: list[dict[str, Any]] = [
        {"what": name, "CPU ms an image": 1e3 * s / chosen.batch, "times drawn again": seconds["drawn again"] / s}
        for name, s in seconds.items()
    ]
    rows[0]["budget"] = BUDGET
    rows.append({"what": "made for the store, once", "CPU ms an image": 1e3 * made})
    rows.append({"what": "bytes an image, store", "bytes": size})
    rows.append({"what": "bytes an image, palette PNG of 16 greys", "bytes": png})
    command = f"python benchmarks/images.py --batch {chosen.batch} --batches {chosen.batches} --side {chosen.side}"
    record("images", f"images of {chosen.side} px ready for a network, batches of {chosen.batch}", command, rows)


def command_line() -> Asked:
    """What can be asked for."""
    asked = Asked(__doc__)
    asked.option("--batch", 32, 4)
    asked.option("--batches", 6, 1)
    asked.option("--side", 224, 64)
    return asked


if __name__ == "__main__":
    main()
