"""How long does a training step of our encoders take beside chemprop's message passing and beside a plain product?

    python benchmarks/encoder_step.py [--rounds 15]

One thread, one process, variants take turns, medians of CPU seconds; batches are made outside the timed region. The
same 256 drugs and the same weights for both D-MPNNs; a step is forward, backward and Adam. ``peak`` is the rate of a
1024 x 1024 x 1024 float32 product in the same run, and GIN's rate counts the products of its layers alone.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from chemprop.data import BatchMolGraph
from chemprop.featurizers import MultiHotAtomFeaturizer, SimpleMoleculeMolGraphFeaturizer
from chemprop.nn import BondMessagePassing, MeanAggregation
from rdkit import Chem
from record import Asked, record
from timing import timed
from torch import Tensor, nn

from mmexplore.datasets import catalog
from mmexplore.features.store import features
from mmexplore.nn.dataloader import Records, collate
from mmexplore.nn.encoders.dmpnn import DMPNN
from mmexplore.nn.encoders.gin import GIN
from mmexplore.runtime import devices
from mmexplore.runtime.home import default_home

Step = Callable[[], None]


def molecules(n: int) -> list[str]:
    """Drugs of common size, the same in every run."""
    smiles = [
        s
        for s in catalog.load("chembl_drugs", home=default_home()).smiles
        if 15 <= Chem.MolFromSmiles(s).GetNumAtoms() <= 50
    ]
    return [smiles[i] for i in np.random.default_rng(0).permutation(len(smiles))[:n]]


def step(model: nn.Module, encode: Callable[[], Tensor], matmul: str, cast: bool = False) -> Step:
    """Forward, backward and Adam on the mean square of the embeddings."""
    optimizer = torch.optim.Adam(model.parameters())

    def run() -> None:
        torch.set_float32_matmul_precision(matmul)
        optimizer.zero_grad()
        with torch.autocast("cpu", torch.bfloat16, enabled=cast):
            loss = encode().float().square().mean()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()

    return run


def steps(smiles: list[str], records: Records) -> tuple[dict[str, Step], float]:
    """The variants, and the largest difference of embeddings to chemprop's."""
    featurizer = SimpleMoleculeMolGraphFeaturizer(MultiHotAtomFeaturizer.v1())
    graphs = BatchMolGraph([featurizer(Chem.MolFromSmiles(s)) for s in smiles])
    theirs, pool = BondMessagePassing(d_v=133, d_e=14), MeanAggregation()
    found = {"chemprop, float32": step(theirs, lambda: pool(theirs(graphs), graphs.batch), "highest")}
    policy, measured = devices.policy("cpu"), devices.measure("cpu")
    variants = {"D-MPNN, float32": ("highest", False), f"D-MPNN, by policy ({policy.matmul})": (policy.matmul, False)}
    if measured["bfloat16"].seconds < measured["highest"].seconds:
        variants["D-MPNN, bfloat16"] = ("highest", True)
    for name, (matmul, cast) in variants.items():
        found[name] = _ours(theirs, records, matmul, cast)
    ours = DMPNN()
    ours.load_state_dict(theirs.state_dict())
    with torch.no_grad():
        difference = (ours(records) - pool(theirs(graphs), graphs.batch)).abs().max()
    gin = GIN()
    found["GIN, float32"] = step(gin, lambda: gin(records), "highest")
    a, b = torch.randn(2, 1024, 1024).unbind()
    found["product 1024, float32"] = lambda: _product(a, b)
    return found, float(difference)


def _ours(theirs: nn.Module, records: Records, matmul: str, cast: bool) -> Step:
    model = DMPNN()
    model.load_state_dict(theirs.state_dict())
    return step(model, lambda: model(records), matmul, cast)


def _product(a: Tensor, b: Tensor) -> None:
    torch.set_float32_matmul_precision("highest")
    a @ b


def main() -> None:
    chosen = command_line().parse_args()
    batch, rounds = chosen.batch, chosen.rounds
    torch.set_num_threads(1)
    torch.manual_seed(0)
    smiles = molecules(batch)
    records = collate(features("graph2d", smiles, home=default_home()).take(np.arange(batch)), "graph2d")
    variants, difference = steps(smiles, records)
    seconds = timed(variants, rounds)
    atoms, edges = len(records.owner["atoms"]), 2 * len(records.owner["bonds"])
    rows: list[dict[str, Any]] = []
    for name, s in seconds.items():
        row: dict[str, Any] = {
            "variant": name,
            "milliseconds": s * 1e3,
            "molecules/s": batch / s if "product" not in name else "",
        }
        row["times chemprop"] = seconds["chemprop, float32"] / s if name.startswith("D-MPNN") else ""
        rows.append(row)
    peak = 2 * 1024**3 / seconds["product 1024, float32"]
    gin = 3 * 5 * atoms * 2 * (2 * 256 * 512) / seconds["GIN, float32"]
    rows.append({"variant": "GIN's layer products as a fraction of peak", "fraction": gin / peak})
    rows.append({"variant": f"peak {peak / 1e9:.0f} Gflop/s; {atoms} atoms, {edges} directed edges"})
    rows.append({"variant": "largest difference of embeddings to chemprop's", "fraction": difference})
    print(devices.policy("cpu").why)
    record(
        "encoder_step",
        f"training step at batch {batch}, one thread: ours against chemprop",
        "python benchmarks/encoder_step.py",
        rows,
    )


def command_line() -> Asked:
    """What can be asked for."""
    asked = Asked(__doc__)
    asked.option("--rounds", 15, 1)
    asked.option("--batch", 256, 16)
    return asked


if __name__ == "__main__":
    main()
