"""Fragment extraction.

Some of a molecule's atoms as a molecule of its own: how the rationales of Jin et al. (arXiv:2002.03244) are scored.

As chemprop does: bonds are cut in a Kekulé form, and where that makes something which the molecule does not contain (a
ring that is aromatic only with its neighbour), once more with aromatic bonds; a fragment that cannot be read either way
is none. Cut bonds are filled with hydrogens.

Departs from chemprop: no atom map marks the cuts (graph features do not see it, drawings and SMILES encoders would);
a cut atom loses its chirality, and a charged one gets its hydrogens back too.
"""

from collections import Counter
from collections.abc import Sequence

from rdkit import Chem, rdBase
from rdkit.Chem import Mol, RWMol

from mmexplore.chem.peeling import Skeleton, mask_of, numbers, skeleton
from mmexplore.chem.row_by_row import REFUSALS


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


def ring_systems_each(smiles: Sequence[str]) -> list[list[str]]:
    """Ring systems of each of some molecules, none of one that RDKit refuses.

    >>> ring_systems_each(["c1ccccc1C", "O=[n+]1[c-]nc2ccccc2c1"])
    [['c1ccccc1'], []]
    """
    found = []
    for text in smiles:
        try:
            found.append(list(ring_systems(text)))
        except REFUSALS:  # a scaffold need not be a molecule
            found.append([])
    return found


def ring_systems(smiles: str) -> tuple[str, ...]:
    """Ring systems of a molecule, each once: rings that share an atom, with what hangs on them by double bonds.

    Canonical SMILES, without chirality, smallest first; one that is no molecule by itself is left out.
    Raises BadMolecule.

    >>> ring_systems("O=C1CCCN1Cc1ccc2ccccc2c1")
    ('O=C1CCCN1', 'c1ccc2ccccc2c1')
    """
    whole = skeleton(smiles)
    systems: list[set[int]] = []
    for ring in map(set, whole.mol.GetRingInfo().AtomRings()):
        beside = [one for one in systems if one & ring]
        systems = [one for one in systems if not one & ring] + [ring.union(*beside)]
    found = set()
    for system in systems:
        hanging = {
            bond.GetOtherAtomIdx(number)
            for number in system
            for bond in whole.mol.GetAtomWithIdx(number).GetBonds()
            if bond.GetBondType() == Chem.BondType.DOUBLE
        }
        if made := fragment_smiles(whole, mask_of(system | hanging)):
            found.add(str(Chem.MolToSmiles(Chem.MolFromSmiles(made), isomericSmiles=False)))
    return tuple(sorted(found, key=lambda one: (len(one), one)))
