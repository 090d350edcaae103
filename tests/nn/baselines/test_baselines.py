"""Baselines predict what scikit-learn and LightGBM predict, also once they were kept and read again."""

import math
from typing import Any

import lightgbm
import numpy as np
import pytest
import torch
from safetensors.torch import load, save
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.svm import SVC, SVR

from mmexplore.nn.baselines import FittedBaseline, State
from mmexplore.runtime.registry import BASELINES

WIDTHS = {"counts": 7, "replica": 5}
SMALL: dict[str, dict[str, Any]] = {"forest": {"trees": 20}, "boosting": {"rounds": 25, "rounds_of_classes": 20}}


def rows(seed: int, n: int) -> dict[str, torch.Tensor]:
    rng = np.random.default_rng(seed)
    arrays = {"counts": rng.poisson(1.5, (n, 7)), "replica": rng.normal(4, 9, (n, 5))}
    return {name: torch.from_numpy(values.astype(np.float32)) for name, values in arrays.items()}


def labels_of(x: dict[str, torch.Tensor], kind: str) -> np.ndarray:
    """Two tasks, the second one with gaps."""
    value = (x["counts"][:, 0] - x["counts"][:, 1] + x["replica"][:, 0] / 9 + x["replica"][:, 1].sin()).numpy()
    labels = np.stack([value, -value + x["counts"][:, 2].numpy()], 1)
    labels = (labels > np.median(labels, 0)).astype(np.float32) if kind == "classification" else labels
    labels[::4, 1] = np.nan
    return labels


def fitted(name: str, kind: Any) -> tuple[FittedBaseline, np.ndarray]:
    baseline: FittedBaseline = BASELINES[name](WIDTHS, 2, ["counts"], **BASELINES.validated(name, SMALL.get(name, {})))
    x = rows(0, 120)
    labels = labels_of(x, kind)
    baseline.fit(x, labels, kind, 3)
    return baseline, labels


def reference(name: str, kind: str, x: np.ndarray, y: np.ndarray, ours: State) -> Any:
    """Raw outputs of the library's own model on what the baseline reads."""
    classes = kind == "classification"
    if name == "forest":
        about: dict[str, Any] = {"random_state": 3, "max_features": "sqrt" if classes else 1 / 3}
        made = (RandomForestClassifier if classes else RandomForestRegressor)(20, **about).fit(x, y)
        return (lambda z: made.predict_proba(z)[:, 1]) if classes else made.predict
    if name == "boosting":
        about = {"objective": "binary" if classes else "regression", "seed": 3, "verbose": -1, "deterministic": True}
        about |= {"learning_rate": 0.05, "num_leaves": 15, "min_data_in_leaf": 5, "bagging_fraction": 0.8}
        about |= {"bagging_freq": 1, "feature_fraction": 0.3, "force_col_wise": True}
        return lightgbm.train(about, lightgbm.Dataset(x, y), 20 if classes else 25).predict
    if name == "svm":
        machine = (SVC() if classes else SVR(C=10)).fit(x.astype(float), y)
        return lambda z: (machine.decision_function if classes else machine.predict)(z.astype(float))
    assert name == "ridge"
    coefficients = ours["coefficients"]
    strengths = np.logspace(-2, 5, 15)
    models = [LogisticRegression(C=1 / s, max_iter=500) if classes else Ridge(s) for s in strengths]
    fitted = [model.fit(x.astype(float), y) for model in models]
    near = min(fitted, key=lambda model: np.abs(np.ravel(model.coef_) - coefficients).max())
    return (lambda z: near.predict_proba(z.astype(float))[:, 1]) if classes else near.predict


@pytest.mark.parametrize("name", BASELINES.names())
@pytest.mark.parametrize("kind", ["classification", "regression"])
def test_what_was_kept_predicts_as_the_library_does(name: str, kind: Any) -> None:
    baseline, labels = fitted(name, kind)
    kept = load(save({k: v.contiguous() for k, v in baseline.state_dict().items()}))
    again: FittedBaseline = BASELINES[name](WIDTHS, 2, ["counts"], **BASELINES.validated(name, SMALL.get(name, {})))
    again.load_state_dict(kept)
    others = rows(1, 50)
    outputs = again(others).outputs
    torch.testing.assert_close(outputs, baseline(others).outputs, atol=0, rtol=0)
    for task in range(2):
        known = np.isfinite(labels[:, task])
        x, y = baseline.features(rows(0, 120)).numpy()[known], labels[known, task].astype(float)
        theirs = reference(name, kind, x, y, baseline.state(task))(baseline.features(others).numpy())
        found = outputs[:, task].double().numpy()
        if name == "svm":
            slope, offset = baseline.state(task)["line"]
            theirs = theirs * slope + offset
        elif kind == "classification":
            found = 1 / (1 + np.exp(-found))
        np.testing.assert_allclose(found, theirs, atol=1e-6, rtol=1e-6)


@pytest.mark.parametrize("name", BASELINES.names())
def test_branches_are_brought_to_one_scale_unless_they_are(name: str) -> None:
    baseline, _ = fitted(name, "regression")
    seen = baseline.features(rows(0, 120))
    assert torch.equal(seen[:, :7], rows(0, 120)["counts"])
    shrink = 1 / baseline.shrink
    near = 1e-4 if math.isinf(baseline.reach) else 0.02  # what lies beyond 3 deviations is drawn in
    torch.testing.assert_close(seen[:, 7:].std(0, correction=0), torch.full((5,), shrink), atol=near, rtol=near)
    torch.testing.assert_close(seen[:, 7:].mean(0), torch.zeros(5), atol=near, rtol=0)


@pytest.mark.parametrize("name", BASELINES.names())
def test_what_extrapolates_reads_nothing_beyond_three_deviations_of_the_training_molecules(name: str) -> None:
    baseline, _ = fitted(name, "regression")
    far = {part: values + (1e3 if part != "counts" else 0) for part, values in rows(120, 5).items()}
    farther = {part: values + (1e6 if part != "counts" else 0) for part, values in rows(120, 5).items()}
    seen = [baseline.features(one) for one in (far, farther)]
    assert torch.equal(*seen) == (name in ("svm", "ridge"))
    if name in ("svm", "ridge"):
        assert torch.equal(seen[0][:, 7:], torch.full((5, 5), 3 / baseline.shrink))
    torch.testing.assert_close(*(baseline(one).outputs for one in (far, farther)))


@pytest.mark.parametrize("name", BASELINES.names())
def test_a_task_of_one_label_is_answered_by_it(name: str) -> None:
    baseline: FittedBaseline = BASELINES[name](WIDTHS, 3, [], **BASELINES.validated(name, SMALL.get(name, {})))
    x = rows(0, 40)
    labels = np.stack([np.ones(40), np.full(40, np.nan), np.zeros(40)], 1).astype(np.float32)
    baseline.fit(x, labels, "classification", 0)
    chances = baseline(x).outputs.sigmoid()
    torch.testing.assert_close(chances[0], torch.tensor([1.0, 0.5, 0.0]), atol=1e-6, rtol=0)


def test_options_are_known_without_an_import_and_wrong_ones_refused() -> None:
    assert BASELINES.names() == ("boosting", "forest", "ridge", "svm")
    fixed = BASELINES.validated("boosting", {})
    assert fixed == {"rounds": 300, "rounds_of_classes": 200, "rate": 0.05, "leaves": 15, "least_rows": 5} | {
        "rows": 0.8,
        "columns": 0.3,
    }


@pytest.mark.parametrize("kind", ["classification", "regression"])
@pytest.mark.parametrize("weighted", [False, True])
def test_kept_distances_change_no_machine(monkeypatch: pytest.MonkeyPatch, kind: Any, weighted: bool) -> None:
    """The border, and Platt's line over left-out folds, are those of scikit-learn's own kernel."""
    rng = np.random.default_rng(4)
    x = rng.normal(size=(90, 40)).astype(np.float32)
    y = (x[:, 0] + rng.normal(size=90) > 0).astype(float) if kind == "classification" else x[:, 0].astype(float)
    weight = rng.uniform(0.5, 2, 90) if weighted else None
    machine: Any = BASELINES["svm"]({"x": 40}, 1, [])
    kept = machine.fit_task(x, y, kind, 5, weight)
    monkeypatch.setattr("mmexplore.nn.baselines.svm._ROOM", 0)
    alone = machine.fit_task(x, y, kind, 5, weight)
    assert kept.keys() == alone.keys()
    for name, values in kept.items():
        np.testing.assert_allclose(values, alone[name], rtol=1e-7, atol=1e-9, err_msg=name)
    if kind == "classification":
        folds = StratifiedKFold(3, shuffle=True, random_state=5)
        about: dict[str, Any] = {"cv": folds, "method": "decision_function", "params": {"sample_weight": weight}}
        left_out = cross_val_predict(SVC(), x.astype(float), y, **about)
        line = LogisticRegression(C=1e3).fit(left_out[:, None], y, sample_weight=weight)
        np.testing.assert_allclose(kept["line"], [line.coef_[0, 0], line.intercept_[0]], rtol=1e-6)
