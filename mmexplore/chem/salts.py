"""Salt stripping: the parent of a salt or a charged form, by RDKit's MolStandardize.

Metals disconnected, the largest organic fragment kept, charge-separated groups normalised, charges neutralised.

Departs from RDKit's defaults in one rule: sulfoxides end as S=O and not as charges, as published data sets write them.
"""

from functools import cache
from typing import Any

from rdkit import Chem
from rdkit.Chem import Mol


def parent(mol: Mol) -> tuple[Mol, str]:
    """The parent, and what was done in words ("" for nothing).

    >>> found, done = parent(Chem.MolFromSmiles("CCN.Cl"))
    >>> Chem.MolToSmiles(found), done
    ('CCN', 'salt stripped: removed Cl')
    """
    if _is_parent(mol):
        return mol, ""
    done, before = [], Chem.MolToSmiles(mol)
    for words, step in _steps():
        mol = step(mol)
        after = Chem.MolToSmiles(mol)
        if before != after:
            done.append(words + _removed(before.split("."), after.split(".")))
        before = after
    return mol, "; ".join(done)


@cache
def _steps() -> tuple[tuple[str, Any], ...]:
    """What "strip" does, in order; kept, because building these objects costs more than using them."""
    from rdkit.Chem.MolStandardize import rdMolStandardize

    sulfoxide = rdMolStandardize.NormalizerFromData(
        "Sulfoxide\t[!O:1][S+1;X3:2]([O-:3])[!O:4]>>[*:1][S+0:2](=[O+0:3])[*:4]\n",
        rdMolStandardize.CleanupParameters(),
    )
    normalizer, reionizer = rdMolStandardize.Normalizer(), rdMolStandardize.Reionizer()
    return (
        ("metal disconnected", rdMolStandardize.MetalDisconnector().Disconnect),
        ("salt stripped", rdMolStandardize.LargestFragmentChooser(preferOrganic=True).choose),
        ("groups normalised", lambda m: sulfoxide.normalize(reionizer.reionize(normalizer.normalize(m)))),
        ("neutralised", rdMolStandardize.Uncharger().uncharge),
    )


@cache
def _charge_or_metal() -> Mol:
    others = (0, 1, 2, 5, 6, 7, 8, 9, 10, 14, 15, 16, 17, 18, 34, 35, 36, 53, 54)
    return Chem.MolFromSmarts(f"[!+0,{'&'.join(f'!#{z}' for z in others)}]")


def _is_parent(mol: Mol) -> bool:
    """One fragment without charges or metals is left alone by every step (checked in the tests)."""
    return not mol.HasSubstructMatch(_charge_or_metal()) and len(Chem.GetMolFrags(mol)) == 1


def _removed(before: list[str], after: list[str]) -> str:
    if len(after) >= len(before):
        return ""
    for fragment in after:
        before.remove(fragment)
    return f": removed {', '.join(before)}"
