"""Lists of 13C peaks as people write them: from a paper, a table, a file, with or without multiplicities.

Taken are plain numbers ("128.5, 77.2"), numbers with the hydrogens of their carbon ("128.5 d", "77.2 (CH2)"), a whole
sentence of a paper ("13C NMR (101 MHz, CDCl3) δ 165.3, 128.5 (2C), 55.1."), a table with a column of shifts, and
NMRShiftDB2's own ("18.5;0.0Q;3|77.25;0.0CH3;0|"). A coupling ("d, J = 245 Hz") tells of fluorine and not of hydrogens.
"""

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mmexplore.datasets.readers.source import opened
from mmexplore.runtime.errors import BadTable

MOST_PEAKS = 200
MOST_CHARACTERS = 100_000
LOWEST_PPM, HIGHEST_PPM = -50.0, 350.0

_HYDROGENS = {"s": 0, "d": 1, "t": 2, "q": 3, "c": 0, "cq": 0, "quat": 0, "ch": 1, "ch2": 2, "ch3": 3}
_NUMBER = re.compile(r"[+-]?\d+(?:\.\d+)?")
_DECIMAL_COMMA = re.compile(r"(?<![\d.])([+-]?\d{1,3}),(\d{1,3})(?![\d.])")
_NOTE = re.compile(r"\(([^()]*)\)")
_INTRODUCED = re.compile(r"^.*(?:δ|delta)\s*(?:c|\(ppm\)|ppm)?\s*[:=]?\s*", re.IGNORECASE | re.DOTALL)
_HEAD = re.compile(r"^\s*13\s*C(?:\{1H\})?[\s-]*(?:NMR)?\s*(?:\([^()]*\))?\s*[:=]?\s*", re.IGNORECASE)
_OF_NMRSHIFTDB2 = re.compile(r"^\s*-?\d+(?:\.\d+)?;[^;|]*;\d*(\s*\||$)")
_WORD = re.compile(
    r"(br\.?\s*)?([sdtqm]{1,3}|quat\.?|Cq|\d*C|C-?\d{1,2}'?|C=[OCNS]|([A-Z][a-z]?)*CH[23]?|Ar\w{0,3}|Ph|(O|N|S)?Me)",
    re.IGNORECASE,
)
_LONGEST_WORD = 12
_MULTIPLICITY_COLUMNS = ("multiplicity", "pattern", "mult", "type")
_SHIFT_COLUMNS = ("ppm", "shift", "shifts", "delta", "δ", "chemical shift", "position", "peak")
_COLUMN_NAMES = re.compile(
    rf"^\s*(?:{'|'.join(_SHIFT_COLUMNS)})(?:\s*[\[(/][^\d\t,;]*)?"
    rf"(?:[\s,;]+(?:{'|'.join(_MULTIPLICITY_COLUMNS)}))?[\s,;]+(?=[+-]?\d)",
    re.IGNORECASE,
)
"""Names of a table's columns whose lines a box has joined, as it does with what is pasted."""
_TAB_BEFORE_WORD = re.compile(r"\t+(?=[A-Za-z(])")


@dataclass(frozen=True)
class PeakList:
    """Peak list: ``ppm`` float64 (peaks,), ascending; ``hydrogens`` int64 (peaks,) on each carbon, -1 where unknown."""

    ppm: np.ndarray
    hydrogens: np.ndarray

    def __len__(self) -> int:
        return len(self.ppm)

    @property
    def text(self) -> str:
        """The list in one form, whatever it was typed in.

        >>> peak_list("77.2 (CH); 128.5").text
        '77.2 CH, 128.5'
        """
        names = {-1: "", 0: " C", 1: " CH", 2: " CH2", 3: " CH3"}
        return ", ".join(f"{ppm:g}{names[own]}" for ppm, own in zip(self.ppm.tolist(), self.hydrogens, strict=True))


def peak_list(text: str) -> PeakList:
    """Peak list of a typed or pasted text. Raises BadTable for what is none, in one sentence.

    >>> peak_list("13C NMR (101 MHz, CDCl3) δ 165.3 (C), 128.5 (d, J = 8 Hz), 55.1 (q)").hydrogens.tolist()
    [3, -1, 0]
    """
    if len(text) > MOST_CHARACTERS:
        raise BadTable(f"a list of {len(text):,} characters came; {MOST_CHARACTERS:,} is the most that is read")
    if not text.strip():
        raise BadTable("no peak came: the text is empty; shifts in ppm, such as 128.5, 77.2, would do")
    found = [_peak(entry) for entry in _entries(text)]
    if not found:
        raise BadTable(f"{_shown(text)} holds no shift; numbers in ppm, such as 128.5, 77.2, would do")
    if len(found) > MOST_PEAKS:
        raise BadTable(f"{len(found):,} peaks came; {MOST_PEAKS} is the most that a list holds")
    ppm, hydrogens = np.array([p for p, _ in found]), np.array([h for _, h in found], np.int64)
    order = np.lexsort((hydrogens, ppm))
    return PeakList(ppm[order], hydrogens[order])


def peak_file(path: Path) -> PeakList:
    """Peak list of a text file. Raises BadTable."""
    with opened(path) as file:
        return peak_list(file.read(MOST_CHARACTERS + 1))


def _entries(text: str) -> list[str]:
    """Pieces of a text, each of one peak."""
    if "|" in text and _OF_NMRSHIFTDB2.match(text):
        return [f"{ppm} ({_letters(of)})" for ppm, of in re.findall(r"(-?\d+(?:\.\d+)?);([^;|]*);", text)]
    if (column := _column(text)) is not None:
        return column
    text = _TAB_BEFORE_WORD.sub(" ", _COLUMN_NAMES.sub("", text))
    text = _HEAD.sub("", _INTRODUCED.sub("", text)).replace("−", "-").replace("–", "-")
    text = _NOTE.sub(lambda note: f"({re.sub('[,;]', ' ', note[1])})", text)
    by_comma = "," in text and not (";" in text or "\n" in text.strip())
    whole = len(text.split()) > 1 and all(_DECIMAL_COMMA.fullmatch(word.rstrip(",")) for word in text.split())
    if _DECIMAL_COMMA.search(text) and "." not in text.strip().rstrip(".") and (not by_comma or whole):
        text = _DECIMAL_COMMA.sub(r"\1.\2", text)
    pieces = [piece.strip(" .:") for piece in re.split(r"[,;\t\r\n|]+", text)]
    return [entry for piece in pieces if piece and piece.lower() not in ("ppm", "and") for entry in _apart(piece)]


def _apart(piece: str) -> list[str]:
    """A piece of several numbers, as "128.5 d 77.2 s", cut before each number that stands by itself."""
    bare = _NOTE.sub(lambda note: "(" + " " * len(note[1]) + ")", piece)
    starts = [found.start() for found in re.finditer(r"(?<![\w.(+-])[+-]?\d+(?:\.\d+)?(?![\w.])", bare)]
    if len(starts) < 2 or starts[0]:
        return [piece]
    return [piece[start:stop].strip() for start, stop in zip(starts, [*starts[1:], len(piece)], strict=True)]


def _peak(entry: str) -> tuple[float, int]:
    """Shift and hydrogens of one entry. Raises BadTable."""
    number = _NUMBER.match(entry)
    rest = entry[number.end() :].strip() if number else entry
    plain = re.sub(r"^ppm\b", "", rest.strip("()[] "), flags=re.IGNORECASE).strip("()[] ")
    if number is None or not _is_note(rest, plain):
        raise BadTable(f"{_shown(entry)} is no peak; a shift with or without its multiplicity, as 128.5 (d), would do")
    ppm = float(number[0])
    if not LOWEST_PPM <= ppm <= HIGHEST_PPM:
        raise BadTable(f"a shift of {ppm:g} ppm came; those of 13C lie between {LOWEST_PPM:g} and {HIGHEST_PPM:g}")
    return ppm, _hydrogens(plain)


def _is_note(rest: str, plain: str) -> bool:
    """Whether what stands behind a number tells of a peak: in brackets anything, else a word that chemists write."""
    return not plain or rest.startswith(("(", "[")) or (len(plain) <= _LONGEST_WORD and bool(_WORD.fullmatch(plain)))


def _hydrogens(note: str) -> int:
    """Hydrogens that a note tells of, -1 where it tells none.

    >>> [_hydrogens(note) for note in ("d", "CH2", "2C", "d  J = 245 Hz", "CH  C-4", "OCH3")]
    [1, 2, -1, -1, 1, -1]
    """
    if re.search(r"\bJ\b|Hz", note):
        return -1
    words = re.split(r"[\s,;]+", note.lower().replace("₂", "2").replace("₃", "3"))
    known = {_HYDROGENS[word] for word in words if word in _HYDROGENS}
    return known.pop() if len(known) == 1 else -1


def _column(text: str) -> list[str] | None:
    """The column of shifts of a table with a head, None for what is no such table."""
    lines = [line for line in text.strip().splitlines() if line.strip()]
    cut = next((sign for sign in ("\t", ";", ",") if lines and sign in lines[0]), "\t")
    names = [name.strip().strip('"').lower() for name in lines[0].split(cut)] if lines else []
    names = [re.sub(r"\s*[\[(/].*", "", name) or name for name in names]
    found = [place for place, name in enumerate(names) if name in _SHIFT_COLUMNS]
    if not found or len(lines) < 2:
        return None
    many = [place for place, name in enumerate(names) if name in _MULTIPLICITY_COLUMNS]
    entries = []
    for line in lines[1:]:
        cells = [cell.strip().strip('"') for cell in line.split(cut)] + [""] * len(names)
        shift = cells[found[0]].replace(",", ".")
        entries.append(f"{shift} ({cells[many[0]]})" if many and cells[many[0]] else shift)
    return entries


def _letters(of: str) -> str:
    """Multiplicity behind an intensity, as in "0.0CH3"."""
    return re.sub(r"^[\d.eE+-]*", "", of).strip()


def _shown(text: str) -> str:
    text = " ".join(text.split())
    return repr(text if len(text) <= 60 else text[:57] + "...")
