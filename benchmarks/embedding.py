"""How long does embedding a library take beside chemprop's ``fingerprint`` command, with the same weights?

    python benchmarks/embedding.py [--n 3000] [--rounds 1]

Whole processes, from a file of SMILES to vectors on disk, taking turns; both may use every core. ``cold``: nothing is
known of the molecules. ``features known``: another model saw them before. ``embedded``: this model did. Molecules come
from ZINC250k where MMEXPLORE_DATA_DIR holds it, else from the embedded sets, some 9,500: they are not repeated, for the
store would know them, and the question says how many there were.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from chemprop_cli import CHEMPROP
from public import zinc
from record import Asked, record

VIEW = "dmpnn"


def models(folder: Path) -> None:
    """Two of ours with different weights, and chemprop's with the weights of the first."""
    import torch
    from chemprop.models import MPNN, save_model
    from chemprop.nn import BondMessagePassing, MeanAggregation, RegressionFFN

    from mmexplore.datasets import Task
    from mmexplore.models import checkpoints
    from mmexplore.models.checkpoints import Card, DataUsed, SplitUsed
    from mmexplore.nn.model import Predictor
    from mmexplore.recipes import presets

    task, chosen = Task("y", "regression"), presets.preset("dmpnn")
    data = DataUsed(name="none", digest="0", rows=0, tasks=(task,))
    split = SplitUsed(rule="random", seed=0, sizes=(0, 0, 0))
    card = Card(name="none", data=data, split=split, seed=0, metrics={}, epochs_run=0, best_epoch=0, seconds=0.0)
    for seed in (1, 0):
        torch.manual_seed(seed)
        predictor = Predictor(chosen, (task,))
        checkpoints.save(folder / f"model{seed}", predictor, chosen, card)
    theirs = MPNN(BondMessagePassing(d_v=133, d_e=14), MeanAggregation(), RegressionFFN())
    theirs.message_passing.load_state_dict(predictor.branches[0].state_dict())
    save_model(folder / "chemprop.pt", theirs)


def child(csv: str, model: str, out: str) -> None:
    """Our side, in a process of its own: SMILES as they are written in the file, one view to a .npy file."""
    from mmexplore.datasets import Dataset, Report
    from mmexplore.models import embed
    from mmexplore.runtime.home import default_home

    smiles = pd.read_csv(csv).smiles.to_numpy(object)
    n, none = len(smiles), np.full(len(smiles), "", object)
    labels, extra = np.empty((n, 0), np.float32), pd.DataFrame(index=range(n))
    data = Dataset("library", "Library", f"{n:064x}", smiles, none, np.arange(n), labels, (), extra, Report(n, n))
    np.save(out, embed.embed(Path(model), data, home=default_home()).view(VIEW))


def seconds(command: list[str], folder: Path, home: Path) -> float:
    environment = os.environ | {"MMEXPLORE_HOME": str(home)}
    environment.pop("OMP_NUM_THREADS", None)
    environment["PYTHONPATH"] = str(Path(__file__).resolve().parents[1])  # the work is done in another folder
    started = time.perf_counter()
    with (folder / "log.txt").open("w") as log:
        subprocess.run(command, check=True, stdout=log, stderr=log, env=environment, cwd=folder)
    return time.perf_counter() - started


def one_round(folder: Path, number: int) -> dict[str, float]:
    """Each way once, one after the other, with a home of its own."""
    home = folder / f"home{number}"
    csv, out = str(folder / "smiles.csv"), [str(folder / f"{name}.npy") for name in ("ours", "other", "again")]
    ours = [sys.executable, str(Path(__file__).resolve()), "--child", csv]
    theirs = [*CHEMPROP, "fingerprint", "-i", csv, "-s", "smiles", "-o", str(folder / "theirs.npz"), "--model-paths"]
    theirs += [str(folder / "chemprop.pt"), "--ffn-block-index", "0", "--multi-hot-atom-featurizer-mode", "V1"]
    theirs += ["--accelerator", "cpu", "--batch-size", "256", "-q"]
    return {
        "chemprop": seconds(theirs, folder, home),
        "cold": seconds([*ours, str(folder / "model0"), out[0]], folder, home),
        "features known": seconds([*ours, str(folder / "model1"), out[1]], folder, home),
        "embedded": seconds([*ours, str(folder / "model0"), out[2]], folder, home),
    }


def difference(folder: Path) -> float:
    """The largest difference of a number between the two outputs."""
    archive = np.load(next(folder.glob("theirs*.npz")), allow_pickle=False)
    theirs, ours = archive[archive.files[0]], np.load(folder / "ours.npy")
    assert theirs.shape == ours.shape, (theirs.shape, ours.shape)
    return float(np.abs(theirs - ours).max())


def main(n: int, rounds: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ.setdefault("MMEXPLORE_HOME", str(folder / "home"))
        smiles, source = zinc(n)
        pd.DataFrame({"smiles": smiles}).to_csv(folder / "smiles.csv", index=False)
        models(folder)
        turns = [one_round(folder, number) for number in range(rounds)]
        equal = difference(folder)
    took = {way: statistics.median(turn[way] for turn in turns) for way in turns[0]}
    budget = {"chemprop": 1, "cold": 3, "features known": 3, "embedded": 20}
    rows: list[dict[str, Any]] = [
        {
            "way": way,
            "seconds": value,
            "molecules a second": len(smiles) / value,
            "times chemprop": took["chemprop"] / value,
            "budget": budget[way],
        }
        for way, value in took.items()
    ]
    rows[1]["largest difference"] = equal
    question = (
        f"How long does embedding {len(smiles):,} molecules ({source}) take beside chemprop's fingerprint command?"
    )
    record("embedding", question, f"python benchmarks/embedding.py --n {n} --rounds {rounds}", rows)


def command_line() -> Asked:
    """What can be asked for."""
    asked = Asked(__doc__)
    asked.option("--n", 3000, 30)
    asked.option("--rounds", 1, 1)
    return asked


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        child(*sys.argv[2:])
    else:
        chosen = command_line().parse_args()
        main(chosen.n, chosen.rounds)
