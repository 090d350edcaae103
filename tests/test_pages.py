"""The Train and Data pages without a browser: presets, forms, uploads, empty states, and sentences for mistakes."""

import json
from itertools import pairwise
from pathlib import Path

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from mmexplore import recipe, studio
from mmexplore.datasets import Task
from mmexplore.errors import BadRecipe, NotAvailable
from mmexplore.jobs import Job
from mmexplore.recipe import Recipe
from mmexplore.ui import runs_table, score_words, training_plan, uploads
from mmexplore.ui.plain_text import literal

PAGES = Path(__file__).parents[1] / "pages"
NASTY = "<img src=x onerror=alert(1)>"
TABLE = f"""Compound Name;Structure;pIC50\r
{NASTY};CCO;5.1\r
*bold* $x$ [link](http://evil);c1ccccc1O;6.2\r
:red[hey];CC(=O)Oc1ccccc1C(=O)O;n/a\r
twice;OCC;5.3\r
bad;C1CC;3\r
;;\r
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MMEXPLORE_HOME", str(tmp_path))
    monkeypatch.setattr("mmexplore.models.SHIPPED", tmp_path / "none")
    return tmp_path


def page(name: str, **query: str) -> AppTest:
    app = AppTest.from_file(str(PAGES / name), default_timeout=60)
    for key, value in query.items():
        app.query_params[key] = value
    return app.run()


def shown(app: AppTest) -> str:
    kinds = (app.markdown, app.caption, app.text, app.error, app.warning, app.info, app.subheader, app.title)
    return "\n".join(str(element.value) for kind in kinds for element in kind)


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Recipe, str]]:
    """What the page would start, instead of processes."""
    found: list[tuple[Recipe, str]] = []

    def start(chosen: Recipe, title: str) -> Job:
        found.append((chosen, title))
        folder = Path("none")
        words = ("train", (), title, "cpu", "done", "", 0, 0, None, {}, "", 0.0, 0.0, False, folder)
        return Job("20260101-000000-train-ab12", *words)  # type: ignore[arg-type]

    monkeypatch.setattr(studio, "start_training", start)
    return found


class TestTrain:
    @pytest.mark.parametrize("name", recipe.preset_names())
    @pytest.mark.parametrize("version", ["quick", "paper"])
    def test_a_preset_is_started_as_it_is(
        self, home: Path, started: list[tuple[Recipe, str]], name: str, version: str
    ) -> None:
        app = page("5_Train.py")
        app.selectbox(key="train/preset").select(name).run()
        app.segmented_control(key="train/version").set_value(version).run()
        assert not app.exception
        next(b for b in app.button if b.label == "Start training").click().run()
        preset = recipe.preset(name, quick=version == "quick")
        assert started[0] == (preset, f"solubility {name}")

    def test_several_seeds_are_several_runs_with_splits_of_their_own(
        self, home: Path, started: list[tuple[Recipe, str]]
    ) -> None:
        app = page("5_Train.py")
        next(t for t in app.text_input if t.label == "Seeds").set_value("0, 1 2").run()
        next(b for b in app.button if b.label == "Start 3 trainings").click().run()
        assert [title for _, title in started] == [f"solubility gin, seed {seed}" for seed in range(3)]
        assert [(r.training.seed, r.data.split_seed) for r, _ in started] == [(0, 0), (1, 1), (2, 2)]

    def test_a_fixed_split_is_shared_by_the_seeds(self, home: Path, started: list[tuple[Recipe, str]]) -> None:
        app = page("5_Train.py")
        next(n for n in app.number_input if n.label == "Split seed").set_value(7).run()
        next(t for t in app.text_input if t.label == "Seeds").set_value("3-4").run()
        next(b for b in app.button if b.label == "Start 2 trainings").click().run()
        assert [(r.training.seed, r.data.split_seed) for r, _ in started] == [(3, 7), (4, 7)]

    @pytest.mark.parametrize(
        ("label", "typed", "said"),
        [("Seeds", "one", "seeds are whole numbers"), ("Fractions", "0.9, 0.2, 0.1", "add up to 1")],
    )
    def test_bad_input_is_one_sentence(self, home: Path, label: str, typed: str, said: str) -> None:
        app = page("5_Train.py")
        next(t for t in app.text_input if t.label == label).set_value(typed).run()
        assert not app.exception
        assert said in app.error[0].value.replace("\\", "")

    def test_without_models_it_says_what_to_do(self, home: Path) -> None:
        app = page("5_Train.py")
        assert "No model is here yet" in shown(app)
        assert "not known yet" in shown(app)

    def test_a_job_that_is_gone_does_no_harm(self, home: Path) -> None:
        assert not page("5_Train.py", job="20200101-000000-train-dead").exception


class TestPlan:
    def plan(self, *settings: str, seeded: bool = True) -> training_plan.Plan:
        chosen = recipe.preset("dmpnn", quick=True).with_settings(settings)
        return training_plan.Plan(chosen, "dmpnn", "a run's name", (0, 4), seeded)

    @pytest.mark.parametrize("seeded", [True, False])
    @pytest.mark.parametrize(
        "settings",
        [(), ("training.epochs=3", "data.dataset=bbbp", 'data.targets=["p_np"]'), ("data.fractions=[0.5,0.25,0.25]",),
         ('branches=[{"encoder": "gin"}]',), ("branches.0.options.depth=5", "fusion.options.dropout=0.25")],
    )  # fmt: skip
    def test_the_shell_line_says_the_same_recipe(self, settings: tuple[str, ...], seeded: bool) -> None:
        import shlex

        plan = self.plan(*settings, seeded=seeded)
        words = shlex.split(plan.shell(4))
        assert words[:5] == ["python", "-m", "mmexplore", "train", "dmpnn"]
        assert "--name=a run's name, seed 4" in words
        options = words[words.index("--data") + 2 :]
        given = [value for flag, value in pairwise(options) if flag == "--set"]
        data = f"data.dataset={json.dumps(words[words.index('--data') + 1])}"
        assert recipe.preset("dmpnn").with_settings([data, *given]) == plan.run(4)

    @pytest.mark.parametrize("typed", ["", "-1", "1.5", "3-1", "0-99", "1e3", "٣", ",".join(map(str, range(30)))])
    def test_seeds_that_are_none(self, typed: str) -> None:
        with pytest.raises(BadRecipe):
            training_plan.seeds(typed)


class TestWords:
    @pytest.mark.parametrize("text", [NASTY, "*b* _i_ $x^2$ [a](b) :red[c] :smile: `d` # e", "a\n\n- b"])
    def test_markdown_of_users_is_shown_as_it_stands(self, text: str) -> None:
        import re

        written = literal(text)
        assert re.sub(r"\\(.)", r"\1", written).replace("\u2060", "") == " ".join(text.split())
        assert "\n" not in written
        assert not re.search(r"(?<!\\)[*_$\[<`]", written)


def card(home: Path, name: str, *, seed: int = 0, split_seed: int = 0, rmse: float = 1.0, depth: int = 3) -> None:
    from mmexplore.checkpoints import Card, DataUsed, SplitUsed

    folder = home / "runs" / name / "model"
    folder.mkdir(parents=True)
    chosen = recipe.preset("dmpnn").with_settings(
        [f"training.seed={seed}", f"data.split_seed={split_seed}", f"branches.0.options.depth={depth}"]
    )
    made = Card(
        name=f"{name} {NASTY}", seed=seed, epochs_run=2, best_epoch=1,
        data=DataUsed(name="solubility", digest="d", rows=9, tasks=(Task("SOL", "regression", "M"),)),
        split=SplitUsed(rule="scaffold_balanced", seed=split_seed, sizes=(7, 1, 1)),
        metrics={"validation": {"rmse": rmse}, "test": {"rmse": 2 * rmse, "tasks": 1.0}}, seconds=3.0,
        created="2026-01-02T03:04:05+00:00",
    )  # fmt: skip
    (folder / "card.json").write_text(made.model_dump_json())
    (folder / "recipe.json").write_text(chosen.model_dump_json())
    (folder / "weights.safetensors").write_bytes(b"")
    history = [{"epoch": epoch, "train_loss": 0.6 - epoch / 10, "validation_rmse": 3 - epoch} for epoch in (1.0, 2.0)]
    (folder.parent / "history.json").write_text(json.dumps(history))


class TestModels:
    def test_the_table_says_split_and_metric_of_each_score(self, home: Path) -> None:
        card(home, "a", split_seed=3)
        line = runs_table.table(studio.models()).loc["a"]
        assert (line["split"], line["score"]) == ("scaffold_balanced seed 3", "RMSE (lower is better)")
        assert (line["test"], line["validation"], line["unit"]) == (2.0, 1.0, "M")

    def test_seeds_of_one_recipe_are_one_line_with_mean_and_spread(self, home: Path) -> None:
        for seed, rmse in enumerate((1.0, 2.0, 4.0)):
            card(home, f"s{seed}", seed=seed, split_seed=seed, rmse=rmse)
        card(home, "other", seed=9, depth=4)
        (line,) = runs_table.over_seeds(studio.models()).to_dict("records")
        values = pd.Series([2.0, 4.0, 8.0])
        assert (line["seeds"], line["runs"], line["split"]) == ("0, 1, 2", 3, "scaffold_balanced")
        assert line["test"] == pytest.approx(values.mean())
        assert line["± test"] == pytest.approx(values.std(ddof=1))

    def test_curves_come_back(self, home: Path) -> None:
        card(home, "a")
        assert studio.history("a")["train_loss"].to_dict() == pytest.approx({1.0: 0.5, 2.0: 0.4})

    def test_the_page_lists_them_and_shows_names_as_text(self, home: Path) -> None:
        card(home, "a")
        card(home, "b", seed=1)
        app = page("5_Train.py")
        assert not app.exception
        assert sorted(app.dataframe[1].value["name"]) == ["a", "b"]

    def test_words_of_a_score(self, home: Path) -> None:
        card(home, "a")
        made = studio.model("a").card
        assert made
        assert score_words.score(made, "test") == ("test RMSE, scaffold_balanced seed 0", 2.0, "M")


class TestData:
    def test_it_opens_on_the_catalogue_and_the_chosen_set(self, home: Path) -> None:
        app = page("6_Data.py")
        assert not app.exception
        names = list(app.dataframe[0].value["name"])
        assert {"solubility", "freesolv", "bbbp", "hiv"} <= set(names)
        assert {metric.label: metric.value for metric in app.metric}["Rows read"] == "1,282"

    def test_what_cannot_be_fetched_is_one_sentence(self, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        def no_network(name: str, progress: object) -> Path:
            raise NotAvailable(f"data set {name!r} could not be fetched; try again with a network")

        monkeypatch.delenv("MMEXPLORE_DATA_DIR", raising=False)
        monkeypatch.setattr(studio, "fetch", no_network)
        app = page("6_Data.py")
        app.button(key="fetch/hiv").click().run()
        assert not app.exception
        assert "could not be fetched" in app.warning[0].value

    def pasted(self, text: str, app: AppTest | None = None) -> AppTest:
        app = app or page("6_Data.py")
        app.segmented_control(key="upload/way").set_value("Pasted SMILES").run()
        return next(a for a in app.text_area if a.label.startswith("SMILES")).set_value(text).run()

    def test_a_messy_table_is_imported_and_reported(self, home: Path) -> None:
        app = self.pasted(TABLE)
        assert not app.exception
        guesses = {s.label: s.value for s in app.selectbox if s.label.endswith("column")}
        assert guesses == {"SMILES column": "Structure", "Name column": "Compound Name"}
        next(t for t in app.text_input if t.label == "Title").set_value(NASTY).run()
        app.button(key="upload/import").click().run()
        assert not app.exception
        entry = next(entry for entry in studio.datasets() if entry.source == "yours")
        assert entry.title == NASTY
        made = studio.dataset(entry.name)
        assert (made.report.read, made.report.kept, len(made.report.merged), len(made.report.rejected)) == (5, 3, 1, 1)
        assert NASTY in made.names
        assert any("1 rejected" in text.value for text in app.text)
        assert not uploads.waiting()

    @pytest.mark.parametrize(
        ("text", "said"),
        [("smiles,y\n", "no rows"), ("a,b\n1,2\n3,4\n", ""), ("\x00\x01\x02 junk \x03", ""), ("some words\n" * 3, "")],
    )
    def test_what_holds_no_molecules_is_one_sentence(self, home: Path, text: str, said: str) -> None:
        app = self.pasted(text)
        assert not app.exception
        if not app.error:
            app.button(key="upload/import").click().run()
        assert not app.exception
        assert len(app.error) == 1
        assert said in app.error[0].value
        assert not [entry for entry in studio.datasets() if entry.source == "yours"]

    def test_a_workbook_is_refused_in_words(self, home: Path) -> None:
        path = uploads.keep("../../evil name.xlsx", b"PK\x03\x04 and more")
        assert path.parent.parent == home / "uploads" / "incoming"
        app = page("6_Data.py")
        left = next(s for s in app.selectbox if s.label.startswith("Uploaded"))
        left.select_index(0).run()
        assert "Excel" in app.error[0].value

    def test_a_title_that_is_taken_is_said_and_kept_apart(self, home: Path) -> None:
        app = self.pasted("CCO\nCCN\n")
        app.button(key="upload/import").click().run()
        app = self.pasted("CCC\nCCCC\n", app)
        title = next(t for t in app.text_input if t.label == "Title")
        assert "already" in shown(app) or title.value != "pasted"
        app.button(key="upload/import").click().run()
        assert not app.exception
        assert len({entry.name for entry in studio.datasets() if entry.source == "yours"}) == 2

    def test_two_clicks_import_once(self, home: Path) -> None:
        app = self.pasted("CCO\nCCN\n")
        button = app.button(key="upload/import")
        button.click()
        button.click().run()
        assert len([entry for entry in studio.datasets() if entry.source == "yours"]) == 1
