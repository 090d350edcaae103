"""Search of settings: it compares validation scores alone, goes on after kill -9, and says what it was asked."""

import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from interrupted import ROOT, part

from mmexplore.datasets import Dataset
from mmexplore.models.calibration import calibration
from mmexplore.models.metrics import scores
from mmexplore.models.registry import at
from mmexplore.recipes.presets import preset, pretraining
from mmexplore.recipes.recipe import Recipe, read
from mmexplore.runtime.errors import BadRecipe, Cancelled, Taken
from mmexplore.runtime.home import Home, default_home
from mmexplore.training import checks
from mmexplore.training.fit import fit
from mmexplore.training.objective import TrainingPlan
from mmexplore.training.train import train
from mmexplore.training.tuning.study import BEST, SearchPlan, Study, Trial, read_study, read_trials
from mmexplore.training.tuning.tune import tune

NETWORK = {
    "training.learning_rate": "0.0001:0.05:log",
    "fusion.options.dropout": "0:0.5",
    "fusion.options.hidden_size": "8,16",
}
TREES = {"baseline.options.rounds": "5:20", "baseline.options.leaves": "", "baseline.options.rate": ""}
PROGRAM = """
import json, os, signal, sys
from pathlib import Path
from mmexplore.recipes.recipe import parse
from mmexplore.runtime.home import default_home
from mmexplore.training.tuning.study import SearchPlan
from mmexplore.training.tuning.tune import tune
from interrupted import part

left = int(sys.argv[4])

def heard(stage, done, total, /, **values):
    global left
    left -= "epoch" in values
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)

recipe, search = parse(json.loads(sys.argv[1])), SearchPlan.model_validate_json(sys.argv[2])
tune(recipe, part(), Path(sys.argv[3]), search, progress=heard, home=default_home())
"""


def network(epochs: int = 3) -> Recipe:
    small = ["branches.0.options.hidden_size=8", "branches.0.options.depth=2", "fusion.options.hidden_size=8"]
    return preset("dmpnn").with_settings([f"training.epochs={epochs}", "data.split=random", *small])


def trees() -> Recipe:
    return preset("boosting").with_settings(["data.split=random", "baseline.options.rounds=10"])


def searched(
    recipe: Recipe, folder: Path, trials: int = 3, data: Dataset | None = None, **asked: object
) -> tuple[Study, list[Trial]]:
    search = SearchPlan.model_validate(
        {"trials": trials, "ranges": TREES if recipe.baseline.name else NETWORK, **asked}
    )
    made = tune(recipe, data or part(), folder, search, home=default_home())
    return made, read_trials(folder)


def told(trials: list[Trial]) -> list[dict[str, object]]:
    """All of the trials but how long they took."""
    return [trial.model_dump(exclude={"seconds"}) for trial in trials]


@pytest.mark.parametrize("recipe", [network(), trees()], ids=["network", "trees"])
@pytest.mark.release
def test_poison_in_the_test_part_changes_nothing(recipe: Recipe, tmp_path: Path) -> None:
    data = part()
    test = checks.split_parts(recipe, data)["test"]
    poison = data.labels.copy()
    poison[test] = 1e30 * np.resize([1, -1], (len(test), 1))
    _, clean = searched(recipe, tmp_path / "clean")
    _, poisoned = searched(recipe, tmp_path / "poisoned", data=replace(data, labels=poison))
    assert told(clean) == told(poisoned)
    assert all(trial.state == "complete" for trial in clean)


@pytest.mark.release
def test_what_is_found_is_trained_to_the_score_that_was_found(tmp_path: Path) -> None:
    """With the calibration rows left out, which took part in neither."""
    recipe, data = network(), part()
    recipe = recipe.with_settings(["data.fractions=[0.5, 0.4, 0.1]"])
    study, trials = searched(recipe, tmp_path / "study", data=data)
    best = study.best(trials)
    assert best is not None
    found = read(tmp_path / "study" / BEST)
    assert found == study.settled(best)
    assert found.data.tuned
    assert study.rows == 20 < len(checks.split_parts(recipe, data)["validation"]) == 40
    card = train(found, data, tmp_path / "run", home=default_home())
    assert card.split.calibration == 20
    table = pd.read_parquet(tmp_path / "run" / "predictions.parquet")
    task = data.tasks[0].name
    model = at(tmp_path / "run" / "model", home=default_home())
    assert model is not None
    apart = calibration(model)
    assert apart is not None
    rows = table[(table["split"] == "validation") & ~table[f"truth: {task}"].isin(apart.truth[:, 0].astype(np.float32))]
    truth, guess = (rows[[name]].to_numpy(float) for name in (f"truth: {task}", task))
    assert scores("regression", truth, guess)["rmse"] == pytest.approx(best.score, rel=1e-5)


def test_calibration_rows_of_a_baseline_score_nothing_either(tmp_path: Path) -> None:
    recipe = trees().with_settings(["data.fractions=[0.5, 0.4, 0.1]"])
    study, _ = searched(recipe, tmp_path / "study", trials=1)
    assert study.rows == 20
    for chosen, apart in ((recipe, 40), (read(tmp_path / "study" / BEST), 20)):
        card = train(chosen, part(), tmp_path / str(apart), home=default_home())
        assert card.split.calibration == apart


@pytest.mark.release
def test_a_killed_search_ends_as_an_uninterrupted_one(tmp_path: Path) -> None:
    recipe, search = network(), SearchPlan(trials=6, ranges=NETWORK, seed=4)
    path = os.pathsep.join(filter(None, [str(ROOT), str(ROOT / "tests"), os.environ.get("PYTHONPATH")]))
    paths = {"PYTHONPATH": path, "OMP_NUM_THREADS": str(torch.get_num_threads())}
    command = [sys.executable, "-c", PROGRAM, recipe.model_dump_json(), search.model_dump_json(), str(tmp_path / "a")]
    done = subprocess.run([*command, "5"], env=os.environ | paths, capture_output=True, text=True, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert [trial.state for trial in read_trials(tmp_path / "a")] == ["complete", "running"]
    for folder in ("a", "b"):
        tune(recipe, part(), tmp_path / folder, search, home=default_home())
    one, other = (told(read_trials(tmp_path / folder)) for folder in ("a", "b"))
    assert one == other
    assert len(one) == 6
    assert not (tmp_path / "a" / "resume").exists()


def test_a_cancelled_search_goes_on_and_so_does_one_that_is_asked_for_more(tmp_path: Path) -> None:
    def stop(stage: str, done: int, total: int, /, **values: float) -> None:
        if stage == "tune" and done == 1:
            raise Cancelled("stopped")

    with pytest.raises(Cancelled):
        tune(trees(), part(), tmp_path / "a", SearchPlan(trials=3, ranges=TREES), progress=stop, home=default_home())
    assert len(read_trials(tmp_path / "a")) == 1
    searched(trees(), tmp_path / "a", 3)
    study, more = searched(trees(), tmp_path / "a", 5)
    assert told(more) == told(searched(trees(), tmp_path / "b", 5)[1])
    assert study.search.trials == 5
    with pytest.raises(Taken, match="a seed other than asked"):
        searched(trees(), tmp_path / "a", 5, seed=1)
    with pytest.raises(Taken, match="a recipe"):
        searched(network(), tmp_path / "a", 5)


def test_the_first_trial_is_the_recipe_and_the_study_says_what_it_was_asked(tmp_path: Path) -> None:
    recipe = trees()
    study, trials = searched(recipe, tmp_path / "a", 2, sampler="random", seed=7)
    assert study.settled(trials[0]).baseline == recipe.baseline
    kept = read_study(tmp_path / "a")
    assert kept == study
    assert (kept.search.sampler, kept.search.seed, set(kept.ranges)) == ("random", 7, set(TREES))
    other = searched(recipe, tmp_path / "b", 2, sampler="random", seed=8)[1]
    assert trials[0].settings == other[0].settings
    assert trials[1].settings != other[1].settings


@pytest.mark.release
def test_worse_trials_end_early_and_what_was_trained_once_is_not_trained_again(tmp_path: Path) -> None:
    rates = {"training.learning_rate": "0.000000001,0.01"}
    _, trials = searched(network(6), tmp_path / "a", 12, ranges=rates)
    states = {trial.state for trial in trials}
    assert states == {"complete"}  # two settings: each trained once
    assert sum(trial.message == "" for trial in trials) == 2
    assert all(trial.message.startswith("as trial ") for trial in trials if trial.message)
    many = {"training.learning_rate": ",".join(f"{rate:g}" for rate in (1e-9, 2e-9, 3e-9, 0.01, 0.011, 0.012, 0.013))}
    _, trials = searched(network(6), tmp_path / "b", 12, ranges=many, sampler="random")
    pruned = [trial for trial in trials if trial.state == "pruned"]
    best = min(trial.score for trial in trials if trial.state == "complete" and trial.score is not None)
    assert pruned
    assert all(len(trial.scores) < 6 and (trial.score or 0) > best for trial in pruned)
    _, whole = searched(network(6), tmp_path / "c", 12, ranges=many, sampler="random", pruning=False)
    assert {len(trial.scores) for trial in whole} == {6}


def test_settings_that_cannot_be_learned_are_a_failed_trial_in_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuses(plan: TrainingPlan, *, home: Home) -> object:
        if plan.recipe.training.learning_rate > 0.003:
            raise BadRecipe("the loss became nan")
        return fit(plan, home=home)

    monkeypatch.setattr("mmexplore.training.tuning.tune.fit", refuses)
    study, trials = searched(network(1), tmp_path / "a", 6, sampler="random")
    for trial in trials:
        fails = trial.settings["training.learning_rate"] > 0.003
        assert (trial.state, trial.message) == (("failed", "the loss became nan") if fails else ("complete", ""))
    assert {trial.state for trial in trials} == {"failed", "complete"}
    assert (best := study.best(trials)) is not None
    assert best.state == "complete"


def test_a_damaged_trial_is_made_again(tmp_path: Path) -> None:
    _, before = searched(trees(), tmp_path / "a", 3)
    (tmp_path / "a" / "trials" / "0001.json").write_text("{}")
    assert [trial.number for trial in read_trials(tmp_path / "a")] == [0, 2]
    assert told(searched(trees(), tmp_path / "a", 3)[1])[0] == told(before)[0]
    assert len(read_trials(tmp_path / "a")) == 3


def test_what_cannot_be_searched_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(BadRecipe, match="learns without labels"):
        tune(pretraining("smiles"), part(), tmp_path / "a", SearchPlan(), home=default_home())
    with pytest.raises(BadRecipe, match="holds no study"):
        read_study(tmp_path / "none")
    data = part()
    labels = data.labels.copy()
    labels[checks.split_parts(network(), data)["validation"]] = np.nan
    with pytest.raises(BadRecipe, match="no label to score by"):
        searched(network(), tmp_path / "b", data=replace(data, labels=labels))


def test_nothing_of_a_study_is_a_pickle(tmp_path: Path) -> None:
    searched(trees(), tmp_path / "a", 1)
    files = [path for path in (tmp_path / "a").rglob("*") if path.is_file() and path.stat().st_size]
    assert files
    assert all(path.suffix == ".json" and path.read_text("utf-8").startswith("{") for path in files)
