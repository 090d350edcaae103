"""Laws over every member of every family: a new file is under them the moment it exists.

Those of encoders and fusions that need batches stand in ``test_encoder_laws.py``.
"""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from packed_records import MEASURED, STRUCTURAL
from rdkit import Chem
from rdkit.Chem import Mol

from mmexplore.chem.molecules import canonical, parse
from mmexplore.features.modalities import Measured, Modality, Record
from mmexplore.runtime.errors import BadMolecule, BadRecipe
from mmexplore.runtime.registry import BASELINES, ENCODERS, FUSIONS, MODALITIES

MOLECULES = {
    "ethanol": "OCC",
    "aspirin": "CC(=O)Oc1ccccc1C(=O)O",
    "caffeine": "Cn1cnc2c1c(=O)n(C)c(=O)n2C",
    "salt": "CC(=O)[O-].[Na+]",
    "a metal's salt": "[O-]C(=O)C(O)C(O)C(=O)[O-].[K+].[Sb+3]",
    "single atom": "[Xe]",
    "single ion": "[Cl-]",
    "disconnected": "c1ccccc1.CCO.O",
    "isotopes": "[2H]C([2H])([13CH3])O",
    "centres": "C[C@H](N)[C@@H](O)C(=O)O",
    "double bonds": r"C/C=C/C=C\C",
    "rings": "C1CC2CCC1CC2",
    "sugar": "OC[C@H]1O[C@@H](O)[C@H](O)[C@@H](O)[C@@H]1O",
    "hypervalent": "FS(F)(F)(F)(F)c1ccc(P(Cl)(Cl)(Cl)Cl)cc1",
    "any atom": "*c1ccccc1",
}


def numbered_anew(molecule: Mol, seed: int) -> Mol:
    """The same molecule with its atoms in another order."""
    order = np.random.default_rng(seed).permutation(molecule.GetNumAtoms())
    return Chem.RenumberAtoms(molecule, order.tolist())


def assert_same(one: Record, other: Record) -> None:
    assert one.keys() == other.keys()
    for name in one:
        np.testing.assert_array_equal(one[name], other[name], err_msg=name, strict=True)


# ---- every family ----------------------------------------------------------------------------------------------


def test_names_and_options_are_known_without_importing_a_member() -> None:
    program = """
import json, sys
from mmexplore.runtime.registry import BASELINES, ENCODERS, FUSIONS, MODALITIES
found = {}
for family in (MODALITIES, ENCODERS, FUSIONS, BASELINES):
    for name in family.names():
        found[f"{family.package}.{name}"] = sorted(family.options(name).model_json_schema().get("properties", {}))
print(json.dumps([found, [m for m in sys.modules if m in found or m in ("torch", "rdkit")]]))
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=Path(__file__).parents[1]
    )
    found, imported = json.loads(done.stdout)
    assert {"mmexplore.features.modalities.graph2d", "mmexplore.features.modalities.fingerprint"} <= found.keys()
    assert imported == []


@pytest.mark.parametrize("family", [MODALITIES, ENCODERS, FUSIONS, BASELINES], ids=lambda f: f.kind)
def test_an_unknown_option_is_refused_in_words(family) -> None:
    for name in family.names():
        with pytest.raises(BadRecipe, match="no_such_option"):
            family.validated(name, {"no_such_option": 1})


# ---- modalities ------------------------------------------------------------------------------------------------


@pytest.fixture(params=STRUCTURAL)
def modality(request: pytest.FixtureRequest) -> Modality:
    return MODALITIES[request.param]()


def assert_is_what_its_columns_say(modality: Modality, record: Record) -> None:
    assert record.keys() == modality.columns.keys()
    lengths: dict[str, set[int]] = {}
    for name, column in modality.columns.items():
        values = record[name]
        assert values.dtype == np.dtype(column.dtype), name
        assert values.shape[bool(column.axis) :] == (column.width,) * bool(column.width), name
        if column.axis:
            lengths.setdefault(column.axis, set()).add(len(values))
    assert all(len(of_axis) == 1 for of_axis in lengths.values())
    for name, column in modality.columns.items():
        if column.points_into and record[name].size:
            assert record[name].min() >= 0
            assert record[name].max() < max(lengths[column.points_into])


@pytest.mark.parametrize("smiles", MOLECULES.values(), ids=MOLECULES.keys())
def test_a_record_is_what_its_columns_say(modality: Modality, smiles: str) -> None:
    assert_is_what_its_columns_say(modality, modality.record(parse(smiles)))


@pytest.mark.parametrize("smiles", MOLECULES.values(), ids=MOLECULES.keys())
def test_two_spellings_of_a_molecule_have_one_record(modality: Modality, smiles: str) -> None:
    molecule = parse(smiles)
    record = modality.record(molecule)
    assert_same(record, modality.record_as_read(parse(canonical(molecule))))
    for seed in range(5):
        assert_same(record, modality.record(numbered_anew(molecule, seed)))
        spelt = Chem.MolToRandomSmilesVect(molecule, 1, randomSeed=seed + 1)[0]
        assert_same(record, modality.record(parse(spelt)))


def test_other_molecules_have_other_records(modality: Modality) -> None:
    one, other = modality.record(parse("CCO")), modality.record(parse("CCN"))
    assert any(not np.array_equal(one[name], other[name]) for name in modality.columns)


def test_a_molecule_without_atoms_is_refused(modality: Modality) -> None:
    with pytest.raises(BadMolecule, match="atom"):
        modality.record(Mol())
    with pytest.raises(BadMolecule, match="atom"):
        modality.record_as_read(Mol())


@pytest.mark.parametrize("nonsense", ["", "  ", "C1CC", "c1cccc1", "not a molecule", "C" * 20_000, "C(C)(C)(C)(C)C"])
def test_nonsense_never_reaches_a_modality(nonsense: str) -> None:
    with pytest.raises(BadMolecule):
        parse(nonsense)


def test_a_modality_leaves_the_molecule_as_it_came(modality: Modality) -> None:
    molecule = numbered_anew(parse(MOLECULES["sugar"]), 3)
    before = molecule.ToBinary()
    modality.record(molecule)
    assert molecule.ToBinary() == before


# ---- modalities that are measured -----------------------------------------------------------------------------------


@pytest.fixture(params=MEASURED)
def measured(request: pytest.FixtureRequest) -> Measured:
    found: Measured = MODALITIES[request.param]()
    return found


SPECTRA = {
    "one peak": ([20.0], [0]),
    "two carbons of one shift": ([128.4, 128.4, 77.0], [3, 1, 0]),
    "partly assigned": ([10.0, 33.3, 250.0], [2, -1, 0]),
}


@pytest.mark.parametrize(("ppm", "atom"), SPECTRA.values(), ids=SPECTRA.keys())
def test_a_measured_record_is_what_its_columns_say_in_any_order_of_peaks(
    measured: Measured, ppm: list[float], atom: list[int]
) -> None:
    shifts, atoms = np.array(ppm, np.float32), np.array(atom, np.int32)
    record = measured.measured(shifts, atoms)
    assert_is_what_its_columns_say(measured, record)
    for seed in range(3):
        order = np.random.default_rng(seed).permutation(len(ppm))
        assert_same(record, measured.measured(shifts[order], atoms[order]))
    other = measured.measured(shifts + 1, atoms)
    assert any(not np.array_equal(record[name], other[name]) for name in record)


def test_nothing_measured_is_refused_and_a_structure_alone_too(measured: Measured) -> None:
    with pytest.raises(BadMolecule, match="no measured"):
        measured.measured(np.empty(0, np.float32), np.empty(0, np.int32))
    with pytest.raises(BadMolecule, match="structure alone"):
        measured.record(parse("CCO"))
    with pytest.raises(BadMolecule, match="structure alone"):
        measured.record_as_read(parse("CCO"))
