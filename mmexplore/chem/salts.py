"""Salt stripping: the parent of a salt or a charged form, by RDKit's MolStandardize.

Metals disconnected, the organic fragment of most heavy atoms kept, charge-separated groups normalised, charges
neutralised. What has no organic part, and a complex whose metal holds its ligands, stays as drawn.

Departs from RDKit's defaults in two rules: sulfoxides end as S=O and not as charges, as published data sets write
them, and fragments are compared by heavy atoms alone.
"""

from functools import cache
from typing import Any, NamedTuple

from rdkit import Chem
from rdkit.Chem import Mol

COMPLEX = "a metal complex or an organometallic compound: left as drawn"
INORGANIC = "no organic part: left as drawn"
LARGE = "a removed part has more than eight heavy atoms"
TIED = "a removed part is as large as the one that was kept"
_NONMETALS = (0, 1, 2, 5, 6, 7, 8, 9, 10, 14, 15, 16, 17, 18, 34, 35, 36, 53, 54)
_METALLOIDS = (32, 33, 51, 52, 85, 86)
_ALKALI = (3, 11, 19, 37, 55, 87)
_LIGHT = (8, 9, 17, 35, 53)  # O and halogens, which a salt drawn with bonds holds its metal by
_LARGE_PART = 8


class Parent(NamedTuple):
    """Parent: the molecule, what was done in words ("" for nothing), and what is to be noted of it ("" for nothing)."""

    mol: Mol
    done: str
    told: str = ""


def parent(mol: Mol) -> Parent:
    """The parent of a molecule as drawn.

    >>> found = parent(Chem.MolFromSmiles("CCN.Cl"))
    >>> Chem.MolToSmiles(found.mol), found.done
    ('CCN', 'salt stripped: removed Cl')
    >>> parent(Chem.MolFromSmiles("N->[Pt](<-N)(Cl)Cl")).told
    'no organic part: left as drawn'
    """
    if _is_parent(mol):
        return Parent(mol, "")
    if not _has_organic_part(mol):
        return Parent(mol, "", INORGANIC if _many_or_metal(mol) else "")
    if _is_complex(mol):
        return Parent(mol, "", COMPLEX)
    drawn, done, told, before = mol, [], "", Chem.MolToSmiles(mol)
    for words, step in _steps():
        whole, mol = mol, step(mol)
        after = Chem.MolToSmiles(mol)
        if words == _CHOICE:
            if not _has_organic_part(mol):
                return Parent(drawn, "", INORGANIC)
            told = _doubt(whole, after)
        if before != after:
            done.append(words + _removed(before.split("."), after.split(".")))
        before = after
    return Parent(mol, "; ".join(done), told)


_CHOICE = "salt stripped"


@cache
def _steps() -> tuple[tuple[str, Any], ...]:
    """What "strip" does, in order; kept, because building these objects costs more than using them."""
    from rdkit.Chem.MolStandardize import rdMolStandardize

    sulfoxide = rdMolStandardize.NormalizerFromData(
        "Sulfoxide\t[!O:1][S+1;X3:2]([O-:3])[!O:4]>>[*:1][S+0:2](=[O+0:3])[*:4]\n",
        rdMolStandardize.CleanupParameters(),
    )
    heavy: Any = rdMolStandardize.CleanupParameters()
    heavy.largestFragmentChooserCountHeavyAtomsOnly = True
    heavy.preferOrganic = True
    normalizer, reionizer = rdMolStandardize.Normalizer(), rdMolStandardize.Reionizer()
    return (
        ("metal disconnected", rdMolStandardize.MetalDisconnector().Disconnect),
        (_CHOICE, rdMolStandardize.LargestFragmentChooser(heavy).choose),
        ("groups normalised", lambda m: sulfoxide.normalize(reionizer.reionize(normalizer.normalize(m)))),
        ("neutralised", rdMolStandardize.Uncharger().uncharge),
    )


@cache
def _charge_or_metal() -> Mol:
    return Chem.MolFromSmarts(f"[!+0,{'&'.join(f'!#{z}' for z in _NONMETALS)}]")


@cache
def _organic() -> Mol:
    """A carbon, but for those of carbonates, oxides, cyanides, cyanates and thiocyanates."""
    small = ("O=C=O", "[C-]#[O+]", "[CX3](=O)([O-,OX2H])[O-,OX2H]", "[C-,CX2H1]#N", "N#C[S-,SX2H,O-,OX2H]")
    others = "".join(f"!$({pattern})" if not i else f";!$({pattern})" for i, pattern in enumerate(small))
    return Chem.MolFromSmarts(f"[#6;{others};!$([CX2](=N)=[O,S])]")


def _is_parent(mol: Mol) -> bool:
    """One fragment without charges or metals is left alone by every step (checked in the tests)."""
    return not mol.HasSubstructMatch(_charge_or_metal()) and len(Chem.GetMolFrags(mol)) == 1


def _has_organic_part(mol: Mol) -> bool:
    return bool(mol.HasSubstructMatch(_organic()))


def _many_or_metal(mol: Mol) -> bool:
    return len(Chem.GetMolFrags(mol)) > 1 or mol.GetNumAtoms() > 1


def _is_complex(mol: Mol) -> bool:
    """A metal bound to carbon, or one that is no alkali to anything but O and halogens; or a carbanion beside a metal.

    >>> [_is_complex(Chem.MolFromSmiles(s)) for s in ("CC(=O)O[Zn]OC(C)=O", "Cl[Pt]1(Cl)NCCN1", "C[Mg]Br")]
    [False, True, True]
    """
    metals = [atom for atom in mol.GetAtoms() if atom.GetAtomicNum() not in (*_NONMETALS, *_METALLOIDS)]
    for metal in metals:
        bound = {atom.GetAtomicNum() for atom in metal.GetNeighbors()}
        if 6 in bound or (metal.GetAtomicNum() not in _ALKALI and bound - set(_LIGHT)):
            return True
        if any(bond.GetBondType() == Chem.BondType.DATIVE for bond in metal.GetBonds()):
            return True
    free = any(metal.GetAtomicNum() not in _ALKALI and not metal.GetDegree() for metal in metals)
    carbanions = any(a.GetAtomicNum() == 6 and a.GetFormalCharge() < 0 for a in mol.GetAtoms())
    return free and carbanions


def _doubt(whole: Mol, kept: str) -> str:
    """What makes it doubtful that the part which was kept is meant, "" for nothing.

    >>> _doubt(Chem.MolFromSmiles("CCO.CCN"), "CCO") == TIED, _doubt(Chem.MolFromSmiles("CCO.CCO.Cl"), "CCO")
    (True, '')
    """
    parts = {Chem.MolToSmiles(f): f for f in Chem.GetMolFrags(whole, asMols=True, sanitizeFrags=False)}
    size = parts[kept].GetNumHeavyAtoms() if kept in parts else 0
    others = [part for smiles, part in parts.items() if smiles != kept]
    if any(part.GetNumHeavyAtoms() == size and _has_organic_part(part) for part in others):
        return TIED
    return LARGE if any(part.GetNumHeavyAtoms() > _LARGE_PART for part in others) else ""


def _removed(before: list[str], after: list[str]) -> str:
    if len(after) >= len(before):
        return ""
    for fragment in after:
        before.remove(fragment)
    return f": removed {', '.join(before)}"
