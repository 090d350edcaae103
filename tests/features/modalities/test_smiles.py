"""Tokens of the canonical SMILES: joined they are the SMILES, and none that RDKit writes is unknown."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some
from packed_records import embedded

from mmexplore.chem.molecules import canonical, parse
from mmexplore.datasets import catalog
from mmexplore.features.modalities.smiles import CLS, LONGEST, MASK, PAD, SPECIAL, UNK, VOCABULARY, Smiles, tokens
from mmexplore.runtime.home import default_home

ODD = [
    "[13CH3][C@@H]([2H])[N+](C)(C)CCCl.[Br-]",
    "[Na+].[O-]c1[se]ccc1",
    "F[S@OH19](Cl)(Br)(I)(N)O",
    "C12C3C4C1C5C2C3C45.[Fe+2]",
    r"C/C=C\C#N",
    "[nH]1cccc1~[Og]",
    "c1ccc2c(c1)c1ccccc1c1ccccc21",
    "[NH3]->[Pt](<-[NH3])(Cl)Cl",
    "[cH-]1cccc1",
    "*C[*:3]",
]


def words(smiles: str) -> str:
    return "".join(VOCABULARY[t] for t in Smiles().record(parse(smiles))["tokens"][1:])


@pytest.mark.parametrize("smiles", ODD)
def test_tokens_joined_are_the_smiles(smiles: str) -> None:
    assert "".join(tokens(smiles)) == smiles
    assert words(smiles) == canonical(parse(canonical(parse(smiles))))


@given(some.text(some.sampled_from("CNOclBr[]()=#@+-1234%H.se/\\"), max_size=40))
def test_nothing_is_lost_of_any_text(text: str) -> None:
    assert "".join(tokens(text)) == text


@pytest.mark.parametrize("name", ["solubility", "freesolv", "chembl_drugs", "nci"])
@pytest.mark.release
def test_no_token_of_a_published_set_is_unknown(name: str) -> None:
    known = set(VOCABULARY)
    for smiles in catalog.load(name, home=default_home()).smiles[::3]:
        assert known.issuperset(tokens(smiles)), smiles


def test_the_vocabulary_numbers_each_token_once_and_begins_with_the_special_ones() -> None:
    assert len(set(VOCABULARY)) == len(VOCABULARY) <= 256
    assert [VOCABULARY[n] for n in (PAD, CLS, MASK, UNK)] == ["[PAD]", "[CLS]", "[MASK]", "[UNK]"]
    assert {PAD, CLS, MASK, UNK} == set(range(SPECIAL))


def test_a_record_begins_with_cls_and_is_cut_at_the_length() -> None:
    whole = Smiles(max_length=LONGEST).record(parse(embedded(20)[7]))["tokens"]
    cut = Smiles(max_length=16).record(parse(embedded(20)[7]))["tokens"]
    assert whole[0] == CLS
    assert len(whole) > len(cut) == 16
    np.testing.assert_array_equal(whole[:16], cut)
