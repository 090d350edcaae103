"""Descriptors of many molecules, in worker processes: RDKit holds the interpreter's lock, and some take it seconds.

The columns are those of :func:`mmexplore.chem.molecules.descriptors`; a molecule that RDKit refuses has NaN in each.
"""

import math
from collections.abc import Sequence
from contextlib import closing
from typing import TYPE_CHECKING

import numpy as np

from mmexplore.chem import molecules, row_by_row
from mmexplore.runtime import processes
from mmexplore.runtime.progress import Progress, silent
from mmexplore.runtime.workers import WORKERS, Died

if TYPE_CHECKING:
    import pandas as pd

_CHUNK = 500


def table(smiles: Sequence[str], progress: Progress = silent) -> "pd.DataFrame":
    """All descriptors, one row a molecule; one that kills its process has none."""
    import pandas as pd

    columns = list(molecules.DESCRIPTORS)
    values = np.full((len(smiles), len(columns)), np.nan, np.float64)
    chunks, done = [list(smiles[start : start + _CHUNK]) for start in range(0, len(smiles), _CHUNK)], 0
    progress("descriptors", 0, len(smiles))
    with closing(WORKERS.ask(f"{__name__}:chunk", chunks, {}, processes.cores())) as results:
        for number, answers in results:
            parts = [_rows_of(answer) for answer in answers]
            values[number * _CHUNK : number * _CHUNK + len(chunks[number])] = np.concatenate(parts)
            done += len(chunks[number])
            progress("descriptors", done, len(smiles))
    return pd.DataFrame(values, columns=columns)


def chunk(smiles: Sequence[str]) -> bytes:
    """A worker's share: rows of float64 as bytes."""
    return row_by_row.descriptors(smiles).to_numpy(np.float64).tobytes()


def rows(smiles: Sequence[str], names: Sequence[str]) -> list[list[float | None]]:
    """Some descriptors as plain values, None where there is none; for a process with a deadline."""
    made, _ = row_by_row.each(smiles, lambda mol: molecules.descriptor_values(mol, names))
    finite = ([value if math.isfinite(value) else None for value in row or ()] for row in made)
    return [row or [None] * len(names) for row in finite]


def _rows_of(answer: bytes | Died) -> np.ndarray:
    width = len(molecules.DESCRIPTORS)
    return np.full((1, width), np.nan) if isinstance(answer, Died) else np.frombuffer(answer).reshape(-1, width)
