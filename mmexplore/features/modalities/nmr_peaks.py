"""NMR peaks: measured 13C shifts of single atoms.

Measured 13C shifts of single atoms: what MMFRL's relational learning of peaks aims at (appendix C, equation C.5).
"""

from typing import ClassVar

import numpy as np

from mmexplore.features.modalities import Column, Measured, Record
from mmexplore.runtime.errors import BadMolecule


class NMRPeaks(Measured):
    """Assigned 13C peaks.

    ``atom`` (peaks,): number of the carbon in the molecule's ``graph2d`` record, from 0 within the molecule; ``ppm``
    (peaks,): its shift.

    By ascending atom, then shift. Peaks that no carbon is assigned to are left out; carbons of one shift have a row
    each.
    """

    version: ClassVar[int] = 1
    columns: ClassVar[dict[str, Column]] = {
        "atom": Column("int32", axis="peaks"),
        "ppm": Column("float32", axis="peaks"),
    }

    def measured(self, ppm: np.ndarray, atom: np.ndarray) -> Record:
        """The record of the assigned peaks; the order of peaks does not matter. Raises BadMolecule for none."""
        if not len(ppm):
            raise BadMolecule("it has no measured 13C spectrum")
        order = np.lexsort((ppm, atom))
        order = order[atom[order] >= 0]
        if not len(order):
            raise BadMolecule("its 13C spectrum is known, but not which peak is which atom's")
        return {"atom": atom[order].astype(np.int32), "ppm": ppm[order].astype(np.float32)}
