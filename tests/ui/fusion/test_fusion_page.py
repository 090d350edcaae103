"""The Fusion page and what stands behind it: sums that add up, scores that are sklearn's, neighbours by brute force."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from fused_models import DATA, NAMES, saved
from scipy import stats
from screens import PAGES, PATIENCE, shown
from sklearn.metrics import root_mean_squared_error
from sklearn.metrics.pairwise import cosine_similarity
from streamlit.testing.v1 import AppTest

from mmexplore import studio
from mmexplore.recipes.recipe import Branch, Recipe
from mmexplore.studio import ECFP, Evaluation, FusionReport, Job, ViewRef
from mmexplore.ui.components import charts, model_links
from mmexplore.ui.fusion import charts as fusion_charts
from mmexplore.ui.fusion import compared, weights
from mmexplore.ui.shell.session import Choice
from mmexplore.ui.shell.tabs import ADDED, MISSING

pytest_plugins = ("screens",)


@pytest.fixture
def late(empty_home: Path) -> str:
    """A late-fusion model that has embedded FreeSolv."""
    saved(empty_home, "toy-late", "late", NAMES)
    studio.embed("toy-late", DATA)
    return "toy-late"


@pytest.fixture
def report(late: str) -> FusionReport:
    """What its fusion made of FreeSolv."""
    return studio.fusion_report(late, DATA)


@pytest.fixture
def judged(report: FusionReport, late: str) -> Evaluation:
    """The labels that it is held against."""
    found = studio.fusion_evaluation(report, late, DATA)
    assert found is not None
    return found


class TestNumbers:
    def test_the_sum_read_aloud_is_the_models_prediction(self, report: FusionReport, late: str) -> None:
        made = studio.embed(late, DATA).predictions[:, 0]
        np.testing.assert_allclose(studio.readable(report, report.prediction), made[report.rows], atol=1e-5)

    def test_the_score_is_sklearns(self, report: FusionReport, judged: Evaluation) -> None:
        metric, value = studio.fusion_score(report, judged) or ("", 0.0)
        guess = studio.readable(report, report.prediction)
        assert metric == "rmse"
        assert judged.n == len(report.rows)
        assert value == pytest.approx(root_mean_squared_error(judged.truth, guess), rel=1e-6)

    def test_ones_change_nothing_and_nought_takes_a_product_away(
        self, report: FusionReport, judged: Evaluation
    ) -> None:
        assert studio.fusion_score(report, judged, (1, 1, 1)) == pytest.approx(studio.fusion_score(report, judged))
        without = studio.what_if(report.w, report.p, (1, 0, 1))
        np.testing.assert_allclose(report.prediction - without, studio.products(report.w, report.p)[:, 1], atol=1e-9)
        np.testing.assert_array_equal(studio.counterfactual(report, (1, 0, 1), "zero"), without)
        mean = studio.products(report.w, report.p)[:, 1].mean()
        np.testing.assert_allclose(studio.counterfactual(report, (1, 0, 1)), without + mean)

    def test_disagreement_is_one_less_jaccard_by_brute_force(self, late: str) -> None:
        made, k = studio.embed(late, DATA), 10
        found = studio.disagreement(ViewRef(late, "smiles"), ViewRef(late, "image"), DATA, k)
        alike = [cosine_similarity(np.asarray(made.view(view), np.float64)) for view in ("smiles", "image")]
        for matrix in alike:
            np.fill_diagonal(matrix, -2)
        near = [np.argsort(-matrix, axis=1, kind="stable")[:, :k] for matrix in alike]
        expected = [1 - len({*a} & {*b}) / len({*a} | {*b}) for a, b in zip(*near, strict=True)]
        assert np.isclose(found, expected, atol=1e-6).mean() > 0.99  # ties within rounding may go either way

    def test_a_view_agrees_with_itself(self, late: str) -> None:
        assert not studio.disagreement(ViewRef(late, "image"), ViewRef(late, "image"), DATA).any()
        assert studio.disagreement(ViewRef(late, "image"), ECFP, DATA).max() <= 1

    def test_both_tabs_tell_the_same_figure_of_a_pair(self, late: str, report: FusionReport) -> None:
        views = report.alike.names
        pairs = [(i, j) for i in range(len(views)) for j in range(len(views))]
        for i, j in pairs:
            found = studio.disagreement(ViewRef(late, views[i]), ViewRef(late, views[j]), DATA, report.alike.k)
            assert studio.mean_disagreement(found) == report.alike.disagreement[i, j]
        assert len(np.unique(report.alike.disagreement)) > 2

    @pytest.mark.release
    def test_a_map_can_be_coloured_by_it(self, late: str) -> None:
        assert {"disagreement with ecfp", "disagreement with image"} <= {*studio.color_names(late, DATA, "smiles")}
        color = studio.color(late, DATA, "smiles", "disagreement with image")
        expected = studio.disagreement(ViewRef(late, "smiles"), ViewRef(late, "image"), DATA)
        np.testing.assert_array_equal(color.values, expected)


class TestFigures:
    def test_a_waterfalls_bars_add_up_to_the_prediction(self, report: FusionReport) -> None:
        products = studio.products(report.w, report.p)[7]
        figure = fusion_charts.waterfall(dict(zip(NAMES, products.tolist(), strict=True)), "one", "1.20", "z-score")
        bars = figure.data[0]
        assert sum(bars.y[:-1]) == pytest.approx(report.prediction[7])
        assert bars.measure[-1] == "total"
        assert float(bars.text[-1]) == pytest.approx(report.prediction[7], abs=0.005)
        assert "the start, 0.00" in figure.layout.title.subtitle.text
        assert not figure.layout.annotations, "words on the bars would lie over them"

    def test_a_curve_has_a_dot_a_subset_and_a_mean_a_size(self, late: str) -> None:
        tested = studio.missing_modalities(late, DATA)
        figure = fusion_charts.missing(tested.curve, tested.subsets, "t", "told", "RMSE")
        dots, mean = figure.data
        assert (len(dots.y), len(mean.y)) == (8, 4)
        np.testing.assert_allclose(mean.x, [0, 100 / 3, 200 / 3, 100])
        assert len(charts.table_of(figure)) == 12
        added = fusion_charts.added(tested.added, "t", "told", ("one", "other"))
        table = charts.table_of(added)
        assert table["x"].tolist() == [one.gain[0] for one in tested.added] + [one.toward[0] for one in tested.added]

    def test_distributions_hold_every_molecule_and_mark_the_current_one(self, report: FusionReport) -> None:
        figure = fusion_charts.distributions({"w": report.w, "p": report.p}, NAMES, 3, "all")
        violins = [trace for trace in figure.data if trace.type == "violin"]
        assert [len(trace.y) for trace in violins] == [len(report.rows)] * 6
        assert len({trace.scalegroup for trace in violins}) == 6, "each is as wide as its place, whatever its units"
        marks = [trace for trace in figure.data if trace.type == "scatter"]
        np.testing.assert_array_equal(marks[0].y, report.w[3])

    def test_a_matrix_downloads_as_its_numbers(self) -> None:
        matrix = np.array([[1.0, 0.2], [0.3, 1.0]])
        table = charts.table_of(fusion_charts.alike(matrix, ["a", "b"], "t", "told", 0, 1)).set_index(["y", "x"])["z"]
        assert table["a", "b"] == 0.2
        assert table["b", "a"] == 0.3

    def test_seeds_of_one_kind_are_one_line(self, empty_home: Path) -> None:
        for seed, rmse in enumerate((1.0, 2.0)):
            saved(empty_home, f"late-{seed}", "late", NAMES, seed, rmse)
        saved(empty_home, "alone", "single", ("smiles",), 0, 1.2)
        table = compared.compared([m for m in studio.models() if m.card], "rmse").set_index("what")
        line = table.loc["late fusion of 3, no pre-training"]
        assert (line["test"], line["± test"], line["seeds"]) == (1.5, pytest.approx(np.sqrt(0.5)), "0, 1")
        assert table.index[0] == "smiles, no pre-training"
        assert line[compared.PAIRED] == "1 seed in common: no interval"

    def test_an_interval_of_paired_seeds_is_scipys(self) -> None:
        one, other = {0: 1.5, 1: 2.1, 2: 1.9, 7: 9.0}, {0: 1.0, 1: 1.4, 2: 1.5}
        low, high = stats.ttest_rel([1.5, 2.1, 1.9], [1.0, 1.4, 1.5]).confidence_interval(0.95)
        assert compared.paired(one, other) == f"+0.533 [{low:.3g}, {high:.3g}]"

    def test_measured_seeds_stand_beside_a_baseline_that_saw_the_same(self) -> None:
        rows = studio.measured_results()["baselines"].rows
        boosted = rows[(rows["data"] == "bace") & (rows["variant"] == "boosting")].set_index("seed")["score"]
        metric, groups = compared.measured("bace")
        (seeds,) = {tuple(scores) for scores in groups.values()}
        assert len(seeds) >= 3
        assert groups["boosting"] == {seed: boosted[seed] for seed in seeds}
        table = compared.tabled(groups, {"boosting"}, metric == "RMSE", 1 / 8).set_index("what")
        assert table["test"].is_monotonic_decreasing
        assert table.loc["boosting", compared.TO_BASELINE] == ""
        assert {"late fusion of 5, pre-trained", "D-MPNN, no pre-training"} <= {*table.index}
        assert compared.measured("solubility") == ("", {})

    def test_measured_networks_are_those_that_settled_where_there_are_some(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        known = studio.measured_results()
        seeds, every = (3, 4, 19), {"boosting": 80.0, "dmpnn": 70.0, "mmfrl_intermediate": 75.0, "mmfrl_late": 76.0}
        rows = [
            {"data": "bace", "variant": variant, "seed": seed, "metric": "ROC-AUC %", "score": score + seed}
            | ({"encoder epochs": 40} if variant != "boosting" else {})
            for variant, score in every.items()
            for seed in seeds
        ]
        for there, fixed in ((rows, False), (rows[:6], True)):
            own = replace(known["baselines"], rows=pd.DataFrame(there))
            monkeypatch.setattr(studio, "measured_results", lambda own=own: known | {"baselines": own})
            _, groups = compared.measured("bace")
            assert (groups == {}) is fixed  # seeds 0 to 2 of boosting are not there
            assert fixed or groups == {
                "boosting": {3: 83.0, 4: 84.0},
                "D-MPNN, no pre-training": {3: 73.0, 4: 74.0},
                "intermediate fusion of 5, pre-trained": {3: 78.0, 4: 79.0},
                "late fusion of 5, pre-trained": {3: 79.0, 4: 80.0},
            }

    def test_early_fusion_is_called_so(self) -> None:
        early = Recipe(branches=(Branch(encoder="dmpnn", name="early", start="mmfrl"),))
        assert compared.kind(early) == "early fusion, pre-trained"


def fusion_page(model: str, row: int = -1, **query: str) -> AppTest:
    """The page after its first run, about this model and FreeSolv."""
    app = AppTest.from_file(str(PAGES / "2_Fusion.py"), default_timeout=PATIENCE)
    for name, value in query.items():
        app.query_params[name] = value
    app.session_state["chosen"], app.session_state["row"] = Choice(DATA, model, "smiles"), row
    return app.run()


class TestPage:
    def test_weights_of_the_current_molecule(self, late: str) -> None:
        app = fusion_page(late, 5)
        assert not app.exception
        assert len(app.dataframe) == 1
        assert studio.dataset(DATA).smiles[5] in [code.value for code in app.code]

    def test_factors_stand_in_the_address_while_their_tab_is_open(self, late: str) -> None:
        app = fusion_page(late, 5, fusion="What if", times="image:0.5,smiles:0")
        assert {one.label: one.value for one in app.slider} == {"smiles": 0.0, "image": 0.5, "fingerprint": 1.0}
        app.slider(key=f"what-if/{late}/smiles").set_value(1.0).run()
        assert app.query_params["times"] == "image:0.5"
        assert not app.warning
        wrong = fusion_page(late, 5, fusion="What if", times="image:7")
        assert "does not fit this model" in wrong.warning[0].value
        assert {one.value for one in wrong.slider} == {1.0}
        assert "times" not in fusion_page(late, 5, times="image:0.5").query_params

    def test_the_sign_and_the_start_are_said(self, late: str) -> None:
        words = shown(fusion_page(late, 5)).replace("\\", "")
        assert "The sign of a branch is free" in words
        assert "642 molecules of freesolv that have a label" in words
        zero = shown(fusion_page(late, 5, absent="zero")).replace("\\", "")
        assert "From no modality at all" in zero

    def test_missing_modalities_of_a_late_fusion(self, late: str) -> None:
        app = fusion_page(late, fusion=MISSING)
        assert not app.exception
        assert len(app.dataframe[0].value) == 8
        assert "A missing modality counts as its mean" in shown(app).replace("\\", "")

    @pytest.mark.release
    def test_a_fusion_that_is_no_sum_has_its_contributions_made_by_a_job(
        self, empty_home: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        saved(empty_home, "toy-whole", "intermediate", NAMES)
        studio.embed("toy-whole", DATA)
        asked: list[tuple[str, ...]] = []
        job = Job("1", "fusion", (), "work", "maps", "failed", "", 0, 0, None, {}, "a reason", 0.0, 0.0, False, Path())
        monkeypatch.setattr(studio, "start_contributions", lambda *about: asked.append(about) or job)
        waiting = fusion_page("toy-whole", fusion=ADDED)
        assert asked == [("toy-whole", DATA, "expt", "mean")]
        assert "a reason" in shown(waiting)
        found = studio.contributions("toy-whole", DATA)
        app = fusion_page("toy-whole", 5, fusion=ADDED)
        assert not app.exception
        assert "Shapley" in shown(app)
        table = app.dataframe[0].value
        np.testing.assert_allclose(table["adds image"], found.values[:, 1])
        assert len(app.metric) == 1

    def test_a_model_that_fuses_nothing_leads_to_those_that_do(
        self, late: str, empty_home: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        saved(empty_home, "alone", "single", ("smiles",))
        ways: list[str] = []
        monkeypatch.setattr(model_links.navigation, "link", lambda *words, **asked: ways.append(asked[model_links.USE]))
        app = fusion_page("alone")
        assert not app.exception
        assert "fuses nothing" in shown(app)
        assert late in ways
        assert "alone" not in ways

    def test_the_table_has_every_number(self, report: FusionReport, late: str) -> None:
        places = np.array([2, 9])
        added = studio.contributions(late, DATA)
        table = weights.as_table(Choice(DATA, late, "smiles"), report, added, places)
        np.testing.assert_allclose(table["w image"], report.w[places, 1])
        np.testing.assert_allclose(table["adds image"], added.values[places, 1])
        np.testing.assert_allclose(table["w image"] * table["p image"], table["w · p image"])
        assert table["SMILES"].tolist() == report.smiles[places].tolist()
