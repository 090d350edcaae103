"""Upkeep of the home: its version, what it holds in bytes, and copies of data sets and models in a zip."""

import os
import shutil
import tempfile
import threading
import time
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath

from filelock import FileLock

from mmexplore.datasets import yours
from mmexplore.models import checkpoints, embeddings, ensembles, imported, registry
from mmexplore.models.ensembles import Ensemble
from mmexplore.runtime import files, seals
from mmexplore.runtime.errors import BadTable, MmexploreError, NotAvailable, Taken, UnknownName
from mmexplore.runtime.home import VERSION, Home, version_of, write_version
from mmexplore.studio.door import home

KINDS = (
    "datasets", "uploads", "runs", "features", "embeddings", "maps", "predictions", "subgraphs", "jobs", "logs",
)  # fmt: skip
"""Folders that are counted by name; the rest is ``other``."""
_WHOLE = ("datasets", "uploads", "runs", "untrained", "maps", "subgraphs", "descriptors", "targets", "jobs", "scripts")
_WRITTEN_ON = {"status.json", "events.jsonl", "log.txt", "cancel"}
_CARDS, _UPLOADS, _RUNS = "datasets/yours", "uploads", "runs"
_STALE_SECONDS = 60.0


@dataclass(frozen=True)
class Copied:
    """What a zip holds or brought: names of ``datasets`` and ``models``, and what was ``skipped`` and why."""

    file: Path
    datasets: tuple[str, ...]
    models: tuple[str, ...]
    skipped: dict[str, str]


def migrate() -> int:
    """Bring the home to the present form, where it exists; returns the version that it had.

    Version 1 had no digests: all that lies there is sealed as it is now. Raises NotAvailable for a newer version.
    """
    place = home()
    if not place.path.is_dir() or (found := version_of(place)) == VERSION:
        return VERSION
    with FileLock(place / ".version.lock"):
        found = version_of(place)
        if found < VERSION:
            for path in _unsealed(place):
                _keeping_time(path.parent, partial(seals.seal, path))
            for folder in _subfolders(place / "embeddings"):
                _keeping_time(folder, partial(embeddings.count, folder))
            write_version(place)
    return found


def _unsealed(place: Home) -> Iterator[Path]:
    for kind in _WHOLE:
        for where, below, names in os.walk(place / kind):
            below[:] = [name for name in below if not name.startswith(".")]
            done = {seals.sealed_name(name) for name in names}
            for path in (Path(where, name) for name in names if name not in done):
                odd = path.name.startswith(".") or path.name in _WRITTEN_ON or path.suffix == ".lock"
                if not odd and path.is_file():
                    yield path


def _subfolders(path: Path) -> list[Path]:
    return sorted(p for p in path.iterdir() if p.is_dir()) if path.is_dir() else []


def _keeping_time(folder: Path, act: Callable[[], object]) -> None:
    """Lists are in the order of the folders' times."""
    before = folder.stat()
    act()
    os.utime(folder, ns=(before.st_atime_ns, before.st_mtime_ns))


_counted: dict[Path, tuple[float, dict[str, int]]] = {}
_counting = threading.Lock()


def count_bytes() -> dict[str, int]:
    """Bytes of the home on the disk by kind, the largest first."""
    place = home()
    found = dict.fromkeys((*KINDS, "other"), 0)
    for where, _, names in os.walk(place.path):
        top = Path(where).relative_to(place.path).parts[:1]
        kind = top[0] if top and top[0] in KINDS else "other"
        for name in names:
            try:
                found[kind] += os.lstat(os.path.join(where, name)).st_size  # noqa: PTH118 - thousands of files
            except OSError:
                continue  # removed meanwhile
    found = dict(sorted(found.items(), key=lambda one: -one[1]))
    _counted[place.path] = time.monotonic(), found
    return found


def known_bytes() -> dict[str, int] | None:
    """:func:`count_bytes` as it was a minute ago at most; None while it is being counted, which holds up nobody."""
    place = home()
    then, found = _counted.get(place.path, (-_STALE_SECONDS, None))
    if time.monotonic() - then >= _STALE_SECONDS and _counting.acquire(blocking=False):
        from mmexplore.studio.door import at_home

        def count() -> None:
            try:
                with at_home(place):
                    count_bytes()
            finally:
                _counting.release()

        threading.Thread(target=count, name="bytes", daemon=True).start()
    return found


def backup(file: Path, data: Sequence[str] = (), models: Sequence[str] = ()) -> Copied:
    """Write data sets of the user's own and trained models to a zip; all of them where none is named.

    What is computed of them is left out, as it can be made anew; an ensemble brings its members. Raises UnknownName,
    Taken where the file is there.
    """
    place, cards = home(), yours.cards(home=home())
    trained = {m.name: m for m in ensembles.models(home=place) if not m.shipped}
    runs = list(trained)
    if not data and not models:
        data, models = list(cards), runs
    for kind, names, known in (("data set of yours", data, list(cards)), ("trained model", models, runs)):
        if unknown := [name for name in names if name not in known]:
            raise UnknownName(kind, unknown[0], known)
    found = [trained[name] for name in models]
    of_ensembles = [one.name for known in found if isinstance(known, Ensemble) for one in known.members]
    models = list(dict.fromkeys([*models, *(name for name in of_ensembles if name in trained)]))
    paths = []
    for name in data:
        paths += [place / _CARDS / f"{name}.json", yours.upload(name, home=place), *yours.more(name, home=place)]
    for name in models:
        folder = place / _RUNS / name
        kept = (p for p in sorted(folder.rglob("*")) if p.is_file() and not p.is_symlink())
        paths += [p for p in kept if not any(part.startswith(".") for part in p.relative_to(folder).parts)]
    missing = {str(path): "the file is not there" for path in paths if not path.is_file()}
    file.parent.mkdir(parents=True, exist_ok=True)
    if file.exists():
        raise Taken(f"{file} is there already; give the backup another name")
    handle, temporary = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    try:
        with os.fdopen(handle, "wb") as raw, zipfile.ZipFile(raw, "w", zipfile.ZIP_DEFLATED) as packed:
            for path in paths:
                if path.is_file():
                    packed.write(seals.verify(path), path.relative_to(place.path).as_posix())
        files.replace(Path(temporary), file)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    return Copied(file, tuple(data), tuple(models), missing)


def restore(file: Path) -> Copied:
    """Bring back what :func:`backup` wrote; what has the name of something that is here is skipped, and said.

    Raises BadTable for a file that is no such zip.
    """
    place = home()
    staging = Path(tempfile.mkdtemp(prefix=".restoring-", dir=place.folder()))
    data: list[str] = []
    models: list[str] = []
    skipped: dict[str, str] = {}
    try:
        _unpack(file, staging)
        for card in sorted((staging / _CARDS).glob("*.json")):
            _brought(card.stem, data, skipped, partial(_restore_data, card, staging, place))
        for run in _subfolders(staging / _RUNS):
            _brought(run.name, models, skipped, partial(_restore_model, run, place))
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    if not data and not models and not skipped:
        raise BadTable(f"{file} holds no data set and no model; a zip that 'home backup' wrote would do")
    return Copied(file, tuple(data), tuple(models), skipped)


def _unpack(file: Path, staging: Path) -> None:
    try:
        with zipfile.ZipFile(file) as packed:
            members = [one for one in packed.infolist() if not one.is_dir()]
            size, free = sum(one.file_size for one in members), shutil.disk_usage(staging).free
            if size > free:
                raise NotAvailable(f"{file} unpacks to {size / 1e6:,.0f} MB, and {free / 1e6:,.0f} MB are free here")
            for one in members:
                if not _is_ours(PurePosixPath(one.filename)):
                    raise BadTable(f"{file} holds {one.filename!r}, and a backup holds data sets and models alone")
                target = staging.joinpath(*PurePosixPath(one.filename).parts)
                target.parent.mkdir(parents=True, exist_ok=True)
                with packed.open(one) as source, target.open("wb") as written:
                    shutil.copyfileobj(source, written)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, ValueError) as error:
        if isinstance(error, MmexploreError):
            raise
        raise BadTable(f"{file} is no zip that can be read ({error}); one that 'home backup' wrote would do") from None
    except FileNotFoundError:
        raise NotAvailable(f"there is no file {file}") from None


def _is_ours(path: PurePosixPath) -> bool:
    parts, text = path.parts, path.as_posix()
    plain = all(part not in ("..", ".") and files.allowed(part) == part and not part.startswith(".") for part in parts)
    below = text.startswith(f"{_RUNS}/") and len(parts) > 2
    return plain and (
        below
        or (text.startswith(f"{_CARDS}/") and len(parts) == 3 and path.suffix == ".json")
        or (text.startswith(f"{_UPLOADS}/") and len(parts) == 2)
    )


def _brought(name: str, done: list[str], skipped: dict[str, str], act: Callable[[], None]) -> None:
    try:
        act()
        done.append(name)
    except MmexploreError as error:
        skipped[name] = str(error)


def _restore_data(card_file: Path, staging: Path, place: Home) -> None:
    name, found = card_file.stem, yours.read_cards(card_file.parent)
    if name not in found:
        raise BadTable("its card cannot be read")
    card = found[name]
    for file, content in yours.digests_of(card).items():
        if not (source := staging / _UPLOADS / file).is_file():
            raise BadTable(f"its file {file!r} is not in the zip")
        if yours.content_of(source) != content:
            raise BadTable(f"its file {file!r} is not the one that was imported")
    yours.bring_back(name, card, staging / _UPLOADS, home=place)


def _restore_model(run: Path, place: Home) -> None:
    if (run / registry.IMPORTED).is_file():
        imported.read(run, home=place)
    elif not (run / registry.ENSEMBLE).is_file():
        checkpoints.read(run / "model")
    target = registry.runs_folder(home=place) / run.name
    if target.exists() or (registry.SHIPPED / run.name).exists() or run.name == registry.BASELINE:
        raise Taken("a model of that name is here already")
    for path in run.rglob("*"):
        if path.is_file():
            seals.seal(path)
    try:
        run.rename(target)
    except OSError:
        raise Taken("a model of that name is here already") from None
