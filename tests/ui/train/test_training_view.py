"""A training as the page shows it, read from the job's folder alone; renaming and deleting what came of it."""

import json
import os
import time
from dataclasses import replace
from pathlib import Path

import pandas as pd
import psutil
import pytest
from screens import NASTY, PAGES, PATIENCE, page, shown
from streamlit.testing.v1 import AppTest
from toy_models import card

from mmexplore import studio
from mmexplore.recipes.presets import preset, pretraining
from mmexplore.ui.shell.session import Choice
from mmexplore.ui.train.view import losses

pytest_plugins = ("screens",)
ID = "20260101-000000-train-ab12"


def job(home: Path, state: str, message: str = "", epochs: int = 3) -> Path:
    """The folder of a training as a job leaves it."""
    folder, run = home / "jobs" / ID, home / "runs" / "a-run"
    for place in (folder, run):
        place.mkdir(parents=True)
    (run / "recipe.json").write_text(preset("dmpnn").model_dump_json())
    arguments = [str(run / "recipe.json"), "--out", str(run), "--name", NASTY]
    asked = {"id": ID, "verb": "train", "arguments": arguments, "title": NASTY, "device": "cpu", "created": time.time()}
    (folder / "job.json").write_text(json.dumps(asked))
    status = {"state": state, "stage": "train", "done": epochs, "total": 20, "message": message, "seconds_left": 75.0}
    (folder / "status.json").write_text(json.dumps(status))
    values = {n: {"train_loss": 1 / n, "validation_rmse": 2 / n} for n in range(1, epochs + 1)}
    events = [{"time": 1.0, "stage": "train", "done": n, "total": 20, "values": values[n]} for n in values]
    (folder / "events.jsonl").write_text("".join(json.dumps(event) + "\n" for event in events))
    (folder / "log.txt").write_text("what the process said")
    return folder


@pytest.mark.parametrize(
    ("state", "button"), [("done", "Use on the map"), ("failed", "Continue"), ("cancelled", "Continue")]
)
def test_what_can_be_done_depends_on_how_it_ended(
    empty_home: Path, monkeypatch: pytest.MonkeyPatch, state: str, button: str
) -> None:
    links: list[str] = []
    monkeypatch.setattr("mmexplore.ui.shell.navigation.link", lambda page, label, *_, **__: links.append(label))
    job(empty_home, state, "the loss became nan; try a learning rate below 0.001")
    app = page("6_Train.py", job=ID)
    assert not app.exception
    assert button in [b.label for b in app.button] + links
    assert ("learning rate below" in shown(app)) is (state == "failed")


def test_its_numbers_are_those_of_the_job(empty_home: Path) -> None:
    job(empty_home, "done")
    app = page("6_Train.py", job=ID)
    found = {metric.label: metric.value for metric in app.metric}
    assert (found["Epoch"], found["Training loss"], found["Validation RMSE"]) == ("3 of 20", "0.3333", "0.6667")
    assert any("what the process said" in code.value for code in app.code)


def test_a_killed_process_is_named_and_can_go_on(empty_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = job(empty_home, "running")
    (folder / "process.json").write_text(json.dumps({"pid": 2**22 + 1, "started": 0.0}))
    again: list[str] = []
    monkeypatch.setattr(studio, "restart_job", lambda id: again.append(id) or studio.job(id))
    app = page("6_Train.py", job=ID)
    assert "killed" in shown(app)
    next(b for b in app.button if b.label == "Continue").click().run()
    assert again == [ID]


def test_an_earlier_attempt_counts_in_the_curves(empty_home: Path) -> None:
    first = job(empty_home, "failed", epochs=2)
    second = first.with_name("20260102-000000-train-cd34")
    second.mkdir()
    for name in ("job.json", "status.json"):
        (second / name).write_text((first / name).read_text().replace(ID, second.name))
    late = {"time": 2.0, "stage": "train", "done": 3, "total": 20, "values": {"train_loss": 0.1}}
    (second / "events.jsonl").write_text(json.dumps(late) + "\n")
    asked = json.loads((second / "job.json").read_text())
    (second / "job.json").write_text(json.dumps(asked | {"created": asked["created"] + 5}))
    history = studio.job_history(studio.job(second.name))
    assert history["train_loss"].to_dict() == {1: 1.0, 2: 0.5, 3: 0.1}


def test_what_trains_beside_the_shown_one_is_followed(empty_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = job(empty_home, "done")
    second = first.with_name("20260102-000000-train-cd34")
    second.mkdir()
    for name in ("job.json", "status.json"):
        text = (first / name).read_text().replace(ID, second.name).replace('"done", "stage"', '"running", "stage"')
        (second / name).write_text(text)
    (second / "process.json").write_text(json.dumps({"pid": os.getpid(), "started": psutil.Process().create_time()}))
    followed: list[tuple[set[str], bool]] = []
    ways = "mmexplore.ui.components.follow_job.follow"
    note = lambda look, _, seen=None, every=0.7: followed.append(({j.id for j in look()}, bool(every)))  # noqa: E731
    monkeypatch.setattr(ways, lambda look, draw, seen=None, every=0.7, *_: note(look, draw, seen, every))
    assert not page("6_Train.py", job=ID).exception
    assert ({second.name}, True) in followed


def _one_model() -> None:
    from mmexplore import studio
    from mmexplore.ui.train import models

    models.show_one(studio.model("a"))


def test_a_model_is_renamed_and_deleted(empty_home: Path) -> None:
    card(empty_home, "a")
    app = AppTest.from_function(_one_model, default_timeout=PATIENCE).run()
    assert not app.exception
    app.text_input[0].set_value("  ")
    next(b for b in app.button if b.label == "Rename").click().run()
    assert "cannot be empty" in app.error[0].value
    app.text_input[0].set_value("*another*")
    next(b for b in app.button if b.label == "Rename").click().run()
    assert studio.model("a").title == "*another*"
    next(b for b in app.button if b.label == "Delete this model").click().run()
    assert not (empty_home / "runs" / "a").exists()


def test_a_finished_training_shows_its_test_score(empty_home: Path) -> None:
    job(empty_home, "done")
    card(empty_home, "a-run", rmse=0.4)
    found = {metric.label: metric.value for metric in page("6_Train.py", job=ID).metric}
    assert found["Test RMSE"] == "0.8"


def test_what_was_fitted_at_once_shows_its_test_score_too(empty_home: Path) -> None:
    (job(empty_home, "done", epochs=0) / "events.jsonl").write_text("")
    card(empty_home, "a-run", rmse=0.4)
    assert [(metric.label, metric.value) for metric in page("6_Train.py", job=ID).metric] == [("Test RMSE", "0.8")]


def test_an_estimate_is_made_of_what_this_machine_took(empty_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    card(empty_home, "mine")
    known = studio.model("mine")
    mine = replace(known, card=known.card.model_copy(update={"molecules_per_second": 100.0}))
    theirs = replace(mine, shipped=True)
    monkeypatch.setattr("mmexplore.studio.training.models", lambda: [theirs, mine])
    assert "an earlier run here" in studio.estimate(mine.recipe).how
    monkeypatch.setattr("mmexplore.studio.training.models", lambda: [theirs])
    assert "the shipped model's machine" in studio.estimate(mine.recipe).how
    pretrained = preset("dmpnn").model_copy(update={"pretraining": pretraining("mmfrl").pretraining})
    whole, some = (studio.estimate(pretrained.with_settings([f"data.molecules={n}"])).seconds for n in (0, 128))
    assert some is not None
    assert whole is not None
    assert some < whole
    stack = preset("stack")
    assert f"each member is trained {stack.stack.folds + 1} times" in studio.estimate(stack).how


def test_what_cannot_do_better_is_not_offered_again(empty_home: Path) -> None:
    folder = job(empty_home, "failed", "nothing can be learned")
    status = json.loads((folder / "status.json").read_text())
    (folder / "status.json").write_text(json.dumps(status | {"retry": False}))
    app = page("6_Train.py", job=ID)
    assert "nothing can be learned" in shown(app)
    assert "Continue" not in [b.label for b in app.button]


def test_epochs_have_no_ticks_between_them() -> None:
    for epochs in (1, 2, 9, 250):
        table = pd.DataFrame({"train_loss": range(epochs)}, index=range(1, epochs + 1))
        axis = losses(table).layout.xaxis
        assert axis.dtick == int(axis.dtick) >= 1
        assert epochs / axis.dtick <= 10


def test_a_training_that_nothing_can_come_of_cannot_be_started(empty_home: Path) -> None:
    path = empty_home / "flat.csv"
    path.write_text("smiles,y\n" + "".join(f"{'C' * n}O,2.5\n" for n in range(1, 31)))
    made = studio.add_dataset(path, "flat", targets=["y"])
    app = AppTest.from_file(str(PAGES / "6_Train.py"), default_timeout=PATIENCE)
    app.session_state["chosen"] = Choice(made.name, "ecfp", "ecfp")
    app.run()
    start = next(b for b in app.button if b.label == "Start training")
    assert start.disabled
    assert any(
        "nothing can be learned" in e.value.replace("\\", "") or "leaves no molecule" in e.value for e in app.error
    )


def test_the_split_of_a_pretraining_is_that_of_the_molecules_it_draws(empty_home: Path) -> None:
    app = page("6_Train.py", **{"train/learn": "without labels"})
    app.number_input(key=next(one.key for one in app.number_input if one.label == "Molecules")).set_value(200).run()
    assert not app.exception
    table = next(one.value for one in app.markdown if one.value.startswith("| part"))
    counts = [int(line.split("|")[2].replace(",", "")) for line in table.splitlines()[2:]]
    assert sum(counts) == 200
