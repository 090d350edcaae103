"""The Predict page without a browser: one molecule with its interval and domain, and the twelve hard rows as a file."""

import json
from pathlib import Path

import pandas as pd
import pytest
from hard_tables import TABLES
from predicted_models import TASK, check_hard, hard_file, trained
from screens import page, shown
from streamlit.testing.v1 import AppTest
from working_jobs import until

from mmexplore import studio
from mmexplore.runtime.errors import BadTable
from mmexplore.ui.predict import results

pytest_plugins = ("screens",)


def test_it_says_how_to_get_a_model(empty_home: Path) -> None:
    app = page("5_Predict.py")
    assert not app.exception
    assert "Train one on the Train page" in shown(app)


class TestMolecule:
    def test_a_typed_molecule_has_its_prediction_interval_and_domain(self, empty_home: Path) -> None:
        trained(empty_home)
        app = page("5_Predict.py", typed="CC(=O)[O-].[Na+]")
        assert not app.exception
        (found,) = studio.predict_molecule(["toy"], "CC(=O)O")
        (one,) = found.estimates
        words = shown(app).replace("\\", "").replace("\u2060", "")
        assert f"{one.value:.3g} kcal/mol" in words
        assert f"{one.low:.3g} to {one.high:.3g}" in words
        assert f"Tanimoto {found.similarity:.2f}" in words
        assert "salt stripped: removed [Na+]" in words
        app.selectbox(key="level").set_value("80 %")
        app.selectbox(key="salts").set_value("As drawn").run()
        assert "80 % interval" in shown(app)
        assert "salt stripped" not in shown(app)

    @pytest.mark.parametrize("typed", ["C1CC", "[#6]", "no such name"])
    def test_what_is_no_molecule_is_a_sentence(self, empty_home: Path, typed: str) -> None:
        trained(empty_home)
        app = page("5_Predict.py", typed=typed)
        assert not app.exception
        assert len(app.warning) == 1

    def test_several_models_stand_side_by_side(self, empty_home: Path) -> None:
        trained(empty_home, "one")
        trained(empty_home, "two", 1)
        app = page("5_Predict.py", typed="CCO", by="one")
        app.multiselect(key="by").set_value(["one", "two"]).run()
        assert not app.exception
        assert {"**one**", "**two**"} <= {text.value for text in app.markdown}

    def test_a_link_to_a_model_that_is_not_here_is_told(self, empty_home: Path) -> None:
        trained(empty_home)
        app = page("5_Predict.py", by="gone")
        assert not app.exception
        assert "which is not here" in shown(app)

    def test_without_a_model_it_is_said_that_none_is_chosen(self, empty_home: Path) -> None:
        trained(empty_home)
        app = page("5_Predict.py", model="toy")
        app.multiselect(key="by").set_value([]).run()
        assert "predicts no label" not in shown(app)
        assert "No model is chosen" in shown(app)


@pytest.mark.parametrize("name", ["sheets.xlsx", "chosen.xlsx", "another-name.csv", "records.sdf"])
def test_a_file_is_asked_for_its_sheet_and_its_column(
    name: str, empty_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trained(empty_home)
    table = next(one for one in TABLES if one.name == name)
    asked: list[tuple[str, str]] = []

    def start(models: object, data: Path, level: float, salts: str, smiles: str, sheet: str) -> None:
        asked.append((smiles, sheet))
        raise BadTable("not now")

    monkeypatch.setattr(studio, "start_prediction", start)
    app = page("5_Predict.py", predict="A file or a data set")
    app.file_uploader[0].set_value((name, table.write(tmp_path).read_bytes(), "")).run()
    boxes = {box.label: box for box in app.selectbox}
    if "sheet" in table.options:
        assert boxes["Sheet"].value == "about"
        boxes["Sheet"].set_value(table.options["sheet"]).run()
        boxes = {box.label: box for box in app.selectbox}
    if "smiles" in table.options:
        boxes["Structures in column"].set_value(table.options["smiles"]).run()
    app.button(key="predict/start").click().run()
    assert not app.exception
    assert [error.value for error in app.error] == ["not now"]
    assert asked == [(table.structures, table.options.get("sheet", ""))]


def test_a_file_without_structures_waits_for_a_column(empty_home: Path) -> None:
    trained(empty_home)
    app = page("5_Predict.py", predict="A file or a data set")
    app.file_uploader[0].set_value(("x.csv", b"a,b\n1,2\n", "text/csv")).run()
    assert not app.exception
    assert app.button(key="predict/start").disabled
    app.file_uploader[0].set_value(("x.csv", b"", "text/csv")).run()
    assert app.button(key="predict/start").disabled
    assert "is empty" in app.error[0].value
    app.file_uploader[0].set_value(("x.csv", b"smiles,name\n", "text/csv")).run()
    assert app.button(key="predict/start").disabled
    assert "a header and no rows" in app.warning[0].value


@pytest.mark.slow
class TestFile:
    def predicted(self, home: Path, folder: Path) -> AppTest:
        trained(home)
        app = page("5_Predict.py", predict="A file or a data set")
        app.file_uploader[0].set_value(("hard.csv", hard_file(folder).read_bytes(), "text/csv")).run()
        app.button(key="predict/start").click().run()
        assert not app.exception
        (job,) = studio.prediction_jobs()
        until(lambda: not studio.job(job.id).active)
        assert studio.job(job.id).message == ""
        return app.run()

    def test_each_hard_row_comes_back_and_goes_on_to_the_map(self, empty_home: Path, tmp_path: Path) -> None:
        app = self.predicted(empty_home, tmp_path)
        assert not app.exception
        check_hard(app.dataframe[0].value)
        order = [str(name) for name in app.dataframe[0].value.columns[:5]]
        assert order == ["structure", TASK, f"{TASK}_low", f"{TASK}_high", "in_domain"]
        held = json.loads(app.dataframe[0].proto.columns)
        widths = [held[name]["width"] for name in app.dataframe[0].proto.column_order if "width" in held.get(name, {})]
        assert {TASK, "status"} <= set(app.dataframe[0].proto.column_order)
        assert len(app.dataframe[0].proto.column_order) <= 8
        assert sum(widths) < 730  # what a window of 1,024 pixels leaves beside the frame
        (job,) = studio.prediction_jobs()
        for ending in (".csv", ".xlsx"):
            path = studio.write_predicted(job, ending)
            check_hard(pd.read_csv(path) if ending == ".csv" else pd.read_excel(path))
        app.selectbox(key="rows").set_value("Not predicted").run()
        assert len(app.dataframe[0].value) == 5
        app.button(key=f"predict/sent/{job.id}/button").click().run()
        assert not app.exception
        made = studio.dataset("hard_predicted")
        assert [task.name for task in made.tasks] == [f"{TASK} predicted"]
        assert made.tasks[0].kind == "regression"
        again = page("5_Predict.py", predict="A file or a data set", job=job.id)
        assert len(again.dataframe[0].value) == 12


def test_rows_are_filtered_and_ordered() -> None:
    told = {"columns": {"status": "status", "domains": [["n", "s", "in_domain"]]}}
    inside = pd.array([True, False, None], "boolean")
    table = pd.DataFrame({"y": [1.0, 2.0, None], "status": ["predicted", "predicted; x", "no"], "in_domain": inside})
    assert results.filtered(table, told, "All rows", "y", True, "")["y"].tolist()[:2] == [2.0, 1.0]
    assert results.filtered(table, told, "In the domain", "the file", True, "").index.tolist() == [0]
    assert results.filtered(table, told, "Outside it", "the file", True, "").index.tolist() == [1]
    assert results.filtered(table, told, "Not predicted", "the file", True, "").index.tolist() == [2]
    assert results.filtered(table, told, "All rows", "the file", True, "; X").index.tolist() == [1]
