"""File extensions of molecules: the one list that uploads, the command line and readers go by."""

from pathlib import PurePath

TABLES = (".csv", ".tsv", ".tab")
LINES = (".smi", ".smiles", ".ism")
RECORDS = (".sdf", ".sd", ".mol")
WORKBOOK, PARQUET = ".xlsx", ".parquet"
PACKED = ".gz"
ARCHIVE = ".zip"
ENDINGS = (*TABLES, ".txt", *LINES, *RECORDS, WORKBOOK, PARQUET)
"""Those of one table; each may be followed by ``PACKED`` or lie in an ``ARCHIVE``."""
FORMATS = "CSV, TSV, SDF, SMI, Excel or Parquet"


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
    return text.strip().lower().endswith((*ENDINGS, PACKED, ARCHIVE))
