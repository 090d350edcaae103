"""What the tests of measured spectra share: a data set with made-up spectra on the carbons of real molecules."""

from dataclasses import replace

import numpy as np

from mmexplore.chem.molecules import parse
from mmexplore.datasets import Dataset, Spectra
from mmexplore.datasets.curation import digest


def carbons(smiles: str) -> list[int]:
    return [a.GetIdx() for a in parse(smiles).GetAtoms() if a.GetAtomicNum() == 6]


def with_spectra(dataset: Dataset, seed: int = 0, assigned: bool = True) -> Dataset:
    """Shifts that a carbon's surroundings set, a little noise on them; peaks in no order."""
    rng = np.random.default_rng(seed)
    ppm, atoms, counts = [], [], []
    for smiles in dataset.smiles:
        found = parse(str(smiles)).GetAtoms()
        own = [(20.0 + 90 * a.GetIsAromatic() + 11 * a.GetDegree(), a.GetIdx()) for a in found if a.GetAtomicNum() == 6]
        rng.shuffle(own)
        ppm += [shift + rng.normal() for shift, _ in own]
        atoms += [atom if assigned else -1 for _, atom in own]
        counts.append(len(own))
    spectra = Spectra(np.array(ppm, np.float32), np.array(atoms, np.int32), np.array(counts, np.int64))
    named = digest(dataset.smiles, dataset.labels, dataset.tasks, spectra)
    return replace(dataset, spectra=spectra, digest=named)
