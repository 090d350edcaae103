"""Training plan, what a form asks for in plain values.

A recipe over several seeds, and the same as a line for the shell.
"""

import json
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from mmexplore.recipes.presets import preset, pretraining
from mmexplore.recipes.recipe import Recipe
from mmexplore.runtime.errors import BadRecipe

MOST_SEEDS = 20


@dataclass(frozen=True)
class RunPlan:
    """A recipe, the preset it began with, a title, and the seeds to train it with.

    With ``seeded_split`` a run's seed draws its split too, as ``--seed`` does.
    """

    recipe: Recipe
    preset: str
    title: str
    seeds: tuple[int, ...]
    seeded_split: bool

    def runs(self) -> list[tuple[Recipe, str]]:
        """One recipe and title a seed."""
        return [(self.run(seed), self._title(seed)) for seed in self.seeds]

    def run(self, seed: int) -> Recipe:
        """The recipe of one seed."""
        values: dict[str, Any] = {"training": self.recipe.training.model_copy(update={"seed": seed})}
        if self.seeded_split:
            values["data"] = self.recipe.data.model_copy(update={"split_seed": seed})
        return self.recipe.model_copy(update=values)

    def shell(self, seed: int) -> str:
        """The same run as a line for the shell."""
        verb, begin = ("pretrain", pretraining) if self.recipe.pretrains else ("train", preset)
        settings = settings_between(begin(self.preset), self.run(seed))
        data, rest = self.recipe.data.dataset, [s for s in settings if not s.startswith("data.dataset=")]
        words = ["python", "-m", "mmexplore", verb, self.preset, "--data", data, f"--name={self._title(seed)}"]
        return shlex.join([*words, *(word for setting in rest for word in ("--set", setting))])

    def _title(self, seed: int) -> str:
        return self.title if len(self.seeds) == 1 else f"{self.title}, seed {seed}"


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


def seeds(text: str) -> tuple[int, ...]:
    """Whole numbers from what was typed. Raises BadRecipe.

    >>> seeds("0, 1 2"), seeds("3-5")
    ((0, 1, 2), (3, 4, 5))
    """
    found: list[int] = []
    for word in re.split(r"[\s,;]+", text.strip()):
        span = re.fullmatch(r"(\d{1,9})(?:-(\d{1,9}))?", word, re.ASCII)
        if not span:
            raise BadRecipe(f"seeds are whole numbers such as 0 or 0, 1, 2 or 0-4, and {text!r} came")
        first, last = int(span[1]), int(span[2] or span[1])
        if not 0 <= last - first < MOST_SEEDS:
            raise BadRecipe(f"a span of seeds goes up, over {MOST_SEEDS} at most, and {word!r} came")
        found += range(first, last + 1)
    chosen = tuple(dict.fromkeys(found))
    if len(chosen) > MOST_SEEDS:
        raise BadRecipe(f"{MOST_SEEDS} seeds at a time are the most, and {len(chosen)} came")
    return chosen
