"""How near to the training set: against distances computed one by one, and the words of the card's desk."""

import numpy as np
import pytest

from mmexplore import studio
from mmexplore.explore.neighbors.applicability import Reach, nearest_others, reach
from mmexplore.explore.neighbors.search import Cosine
from mmexplore.studio import MoleculeRef

MODEL = "solubility-dmpnn"


@pytest.fixture
def space() -> Cosine:
    return Cosine(np.random.default_rng(0).normal(size=(50, 4)).astype(np.float32))


def similarities(space: Cosine) -> np.ndarray:
    unit = space.x / np.linalg.norm(space.x, axis=1, keepdims=True)
    return unit.astype(float) @ unit.T


def test_the_yardstick_is_each_training_molecules_nearest_other_one(space: Cosine) -> None:
    training = np.arange(0, 50, 2)
    among = similarities(space)[np.ix_(training, training)]
    np.fill_diagonal(among, -2)
    np.testing.assert_allclose(nearest_others(space, training), np.sort(among.max(1)), atol=1e-6)


def test_reach_is_the_nearest_training_molecule_and_its_percentile(space: Cosine) -> None:
    training = np.arange(0, 50, 2)
    yardstick = nearest_others(space, training)
    found = reach(space, space.take(np.array([7])), training, yardstick)
    assert found
    expected = similarities(space)[7, training]
    assert (found.row, found.similarity) == (training[expected.argmax()], pytest.approx(expected.max(), abs=1e-6))
    assert found.farther_than == pytest.approx((yardstick > found.similarity).mean())
    assert not found.own


def test_a_training_molecule_is_not_its_own_neighbour(space: Cosine) -> None:
    training = np.arange(50)
    found = reach(space, space.take(np.array([4])), training, nearest_others(space, training), own=4)
    assert found
    assert found.own
    assert found.row != 4
    assert found.similarity < 1


def test_nothing_to_compare_with(space: Cosine) -> None:
    assert reach(space, space.take(np.array([0])), np.array([3]), nearest_others(space, np.array([3]))) is None


@pytest.mark.parametrize(("share", "words"), [(0.2, "well inside"), (0.8, "at the edge"), (0.99, "outside")])
def test_words(share: float, words: str) -> None:
    assert Reach(0.5, 0, share, False).words.startswith(words)


class TestDetail:
    @pytest.mark.slow
    def test_a_molecule_of_the_training_set(self) -> None:
        known = studio.predictions(MODEL, "solubility")
        assert known is not None
        row = int(np.flatnonzero(known["split"] == "train")[3])
        found = studio.detail(studio.query_of_row("solubility", row), MODEL, "dmpnn")
        (standing,) = found.standings
        assert standing.label == pytest.approx(studio.dataset("solubility").labels[row, 0])
        assert standing.prediction == pytest.approx(known["SOL"].iloc[row])
        trained = known["SOL"][known["split"] == "train"]
        assert standing.percentile == pytest.approx(100 * (trained < standing.prediction).mean(), abs=0.2)
        assert found.trained_on == "solubility"
        ecfp = found.nearest[0]
        assert ecfp.reach.own
        assert ecfp.neighbor.row != row

    def test_a_typed_molecule_is_predicted_and_far_ones_are_outside(self) -> None:
        near = studio.detail(MoleculeRef("CC(=O)Nc1cccc(O)c1"), MODEL, "dmpnn")
        far = studio.detail(MoleculeRef("C[Si](C)(C)O[Si](C)(C)O[Si](C)(C)C"), MODEL, "dmpnn")
        assert np.isfinite(near.standings[0].prediction)
        assert np.isnan(near.standings[0].label)
        assert near.nearest[0].reach.words.startswith("well inside")
        assert far.nearest[0].reach.farther_than > near.nearest[0].reach.farther_than

    def test_the_baseline_knows_labels_only(self) -> None:
        found = studio.detail(studio.query_of_row("solubility", 2), "ecfp", "ecfp")
        assert np.isnan(found.standings[0].prediction)
        assert found.nearest == ()
