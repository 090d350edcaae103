"""How long does the maximum common subgraph of 50 molecules take, and what comes of one that runs out of time?

    MMEXPLORE_DATA_DIR=... python benchmarks/common_subgraph.py [--n 50]

Groups as the Subgraphs page forms them: molecules drawn from a class of a label, and those most alike (ECFP) to one of
them. Beside ours one call of RDKit's FMCS with the same rules, whose answer depends on which molecule it begins with.
The limit is ten seconds; the last rows cut both short at two.
"""

import time
from typing import Any

import numpy as np
from rdkit import DataStructs
from rdkit.Chem import rdFMCS
from rdkit.Chem.rdFingerprintGenerator import GetMorganGenerator
from record import Asked, record

from mmexplore import studio
from mmexplore.chem import molecules
from mmexplore.explore.explain.motifs import SHARE, common_subgraph

GROUPS = {"bace": "Class", "solubility": "SOL", "lipophilicity": "exp"}


def alike(smiles: np.ndarray, row: int, n: int) -> np.ndarray:
    """The ``n`` molecules most like one of them, itself included."""
    generator = GetMorganGenerator(radius=2, fpSize=2048)
    prints = [generator.GetFingerprint(molecules.parse(text)) for text in smiles]
    found: np.ndarray = np.argsort(DataStructs.BulkTanimotoSimilarity(prints[row], prints))[::-1][:n]
    return found


def groups(data: str, label: str, n: int) -> dict[str, list[str]]:
    """A class of a label, or its upper third, and one neighbourhood."""
    table = studio.dataset(data)
    values = table.labels[:, [task.name for task in table.tasks].index(label)]
    high = np.flatnonzero(values >= np.nanquantile(values, 2 / 3)) if np.nanmax(values) > 1 else np.flatnonzero(values)
    rng = np.random.default_rng(0)
    drawn = rng.choice(high, n, replace=False)
    return {
        f"{data}, high {label}": table.smiles[drawn].tolist(),
        f"{data}, alike": table.smiles[alike(table.smiles, int(drawn[0]), n)].tolist(),
    }


def by_one_call(smiles: list[str], seconds: int) -> tuple[float, int, bool]:
    """Seconds, atoms and whether the search ended, of RDKit's FMCS called once."""
    rules: Any = rdFMCS.MCSParameters()
    rules.Threshold, rules.Timeout = SHARE, seconds
    for compared in (rules.AtomCompareParameters, rules.BondCompareParameters):
        compared.RingMatchesRingOnly = compared.CompleteRingsOnly = True
    started = time.perf_counter()
    found = rdFMCS.FindMCS([molecules.parse(s) for s in smiles], rules)
    return time.perf_counter() - started, found.numAtoms, not found.canceled


def main(n: int, only: list[str]) -> None:
    rows = []
    for data in only:
        for name, smiles in groups(data, GROUPS[data], n).items():
            for limit in (10, 2):
                ours = common_subgraph(smiles, seconds=limit)
                seconds, atoms, ended = by_one_call(smiles, limit)
                rows.append(
                    {"group": name, "limit s": limit, "s": ours.seconds, "atoms": ours.n_atoms}
                    | {"ended": ours.complete, "one call s": seconds, "one call atoms": atoms, "one call ended": ended}
                )
    question = f"How long does the subgraph that {SHARE:.0%} of {n} molecules share take?"
    record("common_subgraph", question, f"python benchmarks/common_subgraph.py --n {n}", rows)


def command_line() -> Asked:
    """What can be asked for."""
    asked = Asked(__doc__)
    asked.option("--n", 50, 6)
    asked.option("--only", list(GROUPS), ["solubility"], nargs="+", choices=GROUPS)
    return asked


if __name__ == "__main__":
    chosen = command_line().parse_args()
    main(chosen.n, chosen.only)
