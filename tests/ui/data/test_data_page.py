"""The Data page without a browser: the catalogue, uploads, their reports, and sentences for what holds no molecules."""

from pathlib import Path

import pytest
from screens import NASTY, page, shown
from streamlit.testing.v1 import AppTest
from working_jobs import until

from mmexplore import studio
from mmexplore.ui.shell import session, uploads

pytest_plugins = ("screens",)
TABLE = f"""Compound Name;Structure;pIC50\r
{NASTY};CCO;5.1\r
*bold* $x$ [link](http://evil);c1ccccc1O;6.2\r
:red[hey];CC(=O)Oc1ccccc1C(=O)O;n/a\r
twice;OCC;5.3\r
bad;C1CC;3\r
;;\r
"""


class TestData:
    def test_it_opens_on_the_catalogue_and_the_chosen_set(self, empty_home: Path) -> None:
        app = page("7_Data.py")
        assert not app.exception
        names = list(app.dataframe[0].value["name"])
        assert {"solubility", "freesolv", "bbbp", "hiv"} <= set(names)
        lines = app.dataframe[0].value.set_index("name")
        assert lines["molecules"].drop("nmrshiftdb2").notna().all()
        assert set(lines["counted"].drop("nmrshiftdb2")) == {"published"}
        assert {metric.label: metric.value for metric in app.metric}["Rows read"] == "1,282"

    @pytest.mark.release
    def test_a_set_is_fetched_by_a_job(self, empty_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """The job here is a server of no files: what cannot be fetched is one sentence, and can be tried again."""
        monkeypatch.delenv("MMEXPLORE_DATA_DIR", raising=False)
        monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")  # no way out of this machine
        app = page("7_Data.py")
        app.button(key="fetch/cep").click()
        app.button(key="fetch/cep").click().run()
        assert not app.exception
        (job,) = studio.list_jobs()
        assert (job.verb, job.arguments, job.device) == ("fetch", ("cep",), "downloads")
        until(lambda: not studio.job(job.id).active)
        app.run()
        assert not app.exception
        assert "could not be fetched" in app.warning[0].value
        assert app.button(key="fetch/cep").label == "Fetch"

    def pasted(self, text: str, app: AppTest | None = None) -> AppTest:
        app = app or page("7_Data.py")
        app.segmented_control(key="upload/way").set_value("Pasted SMILES").run()
        return next(a for a in app.text_area if a.label.startswith("SMILES")).set_value(text).run()

    def test_a_messy_table_is_imported_and_reported(self, empty_home: Path) -> None:
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
    def test_what_holds_no_molecules_is_one_sentence(self, empty_home: Path, text: str, said: str) -> None:
        app = self.pasted(text)
        assert not app.exception
        if not app.error:
            app.button(key="upload/import").click().run()
        assert not app.exception
        assert len(app.error) == 1
        assert said in app.error[0].value
        assert not [entry for entry in studio.datasets() if entry.source == "yours"]

    def test_a_workbook_is_refused_in_words(self, empty_home: Path) -> None:
        path = uploads.keep("../../evil name.xlsx", b"PK\x03\x04 and more")
        assert path.parent.parent == empty_home / "uploads" / "incoming"
        app = page("7_Data.py")
        left = next(s for s in app.selectbox if s.label.startswith("Uploaded"))
        left.select_index(0).run()
        assert "Excel" in app.error[0].value

    def test_a_title_that_is_taken_is_said_and_kept_apart(self, empty_home: Path) -> None:
        app = self.pasted("CCO\nCCN\n")
        app.button(key="upload/import").click().run()
        app = self.pasted("CCC\nCCCC\n", app)
        title = next(t for t in app.text_input if t.label == "Title")
        assert "already" in shown(app) or title.value != "pasted"
        app.button(key="upload/import").click().run()
        assert not app.exception
        assert len({entry.name for entry in studio.datasets() if entry.source == "yours"}) == 2

    def test_a_refused_upload_says_why_and_can_be_deleted(self, empty_home: Path) -> None:
        uploads.keep("bad.csv", b"a,b\n1,2\n")
        uploads.keep("empty.csv", b"\n")
        app = page("7_Data.py")
        left = next(s for s in app.selectbox if s.label.startswith("Uploaded"))
        assert sorted(left.options) == ["bad.csv", "empty.csv"]
        left.set_value("empty.csv").run()
        assert "is empty" in app.error[0].value
        next(button for button in app.button if button.label == "Delete this upload").click().run()
        assert not app.exception
        assert [path.name for path in uploads.waiting()] == ["bad.csv"]
        uploads.refuse(uploads.waiting()[0], "it holds no molecules")
        assert "bad.csv was refused: it holds no molecules" in shown(page("7_Data.py"))

    def test_few_whole_numbers_are_asked_about_and_a_threshold_answers(self, empty_home: Path) -> None:
        rows = "".join(f"{'C' * (i + 1)},{i % 3},{i}.5\n" for i in range(9))
        app = self.pasted(f"smiles,cls,y\n{rows}")
        assert app.button(key="upload/import").disabled
        asked = next(c for c in app.segmented_control if "classes or numbers" in c.label)
        asked.set_value("classes").run()
        assert not app.button(key="upload/import").disabled
        next(t for t in app.text_input if t.label.startswith("Threshold")).set_value("1,5").run()
        next(t for t in app.text_input if t.label == "Title").set_value("by page").run()
        app.button(key="upload/import").click().run()
        assert not app.exception
        made = studio.dataset("by_page")
        assert [task.kind for task in made.tasks] == ["classification", "classification"]
        from_shell = studio.add_dataset(f"smiles,cls,y\n{rows}", "by shell", targets=["cls", "y"], threshold=1.5)
        assert from_shell.digest == made.digest

    def test_one_columns_unit_is_not_anothers(self, empty_home: Path) -> None:
        """A logarithm of a year, as if it were a concentration, is refused as the shell refuses it."""
        rows = "".join(f"{'C' * (i + 1)},{10 * i + 10},{2000 + i}.5\n" for i in range(9))
        app = self.pasted(f"smiles,IC50 (nM),year\n{rows}")
        assert next(t for t in app.text_input if t.label == "Unit").value == "nM"
        next(t for t in app.toggle if t.label.startswith("Take -log10")).set_value(True).run()
        app.button(key="upload/import").click().run()
        assert "the unit of 'year' has to be said" in app.error[0].value.replace("\\", "")
        next(m for m in app.multiselect if m.label == "Label columns").set_value(["IC50 (nM)"]).run()
        next(t for t in app.text_input if t.label == "Title").set_value("one label").run()
        app.button(key="upload/import").click().run()
        made = studio.dataset("one_label")
        assert made.tasks[0].unit == "-log10(mol/L)"
        assert made.labels[0, 0] == pytest.approx(8)

    def test_the_same_file_twice_is_said_and_kept_once(self, empty_home: Path) -> None:
        app = self.pasted("CCO\nCCN\n")
        app.button(key="upload/import").click().run()
        app = self.pasted("CCO\nCCN\n", app)
        app.button(key="upload/import").click().run()
        assert not app.exception
        assert "not kept twice" in shown(app)
        assert len([entry for entry in studio.datasets() if entry.source == "yours"]) == 1

    def test_two_clicks_import_once(self, empty_home: Path) -> None:
        app = self.pasted("CCO\nCCN\n")
        button = app.button(key="upload/import")
        button.click()
        button.click().run()
        assert len([entry for entry in studio.datasets() if entry.source == "yours"]) == 1

    def test_a_set_is_renamed_and_what_is_kept_is_told(self, empty_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        studio.add_dataset("CCO ethanol\nCCN amine\n", "Mine")
        studio.count_bytes()
        (empty_home / "datasets" / "yours" / "odd.json").write_text("[]")
        own = lambda: next(entry for entry in studio.datasets() if entry.source == "yours")  # noqa: E731
        monkeypatch.setattr(session, "choice", lambda: session.Choice(own().name, "ecfp", "ecfp"))
        app = page("7_Data.py")
        app.text_input(key="data/title/mine").set_value("Kinase screen")
        next(button for button in app.button if button.label == "Rename").click().run()
        assert not app.exception
        assert (own().title, own().name, app.session_state["data"]) == ("Kinase screen", *2 * ["kinase_screen"])
        assert "data set odd" in shown(app)
        assert f"MB in {empty_home}" in shown(app)
