"""Predictions by models of every kind: a row out for each row in, and on their data the figures that training left."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from small_ensembles import CLASSES, DATA, RECIPE, ROWS, SEEDS, three_seeds

from mmexplore import studio
from mmexplore.recipes.recipe import Recipe, parse
from mmexplore.runtime.home import Home

COUNTS = RECIPE.branches[0].model_dump(mode="json")
DESCRIPTORS = {"encoder": "descriptor_mlp", "name": "descriptors", "options": {"layers": 0}}
CPU = {"training": {"device": "cpu", "precision": "float32", "epochs": 2, "batch_size": 32}}
NETWORK = {"branches": [{"encoder": "dmpnn", "options": {"hidden_size": 12, "depth": 2}}], **CPU}
BOOSTED = {"branches": [COUNTS], "baseline": {"name": "boosting", "options": {"rounds": 8, "rounds_of_classes": 8}}}
MEMBERS = [{"name": "boosting", **BOOSTED}, {"name": "ridge", "branches": [DESCRIPTORS], "baseline": {"name": "ridge"}}]


def of(target: str, **values: object) -> Recipe:
    data = RECIPE.data.model_dump(mode="json") | {"targets": [target]}
    return parse(CPU | {"data": data} | values)


FOREST = {"branches": [COUNTS, DESCRIPTORS], "baseline": {"name": "forest", "options": {"trees": 12}}}
RIDGE = {"branches": [DESCRIPTORS], "baseline": {"name": "ridge", "options": {"alpha": 10.0}}}
STACK = {"branches": [], "stack": {"members": MEMBERS, "folds": 2}}
LEARNED = {"branches": [], "stack": {"members": MEMBERS, "folds": 2, "gates": "learned"}}
SVM = {"branches": [DESCRIPTORS], "baseline": {"name": "svm"}}
EVERY = {"network": NETWORK, "boosting": BOOSTED, "forest": FOREST, "ridge": RIDGE, "svm": SVM, "stack": STACK}
KINDS = {
    f"{name} of a {what}": of(target, **values)
    for name, values in EVERY.items()
    for what, target in (("number", "y"), ("class", "long"))
}
KINDS |= {"learned stack of a number": of("y", **LEARNED)}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """Its ensemble of numbers, and one of classes."""
    with three_seeds(tmp_path_factory.mktemp("kinds")) as place:
        studio.train_ensemble(CLASSES, SEEDS[:2], studio.new_run("classes two"), "classes two")
        yield place


def holds_for(model: str, target: str, home: Home, folder: Path) -> None:
    """Rows in order, between rows that cannot be predicted; test rows as the training left them."""
    table = studio.dataset(DATA)
    rows = [f"{text},{number}" for number, text in enumerate(table.smiles)]
    rows[7:7] = ["C1CC,bad", ",empty", "CCO.CCN,mixture"]
    file = folder / "asked.csv"
    file.write_text("smiles,mine\n" + "\n".join(rows) + "\n")
    made = studio.predict(model, file, folder / "out.csv")
    found = pd.read_csv(folder / "out.csv", dtype={"mine": str})
    assert (made.n, len(found), made.predicted) == (ROWS + 3, ROWS + 3, ROWS)
    assert found["mine"].tolist() == [row.rpartition(",")[2] for row in rows]
    odd = found["mine"].isin(["bad", "empty", "mixture"])
    assert found[target].isna().tolist() == odd.tolist()
    assert (found["status"].str.startswith("predicted") == ~odd).all()
    left = studio.predictions(model, DATA)
    assert left is not None
    test = (left["split"] == "test").to_numpy()
    assert test.sum() == round(0.2 * ROWS)
    np.testing.assert_allclose(found.loc[~odd, target][test], left.loc[test, target], rtol=1e-5, atol=1e-6)
    if target == "long":
        assert found[target].dropna().between(0, 1).all()
        assert set(found[f"{target}_set"].dropna()) <= {"0", "1", "0|1", 0, 1}
    else:
        low, high = found[f"{target}_low"], found[f"{target}_high"]
        assert (low.dropna() <= found.loc[~odd, target] + 1e-9).all()
        assert (high.dropna() >= found.loc[~odd, target] - 1e-9).all()


@pytest.mark.parametrize("kind", KINDS)
def test_a_model_predicts_what_its_training_left(kind: str, home: Home, tmp_path: Path) -> None:
    recipe = KINDS[kind]
    model = studio.train(recipe, studio.new_run(kind), kind)
    holds_for(model.name, recipe.data.targets[0], home, tmp_path)


@pytest.mark.parametrize(("model", "target"), [("tiny-three", "y"), ("classes-two", "long")])
def test_an_ensemble_predicts_its_members_mean(model: str, target: str, home: Home, tmp_path: Path) -> None:
    holds_for(model, target, home, tmp_path)
    found = studio.model(model)
    assert isinstance(found, studio.Ensemble)
    frame = studio.predict(model, ["CCCCCCO", "CCc1ccccc1"]).frame
    each = [studio.predict(member.name, ["CCCCCCO", "CCc1ccccc1"]).frame for member in found.members]
    assert frame is not None
    values = np.stack([one[target] for one in each if one is not None])
    np.testing.assert_allclose(frame[target], values.mean(0), rtol=1e-5)
    np.testing.assert_allclose(frame[f"{target}_std"], values.std(0), rtol=1e-3, atol=1e-6)


@pytest.mark.parametrize("name", ["solubility-dmpnn", "solubility-all-late", "freesolv-mmsa", "bbbp-mmsa"])
def test_shipped_models_have_intervals_or_say_why(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MMEXPLORE_HOME", str(tmp_path))
    monkeypatch.delenv("MMEXPLORE_DATA_DIR", raising=False)
    made, words = studio.calibration(name), studio.intervals_in_words(name)
    assert studio.intervals_in_words("ecfp").endswith("no intervals.")
    if name == "bbbp-mmsa":
        assert made is None
        assert "fetch it" in words
        return
    chosen = studio.model(name)
    assert made is not None
    assert chosen.card is not None
    known, table = studio.predictions(name, chosen.data), studio.dataset(chosen.data)
    assert known is not None
    rows = (known["split"] == "validation").to_numpy()
    validation, apart = table.labels[rows, 0], chosen.card.split.calibration
    if apart:  # those that were set apart, whose labels do not ship
        assert set(made.truth[:, 0]) <= set(validation.astype(float))
    else:
        np.testing.assert_allclose(made.truth[:, 0], validation)
    assert (made.rows(0), made.apart) == (apart or chosen.card.split.sizes[1], apart > 0)
    assert ("that chose no epoch" if apart else "chose the epoch, too") in words
    assert studio.coverage(name)[0].words() in words
    assert "not promised" in words
    assert studio.intervals_in_words(name, 0.999).startswith("No intervals of 99.9 %")
