"""InChIKeys: names of structures that see past their spellings (Heller et al. 2015, doi:10.1186/s13321-015-0068-4)."""

from collections.abc import Iterable, Sequence

from rdkit import Chem

from mmexplore.chem import row_by_row
from mmexplore.runtime.deadline import each
from mmexplore.runtime.progress import Progress, silent

_MOST_LATE = 20


def inchi_keys(smiles: Iterable[str], progress: Progress = silent, stage: str = "InChIKeys") -> list[str | None]:
    """InChIKeys, None also for what has none before the deadline. Raises TooLong where many are such."""
    texts = list(smiles)
    made: list[str | None] = []
    for start in range(0, len(texts), 500):
        progress(stage, start, len(texts))
        made += each(some, texts[start : start + 500], at_once=250, most_late=_MOST_LATE)
    return made


def skeletons(smiles: Iterable[str], progress: Progress = silent) -> list[str | None]:
    """First blocks of InChIKeys: the same for stereoisomers, isotopes and salts of equal parts; None for what has none.

    >>> skeletons(["C[C@H](N)C(=O)O", "C[C@@H](N)C(=O)O"])[0] in skeletons(["CC(N)C(=O)O"])
    True
    """
    return [key.partition("-")[0] if key else None for key in inchi_keys(smiles, progress)]


def some(smiles: Sequence[str]) -> list[str | None]:
    """A worker's share: InChIKey of each of some molecules, None for one that has none."""
    return row_by_row.each(smiles, lambda mol: str(Chem.MolToInchiKey(mol)))[0]  # type: ignore[no-untyped-call]
