"""How fast is an exact search among 100,000 molecules: cosine beside numpy, Tanimoto beside RDKit's bulk function?

    python benchmarks/retrieval.py [--n 100000] [--rounds 15]

Cosine: 256 random numbers a molecule; numpy has them as unit rows already and takes ``argpartition`` of one
matrix-vector product. Tanimoto: ECFP4 of the NCI set, repeated until there are enough; RDKit's
``BulkTanimotoSimilarity`` is timed alone, without the sorting that a ranking needs, and ids are compared after it. Each
variant answers one query for ten hits, and 64 at once for cosine. The last row is a whole search of a query in both
spaces (ECFP and one view), as the page asks for it.
"""

import os
from typing import Any

os.environ["OMP_NUM_THREADS"] = "1"

import numpy as np
from rdkit import Chem, DataStructs
from rdkit.Chem.rdFingerprintGenerator import GetMorganGenerator
from record import Asked, record
from timing import timed

from mmexplore.chem.fingerprints import Tanimoto
from mmexplore.datasets import catalog
from mmexplore.explore.neighbors.search import Cosine, top
from mmexplore.runtime.home import default_home

K, WIDTH, QUERIES = 10, 256, 64


def fingerprints() -> list[Any]:
    generator = GetMorganGenerator(radius=2, fpSize=2048)
    return [
        generator.GetFingerprint(Chem.MolFromSmiles(smiles))
        for smiles in catalog.load("nci", home=default_home()).smiles
    ]


def main(n: int, rounds: int) -> None:
    x = np.random.default_rng(0).normal(size=(n, WIDTH)).astype(np.float32)
    unit = x / np.linalg.norm(x, axis=1, keepdims=True)
    made = fingerprints()
    prints = (made * (n // len(made) + 1))[:n]
    packed = np.array([np.packbits(np.array(each, np.uint8)) for each in made])
    cosine, tanimoto = Cosine(x), Tanimoto(np.tile(packed, (n // len(made) + 1, 1))[:n])
    one, many = np.array([17]), np.arange(QUERIES)

    def by_numpy() -> np.ndarray:
        scores = unit @ unit[17]
        best = np.argpartition(-scores, K - 1)[:K]
        return best[np.argsort(-scores[best])]

    def by_rdkit() -> np.ndarray:
        return np.array(DataStructs.BulkTanimotoSimilarity(prints[17], prints))

    ours = {
        "cosine": top(cosine, cosine.take(one), K).rows[0],
        "tanimoto": top(tanimoto, tanimoto.take(one), K).rows[0],
    }
    theirs = {"cosine": by_numpy(), "tanimoto": np.lexsort((np.arange(n), -by_rdkit()))[:K]}
    same = {name: bool((ours[name] == theirs[name]).all()) for name in ours}
    took = timed(
        {
            "numpy": by_numpy,
            "cosine": lambda: top(cosine, cosine.take(one), K),
            "cosine, 64 at once": lambda: top(cosine, cosine.take(many), K),
            "rdkit": by_rdkit,
            "tanimoto": lambda: top(tanimoto, tanimoto.take(one), K),
            "both": lambda: [top(space, space.take(one), K) for space in (cosine, tanimoto)],
        },
        rounds,
    )
    each = took["cosine, 64 at once"] / QUERIES
    rows: list[dict[str, Any]] = [
        _row("cosine", "numpy matrix-vector + argpartition", took["cosine"], took["numpy"], 0.9, same["cosine"]),
        _row("cosine, 64 at once, each", "the same, one by one", each, took["numpy"], 0.9, same["cosine"]),
        _row("Tanimoto", "RDKit BulkTanimotoSimilarity", took["tanimoto"], took["rdkit"], 3.5, same["tanimoto"]),
        _row("a search in both", "0.3 s", took["both"], 0.3, 1, all(same.values())),
    ]
    question = f"How long does an exact search for {K} among {n:,} molecules take?"
    record("retrieval", question, f"python benchmarks/retrieval.py --n {n} --rounds {rounds}", rows)


def _row(way: str, against: str, ours: float, theirs: float, budget: float, same: bool) -> dict[str, Any]:
    times = theirs / ours
    return {"way": way, "ms": 1e3 * ours, "against": against, "ms there": 1e3 * theirs} | {
        "times": times, "budget": budget, "same ids": same
    }  # fmt: skip


def command_line() -> Asked:
    """What can be asked for."""
    asked = Asked(__doc__)
    asked.option("--n", 100_000, 500)
    asked.option("--rounds", 15, 1)
    return asked


if __name__ == "__main__":
    chosen = command_line().parse_args()
    main(chosen.n, chosen.rounds)
