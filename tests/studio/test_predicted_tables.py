"""Tables as people have them come back with each row and each column of theirs, from Python and the shell alike."""

import csv
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hard_tables import TABLES, HardTable
from predicted_models import TASK, trained
from typer.testing import CliRunner

from mmexplore import studio
from mmexplore.cli.app import app
from mmexplore.datasets.readers.rows import rows_of
from mmexplore.datasets.tables import cell
from mmexplore.runtime.errors import BadTable

pytest_plugins = ("screens",)


def by_python(model: str, data: Path, out: Path, options: dict[str, str]) -> int:
    return studio.predict(model, data, out, **options).predicted


def by_shell(model: str, data: Path, out: Path, options: dict[str, str]) -> int:
    words = [word for name, value in options.items() for word in (f"--{name}", value)]
    told = ["predict", "--model", model, "--data", str(data), "--out", str(out), *words, "--json"]
    done = CliRunner().invoke(app, told, catch_exceptions=False)
    assert done.exit_code == 0
    return int(json.loads(done.stdout)["predicted"])


@pytest.mark.parametrize("door", [by_python, by_shell])
@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_nothing_of_a_table_is_lost(table: HardTable, door, empty_home: Path, tmp_path: Path) -> None:
    model, out = trained(empty_home), tmp_path / "out.csv"
    assert door(model, table.write(tmp_path), out, table.options) == sum(table.predicted)
    with out.open(newline="", encoding="utf-8") as file:
        header, *rows = csv.reader(file)
    own = len(table.columns)
    assert header[:own] == [cell(name) for name in table.columns]
    assert [tuple(row[:own]) for row in rows] == [tuple(map(cell, row)) for row in table.rows]
    for number, (row, good) in enumerate(zip(rows, table.predicted, strict=True)):
        made = dict(zip(header[own:], row[own:], strict=True))
        assert bool(made[TASK]) == bool(made["in_domain"]) == good == made["status"].startswith("predicted"), made
        assert made["status"].startswith(table.says.get(number, "")), made["status"]
        assert len(made["status"]) > 4


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_what_a_page_offers_is_what_is_read(table: HardTable, tmp_path: Path) -> None:
    path = table.write(tmp_path)
    found = studio.table_head(path, table.options.get("sheet"))
    if not found.columns:
        assert table.structures == ""
        return
    assert found.columns == table.columns
    assert rows_of(path, found.structures, found.sheet or None).structures == found.structures
    assert found.structures == table.structures or table.options.get("smiles") == table.structures


def test_a_frame_keeps_its_kinds_its_names_and_its_index(empty_home: Path) -> None:
    model = trained(empty_home)
    day = pd.Timestamp("2026-01-02")
    own = {
        "smiles": ["CCO", None, "C1CC"],
        0: [1, 2, 3],
        "yes": [True, False, True],
        "day": [day] * 3,
        "list": [[1], [], [2]],
    }
    frame = pd.DataFrame(own, index=[7, 7, "x"])
    frame.insert(1, "again", ["a", "b", "c"])
    frame.columns = [*frame.columns[:1], "yes", *frame.columns[2:]]  # of one name
    found = studio.predict(model, frame).frame
    assert found is not None
    pd.testing.assert_frame_equal(found.iloc[:, : frame.shape[1]], frame)
    assert found.index.tolist() == [7, 7, "x"]
    assert found[TASK].notna().tolist() == [True, False, False]


def test_what_has_no_name_is_found_and_what_has_no_row_is_said(empty_home: Path) -> None:
    model = trained(empty_home)
    made = studio.predict(model, pd.DataFrame([["a", "CCO"], ["b", "CCN"]])).frame
    assert made is not None
    assert made[TASK].notna().all()
    assert np.ptp(studio.predict(model, pd.Series(["CCO", "OCC"])).frame[TASK]) == 0  # type: ignore[index]
    for nothing in ([], pd.DataFrame({"smiles": []}), pd.DataFrame()):
        with pytest.raises(BadTable):
            studio.predict(model, nothing)
