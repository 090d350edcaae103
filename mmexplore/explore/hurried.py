"""Models on what a visitor typed: run in a few processes that hold loaded models, each ended when its time is over.

A server imports no torch for them, and is as quick for others however long one takes. Loading a model takes none of the
time. What needs more time than that is a job.
"""

import atexit
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from mmexplore.models import registry
from mmexplore.models.registry import Model
from mmexplore.runtime import processes
from mmexplore.runtime.deadline import Hurried, WorkerTask

_KNOWN = ("mmexplore.explore.explain.scorer", "mmexplore.models.embed", "mmexplore.nn.model", "torch")
MODELS = Hurried(max(1, min(2, processes.cores())), _KNOWN, most_bytes=None, who="the model", eager=False)
atexit.register(MODELS.close)
processes.in_forked_children(MODELS.forget)


def within(model: Model, work: Callable[..., Any], /, *args: Any) -> Any:
    """What a function of this package gives for a model (its folder and its name) and what JSON can say.

    Raises what it raises of MmexploreError, TooLong at the end of the time, BadMolecule where its process comes down.
    """
    threads = int(os.environ.get("OMP_NUM_THREADS") or processes.cores())
    which = [str(model.folder), model.name]
    before = WorkerTask(f"{__name__}:ready", [*which, threads], {})
    return MODELS.ask(f"{work.__module__}:{work.__name__}", [*which, *args], {}, before)


def ready(folder: str, name: str, threads: int) -> None:
    """Have the model loaded in this process, which is one of the pool's."""
    import torch

    from mmexplore.explore.neighbors.query import loaded

    torch.set_num_threads(threads)
    loaded(model_at(folder, name).folder)


def model_at(folder: str, name: str) -> Model:
    """The model of a folder, under the name that the visitor knows. Raises BadCheckpoint."""
    return replace(registry.in_folder(Path(folder)), name=name)
