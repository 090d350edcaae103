"""Data sets: what there is, imports of files as jobs, summaries, searches."""

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

from mmexplore.chem import file_endings
from mmexplore.datasets import Dataset, Entry, catalog, search, tables, yours
from mmexplore.datasets import summary as summaries
from mmexplore.datasets.appended import Appended
from mmexplore.datasets.catalog import Choices
from mmexplore.datasets.search import SearchResult
from mmexplore.datasets.splits import SplitRule, by_column
from mmexplore.explore import comparison
from mmexplore.explore.comparison import Comparison
from mmexplore.runtime.cache import FileVersion, cached, version
from mmexplore.runtime.errors import BadRecipe, BadTable
from mmexplore.runtime.files import allowed
from mmexplore.runtime.home import json_text, write_atomically
from mmexplore.runtime.jobs import client
from mmexplore.runtime.jobs.folder import Job
from mmexplore.runtime.progress import Progress, silent
from mmexplore.studio.door import check_names, dataset, home, split_files

if TYPE_CHECKING:
    import pandas as pd


def datasets() -> list[Entry]:
    """Catalog entries of every data set that has a name.

    Embedded ones, MoleculeNet's, NMRShiftDB2, then the user's own.
    """
    return catalog.entries(home=home())


def available() -> list[str]:
    """Names of the data sets that are on this machine, in the catalogue's order."""
    return [entry.name for entry in datasets() if entry.available]


def fetch(name: str, progress: Progress = silent) -> Path:
    """The file of a named data set, downloaded if it is not here. Raises NotAvailable, UnknownName."""
    return catalog.fetch(name, progress, home=home())


def add_dataset(
    path_or_text: Path | str,
    title: str,
    *,
    progress: Progress = silent,
    overwrite: bool = False,
    **chosen: Unpack[Choices],
) -> Dataset:
    """Keep a user's molecules under a name made from the title, so that they load by that name from now on.

    ``chosen`` are :class:`mmexplore.datasets.catalog.Choices`. A name of the catalogue is never taken over, one of the
    user's own with ``overwrite``; the same content with the same choices is not kept twice. Raises BadTable, BadRecipe,
    UnknownName.
    """
    return catalog.add(path_or_text, title, progress=progress, home=home(), overwrite=overwrite, **chosen)


def known_dataset(path_or_text: Path | str, **chosen: Unpack[Choices]) -> str | None:
    """The user's data set that is this content with these choices already, None where there is none."""
    return catalog.known(path_or_text, home=home(), **chosen)


def rows_of(name: str) -> "pd.DataFrame":
    """What became of each row that a data set was read from: line, status, reason, smiles, name, and its own labels."""
    return catalog.rows(name, home=home())


def write_rows(name: str, path: Path) -> Path:
    """Write :func:`rows_of` to a .csv, .tsv, .parquet or .xlsx file. Raises BadTable for another."""
    return tables.write(path, rows_of(name))


check_table = tables.check
dataset_name = yours.slug


def append(name: str, path_or_text: Path | str, *, progress: Progress = silent) -> tuple[Dataset, Appended]:
    """Add the rows of a file, or of text, to a data set of the user's own; and the report on these rows.

    Columns are matched by name. Models and maps of the former content stay valid for that. Raises UnknownName,
    BadTable.
    """
    return catalog.append(name, path_or_text, progress=progress, home=home())


def compare_datasets(a: str, b: str, progress: Progress = silent) -> Comparison:
    """Comparison of two data sets, or files: molecules that are new in ``b``, gone, or whose labels changed.

    Raises UnknownName, NotAvailable, BadTable.
    """
    return _compared(dataset(a), dataset(b), progress=progress)


@cached(4)
def _compared(a: Dataset, b: Dataset, *, progress: Progress = silent) -> Comparison:
    return comparison.compare(a, b, progress)


def remove_dataset(name: str) -> None:
    """Forget a data set of the user's own, and delete its file and what was computed of it.

    Raises UnknownName, and BadRecipe for one that came with the project or was published.
    """
    _of_yours(name)
    catalog.remove(name, home=home())


def rename_dataset(name: str, title: str) -> str:
    """Give a data set of the user's own another title, and a name made from it, which is returned.

    Models, jobs and recipes that name it by a former name still find it. Raises like :func:`remove_dataset`, and Taken
    for a name that another one has.
    """
    _of_yours(name)
    if not title.strip():
        raise BadRecipe("a data set's name cannot be empty")
    taken = {entry.name for entry in datasets()} | yours.damaged(home=home()).keys()
    return yours.rename(name, title, taken, home=home())


def current_name(name: str) -> str:
    """The name that a data set goes by now, where it was renamed since, however often; any other name as it is."""
    return yours.current(name, home=home())


def damaged_datasets() -> dict[str, str]:
    """What lies among the user's data sets and is none, by its name: why not."""
    return yours.damaged(home=home())


def _of_yours(name: str) -> None:
    if any(entry.name == name and entry.source != "yours" for entry in datasets()):
        raise BadRecipe(f"{name!r} came with the project or was published; only data sets of yours can be changed")


def write_croissant(name: str, folder: Path) -> tuple[Path, Path]:
    """Write a data set as ``NAME.parquet`` and its Croissant description, ``croissant.json``, into a folder.

    Raises UnknownName, NotAvailable, BadTable.
    """
    from mmexplore.explore.molecules import table_of

    held = dataset(name)
    entry = next((one for one in datasets() if one.name == held.name), None)
    folder.mkdir(parents=True, exist_ok=True)
    table = table_of(held, range(len(held)), home=home())
    file = tables.write(folder / f"{allowed(held.name)}.parquet", table)
    told = summaries.croissant(held, entry, table, file.name, file.read_bytes())
    write_atomically(folder / "croissant.json", json_text(told, indent=1, ascii=False) + "\n", sealed=False)
    return file, folder / "croissant.json"


def start_import(path: Path, title: str, options: dict[str, object]) -> Job:
    """Have a user's file standardised and kept by a job; options are those of :func:`add_dataset`."""
    arguments = [str(path), "--name", title, "--options", json.dumps(options, allow_nan=False)]
    return client.start("import", arguments, device="imports", title=f"import of {title}", home=home())


def start_append(path: Path, name: str) -> Job:
    """Have the rows of a user's file added to a data set by a job."""
    return client.start(
        "import", [str(path), "--append", name], device="imports", title=f"rows for {name}", home=home()
    )


def start_fetch(name: str) -> Job:
    """Have a published set downloaded by a job, or the job that is at it already; downloads have their own lane."""
    check_names(data=name)
    return client.start_once("fetch", [name], device="downloads", title=f"download of {name}", home=home())


def find(data: str, text: str) -> SearchResult:
    """Molecule search: all that a typed text means: a name, a SMILES, an InChI or a SMARTS. Raises BadMolecule."""
    return _found(dataset(data), text.strip())


@cached(32)
def _found(table: Dataset, text: str) -> SearchResult:
    return search.search(table, text)


def keep_split_file(name: str, content: bytes) -> Path:
    """Keep an uploaded split file; the same content is kept once. Raises BadTable for an ending that no table has."""
    ending = file_endings.ending(name)
    if ending not in file_endings.ENDINGS:
        raise BadTable(f"a split file is a {file_endings.FORMATS} file, and {name[:80]!r} came")
    digest = hashlib.sha256(content).hexdigest()[:16]
    plain = "".join(c if c.isalnum() or c in "-_" else "-" for c in Path(name).name.split(".")[0])[:40] or "split"
    path = split_files() / f"{plain}-{digest}{ending}"
    if not path.is_file():
        write_atomically(path, content)
    return path


def split_columns(data: str, *, dates: bool) -> list[str]:
    """Columns that a data set can be split by: with ``dates``, by time, labels, too."""
    return by_column.choosable(dataset(data), dates=dates)


def split_table(
    dataset: Dataset,
    rule: str,
    seed: int,
    fractions: tuple[float, float, float],
    tasks: tuple[str, ...] | None = None,
    molecules: int = 0,
    **options: Any,
) -> "pd.DataFrame":
    """Split table: molecules and, of the ``tasks`` (None: all), label balance or mean of each part, one row a part.

    ``molecules``: of so many, drawn by the seed (0: all). ``options`` are the other fields of
    :class:`mmexplore.datasets.splits.SplitRule`. Raises BadRecipe for what cannot be divided.
    """
    chosen = SplitRule(rule, seed, fractions, **options)
    path = Path(chosen.file).expanduser()
    return _split_table(dataset, chosen, tasks, molecules, version(path) if path.is_file() else None)


@cached(32)
def _split_table(
    table: Dataset, rule: SplitRule, tasks: tuple[str, ...] | None, molecules: int, _state: FileVersion | None
) -> "pd.DataFrame":
    return summaries.split_table(table.drawn(molecules, rule.seed), rule, tasks)


summarize = cached(8)(summaries.summarize)
property_table = cached(8)(summaries.property_table)
