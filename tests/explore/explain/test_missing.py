"""Missing modalities: scores of subsets, and what an informative and a random branch add, with intervals."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from interrupted import part
from sklearn.metrics import roc_auc_score, root_mean_squared_error

from mmexplore.datasets import Dataset, Spectra, catalog
from mmexplore.explore.explain import missing, subsets
from mmexplore.explore.explain.contributions import similarities
from mmexplore.explore.explain.fusion import Evaluation, FusionReport, evaluate, fusion_report
from mmexplore.models import registry
from mmexplore.recipes.recipe import parse
from mmexplore.runtime.home import default_home
from mmexplore.training.train import train

NAMES = ("a", "b", "c")


def report_of(w: np.ndarray, p: np.ndarray, scale: str) -> FusionReport:
    n = len(w)
    alike = similarities({"one": np.random.default_rng(0).normal(size=(5, 2))})
    about = ("late", "y", NAMES[: w.shape[1]], scale, "", 0.5, 2.0, np.arange(n), np.full(n, ""), (w * p).sum(1), w, p)
    return FusionReport(*about, alike, (w * p).mean(0), "all")


@pytest.mark.parametrize("kind", ["regression", "classification"])
def test_scores_of_subsets_are_sklearns(kind: str) -> None:
    rng = np.random.default_rng(0)
    w, p = rng.normal(size=(2, 80, 3))
    report = report_of(w, p, "z-score" if kind == "regression" else "logit")
    truth = (w * p).sum(1) + rng.normal(size=80)
    truth = truth if kind == "regression" else (truth > 0).astype(float)
    truth[::7] = np.nan
    found = subsets.additive(report)
    tested = missing.stress(found, report, Evaluation(kind, truth, "test part"))
    known = np.isfinite(truth)
    assert tested.n == known.sum()
    assert len(tested.subsets) == 8
    for _, row in tested.subsets.iterrows():
        kept = [name in str(row["present"]).split(", ") for name in NAMES]
        values = found.start + found.values[:, kept].sum(1)
        score = root_mean_squared_error if kind == "regression" else roc_auc_score
        assert row["score"] == pytest.approx(score(truth[known], values[known]))
        assert row["missing"] == 3 - sum(kept)
        assert row["share"] == pytest.approx(row["missing"] / 3)
    ones = tested.subsets.loc[tested.subsets["missing"] == 1, "score"]
    line = tested.curve.set_index("missing").loc[1]
    assert line["score"] == pytest.approx(ones.mean())
    assert line["deviation"] == pytest.approx(ones.std(ddof=0))
    assert (line["lowest"], line["highest"], line["subsets"]) == (ones.min(), ones.max(), 3)
    whole = tested.curve["score"].iloc[0]
    for one, name in zip(tested.added, NAMES, strict=True):
        rest = ", ".join(other for other in NAMES if other != name)
        score = tested.subsets.set_index("present")["score"][rest]
        assert one.gain[0] == pytest.approx(score - whole if kind == "regression" else whole - score)
        assert one.gain[1] <= one.gain[0] <= one.gain[2]
        assert one.toward[1] <= one.toward[0] <= one.toward[2]


@given(st.integers(0, 200), st.integers(2, 4))
def test_a_weighted_area_is_that_of_molecules_drawn_so_often(seed: int, values: int) -> None:
    rng = np.random.default_rng(seed)
    truth, score = rng.integers(0, 2, 20).astype(float), rng.integers(0, values, 20).astype(float)
    weights = rng.integers(0, 3, 20)
    drawn = np.repeat(np.arange(20), weights)
    found = missing._roc_auc(truth, score, weights[None].astype(float))[0]
    if len(set(truth[drawn])) < 2:
        assert np.isnan(found)
    else:
        assert found == pytest.approx(roc_auc_score(truth[drawn], score[drawn]))


@pytest.mark.parametrize("kind", ["regression", "classification"])
def test_intervals_of_chance_hold_zero_as_often_as_they_say(kind: str) -> None:
    held, rng = [], np.random.default_rng(0)
    for _ in range(200):
        truth, values = rng.normal(size=100), rng.normal(size=(100, 1))
        truth = truth if kind == "regression" else (truth > 0.5).astype(float)
        told = missing._toward(kind, truth, values)
        ((_, low, high),) = missing._with_interval(told, 100, 200, 0)
        held.append(low <= 0 <= high)
    assert 0.9 < np.mean(held) < 0.99


def with_noise(dataset: Dataset) -> Dataset:
    """The same molecules, each with a spectrum that has nothing to do with it."""
    n, rng = len(dataset), np.random.default_rng(1)
    counts = np.full(n, 6)
    ppm = rng.uniform(0, 220, counts.sum()).astype(np.float32)
    return replace(dataset, spectra=Spectra(ppm, np.full(counts.sum(), -1, np.int32), counts), digest="with-noise")


@pytest.mark.parametrize("fusion", ["late", "intermediate"])
@pytest.mark.release
def test_a_random_branch_adds_nothing_and_an_informative_one_does(fusion: str, tmp_path: Path) -> None:
    home, whole = default_home(), catalog.load("solubility", home=default_home())
    rows = np.arange(0, len(whole), 4)
    some = replace(whole, smiles=whole.smiles[rows], labels=whole.labels[rows], names=whole.names[rows])
    dataset = with_noise(some)
    branches = [
        {"encoder": "descriptor_mlp", "name": "informative", "options": {"dimension": 16}},
        {"encoder": "spectrum_cnn", "name": "random", "options": {"channels": 16, "layers": 1, "dimension": 32}},
    ]
    training = {"epochs": 12, "batch_size": 32, "learning_rate": 0.003, "device": "cpu", "precision": "float32"}
    split = {"split": "random", "fractions": (0.5, 0.1, 0.4)}
    recipe = parse({"data": split, "branches": branches, "fusion": {"name": fusion}, "training": training})
    train(recipe, dataset, tmp_path, home=home)
    model = registry.model(str(tmp_path), home=home)
    report = fusion_report(model, dataset, trained_on=dataset, home=home)
    against = evaluate(report, model, dataset, home=home)
    assert against is not None
    assert against.part == "test part"
    found = subsets.contributions(model, dataset, report, dataset, home=home)
    informative, random = missing.additions(found, against)
    assert (informative.modality, random.modality) == ("informative", "random")
    assert random.toward[1] <= 0 <= random.toward[2]
    assert informative.toward[1] > 0
    assert informative.gain[1] > 0
    assert random.gain[1] <= 0, "it is not said to help"


def test_a_trained_late_fusion_is_turned_and_its_start_is_the_training_mean(tmp_path: Path) -> None:
    home, dataset = default_home(), part()
    branches = [{"encoder": "dmpnn", "name": name, "options": {"hidden_size": 12}} for name in "abc"]
    training = {"epochs": 2, "batch_size": 32, "device": "cpu", "precision": "float32"}
    late = {"name": "late", "options": {"modality_dropout": 0.3}}
    recipe = parse({"data": {"split": "random"}, "branches": branches, "fusion": late, "training": training})
    train(recipe, dataset, tmp_path, home=home)
    model = registry.model(str(tmp_path), home=home)
    report = fusion_report(model, dataset, trained_on=dataset, home=home)
    assert report.turned == ()
    assert report.reference == f"the 80 training molecules of {dataset.name}"
    from mmexplore.models.predictions import predictions

    known = predictions(model, dataset, home=home)
    assert known is not None
    trained = known["split"] == "train"
    labels = dataset.labels[trained, 0]
    for branch in range(3):
        assert np.corrcoef(report.p[trained, branch], labels)[0, 1] >= 0
    value = known[dataset.tasks[0].name]
    found = subsets.additive(report)
    np.testing.assert_allclose(found.prediction, value, atol=1e-4)
    assert found.start == pytest.approx(value[trained].mean(), abs=1e-4)
    np.testing.assert_allclose(found.values.sum(1), found.prediction - found.start, atol=1e-9)
