"""What the Map page reads more than once, kept between runs: finished maps, colours, what a search found.

Kept values are shared by all visitors and never changed. ``lru_cache`` finds them in a microsecond, where Streamlit's
caches take half a millisecond to hash what they were asked. Keys hold the digests of data and model, so that a model
trained again or a file imported again is not mistaken for the old one.
"""

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from mmexplore import studio
from mmexplore.explore.maps.storage import UNSCORED, stored
from mmexplore.studio import Aligned, Found, MapFile
from mmexplore.ui.components.molecule_map.painting import Painting, paint
from mmexplore.ui.shell.session import Choice

TITLES = {"umap": "UMAP", "tsne": "t-SNE", "pca": "PCA"}


class Missing(Exception):
    """Raised inside the cache, which keeps returned values only."""


@dataclass(frozen=True)
class Ground:
    """What a run of the page stands on, looked up once: where maps lie, and what is known of the model's output."""

    choice: Choice
    folders: tuple[Path, ...]
    known: tuple[str, ...]

    @property
    def stamp(self) -> str:
        """Changes with the model's weights and the data."""
        return str(self.folders[-1])


def ground(choice: Choice) -> Ground:
    """Where the maps of a choice lie, and the columns of the predictions."""
    folders = studio.map_folders(studio.model(choice.model), studio.dataset(choice.data))
    clusters = (path.name for folder in folders if folder.is_dir() for path in folder.glob("*-clusters.npy"))
    predicted = studio.predictions(choice.model, choice.data)
    columns = map(str, predicted.columns) if predicted is not None else ()
    return Ground(choice, tuple(folders), (*columns, *clusters))


def best_map(on: Ground, method: str, seed: int = 0) -> MapFile | None:
    """The map by that method if it is there, else the one by PCA, which comes first; neither need be scored yet."""
    return _if_there(on, method, 0 if method == "pca" else seed) or _if_there(on, "pca", 0)


def is_final(shown: MapFile | None, method: str) -> bool:
    """Whether nothing better is to come: this method, with its scores."""
    return shown is not None and shown.method == method and is_scored(shown)


def is_scored(shown: MapFile) -> bool:
    """Whether the map's quality is known."""
    return shown.quality != UNSCORED


def _if_there(on: Ground, method: str, seed: int) -> MapFile | None:
    try:
        return _map(on.choice, method, seed, on.stamp)
    except Missing:
        return stored(on.folders, on.choice.view, method, seed, unscored=True)


def aligned(shown: MapFile, onto: MapFile) -> Aligned:
    """A map turned onto another one, for drawing; the other one itself stays as it is."""
    return _aligned(_key(shown), _key(onto), shown, onto)


def _key(shown: MapFile) -> tuple[str, str, float]:
    return str(shown.path), shown.created, shown.seconds


def painting(on: Ground, name: str) -> Painting:
    """A colour of the molecules, ready to be drawn. Raises BadRecipe for an unknown name."""
    return _painting(on, name)


def colour_names(on: Ground) -> tuple[str, ...]:
    """What the points can be coloured by."""
    return _colour_names(on)


def found(data: str, text: str) -> Found | None:
    """What a search found, None for an empty text. Raises BadMolecule."""
    return _found(data, studio.dataset(data).digest, text.strip()) if text.strip() else None


@lru_cache(maxsize=24)
def _map(choice: Choice, method: str, seed: int, stamp: str) -> MapFile:  # noqa: ARG001
    ready = studio.stored_map(choice.model, choice.data, choice.view, method, seed)
    if ready is None:
        raise Missing(method)
    ready.xy.setflags(write=False)
    return ready


@st.cache_resource(max_entries=24, show_spinner=False)
def _aligned(key: tuple[str, str, float], onto_key: tuple[str, str, float], _shown: MapFile, _onto: MapFile) -> Aligned:
    made = studio.align(_shown.xy, _onto.xy) if key != onto_key else Aligned(_shown.xy, 0.0)
    made.xy.setflags(write=False)
    return made


@lru_cache(maxsize=32)
def _painting(on: Ground, name: str) -> Painting:
    with _told("Reading the colours ..."):
        return paint(studio.colour(on.choice.model, on.choice.data, on.choice.view, name))


@lru_cache(maxsize=32)
def _colour_names(on: Ground) -> tuple[str, ...]:
    return tuple(studio.colour_names(on.choice.model, on.choice.data, on.choice.view))


@lru_cache(maxsize=32)
def _found(data: str, digest: str, text: str) -> Found:  # noqa: ARG001
    with _told("Searching ..."):
        return studio.find(data, text)


def _told(words: str) -> AbstractContextManager[None]:
    """A spinner, where there is a page to show it on: the warm-up has none."""
    return st.spinner(words) if get_script_run_ctx(suppress_warning=True) else nullcontext()


def placed(xy: np.ndarray) -> int:
    """How many molecules have a place on the map."""
    return int(np.isfinite(xy[:, 0]).sum())
