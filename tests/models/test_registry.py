"""Every model has an untrained twin: the weights that its seed draws, the same for the same recipe."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from toy_models import a_dataset, save_model

from mmexplore import studio
from mmexplore.models import checkpoints, registry
from mmexplore.models.checkpoints import digest as model_digest
from mmexplore.models.embed import embed
from mmexplore.nn.model import Predictor
from mmexplore.runtime import places
from mmexplore.runtime.errors import BadRecipe, UnknownName
from mmexplore.runtime.home import default_home


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MMEXPLORE_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(registry, "SHIPPED", tmp_path / "none")
    return tmp_path / "home"


def a_run(title: str, seed: int = 1, encoder: str = "dmpnn") -> str:
    folder = registry.new_run(title, home=default_home())
    save_model(folder / "model", seed, encoder)
    return folder.name


def test_the_twin_is_what_a_training_begins_with() -> None:
    chosen = registry.model(f"untrained:{a_run('one')}", home=default_home())
    assert chosen.recipe is not None
    torch.manual_seed(chosen.recipe.training.seed)
    wanted = Predictor(chosen.recipe, chosen.card.data.tasks if chosen.card else ()).state_dict()
    torch.manual_seed(99)
    before = torch.random.get_rng_state()
    found = checkpoints.load(chosen.folder)
    assert all(torch.equal(value, wanted[name]) for name, value in found.state_dict().items())
    assert torch.equal(torch.random.get_rng_state(), before)
    assert not found.training


def test_it_embeds_otherwise_than_the_trained_one_and_always_alike(
    own_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trained, twin = (
        registry.model(name := a_run("one"), home=default_home()),
        registry.model(f"untrained:{name}", home=default_home()),
    )
    first, other = (
        embed(twin.folder, a_dataset(), home=default_home()),
        embed(trained.folder, a_dataset(), home=default_home()),
    )
    assert np.abs(first.view("dmpnn") - other.view("dmpnn")).max() > 0.01
    digest, view = model_digest(twin.folder), np.array(first.view("dmpnn"))
    monkeypatch.setenv("MMEXPLORE_HOME", f"{own_home}-2")
    again = registry.model(f"untrained:{a_run('another name', seed=7)}", home=default_home())
    assert model_digest(again.folder) == digest
    assert (embed(again.folder, a_dataset(), home=default_home()).view("dmpnn") == view).all()


def test_the_same_recipe_shares_it_another_does_not() -> None:
    folders = [
        registry.model(f"untrained:{a_run(*each)}", home=default_home()).folder
        for each in (("a", 1), ("b", 2), ("c", 3, "gin"))
    ]
    assert folders[0] == folders[1] != folders[2]
    assert model_digest(folders[0]) != model_digest(folders[2])


def test_it_claims_nothing() -> None:
    chosen = registry.model(f"untrained:{a_run('one')}", home=default_home())
    assert chosen.card is not None
    assert chosen.card.untrained
    assert (chosen.card.metrics, chosen.data, chosen.card.epochs_run) == ({}, "", 0)
    assert chosen.title.endswith("untrained")
    assert registry.model(f"untrained:{chosen.name}", home=default_home()) == chosen
    assert not any(m.name.startswith(registry.UNTRAINED) for m in registry.models(home=default_home()))
    assert studio.predictions(chosen.name, "solubility") is None
    with pytest.raises(BadRecipe):
        registry.delete(chosen.name, home=default_home())
    assert registry.history(chosen.name, home=default_home()).empty


def test_names_that_have_no_twin() -> None:
    with pytest.raises(BadRecipe, match="'ecfp' has no weights"):
        registry.model("untrained:ecfp", home=default_home())
    with pytest.raises(UnknownName):
        registry.model("untrained:nobody", home=default_home())
    name = a_run("soon gone")
    registry.model(f"untrained:{name}", home=default_home())
    registry.delete(name, home=default_home())
    with pytest.raises(UnknownName):
        registry.model(f"untrained:{name}", home=default_home())


def test_a_damaged_twin_is_made_anew() -> None:
    chosen = registry.model(name := f"untrained:{a_run('one')}", home=default_home())
    (chosen.folder / "card.json").write_text("{}")
    (chosen.folder / "recipe.json").unlink()
    assert registry.model(name, home=default_home()).card == chosen.card


@pytest.mark.release
def test_the_command_line_knows_it(tmp_path: Path) -> None:
    data = tmp_path / "few.csv"
    data.write_text("smiles\n" + "\n".join(f"{'C' * n}O" for n in range(1, 12)))
    command = [sys.executable, "-m", "mmexplore", "map", "--model", f"untrained:{a_run('one')}", "--data", str(data)]
    done = subprocess.run([*command, "--method", "pca", "--json"], capture_output=True, text=True, check=True)
    told = json.loads(done.stdout)
    assert (told["view"], told["n"], told["seed"]) == ("dmpnn", 11, 0)
    assert str(default_home().path) in told["file"]
    assert studio.stored_map(told["model"], str(data), "dmpnn", "pca") is not None


@pytest.mark.slow
def test_looking_it_up_imports_no_torch() -> None:
    name = a_run("one")
    code = f"import sys; from mmexplore import studio; studio.model('untrained:{name}'); "
    code += "sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_run_never_takes_the_name_of_a_shipped_model(own_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "SHIPPED", places.CHECKPOINTS)
    assert registry.new_run("Solubility D-MPNN", home=default_home()).name == "solubility-d-mpnn"
    assert registry.new_run("solubility dmpnn", home=default_home()).name == "solubility-dmpnn-2"
    assert registry.new_run("solubility dmpnn", home=default_home()).name == "solubility-dmpnn-3"
    assert registry.new_run("ECFP", home=default_home()).name == "ecfp-2"


def test_a_shared_model_is_everybodys_and_nobody_changes_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MMEXPLORE_SHARED_MODELS", str(tmp_path / "shared"))
    save_model(tmp_path / "shared" / "ours", seed=3)
    for home in ("one", "other"):
        monkeypatch.setenv("MMEXPLORE_HOME", str(tmp_path / home))
        assert "ours" in [model.name for model in studio.models()]
        assert studio.model("ours").shipped
        assert registry.new_run("ours", home=default_home()).name == "ours-2", "a run never stands before it"
        for change in (lambda: studio.delete_model("ours"), lambda: studio.rename_model("ours", "mine")):
            with pytest.raises(BadRecipe):
                change()
    assert (tmp_path / "shared" / "ours" / "card.json").is_file()
