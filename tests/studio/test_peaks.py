"""Peaks to molecules behind the front desk: own peaks come first, dealt ones at chance, and the verb's JSON."""

import json
from pathlib import Path

import numpy as np
import pytest
from rdkit import Chem
from typer.testing import CliRunner

from mmexplore import studio
from mmexplore.cli.app import app
from mmexplore.explore.spectra import peaks as by_peaks
from mmexplore.runtime.errors import BadMolecule, BadRecipe, BadTable, NotAvailable
from mmexplore.studio import MoleculeRef, PeakHits, PeakList, ViewRef

DATA = "freesolv"  # which has no spectra


@pytest.fixture(scope="module")
def embedded(home: Path) -> None:
    studio.embed(by_peaks.JOINT, DATA)


def own(row: int) -> PeakList:
    """The shifts that are predicted for a molecule, as if they had been measured."""
    lines = studio.predicted_shifts(DATA, row)
    return PeakList(lines.ppm.astype(float), lines.hydrogens.astype(int))


def place(found: PeakHits, row: int) -> int:
    return found.rows.tolist().index(row)


class TestHits:
    def test_a_molecule_s_own_shifts_rank_it_first(self) -> None:
        for row in (3, 100, 268, 500, 641):
            if len(peaks := own(row)):
                found = studio.peak_hits(peaks, DATA, 700)["shifts"]
                assert found.similarity[place(found, row)] == found.similarity[0] == pytest.approx(1, abs=1e-3)

    def test_the_order_of_peaks_does_not_matter(self) -> None:
        text = studio.peak_list("57.5 t, 18.2 q, 128.5").text
        turned = ", ".join(reversed(text.split(", ")))
        one, other = (studio.peak_hits(studio.peak_list(each), DATA, 20)["shifts"] for each in (text, turned))
        assert one.rows.tolist() == other.rows.tolist()

    def test_dealt_peaks_rank_at_chance(self) -> None:
        rng = np.random.default_rng(0)
        rows = rng.choice(len(studio.dataset(DATA)), 60, replace=False)
        dealt, true = [], []
        for row, other in zip(rows.tolist(), np.roll(rows, 1).tolist(), strict=True):
            if not len(own(row)) or not len(own(other)):
                continue
            for peaks, places in ((own(row), true), (own(other), dealt)):
                found = studio.peak_hits(peaks, DATA, 700)["shifts"]
                places.append(found.ranks[place(found, row), 0] / len(found.rows))
        assert np.mean(true) < 0.02
        assert 0.35 < np.mean(dealt) < 0.65

    def test_filters_keep_the_order(self) -> None:
        peaks = studio.peak_list("128.5, 77.2")
        every = studio.peak_hits(peaks, DATA, 700)["shifts"]
        found = studio.peak_hits(peaks, DATA, 5, "c1ccccc1", {"molecular weight": (80, 130)})["shifts"]
        assert len(found.rows) == 5
        assert [place(every, row) for row in found.rows.tolist()] == sorted(place(every, r) for r in found.rows)
        with pytest.raises(BadMolecule):
            studio.peak_hits(peaks, DATA, 5, "c1cc")

    def test_the_joint_model_s_hits_come_once_it_has_embedded_the_set(self, embedded: None) -> None:
        found = studio.peak_hits(studio.peak_list("128.5, 129.1, 125.3, 137.8, 21.4"), DATA, 10)
        assert tuple(found) == by_peaks.WAYS
        for way, one in found.items():
            assert len(one.rows) == 10, way
            assert (np.diff(one.similarity) <= 0).all()
        assert (found["both"].ranks >= 1).all()


class TestJointModel:
    def test_a_structure_has_a_place_without_a_spectrum(self, embedded: None) -> None:
        made = studio.embed(by_peaks.JOINT, DATA)
        structures, spectra = (np.asarray(made.view(view)) for view in (by_peaks.STRUCTURE, by_peaks.SPECTRUM))
        assert np.isfinite(structures).all()
        assert structures.shape == spectra.shape
        assert np.isnan(spectra).all()
        np.testing.assert_allclose(np.linalg.norm(structures, axis=1), 1, atol=1e-4)

    def test_a_typed_structure_is_sought_among_structures_alone(self, embedded: None) -> None:
        found = studio.hits(MoleculeRef("CCCCCCCO"), ViewRef(by_peaks.JOINT, by_peaks.STRUCTURE), DATA, 5)
        assert len(found.rows) == 5
        with pytest.raises(BadMolecule):
            studio.hits(MoleculeRef("CCCCCCCO"), ViewRef(by_peaks.JOINT, by_peaks.SPECTRUM), DATA, 5)

    def test_a_map_of_a_view_that_no_molecule_has_is_refused_in_words(self, embedded: None) -> None:
        with pytest.raises(NotAvailable, match="another view would do"):
            studio.compute_map(by_peaks.JOINT, DATA, by_peaks.SPECTRUM, "pca")

    def test_other_models_join_nothing(self) -> None:
        with pytest.raises(BadRecipe, match="does not join"):
            studio.joint_model("solubility-dmpnn")


class TestVerb:
    def asked(self, *words: str) -> dict:
        done = CliRunner().invoke(app, ["retrieve", "--data", DATA, "--json", *words], catch_exceptions=False)
        return json.loads(done.stdout)

    def test_json_holds_each_way(self, embedded: None, tmp_path: Path) -> None:
        found = self.asked("--peaks", "128.5 d, 77.2", "--k", "3")
        assert (found["peaks"], found["k"], found["data"]) == ("77.2, 128.5 CH", 3, DATA)
        assert tuple(found["hits"]) == by_peaks.WAYS
        for hits in found["hits"].values():
            assert len(hits) == 3
            assert {"smiles", "name", "similarity"} <= set(hits[0])
        (tmp_path / "peaks.txt").write_text("128.5 d\n77.2")
        assert self.asked("--peaks", str(tmp_path / "peaks.txt"), "--k", "3")["hits"] == found["hits"]

    def test_mistakes_are_told(self) -> None:
        with pytest.raises(BadTable, match="is no peak"):
            studio.retrieve_by_peaks("banana", DATA)
        for words in ([], ["--peaks", "128.5", "--query", "CCO"]):
            with pytest.raises(BadRecipe, match="one of them"):
                self.asked(*words)
        with pytest.raises(BadRecipe, match="name one with --model"):
            self.asked("--query", "CCO")


class TestDoubt:
    def asked(self, *words: str) -> dict:
        done = CliRunner().invoke(app, ["doubt", "--data", DATA, "--json", *words], catch_exceptions=False)
        return json.loads(done.stdout)

    def test_a_molecule_s_own_shifts_are_not_doubted_and_another_s_are(self, embedded: None) -> None:
        query, far = studio.query_of(DATA, "cyclohexane"), studio.query_of(DATA, "aniline")
        true, dealt = studio.doubt(query, own(query.row), DATA), studio.doubt(query, own(far.row), DATA)
        assert tuple(true.percentile) == by_peaks.WAYS
        assert true.percentile["shifts"] > 0.95
        assert dealt.percentile["shifts"] < true.percentile["shifts"]
        assert query.row not in dealt.better
        assert len(dealt.better) > 0

    def test_json_of_one_pairing(self, embedded: None) -> None:
        found = self.asked("--query", "C1CCCCC1", "--peaks", "27.0 t")
        assert (found["query"], found["peaks"], found["decoys"]) == ("C1CCCCC1", "27 CH2", 50)
        assert set(found["percentile"]) == set(by_peaks.WAYS)
        assert all(0 <= share <= 1 for share in found["percentile"].values())

    def test_mistakes_are_told(self) -> None:
        with pytest.raises(BadTable, match="no measured spectra"):
            self.asked()
        with pytest.raises(BadRecipe, match="together"):
            self.asked("--peaks", "128.5")
        with pytest.raises(BadMolecule, match="no carbon"):
            self.asked("--query", "O", "--peaks", "128.5")

    def test_a_set_with_spectra_is_doubted_once(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        rows = [row for row in range(0, 600, 20) if len(own(row)) > 1]
        records = []
        for number, row in enumerate(rows):
            peaks = "".join(f"{ppm};0.0Q;0|" for ppm in own(row).ppm)
            block = Chem.MolToMolBlock(Chem.MolFromSmiles(str(studio.dataset(DATA).smiles[row])))
            fields = f"> <nmrshiftdb2 ID>\n{number}\n\n> <Spectrum 13C 0>\n{peaks}\n\n$$$$\n"
            records.append(block + fields)
        (tmp_path / "nmrshiftdb2withsignals.sd").write_text("".join(records))
        monkeypatch.setenv("MMEXPLORE_HOME", str(tmp_path / "home"))
        monkeypatch.setenv("MMEXPLORE_DATA_DIR", str(tmp_path))
        assert studio.stored_doubts("nmrshiftdb2") is None
        told = studio.doubt_all("nmrshiftdb2", 5)
        kept = studio.stored_doubts("nmrshiftdb2")
        assert kept is not None
        assert (kept.way, told["by"], len(kept.rows)) == ("joint", "joint", len(rows))
        assert (np.diff(kept.percentile) >= 0).all()
        assert told["called_wrong"] == kept.called
        assert [one["percentile"] for one in told["most_doubtful"]] == kept.percentile[:5].tolist()
