"""The encoder of spectra against the same sums written out; the bins against numpy's bits."""

import numpy as np
import torch
from packed_records import made_up_spectra

from mmexplore.nn.dataloader import collate
from mmexplore.nn.encoders.spectrum_cnn import SpectrumCNN
from mmexplore.nn.signals.spectra import bins

SMILES = ["C", "CCO", "c1ccccc1", "CCCCCC"]


def test_bins_are_the_packed_bits() -> None:
    packed = made_up_spectra("nmr_spectrum", SMILES)
    expected = np.unpackbits(packed.columns["bits"], axis=1)
    np.testing.assert_array_equal(bins(collate(packed, "nmr_spectrum")).numpy(), expected)


def test_it_is_a_windowed_product_and_residual_layers() -> None:
    torch.manual_seed(0)
    encoder = SpectrumCNN(channels=3, layers=2, dimension=5).eval()
    records = collate(made_up_spectra("nmr_spectrum", SMILES), "nmr_spectrum")
    spectra = np.pad(bins(records).numpy().astype(np.float64), ((0, 0), (200, 200)))
    weights = {name: value.detach().double().numpy() for name, value in encoder.named_parameters()}
    windows = np.stack([spectra[:, start : start + 400] for start in range(0, 4001, 200)], 2)
    assert windows.shape[2] == 21
    x = np.einsum("nwp,cw->ncp", windows, weights["convolution.weight"][:, 0])
    x = np.maximum(x + weights["convolution.bias"][:, None], 0).reshape(len(SMILES), -1)
    for k in range(2):
        x = x + np.maximum(x @ weights[f"layers.{k}.weight"].T + weights[f"layers.{k}.bias"], 0)
    expected = x @ weights["last.weight"].T + weights["last.bias"]
    np.testing.assert_allclose(encoder(records).detach().numpy(), expected, atol=1e-5)


def test_the_paper_s_sizes() -> None:
    encoder = SpectrumCNN(dimension=768)
    assert encoder.last.in_features == 672
    assert encoder.convolution.weight.shape == (32, 1, 400)
