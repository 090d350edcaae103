"""Fragment extraction.

Some of a molecule's atoms as a molecule of its own: how the rationales of Jin et al. (arXiv:2002.03244) are scored.

As chemprop does: bonds are cut in a Kekulé form, and where that makes something which the molecule does not contain (a
ring that is aromatic only with its neighbour), once more with aromatic bonds; a fragment that cannot be read either way
is none. Cut bonds are filled with hydrogens.

Departs from chemprop: no atom map marks the cuts (graph features do not see it, drawings and SMILES encoders would);
a cut atom loses its chirality, and a charged one gets its hydrogens back too.
"""

from collections import Counter

from rdkit import Chem, rdBase
from rdkit.Chem import Mol, RWMol

from mmexplore.chem.peeling import Skeleton, numbers


def fragment_smiles(molecule: Skeleton, mask: int) -> str:
    """Canonical SMILES of the atoms of a mask, "" where they are no molecule.

    >>> from mmexplore.chem.peeling import mask_of, skeleton
    >>> fragment_smiles(skeleton("CCc1ccccc1"), mask_of(range(1, 8)))
    'Cc1ccccc1'
    """
    if mask == molecule.whole:
        return molecule.smiles
    with rdBase.BlockLogs():
        for kekulise in (True, False):
            made = _read(_cut(molecule.mol, set(numbers(mask)), kekulise))
            if made is not None and molecule.mol.HasSubstructMatch(made):
                return str(Chem.MolToSmiles(made))
    return ""


def _read(cut: RWMol) -> Mol | None:
    try:
        return Chem.MolFromSmiles(Chem.MolToSmiles(cut))
    except (ValueError, RuntimeError):  # what RDKit raises of a ring that cannot be kekulised
        return None


def _cut(mol: Mol, kept: set[int], kekulise: bool) -> RWMol:
    """The atoms that are kept, their lost neighbours replaced by hydrogens."""
    cut = RWMol(mol)
    if kekulise:
        Chem.Kekulize(cut, clearAromaticFlags=True)
    lost: Counter[int] = Counter()
    for bond in cut.GetBonds():
        inside = [atom for atom in (bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()) if atom in kept]
        if len(inside) == 1:
            lost[inside[0]] += int(bond.GetBondTypeAsDouble())
    for number, valence in lost.items():
        atom = cut.GetAtomWithIdx(number)
        atom.SetChiralTag(Chem.ChiralType.CHI_UNSPECIFIED)
        if atom.GetNoImplicit():
            atom.SetNumExplicitHs(atom.GetNumExplicitHs() + valence)
    cut.BeginBatchEdit()
    for number in range(mol.GetNumAtoms()):
        if number not in kept:
            cut.RemoveAtom(number)
    cut.CommitBatchEdit()
    for atom in cut.GetAtoms():
        if atom.GetIsAromatic() and not any(bond.GetIsAromatic() for bond in atom.GetBonds()):
            atom.SetIsAromatic(False)
    return cut
