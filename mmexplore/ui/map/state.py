"""Map page state, read at every run: finished maps, colors, what a search found. Shared values, never changed."""

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from mmexplore import studio
from mmexplore.explore.maps.painting import Painting, paint
from mmexplore.explore.maps.storage import UNSCORED, stored
from mmexplore.runtime.cache import cached
from mmexplore.studio import Classes, MapFile, SearchResult
from mmexplore.ui.shell.session import Choice


@dataclass(frozen=True)
class Ground:
    """Page context of a run, looked up once: where maps lie, and what is known of the model's output."""

    choice: Choice
    folders: tuple[Path, ...]
    known: tuple[str, ...]


def ground(choice: Choice) -> Ground:
    """Page context of a choice: where its maps lie, and the columns of the predictions."""
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
    view = on.choice.view
    return stored(on.folders, view, method, seed) or stored(on.folders, view, method, seed, unscored=True)


@cached(32)
def painting(on: Ground, name: str) -> Painting:
    """A color of the molecules, ready to be drawn. Raises UnknownName for one that there is not."""
    with _told("Reading the colours ..."):
        return paint(studio.color(on.choice.model, on.choice.data, on.choice.view, name))


def is_quick(on: Ground, name: str) -> bool:
    """Whether a color is there, or made while the page waits. Raises UnknownName for one that there is not."""
    return studio.is_quick_color(on.choice.model, on.choice.data, on.choice.view, name)


@cached(32)
def classes(on: Ground, name: str) -> Classes:
    """Classes that maps are scored by when they show that color. Raises UnknownName for one that there is not."""
    choice = on.choice
    shown = studio.color(choice.model, choice.data, choice.view, name)
    return studio.map_classes(choice.data, name, shown)


@cached(32)
def color_names(on: Ground) -> tuple[str, ...]:
    """Color names of the points."""
    return tuple(studio.color_names(on.choice.model, on.choice.data, on.choice.view))


def found(data: str, text: str) -> SearchResult | None:
    """Search result, None for an empty text. Raises BadMolecule."""
    with _told("Searching ..."):
        return studio.find(data, text) if text.strip() else None


def _told(words: str) -> AbstractContextManager[None]:
    """A spinner, where there is a page to show it on: the warm-up has none."""
    return st.spinner(words) if get_script_run_ctx(suppress_warning=True) else nullcontext()


def placed(xy: np.ndarray) -> int:
    """Number of molecules that have a place on the map."""
    return int(np.isfinite(xy[:, 0]).sum())
