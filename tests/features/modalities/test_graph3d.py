"""Conformers: shapes that RDKit agrees with, one for every molecule, each way they were made recorded."""

import numpy as np
import pytest
from rdkit import Chem
from rdkit.Chem import rdDistGeom, rdForceFieldHelpers

from mmexplore.chem.molecules import canonical, parse
from mmexplore.features.featurize import featurize
from mmexplore.features.modalities import Record, graph3d
from mmexplore.features.modalities.graph3d import Graph3D
from mmexplore.features.store import features
from mmexplore.features.workers import featurised
from mmexplore.nn.geometry.conformers import how_made
from mmexplore.runtime.home import default_home

ASPIRIN, ALANINE = "CC(=O)Oc1ccccc1C(=O)O", "C[C@H](N)C(=O)O"
TWISTED = "C1[C@@H]2C[C@H]12"  # a stereo that no bicycle can have
STRAINED = "C[C@H]1[C@@]2([H])C[C@]12C"  # nor RDKit's bounds allow
SALTS = ["[Na+].[Cl-]", "CC(=O)[O-].[K+]", "c1ccccc1.CCO.O", "[O-]C(=O)C(O)C(O)C(=O)[O-].[K+].[Sb+3]"]


def record(smiles: str, **options: object) -> Record:
    return Graph3D(**options).record(parse(smiles))


def shapes(record: Record) -> np.ndarray:
    """Positions ``(conformers, atoms, 3)`` in the order of the atoms."""
    found = np.full((record["conformer"].max() + 1, len(record["atoms"]), 3), np.nan)
    found[record["conformer"], record["atom"]] = record["positions"]
    return found


def bonds(smiles: str, shapes: np.ndarray) -> np.ndarray:
    ends = np.array([(b.GetBeginAtomIdx(), b.GetEndAtomIdx()) for b in parse(canonical(parse(smiles))).GetBonds()])
    return np.linalg.norm(shapes[:, ends[:, 0]] - shapes[:, ends[:, 1]], axis=2)


def test_positions_are_those_that_rdkit_embeds() -> None:
    molecule = Chem.AddHs(parse(canonical(parse(ASPIRIN))))
    parameters = rdDistGeom.ETKDGv3()
    parameters.randomSeed, parameters.enableSequentialRandomSeeds = 60, True
    rdDistGeom.EmbedMultipleConfs(molecule, 2, parameters)
    for hydrogens, atoms in ((True, molecule.GetNumAtoms()), (False, 13)):
        found = shapes(record(ASPIRIN, conformers=2, seed=3, hydrogens=hydrogens, mmff="off"))
        for mine, theirs in zip(found, molecule.GetConformers(), strict=True):
            expected = theirs.GetPositions()[:atoms]
            np.testing.assert_allclose(mine, expected - expected.mean(0), atol=1e-5)


def test_mmff_goes_downhill_as_far_as_it_is_let() -> None:
    energies = []
    for mmff in ("off", "capped", "full"):
        molecule = Chem.AddHs(parse(canonical(parse(ASPIRIN))))
        conformer = Chem.Conformer(molecule.GetNumAtoms())
        conformer.SetPositions(shapes(record(ASPIRIN, conformers=1, hydrogens=True, mmff=mmff))[0])
        molecule.AddConformer(conformer)
        properties = rdForceFieldHelpers.MMFFGetMoleculeProperties(molecule)
        field = rdForceFieldHelpers.MMFFGetMoleculeForceField(molecule, properties)
        energies.append(field.CalcEnergy())
    assert energies[0] > energies[1] + 1 > energies[2] + 1


@pytest.mark.parametrize("smiles", [ASPIRIN, "OC[C@H]1O[C@@H](O)[C@H](O)[C@@H](O)[C@@H]1O", "CC#CC(F)(F)Br", TWISTED])
def test_bonds_have_the_lengths_of_bonds(smiles: str) -> None:
    lengths = bonds(smiles, shapes(record(smiles)))
    assert lengths.min() > 1.1
    assert lengths.max() < 2.1


def test_a_conformers_centroid_lies_at_the_origin() -> None:
    for hydrogens in (False, True):
        for smiles in (ASPIRIN, "[Xe]", *SALTS):
            found = shapes(record(smiles, hydrogens=hydrogens))
            assert np.isfinite(found).all()
            np.testing.assert_allclose(found.mean(1), 0, atol=1e-5)


def test_seeds_and_conformers_differ_and_repeat() -> None:
    one, again, other = (shapes(record(ASPIRIN, seed=seed)) for seed in (0, 0, 1))
    np.testing.assert_array_equal(one, again)
    all_of_them = np.concatenate([one, other])
    assert len(all_of_them) == 10
    apart = np.abs(all_of_them[:, None] - all_of_them).max((2, 3)) + np.eye(10)
    assert apart.min() > 0.1
    np.testing.assert_array_equal(shapes(record(ASPIRIN, conformers=2)), one[:2])


def test_stereo_is_that_of_the_smiles() -> None:
    for smiles in map(canonical, map(parse, (ALANINE, ALANINE.replace("@", "@@"), "F/C=C/Cl", r"F/C=C\Cl"))):
        for shape in shapes(record(smiles)):
            molecule = parse(smiles)
            Chem.RemoveStereochemistry(molecule)
            conformer = Chem.Conformer(len(shape))
            conformer.SetPositions(shape)
            molecule.AddConformer(conformer)
            Chem.AssignStereochemistryFrom3D(molecule)
            assert canonical(molecule) == smiles


def test_hydrogens_stand_behind_the_atoms_of_the_smiles() -> None:
    assert record("CCO", hydrogens=True)["atoms"].tolist() == [6, 6, 8, 1, 1, 1, 1, 1, 1]
    assert record("CCO")["atoms"].tolist() == [6, 6, 8]
    assert record("[2H]OC")["atoms"].tolist().count(1) == 1


@pytest.mark.parametrize("smiles", SALTS)
def test_fragments_stand_apart(smiles: str) -> None:
    molecule = parse(canonical(parse(smiles)))
    fragments = [list(atoms) for atoms in Chem.GetMolFrags(molecule)]
    for shape in shapes(record(smiles)):
        for number, one in enumerate(fragments):
            for other in fragments[number + 1 :]:
                apart = np.linalg.norm(shape[one][:, None] - shape[other], axis=2)
                assert apart.min() > graph3d.GAP_ANGSTROM - 1e-4


def test_every_molecule_has_a_conformer_and_what_fell_back_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(graph3d, "MOST_EMBEDDED", 60)
    ways = {
        graph3d.EMBEDDED: [ASPIRIN, "[Cl-]"],
        graph3d.UNREFINED: ["[Xe]", "*", "*.*", "[H][H]", "[H+]", "N->[Pt](Cl)(Cl)<-N"],
        graph3d.LOOSE: [TWISTED],
        graph3d.FLAT: [STRAINED],
        graph3d.LARGE: ["C" * 200],
    }
    smiles = [s for of_way in ways.values() for s in of_way]
    chunk = featurize(Graph3D(), smiles)
    assert chunk.ok.all()
    assert chunk.packed.columns["made"].tolist() == [way for way, of_way in ways.items() for _ in of_way]
    assert how_made(chunk.packed) == {graph3d.MADE[way]: len(of_way) for way, of_way in ways.items()}


def test_what_cannot_be_embedded_is_laid_flat(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> None:
        raise RuntimeError("Pre-condition Violation")

    monkeypatch.setattr(graph3d, "EmbedMultipleConfs", fails)
    for hydrogens in (False, True):
        flat = record(ASPIRIN, hydrogens=hydrogens)
        assert flat["made"] == graph3d.FLAT
        assert len(shapes(flat)) == 1
        assert not flat["positions"][:, 2].any()
        assert bonds(ASPIRIN, shapes(flat)).min() > 1
    monkeypatch.setattr(graph3d, "Compute2DCoords", fails)
    nowhere = record(ASPIRIN)
    assert nowhere["made"] == graph3d.NOWHERE
    assert nowhere["positions"].shape == (13, 3)
    assert not nowhere["positions"].any()


def test_what_mmff_has_no_parameters_for_is_said() -> None:
    assert record("C[Si](C)(C)O", mmff="capped")["made"] == graph3d.EMBEDDED
    assert record("*c1ccccc1", mmff="capped")["made"] == graph3d.UNREFINED
    assert record("*c1ccccc1", mmff="off")["made"] == graph3d.EMBEDDED


def test_two_processes_make_what_one_makes() -> None:
    smiles = [canonical(parse(s)) for s in (ASPIRIN, ALANINE, *SALTS, "[Xe]", STRAINED)]
    here = featurize(Graph3D(), smiles).packed
    for number, chunk in featurised("graph3d", {}, [smiles[:4], smiles[4:]], 2):
        place = np.arange(4) if number == 0 else np.arange(4, len(smiles))
        points = np.repeat(np.arange(len(smiles)), here.counts["points"])
        np.testing.assert_array_equal(
            chunk.packed.columns["positions"], here.columns["positions"][np.isin(points, place)]
        )
        np.testing.assert_array_equal(chunk.packed.columns["made"], here.columns["made"][place])


def test_the_store_says_how_its_conformers_were_made() -> None:
    found = features("graph3d", [ASPIRIN, "nonsense", TWISTED, ASPIRIN], home=default_home())
    assert how_made(found) == {graph3d.MADE[graph3d.EMBEDDED]: 2, graph3d.MADE[graph3d.LOOSE]: 1}
