"""Molecules of other data sets take no part in a training, however they are drawn there."""

from pathlib import Path

import numpy as np
import pytest
from interrupted import part
from rdkit import Chem

from mmexplore import studio
from mmexplore.recipes.recipe import Recipe, parse
from mmexplore.runtime.errors import UnknownName
from mmexplore.runtime.home import default_home
from mmexplore.runtime.progress import silent
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
    assert Recipe().digest == Recipe().with_settings(["data.without=[]"]).digest
    assert Recipe().digest != Recipe().with_settings(['data.without=["freesolv"]']).digest
