"""Model registry: shipped beside the code, trained under the home, and the ECFP baseline that needs none.

Every model but the baseline has an untrained twin, ``untrained:NAME``: the same recipe with the weights that its seed
draws. It is not listed; whoever asks for it by name gets it.

A model is a folder (:mod:`mmexplore.models.checkpoints`); a run is a folder under ``home/runs`` that holds one,
together with its predictions and history. Nothing here imports torch.
"""

import os
import shutil
import zipfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from mmexplore.models import checkpoints
from mmexplore.models.checkpoints import Card
from mmexplore.models.exchange import model_card
from mmexplore.recipes import pretraining_targets
from mmexplore.recipes.recipe import Recipe
from mmexplore.runtime import files, places
from mmexplore.runtime.cache import FileVersion, FolderCache, cached, changed, version
from mmexplore.runtime.errors import BadCheckpoint, BadRecipe, NotAvailable, UnknownName
from mmexplore.runtime.home import Home, read_json, write_json

if TYPE_CHECKING:
    import pandas as pd

SHIPPED = places.CHECKPOINTS
BASELINE = "ecfp"
ENSEMBLE = "ensemble.json"
"""What a run folder holds that is an ensemble of other runs (:mod:`mmexplore.models.ensembles`)."""
IMPORTED = "vectors.json"
"""What a run folder holds that is an imported embedding (:mod:`mmexplore.models.imported`)."""
UNTRAINED = "untrained:"
HUB, CHEMPROP = "hub:", "chemprop:"
"""What a branch's start begins with where it names published weights, or a checkpoint of chemprop, and not a model."""


@dataclass(frozen=True)
class Model:
    """Registered model; ``recipe`` and ``card`` are None for the ECFP baseline, and for vectors that were imported.

    ``original``: the trained model whose untrained twin this is, None for any other.
    """

    name: str
    title: str
    folder: Path
    shipped: bool
    views: tuple[str, ...]
    recipe: Recipe | None = None
    card: Card | None = None
    original: "Model | None" = None

    @property
    def digest(self) -> str:
        """Digest of weights and recipe; the baseline's is its name. Raises BadCheckpoint."""
        return checkpoints.digest(self.folder) if self.card else self.name

    def view(self, name: str = "") -> "View":
        """The view of that name, or the first one. Raises UnknownName."""
        if name and name not in self.views:
            raise UnknownName("view of this model", name, self.views)
        return View(self, name or self.views[0])

    @property
    def data(self) -> str:
        """Name of the data set it was trained on, "" for the baseline."""
        return self.card.data.name if self.card else ""

    @property
    def megabytes(self) -> float:
        """Size of the folder on disk."""
        return sum(p.stat().st_size for p in self.folder.rglob("*") if p.is_file()) / 1e6 if self.card else 0.0


@dataclass(frozen=True)
class View:
    """A view of a model: one of the embeddings that it makes of a molecule."""

    model: Model
    name: str

    @property
    def digest(self) -> str:
        """Digest of the model, and the view's name."""
        return f"{self.model.digest} {self.name}"


def models(*, home: Home) -> list[Model]:
    """Shipped models, then trained ones, newest first, then the baseline; damaged folders are left out."""
    runs = sorted(run_folders(home=home), key=changed, reverse=True)
    trained = [m for m in (_read(run / "model", shipped=False) for run in runs) if m]
    return [*_shipped().values(), *trained, _baseline()]


def damaged(*, home: Home) -> dict[str, str]:
    """What lies among the runs and is none, by its name: why not. A run that is not finished is left out."""
    found = {}
    for run in run_folders(home=home):
        if run.name.startswith("."):
            continue
        if not run.is_dir():
            found[run.name] = "a link that leads nowhere" if not run.exists() else "a file, and no folder of a run"
        elif (run / "model").is_symlink() and not (run / "model").exists():
            found[run.name] = "its model is a link that leads nowhere"
        elif (run / "model").exists() and not (run / "resume").is_dir() and _read(run / "model", False) is None:
            try:
                checkpoints.read(run / "model")
            except BadCheckpoint as error:
                found[run.name] = str(error)
    return found


def model(name: str, *, home: Home) -> Model:
    """The model of that name, or at that path, or ``untrained:`` one, or else of that title.

    Raises UnknownName or BadCheckpoint.
    """
    if name.startswith(UNTRAINED):
        return _twin(model(name.removeprefix(UNTRAINED), home=home), home=home)
    if found := called(name, home=home):
        return found
    folder = Path(name).expanduser()
    for place in (folder / "model", folder):
        if (place / "card.json").is_file():
            return replace(in_folder(place), name=str(folder))
    known = models(home=home)
    if titled := [m for m in known if m.title == name]:
        return titled[0]
    if Path(name).name == name and (runs_folder(home=home) / name / ENSEMBLE).is_file():
        raise BadRecipe(f"{name!r} is an ensemble, and one model alone is needed here: name one of its members")
    if Path(name).name == name and (runs_folder(home=home) / name / IMPORTED).is_file():
        raise BadRecipe(f"{name!r} is an imported embedding, which has no weights, and a model is needed here")
    if name in (broken := damaged(home=home)):
        raise BadCheckpoint(f"model {name!r} cannot be read: {broken[name]}")
    raise UnknownName("model", name, [m.name for m in known])


def in_folder(folder: Path) -> Model:
    """The model in a folder, whatever that is called. Raises BadCheckpoint."""
    recipe, card = checkpoints.read(folder)
    return Model(str(folder), card.name, folder, False, recipe.views, recipe, card)


def may_be_a_name(text: str) -> bool:
    """Whether a folder of this name can lie in another folder, and is a child of it.

    >>> [may_be_a_name(text) for text in ("a run", "", "..", "a/b", "a\\0b", "x" * 300)]
    [True, False, False, False, False, False]
    """
    plain = Path(text).name == text and "\0" not in text
    return plain and text not in ("", "..") and len(text.encode(errors="replace")) < 256


def called(name: str, *, home: Home) -> Model | None:
    """The model of that name, looked for where it would be: a run's is in a folder of its own; no path leads to one."""
    if name == BASELINE:
        return _baseline()
    if not may_be_a_name(name):
        return None
    return _shipped().get(name) or _read(home.place("runs") / name / "model", shipped=False)


def at(folder: Path, *, home: Home) -> Model | None:
    """The model in a folder, by the name that it is asked for; None where there is none, or a damaged one."""
    shipped = folder.parent in shelves()
    found = _read(folder, shipped)
    if found is None or shipped or folder.parent.parent == runs_folder(home=home):
        return found
    return replace(found, name=str(folder.parent if folder.name == "model" else folder))


def ecfp_view() -> View:
    """ECFP view: the fingerprints that every model is compared with."""
    return _baseline().view()


def _baseline() -> Model:
    return Model(BASELINE, "ECFP fingerprint (no model)", SHIPPED / BASELINE, True, (BASELINE,))


def _twin(chosen: Model, *, home: Home) -> Model:
    """The same recipe without any training; models with the same recipe share it."""
    if chosen.recipe is None or chosen.card is None:
        raise BadRecipe(f"{chosen.name!r} has no weights, hence no untrained twin")
    if chosen.card.untrained:
        return chosen
    tasks = chosen.card.data.tasks
    folder = home / "untrained" / f"{chosen.recipe.digest}-{len(tasks)}"
    if _read(folder, False) is None:
        checkpoints.save_untrained(folder, chosen.recipe, tasks)
    made = _read(folder, False)
    assert made is not None
    title = f"{chosen.title}, untrained"
    return replace(made, name=UNTRAINED + chosen.name, title=title, views=chosen.views, original=chosen)


def check_starts(recipe: Recipe, *, home: Home) -> None:
    """Refuse, before any work, a recipe that begins with a model or is taught by one that is not here.

    Raises UnknownName, NotAvailable, and BadRecipe for a branch that learns nothing.
    """
    pretraining_targets.check(recipe)
    for start in _starts(recipe):
        if start.startswith(CHEMPROP) and not (path := Path(start.removeprefix(CHEMPROP)).expanduser()).is_file():
            raise NotAvailable(f"a branch starts from chemprop's checkpoint {path}, and there is no such file")
        if start and not start.startswith((HUB, CHEMPROP)):
            model(start, home=home)
    for target_name, name in pretraining_targets.frozen(recipe).items():
        if not name.startswith(HUB):
            target(target_name, name, home=home)
        elif target_name != "smiles":
            raise BadRecipe(
                f"{name!r} cannot teach {target_name!r}: published models teach smiles alone; name a model here"
            )


def _starts(recipe: Recipe) -> list[str]:
    """What its branches and its fusion begin with, and those of a stack's members."""
    fusions = [recipe.fusion.start, *(member.fusion.start for member in recipe.stack.members)]
    return [branch.start for branch in recipe.every_branch] + fusions


def target(target_name: str, name: str, *, home: Home) -> tuple[Model, str]:
    """Teacher of a pretraining target: its model and view, ``MODEL`` or ``MODEL#VIEW``.

    Raises NotAvailable where it is not here.
    """
    called, _, view = name.partition("#")
    try:
        found = model(called, home=home)
        if view and view not in found.views:
            raise UnknownName(f"view of {called!r}", view, found.views)
    except UnknownName as error:
        raise NotAvailable(f"{target_name!r} is taught by model {name!r}, which is not here: {error}") from None
    return found, view or found.views[0]


def runs_folder(*, home: Home) -> Path:
    """Folder of trained models."""
    return home.folder("runs")


def run_folders(*, home: Home) -> tuple[Path, ...]:
    """What lies in the folder of trained models, by name."""
    return _run_folders(home.place("runs"))


_run_folders = FolderCache(lambda place: (tuple(sorted(place.iterdir())) if place.is_dir() else (), [place]))


def new_run(title: str, *, home: Home) -> Path:
    """A fresh run folder whose name is made from a title; a shipped model's name is never taken over."""
    return new_folder(runs_folder(home=home), title)


def new_folder(place: Path, title: str) -> Path:
    """A fresh folder whose name is made from a title; a shipped model's name is never taken over."""
    slug = "".join(c if c.isalnum() else "-" for c in title.lower()).strip("-")[:60] or "run"
    slug = files.allowed(slug)
    for number in range(1, 10_000):
        name = slug if number == 1 else f"{slug}-{number}"
        if name == BASELINE or any((shelf / name).is_dir() for shelf in shelves()):
            continue
        path = place / name
        try:
            path.mkdir()
        except FileExistsError:
            continue
        return path
    raise BadRecipe(f"there are 9,999 runs called {slug!r} already; give this one another name")


def rename(name: str, title: str, *, home: Home) -> None:
    """Give a trained model another title. Raises BadRecipe for a shipped one."""
    chosen = _trained(name, home=home)
    assert chosen.card is not None
    assert chosen.recipe is not None
    card = chosen.card.model_copy(update={"name": title})
    checkpoints.write_readme(chosen.folder, chosen.recipe, card)
    write_json(chosen.folder / "card.json", card.model_dump(mode="json"))


def delete(name: str, *, home: Home) -> None:
    """Delete a trained model with its run. Raises BadRecipe for a shipped one."""
    run = _trained(name, home=home).folder.parent
    files.patiently(lambda: shutil.rmtree(run))


def export(name: str, where: Path, *, home: Home) -> Path:
    """A zip of the model's folder (weights.safetensors, recipe.json, card.json), with its README.md as of now."""
    chosen = model(name, home=home)
    if chosen.card is None or chosen.recipe is None:
        raise BadRecipe("the ECFP baseline has no weights to export")
    made = Path(shutil.make_archive(str(where / chosen.name), "zip", chosen.folder))
    if not (chosen.folder / model_card.README).is_file():
        with zipfile.ZipFile(made, "a", zipfile.ZIP_DEFLATED) as packed:
            packed.writestr(model_card.README, model_card.text(chosen.recipe, chosen.card))
    return made


def history(name: str, *, home: Home) -> "pd.DataFrame":
    """Training history, one row an epoch (index ``epoch``, from 1); empty where it was not kept."""
    import pandas as pd

    chosen = model(name, home=home)
    for place in (chosen.folder, chosen.folder.parent):
        if chosen.card and (place / "history.json").is_file():
            return pd.DataFrame(read_json(place / "history.json")).set_index("epoch").astype(float)
    return pd.DataFrame()


def _trained(name: str, *, home: Home) -> Model:
    chosen = model(name, home=home)
    if chosen.shipped or chosen.folder.parent.parent != runs_folder(home=home):
        raise BadRecipe(f"{name!r} came with the project or lies elsewhere; only models trained here can be changed")
    return chosen


def _read(folder: Path, shipped: bool) -> Model | None:
    try:
        return _read_once(version(folder / checkpoints.CARD), shipped)
    except OSError:
        return None


def _read_shelf(shelf: Path) -> tuple[dict[str, Model], list[Path]]:
    folders = sorted(shelf.iterdir()) if shelf.is_dir() else []
    return {m.name: m for m in (_read(folder, shipped=True) for folder in folders) if m}, [shelf]


_shelved = FolderCache(_read_shelf)


def shelves() -> tuple[Path, ...]:
    """Folders of models that everybody has and nobody changes: those that came with the project, and shared ones.

    Whoever runs a server shares the models of a folder, a folder a model, by MMEXPLORE_SHARED_MODELS.
    """
    shared = os.environ.get("MMEXPLORE_SHARED_MODELS")
    return (*((Path(shared).expanduser().resolve(),) if shared else ()), SHIPPED)


def _shipped() -> dict[str, Model]:
    """Models of all shelves; the shelf is looked at, not each model, as nobody changes them under a running app."""
    return {name: found for shelf in reversed(shelves()) for name, found in _shelved(shelf).items()}


@cached(1024)
def _read_once(card_file: FileVersion, shipped: bool) -> Model | None:
    folder = card_file.path.parent
    try:
        recipe, card = checkpoints.read(folder)
    except BadCheckpoint:
        return None
    name = folder.name if shipped else folder.parent.name
    return Model(name, card.name or name, folder, shipped, recipe.views, recipe, card)
