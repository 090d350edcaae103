"""The frame and pages as scripts: they run without torch, and show mistakes as they are, ours in one sentence."""

import subprocess
import sys
from pathlib import Path

import pytest
from screens import PATIENCE
from streamlit.testing.v1 import AppTest

from mmexplore import studio
from mmexplore.runtime.errors import BadRecipe
from mmexplore.ui.server import asked
from mmexplore.ui.shell import navigation

FRAME = str(navigation.PAGES.parent / "mmexplore" / "ui" / "shell" / "visit.py")


@pytest.fixture(autouse=True)
def no_jobs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Screens must not start real work in these tests."""

    def refuse(*_: object, **__: object) -> None:
        raise BadRecipe("no jobs in this test")

    monkeypatch.setattr(studio, "start_map", refuse)


@pytest.mark.release
def test_screens_import_no_torch() -> None:
    code = f"""
import sys
from streamlit.testing.v1 import AppTest
from mmexplore import studio
studio.start_map = lambda *a, **k: None
import app
from mmexplore.ui.shell import navigation
for page in navigation.pages():
    AppTest.from_file(str(page), default_timeout={PATIENCE}).run()
AppTest.from_file({FRAME!r}, default_timeout={PATIENCE}).run()
heavy = {{"torch", "torch_geometric", "lightning", "umap", "openTSNE", "chemprop", "numba"}} & set(sys.modules)
assert not heavy, heavy
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=navigation.PAGES.parent, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]


def test_the_frame_has_every_page_and_the_pickers() -> None:
    app = AppTest.from_file(FRAME, default_timeout=PATIENCE).run()
    assert [box.label for box in app.sidebar.selectbox] == ["Data set", "Model", "View"]
    assert navigation.title(navigation.pages()[0]) == "Map"
    first = studio.first_choice()
    assert [box.value for box in app.sidebar.selectbox] == list(first[:3])


def test_a_link_chooses_the_data_set() -> None:
    app = AppTest.from_file(FRAME, default_timeout=PATIENCE)
    app.query_params["data"] = "freesolv"
    app.run()
    assert app.sidebar.selectbox[0].value == "freesolv"


@pytest.mark.parametrize("renames", [["second"], ["second", "third"], ["second", "first"]])
def test_a_link_of_former_times_leads_to_what_is_renamed(
    renames: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MMEXPLORE_HOME", str(tmp_path))
    name = first = studio.add_dataset("CCO\nCCN\nCCC\n", "first").name
    for title in renames:
        name = studio.rename_dataset(name, title)
    app = AppTest.from_file(FRAME, default_timeout=PATIENCE)
    app.query_params["data"] = first
    app.run()
    assert (app.sidebar.selectbox[0].value, asked.dataset(first)) == (name, name)
    assert not app.warning
    app.run()
    assert app.sidebar.selectbox[0].value == name
    app.sidebar.selectbox[0].select("freesolv").run()
    assert app.sidebar.selectbox[0].value == "freesolv"


def test_a_users_mistake_is_shown_as_it_is_and_ours_in_one_sentence(caplog: pytest.LogCaptureFixture) -> None:
    def script(kind: str) -> None:
        from mmexplore.runtime.errors import BadRecipe
        from mmexplore.ui.shell import startup

        startup.explain(BadRecipe("no *such* colour") if kind == "theirs" else ZeroDivisionError("secret detail"))

    theirs = AppTest.from_function(script, args=("theirs",), default_timeout=PATIENCE).run()
    assert theirs.error[0].value.replace("\\", "") == "no *such* colour"
    ours = AppTest.from_function(script, args=("ours",), default_timeout=PATIENCE).run()
    assert "the log has the details" in ours.error[0].value
    assert "secret" not in ours.error[0].value + "".join(caption.value for caption in ours.caption)
    assert "secret detail" in caplog.text


def test_selection_is_of_one_data_set_and_adds_up() -> None:
    def script() -> None:
        import numpy as np
        import streamlit as st

        from mmexplore.ui.shell import session
        from mmexplore.ui.shell.session import Choice

        session.remember(Choice("solubility", "ecfp", "ecfp"))
        session.select(np.array([5, 3]))
        session.select(np.array([3, 9]), "add")
        session.choose_row(7)
        st.session_state["first"] = (session.selection().tolist(), session.current_row())
        session.remember(Choice("freesolv", "ecfp", "ecfp"))
        st.session_state["second"] = (session.selection().tolist(), session.current_row())

    app = AppTest.from_function(script, default_timeout=PATIENCE).run()
    assert not app.exception
    assert app.session_state["first"] == ([3, 5, 9], 7)
    assert app.session_state["second"] == ([], -1)


def test_a_row_of_a_link_beyond_the_last_is_no_molecule() -> None:
    def script() -> None:
        import streamlit as st

        from mmexplore.ui.shell import session

        st.session_state["seen"] = session.current_row()

    for came, seen in [("12", 12), ("99999999", -1), ("-3", -1), ("x", -1), ("", -1)]:
        app = AppTest.from_function(script, default_timeout=PATIENCE)
        app.query_params["row"] = came
        app.run()
        assert app.session_state["seen"] == seen


@pytest.mark.parametrize("name", ["tab", "models", "x" * 300])
def test_a_name_that_the_page_knows_nothing_of_is_told(name: str) -> None:
    app = AppTest.from_file(FRAME, default_timeout=PATIENCE)
    app.query_params[name], app.query_params["labels"] = "zz", "true"
    app.run()
    assert not app.exception
    told = [one.value for one in app.warning if "knows nothing of" in one.value]
    assert len(told) == 1
    assert name[:60] in told[0]
    assert len(told[0]) < 250
    assert name not in app.query_params
    app.run()
    assert [one.value for one in app.warning if "knows nothing of" in one.value] == told


def test_names_that_the_page_has_are_not_told() -> None:
    app = AppTest.from_file(FRAME, default_timeout=PATIENCE)
    for name, value in {"data": "freesolv", "row": "3", "labels": "true", "pair": "1", "cliffs-all": "true"}.items():
        app.query_params[name] = value
    app.run()
    assert not any("knows nothing of" in one.value for one in app.warning)


def test_a_name_that_another_page_of_the_visit_has_is_told() -> None:
    def script() -> None:
        import streamlit as st

        from mmexplore.ui.shell import address, deep_links

        address.notes_here()
        title = st.session_state.setdefault("title", "Train")
        if title == "Train":
            address.keep("job", "7")
        deep_links.strange(title)

    app = AppTest.from_function(script, default_timeout=PATIENCE).run()
    assert not app.warning
    app.session_state["title"] = "Map"
    app.query_params["job"] = "7"
    app.run()
    assert ["'job'" in one.value for one in app.warning] == [True]
    assert "job" not in app.query_params
