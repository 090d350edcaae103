"""Molecules of other data sets take no part in a training, however they are drawn there."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from interrupted import part
from rdkit import Chem

from mmexplore import studio
from mmexplore.datasets import Spectra
from mmexplore.recipes.recipe import Recipe, parse
from mmexplore.runtime.errors import UnknownName
from mmexplore.runtime.home import default_home
from mmexplore.runtime.progress import silent
from mmexplore.training import checks
from mmexplore.training.data import prepare

TINY = {"branches": [{"encoder": "dmpnn", "options": {"hidden_size": 12, "depth": 2}}], "data": {"split": "random"}}


def turned(smiles: str) -> str:
    """The same structure with isotopes that it did not have."""
    mol = Chem.MolFromSmiles(smiles)
    mol.GetAtomWithIdx(0).SetIsotope(13)
    return Chem.MolToSmiles(mol)


@pytest.mark.parametrize("learns", [{}, {"pretraining": {"name": "mmsa"}}])
def test_no_part_holds_them_and_a_note_counts_them(learns: dict[str, object]) -> None:
    data = part()
    rows = np.random.default_rng(0).choice(data.readable, 30, replace=False)
    other = studio.add_dataset("\n".join(turned(str(data.smiles[row])) for row in rows), "held").name
    held = studio.dataset(other)
    made = prepare(parse(TINY | learns), data, silent, without=[held], home=default_home())
    every = np.concatenate(list(made.parts.values()))
    assert not set(every.tolist()) & set(rows.tolist())
    same = [row for row in data.readable if str(data.smiles[row]) in {str(data.smiles[r]) for r in rows}]
    assert len(every) == len(data.readable) - len(same)
    assert any(f"{len(same)} of {other}" in note for note in made.notes)
    assert {one.row for one in made.skipped if one.reason == f"{other} holds it"} == set(same)


def test_a_name_that_nothing_goes_by_is_told_before_any_work(tmp_path: Path) -> None:
    recipe = Recipe().with_settings(['data.without=["no such set"]'])
    with pytest.raises(UnknownName, match="no such set"):
        studio.train(recipe, tmp_path / "run")


def test_recipes_without_it_keep_their_digests() -> None:
    assert Recipe().digest == Recipe().with_settings(["data.without=[]", "data.molecules=0"]).digest
    assert Recipe().digest != Recipe().with_settings(['data.without=["freesolv"]']).digest


def test_a_pretraining_draws_as_many_molecules_as_it_says_the_same_for_a_seed(tmp_path: Path) -> None:
    losses = {"name": "mmsa", "options": {"prediction_loss": False, "dimension": 8, "neighbours": 2}}
    recipe = parse(TINY | {"pretraining": losses, "training": {"epochs": 1, "batch_size": 16}})
    recipe = recipe.with_settings(["data.dataset=freesolv", "data.molecules=60"])
    whole = studio.dataset("freesolv")
    made = studio.train(recipe, tmp_path / "run")
    assert made.card
    assert (made.card.data.rows, sum(made.card.split.sizes)) == (60, 60)
    first, again, other = (checks.drawn(recipe.with_settings([f"data.split_seed={n}"]), whole) for n in (0, 0, 1))
    assert first.digest == again.digest == made.card.data.digest != other.digest
    assert first.smiles.tolist() == again.smiles.tolist() != other.smiles.tolist()
    at = np.searchsorted(whole.lines, first.lines)
    assert whole.smiles[at].tolist() == first.smiles.tolist()
    np.testing.assert_array_equal(whole.labels[at], first.labels)
    assert len(set(first.lines.tolist())) == len(first) == 60
    assert checks.drawn(recipe.with_settings(["data.molecules=100000"]), whole) is whole


def test_spectra_are_drawn_with_their_molecules() -> None:
    counts = np.array([2, 0, 3, 1])
    ppm = np.arange(6, dtype=np.float32)
    data = part()
    spectra = Spectra(ppm, np.arange(6, dtype=np.int32), counts)
    rows = data.readable[:4]
    four = replace(data, **{name: getattr(data, name)[rows] for name in ("smiles", "names", "lines", "labels")})
    found = replace(four, spectra=spectra, extra=data.extra.iloc[rows]).drawn(3, 0)
    assert found.spectra
    for number, line in enumerate(found.lines):
        place = int(np.flatnonzero(four.lines == line)[0])
        assert found.spectra.ppm[found.spectra.of(number)].tolist() == ppm[spectra.of(place)].tolist()


def test_labels_are_learned_of_all_molecules() -> None:
    recipe = parse(TINY).with_settings(["data.dataset=freesolv", "data.molecules=60"])
    (refusal,) = checks.check(recipe, studio.dataset("freesolv")).refusals
    assert "draws those of a pre-training" in refusal
