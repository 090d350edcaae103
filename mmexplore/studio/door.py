"""Context of a call: whose home is meant, and the objects that names of data sets, models and views stand for.

Names travel as names only to here. What lies below takes objects, and the home that they are kept in, as arguments.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import replace
from pathlib import Path

from mmexplore.datasets import Dataset, catalog, yours
from mmexplore.explore.maps.panels import ViewRef
from mmexplore.models import ensembles, registry
from mmexplore.models.imported import Imported
from mmexplore.models.registry import Model, View
from mmexplore.recipes import pretraining_targets
from mmexplore.recipes.recipe import Recipe
from mmexplore.runtime.cache import FileVersion, cached, version
from mmexplore.runtime.errors import BadRecipe, MmexploreError, UnknownName
from mmexplore.runtime.home import Home, default_home, version_of
from mmexplore.runtime.progress import Progress, silent
from mmexplore.studio.hosts import VISITORS, visitors_home

_known: set[Home] = set()
_chosen: ContextVar[Home | None] = ContextVar("home", default=None)


def home() -> Home:
    """Current home of whoever asks: chosen by :func:`at_home` in this context, the visitor's, or the environment's.

    Raises NotAvailable for a home of a newer version than this program knows, and where visitors sign in and none has.
    """
    found = _chosen.get() or visitors_home() or default_home()
    if found not in _known:
        version_of(found)
        _known.add(found)
    return found


@contextmanager
def at_home(place: Home) -> Iterator[Home]:
    """Home context: ask from another home, in this context alone: a visitor's own, say."""
    token = _chosen.set(place)
    try:
        yield place
    finally:
        _chosen.reset(token)


def check_names(data: str = "", model_name: str = "") -> None:
    """Raises UnknownName for a path where names alone are taken (:func:`~mmexplore.studio.hosts.names_only`)."""
    if not VISITORS.is_set():
        return
    if data and data not in catalog.GIVEN and data not in yours.cards(home=home()):
        raise UnknownName("data set", data, catalog.names(home=home()))
    plain = model_name.removeprefix(registry.UNTRAINED)
    if plain and not ensembles.called(plain, home=home()):
        raise UnknownName("model", model_name, [one.name for one in ensembles.models(home=home())])


def check_recipe(recipe: Recipe) -> None:
    """Raises BadRecipe or UnknownName for a recipe that names files where names alone are taken."""
    if not VISITORS.is_set():
        return
    for data in (recipe.data.dataset, *recipe.data.without):
        check_names(data=data)
    if recipe.data.split_file and not Path(recipe.data.split_file).resolve().is_relative_to(split_files().resolve()):
        raise BadRecipe("a split's file is named on the command line alone; upload it on the Train page")
    starts = [*(branch.start for branch in recipe.branches), recipe.fusion.start]
    for start in filter(None, [*starts, *pretraining_targets.frozen(recipe).values()]):
        published = start.removeprefix(registry.HUB)
        if start.startswith(registry.CHEMPROP):
            raise BadRecipe(f"a checkpoint of chemprop is named on the command line alone, and {start[:80]!r} came")
        if not start.startswith(registry.HUB):
            check_names(model_name=start.partition("#")[0])
        elif not re.fullmatch(r"\w[\w.-]*(/\w[\w.-]*)?", published, re.ASCII) or Path(published).exists():
            raise BadRecipe(f"hub: takes the name of a published model, as in hub:owner/name, and {start[:80]!r} came")


def split_files() -> Path:
    """Folder of the split files that were uploaded."""
    return home() / "splits"


def dataset(name: str, progress: Progress = silent) -> Dataset:
    """A data set by name or path, kept in memory between calls. Raises UnknownName, NotAvailable or BadTable."""
    place = home()
    shelf = yours.shelf(home=place)
    name = shelf.former.get(name, name)
    check_names(data=name)
    if progress is not silent:
        return catalog.load(name, progress=progress, home=place)
    return _loaded(name, _state(name, shelf.cards), home=place)


@cached(4)
def _loaded(name: str, _state: "str | FileVersion", *, home: Home) -> Dataset:
    return catalog.load(name, home=home)


def _state(name: str, mine: Mapping[str, yours.Card]) -> "str | FileVersion":
    """Changes when another file, or another set of the user's, goes by the same name."""
    if card := mine.get(name):
        return str(card["content"])
    if name in catalog.GIVEN:
        return ""
    try:
        return version(Path(name).expanduser())
    except (OSError, ValueError):
        return ""


def model(name: str) -> Model:
    """The model or ensemble of that name, or at that path, or ``untrained:`` one.

    Raises UnknownName or BadCheckpoint.
    """
    place = home()
    if not (found := ensembles.called(name, home=place)):
        check_names(model_name=name)
        found = ensembles.model(name, home=place)
    return renamed([found])[0]


def renamed(found: Sequence[Model]) -> list[Model]:
    """The same models, whose training data sets go by the names that they have now."""
    former = yours.former(home=home())
    return [_renamed(one, former.get(one.data, one.data)) for one in found]


def _renamed(found: Model, now: str) -> Model:
    if isinstance(found, Imported):
        return replace(found, bound=now)
    if found.card is None or now == found.data:
        return found
    data = found.card.data.model_copy(update={"name": now})
    return replace(found, card=found.card.model_copy(update={"data": data}))


def view(chosen: ViewRef) -> View:
    """The view that these names mean. Raises UnknownName or BadCheckpoint."""
    return model(chosen.model).view(chosen.view)


def training_data(chosen: Model) -> Dataset | None:
    """Training data set of a model, None where that is not on this machine."""
    entries = catalog.entries(home=home())
    name = yours.current(chosen.data, home=home())
    if not any(entry.name == name and entry.available for entry in entries):
        return None
    try:
        return dataset(name)
    except MmexploreError:
        return None
