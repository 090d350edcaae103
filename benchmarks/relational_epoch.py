"""What do the frozen targets add to an epoch of relational pre-training?

    python benchmarks/relational_epoch.py [--molecules 2048] [--rounds 25]

One thread, one process, variants take turns, medians of CPU seconds. All have the same six D-MPNN replicas over the
same batches of 256, forward, backward and Adam; "students alone" minimise the mean of their outputs and read graphs
only. Targets are fingerprints, three embeddings of 512, and a peak for each carbon, read from packed arrays, as after
the first epoch.
"""

from collections.abc import Callable

import numpy as np
import torch
from record import Asked, record
from timing import timed

from mmexplore.datasets import catalog
from mmexplore.features.modalities.nmr_peaks import NMRPeaks
from mmexplore.features.packing import Source
from mmexplore.features.store import Features, features
from mmexplore.nn.dataloader import Batch, batches
from mmexplore.nn.model import Predictor
from mmexplore.recipes import pretraining_targets
from mmexplore.recipes.presets import pretraining
from mmexplore.runtime.home import default_home
from mmexplore.training.teachers import TeacherEmbeddings

BATCH, WIDTH, CARBON = 256, 512, 5  # a carbon's code of Z


def peaks_of(graphs: Features) -> Features:
    """A made-up shift for each carbon, in the columns of measured ones."""
    every = graphs.take(np.arange(len(graphs)))
    carbons = every.columns["atoms"][:, 0] == CARBON
    owner = np.repeat(np.arange(every.n), every.counts["atoms"])
    first = np.cumsum(every.counts["atoms"]) - every.counts["atoms"]
    atom = (np.arange(len(owner)) - first[owner])[carbons].astype(np.int32)
    ppm = np.random.default_rng(0).uniform(0, 200, len(atom)).round(1).astype(np.float32)
    stops = {"peaks": np.cumsum(np.bincount(owner[carbons], minlength=every.n))}
    rows = np.arange(every.n)
    ok = np.ones(every.n, bool)
    return Features(NMRPeaks.columns, {"atom": atom, "ppm": ppm}, stops, ok, dict, rows, rows)


def sources(count: int) -> dict[str, Source]:
    """All that the pre-training reads, of ``count`` molecules."""
    smiles = catalog.load("nci", home=default_home()).smiles[:count]
    graphs, rng = features("graph2d", smiles, home=default_home()), np.random.default_rng(0)
    found: dict[str, Source] = {"graph2d": graphs, "fingerprint": features("fingerprint", smiles, home=default_home())}
    found[pretraining_targets.PEAKS] = peaks_of(graphs)
    for lesson in ("smiles", "nmr_spectrum", "image"):
        values = rng.normal(size=(len(smiles), WIDTH)).astype(np.float32)
        found[pretraining_targets.record_name(lesson)] = TeacherEmbeddings(values, np.ones(len(smiles), bool))
    return found


def epoch(known: dict[str, Source], count: int, loss: Callable[[Predictor, Batch], torch.Tensor]) -> Callable[[], None]:
    """One pass over all batches."""
    torch.manual_seed(0)
    model, nothing = Predictor(pretraining("mmfrl"), ()), np.empty((count, 0), np.float32)
    optimizer = torch.optim.Adam(model.parameters(), fused=True)

    def run() -> None:
        for batch in batches(known, nothing, np.arange(count), BATCH):
            optimizer.zero_grad()
            loss(model, batch).backward()  # type: ignore[no-untyped-call]
            optimizer.step()

    return run


def taught(model: Predictor, batch: Batch) -> torch.Tensor:
    """MMFRL's loss."""
    return model.losses(batch)["loss"]


def alone(model: Predictor, batch: Batch) -> torch.Tensor:
    """The same replicas without anything to learn from."""
    return torch.stack([view.mean() for view in model(batch).views.values()]).sum()


def main() -> None:
    asked = command_line().parse_args()
    torch.set_num_threads(1)
    known = sources(asked.molecules)
    graphs = {"graph2d": known["graph2d"]}
    variants = {
        "students alone": epoch(graphs, asked.molecules, alone),
        "with six targets": epoch(known, asked.molecules, taught),
    }
    medians = timed(variants, asked.rounds)
    first = medians["students alone"]
    rows = [
        {"variant": name, "CPU seconds an epoch": seconds, "molecules a second": asked.molecules / seconds}
        | {"against the students alone": seconds / first}
        for name, seconds in medians.items()
    ]
    question = f"an epoch of relational pre-training, {asked.molecules} molecules, six replicas, batch 256, one thread"
    record("relational_epoch", question, "python benchmarks/relational_epoch.py", rows)


def command_line() -> Asked:
    """What can be asked for."""
    asked = Asked(__doc__)
    asked.option("--molecules", 2048, 32)
    asked.option("--rounds", 25, 1)
    return asked


if __name__ == "__main__":
    main()
