"""Rows appended to a data set of the user's: as if both files had been one, whatever their columns are called."""

import json
from pathlib import Path

import numpy as np
import pytest
from given_tables import Written, reasons
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from mmexplore import studio
from mmexplore.cli.app import app
from mmexplore.datasets import Dataset, catalog, yours
from mmexplore.runtime.errors import BadTable, UnknownName
from mmexplore.runtime.home import Home, default_home

pytest_plugins = ("given_tables",)
SPELLINGS = ["CCO", "OCC", "CCN", "NCC", "c1ccccc1", "C1=CC=CC=C1", "C1CC", "", "CCN.Cl", "CCCC"]
ROWS = st.lists(st.tuples(st.sampled_from(SPELLINGS), st.sampled_from(["1", "2.5", "", "-3"])), min_size=1, max_size=6)
FIRST = "smiles,name,y\nCCO,ethanol,1.5\nCCN,amine,2\nC1CC,broken,3\nCCCCC,pentane,0.5\n"


def table(rows: list[tuple[str, str]], header: str) -> str:
    return "\n".join([header, *(f"{smiles},m,{value}" for smiles, value in rows)]) + "\n"


def held(made: Dataset) -> list[tuple[str, float]]:
    return list(zip(made.smiles.tolist(), np.nan_to_num(made.labels[:, 0], nan=-99).tolist(), strict=True))


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(first=ROWS, second=ROWS)
@pytest.mark.release
def test_two_files_are_as_one(
    tmp_path_factory: pytest.TempPathFactory, first: list[tuple[str, str]], second: list[tuple[str, str]]
) -> None:
    place = tmp_path_factory.mktemp("both")
    home = Home(place / "home")
    first = [("CO", "4"), *first]
    texts = {"one": table(first, "smiles,name,y"), "two": table(second, "SMILES,Name,Y")}
    texts["both"] = table(first + second, "smiles,name,y")
    paths = {}
    for name, text in texts.items():
        paths[name] = place / f"{name}.csv"
        paths[name].write_text(text)
    about = {"smiles": "smiles", "targets": ["y"], "kinds": {"y": "regression"}, "home": home}
    catalog.add(paths["one"], "mine", **about)
    whole = catalog.add(paths["both"], "whole", **about)
    try:
        grown, report = catalog.append("mine", paths["two"], home=home)
    except BadTable:
        assert all(smiles in ("", "C1CC") for smiles, _ in second)  # no structure column can be seen in it
        return
    assert held(grown) == held(whole)
    assert grown.digest == whole.digest
    assert (grown.report.read, grown.report.kept) == (whole.report.read, whole.report.kept)
    assert report.read == len(second) == report.new + report.merged + report.rejected
    assert report.new == len(grown) - len(
        catalog.load(paths["one"], smiles="smiles", targets=["y"], kinds=about["kinds"], home=home)
    )


@pytest.mark.usefixtures("own_home")
def test_columns_are_matched_by_name_and_the_report_says_what_became_of_each_row(written: Written) -> None:
    before = catalog.add(written(FIRST), "mine", targets=["y"], home=default_home())
    other = written("Y;Comment;SMILES\n9;new;CCCl\n2.5;again;OCC\n;bad;C1CCC\n", "more.csv")
    made, report = catalog.append("mine", other, home=default_home())
    assert (report.read, report.new, report.merged, report.rejected) == (3, 1, 1, 1)
    assert made.smiles.tolist() == ["CCO", "CCN", "CCCCC", "CCCl"]
    assert made.labels[:, 0].tolist() == [2.0, 2.0, 0.5, 9.0]  # 1.5 and 2.5 of one molecule are averaged
    assert made.extra["Comment"].tolist() == ["", "", "", "new"]
    assert made.lines.tolist() == [2, 3, 5, 7]
    assert reasons(made.report.merged)[8].startswith("same molecule as line 2")
    assert list(reasons(made.report.rejected)) == [4, 9]
    assert any("more.csv" in note for note in made.report.notes)
    assert made.digest != before.digest
    again = catalog.load("mine", home=default_home())
    assert again.digest == made.digest
    assert next(e.rows for e in catalog.entries(home=default_home()) if e.name == "mine") == 7


@pytest.mark.usefixtures("own_home")
def test_labels_that_a_file_lacks_stay_empty_and_are_said(written: Written) -> None:
    catalog.add(written(FIRST), "mine", targets=["y"], home=default_home())
    made, report = catalog.append("mine", "CCBr bromide\nCCI iodide\n", home=default_home())
    assert (report.new, report.merged) == (2, 0)
    assert np.isnan(made.labels[-2:, 0]).all()
    assert made.names.tolist()[-2:] == ["bromide", "iodide"]
    assert any("no column 'y'" in note for note in made.report.notes)


def test_what_was_made_of_the_former_content_stays(own_home: Path, written: Written) -> None:
    before = catalog.add(written(FIRST), "mine", targets=["y"], home=default_home())
    kept = own_home / "maps" / f"model-{before.digest}"
    kept.mkdir(parents=True)
    for _ in range(2):
        catalog.append("mine", "CCBr\n", home=default_home())
    assert kept.is_dir()
    files = yours.more("mine", home=default_home())
    assert len(files) == 2
    catalog.remove("mine", home=default_home())
    assert not any(path.exists() for path in files)
    assert [e.name for e in catalog.entries(home=default_home()) if e.source == "yours"] == []


def test_what_cannot_be_appended_leaves_all_as_it_was(own_home: Path, written: Written) -> None:
    before = catalog.add(written(FIRST), "mine", targets=["y"], home=default_home())
    uploads = sorted((own_home / "uploads").iterdir())
    for given_ in (written("a,b\n1,2\n", "bad.csv"), Path("none.csv")):
        with pytest.raises(BadTable):
            catalog.append("mine", given_, home=default_home())
    with pytest.raises(UnknownName, match="no data set of yours"):
        catalog.append("solubility", "CCO\n", home=default_home())
    assert catalog.load("mine", home=default_home()).digest == before.digest
    assert sorted((own_home / "uploads").iterdir()) == uploads


@pytest.mark.usefixtures("own_home")
def test_the_shell_appends(written: Written) -> None:
    first, more = written(FIRST), written("smiles,y\nCCBr,1\nCCO,2\n", "more.csv")
    runner = CliRunner()
    made = runner.invoke(app, ["import", str(first), "--name", "mine", "--json"], catch_exceptions=False)
    name = json.loads(made.stdout)["data"]
    done = runner.invoke(app, ["import", str(more), "--append", name, "--json"], catch_exceptions=False)
    told = json.loads(done.stdout)
    assert told["appended"] == {"read": 2, "new": 1, "merged": 1, "rejected": 0}
    assert told["report"]["read"] == 6
    assert len(studio.dataset(name)) == told["report"]["kept"] == 4
