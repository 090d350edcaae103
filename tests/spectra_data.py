"""Data sets with spectra that tests make up: shifts of the atoms of a few molecules."""

import numpy as np
import pandas as pd

from mmexplore.chem.molecules import canonical, parse
from mmexplore.datasets import Dataset, Report, Spectra


def measured(spectra: dict[str, dict[int, float]], name: str = "made-up") -> Dataset:
    """A data set of these canonical SMILES, each with the shift of each of its atoms that has one."""
    smiles = list(spectra)
    assert smiles == [canonical(parse(one)) for one in smiles]
    ppm = np.array([shift for one in spectra.values() for shift in one.values()], np.float32)
    atom = np.array([place for one in spectra.values() for place in one], np.int32)
    counts = np.array([len(one) for one in spectra.values()])
    n, none = len(smiles), np.full(len(smiles), "", object)
    held = Spectra(ppm, atom, counts)
    about = (np.arange(n) + 1, np.empty((n, 0), np.float32), (), pd.DataFrame(index=range(n)), Report(n, n))
    digest = f"{hash((name, tuple(smiles), ppm.tobytes())) & 0xFFFFFFFFFFFFFFFF:016x}"
    return Dataset(name, name, digest, np.array(smiles, object), none, *about, held)
