"""Records of measured spectra, packed from a data set, against the spectra themselves; what has none says why."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some
from measured_data import carbons, with_spectra
from packed_records import assert_holds
from toy_models import a_dataset

from mmexplore.chem.molecules import canonical, parse
from mmexplore.datasets import RawTable, Spectra, storage
from mmexplore.datasets.curation import curate, digest
from mmexplore.features.of_dataset import features_of
from mmexplore.runtime.errors import BadMolecule, BadRecipe
from mmexplore.runtime.home import default_home

pd = pytest.importorskip("pandas")


def test_structures_are_asked_of_the_store() -> None:
    data = a_dataset()
    assert_holds(features_of(data, "graph2d", home=default_home()), "graph2d", list(data.smiles))


def test_the_records_are_the_spectra() -> None:
    data = with_spectra(a_dataset())
    assert data.spectra is not None
    peaks, bins = (
        features_of(data, "nmr_peaks", home=default_home()),
        features_of(data, "nmr_spectrum", home=default_home()),
    )
    assert peaks.ok.tolist() == bins.ok.tolist() == [bool(carbons(s)) for s in data.smiles]
    for molecule in np.flatnonzero(peaks.ok)[::7]:
        own = data.spectra.of(molecule)
        one = peaks.take(np.array([molecule])).columns
        expected = sorted(zip(data.spectra.atom[own].tolist(), data.spectra.ppm[own].tolist(), strict=True))
        assert list(zip(one["atom"].tolist(), one["ppm"].tolist(), strict=True)) == expected
        set_bits = np.flatnonzero(np.unpackbits(bins.take(np.array([molecule])).columns["bits"][0]))
        assert set(set_bits.tolist()) == {round(10 * (float(ppm) + 50)) for ppm in data.spectra.ppm[own]}


def test_a_gather_of_many_is_each_of_them() -> None:
    found = features_of(with_spectra(a_dataset()), "nmr_peaks", home=default_home())
    rows = np.random.default_rng(0).choice(np.flatnonzero(found.ok), 20)
    together = found.take(rows)
    assert together.counts["peaks"].tolist() == [found.take(rows[[i]]).counts["peaks"][0] for i in range(20)]
    for name in ("atom", "ppm"):
        np.testing.assert_array_equal(
            together.columns[name], np.concatenate([found.take(rows[[i]]).columns[name] for i in range(20)])
        )


def test_what_was_not_measured_says_so() -> None:
    plain = a_dataset(["CCO", "O", "CCN"])
    with pytest.raises(BadRecipe, match="'toy' has no measured spectra"):
        features_of(plain, "nmr_spectrum", home=default_home())
    found = features_of(with_spectra(plain), "nmr_spectrum", home=default_home())
    assert found.ok.tolist() == [True, False, True]
    assert found.reasons() == {1: "it has no measured 13C spectrum"}
    with pytest.raises(BadMolecule, match="molecule 1, 'O', has no record"):
        found.take(np.array([1]))
    unassigned = with_spectra(plain, assigned=False)
    assert features_of(unassigned, "nmr_spectrum", home=default_home()).ok.tolist() == [True, False, True]
    assert features_of(unassigned, "nmr_peaks", home=default_home()).reasons()[0].endswith("which peak is which atom's")


def test_a_kept_data_set_has_its_spectra_again(tmp_path: Path) -> None:
    data = with_spectra(a_dataset())
    storage.write(tmp_path, data)
    again = storage.read(tmp_path, "toy", "Toy")
    assert again is not None
    assert again.spectra is not None
    assert data.spectra is not None
    for name in ("ppm", "atom", "counts"):
        np.testing.assert_array_equal(getattr(again.spectra, name), getattr(data.spectra, name), strict=True)
    storage.write(tmp_path / "plain", a_dataset())
    plain = storage.read(tmp_path / "plain", "toy", "Toy")
    assert plain is not None
    assert plain.spectra is None


def test_the_digest_changes_with_a_shift_or_an_atom() -> None:
    data = with_spectra(a_dataset())
    assert data.spectra is not None
    s = data.spectra
    shifted = Spectra(s.ppm + np.float32(1), s.atom, s.counts)
    moved = Spectra(s.ppm, s.atom[::-1].copy(), s.counts)
    digests = {digest(data.smiles, data.labels, data.tasks, spectra) for spectra in (None, s, shifted, moved)}
    assert len(digests) == 4


@given(some.lists(some.integers(0, 5), min_size=1, max_size=12), some.data())
def test_taking_spectra_is_taking_lists(counts: list[int], draw: some.DataObject) -> None:
    stops = np.cumsum(counts)
    values = np.arange(stops[-1])
    spectra = Spectra(values.astype(np.float32), values.astype(np.int32), np.array(counts))
    each = [values[stop - count : stop].tolist() for stop, count in zip(stops, counts, strict=True)]
    rows = draw.draw(some.lists(some.integers(0, len(counts) - 1), min_size=1))
    taken = spectra.take(np.array(rows))
    assert taken.counts.tolist() == [counts[r] for r in rows]
    assert taken.atom.tolist() == [a for r in rows for a in each[r]]
    for molecule, expected in enumerate(each):
        assert values[spectra.of(molecule)].tolist() == expected


# ---- atoms stay with their shifts -----------------------------------------------------------------------------------

SALTS = ["[Na+].CC(=O)[O-]", "OC(C)c1ccncc1.Cl", "C[N+](C)(C)CC([O-])=O", "Cc1ccccc1", "CCO.CCO", "O=C([O-])CN.[K+]"]


def raw_of(texts: list[str], **chosen: object) -> RawTable:
    """Each carbon's shift says where it stands: ten times its neighbours plus one hundred if it is aromatic."""
    ppm, atoms, counts = [], [], []
    for text in texts:
        own = [(tell(a), a.GetIdx()) for a in parse(text).GetAtoms() if a.GetAtomicNum() == 6]
        ppm += [p for p, _ in own]
        atoms += [a for _, a in own]
        counts.append(len(own))
    spectra = Spectra(np.array(ppm, np.float32), np.array(atoms, np.int32), np.array(counts, np.int64))
    frame = pd.DataFrame({"smiles": texts})
    return RawTable(frame, np.arange(len(texts)), "smiles", None, (), spectra=spectra, **chosen)  # type: ignore[arg-type]


def tell(atom: object) -> float:
    heavy = sorted(n.GetAtomicNum() for n in atom.GetNeighbors())  # type: ignore[attr-defined]
    return float(sum(z * 3**k for k, z in enumerate(heavy)) % 97 + 100 * atom.GetIsAromatic())  # type: ignore[attr-defined]


@pytest.mark.parametrize("salts", ["keep", "strip"])
def test_shifts_stay_with_their_carbons_through_curation(salts: str) -> None:
    data = curate(raw_of(SALTS, salts=salts), "t", "t")
    found = features_of(data, "nmr_peaks", home=default_home()).take(np.arange(len(data)))
    stop = 0
    for molecule, smiles in enumerate(data.smiles):
        start, stop = stop, stop + int(found.counts["peaks"][molecule])
        atoms = [parse(smiles).GetAtomWithIdx(int(a)) for a in found.columns["atom"][start:stop]]
        assert [a.GetAtomicNum() for a in atoms] == [6] * len(atoms)
        assert len(atoms) == len(carbons(smiles))
        assert [tell(a) for a in atoms] == found.columns["ppm"][start:stop].tolist()


def test_merged_rows_keep_the_spectrum_that_says_most() -> None:
    raw = raw_of(["CCO", "OCC", "CCN", "C(O)C"], duplicates="merge")
    assert raw.spectra is not None
    raw.spectra.atom[:2] = -1  # the first row's peaks are not assigned
    raw.spectra.ppm[2:4] += 0.5
    data = curate(raw, "t", "t")
    assert data.smiles.tolist() == ["CCO", "CCN"]
    found = features_of(data, "nmr_peaks", home=default_home()).take(np.array([0]))
    assert sorted(found.columns["ppm"].tolist()) == sorted(raw.spectra.ppm[2:4].tolist())


def test_atoms_that_standardising_makes_anew_lose_their_peaks_and_are_counted() -> None:
    data = curate(raw_of(["C[S+](C)[O-]", "CCO"], salts="strip"), "t", "t")
    assert data.smiles[0] == canonical(parse("CS(C)=O"))
    assert features_of(data, "nmr_peaks", home=default_home()).ok.tolist() == [False, True]
    assert features_of(data, "nmr_spectrum", home=default_home()).ok.all()
    assert any("2 peaks lost their atom" in note for note in data.report.notes)
