"""The encoder of SMILES is transformers' RoBERTa on each SMILES alone; published ones are refused."""

import numpy as np
import pytest
import torch
from packed_records import embedded

from mmexplore.features.store import features
from mmexplore.nn.dataloader import Records, collate
from mmexplore.nn.encoders.smiles_transformer import SmilesTransformer
from mmexplore.nn.model import Predictor
from mmexplore.recipes.recipe import parse
from mmexplore.runtime.errors import BadRecipe, NotAvailable
from mmexplore.runtime.home import default_home
from mmexplore.training import warm_start

SMILES = ["C", *embedded(60)[:57], "C" * 120]


def batch(smiles: list[str]) -> Records:
    return collate(features("smiles", smiles, home=default_home()).take(np.arange(len(smiles))), "smiles")


@pytest.fixture(scope="module")
def encoder() -> SmilesTransformer:
    torch.manual_seed(0)
    return SmilesTransformer(layers=2, heads=2, hidden_size=16, dimension=12).eval()


def test_groups_and_padding_do_not_show(encoder: SmilesTransformer) -> None:
    """Each SMILES by itself, unpadded, without a mask."""
    records = batch(SMILES)
    found, by_token = encoder(records), encoder.by_atom(records)
    assert found.shape == (len(SMILES), 12)
    assert len(by_token) == len(records.owner["tokens"])
    for number in range(len(SMILES)):
        tokens = records.columns["tokens"][records.owner["tokens"] == number].long().unsqueeze(0)
        states = encoder.network(input_ids=tokens).last_hidden_state[0]
        expected = encoder.dense(states).tanh()
        torch.testing.assert_close(found[number], expected[0], atol=2e-6, rtol=1e-5)
        torch.testing.assert_close(by_token[records.owner["tokens"] == number], expected, atol=2e-6, rtol=1e-5)


def test_the_order_of_tokens_matters(encoder: SmilesTransformer) -> None:
    records = batch(["CCO", "COC"])
    assert (encoder(records)[0] - encoder(records)[1]).abs().max() > 1e-4


def test_heads_must_divide_the_width() -> None:
    with pytest.raises(BadRecipe, match="3 heads came for a width of 16"):
        SmilesTransformer(heads=3, hidden_size=16)


def test_published_models_are_refused_in_words(encoder: SmilesTransformer) -> None:
    with pytest.raises(NotAvailable, match="tokens of its own"):
        encoder.from_hub("seyonec/ChemBERTa-zinc-base-v1")
    branch = {"encoder": "smiles_transformer", "start": "hub:seyonec/ChemBERTa-zinc-base-v1"}
    notes = warm_start.begin(Predictor(parse({"branches": [branch]}), ()), home=default_home())
    assert "started from random weights" in notes[0]
