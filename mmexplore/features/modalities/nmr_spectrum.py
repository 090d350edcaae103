"""NMR spectrum: a measured 13C one as 4,000 bits, as MMFRL's NMR branch reads it: -50 to 350 ppm, ten bins a ppm.

A peak sets its bin; how many carbons share a peak, and how high it is, are not told.
"""

from typing import ClassVar

import numpy as np

from mmexplore.features.modalities import Column, Measured, Record
from mmexplore.runtime.errors import BadMolecule

LOWEST_PPM, BINS_PER_PPM, BINS = -50.0, 10, 4000


class NMRSpectrum(Measured):
    """Binned 13C spectrum.

    ``bits`` (500,): bit ``i`` stands in byte ``i // 8``, most significant first, as ``np.unpackbits`` reads them.

    Bin ``i`` is centred on ``i / 10 - 50`` ppm, because shifts are published to a tenth of a ppm.
    """

    version: ClassVar[int] = 1
    columns: ClassVar[dict[str, Column]] = {"bits": Column("uint8", BINS // 8)}

    def measured(self, ppm: np.ndarray, atom: np.ndarray) -> Record:
        """The record of the peaks within the bins; the order of peaks does not matter. Raises BadMolecule for none."""
        del atom
        places = np.rint((ppm.astype(np.float64) - LOWEST_PPM) * BINS_PER_PPM).astype(np.int64)
        places = places[(places >= 0) & (places < BINS)]
        if not len(places):
            raise BadMolecule("it has no measured 13C spectrum")
        bits = np.zeros(BINS, np.uint8)
        bits[places] = 1
        return {"bits": np.packbits(bits)}
