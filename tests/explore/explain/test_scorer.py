"""Fragments under a loaded model: the same numbers as a slow and plain way gives, and as a fresh process gives."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from planted import MODERATE, SMALL
from toy_models import TASKS, a_dataset, save_model

from mmexplore import studio
from mmexplore.chem.fragments import fragment_smiles
from mmexplore.chem.peeling import numbers, skeleton
from mmexplore.explore.explain.scorer import FragmentModel, bits
from mmexplore.features.modalities.graph2d import Graph2D
from mmexplore.features.packing import Packed, pack
from mmexplore.models import checkpoints, embed
from mmexplore.models.checkpoints import Card, DataUsed, SplitUsed
from mmexplore.nn.dataloader import Batch, collate
from mmexplore.nn.model import Predictor
from mmexplore.recipes import recipe
from mmexplore.runtime.errors import BadRecipe, UnknownName
from mmexplore.runtime.home import default_home

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module", params=["dmpnn", "gin"])
def model(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> FragmentModel:
    folder = tmp_path_factory.mktemp("model") / request.param
    save_model(folder, encoder=request.param)
    return FragmentModel(folder)


def plainly_sliced(record: dict[str, np.ndarray], kept: list[int]) -> Packed:
    """One fragment's record by loops over its atoms and bonds."""
    number = {atom: new for new, atom in enumerate(kept)}
    bonds = [k for k, (a, b) in enumerate(record["ends"].tolist()) if a in number and b in number]
    ends = [[number[end] for end in record["ends"][k].tolist()] for k in bonds]
    one = {
        "atoms": record["atoms"][kept],
        "mass": record["mass"][kept],
        "bonds": record["bonds"][bonds],
        "ends": np.array(ends, np.int16).reshape(-1, 2),
    }
    return pack(Graph2D.columns, [one])


@pytest.mark.parametrize("smiles", [SMALL[0], SMALL[8], MODERATE[0], "C", "[Na+].CC(=O)[O-]"])
def test_masks_give_what_fragments_one_by_one_give(model: FragmentModel, smiles: str) -> None:
    molecule = skeleton(smiles)
    masks = (molecule.fragments(10_000) or [])[::-3]
    record = Graph2D().record_as_read(molecule.mol)
    found = model.of_masks(molecule, masks)
    for mask, values in zip(masks[::5], found[::5], strict=True):
        packed = plainly_sliced(record, numbers(mask))
        batch = Batch({"graph2d": collate(packed, "graph2d")}, torch.empty(1, 0), torch.arange(1))
        with torch.inference_mode():
            expected = model.predictor.predict(batch).numpy()[0]
        np.testing.assert_allclose(values, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("smiles", MODERATE)
def test_the_whole_molecule_scores_the_same_both_ways_and_as_embedded(model: FragmentModel, smiles: str) -> None:
    molecule = skeleton(smiles)
    by_mask, by_smiles = model.of_masks(molecule, [molecule.whole]), model.of_smiles([molecule.smiles])
    np.testing.assert_allclose(by_mask, by_smiles, rtol=1e-5, atol=1e-6)


def test_fragments_score_as_the_embedding_predicts(tmp_path: Path) -> None:
    save_model(tmp_path / "m")
    molecule = skeleton(MODERATE[0])
    smiles = sorted({fragment_smiles(molecule, mask) for mask in molecule.fragments(10_000) or []} - {""})[:60]
    expected = np.asarray(embed.embed(tmp_path / "m", a_dataset(smiles), home=default_home()).predictions)
    np.testing.assert_allclose(FragmentModel(tmp_path / "m").of_smiles(smiles), expected, rtol=1e-4, atol=1e-5)


def test_what_cannot_be_read_is_not_a_number(model: FragmentModel) -> None:
    values = model.of_smiles(["CCO", "C1CC", "c1ccccc1"])
    assert np.isnan(values[1]).all()
    assert np.isfinite(values[[0, 2]]).all()
    assert model.of_smiles([]).shape == model.of_masks(skeleton("CCO"), []).shape == (0, 2)


def test_a_task_by_its_name(model: FragmentModel) -> None:
    both = model.of_smiles(["CCO"])
    assert model.scorer("logS").fragments(["CCO"])[0] == both[0, 1]
    with pytest.raises(UnknownName):
        model.scorer("colour")


def test_bits_of_wide_masks() -> None:
    masks = [1 << 70 | 1, 0, (1 << 80) - 1]
    found = bits(masks, 80)
    assert [np.flatnonzero(row).tolist() for row in found] == [numbers(mask) for mask in masks]


@pytest.mark.slow
def test_a_model_that_reads_drawings_is_asked_by_smiles(tmp_path: Path) -> None:
    branches = [{"encoder": "resnet", "features": {"side_px": 32}}, {"encoder": "gin", "options": {"hidden_size": 16}}]
    chosen = recipe.parse({"branches": branches, "fusion": {"name": "unified", "options": {"dimension": 8}}})
    data, split = DataUsed(name="", digest="", rows=0, tasks=TASKS), SplitUsed(rule="none", seed=0, sizes=(0, 0, 0))
    card = Card(name="both", data=data, split=split, seed=0, metrics={}, epochs_run=1, best_epoch=1, seconds=1.0)
    checkpoints.save(tmp_path / "both", Predictor(chosen, TASKS), chosen, card)
    goal, _ = studio.target(str(tmp_path / "both"), "logS", "above", -1e6)
    found = studio.explain(str(tmp_path / "both"), SMALL[1], goal, by="in molecule")
    assert not found.masks
    assert found.by == "fragment"
    assert found.subgraphs
    assert np.isnan(found.subgraphs[0].score_in_molecule)


def test_a_model_without_labels_has_nothing_to_explain(tmp_path: Path) -> None:
    chosen = recipe.parse({"branches": [{"encoder": "gin"}], "pretraining": {"name": "mmsa"}})
    checkpoints.save_untrained(tmp_path / "pre", chosen, ())
    for name in (str(tmp_path / "pre"), "ecfp"):
        assert studio.explained_tasks(name) == ()
        with pytest.raises(BadRecipe, match="predicts nothing"):
            studio.target(name)


@pytest.mark.parametrize("typed", ["OC(=O)c1ccc(cc1)CCN(C)C", "CN(C)CCc1ccc(C(O)=O)cc1"])
@pytest.mark.release
def test_the_shell_says_what_the_model_says(tmp_path: Path, typed: str) -> None:
    """A fresh process finds subgraphs; their SMILES, embedded here, score what it said and reach the threshold."""
    from rdkit import Chem

    save_model(tmp_path / "m")
    whole = float(
        np.asarray(embed.embed(tmp_path / "m", a_dataset([Chem.CanonSmiles(typed)]), home=default_home()).predictions)[
            0, 0
        ]
    )
    direction, threshold = ("class 1", whole - 0.02) if whole > 0.5 else ("class 0", 1 - whole - 0.02)
    words = ["subgraph", "--model", str(tmp_path / "m"), "--smiles", typed, "--json", "--direction", direction]
    command = [sys.executable, "-m", "mmexplore", *words, f"--threshold={threshold}", "--count", "9"]
    done = subprocess.run(command, cwd=ROOT, env=os.environ, capture_output=True, text=True, check=True)
    told = json.loads(done.stdout)
    assert set(told) >= {"smiles", "score", "threshold", "subgraphs", "seconds"}
    assert told["smiles"] == typed
    parts = told["subgraphs"]
    assert parts
    values = np.asarray(
        embed.embed(tmp_path / "m", a_dataset([p["smiles"] for p in parts]), home=default_home()).predictions
    )[:, 0]
    scores = values if direction == "class 1" else 1 - values
    np.testing.assert_allclose([part["score"] for part in parts], scores, atol=1e-5)
    assert (scores >= threshold - 1e-6).all()
    mol = Chem.MolFromSmiles(typed)
    for part in parts:
        fragment = Chem.MolFromSmiles(part["smiles"])
        assert set(part["atoms"]) in [set(match) for match in mol.GetSubstructMatches(fragment, uniquify=False)]
        assert len(part["atoms"]) == part["n_atoms"] == fragment.GetNumAtoms()
        low, high = studio.part_sizes(typed)
        assert low <= part["n_atoms"] <= high
