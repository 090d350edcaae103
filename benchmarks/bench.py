"""How soon does the bench of the Predict page answer an edit?

    python benchmarks/bench.py [--models NAME ...] [--rounds 3]

Seconds of the wall clock from an edit to its prediction with interval, its contributions and its star, as the page asks
for them, of a chain of edits each of which the model sees for the first time; warm: models, maps and embeddings are
loaded, one other molecule was answered before. A further round has other substituents. The smallest deciding part comes
by itself and is not in it.
"""

import os
import time
from contextlib import suppress
from typing import Any

import numpy as np
from record import Asked, record, smallest

from mmexplore import studio
from mmexplore.runtime.errors import MmexploreError
from mmexplore.studio import MoleculeRef, ViewRef

MODELS = ("solubility-all-late", "solubility-mmfrl-intermediate", "solubility-dmpnn", "solubility-mmsa")
EDITS = (
    "CC(=O)Nc1ccc(O)cc1",
    "CC(=O)Nc1ccc(O{})cc1",
    "CC(=O)Nc1ccc(O{})cc1F",
    "CC(=O)Nc1ccc(O{})nc1F",
    "CC(=O)N(C)c1ccc(O{})nc1F",
    "O=C(c1ccccc1)N(C)c1ccc(O{})nc1F",
    "O=C(c1ccc(Cl)cc1)N(C)c1ccc(O{})nc1F",
    "O=C(c1ccc(Cl)cc1)N(C)c1ccc(S{})nc1F",
    "O=S(=O)(c1ccc(Cl)cc1)N(C)c1ccc(S{})nc1F",
    "O=S(=O)(c1ccc(C(F)(F)F)cc1)N(C)c1ccc(S{})nc1F",
    "O=S(=O)(c1ccc(C(F)(F)F)cc1)N1CCc2cc(S{})ncc21",
    "O=S(=O)(c1ccc(C#N)cc1)N1CCc2cc(S{})ncc21",
)
"""A chemist's way from paracetamol; the gap is another substituent in each round."""
GROUPS = ("C", "CC", "C(C)C", "CCOC", "C1CC1", "CC(F)F", "CCN(C)C", "CC1CCOC1")
BUDGET_MS = 500
os.environ.setdefault("MMEXPLORE_DEADLINE", "60")  # what is slow is to be measured, not ended


def ready(name: str) -> tuple[ViewRef, str, np.ndarray | None]:
    """View, data set and map of a model; its training molecules are embedded, as the page has a job do."""
    chosen = studio.model(name)
    view = chosen.views[-1]
    maps = (studio.stored_map(name, chosen.data, view, method) for method in studio.METHODS)
    shown = next(filter(None, maps), None)
    if not smallest():
        studio.embed(name, chosen.data)
        shown = shown or studio.compute_map(name, chosen.data, view, "pca")
    return ViewRef(name, view), chosen.data, None if shown is None else shown.xy


def answered(panel: ViewRef, data: str, xy: np.ndarray | None, smiles: str) -> dict[str, float]:
    """Milliseconds of each part of the answer to an edit."""
    began = [time.perf_counter()]
    read = studio.read_structure(smiles)
    studio.predict_molecule([panel.model], read.smiles)
    began.append(time.perf_counter())
    with suppress(MmexploreError):  # of a model that fuses nothing, which is a sentence
        studio.contributions_of(panel.model, read.smiles)
    began.append(time.perf_counter())
    if xy is not None and not studio.lacking([panel], data):
        studio.place_on(MoleculeRef(read.smiles), panel, data, xy)
    began.append(time.perf_counter())
    parts = dict(zip(("prediction", "contributions", "star"), 1e3 * np.diff(began), strict=True))
    return parts | {"all": sum(parts.values())}


def main(names: list[str], rounds: int, edits: int) -> None:
    rows: list[dict[str, Any]] = []
    for name in names:
        panel, data, xy = ready(name)
        answered(panel, data, xy, "CCOC(=O)c1ccccc1")
        chain = [edit.format(group) for group in GROUPS[:rounds] for edit in EDITS[: edits + 1] if "{}" in edit]
        took = [answered(panel, data, xy, smiles) for smiles in chain]
        row: dict[str, Any] = {"model": name, "edits": len(chain)}
        for part in ("prediction", "contributions", "star", "all"):
            row[f"{part}, p50 ms"] = float(np.median([one[part] for one in took]))
        row["p95 ms"] = float(np.quantile([one["all"] for one in took], 0.95))
        rows.append(row | {"budget, ms": BUDGET_MS})
    question = "Milliseconds from an edit to prediction, contributions and star on the bench, warm"
    record("bench", question, f"python benchmarks/bench.py --rounds {rounds}", rows)


def command_line() -> Asked:
    """What can be asked for."""
    asked = Asked(__doc__)
    asked.option("--models", list(MODELS), [MODELS[0]], nargs="+")
    asked.option("--rounds", 3, 1)
    asked.option("--edits", 11, 2)
    return asked


if __name__ == "__main__":
    chosen = command_line().parse_args()
    main(chosen.models, chosen.rounds, chosen.edits)
