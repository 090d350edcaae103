"""Resume state of a killed training: one safetensors file an epoch, replaced atomically. Never a pickle.

It holds the weights, Adam's moments, the best weights so far and, as text, the history. The order of an epoch's batches
and its dropout depend on (seed, epoch) alone, so a resumed training ends with the weights of an uninterrupted one.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save as to_bytes
from torch import Tensor, nn
from torch.optim import Optimizer

from mmexplore.runtime import seals
from mmexplore.runtime.errors import Damaged
from mmexplore.runtime.home import json_text, write_atomically

FILE = "state.safetensors"
_FORMAT = "1"


@dataclass
class ResumeState:
    """Resume state after ``len(history)`` epochs; ``best`` are the weights of the best epoch, on the CPU."""

    history: list[dict[str, float]]
    best: dict[str, Tensor]
    best_epoch: int = 0
    seconds: float = 0.0


def write(folder: Path, key: str, state: ResumeState, model: nn.Module, optimizer: Optimizer) -> None:
    """Replace the state in ``folder``; ``key`` names the training it belongs to."""
    tensors = {f"model.{name}": v for name, v in model.state_dict().items()}
    tensors |= {f"best.{name}": v for name, v in state.best.items()}
    for number, values in optimizer.state_dict()["state"].items():
        tensors |= {f"adam.{number}.{name}": torch.as_tensor(v) for name, v in values.items()}
    about = {"history": state.history, "best_epoch": state.best_epoch, "seconds": state.seconds}
    metadata = {"format": _FORMAT, "key": key, "about": json_text(about)}
    write_atomically(folder / FILE, to_bytes({k: v.detach().cpu().contiguous() for k, v in tensors.items()}, metadata))


@dataclass(frozen=True)
class Resumed:
    """Loaded resume state: pass its tensors to :meth:`restore`."""

    state: ResumeState
    tensors: dict[str, Tensor]

    def restore(self, model: nn.Module, optimizer: Optimizer) -> None:
        """Put weights and moments back; the model must stand on its device already."""
        self.restore_weights(model)
        moments: dict[int, dict[str, Tensor]] = {}
        for name, value in _below("adam", self.tensors).items():
            number, _, what = name.partition(".")
            moments.setdefault(int(number), {})[what] = value
        optimizer.load_state_dict({"state": moments, "param_groups": optimizer.state_dict()["param_groups"]})

    def restore_weights(self, model: nn.Module) -> None:
        """Put the weights back."""
        model.load_state_dict(_below("model", self.tensors))


def key_in(folder: Path) -> str:
    """Key of the interrupted training in ``folder``, "" where none is, or a damaged one."""
    try:
        with safe_open(seals.verify(folder / FILE), framework="pt") as file:
            return str((file.metadata() or {}).get("key", ""))
    except (SafetensorError, Damaged, OSError):
        return ""


def find(folder: Path, key: str) -> tuple[Resumed | None, str]:
    """Resume state in ``folder`` and a note on it.

    None and why not where it is of no use, None and "" where none is.
    """
    path = folder / FILE
    if not path.is_file():
        return None, ""
    try:
        with safe_open(seals.verify(path), framework="pt") as file:
            metadata: dict[str, str] = file.metadata() or {}
            if metadata.get("format") != _FORMAT or metadata.get("key") != key:
                return None, "started afresh: the interrupted training here was of another recipe, data set or version"
            # Copies: the file's own tensors would keep it mapped while the next epoch replaces it.
            tensors = {name: file.get_tensor(name).clone() for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, Damaged):
        return None, "started afresh: the state of the interrupted training was damaged"
    about: dict[str, Any] = json.loads(metadata["about"])
    state = ResumeState(about["history"], _below("best", tensors), about["best_epoch"], about["seconds"])
    return Resumed(state, tensors), f"went on after epoch {len(state.history)}"


def _below(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return {k.removeprefix(f"{prefix}."): v for k, v in tensors.items() if k.startswith(f"{prefix}.")}
