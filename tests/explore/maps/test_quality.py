"""Davies-Bouldin and NMI against their definitions, and what must hold of any map."""

from dataclasses import asdict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.cluster import KMeans
from sklearn.metrics import davies_bouldin_score, normalized_mutual_info_score

from mmexplore.explore.maps import quality as map_quality
from mmexplore.explore.maps.quality import Classes, Quality, RecordedSplit, classes_of, clusters, in_words, quality


def blobs(n: int = 300, d: int = 10, apart: float = 8, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    codes = rng.integers(0, 3, n)
    return (rng.normal(size=(3, d))[codes] * apart + rng.normal(size=(n, d))).astype(np.float32), codes


def davies_bouldin(x: np.ndarray, codes: np.ndarray) -> float:
    """Davies & Bouldin 1979, word for word, in double precision."""
    groups = [x[codes == c].astype(np.float64) for c in np.unique(codes)]
    centers = [g.mean(0) for g in groups]
    spread = [np.linalg.norm(g - c, axis=1).mean() for g, c in zip(groups, centers, strict=True)]
    k = range(len(groups))
    worst = [max((spread[i] + spread[j]) / np.linalg.norm(centers[i] - centers[j]) for j in k if j != i) for i in k]
    return float(np.mean(worst))


def mutual_information(a: np.ndarray, b: np.ndarray) -> float:
    """2 I(a; b) / (H(a) + H(b)) from the table of joint frequencies."""
    joint = np.zeros((a.max() + 1, b.max() + 1))
    np.add.at(joint, (a, b), 1 / len(a))
    pa, pb = joint.sum(1), joint.sum(0)
    independent = np.outer(pa, pb)
    seen = joint > 0
    shared = (joint[seen] * np.log(joint[seen] / independent[seen])).sum()
    entropy = -sum((p[p > 0] * np.log(p[p > 0])).sum() for p in (pa, pb))
    return float(2 * shared / entropy)


@pytest.mark.slow
@given(st.integers(0, 1000), st.integers(2, 6))
def test_scores_are_their_definitions(seed: int, k: int) -> None:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(50, 4)).astype(np.float32)
    a, b = np.arange(50) % k, rng.integers(0, 3, 50)
    assert map_quality.davies_bouldin(x, a) == pytest.approx(davies_bouldin(x, a), rel=1e-4)
    assert map_quality.mutual_information(a, b) == pytest.approx(mutual_information(a, b), abs=1e-9)


def test_perfect_classes_score_perfectly_and_permuted_ones_as_nothing() -> None:
    x, codes = blobs()
    found = quality(x, x[:, :2], Classes(codes, ("a", "b", "c"), "blobs"))
    assert found.nmi == pytest.approx(1)
    assert found.dbi is not None
    assert found.dbi < 0.5
    assert found.dbi_permuted is not None
    assert found.dbi_permuted > 10 * found.dbi
    assert found.nmi_permuted == pytest.approx(0, abs=0.03)
    assert found.nmi_2d_permuted == pytest.approx(0, abs=0.03)


def test_labels_with_nothing_behind_them_score_as_permuted_ones() -> None:
    x, _ = blobs()
    codes = np.random.default_rng(1).integers(0, 2, len(x))
    found = quality(x, x[:, :2], Classes(codes, ("0", "1"), "coin"))
    assert found.nmi == pytest.approx(found.nmi_permuted, abs=0.03)
    assert found.dbi == pytest.approx(found.dbi_permuted, rel=0.8)


@pytest.mark.slow
def test_quality_does_not_see_rotation_shift_or_scale() -> None:
    x, codes = blobs(apart=1)
    turn = np.linalg.qr(np.random.default_rng(3).normal(size=(10, 10)))[0]
    classes = Classes(codes, ("a", "b", "c"), "blobs")
    moved = (3 * x @ turn + 5).astype(np.float32)
    one, other = quality(x, x[:, :2], classes), quality(moved, x[:, :2] * 2 - 1, classes)
    for name in ("dbi", "nmi", "dbi_permuted", "nmi_permuted", "dbi_2d", "nmi_2d"):
        assert getattr(one, name) == pytest.approx(getattr(other, name), rel=1e-3, abs=1e-3), name


@pytest.mark.slow
def test_missing_labels_and_missing_rows_are_left_out() -> None:
    x, codes = blobs()
    y, labels = x.copy(), codes.copy()
    y[:5], labels[5:9] = np.nan, -1
    found = quality(y, y[:, :2], Classes(labels, ("a", "b", "c"), "blobs"))
    assert "291 molecules" in found.how
    alone = quality(x[9:], x[9:, :2], Classes(codes[9:], ("a", "b", "c"), "blobs"))
    assert found.dbi == pytest.approx(alone.dbi)
    assert found.nmi == pytest.approx(alone.nmi)


@pytest.mark.slow
def test_same_seed_same_scores() -> None:
    x, codes = blobs(apart=1)
    classes = Classes(codes, ("a", "b", "c"), "blobs")
    assert quality(x, x[:, :2], classes, seed=4) == quality(x, x[:, :2], classes, seed=4)


def test_many_molecules_are_sampled_and_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(map_quality, "MOST", 100)
    x, codes = blobs()
    found = quality(x, x[:, :2], Classes(codes, ("a", "b", "c"), "blobs"), seed=7)
    assert "100 molecules drawn from 300 with seed 7" in found.how
    assert len(clusters(x, 3)) == 300
    assert map_quality.mutual_information(clusters(x, 3), codes) == pytest.approx(1)


@pytest.mark.parametrize("codes", [np.zeros(20), np.full(20, -1), np.arange(20), np.r_[0, np.full(19, -1)]])
def test_fewer_than_two_classes_give_no_score_and_a_reason(codes: np.ndarray) -> None:
    x, _ = blobs(20)
    found = quality(x, x[:, :2], Classes(codes.astype(int), (), "classes are the labels of p_np"))
    assert found.dbi is found.nmi is found.dbi_2d is found.nmi_2d_permuted is None
    assert found.how.startswith("not computed: classes are the labels of p_np, and")


def test_where_all_molecules_are_alike_there_is_no_better_or_worse() -> None:
    found = quality(np.ones((20, 3)), np.zeros((20, 2)), Classes(np.arange(20) % 2, ("a", "b"), "x"))
    assert found.dbi is found.nmi is found.dbi_2d is found.nmi_2d_permuted is None


def test_labels_stay_as_they_are() -> None:
    found = classes_of(np.array([1, 0, np.nan, 1], np.float32), "p_np", "classification")
    assert found.codes.tolist() == [1, 0, -1, 1]
    assert found.names == ("p_np = 0", "p_np = 1")


@given(st.lists(st.floats(-1e6, 1e6, width=32) | st.just(float("nan")), min_size=1, max_size=60))
def test_numbers_are_cut_into_ordered_classes(values: list[float]) -> None:
    array = np.array(values, np.float32)
    found = classes_of(array, "logS", "regression")
    known = np.isfinite(array)
    assert (found.codes[~known] == -1).all()
    assert set(found.codes[known].tolist()) == set(range(len(found.names)))
    order = np.argsort(array[known], kind="stable")
    assert (np.diff(found.codes[known][order]) >= 0).all()


def test_tertiles_are_said_in_words() -> None:
    found = classes_of(np.arange(9), "logS", "regression")
    assert np.bincount(found.codes).tolist() == [3, 3, 3]
    assert found.names == ("low", "middle", "high")
    assert found.how == "classes are logS cut at its tertiles 2.667 and 5.333: low, middle, high"


def test_texts_stay_as_they_are() -> None:
    found = classes_of(np.array(["II", "I", None, "II", "", np.nan], dtype=object), "phase", "category")
    assert found.codes.tolist() == [1, 0, -1, 1, -1, -1]
    assert found.names == ("I", "II")


def test_of_many_texts_the_most_frequent_are_kept() -> None:
    values = np.array(["often"] * 5 + [f"once {i:02}" for i in range(50)], dtype=object)
    found = classes_of(values, "name", "category")
    assert len(found.names) == 20
    assert "often" in found.names
    assert "the 20 most frequent of 51" in found.how
    assert (found.codes >= 0).sum() == 24


def a_split(n: int) -> RecordedSplit:
    return RecordedSplit(np.array(["train", "test", "validation", "train"])[np.arange(n) % 4], "")


def test_scores_of_a_part_are_scikit_learns_over_its_rows_alone() -> None:
    x, codes = blobs(120, apart=1)
    split = a_split(120)
    found = quality(x, x[:, :2], Classes(codes, ("a", "b", "c"), "blobs"), permutations=5, split=split)
    assert found.no_test == ""
    assert split.parts is not None
    for part, scores in (("test", found.test), ("train", found.train)):
        assert scores is not None
        rows = split.parts == part
        assert f"{rows.sum()} molecules of the {part} part" in scores.how
        for space, suffix in ((x[rows], ""), (x[rows, :2], "_2d")):
            groups = KMeans(3, n_init=10, random_state=0).fit(space).labels_
            assert getattr(scores, f"dbi{suffix}") == pytest.approx(davies_bouldin_score(space, codes[rows]))
            assert getattr(scores, f"nmi{suffix}") == pytest.approx(normalized_mutual_info_score(codes[rows], groups))


def test_permuted_scores_are_medians_and_the_count_of_worse_ones_is_theirs() -> None:
    x, codes = blobs(90, apart=0.5)
    found = quality(x, x[:, :2], Classes(codes, ("a", "b", "c"), "blobs"), seed=3, permutations=7)
    rng = np.random.default_rng(3)
    shuffled = [rng.permutation(codes) for _ in range(7)]
    groups = KMeans(3, n_init=10, random_state=3).fit(x).labels_
    dbi = [davies_bouldin_score(x, dealt) for dealt in shuffled]
    nmi = [normalized_mutual_info_score(dealt, groups) for dealt in shuffled]
    assert found.dbi_permuted == pytest.approx(np.median(dbi))
    assert found.nmi_permuted == pytest.approx(np.median(nmi))
    assert found.dbi is not None
    assert found.nmi is not None
    assert found.dbi_beaten == sum(value > found.dbi for value in dbi)
    assert found.nmi_beaten == sum(value < found.nmi for value in nmi)


@given(st.integers(0, 20))
def test_a_score_among_shuffles_is_said_in_words(beaten: int) -> None:
    said = in_words(beaten, 20)
    if beaten == 20:
        assert said == "better than all 20 shuffles"
    elif beaten > 10:
        assert said == f"better than {beaten} of 20 shuffles"
    else:
        assert said == "no better than shuffled labels"


def test_without_a_split_it_is_said_why_and_an_empty_part_has_no_score() -> None:
    x, codes = blobs(40)
    classes = Classes(codes, ("a", "b", "c"), "blobs")
    found = quality(x, x[:, :2], classes, split=RecordedSplit(why="it was trained on others"))
    assert found.test is found.train is None
    assert found.no_test == "it was trained on others"
    found = quality(x, x[:, :2], classes, split=RecordedSplit(np.full(40, "train"), ""))
    assert found.test is not None
    assert found.test.dbi is None
    assert found.test.how.startswith("not computed: blobs, and")


def test_quality_is_read_as_it_was_written_and_older_ones_count_as_of_other_rules() -> None:
    x, codes = blobs(60)
    classes = Classes(codes, ("a", "b", "c"), "blobs")
    found = quality(x, x[:, :2], classes, split=a_split(60))
    assert Quality.of(asdict(found)) == found
    assert found.is_of(classes)
    assert not found.is_of(Classes(codes, (), "blob"))
    old = Quality.of({"how": found.how, "dbi": 1.0, "dbi_permuted": 9.0})
    assert (old.dbi, old.is_of(classes)) == (1.0, False)


@pytest.mark.parametrize(("n", "few"), [(5, True), (29, True), (30, False)])
def test_few_labelled_molecules_are_told(n: int, few: bool) -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(60, 4))
    codes = np.where(np.arange(60) < n, np.arange(60) % 2, -1)
    found = quality(x, x[:, :2], Classes(codes, ("a", "b"), "classes are planted"))
    assert ("so few that chance alone" in found.how) is few
