"""Before a training: what forbids it is one sentence, the same for form, shell and job; the rest may start."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from toy_models import a_dataset
from typer.testing import CliRunner

from mmexplore import studio
from mmexplore.cli.app import app
from mmexplore.datasets import Dataset, Task
from mmexplore.datasets.splits import split
from mmexplore.recipes.presets import preset, pretraining
from mmexplore.runtime.errors import BadRecipe
from mmexplore.training.checks import check

N = 40
CLASS, NUMBER = (Task("active", "classification"),), (Task("y", "regression"),)
TEXTS = [f"{'C' * length}{end}" for length in range(1, 9) for end in ("O", "N", "c1ccccc1", "C1CCCC1", "C1CCNCC1")]
RANDOM = preset("dmpnn").with_settings(["data.split=random"])


def table(labels: Any, tasks: tuple[Task, ...], smiles: list[str] | None = None) -> Dataset:
    values = np.asarray(labels, np.float32).reshape(-1, len(tasks))
    made = a_dataset((smiles or TEXTS)[: len(values)])
    return replace(made, labels=values, tasks=tasks, name="mine")


def mixed(seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=N)


def halves() -> np.ndarray:
    """Labels of both classes in each part of the random split."""
    labels = np.zeros(N)
    for rows in vars(split(TEXTS[:N], "random")).values():
        labels[rows[::2]] = 1
    return labels


def only_in(part: str) -> np.ndarray:
    """Labels of one class in a part of the random split, of both elsewhere."""
    labels = halves()
    labels[getattr(split(TEXTS[:N], "random"), part)] = 1
    return labels


REFUSED = {
    "leaves no molecule for": (["data.split=scaffold"], table(mixed(), NUMBER, ["C" * n for n in range(1, N + 1)])),
    "8 molecules with a label, and a training needs 10": ([], table(mixed()[:8], NUMBER)),
    "nothing can be learned": ([], table(np.ones(N), NUMBER)),
    "one class": ([], table(np.ones(N), CLASS)),
    "no labels to learn from": ([], table(np.full(N, np.nan), NUMBER)),
    "the validation part of 'mine' (split 'random', seed 0) has one class of 'active'": (
        [],
        table(only_in("validation"), CLASS),
    ),
    "the test part of 'mine'": ([], table(only_in("test"), CLASS)),
    "holds no number at all": ([], table(np.c_[mixed(), np.full(N, np.nan)], (*NUMBER, Task("z", "regression")))),
    "has 3 classes (0, 1, 2); cut it in two": ([], table(np.arange(N) % 3, CLASS)),
    "has no label column 'potency'": (['data.targets=["potency"]'], table(mixed(), NUMBER)),
}


@pytest.mark.parametrize("sentence", REFUSED)
def test_what_forbids_a_training_is_said_before_it(sentence: str) -> None:
    settings, data = REFUSED[sentence]
    (told,) = check(RANDOM.with_settings(settings), data).refusals
    assert sentence in told
    assert "\n" not in told


@pytest.mark.parametrize("tasks", [CLASS, NUMBER])
def test_what_can_be_learned_may_start(tasks: tuple[Task, ...]) -> None:
    found = check(RANDOM, table(halves() if tasks is CLASS else mixed(), tasks))
    assert found.refusals == ()
    assert found.warnings == ()


def test_of_several_tasks_some_may_lack_a_class() -> None:
    """As with the sets of many rare labels: what cannot be scored is said, and the others are learned."""
    labels = np.c_[halves(), only_in("test")]
    found = check(RANDOM, table(labels, (*CLASS, Task("rare", "classification"))))
    assert found.refusals == ()
    assert found.warnings == ("1 of 2 tasks have not both classes in the test part: rare",)


def test_spectra_that_are_not_there_are_missed_before_it() -> None:
    for name in ("spectrum", "joint"):
        (told,) = check(pretraining(name, "quick"), a_dataset(TEXTS)).refusals
        assert "has no measured spectra" in told


def test_a_split_by_what_is_predicted_is_said() -> None:
    settings = ["data.split=time", "data.split_column=y"]
    (told,) = check(RANDOM.with_settings(settings), table(mixed(), NUMBER)).warnings
    assert "goes by 'y', which is predicted" in told


def test_rows_that_cannot_be_read_are_named_and_forbid_nothing() -> None:
    texts = [*TEXTS[:N]]
    texts[4] = "c1cccc1"
    found = check(RANDOM, table(mixed(), NUMBER, texts))
    assert found.refusals == ()
    assert [one.row for one in found.skipped] == [4]
    assert "1 row cannot be read" in found.warnings[0]


def test_a_pretraining_says_that_no_epoch_can_be_chosen() -> None:
    recipe = pretraining("mmsa", "quick").with_settings(["data.split=random", "data.fractions=[0.8,0.1,0.1]"])
    found = check(recipe, a_dataset(TEXTS[:12]))
    assert found.refusals == ()
    assert "the validation part has 1 of the 2 molecules" in found.warnings[0]
    assert "needs 10 or more" in check(recipe, a_dataset(TEXTS[:6])).refusals[0]


def test_shell_and_form_refuse_in_the_same_words(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MMEXPLORE_HOME", str(tmp_path))
    path = tmp_path / "flat.csv"
    path.write_text("smiles,y\n" + "".join(f"{text},2.5\n" for text in TEXTS[:30]))
    made = studio.add_dataset(path, "flat", targets=["y"])
    recipe = RANDOM.with_settings([f"data.dataset={made.name}"])
    (told,) = studio.check_training(recipe).refusals
    with pytest.raises(BadRecipe) as refused:
        studio.start_training(recipe, "flat")
    assert str(refused.value) == told
    done = CliRunner().invoke(app, ["train", "dmpnn", "--data", made.name, "--split", "random"])
    assert done.exit_code != 0
    assert str(done.exception) == told
    assert studio.list_jobs() == []
    assert not list((tmp_path / "runs").glob("*/"))
