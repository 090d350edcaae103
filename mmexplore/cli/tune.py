"""The verb ``tune``: a search of a recipe's settings, compared on the validation part; the test part is not read."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from mmexplore import studio
from mmexplore.cli.answer import JobFolder, Json, Values, answer
from mmexplore.recipes.presets import preset, preset_names
from mmexplore.recipes.recipe import SPLITS, Recipe, parse, read
from mmexplore.runtime.errors import BadRecipe
from mmexplore.runtime.jobs.reporters import Listener
from mmexplore.training.tuning.study import BEST, MOST_TRIALS, SAMPLERS, SearchPlan

_OVER = "field to vary, as training.learning_rate, with a range where its own is not meant: PATH=LOW:HIGH, "
_OVER += "PATH=LOW:HIGH:log or PATH=A,B,C; repeatable; none: every field that has a range"
_SAMPLER = "; ".join(f"{name}: {what}" for name, what in SAMPLERS.items())


def recipe_named(
    name: str, by_name: Callable[[str], Recipe], known: tuple[str, ...], data: str, seed: int | None, rest: Values
) -> Recipe:
    """The recipe of a name or a file, with what else was asked. Raises BadRecipe."""
    path = Path(name).expanduser()
    if path.suffix == ".json" and path.is_file():
        chosen = read(path)
    elif path.suffix == ".json":
        raise BadRecipe(f"there is no recipe file {name}; the recipes by name are: {', '.join(known)}")
    else:
        chosen = by_name(name)
    values = chosen.model_dump(mode="json")
    given = rest | {"dataset": data}
    values["data"] |= {key: value for key, value in given.items() if value not in (None, "", [], ())}
    if seed is not None:
        values["data"]["split_seed"] = values["training"]["seed"] = seed
    return parse(values)


def tune(
    recipe: Annotated[str, typer.Argument(help=f"{', '.join(preset_names())}, or a recipe.json")],
    data: Annotated[str, typer.Option("--data", help="name of a data set, or a file")] = "",
    target: Annotated[list[str] | None, typer.Option("--target", help="label column, repeatable")] = None,
    split: Annotated[str, typer.Option("--split", help=f"how parts are made: {', '.join(SPLITS)}")] = "",
    seed: Annotated[int | None, typer.Option("--seed", help="seed of split and training, of every trial")] = None,
    trials: Annotated[int, typer.Option("--trials", min=1, max=MOST_TRIALS, help="trials in all")] = 20,
    over: Annotated[list[str] | None, typer.Option("--over", help=_OVER)] = None,
    sampler: Annotated[str, typer.Option("--sampler", help=_SAMPLER)] = "tpe",
    search_seed: Annotated[int, typer.Option("--search-seed", min=0, help="seed of the search")] = 0,
    pruning: Annotated[
        bool, typer.Option("--pruning/--no-pruning", help="end trials that are worse than the median by then")
    ] = True,
    out: Annotated[Path | None, typer.Option("--out", help="folder of the study; one that was cut off goes on")] = None,
    name: Annotated[str, typer.Option("--name", help="the study's display name")] = "",
    settings: Annotated[list[str] | None, typer.Option("--set", help="section.field=value, repeatable")] = None,
    as_json: Json = False,
    job: JobFolder = None,
) -> None:
    """Search a recipe's settings by validation scores: trials with other settings, the promising ones to their end."""

    def work(progress: Listener) -> Values:
        given: Values = {"targets": target, "split": split}
        chosen = recipe_named(recipe, preset, preset_names(), data, seed, given).with_settings(settings or [])
        if sampler not in SAMPLERS:
            raise BadRecipe(f"--sampler is {' or '.join(SAMPLERS)}, and {sampler!r} came")
        ranges = dict(one.partition("=")[::2] for one in over or [])
        asked = {"trials": trials, "ranges": ranges, "sampler": sampler, "seed": search_seed, "pruning": pruning}
        search = SearchPlan.model_validate(asked)
        title = name or f"{chosen.data.dataset} {chosen.name}"
        folder = out or studio.new_study(title)
        progress.goes_on = f"the same command with --out {folder} goes on with what was done"
        found = studio.tune(chosen, folder, search, title, progress)
        return _told(found, folder)

    answer(work, as_json, job, shown=_shown)


def _told(found: "studio.StudyOfSettings", folder: Path) -> Values:
    best = found.best
    return {
        "study": str(folder),
        "score": found.study.metric,
        "lower_is_better": found.study.lower_is_better,
        "validation_molecules": found.study.rows,
        "best": {"trial": best.number + 1, "score": best.score, "settings": best.settings} if best else None,
        "recipe": str(folder / BEST) if best else None,
        "ranges": found.study.ranges,
        "trials": [
            {"trial": one.number + 1, "state": one.state, "score": one.score, "epochs": len(one.scores)}
            | {"settings": one.settings, "message": one.message}
            for one in found.trials
        ],
    }


def _shown(values: Values) -> Values:
    """For people: trials without their settings, which stand beside the best one."""
    trials = [{key: one[key] for key in ("trial", "state", "score", "epochs", "message")} for one in values["trials"]]
    return values | {"trials": trials}
