"""What each modality adds: Shapley values against their definition, contributions that add up, and their keeping."""

from itertools import combinations
from math import factorial
from pathlib import Path

import numpy as np
import pytest
import torch
from fused_models import DATA, NAMES, saved
from hypothesis import given
from hypothesis import strategies as st

from mmexplore import studio
from mmexplore.explore.explain import subsets
from mmexplore.runtime.errors import BadRecipe, NotAvailable, UnknownName

pytest_plugins = ("screens",)


def by_definition(present: np.ndarray, predicted: np.ndarray) -> np.ndarray:
    """Shapley 1953: sum over subsets S without m of |S|! (M - |S| - 1)! / M! (v(S and m) - v(S))."""
    m, found = present.shape[1], np.zeros((predicted.shape[1], present.shape[1]))
    value = {frozenset(np.flatnonzero(kept).tolist()): v for kept, v in zip(present, predicted, strict=True)}
    for one in range(m):
        rest = [other for other in range(m) if other != one]
        for size in range(m):
            for some in map(frozenset, combinations(rest, size)):
                weight = factorial(size) * factorial(m - size - 1) / factorial(m)
                found[:, one] += weight * (value[some | {one}] - value[some])
    return found


@given(st.integers(1, 7), st.integers(0, 100))
def test_shapley_values_are_those_of_the_definition(modalities: int, seed: int) -> None:
    present, shares = subsets.subsets(modalities)
    assert len(present) == 2**modalities
    predicted = np.random.default_rng(seed).normal(size=(len(present), 3))
    found = subsets.shapley(predicted, shares)
    np.testing.assert_allclose(found, by_definition(present, predicted), atol=1e-12)


@given(st.integers(1, 9), st.integers(0, 100))
def test_contributions_add_up_over_any_orders_and_find_what_is_additive(modalities: int, seed: int) -> None:
    present, shares = subsets.subsets(modalities)
    assert not present[0].any()
    assert present[-1].all()
    rng = np.random.default_rng(seed)
    predicted = rng.normal(size=(len(present), 3))
    total = subsets.shapley(predicted, shares).sum(1)
    np.testing.assert_allclose(total, predicted[-1] - predicted[0], atol=1e-9)
    values = rng.normal(size=(3, modalities))
    np.testing.assert_allclose(subsets.shapley(2 + present @ values.T, shares), values, atol=1e-9)
    tried = {kept.tobytes() for kept in present}
    assert all((~one).tobytes() in tried for one in np.eye(modalities, dtype=bool))


@pytest.fixture
def late(empty_home: Path) -> str:
    """A late fusion with drawn weights that has embedded FreeSolv."""
    saved(empty_home, "toy-late", "late", NAMES)
    return "toy-late"


@pytest.mark.parametrize("absent", studio.ABSENT)
def test_a_late_fusions_contributions_are_its_products_from_the_start(late: str, absent: studio.Absent) -> None:
    found, report = studio.contributions(late, DATA, absent=absent), studio.fusion_report(late, DATA)
    stored = studio.embed(late, DATA).predictions[report.rows, 0]
    assert found.unit == report.unit
    np.testing.assert_allclose(found.prediction, stored, atol=1e-5)
    np.testing.assert_allclose(found.start + found.values.sum(1), found.prediction, atol=1e-9)
    start = {"mean": found.prediction.mean(), "zero": report.mean}[absent]  # all have a label, and no split is known
    assert found.start == pytest.approx(start)
    alone = found.of([True, False, False])
    assert alone is not None
    np.testing.assert_allclose(alone, found.start + found.values[:, 0], atol=1e-9)
    same = subsets.shapley(found.predicted, subsets.subsets(3)[1])
    np.testing.assert_allclose(same, found.values, atol=1e-9)
    off = studio.counterfactual(report, (0, 1, 1), absent)
    np.testing.assert_allclose(off * report.std + report.mean, found.prediction - found.values[:, 0], atol=1e-9)


def test_a_branch_is_turned_when_it_is_read_and_its_file_stays(late: str, empty_home: Path) -> None:
    report, weights = studio.fusion_report(late, DATA), studio.model(late).folder / "weights.safetensors"
    before, labels = weights.read_bytes(), studio.dataset(DATA).labels[report.rows, 0]
    raw = studio.embed(late, DATA)
    for number, name in enumerate(NAMES):
        assert np.corrcoef(report.p[:, number], labels)[0, 1] > 0
        sign = -1 if name in report.turned else 1
        np.testing.assert_array_equal(report.p[:, number], sign * raw.part("p")[report.rows, number, 0])
        np.testing.assert_array_equal(report.w[:, number], sign * raw.part("w")[report.rows, number])
    assert weights.read_bytes() == before
    assert report.turned, "of three drawn branches one falls"


@pytest.mark.parametrize("absent", studio.ABSENT)
def test_an_intermediate_fusions_contributions_are_exact_shapley_values(
    empty_home: Path, absent: studio.Absent, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved(empty_home, "toy-whole", "intermediate", NAMES)
    assert studio.embed("toy-whole", DATA).n
    assert studio.stored_contributions("toy-whole", DATA, absent=absent) is None
    found, report = studio.contributions("toy-whole", DATA, absent=absent), studio.fusion_report("toy-whole", DATA)
    assert found.exact
    assert "Shapley" in found.by
    np.testing.assert_allclose(found.prediction, report.prediction, atol=1e-4)
    np.testing.assert_allclose(found.start + found.values.sum(1), found.prediction, atol=1e-9)
    np.testing.assert_allclose(found.values, by_definition(found.present, found.predicted), atol=1e-9)
    predictor, made = subsets.loaded(studio.model("toy-whole").folder), studio.embed("toy-whole", DATA)
    f = {name: torch.from_numpy(np.array(made.view(name))) for name in NAMES}
    middle = f["image"].double().mean(0).float() if absent == "mean" else torch.zeros(16)
    f["image"] = middle.expand_as(f["image"])
    with torch.inference_mode():
        expected = predictor.fusion(f).outputs[:, 0].numpy() * report.std + report.mean
    without = found.of([True, False, True])
    assert without is not None
    np.testing.assert_allclose(without, expected[report.rows], atol=1e-4)
    monkeypatch.setattr(subsets, "loaded", lambda _: pytest.fail("it was kept"))
    again = studio.stored_contributions("toy-whole", DATA, absent=absent)
    assert again is not None
    np.testing.assert_array_equal(again.values, found.values)


def test_what_cannot_be_divided_is_refused_in_words(empty_home: Path, late: str) -> None:
    saved(empty_home, "toy-early", "single", ("early",))
    with pytest.raises(BadRecipe, match="fuses early"):
        studio.fusion_report("toy-early", DATA)
    with pytest.raises(UnknownName, match="'median'; there are: mean, zero"):
        studio.contributions(late, DATA, absent="median")  # type: ignore[arg-type]


def test_what_the_app_opens_on_brings_its_fusion_report(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A first visit waits for no embedding: what each modality adds, what if, and missing modalities are there."""
    data, model, *_ = studio.first_choice()
    assert len(studio.summands(model)) > 1
    monkeypatch.setattr("mmexplore.explore.explain.fusion.embedding", lambda *_, **__: pytest.fail("it was embedded"))
    report, known = studio.fusion_report(model, data), studio.predictions(model, data)
    assert known is not None
    value = known[report.task].to_numpy()[report.rows]
    np.testing.assert_allclose(studio.readable(report, report.prediction), value, atol=0.02)  # weights of 16 bits
    found = studio.contributions(model, data)
    np.testing.assert_allclose(found.start + found.values.sum(1), found.prediction, atol=1e-9)
    assert found.start == pytest.approx(known.loc[known["split"] == "train", report.task].mean(), abs=0.01)
    assert found.start_is == "the mean prediction of the 1,025 training molecules of solubility"
    tested = studio.missing_modalities(model, data)
    assert (len(tested.subsets), tested.part) == (2 ** len(report.modalities), "test part")
    labels = studio.dataset(data).labels[known["split"] == "train", 0]
    trained = np.isin(report.rows, np.flatnonzero(known["split"] == "train"))
    assert all(np.corrcoef(p, labels)[0, 1] > 0 for p in report.p[trained].T)


@pytest.mark.parametrize("fusion", ["late", "intermediate"])
@pytest.mark.parametrize("absent", studio.ABSENT)
def test_one_molecules_contributions_are_those_of_its_row(empty_home: Path, fusion: str, absent: studio.Absent) -> None:
    saved(empty_home, "toy", fusion, NAMES)
    with pytest.raises(NotAvailable, match="has not embedded freesolv yet"):
        studio.contributions_of("toy", "CCO")
    assert studio.embed("toy", DATA).n
    whole, report = studio.contributions("toy", DATA, absent=absent), studio.fusion_report("toy", DATA)
    for place in (0, 300):
        one = studio.contributions_of("toy", str(report.smiles[place]), absent=absent)
        assert one.start == pytest.approx(whole.start, abs=1e-5)
        assert one.unit == whole.unit
        np.testing.assert_allclose(one.values[0], whole.values[place], atol=1e-4)
        np.testing.assert_allclose(one.start + one.values.sum(1), one.prediction, atol=1e-9)


def test_what_fuses_nothing_has_no_contributions_of_one_molecule(empty_home: Path) -> None:
    saved(empty_home, "toy-single", "single", ("smiles",))
    with pytest.raises(BadRecipe, match="fuses nothing"):
        studio.contributions_of("toy-single", "CCO")
