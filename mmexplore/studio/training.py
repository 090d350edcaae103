"""Models and trainings: which there are, start one, see how it goes, and say beforehand what it will take."""

import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import psutil

from mmexplore.datasets import Dataset, Skipped
from mmexplore.models import calibration as calibrations
from mmexplore.models import ensembles, imported, predictions, registry
from mmexplore.models.calibration import Calibration, Coverage
from mmexplore.models.ensembles import Ensemble
from mmexplore.models.exchange import tracking
from mmexplore.models.registry import Model
from mmexplore.recipes import ranges
from mmexplore.recipes.recipe import Recipe
from mmexplore.runtime import files, processes
from mmexplore.runtime.cache import FileVersion, cached, version
from mmexplore.runtime.errors import BadRecipe, MmexploreError, Taken, UnknownName
from mmexplore.runtime.home import read_json, write_json
from mmexplore.runtime.jobs import client
from mmexplore.runtime.jobs.folder import Job
from mmexplore.runtime.progress import Progress, silent
from mmexplore.studio.door import check_recipe, dataset, home, model, renamed, training_data
from mmexplore.training.tuning import study as studies_kept
from mmexplore.training.tuning.study import SearchPlan, Study, Trial

if TYPE_CHECKING:
    import pandas as pd

    from mmexplore.training.checks import TrainingCheck

TRAINING_VERBS = ("train", "pretrain")
TUNING_VERB = "tune"
MOST_CHECKED = 20_000
"""Of so many molecules a page says before a training what forbids it; of more the job does."""


def models() -> list[Model]:
    """Shipped models, ensembles, trained models, newest first, then the baseline, without :func:`damaged_models`."""
    return renamed(ensembles.models(home=home()))


def damaged_models() -> dict[str, str]:
    """What lies among the trained models and is none, by its name: why not."""
    return registry.damaged(home=home()) | ensembles.damaged(home=home()) | imported.damaged(home=home())


def new_run(title: str) -> Path:
    """A fresh run folder whose name is made from a title."""
    return registry.new_run(title, home=home())


def log_run(name: str, uri: str) -> list[str]:
    """Log a trained model, or each member of an ensemble, to MLflow at a tracking URI; ids of the runs.

    Raises NotAvailable without the package, or where it says no, BadRecipe for what was not trained.
    """
    found = model(name)
    members = found.members if isinstance(found, Ensemble) else (found,)
    kept = partial(registry.history, home=home())
    return [tracking.log(one, partial(kept, str(one.folder.parent)), uri) for one in members]


def rename_model(name: str, title: str) -> None:
    """Give a trained model another title, by which it can be asked for, too; its name stays, and all that refers to it.

    Raises BadRecipe for a shipped one, or a title that is taken.
    """
    found = model(name)
    check_title(title, found.name)
    if isinstance(found, Ensemble):
        ensembles.rename(found, title.strip())
    elif isinstance(found, imported.Imported):
        imported.rename(found, title.strip(), home=home())
    else:
        registry.rename(found.name, title.strip(), home=home())


def check_title(title: str, name: str = "") -> None:
    """Raises BadRecipe for a title that is empty, or taken by another model than that of a name."""
    if not title.strip():
        raise BadRecipe("a model's name cannot be empty")
    if title.strip() in {text for one in models() if one.name != name for text in (one.name, one.title)}:
        raise BadRecipe(f"another model is called {title.strip()!r} already; give this one another name")


def delete_model(name: str) -> None:
    """Delete a trained model with its run, or an ensemble, whose members stay. Raises BadRecipe for a shipped one."""
    if name in ensembles.damaged(home=home()) or isinstance(model(name), Ensemble):
        ensembles.delete(name, home=home())
        return
    if name in imported.damaged(home=home()):
        imported.delete(name, home=home())
        return
    if isinstance(found := model(name), imported.Imported):
        imported.delete(found.name, home=home())
        return
    registry.delete(name, home=home())


def export_model(name: str, where: Path) -> Path:
    """A zip of the model's folder (weights.safetensors, recipe.json, card.json); of an ensemble a backup of its runs.

    The latter is brought back by :func:`mmexplore.studio.restore`. Raises UnknownName for an ensemble outside the home.
    """
    found = model(name)
    if not isinstance(found, Ensemble):
        return registry.export(found.name, where, home=home())
    from mmexplore.studio.upkeep import backup

    return backup(where / f"{Path(found.name).name}.zip", models=[found.name]).file


def check_training(recipe: Recipe) -> "TrainingCheck":
    """Training check, before any work: what forbids a recipe on its data set, and what its scores will lack."""
    from mmexplore.training import checks

    try:
        table = dataset(recipe.data.dataset)
    except MmexploreError as mistake:
        return checks.TrainingCheck((str(mistake),))
    return _checked(recipe, table, _state_of(recipe.data.split_file))


def _state_of(file: str) -> "FileVersion | str":
    """Changes with the file that a split is read from."""
    try:
        return version(Path(file).expanduser()) if file else ""
    except (OSError, ValueError):
        return file


@cached(32)
def _checked(recipe: Recipe, table: Dataset, _file: "FileVersion | str") -> "TrainingCheck":
    from mmexplore.training import checks

    return checks.check(recipe, table)


def trained_without(name: str) -> tuple[Skipped, ...]:
    """Rows of its data set that a model was trained without, and why."""
    try:
        found = model(name)
        one = found.members[0] if isinstance(found, Ensemble) else found  # members have learned the same rows
        told = read_json(one.folder.parent / "skipped.json")
        return tuple(Skipped(**one) for one in told)
    except (OSError, ValueError, TypeError):
        return ()


def history(name: str) -> "pd.DataFrame":
    """Training history, one row an epoch (index ``epoch``, from 1); empty where it was not kept, and of an ensemble."""
    import pandas as pd

    return pd.DataFrame() if isinstance(model(name), Ensemble) else registry.history(name, home=home())


def start_training(recipe: Recipe, title: str) -> Job:
    """Have a recipe trained, or pre-trained, by a job, or the job that is at it already under that title.

    The run folder appears at once, and a killed job started again goes on there. Raises UnknownName where the recipe
    begins with a model that is not here, BadRecipe where nothing can come of it (:func:`check_training`; of many
    molecules the job itself says that).
    """
    check_recipe(recipe)
    registry.check_starts(recipe, home=home())
    if len(dataset(recipe.data.dataset)) <= MOST_CHECKED:
        _require(recipe)
    with client.starting(home=home()):  # two clicks, or two tabs, are one training
        for job in client.jobs(home=home()):
            if job.verb in TRAINING_VERBS and job.active and job.title == title and recipe_of(job) == recipe:
                return job
        folder = registry.new_run(title, home=home())
        write_json(folder / "recipe.json", recipe.model_dump(mode="json"))
        arguments = [str(folder / "recipe.json"), "--out", str(folder), "--name", title]
        verb = "pretrain" if recipe.pretrains else "train"
        return client.start(verb, arguments, device=_device(recipe), title=title, home=home())


def expect_ensemble(title: str, jobs: Sequence[Job]) -> str:
    """Have the models of these trainings made one ensemble as soon as the last of them is done; its name.

    They share recipe, data set and split, and a second call for the same trainings is the first one. "" where a job
    trains nothing that is here.
    """
    folders = [Path(job.arguments[job.arguments.index("--out") + 1]) for job in jobs if "--out" in job.arguments]
    if len(folders) < max(len(jobs), ensembles.FEWEST):
        return ""
    with client.starting(home=home()):
        folder = ensembles.expect(title, [folder / "model" for folder in folders], home=home())
    ensembles.complete(folder, home=home())  # a training may have been done before
    return folder.name


def _seeded(recipe: Recipe, seed: int) -> Recipe:
    return recipe.model_copy(update={"training": recipe.training.model_copy(update={"seed": seed})})


def train_ensemble(
    recipe: Recipe,
    seeds: Sequence[int],
    folder: Path,
    name: str = "",
    progress: Progress = silent,
    *,
    overwrite: bool = False,
) -> Ensemble:
    """Train a recipe with several seeds of its weights on one split, one after the other, to the ensemble in a folder.

    Its members are runs beside a folder among the runs, and lie below any other. Those that are finished are kept, so
    that the same call goes on after a kill. Imports torch; raises like :func:`train`.
    """
    if len(set(seeds)) < len(seeds) or not ensembles.FEWEST <= len(seeds) <= ensembles.MOST:
        raise BadRecipe(f"an ensemble has two to {ensembles.MOST} seeds, each once, and {list(seeds)} came")
    if (folder / registry.ENSEMBLE).is_file() and not overwrite:
        raise Taken(f"{folder} holds a finished ensemble; give another --out, or --overwrite to train over it")
    title, members = name or recipe.name, list[Model]()
    own = folder.parent == registry.runs_folder(home=home())
    for seed in seeds:
        run = folder.with_name(f"{folder.name}-seed-{seed}") if own else folder / f"seed-{seed}"
        one = _seeded(recipe, seed)
        there = registry.at(run / "model", home=home()) if ensembles.finished(run / "model") else None
        if overwrite or there is None or there.recipe is None or there.recipe.digest != one.digest:
            train(one, run, f"{title}, seed {seed}", progress, overwrite=overwrite)
            there = registry.at(run / "model", home=home())
        assert there is not None
        members.append(there)
    return ensembles.make(title, members, folder, home=home())


def folds_of(recipe: Recipe, repeats: int = 1) -> list[Recipe]:
    """Recipes of every fold of a cross-validation, repeated with as many split seeds from the recipe's on."""
    data = recipe.data
    places = [(data.split_seed + repeat, fold) for repeat in range(repeats) for fold in range(data.folds)]
    return [
        recipe.model_copy(update={"data": data.model_copy(update={"split_seed": seed, "fold": fold})})
        for seed, fold in places
    ]


def train_folds(
    recipe: Recipe,
    folder: Path | None = None,
    name: str = "",
    progress: Progress = silent,
    *,
    repeats: int = 1,
    overwrite: bool = False,
) -> list[Model]:
    """Train a model a fold of the recipe's cross-validation, one after the other; ``repeats`` divide it anew.

    The runs lie below ``folder``, where finished ones are kept, so that the same call goes on after a kill; without a
    folder each is a new run. Imports torch; raises like :func:`train`.
    """
    if recipe.data.split != "kfold":
        raise BadRecipe(f"folds are of split 'kfold', and {recipe.data.split!r} came")
    made, title = list[Model](), name or f"{recipe.data.dataset} {recipe.name}"
    for one in folds_of(recipe, repeats):
        words = f"fold {one.data.fold + 1} of {one.data.folds}"
        words += f", split seed {one.data.split_seed}" if repeats > 1 else ""
        place = f"split-{one.data.split_seed}-fold-{one.data.fold}"
        run = folder / place if folder else registry.new_run(f"{title} {words}", home=home())
        there = registry.at(run / "model", home=home()) if ensembles.finished(run / "model") else None
        if overwrite or there is None or there.recipe is None or there.recipe.digest != one.digest:
            train(one, run, f"{title}, {words}", progress, overwrite=overwrite)
            there = registry.at(run / "model", home=home())
        assert there is not None
        made.append(there)
    return made


def mean_scores(models: Sequence[Model]) -> tuple[dict[str, dict[str, float]], dict[str, dict[str, float]]]:
    """Mean and sample standard deviation of the scores that all models have, by part and name."""
    cards = [model.card.metrics for model in models if model.card]
    parts = {part: set.intersection(*(set(card.get(part, {})) for card in cards)) for part in cards[0]}
    tables = {
        part: {name: np.array([card[part][name] for card in cards]) for name in cards[0][part] if name in names}
        for part, names in parts.items()
    }
    mean = {part: {name: float(v.mean()) for name, v in table.items()} for part, table in tables.items()}
    apart = {part: {n: float(v.std(ddof=1)) for n, v in t.items()} for part, t in tables.items() if len(cards) > 1}
    return mean, apart


def check_ensemble(names: Sequence[str]) -> None:
    """Whether models are one ensemble: of one recipe, data set and split, with seeds of their own. Raises BadRecipe."""
    ensembles.check([model(name) for name in names])


def make_ensemble(title: str, names: Sequence[str]) -> Ensemble:
    """Make an ensemble of trained models of one recipe, data set and split, whose weights' seeds differ.

    Raises BadRecipe for models that differ in more.
    """
    members = [model(name) for name in names]
    ensembles.check(members)
    return ensembles.make(title, members, registry.new_run(title, home=home()), home=home())


def recipe_of(job: Job) -> Recipe | None:
    """The recipe that a training or a search of settings was given; None for other jobs, and where its run is gone."""
    path = Path(job.arguments[0]) if job.verb in (*TRAINING_VERBS, TUNING_VERB) and job.arguments else Path()
    try:
        return Recipe.model_validate(read_json(path)) if path.suffix == ".json" else None
    except (OSError, ValueError, MmexploreError):
        return None


def job_history(job: Job) -> "pd.DataFrame":
    """Training history of a job, one row an epoch; earlier attempts at the same run come before."""
    import pandas as pd

    attempts = [j for j in client.jobs(home=home()) if j.arguments == job.arguments and j.created <= job.created]
    told = [
        event
        for attempt in reversed(attempts)
        for event in client.events(attempt, home=home())
        if "train_loss" in event.values
    ]
    table = pd.DataFrame.from_dict({event.done: event.values for event in told}, orient="index")
    return table.rename_axis("epoch").sort_index()


def train(
    recipe: Recipe, folder: Path, name: str = "", progress: Progress = silent, *, overwrite: bool = False
) -> Model:
    """Train a recipe into a folder, or go on with what lies there; imports torch.

    Raises Taken where another process trains there, or a finished model lies there and ``overwrite`` is False, and
    BadRecipe before any work where nothing can come of it (:func:`check_training`). Where an ensemble waited for this
    model last (:func:`expect_ensemble`), it is made.
    """
    _require(recipe)
    from mmexplore.training import train as training

    table, name = dataset(recipe.data.dataset), name or recipe.name
    held = [dataset(other) for other in recipe.data.without]
    training.train(recipe, table, folder, name=name, overwrite=overwrite, without=held, progress=progress, home=home())
    ensembles.completed_by(folder / "model", home=home())
    return model(str(folder))


def _require(recipe: Recipe) -> None:
    if refusals := check_training(recipe).refusals:
        raise BadRecipe("; ".join(refusals))


def write_chemprop(model_name: str, out: Path, branch: str = "") -> str:
    """Write a D-MPNN branch ("": the first) as a checkpoint of chemprop 2; says what it holds. Imports torch.

    Raises BadRecipe for a branch that is no D-MPNN and NotAvailable without chemprop.
    """
    from mmexplore.models import checkpoints
    from mmexplore.training import chemprop_io

    chosen = ensembles.single(model(model_name), "a checkpoint of chemprop holds")
    if chosen.recipe is None or chosen.recipe.stacks:
        raise BadRecipe(f"{model_name!r} has no weights of a D-MPNN to write")
    out.parent.mkdir(parents=True, exist_ok=True)
    return chemprop_io.save(checkpoints.load(chosen.folder), branch or chosen.recipe.branches[0].name, out)


@dataclass(frozen=True)
class StudyOfSettings:
    """Study of settings with its trials so far, as it lies in ``folder``."""

    name: str
    folder: Path
    study: Study
    trials: tuple[Trial, ...]

    @property
    def best(self) -> Trial | None:
        """Best trial of those that were trained to their end; None before there is one."""
        return self.study.best(self.trials)

    def settled(self, trial: Trial) -> Recipe:
        """The study's recipe with a trial's settings."""
        return self.study.settled(trial)


def search_ranges(recipe: Recipe) -> dict[str, str]:
    """Search ranges in words by the path of a field: those that a search of a recipe varies where none are named."""
    kinds: set[str] = set()
    if not recipe.pretrains:
        wanted = recipe.data.targets
        kinds = {task.kind for task in dataset(recipe.data.dataset).tasks if not wanted or task.name in wanted}
    return {path: ranges.in_words(span) for path, span in ranges.ranges_of(recipe, kinds).items()}


def new_study(title: str) -> Path:
    """A fresh folder of a study whose name is made from a title."""
    return registry.new_folder(studies_kept.studies_folder(home=home()), title)


def tune(
    recipe: Recipe, folder: Path, search: SearchPlan, name: str = "", progress: Progress = silent
) -> StudyOfSettings:
    """Search a recipe's settings by validation scores into a folder, or go on with what lies there; imports torch.

    No label of the test part is read. Raises Taken where another process searches there, or the folder holds a study
    that was asked otherwise, and BadRecipe where nothing can come of it.
    """
    from mmexplore.training.tuning import tune as tuning

    tuning.tune(recipe, dataset(recipe.data.dataset), folder, search, title=name, progress=progress, home=home())
    return _study_at(folder)


def check_search(recipe: Recipe, search: SearchPlan) -> None:
    """Raises BadRecipe or UnknownName where a search cannot start: a range that is none, a recipe without labels."""
    check_recipe(recipe)
    registry.check_starts(recipe, home=home())
    ranges.chosen_ranges(recipe, search.ranges)


def start_tuning(recipe: Recipe, search: SearchPlan, title: str) -> Job:
    """Have a recipe's settings searched by a job, or the job that is at it already under that title.

    A killed job started again goes on where it was. Raises like :func:`check_search`.
    """
    check_search(recipe, search)
    if len(dataset(recipe.data.dataset)) <= MOST_CHECKED:
        _require(recipe)
    words = ["--trials", str(search.trials), "--sampler", search.sampler, "--search-seed", str(search.seed)]
    words += [] if search.pruning else ["--no-pruning"]
    for path, text in search.ranges.items():
        words += ["--over", f"{path}={text}" if text else path]
    with client.starting(home=home()):
        for job in client.jobs(home=home()):
            same = job.verb == TUNING_VERB and job.title == title and list(job.arguments[5:]) == words
            if same and job.active and recipe_of(job) == recipe:
                return job
        folder = new_study(title)
        write_json(folder / studies_kept.RECIPE, recipe.model_dump(mode="json"))
        arguments = [str(folder / studies_kept.RECIPE), "--out", str(folder), "--name", title, *words]
        return client.start(TUNING_VERB, arguments, device=_device(recipe), title=title, home=home())


def studies() -> list[StudyOfSettings]:
    """Studies of settings here, the newest first."""
    folders = [
        path for path in studies_kept.studies_folder(home=home()).iterdir() if (path / studies_kept.FILE).is_file()
    ]
    found = []
    for folder in sorted(folders, key=lambda path: (path / studies_kept.FILE).stat().st_mtime, reverse=True):
        try:
            found.append(_study_at(folder))
        except BadRecipe:
            continue  # :func:`study` says why
    return found


def study(name: str) -> StudyOfSettings:
    """The study of settings of that name. Raises UnknownName, and BadRecipe for a damaged one."""
    folder = studies_kept.studies_folder(home=home()) / name
    if Path(name).name != name or not (folder / studies_kept.FILE).is_file():
        raise UnknownName("study of settings", name, [one.name for one in studies()])
    return _study_at(folder)


def study_of(job: Job) -> StudyOfSettings | None:
    """The study that a job searches; None for other jobs, before it began, and where it was deleted."""
    words = job.arguments
    if job.verb != TUNING_VERB or "--out" not in words:
        return None
    try:
        return _study_at(Path(words[words.index("--out") + 1]))
    except (BadRecipe, IndexError):
        return None


def delete_study(name: str) -> None:
    """Delete a study with its trials. Raises UnknownName, and MmexploreError while a job is at it."""
    found = study(name)
    for job in client.jobs(home=home()):
        if job.active and str(found.folder) in job.arguments:
            raise MmexploreError(f"a job searches in {name!r} now; cancel it first, then delete the study")
    files.patiently(lambda: shutil.rmtree(found.folder))


def _study_at(folder: Path) -> StudyOfSettings:
    return StudyOfSettings(
        folder.name, folder, studies_kept.read_study(folder), tuple(studies_kept.read_trials(folder))
    )


def _device(recipe: Recipe) -> str:
    return "cpu" if recipe.training.device == "auto" else recipe.training.device


def calibration(model_name: str) -> Calibration | None:
    """Calibration of a model or an ensemble: its intervals, sets and scaled probabilities; None where it has none."""
    found = model(model_name)
    return calibrations.calibration(found) or calibrations.calibration(found, training_data(found))


def intervals_in_words(model_name: str, level: float = calibrations.LEVEL) -> str:
    """What a model's intervals and sets are made of, and what they cover; or why it has none. In sentences."""
    found = model(model_name)
    made = calibration(model_name)
    if made is not None and found.card is not None:
        most = max(map(made.rows, range(len(made.kinds))))
        if "regression" in made.kinds and np.isinf(calibrations.quantile(np.zeros(most), level)):
            share = f"{100 * level:g} %"
            return f"No intervals of {share}: {most} calibration molecules are too few; a lower level would do."
        covered = calibrations.in_words(coverage(model_name))
        measured = f"{covered[:1].upper()}{covered[1:]}." if covered else ""
        return " ".join(filter(None, (made.words, measured, calibrations.promise(found.card.split.rule, level))))
    if found.card is None or not found.card.data.tasks:
        return f"{model_name} predicts no labels, so it has no intervals."
    if predictions.left_by_training(found) is None:
        return (
            "No intervals: nothing came with the model that says how far off it was on molecules that it had not seen."
        )
    table = training_data(found)
    if table is None or table.digest != found.card.data.digest:
        whose = found.data or "its data set"
        return f"No intervals or sets yet: they are made of labels of {whose}, which is not here; fetch it on Data."
    return f"No intervals: fewer than {calibrations.FEWEST} calibration molecules have any of its labels."


def coverage(model_name: str) -> tuple[Coverage, ...]:
    """Coverage of a model's test part, a task each: what its card holds, of older ones what their predictions give."""
    found = model(model_name)
    if found.card is None or found.card.coverage:
        return found.card.coverage if found.card else ()
    made, told = calibration(model_name), tested(model_name)
    return made.coverage(found.card.data.tasks, told.truth, told.prediction, told.spread) if made and told else ()


@dataclass(frozen=True)
class Tested:
    """Test part of a model: ``truth`` and ``prediction`` float64 (n, tasks), NaN where there is no label.

    ``spread`` is that of an ensemble's members, None of a single model.
    """

    truth: np.ndarray
    prediction: np.ndarray
    spread: np.ndarray | None


def tested(model_name: str) -> Tested | None:
    """Test part of a model with its labels; None where its predictions or its data set are not here."""
    found = model(model_name)
    table = training_data(found)
    known = predictions.predictions(found, table, home=home()) if table is not None else None
    if found.card is None or table is None or known is None or "split" not in known:
        return None
    there = [task.name for task in table.tasks]
    names = [task.name for task in found.card.data.tasks]
    if not all(name in there for name in names):
        return None
    test = (known["split"] == "test").to_numpy()
    truth = table.labels[test][:, [there.index(name) for name in names]].astype(np.float64)
    spread = predictions.spreads(found, table, home=home())
    return Tested(truth, known[names].to_numpy(float)[test], None if spread is None else spread[test])


@dataclass(frozen=True)
class Estimate:
    """Training estimate: what one will take, and where the figures come from."""

    seconds: float | None
    megabytes: float | None
    how: str


_START_SECONDS = 8
"""What the process of a training takes until it computes."""


def estimate(recipe: Recipe) -> Estimate:
    """Training estimate: time and memory, from what models with the same encoders took on this machine or elsewhere."""
    rows = recipe.data.drawn(len(dataset(recipe.data.dataset))) * recipe.data.fractions[0]
    if not (recipe.predicts_by_fusion or recipe.pretrains):
        return _estimate_of_baseline(recipe)
    encoders = sorted(b.encoder for b in recipe.branches)
    for known in sorted(models(), key=lambda m: (m.shipped, not m.recipe or m.recipe.pretrains != recipe.pretrains)):
        if known.recipe and known.card and sorted(b.encoder for b in known.recipe.branches) == encoders:
            speed = known.card.molecules_per_second
            if speed:
                where = "the shipped model's machine" if known.shipped else "an earlier run here"
                seconds = rows * recipe.training.epochs / speed + _START_SECONDS
                return Estimate(seconds, known.card.peak_megabytes, f"from {speed:,.0f} molecules/s on {where}")
    return Estimate(None, None, "no model with these encoders was trained yet")


def _estimate_of_baseline(recipe: Recipe) -> Estimate:
    """From a run here of the same recipe: it says little of a set of another size."""
    for known in models():
        if known.recipe and known.card and known.recipe.in_words == recipe.in_words:
            seconds = known.card.seconds + _START_SECONDS
            return Estimate(seconds, known.card.peak_megabytes, f"as the last such run here took, on {known.data}")
    usual = "a boosting of a thousand molecules takes seconds"
    if recipe.stacks:
        usual = f"each member is trained {recipe.stack.folds + 1} times"
    return Estimate(None, None, f"nothing like it was fitted here yet; {usual}")


@dataclass(frozen=True)
class Device:
    """Compute device: something a training can run on."""

    name: str
    title: str
    memory_gigabytes: float


def devices() -> list[Device]:
    """The CPU and any GPU that nvidia-smi names, or Apple's own; imports no torch."""
    memory = psutil.virtual_memory().total / 2**30
    cpu = Device("cpu", f"CPU, {psutil.cpu_count(logical=True)} cores", memory)
    if processes.apple_gpu():  # which shares the memory
        return [Device("mps", f"GPU of {processes.processor()}", memory), cpu]
    if not shutil.which("nvidia-smi"):
        return [cpu]
    query = ["nvidia-smi", "--query-gpu=index,name,memory.total", "--format=csv,noheader,nounits"]
    done = subprocess.run(query, capture_output=True, encoding="utf-8", errors="replace", timeout=5, check=False)
    lines = [line.split(", ") for line in done.stdout.splitlines() if line.count(", ") == 2]
    return [*(Device("cuda", f"GPU {i}: {name}", float(mb) / 1024) for i, name, mb in lines), cpu]
