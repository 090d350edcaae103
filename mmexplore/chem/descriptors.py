"""Descriptors of many molecules, in worker processes: RDKit holds the interpreter's lock, and some take it seconds.

Values are those of :func:`mmexplore.chem.molecules.descriptor_values`; a molecule that RDKit refuses has none.
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
    """All descriptors, float64, one row a molecule; NaN where it has none, or kills its process."""
    import pandas as pd

    columns = list(molecules.DESCRIPTORS)
    values = np.full((len(smiles), len(columns)), np.nan)
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
    return np.array(rows(smiles), np.float64).tobytes()


def rows(smiles: Sequence[str], names: Sequence[str] = molecules.DESCRIPTORS) -> list[list[float | None]]:
    """Descriptors as plain values, None where there is none; for a process with a deadline."""
    made, _ = row_by_row.each(smiles, lambda mol: molecules.descriptor_values(mol, names))
    return [[_finite(value) for value in row] if row else [None] * len(names) for row in made]


def _finite(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


def _rows_of(answer: bytes | Died) -> np.ndarray:
    width = len(molecules.DESCRIPTORS)
    return np.full((1, width), np.nan) if isinstance(answer, Died) else np.frombuffer(answer).reshape(-1, width)
