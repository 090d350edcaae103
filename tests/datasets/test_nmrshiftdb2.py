"""NMRShiftDB2's records: which spectrum is taken, where its peaks are put, and what the report says of the rest."""

import gzip
import json
from pathlib import Path

import numpy as np
import pytest
from rdkit import Chem
from rdkit.Chem import AllChem

from mmexplore.chem.molecules import parse
from mmexplore.datasets import Dataset, catalog
from mmexplore.datasets.readers.nmr_fields import measured_number, peaks
from mmexplore.features.of_dataset import features_of
from mmexplore.runtime.errors import BadTable, NotAvailable
from mmexplore.runtime.home import default_home


def record(number: int, smiles: str, fields: dict[str, str], hydrogens: bool = False, title: str = "") -> str:
    mol = Chem.AddHs(parse(smiles)) if hydrogens else parse(smiles)
    AllChem.Compute2DCoords(mol)
    mol.SetProp("_Name", title)
    told = "".join(f"> <{name}>\n{value}\n\n" for name, value in ({"nmrshiftdb2 ID": str(number)} | fields).items())
    return f"{Chem.MolToMolBlock(mol)}{told}$$$$\n"


def spectrum(*of: tuple[float, int]) -> str:
    return "".join(f"{ppm};0.0Q;{atom}|" for ppm, atom in of)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty data folder and a home of the test's own."""
    monkeypatch.setenv("MMEXPLORE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("MMEXPLORE_DATA_DIR", str(tmp_path / "data"))
    (tmp_path / "data").mkdir()
    return tmp_path / "data"


def told(data: Dataset, number: int) -> list[tuple[int, float]]:
    """Atoms of the kept SMILES and their shifts, of the molecule with this number."""
    (molecule,) = np.flatnonzero(data.lines == number)
    assert data.spectra is not None
    own = data.spectra.of(int(molecule))
    return sorted(zip(data.spectra.atom[own].tolist(), data.spectra.ppm[own].tolist(), strict=True))


def test_peaks_are_put_on_the_atoms_of_the_kept_smiles(here: Path) -> None:
    """Ethanol is drawn from its oxygen on, and acetone with hydrogens between."""
    drawn = record(7, "OCC", {"Spectrum 13C 0": spectrum((57.5, 1), (18.25, 2))}, title="ethanol")
    acetone = Chem.MolFromMolBlock(record(8, "CC(C)=O", {}, hydrogens=True), removeHs=False)
    order = [1, *range(4, 10), 0, 2, 3]
    block = Chem.MolToMolBlock(Chem.RenumberAtoms(acetone, order))
    fields = f"> <nmrshiftdb2 ID>\n8\n\n> <Spectrum 13C 0>\n{spectrum((206.5, 0), (30.5, 7), (30.75, 8))}\n\n$$$$\n"
    (here / "nmrshiftdb2withsignals.sd").write_text(drawn + block + fields)
    data = catalog.load("nmrshiftdb2", home=default_home())
    assert data.smiles.tolist() == ["CCO", "CC(C)=O"]
    assert data.names.tolist() == ["ethanol", "NMRShiftDB2 8"]
    assert told(data, 7) == [(0, 18.25), (1, 57.5)]
    assert {(a, p) for a, p in told(data, 8) if a == 1} == {(1, 206.5)}
    assert [a for a, _ in told(data, 8)] == [0, 1, 2]


def test_a_smiles_beside_the_drawing_brings_its_stereochemistry(here: Path) -> None:
    fields = {"Spectrum 13C 0": spectrum((17.0, 0), (51.0, 1), (176.0, 3)), "SMILES": "OC(=O)[C@@H](N)C"}
    (here / "NMR8K.sdf").write_text(record(1, "CC(N)C(=O)O", fields))
    data = catalog.load("nmrshiftdb2", home=default_home())
    assert data.smiles.tolist() == [Chem.CanonSmiles("OC(=O)[C@@H](N)C")]
    environments = {ppm: parse(data.smiles[0]).GetAtomWithIdx(a).GetTotalNumHs() for a, ppm in told(data, 1)}
    assert environments == {17.0: 3, 51.0: 1, 176.0: 0}


def test_a_smiles_of_another_molecule_is_not_believed(here: Path) -> None:
    fields = {"Spectrum 13C 0": spectrum((17.0, 0)), "SMILES": "CCCCN"}
    (here / "NMR8K.sdf").write_text(record(1, "CO", fields))
    assert catalog.load("nmrshiftdb2", home=default_home()).smiles.tolist() == ["CO"]


def test_a_flat_drawing_that_calls_itself_3d_has_no_chirality(here: Path) -> None:
    text = record(1, "CC(N)C(=O)O", {"Spectrum 13C 0": spectrum((17.0, 0))})
    (here / "NMR8K.sdf").write_text(text.replace("2D", "3D", 1))
    assert catalog.load("nmrshiftdb2", home=default_home()).smiles.tolist() == ["CC(N)C(=O)O"]


@pytest.mark.parametrize(
    ("fields", "number"),
    [
        ({"Spectrum 13C 0": "1", "Spectrum 13C 1": "1"}, 0),
        ({"Spectrum 13C 0": "1", "Spectrum 13C 10": "1", "Spectrum 13C 2": "1", "Program": "0:CSEARCH "}, 2),
        ({"Spectrum 13C 1": "1", "NMRMethod": "1:Hartree-Fock "}, None),
        ({"Spectrum 13C 1": "1", "Program": "2:ACD/Labs C+H NMR Predictors and DB, 2020.1.0 3:HOSE"}, 1),
        ({"Spectrum 1H 0": "1"}, None),
    ],
)
def test_the_first_spectrum_that_was_not_calculated_is_taken(fields: dict[str, str], number: int | None) -> None:
    assert measured_number(fields) == number


def test_what_is_no_peak_is_left_out() -> None:
    ppm, atoms = peaks({"Spectrum 13C 3": "17.5;0.0CH3;18|x;0.0;1|5;;2|-3.25;0.0S;4|7.0;0.0Q;|"}, 3)
    assert (ppm.tolist(), atoms.tolist()) == ([17.5, 5.0, -3.25], [18, 2, 4])


def test_lists_and_drawings_are_joined_and_the_rest_is_reported(here: Path) -> None:
    drawings = [
        record(1, "CCO", {"Spectrum 13C 0": spectrum((18.0, 0), (57.0, 1), (300.0, 1), (60.0, 2), (61.0, 77))}),
        record(2, "CCC", {"Spectrum 1H 0": spectrum((1.0, 3))}),
        record(3, "CCN", {"Spectrum 13C 0": spectrum((-20.0, 0))}),
    ]
    (here / "NMR8K.sdf.gz").write_bytes(gzip.compress("".join(drawings).encode()))
    listed = [
        {"nmrshiftdb2 ID": 1, "SMILES": "CCO", "Spectrum 13C 0": spectrum((99.0, 0))},
        {
            "nmrshiftdb2 ID": 4,
            "SMILES": "OCCC",
            "Spectrum 13C 0": spectrum((10.0, 0), (25.0, 1)),
            "Solvent": "0:Water ",
        },
        {"nmrshiftdb2 ID": 5, "SMILES": "C1CC", "Spectrum 13C 0": spectrum((10.0, 0))},
        {"nmrshiftdb2 ID": 6, "SMILES": "OCC", "Spectrum 13C 0": spectrum((11.0, 0), (12.0, 1), (13.0, 0))},
    ]
    (here / "nmrshiftdb2_13C.jsonl").write_text("".join(json.dumps(values) + "\n" for values in listed))
    data = catalog.load("nmrshiftdb2", home=default_home())
    assert dict(zip(data.lines.tolist(), data.smiles.tolist(), strict=True)) == {1: "CCO", 4: "CCCO"}
    assert told(data, 1) == [(-1, 60.0), (-1, 61.0), (0, 18.0), (1, 57.0)]  # 6 is the same molecule, with no atoms
    assert told(data, 4) == [(-1, 10.0), (-1, 25.0)]
    assert data.extra["solvent"].tolist() == ["", "Water"]
    reasons = {remark.line: remark.reason for remark in data.report.rejected}
    assert reasons[2] == "no measured 13C spectrum"
    assert "0 to 250 ppm" in reasons[3]
    assert "unclosed ring" in reasons[5]
    assert [remark.line for remark in data.report.merged] == [6]
    assert data.report.read == 6
    notes = " ".join(data.report.notes)
    for words in ("2 of 10 peaks are assigned", "2 peaks outside", "2 peaks name an atom that is no carbon"):
        assert words in notes
    assert features_of(data, "nmr_peaks", home=default_home()).ok.tolist() == [True, False]
    again = catalog.load("nmrshiftdb2", home=default_home())
    assert again.digest == data.digest
    assert told(again, 1) == told(data, 1)


def test_files_without_spectra_are_refused(here: Path) -> None:
    (here / "NMR8K.sdf").write_text(record(1, "CCO", {}))
    with pytest.raises(BadTable, match=r"no record of NMR8K\.sdf holds a measured 13C spectrum"):
        catalog.load("nmrshiftdb2", home=default_home())
    (here / "NMR8K.sdf").unlink()
    (here / "nmrshiftdb2_13C.jsonl").write_text("not json\n")
    with pytest.raises(BadTable, match="no JSON: 'not json"):
        catalog.load("nmrshiftdb2", home=default_home())


def test_what_is_not_here_says_where_it_is_from(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not next(e for e in catalog.entries(home=default_home()) if e.name == "nmrshiftdb2").available

    def unreachable(*_args: object, **_kwargs: object) -> None:
        raise OSError("no network")

    monkeypatch.setattr("pooch.retrieve", unreachable)
    with pytest.raises(NotAvailable, match=r"nmrshiftdb2withsignals\.sd from https://sourceforge\.net.*MMEXPLORE_DATA"):
        catalog.load("nmrshiftdb2", home=default_home())
    with pytest.raises(NotAvailable, match="could not be fetched"):
        catalog.fetch("nmrshiftdb2", home=default_home())
