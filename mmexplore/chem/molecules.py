"""Molecule parsing, standardization, depiction and descriptors; RDKit's log is silent, its complaint becomes the error.

A molecule is known everywhere by its canonical SMILES. Scaffolds are those of Bemis and Murcko (J. Med. Chem.
1996, 39, 2887) without chirality, as DeepChem and chemprop split by them.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from rdkit import Chem
from rdkit.Chem import Mol

from mmexplore.chem.rdkit_log import complaint
from mmexplore.chem.salts import parent
from mmexplore.runtime.errors import BadMolecule

if TYPE_CHECKING:
    import pandas as pd

Salts = Literal["keep", "strip"]
_FAINT = 0.4

DESCRIPTORS = (
    "molecular weight",
    "logP",
    "TPSA",
    "H-bond donors",
    "H-bond acceptors",
    "rotatable bonds",
    "rings",
    "QED",
)

UNSEEN = dict.fromkeys(map(ord, "\u200b\u2060\ufeff"))  # what a page puts between signs comes along when it is copied
_BLANK = "it holds a blank; one structure without a name behind it would do"
MAX_CHARACTERS = 10_000
MAX_ATOMS = 2_000  # beyond some 10,000 atoms RDKit's canonicalisation overflows its stack
MAX_PATTERN_CHARACTERS, MAX_PATTERN_ATOMS, MAX_COMPONENTS = 5_000, 500, 6
MAX_RECURSIONS, MAX_NESTING = 30, 60
"""Bounds of a SMARTS: parts with dots between, environments ``$(...)``, and brackets in each other."""


def parse(smiles: str) -> Mol:
    """The sanitised molecule. Raises BadMolecule with RDKit's reason.

    >>> parse("OCC").GetNumAtoms()
    3
    >>> parse("C1CC")
    Traceback (most recent call last):
    mmexplore.runtime.errors.BadMolecule: cannot read SMILES 'C1CC': unclosed ring
    """
    text = _without_extension(smiles.translate(UNSEEN).strip())
    if not text:
        raise BadMolecule("cannot read SMILES '': it is empty")
    if len(text) > MAX_CHARACTERS:
        raise BadMolecule(f"SMILES of {len(text):,} characters came; {MAX_CHARACTERS:,} is the most that is read")
    if len(text.split()) > 1:
        raise BadMolecule(f"cannot read SMILES {_short(text)}: {_BLANK}")
    if odd := _foreign(text):
        raise BadMolecule(f"cannot read SMILES {_short(text)}: no SMILES holds {odd!r}")
    mol = Chem.MolFromSmiles(text)
    if mol is None:
        raise BadMolecule(f"cannot read SMILES {_short(text)}: {complaint(lambda: Chem.MolFromSmiles(text))}")
    return _sized(mol, f"SMILES {_short(text)}")


def readable(smiles: str) -> bool:
    """Whether RDKit reads it; quicker than :func:`parse` where the reason is not asked for."""
    text = _without_extension(smiles.strip())
    if not 0 < len(text) <= MAX_CHARACTERS or len(text.split()) > 1 or _foreign(text):
        return False
    mol = Chem.MolFromSmiles(text)
    return mol is not None and 0 < mol.GetNumAtoms() <= MAX_ATOMS


def parse_line(text: str) -> Mol:
    """The sanitised molecule of a line of text, SMILES or InChI. Raises BadMolecule with RDKit's reason.

    >>> canonical(parse_line("InChI=1S/C2H6O/c1-2-3/h3H,2H2,1H3"))
    'CCO'
    """
    inchi = text.strip()
    if not inchi.lower().startswith("inchi="):
        return parse(text)
    short = not _foreign(inchi) and len(inchi) <= MAX_CHARACTERS
    mol = Chem.MolFromInchi(inchi) if short else None  # type: ignore[no-untyped-call]
    if mol is None:
        raise BadMolecule(f"cannot read InChI {_short(inchi)}: RDKit refuses it as an InChI")
    return _sized(mol, f"InChI {_short(inchi)}")


def parse_block(block: str) -> Mol:
    """The sanitised molecule of a mol block, hydrogens made implicit. Raises BadMolecule with RDKit's reason."""
    plain = block.encode("ascii", "replace").decode()
    mol = Chem.MolFromMolBlock(plain)
    if mol is None:
        raise BadMolecule(f"cannot read the mol block: {complaint(lambda: Chem.MolFromMolBlock(plain))}")
    return _sized(mol, "the mol block")


def canonical(mol: Mol) -> str:
    """Canonical isomeric SMILES, without atom maps' order or any drawing.

    >>> canonical(parse("OCC"))
    'CCO'
    """
    return str(Chem.MolToSmiles(mol))


def reread(mol: Mol) -> Mol:
    """The molecule as its canonical SMILES reads: one order of atoms and bonds for every spelling. Raises BadMolecule.

    >>> [atom.GetSymbol() for atom in reread(parse("OCC")).GetAtoms()]
    ['C', 'C', 'O']
    """
    smiles = canonical(mol)
    again = Chem.MolFromSmiles(smiles)
    if again is None:
        raise BadMolecule(f"RDKit writes the molecule as {_short(smiles)} and cannot read that; another form would do")
    return again


def standardise(mol: Mol, salts: Salts = "keep") -> tuple[Mol, str]:
    """The molecule to work with, and what was done to it in words ("" for nothing). Raises BadMolecule.

    >>> fixed, done = standardise(parse("CC(=O)[O-].[Na+]"), "strip")
    >>> canonical(fixed), done
    ('CC(=O)O', 'salt stripped: removed [Na+]; neutralised')
    """
    if salts == "keep":
        return mol, ""
    stripped = parent(mol)
    return _sized(stripped.mol, "the stripped molecule"), stripped.done


def scaffold(smiles: str) -> str:
    """Bemis-Murcko scaffold without chirality, "" for a molecule without rings. Raises BadMolecule.

    >>> scaffold("CCc1ccccc1C"), scaffold("CCO")
    ('c1ccccc1', '')
    """
    from rdkit.Chem.Scaffolds import MurckoScaffold

    mol = parse(smiles)
    if not mol.GetRingInfo().NumRings():  # RDKit takes minutes over a chain of 2,000 atoms
        return ""
    core = MurckoScaffold.GetScaffoldForMol(mol)  # type: ignore[no-untyped-call]
    return str(Chem.MolToSmiles(core, isomericSmiles=False))


def pattern(smarts: str) -> Mol:
    """A query molecule. Raises BadMolecule, also for one beyond the bounds of a SMARTS: see ``MAX_PATTERN_ATOMS``."""
    text = smarts.translate(UNSEEN).strip()
    if too_much := _beyond(text):
        raise BadMolecule(
            f"cannot take SMARTS {_short(text)}: it has {too_much} that are taken; a simpler one would do"
        )
    if len(text.split()) > 1:  # RDKit takes what follows for a name
        raise BadMolecule(f"cannot read SMARTS {_short(text)}: {_BLANK}")
    if odd := _foreign(text):
        raise BadMolecule(f"cannot read SMARTS {_short(text)}: no SMARTS holds {odd!r}")
    query = Chem.MolFromSmarts(text) if text else None
    if query is None or query.GetNumAtoms() == 0:
        why = complaint(lambda: Chem.MolFromSmarts(text)) if text else "it is empty"
        raise BadMolecule(f"cannot read SMARTS {_short(text)}: {why}")
    if (atoms := query.GetNumAtoms()) > MAX_PATTERN_ATOMS:
        words = f"it has {atoms:,} atoms of the {MAX_PATTERN_ATOMS:,} that are taken; a simpler one would do"
        raise BadMolecule(f"cannot take SMARTS {_short(text)}: {words}")
    return query


def _beyond(smarts: str) -> str:
    """What a SMARTS has too much of, read off its text: RDKit's own reader overflows over some. "" for nothing."""
    deep = most = 0
    for character in smarts:
        deep += (character in "([") - (character in ")]")
        most = max(most, deep)
    counted = (
        (len(smarts), MAX_PATTERN_CHARACTERS, "characters"),
        (most, MAX_NESTING, "brackets in each other"),
        (smarts.count("$("), MAX_RECURSIONS, "recursive environments"),
        (smarts.count(".") + 1, MAX_COMPONENTS, "components"),
    )
    return next((f"{n:,} {what} of the {limit:,}" for n, limit, what in counted if n > limit), "")


def check_pattern(smarts: str) -> bool:
    """Whether there is a pattern; raises BadMolecule for one that cannot be read."""
    return bool(smarts) and pattern(smarts) is not None


def depict(
    smiles: str,
    width: int = 250,
    height: int = 200,
    highlight: Iterable[int] = (),
    dark: bool = False,
    smarts: str = "",
    faint: bool = False,
) -> str:
    """An SVG drawing on a transparent ground; ``highlight`` marks atoms by number. Raises BadMolecule.

    ``smarts`` marks the first match where no atoms are named; ``faint``: what is not marked is pale. The drawing holds
    only what RDKit draws: letters are outlines, and no text of the user's comes through.
    """
    from rdkit.Chem.Draw import rdMolDraw2D

    mol = parse(smiles)
    atoms = [int(i) for i in highlight]
    if smarts and not atoms:
        atoms = [int(i) for i in mol.GetSubstructMatch(pattern(smarts))]
    if any(not 0 <= i < mol.GetNumAtoms() for i in atoms):
        raise BadMolecule(f"highlighted atoms lie in 0-{mol.GetNumAtoms() - 1}, and {atoms} came for {_short(smiles)}")
    mol = _with_named_attachments(mol)
    drawer = rdMolDraw2D.MolDraw2DSVG(int(width), int(height))
    if dark:
        rdMolDraw2D.SetDarkMode(drawer)
    options: Any = drawer.drawOptions()
    options.clearBackground = False
    options.setHighlightColour((0.16, 0.29, 0.36) if dark else (1.0, 0.8, 0.4))
    inside = set(atoms)
    bonds = [b.GetIdx() for b in mol.GetBonds() if {b.GetBeginAtomIdx(), b.GetEndAtomIdx()} <= inside]
    rdMolDraw2D.PrepareAndDrawMolecule(drawer, mol, highlightAtoms=atoms, highlightBonds=bonds)
    drawer.FinishDrawing()
    drawn = str(drawer.GetDrawingText())
    return _with_rest_faint(drawn, inside) if faint and inside else drawn


def _with_named_attachments(mol: Mol) -> Mol:
    """The molecule with its numbered places of attachment, ``[*:1]``, written as chemists do: R and the number."""
    named = Mol(mol)
    for atom in named.GetAtoms():
        if not atom.GetAtomicNum() and (number := atom.GetAtomMapNum()):
            atom.SetProp("_displayLabel", f"R<sup>{number}</sup>")
            atom.SetAtomMapNum(0)
    return named


_OF_ATOMS = re.compile(r"class='((?:bond-\d+ )?atom-[^']*)'")


def _with_rest_faint(svg: str, inside: set[int]) -> str:
    """The drawing with everything pale that belongs to other atoms; RDKit names the atoms of each stroke."""

    def marked(found: re.Match[str]) -> str:
        atoms = {int(number) for number in re.findall(r"atom-(\d+)", found[1])}
        return found[0] if atoms <= inside else f"{found[0]} opacity='{_FAINT}'"

    return _OF_ATOMS.sub(marked, svg)


def descriptor_values(mol: Mol, names: Sequence[str] = DESCRIPTORS) -> list[float]:
    """Descriptors of ``DESCRIPTORS``: molecular weight in g/mol, TPSA in square angstrom, counts.

    Crippen logP, QED as Bickerton et al. (Nat. Chem. 2012, 4, 90).
    """
    from rdkit.Chem import QED, rdMolDescriptors

    known: tuple[Any, ...] = (
        rdMolDescriptors._CalcMolWt,
        lambda mol: rdMolDescriptors.CalcCrippenDescriptors(mol)[0],
        rdMolDescriptors.CalcTPSA,
        rdMolDescriptors.CalcNumHBD,
        rdMolDescriptors.CalcNumHBA,
        rdMolDescriptors.CalcNumRotatableBonds,
        rdMolDescriptors.CalcNumRings,
        QED.qed,
    )
    return [known[DESCRIPTORS.index(name)](mol) for name in names]


def mol_blocks(smiles: Sequence[str], flat: bool = True) -> list[tuple[str, str]]:
    """Mol block of each of some molecules, without a title, laid out in two dimensions; and why it has no atoms.

    Not so where ``flat`` is False: atoms are at 0, and without stereo marks, for which RDKit would lay them out too.
    The reason is "" for a molecule that can be read.
    """
    from rdkit.Chem import rdDepictor

    blocks = []
    for text in smiles:
        why = ""
        try:
            mol = parse(text)
            if flat:
                rdDepictor.Compute2DCoords(mol)
        except (BadMolecule, ValueError, RuntimeError) as error:
            mol, why = Chem.Mol(), str(error)
        blocks.append((str(Chem.MolToMolBlock(mol, includeStereo=flat)), why))
    return blocks


def to_sdf(table: "pd.DataFrame", blocks: Callable[[Sequence[str]], Sequence[Sequence[str]]] = mol_blocks) -> str:
    """SDF text with 2D coordinates: structures from the column "smiles", titles from "name", the rest as properties.

    Empty cells are left out; line breaks within a cell or a name become blanks. ``blocks`` lays the structures out
    (:func:`mol_blocks`). What cannot be read is a record without atoms, whose properties hold SMILES and reason.
    """
    rows = table.to_dict("records")
    records = []
    for row, (block, why) in zip(rows, blocks([str(row["smiles"]) for row in rows]), strict=True):
        title, smiles = _one_line(row.pop("name", ""))[:80], row.pop("smiles")
        left = {"SMILES": smiles, "not drawn": why} if why else {}
        records.append(sd_record(title, block, {str(key): _one_line(value) for key, value in (row | left).items()}))
    return "".join(records)


def sd_record(title: str, block: str, fields: Mapping[str, str]) -> str:
    """One SD record: a mol block under another title, and its fields; empty ones, and empty lines of one, are left out.

    >>> sd_record("a", "\\n\\n\\nM  END\\n", {"y": "1", "z": ""}).splitlines()
    ['a', '', '', 'M  END', '> <y>', '1', '', '$$$$']
    """
    told = {
        re.sub(r"[<>]", "", _one_line(key)): "\n".join(filter(None, map(_one_line, str(value).splitlines())))
        for key, value in fields.items()
    }
    written = "".join(f"> <{key}>\n{value}\n\n" for key, value in told.items() if value)
    _, _, body = block.partition("\n")  # its first line is the title
    return f"{_one_line(title)[:80]}\n{body}{written}$$$$\n"


def _one_line(value: object) -> str:
    """Text that an SDF reader takes neither for a new field nor for the end of a record; "" for None and NaN."""
    text = "" if value is None or value != value else " ".join(str(value).split())  # noqa: PLR0124
    return f" {text}" if text.startswith((">", "$", "M  ")) else text


def _short(text: str) -> str:
    return repr(text if len(text) <= 80 else text[:77] + "...")


def _foreign(text: str) -> str:
    """The first character that is no printable ASCII; RDKit's log breaks such text in the middle of a character."""
    return next((c for c in text if not (c.isascii() and c.isprintable())), "")


def _without_extension(text: str) -> str:
    """ChemAxon's ``|...|`` after a SMILES holds labels and drawings, which nothing here reads."""
    head, blank, tail = text.partition(" ")
    return head if blank and tail.startswith("|") and tail.endswith("|") else text


def _sized(mol: Mol, what: str) -> Mol:
    if not 0 < mol.GetNumAtoms() <= MAX_ATOMS:
        raise BadMolecule(f"{what} has {mol.GetNumAtoms():,} atoms; 1 to {MAX_ATOMS:,} are taken")
    return mol
