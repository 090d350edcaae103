"""The Subgraphs page without a browser: what it finds, what it says where there is nothing, and the way to it."""

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NoReturn

import pytest
from screens import page, shown
from streamlit.testing.v1 import AppTest
from toy_models import save_model

from mmexplore import studio
from mmexplore.explore.explain.exam import Grade, RuleGrades
from mmexplore.explore.explain.storage import Explained
from mmexplore.runtime.errors import TooLong
from mmexplore.studio import Exam
from mmexplore.ui.shell import session
from mmexplore.ui.subgraphs import controls, result, stream

pytest_plugins = ("screens",)
PAGE = "4_Subgraphs.py"
DRUG = "CC(=O)Nc1ccc(OCCN(C)C)cc1"


@pytest.fixture
def toy(empty_home: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A model of two labels and another one like it, chosen for all pages."""
    save_model(empty_home / "runs" / "toy" / "model")
    save_model(empty_home / "runs" / "other" / "model", seed=1)
    monkeypatch.setattr(session, "choice", lambda: session.Choice("freesolv", "toy", "dmpnn"))
    return "toy"


def either_class(app: AppTest) -> AppTest:
    """The page on the side on which the untaught model puts the molecule."""
    if "nothing of it is sought" in shown(app):
        next(b for b in app.button if b.key == "subgraphs/turn").click().run()
    return app


def test_without_a_molecule_it_says_what_to_do(toy: str) -> None:
    app = page(PAGE)
    assert not app.exception
    assert "Type a name or a SMILES" in shown(app)
    app.button[0].click().run()  # an example, of a model that predicted nothing yet: any molecule
    assert not app.exception
    assert "Type a name or a SMILES" not in shown(app)


def test_a_typed_molecule_is_explained_on_either_side(toy: str) -> None:
    app = either_class(page(PAGE, smiles=DRUG))
    assert not app.exception
    assert ", predicted" in shown(app)  # the detail card
    said = shown(app)
    assert "score as a fragment" in said
    assert "score in the molecule" in said
    assert "fragments that peeling reaches were scored" in said
    table = app.dataframe[0].value
    goal, _ = studio.target(toy, direction=str(app.segmented_control(key="sought-classification").value))
    found = studio.explain(toy, DRUG, goal, count=8)
    assert table["SMILES"].tolist() == [part.smiles for part in found.subgraphs]


def test_the_score_that_decides_is_the_one_shown(toy: str) -> None:
    app = either_class(page(PAGE, smiles=DRUG))
    app.segmented_control(key="by").set_value("in molecule").run()
    goal, _ = studio.target(toy, direction=str(app.segmented_control(key="sought-classification").value))
    found = studio.explain(toy, DRUG, goal, by="in molecule", count=8)
    asked = controls.SubgraphRequest(goal, "")
    assert found.subgraphs
    for part in found.subgraphs:
        assert f"{part.score_in_molecule:.2f}" in result.title(part, 0, found.by, asked)[1]


def test_a_link_that_asks_for_no_part_there_is_is_told_once(toy: str) -> None:
    app = either_class(page(PAGE, smiles=DRUG, part="99", atoms=["9", "2"]))
    assert not app.exception
    assert len([one for one in app.warning if "99" in one.value]) == 1
    assert app.dataframe[0].value["size"].between(2, 9).all()


def test_limits_move_what_is_shown(toy: str) -> None:
    app = either_class(page(PAGE, smiles=DRUG))
    app.slider(key="atoms").set_value((10, 12)).run()
    assert not app.exception
    assert app.dataframe[0].value["size"].between(10, 12).all()
    app.slider(key="atoms").set_value((30, 40)).run()
    assert "subgraphs of 30 or more are sought" in shown(app)


def test_other_models_stand_beside_it(toy: str) -> None:
    app = either_class(page(PAGE, smiles=DRUG))
    app.multiselect(key="models-active").select("other").run()
    assert not app.exception
    assert "Under several models" in shown(app)


def test_what_takes_too_long_is_offered_as_a_job(toy: str, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[object, ...]] = []
    in_time = studio.explain_in_time

    def late(*_: object) -> NoReturn:
        raise TooLong("no time")

    def start(*what: object) -> studio.Job:
        asked.append(what)
        monkeypatch.setattr(studio, "explain_in_time", in_time)
        studio.explain_and_keep(*what)  # type: ignore[arg-type]
        words = ("subgraph", (), "", "cpu", "done", "", 0, 0, None, {}, "", 0.0, 0.0, False, Path("none"))
        made = studio.Job("20260101-000000-subgraph-ab12", *words)  # type: ignore[arg-type]
        monkeypatch.setattr(studio, "job", lambda _: made)
        return made

    monkeypatch.setattr(studio, "explain_in_time", late)
    monkeypatch.setattr(studio, "start_explaining", start)
    monkeypatch.setattr(studio, "job_at_work", lambda _: None)
    app = page(PAGE, smiles=DRUG)
    assert not app.exception
    assert "takes longer for this molecule than a page waits" in shown(app)
    assert ", predicted" in shown(app)  # what else is known of it stands there all the same
    app.run()
    assert not asked
    next(b for b in app.button if b.label == "Search as a job").click().run()
    assert not app.exception
    assert "Search as a job" not in [b.label for b in app.button]
    assert [what[:2] for what in asked] == [("toy", DRUG)]
    assert "score as a fragment" in shown(either_class(app))


@pytest.mark.parametrize(("typed", "said"), [("C1CC", "unclosed ring"), ("<img src=x>", "reads neither"), ("C", "")])
def test_what_cannot_be_explained_is_one_sentence(toy: str, typed: str, said: str) -> None:
    app = page(PAGE, smiles=typed)
    assert not app.exception
    if said:
        assert said in app.error[0].value.replace("\\", "")


def test_a_model_without_labels_sends_elsewhere(toy: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "choice", lambda: session.Choice("freesolv", "ecfp", "ecfp"))
    assert "predicts no label" in shown(page(PAGE)).replace("\\", "")


@pytest.mark.release
def test_a_group_is_searched_by_a_job_and_drawn(toy: str, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[object, ...]] = []

    def start(*what: object) -> studio.Job:
        asked.append(what)
        studio.group_motifs(*what)  # type: ignore[arg-type]
        words = ("motifs", (), "", "cpu", "done", "", 0, 0, None, {}, "", 0.0, 0.0, False, Path("none"))
        return studio.Job("20260101-000000-motifs-ab12", *words)  # type: ignore[arg-type]

    monkeypatch.setattr(studio, "start_motifs", start)
    monkeypatch.setattr(studio, "job_at_work", lambda _: None)
    app = page(PAGE)
    app.session_state["subgraphs"] = "A group"
    app.session_state["label"] = "logS"
    app.run()
    app.number_input(key="most").set_value(10).run()
    low = app.slider(key="subgraphs/threshold/toy/logS/above")
    low.set_value(low.min).run()
    next(b for b in app.button if b.key == "subgraphs/find").click().run()
    assert not app.exception
    assert asked[0][2] == studio.Group(label="expt", value="high")
    said = shown(app).replace("\\", "")
    assert "Maximum common subgraph" in said
    assert "10 of 10 are positive" in said
    assert "Motifs that tell the group from the rest" in said
    assert "Counter-examples: in the rest" in said.replace(":\u2060", ":")
    assert "freesolv has no label logS" in said.replace(":\u2060", ":")
    assert "by their label are not" not in said
    found = studio.stored_motifs("toy", "freesolv", *asked[0][2:])  # type: ignore[arg-type]
    assert found is not None
    assert ("No motif tells this group from the rest" in said) == (not found.told)
    told = app.dataframe[0].value
    assert told["tells it"].sum() == len(found.told)
    assert told["counter-examples"].tolist() == [one.support.outside for one in found.motifs]


def test_sizes_follow_the_molecule_until_they_are_moved(toy: str) -> None:
    app = either_class(page(PAGE, smiles=DRUG))
    assert app.slider(key="atoms").value == studio.part_sizes(DRUG)
    app.text_input(key="smiles").set_value("O=C1CCCCC1").run()
    assert not app.exception
    assert app.slider(key="atoms").value == studio.part_sizes("O=C1CCCCC1") == (2, 5)
    app = either_class(app)
    assert "the molecule has 7 atoms" not in shown(app)
    app.slider(key="atoms").set_value((1, 7)).run()
    app.text_input(key="smiles").set_value(DRUG).run()
    assert not app.exception
    assert app.slider(key="atoms").value == (1, 7)


def test_branches_come_one_by_one_and_can_be_cancelled(toy: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first answer is drawn while the second is still sought, and the third is given up."""
    go_on, in_time = threading.Event(), studio.explain_in_time
    branches = ("first", "second", "third", "fourth")
    monkeypatch.setattr(studio, "summands", lambda _: branches)
    monkeypatch.setattr(stream, "_searches", ThreadPoolExecutor(2))  # one is held by the page of the first goal

    def explain(*asked: object, **more: object) -> Explained:
        branch = asked[6] if len(asked) > 6 else ""
        if branch == "second":
            go_on.wait()
        return in_time(*asked[:6])  # type: ignore[arg-type]

    monkeypatch.setattr(studio, "explain_in_time", explain)
    app = either_class(page(PAGE, smiles=DRUG))
    assert not app.exception
    running: stream.Stream = app.session_state["subgraphs/stream/branches"]
    running.searches["first"].result()
    app.run()
    assert list(running.found) == ["first"]
    app.button(key="subgraphs/stream/branches/cancel").click().run()
    assert running.cancelled == ["third", "fourth"]
    go_on.set()
    running.searches["second"].result()
    app.run()
    assert "Cancelled: third, fourth" in shown(app).replace(":\u2060", ":").replace("\\", "")
    app.button(key="subgraphs/stream/branches/go on").click().run()
    running.searches["fourth"].result()
    app.run()
    assert list(running.found) == list(branches)


@pytest.mark.release
def test_an_exam_is_a_job_and_its_answer_is_drawn(toy: str, monkeypatch: pytest.MonkeyPatch) -> None:
    grades = tuple(
        Grade(name, 10, 9, 0.8, hits, 1, 0.5, 9, 0.4, 5) for name, hits in (("smallest part", 7), ("a random part", 2))
    )
    made = Exam(toy, "freesolv", (RuleGrades("a group", "an amide", 300, 0.99, 12, 10, grades),), 3.0)
    kept: list[Exam] = []
    monkeypatch.setattr(studio, "stored_exam", lambda *_, **__: kept[0] if kept else None)

    def start(*asked: object) -> studio.Job:
        assert asked == (toy, "freesolv", 20, 30)
        kept.append(made)
        words = ("exam", (), "", "cpu", "done", "", 0, 0, None, {}, "", 0.0, 0.0, False, Path("none"))
        return studio.Job("20260101-000000-exam-ab12", *words)  # type: ignore[arg-type]

    monkeypatch.setattr(studio, "start_exam", start)
    monkeypatch.setattr(studio, "job_at_work", lambda _: None)
    app = page(PAGE)
    app.session_state["subgraphs"] = "Exam"
    app.run()
    assert not app.exception
    app.button(key="subgraphs/sit").click().run()
    assert not app.exception
    assert "held the planted atoms in 7" in shown(app)
    table = app.dataframe[0].value
    assert table["holds the planted atoms"].tolist() == [0.7, 0.2]
    app.session_state["subgraphs"] = "One molecule"
    app.query_params["smiles"] = DRUG
    assert "How far to trust it" in shown(either_class(app.run()))


def test_a_selection_that_is_empty_says_so(toy: str) -> None:
    app = page(PAGE)
    app.session_state["subgraphs"] = "A group"
    app.session_state["group"] = "selection"
    app.run()
    assert not app.exception
    assert "Nothing is selected" in shown(app)
