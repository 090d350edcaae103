"""The pre-trainings behind MMFRL's targets as a whole: molecules with spectra in, a model with its view out."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from interrupted import part
from measured_data import with_spectra

from mmexplore.datasets import Dataset
from mmexplore.models import embed
from mmexplore.models.registry import model
from mmexplore.recipes import presets
from mmexplore.recipes.recipe import Recipe
from mmexplore.runtime.errors import BadRecipe
from mmexplore.runtime.home import default_home, read_json
from mmexplore.training.train import train

SMALL = {
    "smiles": ["layers=1", "hidden_size=16", "dimension=12"],
    "spectrum": ["channels=4", "dimension=12"],
    "image": ["channels=8", "dimension=12"],
}


def small(name: str, *settings: str) -> Recipe:
    chosen = presets.pretraining(name, "quick")
    options = [f"branches.0.options.{setting}" for setting in SMALL[name]]
    features = ["branches.0.features.side_px=32"] if name == "image" else []
    fixed = ["training.device=cpu", "training.precision=float32", "training.epochs=3", "training.batch_size=16"]
    return chosen.with_settings([*options, *features, *fixed, *settings])


@pytest.fixture(scope="module")
def data() -> Dataset:
    """Molecules of which one in some has no carbon, so no spectrum."""
    whole = part()
    smiles = np.array([*whole.smiles[:-2], "O", "Cl"], object)
    return with_spectra(replace(whole, smiles=smiles))


@pytest.mark.parametrize("name", SMALL)
@pytest.mark.release
def test_a_target_is_learned_and_embeds(name: str, data: Dataset, tmp_path: Path) -> None:
    recipe = small(name)
    train(recipe, data, tmp_path, name=name, home=default_home())
    history = read_json(tmp_path / "history.json")
    assert history[-1]["train_loss"] < history[0]["train_loss"]
    chosen = model(str(tmp_path), home=default_home())
    assert chosen.card is not None
    (view,) = chosen.views
    assert view == recipe.branches[0].name
    found = np.array(embed.embed(chosen.folder, data, home=default_home()).view(view))
    assert found.shape == (len(data), 12)
    gone = ~np.isfinite(found).all(1)
    assert gone.tolist() == [name == "spectrum" and smiles in ("O", "Cl") for smiles in data.smiles]
    assert np.std(found[~gone], axis=0).min() > 0
    if name == "spectrum":
        assert chosen.card.notes[0].startswith("2 molecules could not be described and were left out (line 99: ")


def test_a_data_set_without_spectra_is_refused_in_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(BadRecipe, match="has no measured spectra, which 'nmr_spectrum' is made of"):
        train(small("spectrum"), part(), tmp_path, home=default_home())


def test_a_model_of_spectra_says_so_of_molecules_without(data: Dataset, tmp_path: Path) -> None:
    train(small("spectrum", "training.epochs=1"), data, tmp_path, home=default_home())
    with pytest.raises(BadRecipe, match="has no measured spectra"):
        embed.embed(model(str(tmp_path), home=default_home()).folder, part(), home=default_home())


def test_another_spectrum_is_another_embedding(data: Dataset, tmp_path: Path) -> None:
    train(small("spectrum", "training.epochs=1"), data, tmp_path, home=default_home())
    other = with_spectra(data, seed=1)
    one, two = (
        np.array(
            embed.embed(model(str(tmp_path), home=default_home()).folder, d, home=default_home()).view("nmr_spectrum")
        )
        for d in (data, other)
    )
    assert np.nanmax(np.abs(one - two)) > 1e-4


@pytest.mark.parametrize("version", ["paper", "quick"])
@pytest.mark.parametrize("name", SMALL)
def test_presets_are_recipes(name: str, version: str) -> None:
    recipe = presets.pretraining(name, version)
    assert recipe.pretrains
    assert recipe.data.dataset == "nmrshiftdb2"
    assert recipe.views == tuple(branch.name for branch in recipe.branches)


@pytest.mark.slow
@pytest.mark.release
def test_the_shell_pretrains_a_target(tmp_path: Path) -> None:
    file = tmp_path / "few.smi"
    file.write_text("\n".join(str(s) for s in part().smiles[:40]))
    settings = [f"branches.0.options.{s}" for s in SMALL["smiles"]] + ["training.epochs=1", "training.device=cpu"]
    command = [sys.executable, "-m", "mmexplore", "pretrain", "smiles", "--version", "quick", "--data", str(file)]
    command += ["--out", str(tmp_path / "run"), "--json", *(w for s in settings for w in ("--set", s))]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    answer = json.loads(done.stdout)
    assert answer["metrics"]["test"].keys() == {"loss", "token", "composition", "accuracy"}
