"""The bench by models of every kind: prediction, contributions, a star, and in words what a kind has not."""

from collections.abc import Iterator

import pytest
from screens import page, shown
from small_ensembles import DATA, RECIPE, three_seeds
from streamlit.testing.v1 import AppTest
from working_jobs import until

from mmexplore import studio
from mmexplore.recipes.recipe import Recipe, parse
from mmexplore.runtime.home import Home
from mmexplore.ui.predict.bench import with_unit

COUNTS = RECIPE.branches[0].model_dump(mode="json")
DESCRIPTORS = {"encoder": "descriptor_mlp", "name": "descriptors", "options": {"layers": 0}}
BOOSTING = {"name": "boosting", "options": {"rounds": 8, "rounds_of_classes": 8}}
MEMBERS = [
    {"name": "boosted", "branches": [COUNTS], "baseline": BOOSTING},
    {"name": "straight", "branches": [DESCRIPTORS], "baseline": {"name": "ridge"}},
]
KINDS = {
    "boosting": {"branches": [COUNTS, DESCRIPTORS], "baseline": BOOSTING},
    "forest": {"branches": [COUNTS], "baseline": {"name": "forest", "options": {"trees": 12}}},
    "stack": {"branches": [], "stack": {"members": MEMBERS, "folds": 2}},
    "learned stack": {"branches": [], "stack": {"members": MEMBERS, "folds": 2, "gates": "learned"}},
}
FIRST, THEN = "CCCCCCCCO", "CCCCCCCCN"


def recipe(kind: str, target: str) -> Recipe:
    data = RECIPE.data.model_dump(mode="json") | {"targets": [target]}
    return parse({"data": data, "training": RECIPE.training.model_dump(mode="json")} | KINDS[kind])


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    with three_seeds(tmp_path_factory.mktemp("bench")) as place:
        yield place


def bench(model: str, smiles: str, **query: str) -> AppTest:
    app = page("5_Predict.py", predict="Bench", data=DATA, by=model, bench=smiles, **query)
    assert not app.exception
    return app


def words(app: AppTest) -> str:
    return shown(app).replace("\\", "").replace("\u2060", "")


@pytest.mark.parametrize("target", ["y", "long"])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.release
def test_each_kind_answers_an_edit(kind: str, target: str, home: Home) -> None:
    run = studio.new_run(f"{kind} {target}")
    studio.train(recipe(kind, target), run, kind)
    model = run.name
    studio.compute_map(model, DATA, studio.model(model).views[-1], "pca")
    app = bench(model, FIRST)
    app = app.text_input(key="bench").set_value(THEN).run()
    said = words(app)
    (made,) = studio.predict_molecule([model], THEN)
    assert f"{target}, predicted" in said
    assert "not known" not in said
    parts = studio.model(model).recipe.parts  # type: ignore[union-attr]
    if len(parts) > 1:
        added = studio.contributions_of(model, THEN)
        unit = "logit" if target == "long" else ""
        assert added.unit == unit
        for name, value in zip(added.modalities, added.values[0], strict=True):
            assert f"adds {name} | {with_unit(value, unit)}" in said
        if target == "y":
            assert added.start + added.values.sum() == pytest.approx(made.estimates[0].value, abs=1e-4)
    else:
        assert "No contributions of modalities: " in said
    assert len(app.get("plotly_chart")) == 1 + (len(parts) > 1)
    until(lambda: "Looking for it" not in words(app.run()))
    assert not app.exception
    part = words(app).partition("Smallest part that decides")[2]
    assert any(sign in part for sign in ("alone it still makes", "between the quartiles", "ubgraph", "fragment")), part


def test_an_ensemble_says_what_its_members_have(home: Home) -> None:
    said = words(bench("tiny-three", FIRST))
    assert "y, predicted" in said
    assert "No contributions of modalities: " in said
    assert "each of its members has another" in said
