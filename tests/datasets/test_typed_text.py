"""What a person types is read alike by the Map, Retrieval and Subgraphs: name, SMILES, InChI, SMARTS, or a sentence."""

import re
from collections.abc import Callable

import numpy as np
import pytest
from rdkit import Chem
from screens import page, shown
from streamlit.testing.v1 import AppTest

from mmexplore import studio
from mmexplore.datasets import search
from mmexplore.runtime.errors import BadMolecule, UnknownName
from mmexplore.studio import MoleculeRef
from mmexplore.ui.shell import session

DATA, MODEL = "solubility", "solubility-dmpnn"
NAME, SMILES, OTHER = "cyclohexane", "C1CCCCC1", "C1CCC(CC1)"
INCHI = "InChI=1S/C6H12/c1-2-4-6-5-3-1/h1-6H2"
MANY, JUNK = "[#6]-[OX2H]", "no molecule(("
NEITHER = "reads neither as SMILES nor as SMARTS"


def one_pattern() -> tuple[str, int]:
    """A SMARTS that only one molecule of the set matches, and its row."""
    data = studio.dataset(DATA)
    for row, smiles in enumerate(data.smiles.tolist()):
        smarts = Chem.MolToSmarts(Chem.MolFromSmiles(smiles)) if len(smiles) > 40 else ""
        smarts = smarts.replace("[#6]", "[#6,#6]", 1)  # which no SMILES can be
        if smarts and search.matches(data, smarts).tolist() == [row]:
            return smarts, row
    raise AssertionError("every large molecule is part of another")


class TestReading:
    @pytest.mark.parametrize("typed", [NAME, NAME.upper(), SMILES, OTHER, INCHI, f" {INCHI} "])
    def test_every_spelling_means_the_same_molecule(self, home: object, typed: str) -> None:
        data, query = studio.dataset(DATA), studio.query_of(DATA, typed)
        assert (query.name, query.smiles) == (NAME, SMILES)
        assert data.smiles[query.row] == SMILES
        assert query.row in studio.find(DATA, typed).rows

    def test_a_molecule_of_no_row(self, home: object) -> None:
        assert (
            studio.query_of(DATA, "OCC")
            == studio.query_of(DATA, "InChI=1S/C2H6O/c1-2-3/h3H,2H2,1H3")
            == MoleculeRef("CCO")
        )
        assert studio.find(DATA, "OCC").molecule == "CCO"
        assert studio.find(DATA, NAME).molecule == studio.find(DATA, MANY).molecule == ""

    def test_a_sentence_repeats_little_of_what_was_typed(self, home: object) -> None:
        data, long = studio.dataset(DATA), "~".join(["[#6,#7]"] * 400)
        with pytest.raises(BadMolecule) as told:
            studio.query_of(DATA, long)
        rows = np.arange(3)
        several = search.Meaning("x" * 5_000, rows)
        with pytest.raises(BadMolecule) as named:
            search.one_of(data, several)
        unknown = UnknownName("column", "n" * 5_000, map(str, range(5_000)))
        assert unknown.args[0].endswith("and 4,940 more")
        for words in (*map(str, (told.value, named.value, unknown)), studio.find(DATA, long).how):
            assert len(words) < 700

    def test_a_pattern_means_all_that_match_it_or_the_only_one(self, home: object) -> None:
        data, (smarts, row) = studio.dataset(DATA), one_pattern()
        wanted = [Chem.MolFromSmiles(s).HasSubstructMatch(Chem.MolFromSmarts(MANY)) for s in data.smiles]
        assert studio.find(DATA, MANY).rows.tolist() == np.flatnonzero(wanted).tolist()
        assert studio.query_of(DATA, smarts).row == row
        with pytest.raises(BadMolecule, match=r"molecules of solubility match the SMARTS .*one molecule is asked for"):
            studio.query_of(DATA, MANY)

    @pytest.mark.parametrize(
        "typed", ["[#6]S(=O)(=O)N", "C~O", "*c1ccccc1", "c1ccccc1[*:1]", "[CX4]", "[#6]#[#7]", "[c,n]1ccccc1"]
    )
    def test_what_leaves_something_open_is_a_pattern_and_no_molecule(self, home: object, typed: str) -> None:
        data, found = studio.dataset(DATA), studio.find(DATA, typed)
        wanted = [Chem.MolFromSmiles(s).HasSubstructMatch(Chem.MolFromSmarts(typed)) for s in data.smiles]
        assert (found.molecule, found.smarts) == ("", typed)
        assert found.rows.tolist() == np.flatnonzero(wanted).tolist()
        assert "match the SMARTS" in found.how

    @pytest.mark.parametrize("typed", ["[2H]OC", "[NH4+]", "C#N", "[13C]#N", "C/C=C/C", "N#[N+][O-]", "[Pt](Cl)Cl"])
    def test_a_molecule_is_no_pattern(self, typed: str) -> None:
        assert search.structure(typed).molecule == Chem.CanonSmiles(typed)

    @pytest.mark.parametrize("typed", ["CCO>>CC=O", "CCO.CN>[Pd]>CCN", ">>CCO", "[CH2:1]O>>[CH:1]=O"])
    def test_a_reaction_is_called_one(self, home: object, typed: str) -> None:
        for reader in (studio.find, studio.query_of):
            with pytest.raises(BadMolecule, match=r"is a reaction, and a molecule is asked for"):
                reader(DATA, typed)

    @pytest.mark.parametrize("typed", ["<script>alert(1)</script>", "<b>x</b>", "a<b>c>d"])
    def test_markup_is_no_reaction(self, home: object, typed: str) -> None:
        with pytest.raises(BadMolecule, match="reads neither as SMILES nor as SMARTS"):
            studio.query_of(DATA, typed)

    def test_a_name_that_is_not_here_is_told_where_names_are_looked_up(self, home: object) -> None:
        with pytest.raises(BadMolecule, match=f"names are looked up in {DATA} alone, so its SMILES or InChI would do"):
            studio.find(DATA, "no such name")

    @pytest.mark.parametrize("typed", [JUNK, "C1CC", "<img src=x>", "InChI=1S/junk", "x" * 500])
    def test_junk_is_the_same_sentence_everywhere(self, home: object, typed: str) -> None:
        said = set()
        for reader in (studio.find, studio.query_of):
            with pytest.raises(BadMolecule, match=NEITHER) as told:
                reader(DATA, typed)
            said.add(str(told.value))
        assert len(said) == 1
        assert max(map(len, said)) < 250


def box(monkeypatch: pytest.MonkeyPatch, title: str, typed: str) -> AppTest:
    """A page on which something was typed into its box."""
    model = "ecfp" if title == "Retrieval" else MODEL
    monkeypatch.setattr(session, "choice", lambda: session.Choice(DATA, model, "ecfp" if model == "ecfp" else "dmpnn"))
    name, key = {"Map": ("1_Map.py", "search"), "Retrieval": ("3_Retrieval.py", "query")}.get(
        title, ("4_Subgraphs.py", "smiles")
    )
    app = page(name, **{key: typed})
    assert not app.exception
    return app


FOUND: dict[str, Callable[[str], bool]] = {
    "Map": lambda said: re.search("names? (holds?|is|are) ", said) is not None or "this molecule (row" in said,
    "Retrieval": lambda said: f"{NAME}**, the query" in said,
    "Subgraphs": lambda said: NAME in said,
}
ONE = {
    "Map": "molecules match the SMARTS",
    "Retrieval": "one molecule is asked for",
    "Subgraphs": "one molecule is asked for",
}


@pytest.mark.parametrize("title", FOUND)
class TestBoxes:
    @pytest.mark.parametrize("typed", [NAME, INCHI, OTHER])
    def test_a_name_an_inchi_and_another_spelling(
        self, home: object, monkeypatch: pytest.MonkeyPatch, title: str, typed: str
    ) -> None:
        assert FOUND[title](shown(box(monkeypatch, title, typed)).replace("\\", ""))

    def test_a_pattern(self, home: object, monkeypatch: pytest.MonkeyPatch, title: str) -> None:
        assert ONE[title] in shown(box(monkeypatch, title, MANY)).replace("\\", "")

    def test_junk_is_one_sentence(self, home: object, monkeypatch: pytest.MonkeyPatch, title: str) -> None:
        app = box(monkeypatch, title, JUNK)
        told = [str(one.value).replace("\\", "") for kind in (app.error, app.warning) for one in kind]
        assert sum(NEITHER in words for words in told) == 1
