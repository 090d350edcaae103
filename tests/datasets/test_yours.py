"""Data sets of the user's own: kept under a name, loaded by it, removed."""

import subprocess
import sys
from pathlib import Path

import pytest
from given_tables import reasons

from mmexplore.datasets import Task, catalog, storage
from mmexplore.runtime import seals
from mmexplore.runtime.errors import BadTable, UnknownName
from mmexplore.runtime.home import default_home

pytest_plugins = ("given_tables",)
pytestmark = pytest.mark.usefixtures("own_home")

MESSY = "smiles,name,active,logS\r\nCCO,ethanol,1,0.5\r\n\r\nC1CC,broken,1,2\r\nCCN,amine,0,1\r\n"


def test_a_set_of_ones_own_is_kept_under_its_title(written):
    added = catalog.add(
        written(MESSY, "My Table.CSV"), "Screen 7: ümlaut & co.", targets=["active"], home=default_home()
    )
    assert added.name == "screen_7_mlaut_co"
    assert added.title == "Screen 7: ümlaut & co."
    again = catalog.load("screen_7_mlaut_co", home=default_home())
    assert (again.digest, again.report, again.tasks) == (added.digest, added.report, added.tasks)
    entry = next(e for e in catalog.entries(home=default_home()) if e.name == added.name)
    assert (entry.source, entry.rows, entry.available) == ("yours", 4, True)
    assert entry.tasks == (Task("active", "classification"),)
    assert catalog.fetch(added.name, home=default_home()).read_bytes() == MESSY.encode()
    assert list(added.extra) == ["logS"]


def test_pasted_molecules_can_be_kept(own_home):
    added = catalog.add("CCO ethanol\nCCN.Cl\nOCC\n", "pasted", home=default_home())
    assert added.smiles.tolist() == ["CCO", "CCN"]
    assert reasons(added.report.merged) == {3: "same molecule as line 1"}
    assert (own_home / "uploads" / "pasted.txt").read_bytes() == b"CCO ethanol\nCCN.Cl\nOCC\n"


def test_no_name_is_taken_over_and_nothing_is_kept_twice():
    first = catalog.add("CCO\nCCN\n", "BACE", home=default_home())
    assert first.name == "bace_2"
    assert catalog.add("CCO\nCCN\n", "again", home=default_home()).name == "bace_2"
    assert catalog.add("CCO\nCCC\n", "BACE", home=default_home()).name == "bace_3"
    assert catalog.add("CCO\nCCN\n", "kept", duplicates="keep", home=default_home()).name == "kept"
    assert catalog.add("CCCO\n", "../../etc/<x>", home=default_home()).name == "etc_x"
    assert catalog.add("CCCCO\n", "???", home=default_home()).name == "molecules"


def test_what_cannot_be_read_is_not_kept(own_home, written):
    for given_, title in (("foo\nbar\n", "bad"), (written("smiles\n"), "empty")):
        with pytest.raises(BadTable):
            catalog.add(given_, title, home=default_home())
    with pytest.raises(BadTable, match="no file"):
        catalog.add(Path("none.csv"), "none", home=default_home())
    assert not [e for e in catalog.entries(home=default_home()) if e.source == "yours"]
    assert list((own_home / "uploads").iterdir()) == []


def test_a_set_can_be_removed_but_not_one_of_the_catalogue(own_home):
    added = catalog.add("CCO\nCCN\n", "mine", home=default_home())
    catalog.remove(added.name, home=default_home())
    with pytest.raises(UnknownName):
        catalog.load("mine", home=default_home())
    assert list((own_home / "uploads").iterdir()) == []
    assert list(own_home.glob("datasets/*/table.parquet")) == []
    for name in ("mine", "bace", "../../x"):
        with pytest.raises(UnknownName, match="data set of yours"):
            catalog.remove(name, home=default_home())


def test_text_is_never_read_as_a_path_unless_it_ends_like_a_table(written):
    path = written("smiles\nCCO\n")
    assert catalog.preview(str(path)).rows == 1
    assert catalog.preview("CCO").rows == 1
    with pytest.raises(BadTable, match="a header and no rows: '/etc/passwd'"):
        catalog.preview("/etc/passwd")


def test_a_damaged_card_is_no_data_set(own_home):
    catalog.add("CCO\nCCN\n", "mine", home=default_home())
    (own_home / "datasets" / "yours" / "mine.json").write_text("{")
    assert not [e for e in catalog.entries(home=default_home()) if e.source == "yours"]


@pytest.mark.release
def test_a_data_set_written_twice_at_once_is_whole(written, own_home):
    path = written("smiles,y\n" + "".join(f"{'C' * n}O,{n}.5\n" for n in range(1, 60)))
    code = f"from mmexplore import studio; print(len(studio.dataset({str(path)!r})))"
    runs = [subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) for _ in range(3)]
    assert [run.communicate()[0].strip() for run in runs] == ["59"] * 3
    folder = next(own_home.glob("datasets/*/card.json")).parent
    assert storage.read(folder, "t", "t") is not None
    kept = sorted(file.name for file in folder.iterdir() if not seals.is_seal(file))
    assert kept == ["card.json", "remarks.parquet", "rows.parquet", "table.parquet"]
