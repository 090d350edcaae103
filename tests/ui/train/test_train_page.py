"""The Train page without a browser: presets, seeds, sentences for mistakes, and the same as a line for the shell."""

import json
import re
import shlex
from itertools import pairwise
from pathlib import Path

import pytest
from screens import NASTY, page, shown

from mmexplore import studio
from mmexplore.recipes import presets
from mmexplore.recipes.recipe import Recipe
from mmexplore.runtime.errors import BadRecipe
from mmexplore.runtime.jobs.folder import Job
from mmexplore.ui.components.words import literal
from mmexplore.ui.train import plan as training_plan

pytest_plugins = ("screens",)


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
    @pytest.mark.parametrize("version", ["quick", "paper"])
    @pytest.mark.release
    def test_each_preset_is_started_as_it_is(
        self, empty_home: Path, started: list[tuple[Recipe, str]], version: str
    ) -> None:
        """One visitor who starts them by turns."""
        app = page("6_Train.py")
        names = presets.preset_names()
        for name in names if version == "quick" else names[::5]:
            app.selectbox(key="train/preset").select(name).run()
            start, versions = presets.preset(name), [v for v in app.selectbox if v.key == "train/preset/version"]
            assert bool(versions) != bool(start.stacks or start.baseline.name), "what is fitted at once has one version"
            if versions and versions[0].value != version:
                versions[0].set_value(version).run()
            assert not app.exception
            next(b for b in app.button if b.label == "Start training").click().run()
            assert started.pop() == (presets.preset(name, quick=version == "quick"), f"solubility {name}")

    @pytest.mark.parametrize("version", ["quick", "steady", "paper", "V-G"])
    def test_a_pretraining_is_started_as_it_is(
        self, empty_home: Path, started: list[tuple[Recipe, str]], version: str
    ) -> None:
        app = page("6_Train.py")
        app.segmented_control(key="train/learn").set_value("without labels").run()
        app.selectbox(key="train/pretraining/version").set_value(version).run()
        assert not app.exception
        next(b for b in app.button if b.label == "Start training").click().run()
        expected = presets.pretraining("mmsa", version).with_settings(["data.dataset=solubility"])
        assert started[0] == (expected, "solubility mmsa")

    def test_what_says_nothing_is_not_asked(self, empty_home: Path) -> None:
        of_labels = {"Calibration", "Watch", "Class weights", "Task weights"}
        app = page("6_Train.py")

        def asked() -> set[str]:
            return {w.label for kind in (app.selectbox, app.text_input, app.number_input) for w in kind}

        assert of_labels | {"Warmup epochs"} <= asked()
        next(s for s in app.selectbox if s.label == "Schedule").select("constant").run()
        assert of_labels <= asked()
        assert "Warmup epochs" not in asked()
        app.segmented_control(key="train/learn").set_value("without labels").run()
        assert not asked() & of_labels

    def test_several_seeds_are_several_runs_with_splits_of_their_own(
        self, empty_home: Path, started: list[tuple[Recipe, str]]
    ) -> None:
        app = page("6_Train.py")
        next(t for t in app.text_input if t.label == "Seeds").set_value("0, 1 2").run()
        next(b for b in app.button if b.label == "Start 3 trainings").click().run()
        assert [title for _, title in started] == [f"solubility dmpnn, seed {seed}" for seed in range(3)]
        assert [(r.training.seed, r.data.split_seed) for r, _ in started] == [(0, 0), (1, 1), (2, 2)]

    def test_a_fixed_split_is_shared_by_the_seeds(self, empty_home: Path, started: list[tuple[Recipe, str]]) -> None:
        app = page("6_Train.py")
        next(n for n in app.number_input if n.label == "Split seed").set_value(7).run()
        next(t for t in app.text_input if t.label == "Seeds").set_value("3-4").run()
        next(b for b in app.button if b.label == "Start 2 trainings").click().run()
        assert [(r.training.seed, r.data.split_seed) for r, _ in started] == [(3, 7), (4, 7)]

    @pytest.mark.parametrize(
        ("label", "typed", "said"),
        [("Seeds", "one", "seeds are whole numbers"), ("Fractions", "0.9, 0.2, 0.1", "add up to 1")],
    )
    def test_bad_input_is_one_sentence(self, empty_home: Path, label: str, typed: str, said: str) -> None:
        app = page("6_Train.py")
        next(t for t in app.text_input if t.label == label).set_value(typed).run()
        assert not app.exception
        assert said in app.error[0].value.replace("\\", "")

    def test_without_models_it_says_what_to_do(self, empty_home: Path) -> None:
        app = page("6_Train.py")
        assert "No model is here yet" in shown(app)
        assert "not known yet" in shown(app)

    def test_a_job_that_is_gone_does_no_harm(self, empty_home: Path) -> None:
        assert not page("6_Train.py", job="20200101-000000-train-dead").exception


class TestPlan:
    def plan(self, *settings: str, seeded: bool = True) -> training_plan.RunPlan:
        chosen = presets.preset("dmpnn", quick=True).with_settings(settings)
        return training_plan.RunPlan(chosen, "dmpnn", "a run's name", (0, 4), seeded)

    @pytest.mark.parametrize("seeded", [True, False])
    @pytest.mark.parametrize(
        "settings",
        [(), ("training.epochs=3", "data.dataset=bbbp", 'data.targets=["p_np"]'), ("data.fractions=[0.5,0.25,0.25]",),
         ('branches=[{"encoder": "gin"}]',), ("branches.0.options.depth=5", "fusion.options.dropout=0.25")],
    )  # fmt: skip
    def test_the_shell_line_says_the_same_recipe(self, settings: tuple[str, ...], seeded: bool) -> None:
        plan = self.plan(*settings, seeded=seeded)
        words = shlex.split(plan.shell(4))
        assert words[:5] == ["python", "-m", "mmexplore", "train", "dmpnn"]
        assert "--name=a run's name, seed 4" in words
        options = words[words.index("--data") + 2 :]
        given = [value for flag, value in pairwise(options) if flag == "--set"]
        data = f"data.dataset={json.dumps(words[words.index('--data') + 1])}"
        assert presets.preset("dmpnn").with_settings([data, *given]) == plan.run(4)

    def test_the_shell_line_of_a_pretraining(self) -> None:
        chosen = presets.pretraining("mmsa", "quick")
        words = shlex.split(training_plan.RunPlan(chosen, "mmsa", "a run", (0,), True).shell(0))
        assert words[:5] == ["python", "-m", "mmexplore", "pretrain", "mmsa"]
        given = [value for flag, value in pairwise(words) if flag == "--set"]
        assert presets.pretraining("mmsa").with_settings(given) == chosen

    @pytest.mark.parametrize("typed", ["", "-1", "1.5", "3-1", "0-99", "1e3", "٣", ",".join(map(str, range(30)))])
    def test_seeds_that_are_none(self, typed: str) -> None:
        with pytest.raises(BadRecipe):
            training_plan.seeds(typed)


class TestWords:
    @pytest.mark.parametrize("text", [NASTY, "*b* _i_ $x^2$ [a](b) :red[c] :smile: `d` # e", "a\n\n- b"])
    def test_markdown_of_users_is_shown_as_it_stands(self, text: str) -> None:
        written = literal(text)
        assert re.sub(r"\\(.)", r"\1", written).replace("\u2060", "") == " ".join(text.split())
        assert "\n" not in written
        assert not re.search(r"(?<!\\)[*_$\[<`]", written)
