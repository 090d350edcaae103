"""Upkeep of the home: its version, its bytes, copies of data sets and models in a zip, models in from elsewhere."""

import hashlib
import importlib.util
import os
import shutil
import tempfile
import threading
import time
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from filelock import FileLock

from mmexplore.datasets import yours
from mmexplore.models import calibration, checkpoints, embeddings, ensembles, imported, registry
from mmexplore.models.ensembles import Ensemble
from mmexplore.models.exchange import hub
from mmexplore.models.registry import Model
from mmexplore.recipes.recipe import Recipe
from mmexplore.runtime import files, seals
from mmexplore.runtime.errors import (
    BadCheckpoint,
    BadRecipe,
    BadTable,
    MmexploreError,
    NotAvailable,
    Taken,
    UnknownName,
)
from mmexplore.runtime.home import VERSION, Home, version_of, write_atomically, write_version
from mmexplore.runtime.jobs import client
from mmexplore.runtime.jobs.folder import Job
from mmexplore.studio.door import check_names, home, model
from mmexplore.studio.training import export_model, write_chemprop

if TYPE_CHECKING:
    from mmexplore.nn.model import Predictor
    from mmexplore.training.chemprop_models import Foreign

KINDS = (
    "datasets", "uploads", "runs", "features", "embeddings", "maps", "predictions", "subgraphs", "jobs", "logs",
)  # fmt: skip
"""Folders that are counted by name; the rest is ``other``."""
_WHOLE = ("datasets", "uploads", "runs", "untrained", "maps", "subgraphs", "descriptors", "targets", "jobs", "scripts")
_WRITTEN_ON = {"status.json", "events.jsonl", "log.txt", "cancel"}
_CARDS, _UPLOADS, _RUNS = "datasets/yours", "uploads", "runs"
_STALE_SECONDS = 60.0
_UNREADABLE = (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, ValueError)
"""What zipfile raises for a file that is no whole zip."""


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
            _check_room(file, members, staging)
            for one in members:
                if not _is_ours(PurePosixPath(one.filename)):
                    raise BadTable(f"{file} holds {one.filename!r}, and a backup holds data sets and models alone")
                target = staging.joinpath(*PurePosixPath(one.filename).parts)
                target.parent.mkdir(parents=True, exist_ok=True)
                with packed.open(one) as source, target.open("wb") as written:
                    shutil.copyfileobj(source, written)
    except _UNREADABLE as error:
        if isinstance(error, MmexploreError):
            raise
        raise BadTable(f"{file} is no zip that can be read ({error}); one that 'home backup' wrote would do") from None
    except FileNotFoundError:
        raise NotAvailable(f"there is no file {file}") from None


def _check_room(file: Path, members: Sequence[zipfile.ZipInfo], place: Path) -> None:
    """Raises NotAvailable where what they unpack to is more than is free there."""
    size, free = sum(one.file_size for one in members), shutil.disk_usage(place).free
    if size > free:
        raise NotAvailable(f"{file} unpacks to {size / 1e6:,.0f} MB, and {free / 1e6:,.0f} MB are free here")


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
    if (
        target.exists()
        or any((shelf / run.name).exists() for shelf in registry.shelves())
        or run.name == registry.BASELINE
    ):
        raise Taken("a model of that name is here already")
    for path in run.rglob("*"):
        if path.is_file():
            seals.seal(path)
    try:
        run.rename(target)
    except OSError:
        raise Taken("a model of that name is here already") from None


ADMET = "admet-ai"
"""What stands for the models of the installed package of that name."""
_FILES = (checkpoints.WEIGHTS, checkpoints.RECIPE, checkpoints.CARD)
_BESIDE = ("predictions.parquet", "history.json", "skipped.json")
_CHEMPROP = (".pt", ".ckpt")


def import_model(source: str, title: str = "", descriptors: Sequence[str] = ()) -> Model:
    """Take in a model from a file or folder of anywhere, or ``admet-ai``; nothing of it is run. Imports torch.

    A folder of ours, alone or in that of its run; a zip of :func:`write_model` or :func:`backup`; a checkpoint of
    chemprop 2, ``.pt`` or ``.ckpt``, or the folder that its training wrote: several are one ensemble. ``descriptors``:
    what chemprop gave the model besides the graph, where no ``config.toml`` says so. Returns the model as it lies among
    the trained ones now. Raises BadCheckpoint, BadRecipe for what no model here has, NotAvailable.
    """
    path = Path(source).expanduser()
    if source == ADMET and not path.exists():
        return _import_admet(title)
    if path.is_dir():
        return _import_folder(path, title, descriptors)
    if not path.is_file():
        raise NotAvailable(f"there is no file or folder {source}")
    zipped = zipfile.is_zipfile(path) or path.suffix.lower() == ".zip"
    if zipped and path.suffix.lower() not in _CHEMPROP and (found := _import_zip(path, title)):
        return found
    return _import_chemprop([path], title, descriptors)


def start_model_import(source: str, title: str = "", descriptors: Sequence[str] = ()) -> Job:
    """Have a model taken in by a job, or the job that is at it already; arguments as :func:`import_model`'s."""
    more = [word for name in descriptors for word in ("--descriptors", name)]
    words = ["import", source, *(["--name", title] if title else []), *more]
    return client.start_once(
        "models", words, device="imports", title=f"model {title or Path(source).name}", home=home()
    )


def start_model_export(name: str, ending: str) -> Job:
    """Have a model written as ``.pt`` or ``.onnx`` below the home by a job, or the job that is at it already."""
    check_names(model_name=name)
    out = home().folder("predictions", "models") / f"{files.allowed(model(name).name)}{ending}"
    words = ["export", name, "--out", str(out)]
    return client.start_once("models", words, device="imports", title=f"{name} as {ending[1:]}", home=home())


def model_jobs(action: str) -> list[Job]:
    """Jobs that import or export models (``action``), the newest first."""
    return [job for job in client.jobs(home=home()) if job.verb == "models" and job.arguments[:1] == (action,)]


def keep_model_file(name: str, content: bytes) -> Path:
    """Write an uploaded model below ``home/uploads/models``, in a folder of its content; older ones are deleted."""
    place = home().folder("uploads", "models")
    safe = files.allowed(PurePosixPath(name.replace("\\", "/")).name.lstrip(".")[-100:]) or "model"
    mine = place / hashlib.sha256(content).hexdigest()[:16]
    at_work = " ".join(word for job in model_jobs("import") if job.active for word in job.arguments)
    for other in _subfolders(place):
        if other != mine and other.name not in at_work:
            shutil.rmtree(other, ignore_errors=True)
    write_atomically(mine / safe, content)
    return mine / safe


def _import_folder(folder: Path, title: str, descriptors: Sequence[str]) -> Model:
    for place in (folder / "model", folder):
        if (place / checkpoints.CARD).is_file():
            return _install_folder(place, folder, title)
    if (folder / registry.ENSEMBLE).is_file():
        raise BadCheckpoint(f"{folder} names the members of an ensemble and holds none; take a zip of 'models export'")
    found = [path for path in sorted(folder.rglob("*.pt")) if path.is_file()]
    found = found or [path for path in sorted(folder.glob("*.ckpt")) if path.is_file()]
    if not found:
        wanted = ", ".join(_FILES)
        raise BadCheckpoint(f"{folder} holds no model: {wanted} would be one, or checkpoints of chemprop 2 (.pt)")
    return _import_chemprop(found, title, descriptors)


def _import_zip(file: Path, title: str) -> Model | None:
    """The model in a zip; None for a zip that is a file of torch."""
    try:
        with zipfile.ZipFile(file) as packed:
            infos = {one.filename: one for one in packed.infolist()}
            if any(PurePosixPath(name).name == "data.pkl" for name in infos):
                return None
            tops = [PurePosixPath(name).parent for name in infos if PurePosixPath(name).name == checkpoints.CARD]
            if any(name.startswith(f"{_RUNS}/") for name in infos):
                return _import_backup(file)
            if len(tops) != 1:
                raise BadCheckpoint(f"{file} holds {len(tops)} models, and a zip of 'models export' holds one")
            wanted = {place: infos.get((tops[0] / place).as_posix()) for place in (*_FILES, calibration.FILE, *_BESIDE)}
            _check_room(file, [one for one in wanted.values() if one], home().folder())
            with tempfile.TemporaryDirectory(prefix=".importing-", dir=home().folder()) as staging:
                for name, one in wanted.items():
                    if one is not None:
                        with packed.open(one) as inside, (Path(staging) / name).open("wb") as written:
                            shutil.copyfileobj(inside, written)
                return _install_folder(Path(staging), Path(staging), title)
    except (*_UNREADABLE, KeyError) as error:
        if isinstance(error, MmexploreError):
            raise
        raise BadCheckpoint(f"{file} is no zip that can be read ({str(error)[:120]})") from None


def _import_backup(file: Path) -> Model:
    brought = restore(file)
    if not brought.models:
        why = "; ".join(f"{name}: {words}" for name, words in brought.skipped.items()) or "it holds data sets alone"
        raise BadCheckpoint(f"no model came in from {file}: {why}")
    found = [ensembles.model(name, home=home()) for name in brought.models]
    return next((one for one in found if isinstance(one, Ensemble)), found[0])


def push_model(name: str, repository: str, *, private: bool = True) -> str:
    """Push a model's folder, with its model card, to ``OWNER/NAME`` of a hub; returns the address there.

    Of what was trained here the calibration rows go along, which are numbers, and no molecule and no prediction.

    Raises UnknownName, BadRecipe for an ensemble, the baseline or no name of a repository, NotAvailable.
    """
    hub.checked(repository)
    found = ensembles.single(model(name), "a repository holds")
    if found.card is None or found.recipe is None:
        raise BadRecipe("the ECFP baseline has no weights to push")
    with tempfile.TemporaryDirectory(prefix=".pushing-", dir=home().folder()) as staging:
        for part in (*_FILES, calibration.FILE, *(_BESIDE if found.shipped else ())):  # a user's labels stay here
            if (found.folder / part).is_file():
                shutil.copyfile(found.folder / part, Path(staging) / part)
        checkpoints.write_readme(Path(staging), found.recipe, found.card)
        title = found.title or found.name
        return hub.push(Path(staging), repository, private=private, message=f"{title}, by mmexplore")


def pull_model(repository: str, title: str = "", revision: str = "") -> Model:
    """Pull a model from ``OWNER/NAME`` of a hub and take it in like :func:`import_model`; nothing of it is run.

    ``revision``: a branch, tag or commit, the newest if "". Raises BadRecipe, NotAvailable, BadCheckpoint.
    """
    hub.checked(repository)
    with tempfile.TemporaryDirectory(prefix=".importing-", dir=home().folder()) as staging:
        folder = hub.pull(repository, revision, (*_FILES, calibration.FILE, *_BESIDE), Path(staging))
        if not (folder / checkpoints.CARD).is_file():
            raise BadCheckpoint(f"{repository} holds no model of mmexplore: {', '.join(_FILES)} would be one")
        return _install_folder(folder, folder, title)


def _install_folder(folder: Path, run: Path, title: str) -> Model:
    """A model folder of ours, checked whole, as a run."""
    predictor = checkpoints.load(folder)
    recipe, card = checkpoints.read(folder)
    card = card.model_copy(update={"name": title or card.name})
    beside = {name: place for name in _BESIDE for place in (folder / name, run / name) if place.is_file()}
    made = _installed(predictor, recipe, card, beside)
    assert made.card is not None
    calibration.bring(folder, card.weights_sha256, card.data.tasks, made.folder, made.card.weights_sha256)
    return made


def _import_chemprop(paths: Sequence[Path], title: str, descriptors: Sequence[str]) -> Model:
    from mmexplore.training import chemprop_models

    read = [chemprop_models.load(path, descriptors) for path in paths]
    names = [path.parent.parent.name if path.stem in ("best", "last") else path.stem for path in paths]
    title = title or names[0] or "chemprop"
    about = [f"read from {path.name}, a model of chemprop 2; how it scored was not in it" for path in paths]
    return _install_foreign(read, title, about)


def _install_foreign(read: "Sequence[Foreign]", title: str, about: Sequence[str]) -> Model:
    """Models of elsewhere as runs, several of them as an ensemble."""
    if len({(one.predictor.recipe.family, one.tasks) for one in read}) > 1:
        raise BadRecipe(f"{len(read)} models came that are not of one form with the same tasks; import each by itself")
    made = []
    for number, (one, words) in enumerate(zip(read, about, strict=True)):
        card = checkpoints.Card(
            name=title if len(read) == 1 else f"{title}, model {number}",
            data=checkpoints.DataUsed(name="", digest="", rows=0, tasks=one.tasks),
            split=checkpoints.SplitUsed(rule="", seed=0, sizes=(0, 0, 0)),
            seed=number,
            metrics={},
            epochs_run=0,
            best_epoch=0,
            seconds=0.0,
            notes=(words, *one.notes),
        )
        made.append(_installed(one.predictor, one.predictor.recipe, card, {}))
    if len(made) == 1:
        return made[0]
    return ensembles.make(title, made, registry.new_run(title, home=home()), home=home())


def _installed(predictor: "Predictor", recipe: Recipe, card: checkpoints.Card, beside: dict[str, Path]) -> Model:
    """Write a model as a run of its own; what lay ``beside`` it comes with it."""
    from safetensors.torch import save as to_bytes

    weights = to_bytes({k: v.detach().cpu().contiguous() for k, v in predictor.state_dict().items()})
    if card.untrained:
        raise BadCheckpoint(f"{card.name!r} holds no weights: nothing was trained")
    facts: dict[str, Any] = (
        {"parameters": sum(p.numel() for p in predictor.parameters())} if not card.parameters else {}
    )
    facts |= {"created": card.created or datetime.now(UTC).isoformat(timespec="seconds")}
    run = registry.new_run(card.name, home=home())
    try:
        for name, place in beside.items():
            write_atomically(run / name, place.read_bytes())
        checkpoints.write(run / "model", weights, recipe, card.model_copy(update=facts))
    except BaseException:
        shutil.rmtree(run, ignore_errors=True)
        raise
    return ensembles.model(run.name, home=home())


def admet_folder() -> Path | None:
    """Folder of the models that the package admet-ai brings; None where it is not installed. Nothing of it is run."""
    spec = importlib.util.find_spec("admet_ai")
    places = (spec.submodule_search_locations or []) if spec else []
    found = [Path(place) / "resources" for place in places if (Path(place) / "resources" / "models").is_dir()]
    return found[0] if found else None


def _import_admet(title: str) -> Model:
    """ADMET-AI's two ensembles (Swanson et al. 2024, doi:10.1093/bioinformatics/btae416) as one, of all its tasks."""
    from mmexplore.training import chemprop_models

    if (folder := admet_folder()) is None:
        raise NotAvailable(
            "the package admet-ai, which brings ADMET-AI's models, is not installed here; pip install "
            "'mmexplore[admet]' brings it"
        )
    units = _admet_units(folder / "data" / "admet.csv")
    kinds = {place.name.removeprefix("admet_"): sorted(place.rglob("*.pt")) for place in _subfolders(folder / "models")}
    if len(kinds) < 1 or len({len(paths) for paths in kinds.values()}) > 1:
        raise BadCheckpoint(f"{folder} holds models in another form than admet-ai 2's")
    read = []
    for paths in zip(*kinds.values(), strict=True):
        parts = {kind: chemprop_models.load(path) for kind, path in zip(kinds, paths, strict=True)}
        one = chemprop_models.side_by_side(parts)
        tasks = tuple(replace(task, unit=units.get(task.name, "")) for task in one.tasks)
        one.predictor.tasks = tasks
        read.append(replace(one, tasks=tasks))
    about = "of the package admet-ai (Swanson et al. 2024): two models of chemprop 2, classes and values, as one"
    return _install_foreign(read, title or "ADMET-AI", [about] * len(read))


def _admet_units(file: Path) -> dict[str, str]:
    import pandas as pd

    if not file.is_file():
        return {}
    table = pd.read_csv(file, usecols=["id", "units"], dtype=str).fillna("")
    return {str(name): "" if unit == "-" else str(unit) for name, unit in zip(table["id"], table["units"], strict=True)}


def write_model(name: str, out: Path, branch: str = "") -> str:
    """Write a model to a file, by its ending; says in words what it holds. A file that is there is replaced.

    ``.zip``: the model's folder, of an ensemble a backup with its members, which :func:`import_model` takes in;
    ``.pt``: a checkpoint of chemprop 2 (a D-MPNN or ``mpnn``; ``branch``: of a model of several, that one's message
    passing); ``.onnx``: the whole network. Raises BadRecipe, in words, for what a form cannot hold, NotAvailable.
    """
    ending = out.suffix.lower()
    found = model(name)
    out.parent.mkdir(parents=True, exist_ok=True)
    if ending == ".pt":
        return write_chemprop(name, out, branch)
    if ending == ".onnx":
        from mmexplore.models.exchange import onnx_export

        chosen = ensembles.single(found, "ONNX holds")
        if chosen.card is None:
            raise BadRecipe("the ECFP baseline has no network to export")
        return onnx_export.save(checkpoints.load(chosen.folder), out)
    if ending != ".zip":
        raise BadRecipe(f"a model is written as .zip, .pt (chemprop 2) or .onnx, and {out.name!r} came")
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=".exporting-") as staging:
        if isinstance(found, Ensemble):
            made = backup(Path(staging) / "model.zip", models=[found.name]).file
        else:
            made = export_model(name, Path(staging))
        files.replace(made, out)
    return f"an ensemble of {len(found.members)} models" if isinstance(found, Ensemble) else "the model's folder"
