"""Conformer generator: guesses at a molecule's shape, by ETKDGv3 with explicit hydrogens, refined by MMFF94 if asked.

Riniker and Landrum 2015, doi:10.1021/acs.jcim.5b00654; Wang et al. 2020, doi:10.1021/acs.jcim.0c00025. MMSA (section
V-A) takes five conformers a molecule. Every molecule gets at least one: what could not be embedded is laid out flat,
and ``made`` says so. Attempts end after a count of tries, not of seconds, so that a record does not depend on the
machine; ``SECONDS`` only guards against what the count does not bound.
"""

import contextlib
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from pydantic import Field
from rdkit.Chem import AddHs, GetMolFrags, Mol, RemoveHs
from rdkit.Chem.rdDepictor import Compute2DCoords
from rdkit.Chem.rdDistGeom import EmbedMultipleConfs, ETKDGv3
from rdkit.Chem.rdForceFieldHelpers import MMFFHasAllMoleculeParams, MMFFOptimizeMoleculeConfs

from mmexplore.chem.molecules import reread
from mmexplore.features.modalities import Column, Modality, Record
from mmexplore.runtime.errors import BadMolecule

EMBEDDED, UNREFINED, RANDOM, LOOSE, FLAT, LARGE, NOWHERE = range(7)
MADE = {
    EMBEDDED: "embedded as asked",
    UNREFINED: "embedded, but MMFF has no parameters for it",
    RANDOM: "embedded from random coordinates",
    LOOSE: "embedded by distances alone: stereo and torsions may be wrong",
    FLAT: "not embedded: flat, as it is drawn",
    LARGE: "too large to embed: flat, as it is drawn",
    NOWHERE: "neither embedded nor drawn: all atoms in one place",
}
"""How the conformers of a molecule were made, in words."""

SECONDS = 20
"""The most that one call of RDKit's embedding may take, by the clock."""
MOST_EMBEDDED = 300
"""Atoms with hydrogens; beyond, five conformers take half a minute and more."""
GAP_ANGSTROM = 3.0
"""Between fragments: RDKit embeds each of them round the origin, one through the other."""
_MOST_ATOMS = 65_535  # uint16 atom numbers
_MOST_CONFORMERS = 20
_STEPS = {"off": 0, "capped": 50, "full": 1000}
_RANDOM = {"maxIterations": 5, "useRandomCoords": True}
_ATTEMPTS: dict[int, dict[str, Any]] = {  # of 400 odd molecules the first does for 97 %, the second for all but 2
    EMBEDDED: {"maxIterations": 20},
    RANDOM: _RANDOM,
    LOOSE: _RANDOM
    | {"enforceChirality": False, "ignoreSmoothingFailures": True}
    | {"useBasicKnowledge": False, "useExpTorsionAnglePrefs": False},
}


class Graph3D(Modality):
    """Conformers of a molecule.

    Atoms in the order of the canonical SMILES, hydrogens (if kept) behind, and their places in each conformer.

    ``atoms`` (atoms,): atomic number, 0 for any atom. ``made`` (): a key of MADE. ``positions`` (points, 3): angstrom,
    each conformer's centroid at the origin; ``atom`` (points,), ``conformer`` (points,): whose place it is, in which
    conformer, numbered from 0. Where RDKit finds fewer conformers than asked there are fewer.

    ETKDG alone leaves bonds some 0.04 angstrom off, enough to change which neighbour is nearest, and with it ComENet's
    angles, from one conformer to the next; fifty steps of MMFF mend half of that (``benchmarks/conformers.py``).
    """

    version: ClassVar[int] = 1
    columns: ClassVar[dict[str, Column]] = {
        "atoms": Column("uint8", axis="atoms"),
        "made": Column("uint8"),
        "positions": Column("float32", 3, axis="points"),
        "atom": Column("uint16", axis="points", points_into="atoms"),
        "conformer": Column("uint8", axis="points"),
    }

    def __init__(
        self,
        *,
        conformers: Annotated[int, Field(ge=1, le=20, description="how many conformers a molecule")] = 5,
        hydrogens: Annotated[
            bool, Field(description="keep hydrogens; without them an encoder has fewer atoms to read")
        ] = False,
        mmff: Annotated[
            Literal["off", "capped", "full"],
            Field(description="MMFF94 steps: capped 50 (a third more time), full up to 1,000 (twice the time)"),
        ] = "capped",
        seed: Annotated[int, Field(ge=0, le=100_000_000, description="of the embedding")] = 0,
    ) -> None:
        self.conformers, self.hydrogens, self.mmff, self.seed = conformers, hydrogens, mmff, seed

    def record(self, molecule: Mol) -> Record:
        """The record, the same for every numbering of the atoms. Raises BadMolecule."""
        _check_size(molecule)
        return self.record_as_read(reread(molecule))

    def record_as_read(self, molecule: Mol) -> Record:
        """The record of a molecule read from canonical SMILES: its order is kept. Raises BadMolecule."""
        _check_size(molecule)
        full = AddHs(molecule)
        made = self._embedded(full)
        shown = full if self.hydrogens else molecule
        _check_size(shown)
        if made >= FLAT:
            made, full = _drawn(shown, made)
        positions = _positions(full)[:, : shown.GetNumAtoms()]
        if made < FLAT:
            _set_apart(positions, GetMolFrags(shown))
        return _record(shown, made, positions - positions.mean(1, keepdims=True))

    def placed(self, molecule: Mol) -> Record:
        """The record of a conformer that was given, the molecule's first. Raises BadMolecule.

        Hydrogens are left out, or set where they are lacking, as the option says; fragments stand apart as ours do.
        """
        shown = AddHs(molecule, addCoords=True) if self.hydrogens else RemoveHs(molecule)
        _check_size(shown)
        positions = _positions(shown)[:1]
        _set_apart(positions, GetMolFrags(shown))
        return _record(shown, EMBEDDED, positions - positions.mean(1, keepdims=True))

    def _embedded(self, molecule: Mol) -> int:
        """Give the molecule, hydrogens and all, its conformers, and say how."""
        if molecule.GetNumAtoms() > MOST_EMBEDDED:
            return LARGE
        for made, changes in _ATTEMPTS.items():
            if _embed(molecule, self._parameters(changes), self.conformers):
                refined = _refined(molecule, _STEPS[self.mmff])
                return UNREFINED if made == EMBEDDED and not refined else made
        return FLAT

    def _parameters(self, changes: dict[str, Any]) -> Any:
        parameters = ETKDGv3()
        sequential = {"enableSequentialRandomSeeds": True}  # else seed 0 makes the same conformer again and again
        seeded = {"randomSeed": self.seed * _MOST_CONFORMERS} | sequential
        for name, value in (seeded | {"timeout": SECONDS, "numThreads": 1} | changes).items():
            setattr(parameters, name, value)
        return parameters


def _check_size(molecule: Mol) -> None:
    count = molecule.GetNumAtoms()
    if not 0 < count <= _MOST_ATOMS:
        raise BadMolecule(f"a conformer has 1 to {_MOST_ATOMS} atoms, and a molecule of {count} came")


def _embed(molecule: Mol, parameters: Any, conformers: int) -> bool:
    with contextlib.suppress(RuntimeError, ValueError):  # what RDKit raises of its own checks
        EmbedMultipleConfs(molecule, conformers, parameters)
    return bool(molecule.GetNumConformers())


def _refined(molecule: Mol, steps: int) -> bool:
    """Whether MMFF could do what was asked of it."""
    if steps and not MMFFHasAllMoleculeParams(molecule):
        return False
    if steps:
        MMFFOptimizeMoleculeConfs(molecule, numThreads=1, maxIters=steps)
    return True


def _drawn(molecule: Mol, made: int) -> tuple[int, Mol]:
    """A copy with one flat conformer, and how it was made in the end."""
    drawn = Mol(molecule)
    with contextlib.suppress(RuntimeError, ValueError):
        Compute2DCoords(drawn)
    return (made if drawn.GetNumConformers() else NOWHERE), drawn


def _positions(molecule: Mol) -> np.ndarray:
    """Of every atom in every conformer, float64 ``(conformers, atoms, 3)``; zeros where there is none."""
    found = [conformer.GetPositions() for conformer in molecule.GetConformers()]
    return np.stack(found) if found else np.zeros((1, molecule.GetNumAtoms(), 3))


def _set_apart(positions: np.ndarray, fragments: tuple[tuple[int, ...], ...]) -> None:
    """Stand fragments side by side along x, in place: as embedded, an ion would lie within its counterion."""
    wall = np.full(len(positions), -GAP_ANGSTROM)
    for fragment in fragments[: len(fragments) if len(fragments) > 1 else 0]:
        atoms = list(fragment)
        shift = wall + GAP_ANGSTROM - positions[:, atoms, 0].min(1)
        positions[:, atoms, 0] += shift[:, None]
        wall = positions[:, atoms, 0].max(1)


def _record(molecule: Mol, made: int, positions: np.ndarray) -> Record:
    conformers, atoms = positions.shape[:2]
    return {
        "atoms": np.array([atom.GetAtomicNum() for atom in molecule.GetAtoms()], np.uint8),
        "made": np.array(made, np.uint8),
        "positions": positions.reshape(-1, 3).astype(np.float32),
        "atom": np.tile(np.arange(atoms, dtype=np.uint16), conformers),
        "conformer": np.repeat(np.arange(conformers, dtype=np.uint8), atoms),
    }
