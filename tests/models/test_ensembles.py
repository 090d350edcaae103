"""An ensemble is its members' mean, wherever a model is named, and is refused in words where one model is needed."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from small_ensembles import DATA, RECIPE, ROWS, three_seeds
from typer.testing import CliRunner

from mmexplore import studio
from mmexplore.cli.app import app
from mmexplore.models import calibration, ensembles, registry
from mmexplore.models.ensembles import Ensemble, mean, spread
from mmexplore.models.predictions import predictions, spreads
from mmexplore.runtime.errors import BadCheckpoint, BadRecipe, MmexploreError, Taken, UnknownName
from mmexplore.runtime.home import Home, parse_json, read_json, write_json


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    with three_seeds(tmp_path_factory.mktemp("ensembles")) as place:
        yield place


@pytest.fixture
def three(home: Home) -> Ensemble:
    found = studio.model("tiny-three")
    assert isinstance(found, Ensemble)
    return found


def test_mean_and_spread_are_numpys() -> None:
    each = [np.random.default_rng(seed).normal(size=(7, 2)).astype(np.float32) for seed in range(4)]
    np.testing.assert_allclose(mean(each), np.mean(each, axis=0), rtol=1e-6)
    np.testing.assert_allclose(spread(each), np.std(each, axis=0), rtol=1e-5)
    np.testing.assert_allclose(mean(each[::-1]), mean(each), rtol=1e-12)


def test_it_predicts_the_mean_of_its_members_and_says_how_far_they_are_apart(three: Ensemble, home: Home) -> None:
    table = studio.dataset(DATA)
    each = [predictions(member, table, home=home) for member in three.members]
    values = np.stack([one["y"].to_numpy(float) for one in each if one is not None])
    assert values.shape == (3, ROWS)
    assert values.std(0).max() > 0.01
    found = studio.predictions("tiny-three", DATA)
    assert found is not None
    assert (found["split"] == each[0]["split"]).all()
    np.testing.assert_allclose(found["y"], values.mean(0), rtol=1e-5)
    apart = spreads(three, table, home=home)
    assert apart is not None
    np.testing.assert_allclose(apart[:, 0], values.std(0), rtol=1e-3, atol=1e-6)
    assert spreads(three.members[0], table, home=home) is None


def test_its_card_has_the_scores_and_the_coverage_of_the_mean(three: Ensemble) -> None:
    told, made = studio.tested("tiny-three"), studio.calibration("tiny-three")
    assert three.card is not None
    assert told is not None
    assert made is not None
    assert three.card.metrics["test"]["rmse"] == pytest.approx(
        float(np.sqrt(np.mean((told.truth - told.prediction) ** 2))), rel=1e-4
    )
    low, high = made.interval(0, told.prediction[:, 0], told.spread[:, 0] if told.spread is not None else None)
    (covered,) = studio.coverage("tiny-three")
    assert covered.of == three.card.split.sizes[2]
    assert covered.covered == ((low <= told.truth[:, 0]) & (told.truth[:, 0] <= high)).sum()
    assert made.apart
    assert made.rows(0) == three.card.split.sizes[1] == three.card.split.calibration
    assert "chose no epoch" in made.words


def test_members_have_their_own_coverage_and_models_from_before_compute_it(three: Ensemble) -> None:
    member = three.members[0]
    assert member.card is not None
    assert member.card.coverage
    file = member.folder / calibration.FILE
    before = read_json(file)
    try:
        write_json(file, before | {"weights_sha256": "another's"})
        again = calibration.calibration(member)  # rows of other weights are none: those of the validation part are
        assert again is not None
        told = studio.tested(member.name)
        assert told is not None
        found = again.coverage(member.card.data.tasks, told.truth, told.prediction)
        assert [(one.covered, one.of) for one in found] == [(one.covered, one.of) for one in member.card.coverage]
    finally:
        write_json(file, before)


def test_views_are_those_of_the_members_side_by_side(three: Ensemble) -> None:
    made = studio.embed("tiny-three", DATA)
    each = [studio.embed(member.name, DATA) for member in three.members]
    assert made.views == each[0].views
    for view in made.views:
        whole = made.view(view)
        assert whole.shape == (ROWS, made.dimensions[view]) == (ROWS, sum(one.dimensions[view] for one in each))
        np.testing.assert_array_equal(whole, np.hstack([one.view(view) for one in each]))
    np.testing.assert_allclose(made.predictions, np.mean([one.predictions for one in each], axis=0), rtol=1e-6)
    spread_color = studio.color("tiny-three", DATA, made.views[0], "spread: y")
    assert spread_color.values.max() > 0.01
    assert "spread: y" not in studio.color_names(three.members[0].name, DATA, made.views[0])
    assert made.missing.size == 0
    assert made.digest != each[0].digest
    shown = studio.compute_map("tiny-three", DATA, made.views[0], "pca")
    assert np.isfinite(shown.xy).all()


@pytest.mark.release
def test_it_places_a_molecule_that_is_in_no_data_set(three: Ensemble) -> None:
    made = studio.embed("tiny-three", DATA)
    query = studio.MoleculeRef("CCCCCCCBr")
    xy = np.random.default_rng(0).normal(size=(ROWS, 2)).astype(np.float32)
    assert studio.place_on(query, studio.ViewRef("tiny-three", made.views[0]), DATA, xy) is not None
    standing = studio.detail(query, "tiny-three", made.views[0]).standings[0]
    each = [studio.detail(query, member.name, made.views[0]).standings[0].prediction for member in three.members]
    assert standing.prediction == pytest.approx(np.mean(each), rel=1e-5)


def test_it_is_listed_found_by_name_title_and_path_and_has_a_twin(three: Ensemble, home: Home) -> None:
    names = [model.name for model in studio.models()]
    assert "tiny-three" in names
    assert all(member.name in names for member in three.members)
    assert studio.model("tiny three") == studio.model("tiny-three") == three
    assert studio.model(str(three.folder)).digest == three.digest
    assert studio.model("untrained:tiny-three").name == "untrained:tiny-three"
    answer = CliRunner().invoke(app, ["models", "--json"])
    row = next(row for row in parse_json(answer.stdout)["models"] if row["name"] == "tiny-three")
    assert row["members"] == [member.name for member in three.members]
    assert row["coverage"][0]["n"] == three.card.split.sizes[2]  # type: ignore[union-attr]
    with pytest.raises(UnknownName, match="tiny-three"):
        studio.model("nobody")


@pytest.mark.parametrize(
    "work",
    [
        lambda name, where: studio.target(name),
        lambda name, where: studio.write_chemprop(name, where / "m.pt"),
        lambda name, where: studio.train(RECIPE.with_settings([f'branches.0.start="{name}"']), where / "run"),
        lambda name, where: studio.make_ensemble("twice", [name, name]),
    ],
    ids=["subgraphs", "chemprop", "start", "member"],
)
def test_what_needs_one_model_says_so(three: Ensemble, tmp_path: Path, work: object) -> None:
    with pytest.raises(MmexploreError, match=r"one of its members"):
        work("tiny-three", tmp_path)  # type: ignore[operator]


def test_what_is_exported_comes_back_elsewhere_and_predicts_the_same(three: Ensemble, tmp_path: Path) -> None:
    smiles = ["CCCCO", "CCc1ccccc1", "C1CC", "CCCN"]
    here = studio.predict("tiny-three", smiles).frame
    file = studio.export_model("tiny-three", tmp_path)
    with studio.at_home(Home(tmp_path / "elsewhere")):
        brought = studio.restore(file)
        assert set(brought.models) == {"tiny-three", *(member.name for member in three.members)}
        found = studio.model("tiny-three")
        assert isinstance(found, Ensemble)
        assert found.digest == three.digest
        assert found.card == three.card
        there = studio.predict("tiny-three", smiles).frame
    assert here is not None
    assert there is not None
    columns = ["y", "y_low", "y_high", "y_std", "status"]  # how near it is to the data set is known where that is
    pd.testing.assert_frame_equal(here[columns], there[columns])
    assert here["status"].str.startswith("predicted").tolist() == [True, True, False, True]
    assert (here["y_std"].dropna() > 0).any()


def test_models_that_are_no_ensemble_are_told_how_they_differ(three: Ensemble, tmp_path: Path) -> None:
    names = [member.name for member in three.members]
    with pytest.raises(BadRecipe, match="2 to"):
        studio.check_ensemble(names[:1])
    with pytest.raises(BadRecipe, match="seeds of their own"):
        studio.check_ensemble([names[0], names[1], names[0]])
    other = studio.train(RECIPE.with_settings(["data.split_seed=3", "training.seed=9"]), tmp_path / "split")
    with pytest.raises(BadRecipe, match="share one split"):
        studio.check_ensemble([names[0], other.name])
    deeper = studio.train(RECIPE.with_settings(["baseline.options.rounds=3", "training.seed=9"]), tmp_path / "recipe")
    with pytest.raises(BadRecipe, match="of one recipe"):
        studio.check_ensemble([names[0], deeper.name])


def test_it_is_renamed_and_deleted_while_its_members_stay(three: Ensemble, home: Home) -> None:
    names = [member.name for member in three.members]
    made = studio.make_ensemble("two of them", names[:2])
    assert [member.name for member in made.members] == names[:2]
    studio.rename_model(made.name, "another title")
    assert studio.model("another title").name == made.name
    with pytest.raises(BadRecipe, match="called"):
        studio.rename_model(made.name, three.title)
    studio.delete_model(made.name)
    assert not made.folder.exists()
    assert all(studio.model(name).card for name in names)


def test_an_ensemble_whose_member_is_gone_is_named_and_can_be_deleted(three: Ensemble, home: Home) -> None:
    extra = studio.new_run("extra")
    studio.train(RECIPE.with_settings(["training.seed=77"]), extra, "extra")
    made = studio.make_ensemble("short lived", [three.members[0].name, extra.name])
    studio.delete_model(extra.name)
    assert made.name not in [model.name for model in studio.models()]
    assert "extra" in studio.damaged_models()[made.name]
    with pytest.raises(BadCheckpoint, match="extra"):
        studio.model(made.name)
    studio.delete_model(made.name)
    assert made.name not in studio.damaged_models()


def test_trainings_that_were_started_together_become_one_when_the_last_is_done(home: Home) -> None:
    runs = [studio.new_run(f"late, seed {seed}") for seed in (3, 4)]
    folder = ensembles.expect("late", [run / "model" for run in runs], home=home)
    assert ensembles.expect("late", [run / "model" for run in runs], home=home) == folder
    studio.train(RECIPE.with_settings(["training.seed=3"]), runs[0], "late, seed 3")
    assert not (folder / registry.ENSEMBLE).exists()
    studio.train(RECIPE.with_settings(["training.seed=4"]), runs[1], "late, seed 4")
    made = studio.model(folder.name)
    assert isinstance(made, Ensemble)
    assert made.title == "late"
    assert [member.card.seed for member in made.members if member.card] == [3, 4]
    assert studio.expect_ensemble("nothing", []) == ""


def test_the_command_line_trains_one_and_goes_on_where_it_was_cut_off(home: Home, tmp_path: Path) -> None:
    recipe, out = tmp_path / "recipe.json", tmp_path / "out"
    recipe.write_text(RECIPE.model_dump_json())
    studio.train(RECIPE.with_settings(["training.seed=1"]), out / "seed-1")
    before = (out / "seed-1" / "model" / "card.json").read_bytes()
    words = ["train", str(recipe), "--out", str(out), "--name", "cut off", "--json", "--seeds", "0", "1", "2"]
    answer = CliRunner().invoke(app, words)
    assert answer.exit_code == 0, answer.output
    told = parse_json(answer.stdout)
    assert len(told["members"]) == 3
    assert told["metrics"]["test"]["rmse"] > 0
    assert 0 <= told["coverage"][0]["low"] <= told["coverage"][0]["covered"] <= told["coverage"][0]["high"] <= 1
    assert (out / "seed-1" / "model" / "card.json").read_bytes() == before
    assert studio.model(str(out)).title == "cut off"
    assert [read_json(Path(one) / "model" / "card.json")["seed"] for one in told["members"]] == [0, 1, 2]
    with pytest.raises(Taken, match="finished ensemble"):
        studio.train_ensemble(RECIPE, (0, 1), out)
    refused = CliRunner().invoke(app, ["train", str(recipe), "unasked", "--json"])
    assert refused.exit_code != 0
    assert "unasked" in refused.output


def test_a_backup_of_an_ensemble_brings_its_members(three: Ensemble, tmp_path: Path) -> None:
    copied = studio.backup(tmp_path / "backup.zip", models=["tiny-three"])
    assert set(copied.models) == {"tiny-three", *(member.name for member in three.members)}
    with studio.at_home(Home(tmp_path / "other")):
        brought = studio.restore(tmp_path / "backup.zip")
        assert not brought.skipped
        assert studio.model("tiny-three").digest == three.digest
