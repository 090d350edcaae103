"""The fields of an NMRShiftDB2 record: which spectra were measured, and the peaks of one.

``Spectrum 13C n`` reads ``ppm;intensity and multiplicity;atom|...``, atoms numbered from 0 in the record's mol block.
Fields that name a program or a method of calculation list the numbers of calculated spectra: ``1:Spartan 3:Spartan``.
"""

import re
from collections.abc import Mapping

import numpy as np

_CALCULATED = ("Program", "NMRMethod", "NMRProgram")
_SPECTRUM = "Spectrum 13C "


def measured_number(fields: Mapping[str, str]) -> int | None:
    """The lowest number of a 13C spectrum that is not listed as calculated, None where there is none.

    >>> measured_number({"Spectrum 13C 0": "1.0;0.0Q;0|", "Spectrum 13C 2": "2.0;0.0Q;0|", "Program": "0:HOSE code "})
    2
    """
    calculated = {int(n) for field in _CALCULATED for n in re.findall(r"(?<!\S)(\d+):", fields.get(field, ""))}
    numbers = [name.removeprefix(_SPECTRUM) for name in fields if name.startswith(_SPECTRUM)]
    return min((int(n) for n in numbers if n.isdecimal() and int(n) not in calculated), default=None)


def peaks(fields: Mapping[str, str], number: int) -> tuple[np.ndarray, np.ndarray]:
    """Shifts in ppm, float32, and atoms of the mol block, int32, of a 13C spectrum; what is no peak is left out.

    >>> [values.tolist() for values in peaks({"Spectrum 13C 0": "18.5;0.0Q;3|77.25;0.0CH3;0|"}, 0)]
    [[18.5, 77.25], [3, 0]]
    """
    found = re.findall(r"(?:^|\|)\s*(-?\d+(?:\.\d+)?);[^;|]*;(\d{1,6})(?=\s*(?:\||$))", fields[f"{_SPECTRUM}{number}"])
    return np.array([p for p, _ in found], np.float32), np.array([a for _, a in found], np.int32)


def of_number(field: str, number: int) -> str:
    """Field value: what one such as the solvent says of one spectrum, "" where it does not.

    >>> of_number("0:Methanol-D4 (CD3OD) 1:Unreported ", 0)
    'Methanol-D4 (CD3OD)'
    """
    found = re.search(rf"(?<!\S){number}:(.*?)(?=\s\d+:|$)", field.strip())
    return found[1].strip() if found and found[1].strip() != "Unreported" else ""
