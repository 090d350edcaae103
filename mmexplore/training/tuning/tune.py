"""Search of hyper-parameters by optuna: trials of one recipe with other settings, compared on the validation part.

The labels of the test part are taken away before anything looks at them, and the calibration rows of the validation
part score nothing, so that intervals of what is trained with the found settings hold. The first trial is the recipe as
it is, where the ranges hold it. What a trial is given depends on the search's seed, its own number and the trials
before it: a search that was killed goes on, within the trial in hand, as if it had not been.
"""

import shutil
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mmexplore.datasets import Dataset
from mmexplore.models import metrics, registry
from mmexplore.recipes import ranges
from mmexplore.recipes.ranges import Span
from mmexplore.recipes.recipe import Recipe
from mmexplore.runtime import devices as numerics
from mmexplore.runtime.devices import Policy
from mmexplore.runtime.errors import BadRecipe, Taken
from mmexplore.runtime.files import claimed
from mmexplore.runtime.home import Home, write_json
from mmexplore.runtime.progress import Progress, silent
from mmexplore.runtime.registry import Range
from mmexplore.training import checks, resume
from mmexplore.training.data import Prepared, prepare
from mmexplore.training.fit import fit
from mmexplore.training.objective import TrainingPlan
from mmexplore.training.stack import fit_stack
from mmexplore.training.supervised import criterion
from mmexplore.training.tuning.study import (
    BEST,
    FILE,
    RECIPE,
    SearchPlan,
    Study,
    Trial,
    read_study,
    read_trials,
    with_settings,
    write_trial,
)

if TYPE_CHECKING:
    import optuna

LOCK, NUMERICS = ".lock", "numerics.json"
_STARTUP_TRIALS = 4


def tune(
    recipe: Recipe,
    dataset: Dataset,
    folder: Path,
    search: SearchPlan,
    *,
    title: str = "",
    progress: Progress = silent,
    home: Home,
) -> Study:
    """Search a recipe's settings on a data set, or go on with the study in a folder, also to more trials.

    Raises BadRecipe, Taken where another process searches there or the folder holds a study that was asked otherwise,
    and Cancelled from ``progress``, after which the same call goes on.
    """
    registry.check_starts(recipe, home=home)
    if recipe.training.processes > 1:
        raise BadRecipe(f"a search trains in one process, and a recipe for {recipe.training.processes} of them came")
    with claimed(folder / LOCK, f"another process searches in {folder} now; give another --out, or wait for it"):
        return _Run(recipe, dataset, folder, search, title, progress, home=home).all()


def without_test_labels(recipe: Recipe, dataset: Dataset) -> Dataset:
    """The data set with no label of the recipe's test part: what is searched cannot read one."""
    labels = np.array(dataset.labels, np.float32)
    labels[checks.split_parts(recipe, dataset)["test"]] = np.nan
    return replace(dataset, labels=labels)


class _Pruned(Exception):
    """The trial in hand is worse than most others were by then."""


class _Run:
    """A search at work; ``trials`` are its records by number."""

    def __init__(
        self,
        recipe: Recipe,
        dataset: Dataset,
        folder: Path,
        search: SearchPlan,
        title: str,
        progress: Progress,
        *,
        home: Home,
    ) -> None:
        self.recipe, self.folder, self.search, self.progress, self.home = recipe, folder, search, progress, home
        self.base = with_settings(recipe, {})
        tasks, _ = checks.chosen_labels(recipe, dataset) if not recipe.pretrains else ((), None)
        self.spans = ranges.chosen_ranges(recipe, search.ranges, {task.kind for task in tasks})
        self.dataset = without_test_labels(recipe, dataset)
        self.prepared: Prepared = prepare(self.base, self.dataset, progress, home=home)
        self.metric = criterion(self.prepared, recipe.training.watch)
        if not self.metric:
            raise BadRecipe(
                f"a search compares validation scores, and the validation part of {dataset.name!r} has no label to "
                "score by; choose another split, or other fractions"
            )
        self.policy = self._policy()
        self.study = self._agreed(title, dataset)
        self.trials = {trial.number: trial for trial in read_trials(folder)}

    def _policy(self) -> Policy:
        """How all trials compute: decided when the search began, whatever would be found now."""
        key, record = f"{self.recipe.digest} {self.dataset.digest}", self.folder / NUMERICS
        asked = self.recipe.training
        found = numerics.kept(record, key) or numerics.decided(asked.device, asked.precision, home=self.home)
        numerics.keep(record, key, found)
        numerics.apply(found)
        return found

    def _agreed(self, title: str, dataset: Dataset) -> Study:
        """The study as it is asked now. Raises Taken where another one lies in the folder."""
        made = Study(
            title=title or f"{dataset.name} {self.recipe.name}",
            recipe=self.recipe,
            search=self.search,
            ranges={path: ranges.in_words(span) for path, span in self.spans.items()},
            metric=self.metric,
            lower_is_better=self.metric in metrics.LOWER_IS_BETTER,
            rows=int(np.isfinite(self.prepared.labels[self.prepared.choosing]).any(1).sum()),
            data=dataset.name,
            digest=dataset.digest,
            made_by=f"optuna {_optuna().__version__}",
        )
        if (self.folder / FILE).is_file() and (apart := _differences(read_study(self.folder), made)):
            raise Taken(
                f"{self.folder} holds a study with {' and '.join(apart)} other than asked; give another --out, or ask "
                "for the same (more --trials go on with it)"
            )
        write_json(self.folder / RECIPE, self.recipe.model_dump(mode="json"))
        write_json(self.folder / FILE, made.model_dump(mode="json"))
        return made

    def all(self) -> Study:
        """Every trial that is not done yet, one after the other."""
        study = self._sampled()
        for number in range(self.search.trials):
            known = self.trials.get(number)
            if known is not None and known.state != "running":
                study.add_trial(self._frozen(known))
                continue
            self.progress("tune", number, self.search.trials)
            self._one(study, number, known)
        self._keep_best()
        self.progress("tune", self.search.trials, self.search.trials)
        shutil.rmtree(self._place(0).parent, ignore_errors=True)
        return self.study

    def _one(self, study: "optuna.Study", number: int, known: Trial | None) -> None:
        optuna = _optuna()
        study.sampler = self._sampler(number)
        own = ranges.own_settings(self.recipe, self.spans)
        if known is not None:
            study.enqueue_trial(known.settings)
        elif number == 0 and all(ranges.holds(span, own[path]) for path, span in self.spans.items()):
            study.enqueue_trial(own)
        asked = study.ask(_distributions(self.spans))
        trial = known or Trial(number=number, state="running", settings=dict(asked.params))
        self._write(trial)
        started = time.perf_counter()
        if (same := self._same(trial)) is not None:
            for epoch, score in same.scores.items():
                asked.report(score, epoch)
            trial = trial.model_copy(
                update={"state": same.state, "score": same.score, "scores": same.scores, "message": _as(same)}
            )
        else:
            trial = self._trained(asked, trial)
        trial = trial.model_copy(update={"seconds": round(trial.seconds + time.perf_counter() - started, 3)})
        states = {"complete": None, "pruned": optuna.trial.TrialState.PRUNED, "failed": optuna.trial.TrialState.FAIL}
        study.tell(asked, trial.score if trial.state == "complete" else None, states[trial.state])
        self._write(trial)
        self._keep_best()
        shutil.rmtree(self._place(number), ignore_errors=True)

    def _trained(self, asked: "optuna.Trial", trial: Trial) -> Trial:
        """The trial, trained to its end, or until it is pruned or fails in words."""
        told = _TrialProgress(self, asked, trial)
        try:
            chosen = with_settings(self.recipe, trial.settings)
            plan = TrainingPlan(chosen, self.dataset, self.prepared, self.policy, self._place(trial.number), told)
            found, _ = resume.find(plan.resume, plan.key)
            for epoch in found.state.history if found else []:
                told.epoch(int(epoch["epoch"]), epoch)
            told.end_if_worse()
            fitted = fit_stack(plan, home=self.home) if chosen.stacks else fit(plan, home=self.home)
            score = fitted.objective.validated(fitted.predictor).get(self.metric)
        except _Pruned:
            values = told.trial.scores.values()
            best = min(values) if self.study.lower_is_better else max(values)
            return told.trial.model_copy(update={"state": "pruned", "score": best})
        except BadRecipe as error:
            return told.trial.model_copy(update={"state": "failed", "message": str(error)})
        if score is None or not np.isfinite(score):
            words = f"its {self.metric} on the validation part is no number"
            return told.trial.model_copy(update={"state": "failed", "message": words})
        return told.trial.model_copy(update={"state": "complete", "score": float(score)})

    def _keep_best(self) -> None:
        best = self.study.best([*self.trials.values()])
        if best is not None:
            write_json(self.folder / BEST, self.study.settled(best).model_dump(mode="json"))

    def _place(self, number: int) -> Path:
        """Where a trial that is interrupted leaves its state."""
        return self.folder / "resume" / f"{number:04}"

    def _same(self, trial: Trial) -> Trial | None:
        """An earlier trial with these very settings, which would end the same way again."""
        earlier = [one for number, one in sorted(self.trials.items()) if number < trial.number]
        return next((one for one in earlier if one.settings == trial.settings), None)

    def _write(self, trial: Trial) -> None:
        self.trials[trial.number] = trial
        write_trial(self.folder, trial)

    def _sampled(self) -> "optuna.Study":
        """An empty study of optuna's, which learns from our records."""
        optuna = _optuna()
        epochs = self.recipe.training.epochs
        pruner: Any = optuna.pruners.NopPruner()
        if self.search.pruning:
            pruner = optuna.pruners.MedianPruner(_STARTUP_TRIALS, n_warmup_steps=max(1, epochs // 5))
        direction = "minimize" if self.study.lower_is_better else "maximize"
        return optuna.create_study(direction=direction, pruner=pruner)

    def _sampler(self, number: int) -> Any:
        """A sampler whose draws depend on the search's seed and the trial's number, not on what was drawn before."""
        samplers = _optuna().samplers
        seed = int(np.random.SeedSequence((self.search.seed, number)).generate_state(1)[0])
        return samplers.TPESampler(seed=seed) if self.search.sampler == "tpe" else samplers.RandomSampler(seed=seed)

    def _frozen(self, trial: Trial) -> Any:
        optuna = _optuna()
        states = optuna.trial.TrialState
        state = {"complete": states.COMPLETE, "pruned": states.PRUNED, "failed": states.FAIL}[trial.state]
        return optuna.trial.create_trial(
            state=state,
            value=trial.score if trial.state == "complete" else None,
            params=trial.settings,
            distributions=_distributions(self.spans),
            intermediate_values=trial.scores,
        )


class _TrialProgress:
    """Progress of a trial: each epoch's validation score is kept and may end it; the search's own progress is told."""

    def __init__(self, run: _Run, asked: "optuna.Trial", trial: Trial) -> None:
        self.run, self.asked, self.trial = run, asked, trial
        for epoch, score in trial.scores.items():
            asked.report(score, epoch)

    def __call__(self, stage: str, done: int, total: int, /, **values: float) -> None:
        del stage, total
        told = {}
        if self.name in values:
            self.epoch(done, values)
            told = {"trial": self.trial.number + 1.0, "epoch": float(done), self.run.metric: values[self.name]}
        self.run.progress("tune", self.trial.number, self.run.search.trials, **told)

    @property
    def name(self) -> str:
        return f"validation_{self.run.metric}"

    def epoch(self, epoch: int, values: Mapping[str, float]) -> None:
        """Keep an epoch's score. Raises _Pruned where the trial is worse than most were by then."""
        if self.name not in values or epoch in self.trial.scores:
            return
        score = float(values[self.name])
        self.trial = self.trial.model_copy(update={"scores": self.trial.scores | {epoch: score}})
        self.run._write(self.trial)
        self.asked.report(score, epoch)
        self.end_if_worse()

    def end_if_worse(self) -> None:
        """Raises _Pruned where the trial is worse than most others were by then."""
        if self.trial.scores and self.asked.should_prune():
            raise _Pruned


def _differences(there: Study, asked: Study) -> list[str]:
    """What makes two studies different ones; the number of trials does not."""
    pairs = {
        "a recipe": (there.recipe.digest, asked.recipe.digest),
        "a data set": (there.digest, asked.digest),
        "ranges": (there.ranges, asked.ranges),
        "a sampler": (there.search.sampler, asked.search.sampler),
        "a seed": (there.search.seed, asked.search.seed),
        "a pruning": (there.search.pruning, asked.search.pruning),
    }
    return [what for what, (one, other) in pairs.items() if one != other]


def _as(same: Trial) -> str:
    return f"as trial {same.number + 1}" + (f": {same.message}" if same.message else "")


def _distributions(spans: Mapping[str, Span]) -> dict[str, Any]:
    """Distributions as optuna has them; of a choice the values in order."""
    kinds = _optuna().distributions
    found: dict[str, Any] = {}
    for path, span in spans.items():
        if not isinstance(span, Range):
            found[path] = kinds.CategoricalDistribution(span.values)
        elif isinstance(span.low, int) and isinstance(span.high, int):
            found[path] = kinds.IntDistribution(span.low, span.high, log=span.log)
        else:
            found[path] = kinds.FloatDistribution(span.low, span.high, log=span.log)
    return found


def _optuna() -> Any:
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return optuna
