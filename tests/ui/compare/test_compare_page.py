"""A comparison without a browser: panels in the session and the URL, one map at a time, models that are gone."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from screens import PAGES, PATIENCE, page, shown
from streamlit.testing.v1 import AppTest

from mmexplore import studio
from mmexplore.explore.maps import storage
from mmexplore.explore.maps.storage import UNSCORED, MapFile
from mmexplore.models import registry
from mmexplore.runtime.home import default_home
from mmexplore.runtime.jobs.folder import Job
from mmexplore.studio import ViewRef
from mmexplore.ui.compare import state as compare_state

DMPNN, TWIN, ECFP = "solubility-dmpnn@dmpnn", "untrained:solubility-dmpnn@dmpnn", "ecfp@ecfp"


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, visited: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copytree(visited, tmp_path, dirs_exist_ok=True)
    monkeypatch.setenv("MMEXPLORE_HOME", str(tmp_path))
    monkeypatch.setattr("mmexplore.studio.maps.FIRST_MODEL", "solubility-dmpnn")
    return tmp_path


class Jobs(dict[str, Job]):
    """What the page would start, instead of processes: (model, method) of each, in order."""

    asked: list[tuple[str, str]]
    failing: str = ""

    def start(self, model: str, data: str, view: str, method: str, seed: int = 0) -> Job:
        self.asked.append((model, method))
        state = "failed" if model == self.failing else "running"
        words = (
            "map",
            (),
            "a map",
            "maps",
            state,
            "embed",
            3,
            9,
            None,
            {},
            "it *broke*",
            0.0,
            0.0,
            False,
            Path("none"),
        )
        job = Job(f"20260101-000000-map-{len(self.asked):04}", *words)  # type: ignore[arg-type]
        self[job.id] = job
        return job


@pytest.fixture(autouse=True)
def started(monkeypatch: pytest.MonkeyPatch) -> Jobs:
    jobs = Jobs()
    jobs.asked = []
    monkeypatch.setattr(studio, "start_map", jobs.start)
    monkeypatch.setattr(studio, "job", jobs.__getitem__)
    return jobs


def compare(*panels: str, **query: str) -> AppTest:
    app = page("1_Map.py", compare="true", **({"panels": ",".join(panels)} if panels else {}), **query)
    assert not app.exception
    return app


def panels(app: AppTest) -> str:
    text = app.query_params["panels"]
    return text if isinstance(text, str) else text[0]


def models_shown(app: AppTest) -> list[str]:
    return [box.value for box in app.selectbox if box.label == "Model"]


def a_picture(model: str, view: str) -> None:
    """What a job leaves first: a map by PCA that is not scored yet."""
    data = studio.dataset("solubility")
    where = storage.place_of(studio.map_folders(studio.model(model), data)[-1], view, "pca", 0)
    xy = np.random.default_rng(0).normal(size=(len(data), 2)).astype(np.float32)
    storage.save(MapFile(where, xy, view, "pca", 0, {}, UNSCORED, "today", 1.0))


def button(app: AppTest, label: str) -> list:
    return [each for each in app.button if each.label == label or each.key.endswith(label)]


def test_it_opens_with_the_chosen_view_beside_ecfp() -> None:
    app = compare()
    assert panels(app) == f"{DMPNN},{ECFP}"
    assert models_shown(app) == ["solubility-dmpnn", "ecfp"]
    assert "2 maps by UMAP, seed 0" in shown(app)


def test_one_map_is_computed_at_a_time_first_pictures_before_finished_ones(started: Jobs) -> None:
    app = compare(DMPNN, TWIN, ECFP, seed="3")
    assert started.asked == [("untrained:solubility-dmpnn", "pca")]
    a_picture("untrained:solubility-dmpnn", "dmpnn")
    app.run()
    assert started.asked[1:] == [("ecfp", "pca")]
    a_picture("ecfp", "ecfp")
    app.run()
    assert started.asked[2:] == [("solubility-dmpnn", "umap")]
    assert "UMAP waits for its turn" in shown(app)
    app.number_input(key="seed").set_value(0).run()
    assert started.asked[3:] == [("untrained:solubility-dmpnn", "umap")]  # the shipped map has seed 0


def test_a_map_that_fails_says_why_and_holds_up_no_other(started: Jobs) -> None:
    started.failing = "untrained:solubility-dmpnn"
    app = compare(DMPNN, TWIN, ECFP)
    app.run()
    assert [error.value for error in app.error] == ["it \\*broke\\*"]
    assert started.asked[1:] == [("ecfp", "pca")]
    started.failing = ""
    button(app, "Compute it again")[0].click().run()
    assert started.asked[2:] == [("untrained:solubility-dmpnn", "pca")]


def test_two_to_six() -> None:
    app = compare(DMPNN, ECFP)
    assert all(each.disabled for each in button(app, "-close"))
    for n in range(3, 7):
        button(app, "Add a map")[0].click().run()
        assert len(models_shown(app)) == n
    assert button(app, "Add a map")[0].disabled
    assert models_shown(app)[2] == "untrained:solubility-dmpnn"
    second = button(app, "-close")[1]
    second.click().run()
    assert models_shown(app)[:2] == ["solubility-dmpnn", "untrained:solubility-dmpnn"]
    assert second.key not in {each.key for each in app.button}  # another click on it means nothing
    for _ in range(3):
        button(app, "-close")[0].click().run()
    assert len(models_shown(app)) == 2
    assert all(each.disabled for each in button(app, "-close"))


def test_clicks_that_come_twice_do_no_harm() -> None:
    def script() -> None:
        import streamlit

        from mmexplore.studio import ViewRef
        from mmexplore.ui.compare import state as compare_state
        from mmexplore.ui.shell import session

        compare_state.replace([ViewRef("ecfp", "ecfp")] * 3)
        numbers = list(compare_state.panels(session.choice()))
        for number in (numbers[0], numbers[0], numbers[1], numbers[2], 99):
            compare_state.remove(number)
        compare_state.change(numbers[0], ViewRef("gone", "gone"))
        for _ in range(9):
            compare_state.add(session.choice())
        streamlit.session_state["seen"] = list(compare_state.panels(session.choice()).values())

    app = AppTest.from_function(script, default_timeout=PATIENCE).run()
    assert not app.exception
    assert len(app.session_state["seen"]) == 6
    assert ViewRef("gone", "gone") not in app.session_state["seen"]


def test_a_picker_changes_its_panel_and_the_address() -> None:
    app = compare(ECFP, ECFP, DMPNN)
    next(box for box in app.selectbox if box.value == "solubility-dmpnn").select("untrained:solubility-dmpnn").run()
    assert panels(app) == f"{ECFP},{ECFP},{TWIN}"
    next(box for box in app.selectbox if box.label == "Model").select("solubility-dmpnn").run()
    assert panels(app) == f"{DMPNN},{ECFP},{TWIN}"
    assert not app.exception


@pytest.mark.parametrize(
    ("text", "found", "told"),
    [
        ("junk", f"{DMPNN},{ECFP}", "what suits the choice is shown"),
        ("@,,a@,@b,%", f"{DMPNN},{ECFP}", "what suits the choice is shown"),
        (TWIN, f"{TWIN},{DMPNN}", ""),
        (f"{TWIN},junk,{ECFP}", f"{TWIN},{ECFP}", "the rest is shown"),
        (",".join([ECFP] * 9), ",".join([ECFP] * 6), "the first 6 is shown"),
    ],
)
def test_odd_addresses(text: str, found: str, told: str) -> None:
    app = compare(text)
    assert panels(app) == found
    said = [warning.value.replace("\\", "") for warning in app.warning]
    assert len(said) == bool(told)
    assert told in "".join(said)


def test_a_model_that_is_gone_is_named_and_the_others_stay() -> None:
    app = compare("no-such*model@gin", DMPNN, "untrained:gone@x", "solubility-dmpnn@no-such-view")
    said = [warning.value.replace("\\", "") for warning in app.warning]
    assert len(said) == 3
    assert "'no-such*model'" in said[0]
    assert "'untrained:\u2060gone'" in said[1]
    assert "no view of this model is called 'no-such-view'" in said[2]
    app.selectbox(key="panel-1-model").select("ecfp").run()
    app.selectbox(key="panel-4-view").select("dmpnn").run()
    assert panels(app) == f"{ECFP},{DMPNN},untrained:gone@x,{DMPNN}"
    assert len(app.warning) == 1


def test_a_model_deleted_while_it_is_looked_at() -> None:
    shutil.copytree(
        studio.model("solubility-dmpnn").folder, registry.runs_folder(home=default_home()) / "a-run" / "model"
    )
    app = compare("a-run@dmpnn", ECFP)
    assert not app.warning
    studio.delete_model("a-run")
    app.run()
    assert not app.exception
    assert "no model is called 'a-run'" in app.warning[0].value.replace("\\", "")


def offered(app: AppTest) -> list[str]:
    return [each.label for each in app.button if (each.key or "").startswith("preset-") and not each.disabled]


def test_presets_are_filled_or_say_what_they_need(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert offered(compare(TWIN, TWIN)) == [preset.name for preset in studio.PRESETS]  # by the shipped models
    shutil.copytree(studio.model("solubility-dmpnn").folder, tmp_path / "shelf" / "solubility-dmpnn")
    monkeypatch.setattr(registry, "SHIPPED", tmp_path / "shelf")
    app = compare(TWIN, TWIN)
    assert offered(app) == ["ECFP against this model's views"]
    assert "a branch that reads image" in shown(app)
    next(each for each in app.button if each.label == "ECFP against this model's views").click().run()
    assert panels(app) == f"{ECFP},{DMPNN}"


def test_one_map_again_and_back() -> None:
    app = compare(TWIN, DMPNN)
    app.toggle(key="compare").set_value(False).run()
    assert "panels" not in app.query_params
    assert "Quality of the picture" in shown(app)
    app.toggle(key="compare").set_value(True).run()
    assert panels(app) == f"{TWIN},{DMPNN}"


def test_the_frame_lists_an_untrained_model_where_a_link_names_it() -> None:
    app = AppTest.from_file(str(PAGES.parent / "mmexplore" / "ui" / "shell" / "visit.py"), default_timeout=PATIENCE)
    app.query_params["model"] = "untrained:solubility-dmpnn"
    picker = app.run().sidebar.selectbox(key="model")
    assert picker.value == "untrained:solubility-dmpnn"
    assert "nothing was learned" in shown(app)
    picker.select("ecfp").run()
    assert "untrained:solubility-dmpnn" not in app.sidebar.selectbox(key="model").options
    assert not app.exception


@given(st.lists(st.tuples(st.text(min_size=1), st.text(min_size=1)), max_size=6))
def test_any_names_come_back_from_the_address(pairs: list[tuple[str, str]]) -> None:
    wanted = tuple(ViewRef(*pair) for pair in pairs)
    assert compare_state.read(compare_state.written(wanted)) == wanted
