"""Data set catalog: all data sets by name, and any table of molecules by path.

Each is standardised once, then read from the home.

What is kept is keyed by the content of the source files, the choices made and the versions of RDKit and of this code:
a changed file is a new data set, a second load does not touch RDKit.
"""

import hashlib
import importlib.metadata
import json
import re
import shutil
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypedDict, Unpack

from mmexplore.chem.file_endings import FORMATS, looks_like_a_file
from mmexplore.datasets import (
    Dataset,
    Entry,
    Kind,
    RawTable,
    Task,
    appended,
    embedded,
    moleculenet,
    nmrshiftdb2,
    storage,
    yours,
)
from mmexplore.datasets.published import PUBLISHED
from mmexplore.runtime import seals
from mmexplore.runtime.errors import BadTable, Damaged, UnknownName
from mmexplore.runtime.files import claimed, sweep
from mmexplore.runtime.home import Home, read_json
from mmexplore.runtime.progress import Progress, silent

if TYPE_CHECKING:
    import pandas as pd

    from mmexplore.datasets.file import Preview

VERSION = 3
GIVEN = (*embedded.NAMES, *PUBLISHED, nmrshiftdb2.NAME)
"""Names that stand for the same everywhere, whatever a user adds."""

_ON_WINDOWS = re.compile(r"[A-Za-z]:[\\/]|\\\\")


class Choices(TypedDict, total=False):
    """Import options: how a table is read where the guesses, or a data set's own ways, are not meant.

    ``smiles``, ``name`` and ``targets`` choose columns, ``sheet`` that of a workbook; ``salts`` and ``duplicates``
    overrule how rows are treated (a user's file: "strip", "merge"; published sets: "keep"). ``kinds`` by label,
    ``unit``, ``log``, ``threshold`` and ``qualifiers`` are those of
    :class:`mmexplore.datasets.readers.labels.LabelRule`, of a user's file alone.
    """

    smiles: str | None
    name: str | None
    targets: Sequence[str] | None
    salts: Literal["keep", "strip"] | None
    duplicates: Literal["keep", "merge"] | None
    kinds: Mapping[str, Kind] | None
    unit: str | None
    log: bool | None
    threshold: float | None
    qualifiers: Literal["drop", "bound", "classes"] | None
    sheet: str | None


@dataclass(frozen=True)
class _Source:
    """A data set before it is read: what it is called, which files it is made of, and how they are read."""

    name: str
    title: str
    files: tuple[Path, ...]
    read: Callable[[], RawTable]


def entries(*, home: Home) -> list[Entry]:
    """Catalog entries of every data set that has a name.

    Embedded ones, MoleculeNet's, NMRShiftDB2, then the user's own.
    """
    return [
        *embedded.entries(),
        *moleculenet.entries(home=home),
        *nmrshiftdb2.entries(home=home),
        *yours.entries(home=home),
    ]


def names(*, home: Home) -> list[str]:
    """Names of the entries, without a look at what is here of them."""
    return [*GIVEN, *yours.cards(home=home)]


def load(name_or_path: str | Path, *, progress: Progress = silent, home: Home, **chosen: Unpack[Choices]) -> Dataset:
    """A data set by name, or a table of molecules by path; standardised on the first load, kept for the next.

    ``chosen`` are :class:`Choices`. Raises UnknownName, NotAvailable, BadTable.
    """
    source, choices, content = _asked(name_or_path, chosen, progress, home=home)
    place = _place(source, choices, content, home=home)
    return storage.read(place, source.name, source.title) or _made(source, choices, progress, content, home=home)


def rows(
    name_or_path: str | Path, *, progress: Progress = silent, home: Home, **chosen: Unpack[Choices]
) -> "pd.DataFrame":
    """What became of each row that was read, in its order: line, status, reason, smiles, name, and its own labels.

    Raises UnknownName, NotAvailable, BadTable.
    """
    from mmexplore.datasets.curation import row_columns

    source, choices, content = _asked(name_or_path, chosen, progress, home=home)
    columns = row_columns(load(name_or_path, progress=progress, home=home, **chosen).tasks)
    place = _place(source, choices, content, home=home)
    found = storage.read_rows(place, columns)
    if found is None:
        _made(source, choices, progress, content, home=home)
        found = storage.read_rows(place, columns)
    assert found is not None
    return found


def _asked(
    name_or_path: str | Path, chosen: Choices, progress: Progress, *, home: Home
) -> tuple[_Source, dict[str, Any], str]:
    choices = _full(chosen)
    name_or_path = yours.current(str(name_or_path), home=home)
    if card := yours.cards(home=home).get(str(name_or_path)):
        choices = {key: card["choices"].get(key) if value is None else value for key, value in choices.items()}
    source = _source(_unquoted(str(name_or_path)), choices, progress, home=home)
    return source, choices, card["content"] if card else ""


def _place(source: _Source, choices: dict[str, Any], content: str = "", *, home: Home) -> Path:
    return home.folder("datasets") / _key(source.files, choices, content)


def _made(source: _Source, choices: dict[str, Any], progress: Progress, content: str = "", *, home: Home) -> Dataset:
    """The data set made from its source, and kept; ``content`` is what a card says of the files. Raises Damaged."""
    written = yours.digests(source.name, home=home) if content else {}
    for path in source.files:
        if path.name in written and _digest(path) != written[path.name]:
            raise Damaged(f"{path} is not the file that was imported as {source.name!r}; import it again")
    from mmexplore.datasets.curation import curated

    raw = source.read()
    raw = replace(raw, salts=choices["salts"] or raw.salts, duplicates=choices["duplicates"] or raw.duplicates)
    dataset, table = curated(raw, source.name, source.title, progress)
    place = _place(source, choices, content, home=home)
    storage.write_rows(place, table)
    storage.write(place, dataset)
    return dataset


def fetch(name: str, progress: Progress = silent, *, home: Home) -> Path:
    """The file of a named data set, downloaded if it is not here. Raises NotAvailable, UnknownName."""
    sources = {entry.name: entry.source for entry in entries(home=home)}
    if name not in sources:
        raise UnknownName("data set", name, sources)
    if sources[name] == "yours":
        return yours.upload(name, home=home)
    if sources[name] == "nmrshiftdb2":
        return nmrshiftdb2.fetch(progress, home=home)[0]
    return embedded.files(name)[0] if sources[name] == "embedded" else moleculenet.fetch(name, progress, home=home)


def preview(path_or_text: Path | str, sheet: str | None = None) -> "Preview":
    """Import preview: columns, first rows and guesses of a file or of pasted text. Raises BadTable."""
    from mmexplore.datasets import file

    return file.preview(_given(path_or_text), sheet=sheet)


def add(
    path_or_text: Path | str,
    title: str,
    *,
    progress: Progress = silent,
    home: Home,
    overwrite: bool = False,
    **chosen: Unpack[Choices],
) -> Dataset:
    """Keep a user's molecules under a name made from the title, so that they load by that name from now on.

    ``chosen`` are :class:`Choices`. A name of the catalogue is never taken over; one of the user's own is with
    ``overwrite``, else the new one gets a number. The same content with the same choices is not kept twice. Raises
    BadTable, BadRecipe, UnknownName.
    """
    given, choices = _given(path_or_text), _full(chosen)
    content, old = _content(given), yours.slug(title)
    mine = yours.cards(home=home)
    if overwrite and old not in mine and old in [entry.name for entry in entries(home=home)]:
        raise BadTable(f"{old!r} is a data set of the catalogue, which is never replaced; give another name")
    same = hashlib.sha256(json.dumps([content, choices], sort_keys=True, allow_nan=False).encode()).hexdigest()[:16]
    lock = home.folder("datasets", "yours") / f".{same}.lock"
    with claimed(lock, "the very same molecules are being imported by another process; wait for it to end"):
        known = _known(given, choices, home=home)
        if known is not None and (not overwrite or known == old):
            return load(known, progress=progress, home=home)
        replaced = overwrite and old in mine
        named = yours.held(old, home=home) if replaced else yours.named(title, partial(_names, home), home=home)
        with named as new:
            path = yours.receive(given, new, home=home)
            try:
                called = given.name if isinstance(given, Path) else "the pasted text"
                read = partial(_of_file, path, choices, progress, ask=True, called=called)
                dataset = _made(_Source(new, title, (path,), read), choices, progress, home=home)
                if replaced:
                    remove(old, home=home)
                yours.keep(new, title, path, content, choices, dataset, home=home)
            except BaseException:
                seals.remove(path)
                raise
        return load(new, progress=progress, home=home)


def _names(home: Home) -> list[str]:
    return [entry.name for entry in entries(home=home)]


def append(
    name: str, path_or_text: Path | str, *, progress: Progress = silent, home: Home
) -> tuple[Dataset, appended.Appended]:
    """Add the rows of another file, or of text, to a data set of the user's own; and the report on these rows.

    Columns are matched by name, duplicates fall under the rule of the data set. What was made of its former content
    stays valid for that. Raises UnknownName for a data set that is not the user's, BadTable.
    """
    first, given = yours.upload(name, home=home), _given(path_or_text)
    content = _content(given)
    with yours.held(name, home=home):
        before, card = load(name, progress=progress, home=home), yours.cards(home=home)[name]
        path = yours.receive(given, f"{name}-more", home=home)  # no name of a data set holds a hyphen
        called = given.name if isinstance(given, Path) else "the pasted text"
        files = {first: first.name, **yours.more(name, home=home), path: called}
        choices = _full(card["choices"])
        source = _Source(name, card["title"], tuple(files), lambda: _of_files(files, choices, progress, ask=False))
        try:
            after = _made(source, choices, progress, yours.grown(card, content), home=home)
            yours.keep_more(name, path, called, content, after, home=home)
        except BaseException:
            seals.remove(path)
            raise
    return after, appended.difference(before, after)


def known(path_or_text: Path | str, *, home: Home, **chosen: Unpack[Choices]) -> str | None:
    """The user's data set that is this content with these choices already, None where there is none."""
    return _known(_given(path_or_text), _full(chosen), home=home)


def _known(given: Path | str, choices: dict[str, Any], *, home: Home) -> str | None:
    content = _content(given)
    for name, card in yours.cards(home=home).items():
        if (card["content"], _full(card["choices"])) == (content, choices):
            return name
    return None


def _content(given: Path | str) -> str:
    return _digest(given) if isinstance(given, Path) else hashlib.sha256(given.encode()).hexdigest()


def remove(name: str, *, home: Home) -> None:
    """Forget a data set of the user's own, and delete its files. Raises UnknownName."""
    yours.upload(name, home=home)
    card, place = yours.cards(home=home)[name], home.folder("datasets")
    folder = place / _key((), _full(card["choices"]), card["content"])
    with suppress(OSError, ValueError, KeyError, TypeError):
        digest = read_json(folder / "card.json")["digest"]
        made = [*(home / "embeddings").glob(f"*-{digest[:16]}-*"), *(home / "maps").glob(f"*-{digest[:16]}")]
        sweep([*made, *(home / "descriptors").glob(f"{digest}-*")])
    shutil.rmtree(folder, ignore_errors=True)
    yours.forget(name, home=home)


def _full(chosen: Choices) -> dict[str, Any]:
    """All choices, None where none was made, as they are kept with a data set and part of its key."""
    names = Choices.__annotations__
    if odd := chosen.keys() - names.keys():
        raise TypeError(f"nothing called {sorted(odd)} can be chosen; there are: {', '.join(names)}")
    full: dict[str, Any] = dict.fromkeys(names) | {key: value for key, value in chosen.items() if value is not False}
    return full | {"targets": None if full["targets"] is None else list(full["targets"])}


def _source(name: str, choices: dict[str, Any], progress: Progress, *, home: Home) -> _Source:
    titles = {entry.name: (entry.source, entry.title) for entry in entries(home=home)}
    kind, title = titles.get(name, ("path", Path(name).name))
    if kind == "embedded":
        files = embedded.files(name)
        return _Source(name, title, files, lambda: _chosen(embedded.raw(name, progress), choices))
    if kind == "moleculenet":
        also = choices["targets"] or ()
        files = (moleculenet.fetch(name, progress, home=home),)
        return _Source(name, title, files, lambda: _chosen(moleculenet.raw(name, also, progress, home=home), choices))
    if kind == "nmrshiftdb2":
        files = nmrshiftdb2.fetch(progress, home=home)
        return _Source(name, title, files, lambda: _chosen(nmrshiftdb2.raw(files, progress), choices))
    path = yours.upload(name, home=home) if kind == "yours" else Path(name).expanduser()
    if kind == "path" and not path.is_file() and not _looks_like_path(name):
        raise UnknownName("data set", name, titles)

    given = {path: path.name} | (yours.more(name, home=home) if kind == "yours" else {})
    ask = kind == "path"  # of what was imported it was asked then
    return _Source(name, title, tuple(given), lambda: _of_files(given, choices, progress, ask=ask))


def _of_files(files: Mapping[Path, str], choices: dict[str, Any], progress: Progress, *, ask: bool) -> RawTable:
    """One raw table of a user's files, by what people call them."""
    readers = [(called, partial(_read_with, path, progress, ask)) for path, called in files.items()]
    return appended.joined(readers, choices)


def _read_with(path: Path, progress: Progress, ask: bool, choices: Mapping[str, Any]) -> RawTable:
    return _of_file(path, dict(choices), progress, ask=ask)


def _of_file(
    path: Path, choices: dict[str, Any], progress: Progress, *, ask: bool = False, called: str = ""
) -> RawTable:
    from mmexplore.datasets import file

    columns = {key: choices[key] for key in ("smiles", "name", "targets", "kinds", "threshold", "qualifiers", "sheet")}
    asked: dict[str, Any] = {"unit": choices["unit"] or "", "log": bool(choices["log"]), "ask": ask, "called": called}
    return file.raw(path, **columns, **asked, progress=progress)


def _chosen(raw: RawTable, choices: dict[str, Any]) -> RawTable:
    """A published set with other columns than its own for labels, names or structures."""
    from mmexplore.datasets.readers.columns import kind, numbers

    for column in (choices["smiles"], choices["name"], *(choices["targets"] or ())):
        if column is not None and column not in raw.frame:
            raise UnknownName("column", column, raw.frame.columns)
    known = {task.name: task for task in raw.tasks}
    tasks = raw.tasks
    if choices["targets"]:
        tasks = tuple(known.get(t) or Task(t, kind(numbers(raw.frame[t])[0])) for t in choices["targets"])
    return replace(
        raw,
        tasks=tasks,
        smiles_column=choices["smiles"] or raw.smiles_column,
        name_column=choices["name"] or raw.name_column,
    )


def _key(files: tuple[Path, ...], choices: dict[str, Any], known: str = "") -> str:
    content = [known] if known else [_digest(path) for path in files]
    versions = [VERSION, importlib.metadata.version("rdkit")]
    return hashlib.sha256(
        json.dumps([content, choices, versions], sort_keys=True, allow_nan=False).encode()
    ).hexdigest()[:32]


def _digest(path: Path) -> str:
    if not path.is_file():
        raise BadTable(f"there is no file {str(path)!r}; give the path of a {FORMATS} file")
    with seals.verify(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _given(path_or_text: Path | str) -> Path | str:
    """Text is text; a str is a path only if it is one line that begins or ends like a path to a file of molecules.

    Windows copies paths in quotes. No SMILES begins with a drive or a share: it would have two bonds in a row.
    """
    if isinstance(path_or_text, Path):
        return path_or_text
    line = _unquoted(path_or_text)
    named = looks_like_a_file(line) or _ON_WINDOWS.match(line)
    return Path(line).expanduser() if "\n" not in line and named else path_or_text


def _unquoted(name: str) -> str:
    plain = name.strip()
    return plain[1:-1].strip() if len(plain) > 1 and plain[0] == plain[-1] == '"' else plain


def path_of(name: str, *, home: Home) -> Path:
    """The file that is meant where no data set is called so. Raises UnknownName for what looks like no path."""
    path = Path(_unquoted(name)).expanduser()
    if not path.is_file() and not _looks_like_path(name):
        raise UnknownName("data set", name, _names(home))
    return path


def _looks_like_path(name: str) -> bool:
    return "/" in name or "\\" in name or looks_like_a_file(name)
