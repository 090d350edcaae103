"""Retrieval behind the front desk: what a text means, filters against RDKit, and the verb's JSON."""

import json
from pathlib import Path

import numpy as np
import pytest
from rdkit import Chem
from rdkit.Chem.Descriptors import MolWt
from typer.testing import CliRunner

from mmexplore import studio
from mmexplore.cli.app import app
from mmexplore.runtime.errors import BadMolecule, MmexploreError, NotAvailable, UnknownName
from mmexplore.studio import ECFP, MoleculeRef, ViewRef

MODEL, DATA, HYDROXY = "solubility-dmpnn", "freesolv", "CC(=O)Nc1cccc(O)c1"
LEARNED = ViewRef(MODEL, "dmpnn")


@pytest.fixture(scope="module")
def embedded(home: Path) -> None:
    """FreeSolv in the shipped model, as a job would make it."""
    studio.embed(MODEL, DATA)


class TestQuery:
    @pytest.mark.parametrize("text", ["cyclohexane", "CYCLOHEXANE", "C1CCCCC1", "  C1CCCCC1 "])
    def test_a_name_and_a_smiles_mean_the_molecule_of_the_data_set(self, text: str) -> None:
        query = studio.query_of(DATA, text)
        assert (query.smiles, query.name) == ("C1CCCCC1", "cyclohexane")
        assert studio.dataset(DATA).smiles[query.row] == "C1CCCCC1"

    def test_any_other_smiles_is_itself(self) -> None:
        assert studio.query_of(DATA, "Oc1cccc(NC(C)=O)c1") == MoleculeRef(HYDROXY)

    def test_part_of_one_name_only(self) -> None:
        names = [str(name) for name in studio.dataset("solubility").names]
        part = next(n[:-1] for n in names if len(n) > 12 and sum(n[:-1].lower() in o.lower() for o in names) == 1)
        assert studio.query_of("solubility", part).name.startswith(part)
        with pytest.raises(BadMolecule, match="names of solubility hold 'benz'"):
            studio.query_of("solubility", "benz")

    @pytest.mark.parametrize("text", ["C1CC", "not a molecule((", "<img src=x>"])
    def test_junk_is_one_sentence(self, text: str) -> None:
        with pytest.raises(BadMolecule, match="in no name of this data set and reads neither as SMILES nor"):
            studio.query_of(DATA, text)


class TestHits:
    def test_the_query_is_not_among_its_hits(self, embedded: None) -> None:
        for panel in (ECFP, LEARNED):
            for row in (0, 5, 268, 641):
                query = studio.query_of_row(DATA, row)
                for asked in (query, MoleculeRef(query.smiles)):
                    found = studio.hits(asked, panel, DATA, 5)
                    assert row not in found.rows
                    assert len(set(found.rows.tolist())) == 5
                everyone = studio.hits(query, panel, DATA, 1000)
                assert sorted([*everyone.rows.tolist(), row]) == list(range(642))

    def test_ties_with_the_last_hit_are_counted(self, tmp_path: Path) -> None:
        file = tmp_path / "alkanes.smi"  # one fingerprint from some length on
        file.write_text("CCO ethanol\n" + "".join(f"{'C' * n} c{n}\n" for n in range(12, 40)))
        name = str(file)
        found = studio.hits(studio.query_of(name, "c39"), ECFP, name, 3)
        assert found.similarity.tolist() == [1, 1, 1]
        everyone = studio.hits(studio.query_of(name, "c39"), ECFP, name, 100)
        assert found.tied == (everyone.similarity == 1).sum() == 27
        assert everyone.tied == 0
        assert studio.hits(studio.query_of(name, "c39"), ECFP, name, 27).tied == 0
        heavy = studio.hits(studio.query_of(name, "c39"), ECFP, name, 3, within={"molecular weight": (400, 1e4)})
        assert heavy.tied == sum(n * 14 + 2 >= 400 for n in range(12, 39))

    def test_a_typed_molecule_is_embedded_with_the_model(self, embedded: None) -> None:
        x = np.asarray(studio.embed(MODEL, DATA).view("dmpnn"), float)
        smiles = studio.dataset(DATA).smiles[100]
        by_row = studio.hits(studio.query_of_row(DATA, 100), LEARNED, DATA, 10)
        assert studio.hits(studio.query_of(DATA, str(smiles)), LEARNED, DATA, 10).rows.tolist() == by_row.rows.tolist()
        typed = studio.hits(MoleculeRef(HYDROXY), LEARNED, DATA, 10)
        assert len(typed.rows) == 10
        assert 0.5 < typed.similarity[0] < 1
        assert np.isfinite(x).all()

    @pytest.mark.parametrize("smarts", ["c1ccccc1", "[OX2H]", "C(=O)[O;H1]"])
    @pytest.mark.parametrize("panel", [ECFP, LEARNED])
    def test_a_smarts_filter_is_rdkits_substructure_match(self, embedded: None, smarts: str, panel: ViewRef) -> None:
        table, pattern = studio.dataset(DATA), Chem.MolFromSmarts(smarts)
        expected = {i for i, s in enumerate(table.smiles) if Chem.MolFromSmiles(s).HasSubstructMatch(pattern)}
        found = studio.hits(studio.query_of_row(DATA, 0), panel, DATA, len(table), smarts)
        assert set(found.rows.tolist()) == expected - {0}

    @pytest.mark.parametrize("spelling", ["C1=CC=CC=C1", "c1ccccc1", "InChI=1S/C6H6/c1-2-4-6-5-3-1/h1-6H"])
    def test_a_filter_reads_a_molecule_in_any_spelling(self, spelling: str) -> None:
        query = studio.query_of_row(DATA, 0)
        expected = studio.hits(query, ECFP, DATA, 700, "c1ccccc1").rows.tolist()
        assert studio.hits(query, ECFP, DATA, 700, spelling).rows.tolist() == expected

    def test_a_property_filter_keeps_the_order(self) -> None:
        table, query = studio.dataset(DATA), studio.query_of_row(DATA, 3)
        every = studio.hits(query, ECFP, DATA, len(table))
        light = [row for row in every.rows.tolist() if 80 <= MolWt(Chem.MolFromSmiles(table.smiles[row])) <= 100]
        found = studio.hits(query, ECFP, DATA, 12, within={"molecular weight": (80, 100)})
        assert found.rows.tolist() == light[:12]
        assert found.tried >= 12

    def test_no_molecule_passes(self) -> None:
        found = studio.hits(studio.query_of_row(DATA, 3), ECFP, DATA, 5, within={"molecular weight": (1e5, 1e6)})
        assert len(found.rows) == 0
        assert found.tried == len(studio.dataset(DATA)) - 1  # all but the query

    @pytest.mark.slow
    def test_mistakes_are_told(self) -> None:
        query = studio.query_of_row(DATA, 0)
        with pytest.raises(UnknownName, match="no property is called 'colour'"):
            studio.hits(query, ECFP, DATA, 5, within={"colour": (0, 1)})
        with pytest.raises(BadMolecule, match="unclosed ring"):
            studio.hits(query, ECFP, DATA, 5, "c1cc")
        with pytest.raises(NotAvailable, match="has not embedded"):
            studio.hits(query, LEARNED, "chembl_samples", 5)

    def test_shared_is_the_share_of_ecfps_hits(self, embedded: None) -> None:
        query = studio.query_of_row(DATA, 9)
        lists = [studio.hits(query, panel, DATA, 8) for panel in (ECFP, LEARNED)]
        expected = len(set(lists[0].rows) & set(lists[1].rows)) / 8
        assert studio.shared(lists) == {LEARNED: expected}
        assert studio.shared(lists[1:]) == {}


def test_what_is_lacking_is_named_until_it_is_embedded(embedded: None) -> None:
    assert studio.lacking([ECFP, LEARNED], DATA) == []
    assert studio.lacking([ECFP, LEARNED, LEARNED], "chembl_samples") == [MODEL]


def test_a_new_molecule_is_placed_among_its_neighbours(embedded: None) -> None:
    xy = np.random.default_rng(0).normal(size=(642, 2)).astype(np.float32)
    for panel in (ECFP, LEARNED):
        assert studio.place_on(studio.query_of_row(DATA, 7), panel, DATA, xy) == pytest.approx(xy[7].tolist())
        x, y = studio.place_on(MoleculeRef(HYDROXY), panel, DATA, xy) or (9, 9)
        assert xy[:, 0].min() <= x <= xy[:, 0].max()
        assert xy[:, 1].min() <= y <= xy[:, 1].max()


class TestVerb:
    def asked(self, *words: str) -> dict:
        done = CliRunner().invoke(app, ["retrieve", "--model", MODEL, "--json", *words], catch_exceptions=False)
        return json.loads(done.stdout)

    def test_json_holds_what_the_contract_says(self, embedded: None) -> None:
        found = self.asked("--data", DATA, "--query", HYDROXY, "--k", "4", "--agreement", "30")
        assert (found["query"], found["k"]) == (HYDROXY, 4)
        assert list(found["hits"]) == ["ecfp", "untrained", "dmpnn"]
        for hits in found["hits"].values():
            assert len(hits) == 4
            assert {"smiles", "name", "similarity"} <= set(hits[0])
            assert [hit["similarity"] for hit in hits] == sorted((h["similarity"] for h in hits), reverse=True)
        assert set(found["tied"]) == set(found["hits"])
        ecfp = {hit["smiles"] for hit in found["hits"]["ecfp"]}
        for view, share in found["overlap_with_ecfp"].items():
            assert share == len(ecfp & {hit["smiles"] for hit in found["hits"][view]}) / 4
        assert set(found["overlap_with_ecfp"]) == set(found["agreement"]) == {"untrained", "dmpnn"}
        assert found["agreement"]["dmpnn"]["overlap"] > 5 * found["agreement"]["dmpnn"]["overlap_expected"]

    def test_another_data_set_is_searched(self, embedded: None) -> None:
        found = self.asked(
            "--data", "solubility", "--query", "cyclohexane", "--target-data", DATA, "--smarts", "C1CCCCC1"
        )
        assert found["data"] == DATA
        table = set(studio.dataset(DATA).smiles.tolist())
        for hits in found["hits"].values():
            assert {hit["smiles"] for hit in hits} <= table
            assert "C1CCCCC1" not in {hit["smiles"] for hit in hits}

    def test_the_baseline_has_one_list(self) -> None:
        found = studio.retrieve("ecfp", DATA, "C1CCCCC1")
        assert list(found["hits"]) == ["ecfp"]
        assert found["overlap_with_ecfp"] == {}

    def test_a_table_for_people(self, embedded: None) -> None:
        words = ["retrieve", "--model", MODEL, "--data", DATA, "--query", "C1CCCCC1", "--view", "dmpnn"]
        assert "hits, untrained" in CliRunner().invoke(app, words, catch_exceptions=False).stdout

    def test_an_unknown_view(self) -> None:
        with pytest.raises(MmexploreError, match="no view of this model is called 'gin'"):
            studio.retrieve(MODEL, DATA, "C1CCCCC1", views=["gin"])


@pytest.mark.parametrize("model", ["solubility-all-late", "solubility-mmfrl-intermediate"])
def test_panels_are_ecfp_the_twin_the_chosen_view_and_what_a_fusion_makes(model: str, home: Path) -> None:
    recipe = studio.model(model).recipe
    assert recipe is not None
    first, twin, chosen, *joined = studio.standard_panels(model, "image")
    assert (first, chosen) == (ECFP, ViewRef(model, "image"))
    assert {panel.view for panel in joined} == set(recipe.views) - set(recipe.parts)
    assert twin == ViewRef(f"untrained:{model}", (joined or [chosen])[-1].view)
