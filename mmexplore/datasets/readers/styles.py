"""Style of a text table: SD records, lines of SMILES, words below a header, or cells divided by a delimiter.

The ending says it, and where that says nothing (.txt, pasted text) the first lines do.
"""

from typing import TextIO

from mmexplore.chem import file_endings
from mmexplore.chem.molecules import readable
from mmexplore.datasets.readers.cells import HEADERS, best_delimiter, divided, head, words
from mmexplore.datasets.readers.source import Content

WORDS = "words"
BLOCKS = "mol block"
"""The column of an SD file's mol blocks."""
NO_HEADER = "the table has no header; its first line was read as a row"


def style_of(held: Content | None, file: TextIO) -> str:
    """ "sdf", "smi", "words" or a delimiter."""
    ending = file_endings.ending(held.name) if held else ""
    if ending in file_endings.RECORDS:
        return "sdf"
    if ending in file_endings.LINES:
        return _style_of_lines(file)
    delimiter = best_delimiter(file)
    if ending in file_endings.TABLES:
        return delimiter or ("\t" if ending != ".csv" else ",")
    return _style_by_content(file, delimiter)


def _style_of_lines(file: TextIO) -> str:
    """Lines of SMILES and names, unless they are a table: tabs and three columns, a header, or another delimiter."""
    lines = [text for text in head(file) if text.strip() and not text.startswith("#")]
    if not lines:
        return "smi"
    tabbed = [len(divided(text, "\t")[0]) for text in lines]
    said = lines[0].split()[0].lower() in HEADERS
    alike = tabbed.count(tabbed[0]) >= 0.6 * len(tabbed)
    if (tabbed[0] > 2 and alike) or (tabbed[0] == 2 and said and alike):
        return "\t"
    parts = [words(text) for text in lines]
    if said and len(parts[0]) > 2 and sum(len(p) == len(parts[0]) for p in parts) >= 0.9 * len(parts):
        return WORDS
    first = [p[0].split(" |")[0] for p in parts]
    if sum(map(readable, first)) < 0.5 * len(first):
        return best_delimiter(file) or "smi"
    return "smi"


def _style_by_content(file: TextIO, delimiter: str | None) -> str:
    lines = [line for line in head(file) if line.strip()]
    if any(line.startswith(("$$$$", "M  END")) for line in lines):
        return "sdf"
    first = [line.split()[0] for line in lines if line.split()[0].lower() not in HEADERS]
    if not delimiter or delimiter == "\t":
        if delimiter and lines[0].split("\t")[0].strip().lower() in HEADERS:
            return delimiter
        if sum(map(readable, first)) >= 0.5 * len(first):
            return _style_of_lines(file)
    return delimiter or ","
