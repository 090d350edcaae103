"""Public molecules for benchmarks: ZINC250k where MMEXPLORE_DATA_DIR or the home has it, else embedded ones."""

import itertools

from mmexplore.datasets import embedded, moleculenet
from mmexplore.datasets.readers.source import opened
from mmexplore.runtime.home import default_home

MANY = 250_000
"""All of ZINC250k, to draw from."""
_EMBEDDED = ("nci", "chembl_samples", "chembl_drugs")


def zinc(n: int) -> tuple[list[str], str]:
    """``n`` different SMILES as published, and where they come from; where fewer are here, those, and a sentence."""
    path = moleculenet.find("zinc250k", home=default_home())
    if path and ".smi" in path.suffixes:
        with opened(path) as file:
            every, source = (line.split()[0] for line in file if line.strip()), "ZINC250k"
            found = list(itertools.islice(dict.fromkeys(every), n))
    else:
        every = (text for name in _EMBEDDED for text in embedded.raw(name).frame["smiles"])
        found, source = list(itertools.islice(dict.fromkeys(every), n)), "NCI and ChEMBL"
    if len(found) < n and source != "ZINC250k":
        missing = "zinc250k.smi.gz is not below the folder that MMEXPLORE_DATA_DIR names"
        print(f"{missing}: these are {len(found):,} molecules of {source} in place of {n:,}", flush=True)
    return found, source
