"""Several processes that share each batch train the weights of one: fine-tuning, relational pre-training, MMSA."""

import json
import multiprocessing
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from interrupted import ROOT, part, weights
from toy_models import few, save_model

from mmexplore.recipes.recipe import Recipe, parse
from mmexplore.runtime.errors import BadRecipe, Cancelled, NotAvailable
from mmexplore.runtime.home import default_home, read_json
from mmexplore.runtime.jobs import ranks
from mmexplore.training.train import train

TRAINING = {"epochs": 3, "batch_size": 14, "device": "cpu", "precision": "float32"}


def recipe(branches: list[dict[str, object]], **rest: object) -> Recipe:
    return parse({"data": {"split": "random"}, "branches": branches, "training": TRAINING} | rest)


def shared_by(count: int, chosen: Recipe) -> Recipe:
    return chosen.with_settings([f"training.devices={count}"])


def equal(chosen: Recipe, folder: Path, tolerance: float = 1e-5) -> None:
    """Train with one process and with two; the last batch of an epoch is shared unevenly."""
    for count in (1, 2):
        card = train(shared_by(count, chosen), part(), folder / str(count), home=default_home())
        assert card.epochs_run == TRAINING["epochs"]
    one, two = weights(folder / "1"), weights(folder / "2")
    for name, value in one.items():
        torch.testing.assert_close(two[name], value, atol=tolerance, rtol=0, msg=lambda text, n=name: f"{n}: {text}")
    histories = [read_json(folder / str(count) / "history.json") for count in (1, 2)]
    for alone, together in zip(*histories, strict=True):
        assert alone.keys() == together.keys()
        for name in alone.keys() - {"molecules_per_second"}:
            assert together[name] == pytest.approx(alone[name], abs=1e-4, rel=1e-4), name


@pytest.mark.release
def test_two_processes_fine_tune_the_weights_of_one(tmp_path: Path) -> None:
    equal(recipe([{"encoder": "dmpnn", "options": {"hidden_size": 16, "depth": 2}}]), tmp_path)


@pytest.mark.release
def test_two_processes_relate_the_molecules_of_both(tmp_path: Path) -> None:
    """A row of the softmax holds the whole batch: with the molecules of its own rank alone it would be another."""
    save_model(tmp_path / "target" / "model", seed=5)
    small = {"hidden_size": 16, "depth": 2}
    branches = [{"encoder": "dmpnn", "name": name, "options": small} for name in ("smiles", "fingerprint", "early")]
    options = {"smiles_target": str(tmp_path / "target"), "temperature": 0.1}
    equal(recipe(branches, pretraining={"name": "relational", "options": options}), tmp_path)


@pytest.mark.release
def test_two_processes_join_the_molecules_of_both_by_hyperedges(tmp_path: Path) -> None:
    """MMSA's negatives and conformers are drawn, and its neighbors found, among all."""
    dmpnn = {"encoder": "dmpnn", "name": "graph2d", "options": {"hidden_size": 16, "depth": 2}}
    comenet = {
        "encoder": "comenet",
        "name": "graph3d",
        "options": {"layers": 1, "hidden_size": 16, "dimension": 16},
        "features": {"conformers": 2, "mmff": "off"},
    }
    options = {"dimension": 16, "neighbours": 4, "anchors": 6}
    equal(recipe([dmpnn, comenet], pretraining={"name": "mmsa", "options": options}), tmp_path)


@pytest.mark.release
def test_two_processes_hide_the_tokens_of_one(tmp_path: Path) -> None:
    """A branch whose losses want a row an atom, or a token, is gathered with as many rows as each share has."""
    options = {"layers": 1, "hidden_size": 16, "heads": 2, "dropout": 0.0}
    branches = [{"encoder": "smiles_transformer", "name": "smiles", "options": options}]
    equal(recipe(branches, pretraining={"name": "masked_smiles"}), tmp_path)


# ---- stopped, killed, started by others ------------------------------------------------------------------------

DMPNN = recipe([{"encoder": "dmpnn", "options": {"hidden_size": 16, "depth": 2}}])


@pytest.mark.release
def test_a_stopped_training_of_two_goes_on_with_one(tmp_path: Path) -> None:
    def stop(stage: str, done: int, total: int, /, **values: float) -> None:
        if "train_loss" in values and done == 2:
            raise Cancelled("stopped by the user")

    with pytest.raises(Cancelled):
        train(shared_by(2, DMPNN), part(), tmp_path / "stopped", progress=stop, home=default_home())
    card = train(DMPNN, part(), tmp_path / "stopped", home=default_home())
    assert "went on after epoch 2" in card.notes
    train(DMPNN, part(), tmp_path / "whole", home=default_home())
    for name, value in weights(tmp_path / "whole").items():
        torch.testing.assert_close(weights(tmp_path / "stopped")[name], value, atol=1e-5, rtol=0)


@pytest.mark.release
def test_the_first_of_two_is_told_to_stop_alone(tmp_path: Path) -> None:
    def told(stage: str, done: int, total: int, /, **values: float) -> None:
        if "train_loss" in values and done == 2:
            os.kill(os.getpid(), signal.SIGTERM)

    with pytest.raises(Cancelled, match="SIGTERM"):
        train(shared_by(2, DMPNN), part(), tmp_path, progress=told, home=default_home())
    assert multiprocessing.active_children() == []


@pytest.mark.release
def test_a_process_that_is_killed_is_named_and_nothing_is_lost(tmp_path: Path) -> None:
    def kill(stage: str, done: int, total: int, /, **values: float) -> None:
        if "train_loss" in values and done == 2:
            (other,) = multiprocessing.active_children()
            other.kill()

    chosen = shared_by(2, DMPNN)
    with pytest.raises(NotAvailable, match="process 1 of 2 ended with code -9"):
        train(chosen, part(), tmp_path, progress=kill, home=default_home())
    assert multiprocessing.active_children() == []
    assert "went on after epoch 2" in train(chosen, part(), tmp_path, home=default_home()).notes


@pytest.mark.release
def test_torchrun_starts_the_command_line_and_one_process_answers(tmp_path: Path) -> None:
    (tmp_path / "recipe.json").write_text(
        DMPNN.with_settings(["data.dataset=solubility", "training.epochs=1"]).model_dump_json()
    )
    line = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2", "-m", "mmexplore", "train"]
    line += [str(tmp_path / "recipe.json"), "--devices", "2", "--json"]
    where = ["--out", str(tmp_path / "run")]
    done = subprocess.run([*line, *where], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["model"] == str(tmp_path / "run")
    notes = read_json(tmp_path / "run" / "model" / "card.json")["notes"]
    assert "trained by 2 processes, each with a share of every batch" in notes
    without = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, check=False)
    assert without.returncode != 0
    assert "whose folder --out names" in without.stderr


def test_who_a_process_is_comes_from_torchrun_or_slurm() -> None:
    slurm = {"SLURM_STEP_NUM_TASKS": "4", "SLURM_PROCID": "3", "SLURM_LOCALID": "1", "SLURM_JOB_ID": "7012"}
    slurm |= {"SLURM_NODELIST": "node[07-08]"}
    rank = ranks.told(2, 2, slurm)
    assert rank == ranks.Rank(3, 4, 1, 2, "node07", 15012)
    assert rank.environment["NODE_RANK"] == "1"
    assert ranks.told(1, 1, slurm) is None, "four trainings of their own are not one"
    assert ranks.told(2, 1, {}) is None
    assert ranks.told(2, 1, {"SLURM_STEP_NUM_TASKS": "1", "SLURM_PROCID": "0"}) is None
    with pytest.raises(BadRecipe, match="SLURM started 4 processes"):
        ranks.told(2, 1, slurm)
    with pytest.raises(BadRecipe, match="torchrun or srun"):
        ranks.told(1, 2, {})


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        (["training.batch_size=1"], "takes a molecule of a batch"),
        (["training.devices=64"], "this machine has"),
        (["baseline.name=ridge"], "share a network's batches"),
    ],
)
def test_what_cannot_be_shared_is_refused(settings: list[str], why: str, tmp_path: Path) -> None:
    with pytest.raises((BadRecipe, NotAvailable), match=why):
        train(shared_by(2, DMPNN).with_settings(settings), few(), tmp_path, home=default_home())
