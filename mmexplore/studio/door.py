"""Context of a call: whose home is meant, and the objects that names of data sets, models and views stand for.

Names travel as names only to here. What lies below takes objects, and the home that they are kept in, as arguments.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import replace
from pathlib import Path

from mmexplore.datasets import Dataset, catalog, yours
from mmexplore.explore.maps.panels import ViewRef
from mmexplore.models import registry
from mmexplore.models.registry import Model, View
from mmexplore.runtime.cache import FileVersion, cached, version
from mmexplore.runtime.errors import MmexploreError
from mmexplore.runtime.home import Home, default_home, version_of
from mmexplore.runtime.progress import Progress, silent

_known: set[Home] = set()
_chosen: ContextVar[Home | None] = ContextVar("home", default=None)


def home() -> Home:
    """Current home of whoever asks: the one chosen by :func:`at_home` in this context, else the environment's.

    Raises NotAvailable for a home of a newer version than this program knows.
    """
    found = _chosen.get() or default_home()
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


def dataset(name: str, progress: Progress = silent) -> Dataset:
    """A data set by name or path, kept in memory between calls. Raises UnknownName, NotAvailable or BadTable."""
    name = yours.current(name, home=home())
    if progress is not silent:
        return catalog.load(name, progress=progress, home=home())
    return _loaded(name, _state(name), home=home())


@cached(4)
def _loaded(name: str, _state: "str | FileVersion", *, home: Home) -> Dataset:
    return catalog.load(name, home=home)


def _state(name: str) -> "str | FileVersion":
    """Changes when another file, or another set of the user's, goes by the same name."""
    if card := yours.cards(home=home()).get(name):
        return str(card["content"])
    try:
        return version(Path(name).expanduser())
    except (OSError, ValueError):
        return ""


def model(name: str) -> Model:
    """The model of that name, or at that path, or ``untrained:`` one. Raises UnknownName or BadCheckpoint."""
    return renamed(registry.model(name, home=home()))


def renamed(found: Model) -> Model:
    """The same model, whose training data set goes by the name that it has now."""
    now = yours.current(found.data, home=home())
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
