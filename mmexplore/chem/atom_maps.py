"""Atom mapping.

Follows atoms from a mol block or a SMILES to the canonical SMILES that a data set keeps, with what they measured.

Each atom carries its number through hydrogen removal and standardisation as a property. Where a step builds atoms anew
(RDKit's normalisation of charge-separated groups does), they are atoms without an origin rather than a guess.
"""

from rdkit import Chem
from rdkit.Chem import Mol

from mmexplore.chem.molecules import Salts, canonical, parse, standardise
from mmexplore.chem.rdkit_log import complaint
from mmexplore.runtime.errors import BadMolecule

_MARK = "_origin"
Origins = list[int]


def followed(smiles: str, salts: Salts = "keep") -> tuple[str, Origins]:
    """Atom map of a SMILES.

    The SMILES that a data set keeps, and which atom of ``parse(smiles)`` each of its atoms was, -1 for none.

    >>> followed("OC(C)=O.Cl", "strip")
    ('CC(=O)O', [2, 1, 3, 0])

    Raises BadMolecule.
    """
    mol, _ = standardise(_marked(parse(smiles)), salts)
    return _written(mol)


def drawn(block: str, smiles: str = "") -> tuple[str, Origins]:
    """Atom map of a mol block.

    Its canonical SMILES, and which atom of the block (from 0, hydrogens counted) each of its atoms was.

    A ``smiles`` of the same molecule, which may know stereochemistry that the drawing has lost, is written in the
    drawing's place; where it has lost it, atoms that only stereochemistry tells apart may stand for each other. Raises
    BadMolecule.
    """
    whole = _marked(_read(block.encode("ascii", "replace").decode()))
    mol = Chem.RemoveHs(whole)
    if smiles:
        known = parse(smiles)
        if _lend_marks(mol, known, known) or _lend_marks(Chem.RemoveHs(_bare(whole)), _bare(known), known):
            return _written(known)
    return _written(mol)


def _marked(mol: Mol) -> Mol:
    for atom in mol.GetAtoms():
        atom.SetIntProp(_MARK, atom.GetIdx())
    return mol


def _bare(mol: Mol) -> Mol:
    bare = Chem.Mol(mol)
    Chem.RemoveStereochemistry(bare)
    return bare


def _lend_marks(one: Mol, other: Mol, to: Mol) -> bool:
    """Marks of a molecule for ``to``, which is numbered as the ``other``; False where the two are not the same."""
    if canonical(one) != canonical(other):
        return False
    for mine, yours in zip(_order(one), _order(other), strict=True):
        to.GetAtomWithIdx(yours).SetIntProp(_MARK, one.GetAtomWithIdx(mine).GetIntProp(_MARK))
    return True


def _written(mol: Mol) -> tuple[str, Origins]:
    """Canonical SMILES and the marks in its order; none where RDKit would read it with other atoms."""
    smiles = canonical(mol)
    atoms = [mol.GetAtomWithIdx(number) for number in _order(mol)]
    again = [atom.GetAtomicNum() for atom in parse(smiles).GetAtoms()]
    if again != [atom.GetAtomicNum() for atom in atoms]:
        return smiles, [-1] * len(again)
    return smiles, [atom.GetIntProp(_MARK) if atom.HasProp(_MARK) else -1 for atom in atoms]


def _order(mol: Mol) -> Origins:
    """Atoms in the order in which the canonical SMILES, written last, names them."""
    return list(mol.GetPropsAsDict(True, True)["_smilesAtomOutputOrder"])


def _read(block: str) -> Mol:
    """A flat drawing that calls itself 3D is read as 2D, else RDKit sees chirality in its flatness."""
    mol = Chem.MolFromMolBlock(block, removeHs=False)
    if mol is None:
        raise BadMolecule(f"cannot read the mol block: {complaint(lambda: Chem.MolFromMolBlock(block))}")
    if mol.GetNumConformers() and mol.GetConformer().Is3D() and not mol.GetConformer().GetPositions()[:, 2].any():
        title, _, rest = block.partition("\n")
        return Chem.MolFromMolBlock(f"{title}\n{rest.replace('3D', '2D', 1)}", removeHs=False)
    return mol
