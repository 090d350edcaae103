"""What an auto-encoder tells again, and its loss: 0 for what is told exactly, the mean picture explains nothing."""

import numpy as np
import pytest
import torch
from packed_records import made_up_spectra
from torch import nn

from mmexplore.features.store import features
from mmexplore.nn.dataloader import Records, collate
from mmexplore.nn.pretraining.autoencoder import Autoencoder
from mmexplore.nn.signals.images import pictures
from mmexplore.nn.signals.spectra import bins
from mmexplore.runtime.home import default_home

SMILES = ["CCO", "c1ccccc1Cl", "CC(=O)Oc1ccccc1C(=O)O", "C", "CCCCCCCC", "N#Cc1ccncc1"]


@pytest.fixture(scope="module")
def records() -> dict[str, Records]:
    images = features("image", SMILES, {"side_px": 64}, home=default_home()).take(np.arange(len(SMILES)))
    spectra = made_up_spectra("nmr_spectrum", SMILES)
    return {"image": collate(images, "image"), "nmr_spectrum": collate(spectra, "nmr_spectrum")}


class Told(nn.Module):
    """A decoder that says what it is given."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x


def test_a_picture_s_goal_is_the_mean_darkness_of_fields(records: dict[str, Records]) -> None:
    found = Autoencoder({"image": 4}).goal(records["image"], "image").view(-1, 32, 32)
    red, green, blue = pictures(records["image"]).unbind(1)
    dark = (1 - (0.299 * red + 0.587 * green + 0.114 * blue)).numpy()
    expected = dark.reshape(len(SMILES), 32, 2, 32, 2).mean((2, 4))
    np.testing.assert_allclose(found.numpy(), expected, atol=1e-6)
    assert found.min() >= -1e-6
    assert found.amax((1, 2)).min() > 0.05


@pytest.mark.parametrize("width", [0.5, 2.0])
def test_a_spectrum_s_goal_is_a_bell_a_peak(records: dict[str, Records], width: float) -> None:
    found = Autoencoder({"nmr_spectrum": 4}, peak_width=width).goal(records["nmr_spectrum"], "nmr_spectrum")
    for molecule, row in enumerate(bins(records["nmr_spectrum"]).numpy()):
        ppm = np.flatnonzero(row) / 10 - 50
        values = np.arange(400) - 50
        expected = np.exp(-(((values[:, None] - ppm) / width) ** 2) / 2).sum(1).clip(max=1)
        np.testing.assert_allclose(found[molecule].numpy(), expected, atol=5e-5)


@pytest.mark.parametrize("name", ["image", "nmr_spectrum"])
def test_what_is_told_exactly_loses_nothing_and_the_mean_explains_nothing(
    records: dict[str, Records], name: str
) -> None:
    model = Autoencoder({name: 4})
    goal = model.goal(records[name], name)
    model.decoders[name] = Told()
    exact = goal.clamp(1e-7, 1 - 1e-7).logit()
    found = model.losses({name: exact}, records)
    assert float(found["loss"]) == pytest.approx(0, abs=1e-3)
    assert float(found[f"{name}_explained"]) == pytest.approx(1, abs=1e-4)
    mean = goal.mean(0).clamp(1e-7, 1 - 1e-7).logit().expand_as(goal)
    found = model.losses({name: mean}, records)
    assert float(found["loss"]) > 1
    assert float(found[f"{name}_explained"]) == pytest.approx(0, abs=1e-4)
    torch.testing.assert_close(found["loss"], found[name])


def test_the_loss_is_the_divergence_of_each_value(records: dict[str, Records]) -> None:
    torch.manual_seed(0)
    model = Autoencoder({"nmr_spectrum": 4, "image": 3})
    embeddings = {"nmr_spectrum": torch.randn(len(SMILES), 4), "image": torch.randn(len(SMILES), 3)}
    total = 0.0
    for name, z in embeddings.items():
        t = model.goal(records[name], name).double().clamp(0, 1)
        d = model.decoders[name](z).detach().double().sigmoid()
        xlogy = torch.special.xlogy
        total += float((xlogy(t, t / d) + xlogy(1 - t, (1 - t) / (1 - d))).sum()) / len(SMILES)
    assert float(model.losses(embeddings, records)["loss"].detach()) == pytest.approx(total, rel=1e-5)
