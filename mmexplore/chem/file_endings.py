"""File extensions of molecules: the one list that uploads, the command line and readers go by."""

from pathlib import PurePath

TABLES = (".csv", ".tsv", ".tab")
LINES = (".smi", ".smiles", ".ism")
RECORDS = (".sdf", ".sd", ".mol")
PACKED = ".gz"
ENDINGS = (*TABLES, ".txt", *LINES, *RECORDS)
"""Those of plain files; each may be followed by ``PACKED``."""
FORMATS = "CSV, TSV, SDF or SMI"


def ending(name: str) -> str:
    """File extension that says how to read a file, in lower case, gzipped or not; "" where there is none.

    >>> ending("My Set.CSV.gz"), ending("set.smi"), ending("README")
    ('.csv', '.smi', '')
    """
    return PurePath(name.lower().removesuffix(PACKED)).suffix


def looks_like_a_file(text: str) -> bool:
    """Whether a line of text ends like a file of molecules.

    >>> looks_like_a_file("set.SDF"), looks_like_a_file("set.gz"), looks_like_a_file("CCO ethanol")
    (True, True, False)
    """
    return text.strip().lower().endswith((*ENDINGS, PACKED))
