"""Training plan, what a form asks for in plain values.

A recipe over several seeds, and the same as a line for the shell.
"""

import json
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from mmexplore.recipes.presets import preset, pretraining
from mmexplore.recipes.recipe import UNSEEDED, Recipe
from mmexplore.recipes.seeds import seeds

__all__ = ["RunPlan", "seeds", "settings_between"]


@dataclass(frozen=True)
class RunPlan:
    """A recipe, the preset it began with, a title, and the seeds to train it with.

    With ``seeded_split`` a run's seed draws its split too, as ``--seed`` does; with ``one_split`` the first seed draws
    that of all of them. ``folds``: the folds that are trained, a run each, where they are several.
    """

    recipe: Recipe
    preset: str
    title: str
    seeds: tuple[int, ...]
    seeded_split: bool
    one_split: bool = False
    folds: tuple[int, ...] = ()

    @property
    def ensemble(self) -> bool:
        """Whether the runs become one ensemble: several models that predict labels, scored on one split."""
        splits = {seed: self.run(seed).data.split_seed for seed in self.seeds}
        same = len(set(splits.values())) == 1 or self.recipe.data.split in UNSEEDED
        return len(self.seeds) > 1 and same and not self.recipe.pretrains and len(self.folds) < 2

    @property
    def places(self) -> list[tuple[int, int]]:
        """Seed and fold of each run."""
        return [(seed, fold) for seed in self.seeds for fold in self.folds or (self.recipe.data.fold,)]

    def runs(self) -> list[tuple[Recipe, str]]:
        """One recipe and title a seed and fold."""
        return [(self.run(*place), self._title(*place)) for place in self.places]

    def run(self, seed: int, fold: int | None = None) -> Recipe:
        """The recipe of one seed and fold."""
        values: dict[str, Any] = {"training": self.recipe.training.model_copy(update={"seed": seed})}
        data: dict[str, Any] = {} if fold is None else {"fold": fold}
        if self.seeded_split:
            data["split_seed"] = self.seeds[0] if self.one_split else seed
        if data:
            values["data"] = self.recipe.data.model_copy(update=data)
        return self.recipe.model_copy(update=values)

    def shell(self, seed: int, fold: int | None = None) -> str:
        """The same run as a line for the shell."""
        verb, begin = ("pretrain", pretraining) if self.recipe.pretrains else ("train", preset)
        settings = settings_between(begin(self.preset), self.run(seed, fold))
        data, rest = self.recipe.data.dataset, [s for s in settings if not s.startswith("data.dataset=")]
        words = ["python", "-m", "mmexplore", verb, self.preset, "--data", data, f"--name={self._title(seed, fold)}"]
        return shlex.join([*words, *(word for setting in rest for word in ("--set", setting))])

    def together(self) -> str:
        """All runs as one line for the shell, which makes an ensemble of them."""
        settings = [*settings_between(preset(self.preset), self.run(self.seeds[0]))]
        rest = [s for s in settings if not s.startswith(("data.dataset=", "training.seed="))]
        words = ["python", "-m", "mmexplore", "train", self.preset, "--data", self.recipe.data.dataset]
        words += [f"--name={self.title}", "--seeds", *map(str, self.seeds)]
        return shlex.join([*words, *(word for setting in rest for word in ("--set", setting))])

    def _title(self, seed: int, fold: int | None = None) -> str:
        words = self.title if len(self.seeds) == 1 else f"{self.title}, seed {seed}"
        return words if len(self.folds) < 2 or fold is None else f"{words}, fold {fold + 1} of {len(self.folds)}"


def settings_between(start: Recipe, end: Recipe) -> list[str]:
    """The ``section.field=value`` settings that turn one recipe into the other, names apart.

    >>> start = preset("dmpnn")
    >>> settings_between(start, start.with_settings(["training.epochs=3", 'data.targets=["logS"]']))
    ['data.targets=["logS"]', 'training.epochs=3']
    """
    return list(_changed(start.model_dump(mode="json", exclude={"name"}), end.model_dump(mode="json"), ""))


def _changed(start: Any, end: Any, path: str) -> Iterator[str]:
    if start == end:
        return
    if isinstance(start, dict) and (not path or start.keys() == end.keys()):
        for key in start:
            yield from _changed(start[key], end[key], f"{path}.{key}" if path else key)
        return
    yield f"{path}={json.dumps(end, allow_nan=False)}"
