"""The address is the page: what stands in it is shown, what is shown stands in it, and what is not here is told."""

from pathlib import Path

import numpy as np
import pytest
from screens import PATIENCE, page, shown
from streamlit.testing.v1 import AppTest

from mmexplore import studio
from mmexplore.datasets import catalog
from mmexplore.explore.maps import selections
from mmexplore.runtime.errors import BadRecipe, UnknownName
from mmexplore.runtime.home import Home
from mmexplore.ui.shell import navigation, session

FRAME = str(navigation.PAGES.parent / "mmexplore" / "ui" / "shell" / "visit.py")
DATA, MODEL = "solubility", "solubility-dmpnn"


@pytest.fixture(autouse=True)
def no_jobs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Screens must not start real work in these tests."""

    def refuse(*_: object, **__: object) -> None:
        raise BadRecipe("no jobs in this test")

    monkeypatch.setattr(studio, "start_map", refuse)


def visit(**query: str) -> AppTest:
    app = AppTest.from_file(FRAME, default_timeout=PATIENCE)
    for name, value in query.items():
        app.query_params[name] = value
    app.run()
    assert not app.exception
    return app


def told(app: AppTest) -> list[str]:
    return [str(one.value).replace("\\", "") for one in app.warning]


class TestWhatIsNotHere:
    def test_every_name_of_a_link_is_told_with_what_is_shown_instead(self) -> None:
        asked = {"data": "nope", "model": "none", "view": "zzz", "colour": "pink", "method": "guess", "beside": "Moon"}
        said = told(visit(**asked, row="999999", selected="0123456789abcdef"))
        for name in [*asked.values(), "0123456789abcdef"]:
            assert sum(repr(name) in words and "instead" in words for words in said) == 1, (name, said)
        assert any("row 999999" in words and "no molecule is chosen instead" in words for words in said)
        assert len(said) == len(asked) + 2

    def test_it_is_told_until_something_else_is_shown(self) -> None:
        app = visit(data="nope")
        assert len(told(app.run())) == 1
        app.sidebar.selectbox[0].set_value("freesolv").run()
        assert told(app) == []
        app.sidebar.selectbox[0].set_value(DATA).run()
        assert told(app) == []

    def test_what_vanishes_with_another_choice_is_no_mistake_of_a_link(self) -> None:
        app = visit(model="solubility-all-late", view="gin")
        app.sidebar.selectbox[1].set_value("ecfp").run()
        assert told(app) == []

    @pytest.mark.parametrize("query", [{"use": "nope"}, {"step": "99"}, {"of": "dreams"}, {"molecule": "x"}])
    def test_what_a_link_wants_done_and_cannot_be(self, query: dict[str, str]) -> None:
        (words,) = told(visit(**query))
        assert repr(next(iter(query.values()))) in words

    @pytest.mark.parametrize(("row", "words"), [("-3", "whole numbers from 0"), ("x", "whole numbers from 0")])
    def test_a_row_that_is_none(self, row: str, words: str) -> None:
        assert words in told(visit(row=row))[0]

    def test_a_training_that_is_not_here(self) -> None:
        (words,) = told(page("6_Train.py", job="nonsense"))
        assert "the training 'nonsense'" in words

    def test_a_good_link_is_told_nothing(self) -> None:
        assert told(visit(data=DATA, model=MODEL, view="dmpnn", row="12", colour="SOL", method="PCA")) == []


class TestRowAndSelection:
    def test_a_molecule_opens_its_tab_and_a_selection_its_own(self) -> None:
        assert visit(row="12").session_state["beside"] == "Molecule"
        kept = studio.keep_selection(DATA, np.array([3, 9]))
        app = visit(row="12", selected=kept)
        assert app.session_state["selection"][1].tolist() == [3, 9]
        assert "beside" not in app.query_params
        assert visit(row="12", selected=kept, beside="Molecule").session_state["beside"] == "Molecule"

    def test_what_is_selected_stands_in_the_address_and_a_link_brings_it_back(self) -> None:
        def script() -> None:
            import numpy as np

            from mmexplore.ui.shell import session
            from mmexplore.ui.shell.session import Choice

            session.remember(Choice("solubility", "ecfp", "ecfp"))
            session.select(np.array([640, 5]))

        app = AppTest.from_function(script, default_timeout=PATIENCE).run()
        assert not app.exception
        name = app.query_params["selected"]
        assert visit(selected=name).session_state["selection"][1].tolist() == [5, 640]
        foreign = studio.keep_selection("freesolv", np.array([5, 640]))
        assert repr(foreign) in told(visit(selected=foreign))[0]

    @pytest.mark.parametrize("rows", [[0], [1281], [], list(range(0, 1282, 7))])
    def test_rows_come_back_under_their_name(self, tmp_path: Path, rows: list[int]) -> None:
        data, home = catalog.load(DATA, home=Home(tmp_path)), Home(tmp_path)
        name = selections.keep(data, np.array(rows, np.int64), home=home)
        assert selections.kept(data, name, home=home).tolist() == rows
        assert selections.keep(data, np.array(rows[::-1], np.int64), home=home) == name

    def test_a_changed_file_and_a_foreign_name_are_no_selection(self, tmp_path: Path) -> None:
        data, home = catalog.load(DATA, home=Home(tmp_path)), Home(tmp_path)
        name = selections.keep(data, np.array([4]), home=home)
        other = selections.keep(data, np.array([5]), home=home)
        path = tmp_path / "selections" / name
        path.write_bytes((tmp_path / "selections" / other).read_bytes())
        for wrong in (name, "../secret", "0" * 16, "", "zz"):
            with pytest.raises(UnknownName):
                selections.kept(data, wrong, home=home)

    def test_the_oldest_are_forgotten(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(selections, "MOST_KEPT", 3)
        data, home = catalog.load(DATA, home=Home(tmp_path)), Home(tmp_path)
        names = [selections.keep(data, np.array([row]), home=home) for row in range(6)]
        assert len(list((tmp_path / "selections").iterdir())) == 3
        assert [selections.kept(data, name, home=home).tolist() for name in names[3:]] == [[3], [4], [5]]


class TestSubgraphs:
    def opened(self, monkeypatch: pytest.MonkeyPatch, **query: str | list[str]) -> AppTest:
        monkeypatch.setattr(session, "choice", lambda: session.Choice(DATA, MODEL, "dmpnn"))
        app = page("4_Subgraphs.py", **query)
        assert not app.exception
        return app

    def threshold(self, app: AppTest) -> float:
        return float(next(one.value for one in app.slider if one.label.startswith("Threshold")))

    def test_tab_group_cluster_side_and_threshold_come_from_the_address(self, monkeypatch: pytest.MonkeyPatch) -> None:
        app = self.opened(
            monkeypatch, subgraphs="A group", group="cluster", cluster="cluster 3", threshold="-3", **SOUGHT
        )
        assert app.session_state["subgraphs"] == "A group"
        assert app.selectbox(key="cluster").value == 3
        assert self.threshold(app) == -3
        assert told(app) == []
        assert app.query_params["threshold"] == "-3"

    def test_another_side_has_a_threshold_of_its_own(self, monkeypatch: pytest.MonkeyPatch) -> None:
        app = self.opened(monkeypatch, threshold="-3")
        app.segmented_control(key="sought-regression").set_value("below").run()
        assert self.threshold(app) == round(studio.target(MODEL, direction="below")[0].threshold, 2)
        assert "threshold" not in app.query_params

    @pytest.mark.parametrize("asked", ["1e9", "nan", "red"])
    def test_a_threshold_that_is_not_offered(self, monkeypatch: pytest.MonkeyPatch, asked: str) -> None:
        assert f"the threshold '{asked}'" in told(self.opened(monkeypatch, threshold=asked))[0]
        assert "taken instead" in shown(self.opened(monkeypatch, threshold=asked))

    def test_numbers_come_from_the_address(self, monkeypatch: pytest.MonkeyPatch) -> None:
        app = self.opened(monkeypatch, smiles=DRUG, atoms=["9", "12"], by="in the molecule", part="2")
        assert app.slider(key="atoms").value == (9, 12)
        assert app.segmented_control(key="by").value == "in molecule"
        assert told(app) == []
        assert app.query_params["part"] == "2"

    @pytest.mark.parametrize("asked", [["9"], ["9", "99"], ["x", "12"], ["inf", "nan"]])
    def test_a_span_that_is_not_offered(self, monkeypatch: pytest.MonkeyPatch, asked: list[str]) -> None:
        app = self.opened(monkeypatch, smiles=DRUG, atoms=asked)
        (words,) = told(app)
        low, high = studio.part_sizes(DRUG)
        assert f"which is not offered; {low} to {high} is shown" in words
        assert told(app.run()) == [words]
        app.slider(key="atoms").set_value((9, 12)).run()
        assert told(app) == []


class TestEveryControl:
    """What changes what is shown stands in the address: whoever adds a control binds it, or keeps it there."""

    KEPT = ("subgraphs/threshold", "what-if/", "panel-")  # in the address by other names
    NO_VIEW = ("upload/", "/picture")  # an import's choices, a file's format

    @pytest.mark.parametrize(
        ("name", "query"),
        [
            ("1_Map.py", {}),
            ("1_Map.py", {"compare": "true"}),
            ("2_Fusion.py", {"fusion": "Disagreement"}),
            ("2_Fusion.py", {"fusion": "Fusions compared"}),
            ("3_Retrieval.py", {"below": "Near and far", "query": "CCO"}),
            ("4_Subgraphs.py", {"smiles": "CC(=O)Nc1ccc(OCCN(C)C)cc1"}),
            ("4_Subgraphs.py", {"subgraphs": "A group"}),
            ("7_Data.py", {"part": "Split"}),
            ("7_Data.py", {"part": "Molecules"}),
            ("7_Data.py", {"part": "Compare"}),
            ("8_Results.py", {}),
        ],
    )
    def test_it_is_bound(self, monkeypatch: pytest.MonkeyPatch, name: str, query: dict[str, str]) -> None:
        monkeypatch.setattr(session, "choice", lambda: session.Choice(DATA, MODEL, "dmpnn"))
        monkeypatch.setattr(studio, "lacking", lambda *_: [])
        monkeypatch.setattr(studio, "far_pairs", lambda *_: ())
        app = page(name, **query)
        kinds = (app.slider, app.number_input, app.selectbox, app.segmented_control, app.toggle, app.multiselect)
        shown = [one for kind in kinds for one in kind]
        lost = [
            one.key or one.label
            for one in shown
            if not one.proto.query_param_key
            and not str(one.key).startswith(self.KEPT)
            and not any(part in str(one.key) for part in self.NO_VIEW)
        ]
        assert lost == []

    @pytest.mark.parametrize("asked", ["inf", "-1", "1e400", "nan", "six", "7.5", ""])
    def test_a_number_that_is_not_offered(self, monkeypatch: pytest.MonkeyPatch, asked: str) -> None:
        monkeypatch.setattr(session, "choice", lambda: session.Choice(DATA, "ecfp", "ecfp"))
        app = page("7_Data.py", part="Split", **{"split-seed": asked})
        assert not app.exception
        assert len(told(app)) == 1
        typed_or_linked = "The seed is whole, and 7.5 came"  # of a fraction it is not known who asks
        assert (typed_or_linked if asked == "7.5" else "asks for the seed") in told(app)[0]

    @pytest.mark.parametrize(("asked", "complaints"), [("maybe", 1), ("1", 1), ("true", 0), ("False", 0)])
    def test_a_switch_is_true_or_false(self, monkeypatch: pytest.MonkeyPatch, asked: str, complaints: int) -> None:
        monkeypatch.setattr(session, "choice", lambda: session.Choice(DATA, "ecfp", "ecfp"))
        app = page("6_Train.py", every=asked)
        assert not app.exception
        assert len(told(app)) == complaints


DRUG = "CC(=O)Nc1ccc(OCCN(C)C)cc1"
SOUGHT = {"sought-regression": "below"}
