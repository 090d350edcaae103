"""Laws of activity cliffs: those of a search through all pairs, planted ones on top, dealt labels nothing special."""

import math
from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from cliff_data import CORES, PARTS, planted
from rdkit import Chem
from rdkit.Chem.rdFingerprintGenerator import GetMorganGenerator
from rdkit.DataStructs import TanimotoSimilarity

from mmexplore.chem.fingerprints import tanimoto_of
from mmexplore.datasets import Dataset
from mmexplore.explore.cliffs import jumps, pairs, r_groups
from mmexplore.explore.cliffs.pairs import Cliffs
from mmexplore.explore.cliffs.transformations import group_means, transformations
from mmexplore.runtime.errors import BadMolecule, BadRecipe, NotAvailable, UnknownName
from mmexplore.runtime.home import Home


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    return Home(tmp_path_factory.mktemp("cliffs"))


def found(data: Dataset, home: Home, **asked: object) -> Cliffs:
    return pairs.find(data, tanimoto_of(data.smiles.tolist()), home=home, **asked)  # type: ignore[arg-type]


@pytest.mark.parametrize("least", [0.35, 0.6, 1.0])
def test_near_pairs_are_those_of_a_search_through_all(home: Home, least: float) -> None:
    data = planted()
    made = found(data, home, near="ecfp", least=least, gap=0.5)
    morgan = GetMorganGenerator(radius=2, fpSize=2048)
    bits = [morgan.GetFingerprint(Chem.MolFromSmiles(text)) for text in data.smiles]
    alike = {(a, b): TanimotoSimilarity(bits[a], bits[b]) for a, b in combinations(range(len(data)), 2)}
    near = {pair: similarity for pair, similarity in alike.items() if similarity >= least}
    y = data.labels[:, 0].astype(float)
    cliffs = {p: abs(y[p[0]] - y[p[1]]) for p in near if abs(y[p[0]] - y[p[1]]) >= 0.5}
    assert made.near == len(near)
    assert made.count == len(cliffs) == len(made.cliffs)
    for one in made.cliffs:
        pair = (min(one.a, one.b), max(one.a, one.b))
        assert one.gap == pytest.approx(cliffs[pair])
        assert one.similarity == pytest.approx(near[pair])
        assert y[one.b] > y[one.a]
        assert one.sali == (math.inf if near[pair] == 1 else pytest.approx(cliffs[pair] / (1 - near[pair])))
    order = [one.sali for one in made.cliffs]
    assert order == sorted(order, reverse=True)
    gaps = [one.gap for one in made.ranked("difference")]
    assert gaps == sorted(gaps, reverse=True)


def test_matched_pairs_differ_in_what_they_are_said_to(home: Home) -> None:
    data = planted()
    made = found(data, home, near="matched", gap=0.0)
    assert made.near == made.matched
    for one in made.cliffs:
        for row, part in ((one.a, one.part_a), (one.b, one.part_b)):
            whole = Chem.molzip(Chem.MolFromSmiles(f"{one.constant}.{part}"))
            assert Chem.CanonSmiles(Chem.MolToSmiles(whole)) == data.smiles[row]


def test_a_planted_cliff_is_the_first(home: Home) -> None:
    data = planted()
    labels = data.labels.copy()
    row = data.smiles.tolist().index(Chem.CanonSmiles("CCCCc1ccc(Cl)cc1"))
    labels[row] += 20
    made = found(replace(data, labels=labels, digest="with a cliff"), home)
    assert {made.cliffs[0].b, made.ranked("difference")[0].b} == {row}


def test_planted_transformations_are_found_with_their_step(home: Home) -> None:
    moves = {(one.part_a, one.part_b): one for one in found(planted(), home).transformations}
    for part, effect in PARTS.items():
        for other, else_ in PARTS.items():
            key = (Chem.CanonSmiles(f"[*:1]{part}"), Chem.CanonSmiles(f"[*:1]{other}"))
            if one := moves.get(key):
                assert one.mean == pytest.approx(else_ - effect, abs=0.15)
                assert one.low <= one.mean <= one.high
                assert one.groups >= len(CORES) - 1
                if abs(else_ - effect) > 0.3:
                    assert one.q < 0.001
                    assert (one.up, one.down) in ((one.count, 0), (0, one.count))
    parts = {Chem.CanonSmiles(f"[*:1]{part}") for part in PARTS}
    assert sum({a, b} <= parts for a, b in moves) == 9  # of O and OC the smallest change is that of H to C


@pytest.mark.parametrize("classes", [False, True])
def test_dealt_labels_say_nothing(home: Home, classes: bool) -> None:
    """The steps of dealt labels are no more often sure than they should be, and cliffs as many as they are told."""
    data, told = planted(classes=classes), []
    for seed in range(4):
        dealt = np.random.default_rng(seed).permutation(data.labels)
        made = found(replace(data, labels=dealt, digest=f"dealt {classes} {seed}"), home)
        told += [one.q for one in made.transformations if np.isfinite(one.q)]
        assert made.count == pytest.approx(made.permuted, rel=0.5)
    assert np.mean([q < 0.05 for q in told]) < 0.05
    real = found(data, home)
    assert [one.q < 0.05 for one in real.transformations].count(True) >= 4
    assert real.count < real.permuted


def test_an_interval_holds_the_truth_as_often_as_it_says() -> None:
    rng, held = np.random.default_rng(0), 0
    for _ in range(400):
        values = np.r_[np.zeros(8), rng.normal(0.7, 1, 8)]
        (one,) = transformations({("a", "b"): [(n, n + 8) for n in range(8)]}, values, classes=False)
        held += one.low <= 0.7 <= one.high
    assert 0.92 <= held / 400 <= 0.98


def test_pairs_that_share_a_molecule_count_once() -> None:
    steps = np.array([1.0, 3.0, 5.0, 7.0])
    assert group_means([(0, 1), (0, 2), (3, 2), (4, 5)], steps).tolist() == [3.0, 7.0]
    values = np.array([0.0, 1, 1, 1, 1, 1])
    assert transformations({("a", "b"): [(0, n) for n in range(1, 6)]}, values, classes=False) == ()


def test_what_was_found_is_kept_and_read_as_it_was(home: Home) -> None:
    data = planted(seed=5)
    assert pairs.stored(data, home=home) is None
    made = found(data, home)
    again = pairs.stored(data, home=home)
    assert again is not None
    assert repr(again) == repr(made)  # NaN is no equal


def test_missing_labels_and_classes(home: Home) -> None:
    data = planted(classes=True)
    labels = data.labels.copy()
    labels[::5] = np.nan
    made = found(replace(data, labels=labels, digest="with gaps"), home)
    assert made.labeled == np.isfinite(labels).sum()
    assert all(np.isfinite(labels[[one.a, one.b]]).all() and one.gap == 1 for one in made.cliffs)
    assert made.count > 0
    labels[1::5] = 2
    three = found(replace(data, labels=labels, digest="three classes"), home)
    assert three.count > made.count
    assert three.transformations == ()


@pytest.mark.parametrize("asked", [{"least": 0.0}, {"least": 2.0}, {"gap": -1.0}, {"gap": math.inf}])
def test_bounds_that_mean_nothing_are_refused(home: Home, asked: dict[str, object]) -> None:
    with pytest.raises(BadRecipe):
        found(planted(), home, **asked)


def test_names_that_are_none_are_refused(home: Home) -> None:
    with pytest.raises(UnknownName):
        found(planted(), home, task="nope")
    with pytest.raises(UnknownName):
        found(planted(), home, near="far")
    with pytest.raises(BadRecipe):
        found(replace(planted(), tasks=()), home)


def test_a_blind_modality_is_blind_and_the_one_that_knows_separates() -> None:
    rng = np.random.default_rng(0)
    knows, nothing, noise = rng.normal(size=500), np.full(500, 0.3), rng.normal(size=500)
    a, b = int(knows.argmin()), int(knows.argmax())
    said = {name: values[b] - values[a] for name, values in (("knows", knows), ("nothing", nothing))}
    assert jumps.verdict(said["knows"], jumps.apart(knows, said["knows"])) == "separates"
    assert jumps.verdict(said["nothing"], jumps.apart(nothing, said["nothing"])) == "blind"
    assert jumps.verdict(-said["knows"], jumps.apart(knows, -said["knows"])) == "points the other way"
    assert jumps.apart(noise, 0.0) == 0
    assert jumps.apart(noise, 100.0) == 1
    assert jumps.apart(noise, float(np.median(np.abs(noise[:250] - noise[250:])))) == pytest.approx(0.5, abs=0.1)


def test_a_model_without_modalities_has_its_jump_alone() -> None:
    predicted = np.array([0.0, 1.0, np.nan])
    made = jumps.of_predictions(predicted, "log mol/L", 0, 1)
    assert (made.predicted, made.unit, made.modalities) == (1.0, "log mol/L", ())
    with pytest.raises(NotAvailable):
        jumps.of_predictions(predicted, "", 0, 2)


def test_an_r_group_table_makes_its_molecules_again() -> None:
    smiles = [core.replace("X", part) for core in CORES[:3] for part in PARTS]
    table = r_groups.decompose([*smiles, "CCCC"], "c1ccccc1")
    assert table.of == len(smiles) + 1
    assert table.numbers == tuple(range(len(smiles)))
    for number, parts in zip(table.numbers, table.groups, strict=True):
        held = [Chem.MolFromSmiles(part).GetNumHeavyAtoms() for part in parts if part]
        assert 6 + sum(held) == Chem.MolFromSmiles(smiles[number]).GetNumAtoms()
    with pytest.raises(BadMolecule):
        r_groups.decompose(["CCCC"], "c1ccccc1")


@pytest.mark.parametrize("n", [60, r_groups.MOST_ALIGNED + 1])
def test_many_phenyls_are_taken_apart(n: int) -> None:
    """Their core fits in twelve ways each, so that all ways of all of them are not to be compared."""
    tails = [("C" * (1 + k % 9)) + ("O" if k % 2 else "N") for k in range(n)]
    found = r_groups.decompose([f"{tail}c1ccccc1" for tail in tails], "c1ccccc1")
    assert found.numbers == tuple(range(n))
    assert found.aligned == (n <= r_groups.MOST_ALIGNED)
    held = [max(parts, key=len) for parts in found.groups]
    assert [Chem.MolFromSmiles(part).GetNumAtoms() - 1 for part in held] == [len(tail) for tail in tails]
