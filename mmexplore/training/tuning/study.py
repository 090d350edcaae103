"""Study of settings: what a search of hyper-parameters was asked, and its trials, as files that anybody may read.

    study.json         what was asked: recipe, ranges, sampler, seed, number of trials; and what is compared
    trials/0007.json   a trial: its settings, the validation score of each epoch, how it ended
    best.json          the recipe with the best settings so far

Each is replaced whole, so that a kill leaves the last state, and each is JSON: nothing is unpickled.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError

from mmexplore.recipes.recipe import MOST_BYTES, MOST_SEED, Recipe, Section, parse
from mmexplore.runtime.errors import BadRecipe
from mmexplore.runtime.home import Home, read_json, write_json

FILE, TRIALS, BEST, RECIPE, FORMAT = "study.json", "trials", "best.json", "recipe.json", 1
MOST_TRIALS = 1000
SAMPLERS = {
    "tpe": "tree-structured Parzen estimator: where good trials lie densely",
    "random": "anywhere in the ranges",
}


class SearchPlan(Section):
    """Search plan: how many trials, drawn how, within which ranges.

    ``ranges`` in words (:mod:`mmexplore.recipes.ranges`) by the path of a field, "" for the field's own; none: every
    field that has a range. ``pruning``: a trial whose best validation score is worse than the median of others at the
    same epoch is ended.
    """

    trials: Annotated[int, Field(ge=1, le=MOST_TRIALS, description="trials in all")] = 20
    ranges: dict[str, str] = Field(default_factory=dict)
    sampler: Annotated[Literal["tpe", "random"], Field(description="how settings are drawn")] = "tpe"
    seed: Annotated[int, Field(ge=0, le=MOST_SEED, description="seed of the search; weights have the recipe's")] = 0
    pruning: Annotated[bool, Field(description="end a trial that is worse than the median at the same epoch")] = True


class Trial(Section):
    """Trial: one training with settings of its own; ``scores`` of the validation part by epoch, from 1.

    ``score`` is the best of them, None of what failed or still runs; ``message`` says why it failed.
    """

    number: Annotated[int, Field(ge=0)]
    state: Literal["running", "complete", "pruned", "failed"]
    settings: dict[str, Any]
    score: float | None = None
    scores: dict[int, float] = Field(default_factory=dict)
    seconds: float = 0.0
    message: str = ""


class Study(Section):
    """Study: a search with what it compares.

    ``metric`` is the validation score, ``rows`` molecules of the validation part give it; ``data`` and ``digest`` are
    the data set's. ``ranges`` holds every field that is varied.
    """

    format: Literal[1] = 1
    title: str
    recipe: Recipe
    search: SearchPlan
    ranges: dict[str, str]
    metric: str
    lower_is_better: bool
    rows: int
    data: str
    digest: str
    made_by: str = ""

    def best(self, trials: Sequence[Trial]) -> Trial | None:
        """Best trial of those that were trained to their end, the first of equals; None before there is one."""
        done = [trial for trial in trials if trial.state == "complete" and trial.score is not None]
        return min(done, key=lambda one: self.sign * (one.score or 0.0), default=None)

    @property
    def sign(self) -> int:
        """Factor that makes the lower of two scores the better one."""
        return 1 if self.lower_is_better else -1

    def settled(self, trial: Trial) -> Recipe:
        """The recipe with a trial's settings, marked as chosen by the validation part."""
        return with_settings(self.recipe, trial.settings)


def with_settings(recipe: Recipe, settings: dict[str, Any]) -> Recipe:
    """The recipe with settings by path, marked as tuned. Raises BadRecipe where they do not go together."""
    from mmexplore.recipes.ranges import setting

    tuned = recipe.model_copy(update={"data": recipe.data.model_copy(update={"tuned": True})})
    return tuned.with_settings(setting(path, value) for path, value in settings.items())


def studies_folder(*, home: Home) -> Path:
    """Folder of the studies."""
    return home.folder("studies")


def read_study(folder: Path) -> Study:
    """The study in a folder. Raises BadRecipe where there is none, or it is damaged."""
    try:
        values = read_json(folder / FILE, MOST_BYTES)
        return Study.model_validate(values | {"recipe": parse(values["recipe"])})
    except FileNotFoundError:
        raise BadRecipe(f"{folder} holds no study of settings; tune a recipe with --out {folder} first") from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        first = " ".join(str(error).split())[:300]
        raise BadRecipe(f"{folder / FILE} is no study of this version: {first}") from None


def read_trials(folder: Path) -> list[Trial]:
    """Trials of a study by number; a damaged file is as if its trial had not been."""
    found = {}
    for path in sorted((folder / TRIALS).glob("[0-9]*.json")):
        try:
            trial = Trial.model_validate(read_json(path, MOST_BYTES))
        except (OSError, ValueError, ValidationError):
            continue
        if path == trial_file(folder, trial.number):
            found[trial.number] = trial
    return [found[number] for number in sorted(found)]


def write_trial(folder: Path, trial: Trial) -> None:
    """Replace a trial's file."""
    write_json(trial_file(folder, trial.number), trial.model_dump(mode="json"))


def trial_file(folder: Path, number: int) -> Path:
    """Where a trial is kept."""
    return folder / TRIALS / f"{number:04}.json"
