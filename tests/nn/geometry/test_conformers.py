"""Conformers as tensors: which one is picked, and labels that see the shape and not where it lies."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from point_clouds import moved, placed, records_of
from scipy.spatial.distance import pdist
from torch import Tensor

from mmexplore.nn.dataloader import Records
from mmexplore.nn.geometry.conformers import distance_histogram, geometry_labels, one_conformer

SMILES = ["CC(=O)Oc1ccccc1C(=O)O", "[Xe]", "[Na+].[Cl-]", "C[C@H](N)C(=O)O", "CC#CC", "O=S(=O)(c1ccc(Br)cc1)N1CCOCC1"]
CENTER = "C[C@H](N)C(=O)O"


def reference(shape: np.ndarray, atoms: int) -> np.ndarray:
    """The label of one molecule, step by step."""
    centered = shape - shape.mean(0)
    _, axes = np.linalg.eigh(centered.T @ centered)
    x, y = (centered @ axes[:, i] for i in (2, 1))
    long, middle = axes[:, 2] * np.sign((x**3).sum()), axes[:, 1] * np.sign((y**3).sum())
    turned = centered @ np.stack([long, middle, np.cross(long, middle)], 1)
    label = np.zeros((atoms, 3))
    label[: len(shape)] = (turned / np.abs(turned).max())[:atoms]
    return label.ravel()


# ---- one of several ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("random", [False, True])
def test_a_conformer_is_one_of_the_molecules_own(random: bool) -> None:
    torch.manual_seed(4)
    records = records_of(SMILES)
    found = one_conformer(records, random)
    assert found.counts.keys() == found.owner.keys() == {"atoms"}
    assert found.columns.keys() == {"atoms", "positions", "made"}
    assert torch.equal(found.columns["made"], records.columns["made"])
    seen = set()
    for molecule in range(len(SMILES)):
        points = records.owner["points"] == molecule
        conformers = records.columns["positions"][points].view(-1, int(records.counts["atoms"][molecule]), 3)
        mine = found.columns["positions"][found.owner["atoms"] == molecule]
        numbers = [i for i, conformer in enumerate(conformers) if torch.equal(conformer, mine)]
        assert numbers
        seen.add(numbers[0])
    assert (seen == {0}) is not random


def test_every_conformer_gets_its_turn_and_seeds_repeat() -> None:
    records = records_of([CENTER] * 300, conformers=3)
    torch.manual_seed(0)
    found = one_conformer(records, True)
    torch.manual_seed(0)
    assert torch.equal(one_conformer(records, True).columns["positions"], found.columns["positions"])
    drawn = found.columns["positions"].view(300, -1).unique(dim=0, return_counts=True)[1]
    assert len(drawn) == 3
    assert drawn.min() > 60


def test_what_is_picked_stays_picked() -> None:
    found = one_conformer(records_of(SMILES), True)
    assert one_conformer(found, True) is found


# ---- labels ------------------------------------------------------------------------------------------------------


def test_the_label_is_what_its_docstring_says() -> None:
    records = one_conformer(records_of(SMILES), False)
    labels, known = geometry_labels(records)
    assert labels.shape == known.shape == (len(SMILES), 60)
    assert labels.dtype == torch.float32
    counts = records.counts["atoms"].tolist()
    assert known.sum(1).tolist() == [3 * min(n, 20) for n in counts]
    assert not labels[~known].any()
    for molecule in (0, 3, 5):
        shape = records.columns["positions"][records.owner["atoms"] == molecule].double().numpy()
        np.testing.assert_allclose(labels[molecule], reference(shape, 20), atol=1e-5)
    short, some = geometry_labels(records, 4)
    assert torch.equal(short, labels[:, :12])
    assert torch.equal(some, known[:, :12])


@pytest.mark.parametrize("label", [geometry_labels, distance_histogram])
def test_a_label_does_not_see_where_a_molecule_lies(label) -> None:
    records = one_conformer(records_of([SMILES[0], *SMILES[3:]]), False)
    for seed in range(3):
        torch.testing.assert_close(label(moved(records, seed))[0], label(records)[0], atol=2e-4, rtol=0)


def test_mirror_images_have_other_labels_and_equal_histograms() -> None:
    records = one_conformer(records_of([CENTER]), False)
    turned = records.columns | {"positions": records.columns["positions"] * torch.tensor([-1.0, 1, 1])}
    mirrored = Records(1, turned, records.counts, records.owner)
    assert (geometry_labels(mirrored)[0] - geometry_labels(records)[0]).abs().max() > 0.1
    torch.testing.assert_close(distance_histogram(mirrored), distance_histogram(records))


DEGENERATE = {
    "a point": np.zeros((1, 3)),
    "all in one place": np.zeros((4, 3)),
    "two": np.array([[0.0, 0, 0], [0, 0, 1.5]]),
    "a line": np.outer(np.arange(5.0), [1, 2, 3]),
    "a square": np.array([[1.0, 1, 0], [1, -1, 0], [-1, -1, 0], [-1, 1, 0]]),
    "a tetrahedron": np.array([[1.0, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]]),
}


def test_degenerate_shapes_have_finite_labels() -> None:
    for records in (placed(list(DEGENERATE.values())), *[placed([shape]) for shape in DEGENERATE.values()]):
        for labels, _ in (geometry_labels(records), distance_histogram(records)):
            assert torch.isfinite(labels).all()
            assert labels.abs().max() <= 1 + 1e-6


def test_a_histogram_counts_pairs() -> None:
    rng = np.random.default_rng(0)
    shapes = [rng.normal(size=(n, 3)) * 3 for n in (1, 2, 7, 40)]
    labels, known = distance_histogram(placed(shapes), bins=12, cutoff_angstrom=6.0)
    assert known[:, 0].tolist() == [False, True, True, True]
    assert not labels[0].any()
    for label, shape in zip(labels[1:], shapes[1:], strict=True):
        distances = pdist(shape)
        expected = np.histogram(distances, bins=12, range=(0, 6))[0] / len(distances)
        np.testing.assert_allclose(label, expected, atol=1e-6)


@pytest.mark.slow
@given(st.lists(st.integers(1, 9), min_size=1, max_size=5), st.integers(0, 10_000))
def test_labels_do_not_depend_on_other_molecules(sizes: list[int], seed: int) -> None:
    rng = np.random.default_rng(seed)
    shapes = [rng.normal(size=(n, 3)) for n in sizes]

    def close(one: Tensor, other: Tensor) -> None:
        torch.testing.assert_close(one, other, atol=1e-5, rtol=0)

    for label in (geometry_labels, distance_histogram):
        together = label(placed(shapes))[0]
        for molecule in range(len(shapes)):
            if sizes[molecule] > 3 or label is distance_histogram:
                close(label(placed(shapes[molecule : molecule + 1]))[0][0], together[molecule])
