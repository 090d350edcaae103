"""NMRShiftDB2's real records: shifts sit where chemistry and whoever assigned them say, and as MMFRL published them."""

import csv
import gzip
import io
import json
import os
import tarfile
from pathlib import Path

import numpy as np
import pytest
from rdkit import Chem

from mmexplore.chem.molecules import parse
from mmexplore.datasets import Dataset, nmrshiftdb2
from mmexplore.datasets.curation import curate
from mmexplore.datasets.readers.cells import sd_values
from mmexplore.datasets.readers.nmr_fields import measured_number, peaks

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def some_records(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every fifth record of the real SDF."""
    place = os.environ.get("MMEXPLORE_DATA_DIR", "")
    found = next(Path(place).rglob("NMR8K.sdf.gz"), None) if place else None
    if found is None:
        pytest.skip("MMEXPLORE_DATA_DIR is not set: this test wants NMRShiftDB2's real spectra")
    records = gzip.decompress(found.read_bytes()).decode().split("$$$$\n")[:-1]
    path = tmp_path_factory.mktemp("nmr") / "NMR8K.sdf"
    path.write_text("".join(record + "$$$$\n" for record in records[::5]))
    return path


@pytest.fixture(scope="module")
def assigned(some_records: Path) -> Dataset:
    return curate(nmrshiftdb2.raw((some_records,)), "nmrshiftdb2", "NMRShiftDB2")


@pytest.mark.release
def test_every_real_peak_sits_on_a_carbon_with_the_hydrogens_that_its_letter_says(
    some_records: Path, assigned: Dataset
) -> None:
    """S, D, T and Q were written by whoever assigned the spectrum: a witness that knows nothing of our numbering."""
    with some_records.open() as file:
        fields = {int(f["nmrshiftdb2 ID"]): f for f in sd_values(file)}
    spectra, right, elements = assigned.spectra, [], set()
    assert spectra is not None
    for molecule, smiles in enumerate(assigned.smiles):
        of = fields[int(assigned.lines[molecule])]
        text = of[f"Spectrum 13C {measured_number(of)}"]
        parts = [peak.split(";") for peak in text.split("|") if peak.strip()]
        letters = [part[1][-1:] for part in parts if 0 <= float(part[0]) <= 250]
        mol, atoms = parse(smiles), spectra.atom[spectra.of(molecule)].tolist()
        for letter, atom in zip(letters, atoms, strict=True):
            elements |= {mol.GetAtomWithIdx(atom).GetSymbol()} if atom >= 0 else set()
            if atom >= 0 and letter in "SDTQ" and letter:
                right.append("SDTQ".index(letter) == mol.GetAtomWithIdx(atom).GetTotalNumHs())
    assert elements == {"C"}
    assert len(right) > 10_000
    assert np.mean(right) > 0.97


@pytest.mark.release
def test_real_shifts_are_where_chemistry_puts_them(assigned: Dataset) -> None:
    """Medians of carbonyls, aromatic carbons and methyl groups, which a shuffled numbering would level."""
    spectra, found = assigned.spectra, {"C=O": [], "c": [], "[CH3][CX4]": []}  # type: ignore[var-annotated]
    assert spectra is not None
    patterns = {smarts: Chem.MolFromSmarts(smarts) for smarts in found}
    for molecule in range(len(assigned)):
        mol, own = parse(assigned.smiles[molecule]), spectra.of(molecule)
        for smarts, pattern in patterns.items():
            atoms = {match[0] for match in mol.GetSubstructMatches(pattern)}
            found[smarts] += [p for a, p in zip(spectra.atom[own], spectra.ppm[own], strict=True) if int(a) in atoms]
    quartiles = {smarts: np.percentile(ppm, [5, 95]) for smarts, ppm in found.items()}
    assert quartiles["C=O"][0] > 155
    assert 95 < quartiles["c"][0] < quartiles["c"][1] < 165
    assert quartiles["[CH3][CX4]"][1] < 35


def test_the_published_samples_of_mmfrl_are_the_same_spectra(real_data: Path) -> None:
    """Thirty spectra of the authors' own, ppm by ppm and atom by atom of the mol block."""
    archive, listed = (next(real_data.rglob(n), None) for n in ("mmfrl_demo_nmr.tar.gz", "nmrshiftdb2_13C.jsonl.gz"))
    if archive is None or listed is None:
        pytest.skip("the published samples are not in MMEXPLORE_DATA_DIR")
    with tarfile.open(archive) as tar:
        members = [m for m in tar.getmembers() if m.name.endswith(".csv") and "cnmr/" in m.name]
        golden = {int(Path(m.name).stem): tar.extractfile(m).read().decode() for m in members}  # type: ignore[union-attr]
    assert len(golden) == 30
    with gzip.open(listed, "rt") as file:
        fields = {v["nmrshiftdb2 ID"]: v for v in map(json.loads, file) if v["nmrshiftdb2 ID"] in golden}
    for number, text in golden.items():
        expected = sorted((float(r["ppm"]), int(float(r["atom"]))) for r in csv.DictReader(io.StringIO(text)))
        values = {key: str(value) for key, value in fields[number].items()}
        chosen = measured_number(values)
        assert chosen is not None
        ppm, atoms = peaks(values, chosen)
        inside = (ppm >= nmrshiftdb2.LOWEST_PPM) & (ppm <= nmrshiftdb2.HIGHEST_PPM)
        mine = sorted(zip(ppm[inside].tolist(), atoms[inside].tolist(), strict=True))
        assert [a for _, a in mine] == [a for _, a in expected]
        np.testing.assert_allclose([p for p, _ in mine], [p for p, _ in expected], atol=1e-4)
