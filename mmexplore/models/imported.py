"""Imported embeddings: vectors of a user's own, bound to the molecules of one data set, a view beside a model's.

Such an embedding is a :class:`~mmexplore.models.registry.Model` without recipe and card, a folder among the runs:
``vectors.npy`` (n, width) with a row a molecule of the data set, NaN where there is none; ``lacking.npy`` says why; and
``vectors.json``, written last, makes it whole. Nothing here encodes a new molecule.
"""

import hashlib
import os
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from mmexplore.chem.standardize import standardize_all
from mmexplore.datasets import Dataset, Skipped
from mmexplore.datasets.readers.vectors import VectorFile
from mmexplore.models import registry
from mmexplore.models.embeddings import Embedded
from mmexplore.models.registry import Model
from mmexplore.recipes.recipe import MOST_BYTES
from mmexplore.runtime import files, seals
from mmexplore.runtime.cache import FileVersion, cached, version
from mmexplore.runtime.errors import BadCheckpoint, BadRecipe, BadTable, Damaged, NotAvailable, UnknownName
from mmexplore.runtime.home import Home, read_json, write_json
from mmexplore.runtime.progress import Progress, silent

FILE, VECTORS, LACKING, FORMAT = registry.IMPORTED, "vectors.npy", "lacking.npy", 1
VIEW = "vectors"
REASONS = (
    "",
    "the file has no vector for it",
    "its vector holds NaN or infinity, or is empty",
    "the file has several vectors for it that differ",
    "its name stands at several molecules",
    "it has no name to be matched by",
)
_ABSENT, _NOT_FINITE, _CONTRADICTED, _SHARED_NAME, _NAMELESS = range(1, len(REASONS))
_ROUNDING = 1e-4
"""Vectors of one molecule that differ by no more, relative to the largest number, are one vector."""
_SHOWN = 5


@dataclass(frozen=True)
class Imported(Model):
    """Imported embedding of the data set ``bound``, whose molecules have the digest ``molecules``.

    ``held`` of ``n`` molecules have a vector of ``width`` numbers; ``by`` and ``notes`` say how rows were matched;
    ``content`` is the digest of the vectors.
    """

    bound: str = ""
    molecules: str = ""
    n: int = 0
    held: int = 0
    width: int = 0
    by: str = ""
    content: str = ""
    notes: tuple[str, ...] = ()

    @property
    def digest(self) -> str:
        """Digest of the vectors."""
        return self.content

    @property
    def data(self) -> str:
        """Name of the data set that it holds vectors of."""
        return self.bound

    @property
    def megabytes(self) -> float:
        """Size of the folder on disk."""
        return sum(p.stat().st_size for p in self.folder.rglob("*") if p.is_file()) / 1e6


@dataclass(frozen=True)
class Held(Embedded):
    """Imported vectors as an embedding, memory-mapped. Damaged ones cannot be made anew."""

    @property
    def digest(self) -> str:
        """Digest of the file."""
        return f"{self.folder} {version(self.folder / VECTORS)}"

    @property
    def missing(self) -> np.ndarray:
        """Rows (int64) without a vector."""
        return np.flatnonzero(_lacking(self.folder))

    def view(self, name: str) -> np.ndarray:
        """Memory-mapped (n, width) float32, read-only. Raises UnknownName, Damaged."""
        if name not in self.dimensions:
            raise UnknownName("view of this model", name, self.dimensions)
        found: np.ndarray = np.load(_sound(self.folder / VECTORS), mmap_mode="r", allow_pickle=False)
        return found

    def verify(self) -> None:
        """Read the file once."""
        self.view(self.views[0])


@dataclass(frozen=True)
class Matched:
    """Vectors matched with a data set: ``x`` float32 (n, width), NaN where ``lacking`` int8 (n,) is not 0."""

    x: np.ndarray
    lacking: np.ndarray
    by: str
    notes: tuple[str, ...]


def molecules_of(dataset: Dataset) -> str:
    """Digest of the molecules of a data set in their order, whatever their labels."""
    return _molecules(dataset)


@cached(16)
def _molecules(dataset: Dataset) -> str:
    return hashlib.sha256("\n".join(map(str, dataset.smiles)).encode()).hexdigest()[:32]


def match(given: VectorFile, dataset: Dataset, progress: Progress = silent) -> Matched:
    """Vectors of a file brought to the rows of a data set, by SMILES, ids or order.

    SMILES are standardised as those of the data set were. Raises BadTable where no row matches, where the counts of
    rows without names differ, and where no vector is finite.
    """
    finite = np.isfinite(given.x).all(1)
    if given.by == "order":
        if len(given) != len(dataset):
            raise BadTable(
                f"the file has {len(given):,} vectors and neither names nor SMILES, and {dataset.name!r} has "
                f"{len(dataset):,} molecules (of {dataset.report.read:,} rows read): by order alone they cannot be "
                "matched; give a file with a column of names or SMILES"
            )
        source = np.arange(len(dataset))
        lacking = np.where(finite, 0, _NOT_FINITE).astype(np.int8)
        said, unused = [f"matched by order: row i of the file is molecule i of {dataset.name!r}"], 0
    else:
        keys, own, lacking = _keys(given, dataset, progress)
        source, lacking, unused = _places(keys, own, given.x, finite, lacking)
        said = [f"matched by {given.by}, column {given.column!r}"]
        if not (source >= 0).any() and not (lacking >= _NOT_FINITE).any():
            raise BadTable(
                f"no row of the file matches a molecule of {dataset.name!r} by {given.by}: the file begins with "
                f"{next(iter(given.keys), '')[:80]!r}, the data set with {next(iter(own), '')[:80]!r}"
            )
    good = lacking == 0
    if not good.any():
        whys = "; ".join(REASONS[number] for number in np.unique(lacking).tolist())
        raise BadTable(f"no molecule of {dataset.name!r} has a vector that can be used: {whys}")
    x = np.full((len(dataset), given.x.shape[1]), np.nan, np.float32)
    x[good] = given.x[source[good]]
    told = [*said, *given.notes, *_told(lacking, dataset)]
    if unused:
        told.append(f"{unused:,} rows of the file are of no molecule of {dataset.name!r}, and were left")
    return Matched(x, lacking, given.by, tuple(told))


def _told(lacking: np.ndarray, dataset: Dataset) -> list[str]:
    told = []
    for number, reason in enumerate(REASONS):
        rows = np.flatnonzero(lacking == number)
        if number and len(rows):
            lines = ", ".join(map(str, dataset.lines[rows[:_SHOWN]].tolist())) + (" ..." if len(rows) > _SHOWN else "")
            told.append(f"{len(rows):,} of {len(dataset):,} molecules are left out: {reason} (lines {lines})")
    return told


def _keys(given: VectorFile, dataset: Dataset, progress: Progress) -> tuple[list[str], list[str], np.ndarray]:
    """Keys of the file's rows, those of the data set's, and which of these cannot be matched."""
    lacking = np.zeros(len(dataset), np.int8)
    if given.by == "ids":
        own = [str(name).strip() for name in dataset.names]
        of: dict[str, str] = {}
        several = {n for n, s in zip(own, dataset.smiles.tolist(), strict=True) if n and of.setdefault(n, s) != s}
        lacking[[row for row, name in enumerate(own) if name in several]] = _SHARED_NAME
        lacking[[row for row, name in enumerate(own) if not name]] = _NAMELESS
        return list(given.keys), own, lacking
    own = [str(smiles) for smiles in dataset.smiles]
    known, keys = set(own), list(given.keys)
    odd = [row for row, key in enumerate(keys) if key and key not in known]
    texts = [keys[row] for row in odd]
    forms = [[f.smiles for f in standardize_all(texts, salts, progress)] for salts in ("keep", "strip")]
    best = max(forms, key=lambda form: sum(one in known for one in form))
    for row, form in zip(odd, best, strict=True):
        keys[row] = form or keys[row]
    return keys, own, lacking


def _places(
    keys: list[str], own: list[str], x: np.ndarray, finite: np.ndarray, lacking: np.ndarray
) -> tuple[np.ndarray, np.ndarray, int]:
    """Row of the file for each molecule (-1: none), which lack one and why, and how many rows are of no molecule."""
    first: dict[str, int] = {}
    bad: dict[str, int] = {}
    wanted = {key for key, why in zip(own, lacking.tolist(), strict=True) if not why}
    unused = 0
    for row, key in enumerate(keys):
        if key not in wanted:
            unused += 1
        elif not finite[row]:
            bad.setdefault(key, _NOT_FINITE)
        elif (before := first.setdefault(key, row)) != row and not _same(x[before], x[row]):
            bad[key] = _CONTRADICTED
    source, lacking = np.full(len(own), -1), lacking.copy()
    for number, key in enumerate(own):
        if lacking[number]:
            continue
        if key in first and bad.get(key) != _CONTRADICTED:
            source[number] = first[key]
        else:
            lacking[number] = bad.get(key, _ABSENT)
    return source, lacking, unused


def _same(a: np.ndarray, b: np.ndarray) -> bool:
    a, b = a.astype(np.float64), b.astype(np.float64)
    return bool(np.abs(a - b).max() <= _ROUNDING * np.abs(a).max())


def make(title: str, matched: Matched, dataset: Dataset, source: str, *, home: Home) -> Imported:
    """Keep matched vectors as an embedding of a data set, under a title. Raises BadRecipe for one that is empty."""
    if not title.strip():
        raise BadRecipe("an embedding's name cannot be empty")
    folder = registry.new_run(title.strip(), home=home)
    with files.whole_or_gone(folder, before=False):
        _save(folder / VECTORS, matched.x)
        _save(folder / LACKING, matched.lacking)
        content = hashlib.sha256(f"{seals.digest_of(folder / VECTORS)} {molecules_of(dataset)}".encode())
        about = {"format": FORMAT, "title": title.strip(), "data": dataset.name, "molecules": molecules_of(dataset)}
        about |= {"n": len(dataset), "held": int((matched.lacking == 0).sum()), "width": matched.x.shape[1]}
        about |= {"by": matched.by, "content": content.hexdigest()[:16], "notes": list(matched.notes)}
        about |= {"source": source, "created": datetime.now(UTC).isoformat(timespec="seconds")}
        write_json(folder / FILE, about)
    return read(folder, home=home)


def _save(path: Path, values: np.ndarray) -> None:
    with path.open("wb") as file:
        np.save(file, values, allow_pickle=False)
        file.flush()
        os.fsync(file.fileno())
    seals.seal(path)


def models(*, home: Home) -> list[Imported]:
    """All imported embeddings by name; damaged ones are left out."""
    runs = registry.run_folders(home=home)
    found = (_found(run, home=home) for run in runs if (run / FILE).is_file())
    return [one for one in found if one]


def damaged(*, home: Home) -> dict[str, str]:
    """Imported embeddings that are none any more, by name: why not."""
    found = {}
    for run in registry.run_folders(home=home):
        if (run / FILE).is_file():
            try:
                read(run, home=home)
            except BadCheckpoint as error:
                found[run.name] = str(error)
    return found


def _found(folder: Path, *, home: Home) -> Imported | None:
    try:
        return read(folder, home=home)
    except BadCheckpoint:
        return None


def read(folder: Path, *, home: Home) -> Imported:
    """The imported embedding in a folder. Raises BadCheckpoint."""
    try:
        values = _record(version(folder / FILE))
        if not (folder / VECTORS).is_file() or not (folder / LACKING).is_file():
            raise ValueError(f"{VECTORS} or {LACKING} is gone")
    except Damaged as error:
        raise BadCheckpoint(str(error)) from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        first = " ".join(str(error).split())[:300]
        raise BadCheckpoint(f"{folder / FILE} is no imported embedding of this version: {first}") from None
    name = folder.name if folder.parent == registry.runs_folder(home=home) else str(folder)
    title, bound, molecules, n, held, width, by, content, notes = values
    return Imported(
        name,
        title,
        folder,
        shipped=False,
        views=(VIEW,),
        bound=bound,
        molecules=molecules,
        n=n,
        held=held,
        width=width,
        by=by,
        content=content,
        notes=notes,
    )


@cached(256)
def _record(file: FileVersion) -> tuple[str, str, str, int, int, int, str, str, tuple[str, ...]]:
    values = read_json(file.path, MOST_BYTES)
    if values["format"] != FORMAT:
        raise ValueError(f"it has format {values['format']!r}, and this version reads format {FORMAT}")
    title, bound, molecules, by, content = (str(values[k]) for k in ("title", "data", "molecules", "by", "content"))
    n, held, width = (int(values[k]) for k in ("n", "held", "width"))
    if not 0 < held <= n or width < 1 or not content.isalnum():
        raise ValueError(f"it has {held} vectors of {width} numbers for {n} molecules")
    return title, bound, molecules, n, held, width, by, content, tuple(map(str, values["notes"]))


def embedded(model: Imported, dataset: Dataset) -> Held:
    """Vectors of a data set as an embedding. Raises NotAvailable for other molecules than they were imported for."""
    if not is_of(model, dataset):
        same = "whose molecules are others now" if model.bound == dataset.name else f"and not of {dataset.name!r}"
        raise NotAvailable(
            f"{model.name!r} was imported: it holds vectors of the molecules of {model.bound!r} alone, {same}; choose "
            f"that data set, or import vectors for {dataset.name!r}"
        )
    shape = np.load(_sound(model.folder / VECTORS), mmap_mode="r", allow_pickle=False).shape
    if shape != (model.n, model.width) or len(_lacking(model.folder)) != model.n:
        raise Damaged(
            f"{model.folder / VECTORS} has shape {shape}, and {(model.n, model.width)} was kept; import it again"
        )
    return Held(model.folder, model.n, {VIEW: model.width})


def is_of(model: Model, dataset: Dataset) -> bool:
    """Whether a data set is one that a model can be shown with: imported vectors can with their own alone."""
    return not isinstance(model, Imported) or model.molecules == molecules_of(dataset)


def skipped(model: Imported, dataset: Dataset) -> tuple[Skipped, ...]:
    """Skipped rows of the data set that the vectors are of; none of another one."""
    return without(model, dataset, embedded(model, dataset).missing) if is_of(model, dataset) else ()


def without(model: Imported, dataset: Dataset, rows: np.ndarray) -> tuple[Skipped, ...]:
    """Skipped rows of a data set, of those that are known to lack a place, with the reason of each."""
    lacking = _lacking(embedded(model, dataset).folder)
    return dataset.skipped({row: REASONS[lacking[row]] or REASONS[_NOT_FINITE] for row in np.asarray(rows).tolist()})


def no_encoder(model: Imported) -> str:
    """Why a molecule that is not in the data set cannot be placed, in a sentence."""
    return (
        f"{model.name!r} was imported: it holds vectors of the molecules of {model.bound!r} and nothing that could "
        "embed another one; choose one of these, or a model"
    )


def _sound(path: Path) -> Path:
    try:
        return seals.verify(path)
    except OSError:
        raise Damaged(f"{path} is gone; bring it back from a backup, or import it again") from None


def _lacking(folder: Path) -> np.ndarray:
    found: np.ndarray = np.load(_sound(folder / LACKING), allow_pickle=False)
    return found


def rename(chosen: Imported, title: str, *, home: Home) -> None:
    """Give an imported embedding another title. Raises BadRecipe for one that lies elsewhere."""
    _own(chosen.name, home=home)
    write_json(chosen.folder / FILE, read_json(chosen.folder / FILE, MOST_BYTES) | {"title": title})


def delete(name: str, *, home: Home) -> None:
    """Delete an imported embedding, damaged ones too. Raises BadRecipe for one that is not among the runs."""
    folder = _own(name, home=home)
    files.patiently(lambda: shutil.rmtree(folder))


def _own(name: str, *, home: Home) -> Path:
    folder = registry.runs_folder(home=home) / name
    if Path(name).name != name or not (folder / FILE).is_file():
        raise BadRecipe(f"{name!r} is no imported embedding of this home; only those can be changed here")
    return folder
