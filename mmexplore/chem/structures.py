"""Structure reading: a SMILES with its CXSMILES extension, an InChI or a mol block, as it was given to a data set.

What a drawing says beyond a SMILES is used or spoken of, never dropped in silence: radicals and dative bonds are read,
stereo groups tell molecules apart, atom maps are counted; queries, R-groups and abbreviations are no molecules.
"""

import re
from typing import NamedTuple

from rdkit import Chem
from rdkit.Chem import Mol

from mmexplore.chem.molecules import MAX_CHARACTERS, parse, parse_block, parse_line
from mmexplore.runtime.errors import BadMolecule

MAPS = "atom maps were dropped"
STEREO = (
    "an AND or OR stereo group (a racemate, or one of several stereoisomers), which a SMILES cannot hold: kept apart"
)
FLAG = "chiral flag 0 (a racemate, or relative stereo, by the format), which a SMILES cannot hold"
EXTENSION = "a CXSMILES extension that RDKit cannot read was left out"

_EXTENSION = re.compile(r"(\S+)\s+\|(.*)\|")
_SPEAKS = re.compile(r"(?:^|,)\s*(?:&\d*:|o\d*:|\^\d:|C:|H:|m:|LN:|RG:|Sg:|u:|s:|rb:)|_R\d|_AP\d|_e[;$]")
_QUERIES = re.compile(r"(?:^|,)\s*(?:m:|LN:|RG:|Sg:n:)")


class Structure(NamedTuple):
    """Structure as read: the molecule, what is to be said of it, and what tells it from others of its SMILES."""

    mol: Mol
    told: tuple[str, ...] = ()
    apart: str = ""


def read(text: str) -> Structure:
    """A structure of a cell or record; atom maps are dropped. Raises BadMolecule.

    >>> found = read("[CH3:1][CH2:2][OH:3]")
    >>> Chem.MolToSmiles(found.mol), found.told
    ('CCO', ('atom maps were dropped',))
    """
    told: list[str] = []
    if "\n" in text:
        mol = _block(text)
    elif (found := _EXTENSION.fullmatch(text.strip())) and speaks(found[2]):
        mol, told = _extended(found[1], found[2])
    else:
        mol = parse_line(text)
    if any(atom.GetAtomMapNum() for atom in mol.GetAtoms()):
        for atom in mol.GetAtoms():
            atom.SetAtomMapNum(0)
        told.append(MAPS)
    apart = stereo_groups(mol)[1]
    if apart:
        told.append(STEREO)
    elif "\n" in text and _unflagged(mol):
        apart = FLAG
        told.append(FLAG)
    return Structure(mol, tuple(told), apart)


def plain(text: str) -> str:
    """The SMILES of a cell without its extension.

    >>> plain("CCO |^1:0|")
    'CCO'
    """
    found = _EXTENSION.fullmatch(text.strip())
    return found[1] if found else text.strip()


def speaks(extension: str) -> bool:
    """Whether a CXSMILES extension says more than names and places of atoms.

    >>> speaks("&1:1"), speaks("$a;;$"), speaks("(1.0,2.0,;)")
    (True, False, False)
    """
    return bool(_SPEAKS.search(re.sub(r"\([^)]*\)", "", extension)))


def reads(text: str) -> bool:
    """Whether a cell holds a structure; quicker than :func:`read` where the reason is not asked for.

    >>> reads("CCO"), reads("InChI=1S/CH4/h1H4"), reads("ethanol")
    (True, True, False)
    """
    from mmexplore.chem.molecules import readable

    if not text.strip().lower().startswith("inchi="):
        return readable(plain(text))
    try:
        return parse_line(text).GetNumAtoms() > 0
    except BadMolecule:
        return False


def stereo_groups(mol: Mol) -> tuple[str, str]:
    """Canonical SMILES of one of the stereoisomers, and the AND and OR groups by it; both "" where it has none.

    >>> one, other = (Chem.MolFromSmiles(f"C[C@{h}H](N)O |&1:1|") for h in ("", "@"))
    >>> stereo_groups(one) == stereo_groups(other)
    True
    """
    kinds = (Chem.StereoGroupType.STEREO_AND, Chem.StereoGroupType.STEREO_OR)
    there = mol.GetStereoGroups()  # counted first: to walk over none costs more than half of a parse
    if not len(there) or not any(group.GetGroupType() in kinds for group in there):
        return "", ""
    told = str(Chem.MolToCXSmiles(mol, Chem.SmilesWriteParams(), int(Chem.CXSmilesFields.CX_ENHANCEDSTEREO)))
    smiles, _, groups = told.partition(" ")
    return smiles, groups


def _extended(smiles: str, extension: str) -> tuple[Mol, list[str]]:
    if _QUERIES.search(extension):
        raise BadMolecule("it is a query or a polymer: its CXSMILES extension leaves atoms or bonds open")
    parse(smiles)
    text = f"{smiles} |{extension}|"
    mol = Chem.MolFromSmiles(text) if len(text) <= 2 * MAX_CHARACTERS and text.isascii() else None
    if mol is None:
        return parse(smiles), [EXTENSION]
    _refuse_queries(mol, labels=True)
    return mol, []


def _block(text: str) -> Mol:
    """V2000 and V3000; "R" and other atoms that stand for many are queries, as are lists and bonds of any order."""
    try:
        mol = parse_block(text)
    except BadMolecule as error:
        raise _better(error, text) from None
    except Exception as error:  # RDKit raises a dozen types of its own for odd blocks
        raise _better(BadMolecule(f"cannot read the mol block: {' '.join(str(error).split())[:200]}"), text) from None
    _refuse_queries(mol, labels=False)
    for atom in mol.GetAtoms():
        alias = atom.GetProp("molFileAlias").strip() if atom.HasProp("molFileAlias") else ""
        if alias and not _stands_for_itself(alias, atom.GetSymbol()):
            raise BadMolecule(f"unknown atom {alias!r}: an abbreviation that is not drawn out")
    return mol


def _refuse_queries(mol: Mol, *, labels: bool) -> None:
    """In a mol block every dummy atom stands for others; in a CXSMILES only one that a label says to."""
    for atom in mol.GetAtoms():
        dummy = atom.GetAtomicNum() == 0
        label = next((atom.GetProp(p) for p in ("atomLabel", "dummyLabel", "molFileAlias") if atom.HasProp(p)), "")
        if (dummy and (label or not labels)) or (atom.HasQuery() and not dummy):
            raise BadMolecule(f"it is a query: atom {atom.GetIdx() + 1} ({label or '*'}) may be any of several")
    if any(bond.HasQuery() for bond in mol.GetBonds()):
        raise BadMolecule("it is a query: a bond may be of several orders")


def _stands_for_itself(alias: str, symbol: str) -> bool:
    """An alias such as "OH" or "NH2" of an atom that is just that.

    >>> _stands_for_itself("OH", "O"), _stands_for_itself("COOH", "C")
    (True, False)
    """
    return bool(re.fullmatch(rf"(H\d*)?{symbol}(H\d*)?[+-]?\d*|\d+", alias))


def _better(error: BadMolecule, text: str) -> BadMolecule:
    """RDKit says nothing of an element that there is not; the atom lines do."""
    table = Chem.GetPeriodicTable()
    lines = text.splitlines()
    counts = next((line for line in lines if "V2000" in line), "")
    atoms = int(counts[:3]) if counts[:3].strip().isdecimal() else 0
    start = lines.index(counts) + 1 if counts else 0
    symbols = [line[31:34].strip() for line in lines[start : start + atoms]]
    symbols += re.findall(r"^M  V30 \d+ ([A-Za-z*#]+) -?[\d.]+ -?[\d.]+ ", text, re.MULTILINE)
    known = {table.GetElementSymbol(number) for number in range(1, 119)} | set(_SPECIAL)
    odd = next((symbol for symbol in symbols if symbol and symbol not in known), "")
    return BadMolecule(f"unknown atom {odd!r}") if odd else error


_SPECIAL = ("A", "Q", "X", "M", "L", "R", "R#", "*", "D", "T", "LP", "Pol", "AH", "QH", "XH", "MH")


def _unflagged(mol: Mol) -> bool:
    """A drawing with chiral centers whose file says, by a flag of 0, that it is not absolute."""
    flagged = mol.HasProp("_MolFileChiralFlag") and mol.GetIntProp("_MolFileChiralFlag") == 1
    tags = (Chem.ChiralType.CHI_TETRAHEDRAL_CW, Chem.ChiralType.CHI_TETRAHEDRAL_CCW)
    return not flagged and any(atom.GetChiralTag() in tags for atom in mol.GetAtoms())
