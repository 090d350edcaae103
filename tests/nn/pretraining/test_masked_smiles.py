"""Masked tokens: how many are chosen and what becomes of them, and the losses by hand."""

import numpy as np
import pytest
import torch
from packed_records import embedded
from torch.nn import functional

from mmexplore.features.modalities.smiles import CLS, MASK, SPECIAL, VOCABULARY
from mmexplore.features.store import features
from mmexplore.nn.dataloader import Records, collate
from mmexplore.nn.pretraining.masked_smiles import MaskedSmiles
from mmexplore.runtime.home import default_home


@pytest.fixture(scope="module")
def records() -> dict[str, Records]:
    smiles = embedded(700)
    return {"smiles": collate(features("smiles", smiles, home=default_home()).take(np.arange(len(smiles))), "smiles")}


def test_shares_are_as_published(records: dict[str, Records]) -> None:
    torch.manual_seed(0)
    before = records["smiles"].columns["tokens"].long()
    columns = MaskedSmiles({"smiles": 8}).chosen(records)["smiles"].columns
    shown, hidden = columns["tokens"], columns["hidden"]
    picked = hidden >= 0
    assert torch.equal(hidden[picked], before[picked])
    assert torch.equal(shown[~picked], before[~picked])
    assert not (picked & (before == CLS)).any()
    assert float(picked.sum() / (before != CLS).sum()) == pytest.approx(0.15, abs=0.01)
    masked, same = shown[picked] == MASK, shown[picked] == before[picked]
    assert float(masked.float().mean()) == pytest.approx(0.8, abs=0.02)
    assert float(same.float().mean()) == pytest.approx(0.1, abs=0.02)
    others = shown[picked][~masked & ~same]
    assert others.min() >= SPECIAL
    assert others.unique().numel() > 50
    assert torch.equal(records["smiles"].columns["tokens"].long(), before)  # the batch itself is left alone


def test_choices_follow_from_the_seed_and_differ_from_step_to_step(records: dict[str, Records]) -> None:
    model, found = MaskedSmiles({"smiles": 8}), []
    for seed in (0, 0, 1):
        torch.manual_seed(seed)
        found.append(model.chosen(records)["smiles"].columns["tokens"])
    assert torch.equal(found[0], found[1])
    assert not torch.equal(found[0], found[2])


@pytest.mark.parametrize("weight", [0.0, 1.0, 2.5])
def test_the_losses_by_hand(records: dict[str, Records], weight: float) -> None:
    torch.manual_seed(0)
    model = MaskedSmiles({"smiles": 8}, composition_weight=weight)
    chosen = model.chosen(records)
    own = chosen["smiles"]
    rows = torch.randn(len(own.owner["tokens"]), 8)
    found = model.losses({"smiles": rows}, chosen)
    hidden = own.columns["hidden"]
    logits = model.token(rows)
    expected = functional.cross_entropy(logits, hidden, ignore_index=-1)
    torch.testing.assert_close(found["token"], expected)
    picked = hidden >= 0
    torch.testing.assert_close(found["accuracy"], (logits.argmax(1) == hidden)[picked].float().mean())
    before = records["smiles"].columns["tokens"]
    divergences = []
    for molecule in range(own.n):
        here = own.owner["tokens"] == molecule
        part = torch.bincount(before[here].long(), minlength=len(VOCABULARY)) / here.sum()
        told = model.composition(rows[here][0]).log_softmax(0)
        divergences.append((torch.special.xlogy(part, part) - part * told).sum())
    torch.testing.assert_close(found["composition"], torch.stack(divergences).mean(), atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(found["loss"], found["token"] + weight * found["composition"])


def test_a_batch_without_a_chosen_token_has_no_token_loss() -> None:
    torch.manual_seed(0)
    one = {"smiles": collate(features("smiles", ["C"], home=default_home()).take(np.arange(1)), "smiles")}
    model = MaskedSmiles({"smiles": 8}, share=1e-9)
    found = model.losses({"smiles": torch.randn(2, 8, requires_grad=True)}, model.chosen(one))
    assert float(found["token"]) == 0
    assert torch.isfinite(found["loss"])
    found["loss"].backward()
