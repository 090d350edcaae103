"""A model pushed to a hub and pulled from it, through a stand-in of the library's API; its card; refusals."""

import json
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import huggingface_hub
import numpy as np
import pytest
from fused_models import DATA
from huggingface_hub import ModelCard
from hypothesis import given
from hypothesis import strategies as st
from predicted_models import TASK, trained
from screens import NASTY
from typer.testing import CliRunner

from mmexplore import studio
from mmexplore.cli.app import app
from mmexplore.models import calibration, checkpoints
from mmexplore.models.exchange import hub, model_card
from mmexplore.models.registry import Model
from mmexplore.runtime.errors import BadCheckpoint, BadRecipe, NotAvailable

pytest_plugins = ("screens",)


class StandIn:
    """What is used of ``HfApi``, over a folder."""

    endpoint = "https://hub.example.org"
    place: Path
    private: dict[str, bool]

    def __init__(self, **_: Any) -> None:
        pass

    def create_repo(self, repo_id: str, *, repo_type: str, private: bool, exist_ok: bool) -> None:
        assert (repo_type, exist_ok) == ("model", True)
        StandIn.private.setdefault(repo_id, private)

    def upload_folder(self, *, repo_id: str, folder_path: Path, repo_type: str, commit_message: str) -> None:
        shutil.copytree(folder_path, self.place / repo_id, dirs_exist_ok=True)

    def model_info(self, repo_id: str, *, revision: str | None, files_metadata: bool) -> Any:
        if not (self.place / repo_id).is_dir():
            raise OSError(f"404: {repo_id}")
        files = [path for path in (self.place / repo_id).iterdir() if path.is_file()]
        found = [SimpleNamespace(rfilename=path.name, size=path.stat().st_size) for path in files]
        return SimpleNamespace(siblings=found, sha="0" * 40)

    def hf_hub_download(self, repo_id: str, filename: str, *, revision: str, local_dir: Path) -> str:
        return str(shutil.copy(self.place / repo_id / filename, Path(local_dir) / filename))


@pytest.fixture
def a_hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    StandIn.place, StandIn.private = tmp_path / "hub", {}
    monkeypatch.setattr(huggingface_hub, "HfApi", StandIn)
    return StandIn.place


def with_calibration(name: str) -> Model:
    """The toy model with calibration rows of its own, as a training leaves them."""
    found = studio.model(name)
    assert found.card is not None
    drawn = np.random.default_rng(0).normal(size=(40, 1))
    rows = calibration.Calibration(("regression",), drawn, drawn + 0.1, apart=True)
    calibration.write(found.folder, found.card.data.tasks, rows, found.card.weights_sha256)
    return found


def test_what_is_pulled_is_what_was_pushed(empty_home: Path, a_hub: Path) -> None:
    name = trained(empty_home)
    before = with_calibration(name)
    done = CliRunner().invoke(app, ["models", "push", name, "me/toy", "--json"], catch_exceptions=False)
    assert json.loads(done.stdout) == {"model": name, "url": "https://hub.example.org/me/toy"}
    assert StandIn.private == {"me/toy": True}
    held = {path.name for path in (a_hub / "me" / "toy").iterdir()}
    assert held == {"README.md", "card.json", "recipe.json", "weights.safetensors", "calibration.json"}

    (a_hub / "me" / "toy" / "setup.py").write_text("raise SystemExit")
    done = CliRunner().invoke(app, ["models", "pull", "me/toy", "--name", "again", "--json"], catch_exceptions=False)
    again = studio.model(json.loads(done.stdout)["model"])
    assert (again.title, checkpoints.digest(again.folder)) == ("again", checkpoints.digest(before.folder))
    one, other = (calibration.calibration(model) for model in (before, again))
    assert one is not None
    assert other is not None
    np.testing.assert_array_equal(one.truth, other.truth)
    assert not list(again.folder.parent.rglob("setup.py"))


def test_a_zip_keeps_its_intervals_and_has_its_card(empty_home: Path, tmp_path: Path) -> None:
    name = trained(empty_home)
    with_calibration(name)
    studio.write_model(name, tmp_path / "toy.zip")
    again = studio.import_model(str(tmp_path / "toy.zip"), "from a zip")
    assert calibration.calibration(again) is not None
    assert (again.folder / model_card.README).read_text().count("# from a zip\n") == 1


def test_the_librarys_own_reader_reads_the_card(empty_home: Path) -> None:
    found = studio.model(trained(empty_home))
    assert found.card is not None
    assert found.recipe is not None
    scores = {"test": {"rmse": 1.5, "mae": 1.0}}
    per_task = {"test": {TASK: {"rmse": 1.5, "mae": 1.0}}}
    about = found.card.model_copy(update={"name": NASTY, "metrics": scores, "per_task": per_task, "notes": (NASTY,)})
    text = model_card.text(found.recipe, about)
    read = ModelCard(text).data
    assert (read.library_name, read.pipeline_tag, read.model_name) == ("mmexplore", "graph-ml", NASTY)
    told = {(one.dataset_name, one.dataset_split, one.metric_type): one.metric_value for one in read.eval_results}
    assert told == {(DATA, "test", "rmse"): 1.5, (DATA, "test", "mae"): 1.0}
    assert "| test | 1.5 | 1 |" in text
    assert "<img" not in ModelCard(text).text


@given(st.text())
def test_no_words_of_a_user_are_markup(words: str) -> None:
    made = model_card.plain(words)
    assert "\n" not in made
    assert not {"<", ">"} & set(made)
    assert made.replace("\\`", "").count("`") == 0


def test_a_rename_is_in_the_card(empty_home: Path) -> None:
    name = trained(empty_home)
    studio.rename_model(name, "Another *title*")
    assert "# Another \\*title\\*\n" in (studio.model(name).folder / model_card.README).read_text()


@pytest.mark.parametrize(
    "name", ["", "toy", "me/", "../toy", "me/../x", "https://hub/me/toy", "me/toy/x", "/etc/passwd"]
)
def test_no_path_is_a_repository(a_hub: Path, name: str) -> None:
    with pytest.raises(BadRecipe, match="OWNER/NAME"):
        hub.checked(name)


def test_refusals_are_sentences(empty_home: Path, a_hub: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(BadRecipe, match="no weights to push"):
        studio.push_model(studio.BASELINE, "me/toy")
    with pytest.raises(NotAvailable, match="hf auth login"):
        studio.pull_model("me/none")
    (a_hub / "me" / "other").mkdir(parents=True)
    (a_hub / "me" / "other" / "model.bin").write_bytes(b"x")
    with pytest.raises(BadCheckpoint, match="holds no model"):
        studio.pull_model("me/other")
    monkeypatch.setattr(hub, "MOST_BYTES", 10)
    studio_model = trained(empty_home)
    studio.push_model(studio_model, "me/large")
    with pytest.raises(NotAvailable, match="MB"):
        studio.pull_model("me/large")
    assert not [path for path in empty_home.iterdir() if path.name.startswith((".pushing", ".importing"))]
