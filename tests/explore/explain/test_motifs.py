"""What groups share: supports against plain loops, common subgraphs against all subsets, clusters as on the map."""

import itertools
import math
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rdkit import Chem
from rdkit.Chem import rdFMCS
from scipy import stats
from toy_models import a_dataset, save_model

from mmexplore import studio
from mmexplore.datasets import Dataset
from mmexplore.explore.explain import group_motifs, groups, storage, subgraphs
from mmexplore.explore.explain.motifs import (
    FALSE_SHARE,
    FEWEST_ATOMS,
    Support,
    common_subgraph,
    enrichments,
    motifs,
    sample,
    support,
)
from mmexplore.explore.explain.search import Subgraph
from mmexplore.explore.maps import colors, compute
from mmexplore.runtime.errors import BadMolecule, BadRecipe, Cancelled, UnknownName
from mmexplore.runtime.home import default_home
from mmexplore.studio import Group

DATA = "freesolv"


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A home of its own with an untaught model in it."""
    monkeypatch.setenv("MMEXPLORE_HOME", str(tmp_path))
    save_model(tmp_path / "runs" / "toy" / "model")
    return "toy"


def holding(smiles: list[str], query: Chem.Mol) -> list[int]:
    return [row for row, text in enumerate(smiles) if Chem.MolFromSmiles(text).HasSubstructMatch(query)]


@pytest.mark.parametrize("smarts", ["c1ccccc1", "[#6]O", "S(=O)(=O)", "[Au]"])
def test_support_is_what_a_loop_counts(smarts: str) -> None:
    data, query = a_dataset(), Chem.MolFromSmarts(smarts)
    rows, positive = np.arange(0, len(data), 3), np.tile([1.0, 0.0, np.nan], 24)
    found, held = support(data, query, rows, positive), holding(list(data.smiles), query)
    assert (found.inside, found.n) == (len([r for r in held if r % 3 == 0]), len(rows))
    assert (found.outside, found.n_outside) == (len(held) - found.inside, len(data) - len(rows))
    assert found.positive == sum(positive[r] == 1 for r in held)
    assert found.known == sum(np.isfinite(positive[r]) for r in held)
    assert list(found.counter_examples) == [r for r in held if positive[r] == 0][:12]


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("share", [0.4, 0.6, 0.8])
def test_a_common_subgraph_is_the_largest_of_all_subsets(seed: int, share: float) -> None:
    """Against RDKit's search, without any share, in every subset that is large enough."""
    molecules = studio.dataset("solubility").smiles
    chosen = [str(molecules[i]) for i in np.random.default_rng(seed).choice(len(molecules), 5, replace=False)]
    found, least = common_subgraph(chosen, share), math.ceil(share * 5 - 1e-9)
    rules = rdFMCS.MCSParameters()
    for compared in (rules.AtomCompareParameters, rules.BondCompareParameters):
        compared.RingMatchesRingOnly = compared.CompleteRingsOnly = True
    rules.BondCompareParameters.MatchFusedRings = rules.BondCompareParameters.MatchFusedRingsStrict = True
    subsets = itertools.combinations([Chem.MolFromSmiles(s) for s in chosen], least)
    largest = max(rdFMCS.FindMCS(subset, rules).numAtoms for subset in subsets)
    assert found.n_atoms == (largest if largest >= FEWEST_ATOMS else 0)
    assert found.complete
    if found.smarts:
        query = Chem.MolFromSmarts(found.smarts)
        assert query.GetNumAtoms() == found.n_atoms
        assert len(holding(chosen, query)) >= least
        assert Chem.MolFromSmiles(found.example).HasSubstructMatch(query)


def test_a_molecule_without_the_ring_does_not_hide_it() -> None:
    """RDKit's own threshold answers nothing here."""
    found = common_subgraph(["Cc1ccccc1", "Oc1ccccc1", "Nc1ccccc1", "Clc1ccccc1", "CCO"])
    assert found.n_atoms == 6
    assert Chem.MolFromSmiles("c1ccccc1").HasSubstructMatch(Chem.MolFromSmarts(found.smarts))


def test_a_search_without_time_says_that_it_is_not_complete() -> None:
    found = common_subgraph(["CCO", "CCCO", "CCN"], seconds=0.5)
    assert (found.smarts, found.complete) == ("", False)


def test_a_search_that_does_not_look_at_the_clock_is_ended() -> None:
    cages = ["C12C3C4C1C5C2C3C45" * 100] * 2 + ["CC(=O)Oc1ccccc1C(=O)O"]
    found = common_subgraph(cages, share=0.6, seconds=1.0)
    assert (found.smarts, found.n_atoms, found.complete) == ("", 0, False)


def test_molecules_with_nothing_in_common_and_single_ones() -> None:
    assert common_subgraph(["CCO", "[Na+].[Cl-]", "O=S=O", "FF"]).smarts == ""
    assert common_subgraph(["CCO"]).smarts == ""
    assert common_subgraph([]).n_atoms == 0


def test_a_sample_is_seeded_and_ascending() -> None:
    assert sample(5, 9).tolist() == [0, 1, 2, 3, 4]
    drawn = sample(1000, 20)
    assert drawn.tolist() == sorted(set(drawn.tolist())) == sample(1000, 20).tolist()
    assert len(drawn) == 20


def test_motifs_are_counted_by_their_smiles() -> None:
    data, one, other = a_dataset(), Subgraph((0, 1, 2), "CCO", 1, 1), Subgraph((0, 1, 2), "CCCl", 1, 1)
    best = [(0, one), (6, one), (4, other), (-1, one), (5, Subgraph((1,), "", 1, 1)), (3, Subgraph((1,), "C", 1, 1))]
    found, tested = motifs(data, np.arange(10), best, np.full(len(data), np.nan))
    assert {(m.smiles, m.count, m.rows) for m in found} == {("CCO", 3, (0, 6)), ("CCCl", 1, (4,))}
    assert tested == 2
    by_name = {m.smiles: m.support for m in found}
    held = holding(list(data.smiles), Chem.MolFromSmiles("CCO"))
    assert by_name["CCO"].outside == len([r for r in held if r > 9])
    assert by_name["CCO"].in_group == tuple(r for r in held if r <= 9)
    assert by_name["CCO"].in_rest == tuple(r for r in held if r > 9)[:12]


def parts(data: Dataset, rows: Iterable[int]) -> list[tuple[int, Subgraph]]:
    """What a model without chemistry may name as the deciding part of each: its first or last atoms, or its ring."""
    found = []
    for row in rows:
        mol = Chem.MolFromSmiles(data.smiles[row])
        chosen = [atom.GetIdx() for atom in mol.GetAtoms()][slice(3) if row % 2 else slice(-3, None)]
        text = "c1ccccc1" if mol.GetAromaticAtoms() else Chem.MolFragmentToSmiles(mol, chosen)
        if "." not in text:
            found.append((row, Subgraph((0, 1, 2), text, 1, 1)))
    return found


def test_a_planted_motif_is_found_first_and_is_enriched() -> None:
    data = a_dataset()
    acids = np.array(holding(list(data.smiles), Chem.MolFromSmarts("C(=O)[OH]")))
    rng = np.random.default_rng(0)
    others = rng.choice(np.setdiff1d(np.arange(len(data)), acids), 6, replace=False)
    rows = np.sort(np.concatenate([acids[:8], others]))
    best = [(int(row), Subgraph((0, 1, 2, 3), "CC(=O)O", 1, 1)) for row in acids[:8]]
    best += parts(data, others.tolist())
    found, _ = motifs(data, rows, best, np.full(len(data), np.nan))
    assert found[0].smiles == "CC(=O)O"
    assert found[0].enrichment is not None
    assert found[0].enrichment.told
    assert found[0].support.in_rest == tuple(acids[8:].tolist())[:12]


@pytest.mark.release
def test_a_group_by_lot_is_told_from_the_rest_by_nothing() -> None:
    """Groups large and small; motifs read off the group's own molecules, which hold them whatever the group is."""
    data, false = a_dataset(), 0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        rows = np.sort(rng.choice(len(data), (3, 10, 30)[seed % 3], replace=False))
        found, tested = motifs(data, rows, parts(data, rows.tolist()), np.full(len(data), np.nan))
        assert tested >= len(found)
        false += any(one.enrichment.told for one in found if one.enrichment)
    assert false <= 60 * FALSE_SHARE + 3 * math.sqrt(60 * FALSE_SHARE)


@settings(max_examples=30)
@given(st.lists(st.tuples(*[st.integers(0, 30)] * 2), min_size=1, max_size=6), st.integers(31, 60))
@pytest.mark.release
def test_enrichment_is_what_scipy_says(counts: list[tuple[int, int]], n: int) -> None:
    supports = [Support(inside, n, outside, 2 * n, 0, 0) for inside, outside in counts]
    found = [one for one in enrichments(supports, read_off=0) if one]
    assert len(found) == len(counts)
    values = []
    for one, (inside, outside) in zip(found, counts, strict=True):
        table = [[inside, n - inside], [outside, 2 * n - outside]]
        known = stats.contingency.odds_ratio(table)
        interval = known.confidence_interval(0.95)
        assert (one.odds_ratio, one.low, one.high) == pytest.approx((known.statistic, *interval), nan_ok=True)
        values.append(stats.fisher_exact(table, alternative="greater").pvalue)
        assert one.p == pytest.approx(values[-1])
    ranks = np.argsort(np.argsort(values, kind="stable"), kind="stable") + 1  # Benjamini and Hochberg by hand
    scaled = np.array(values) * len(values) / ranks
    for one, rank in zip(found, ranks, strict=True):
        assert one.q == pytest.approx(min(1.0, scaled[ranks >= rank].min()))


def test_the_molecule_that_a_motif_was_read_off_does_not_count_for_it() -> None:
    alone = enrichments([Support(1, 3, 0, 100_000, 0, 0)])[0]
    assert alone is not None
    assert alone.p == 1.0
    assert not alone.told
    assert enrichments([Support(3, 3, 0, 0, 0, 0)]) == [None]


def members(own: str, group: Group) -> groups.Members:
    return groups.members(studio.model(own), studio.dataset(DATA), group, home=default_home())


def test_clusters_are_those_of_the_map(own: str) -> None:
    shown = colors.of_clusters(
        compute.clusters(studio.model(own).view("dmpnn"), studio.dataset(DATA), home=default_home())
    )
    kept = compute.stored_clusters(studio.model(own).view("dmpnn"), studio.dataset(DATA), home=default_home())
    assert kept is not None
    sizes = []
    for number in range(1, len(shown.categories) + 1):
        who = members(own, Group(cluster=number))
        assert (shown.values[who.rows] == number - 1).all()
        sizes.append(len(who.rows))
    assert sum(sizes) == len(kept)
    assert sizes == sorted(sizes, reverse=True)
    with pytest.raises(BadRecipe, match="clusters 1 to"):
        members(own, Group(cluster=99))


def test_a_class_a_file_and_mistakes(own: str, tmp_path: Path) -> None:
    assert studio.group_classes(DATA) == ("low", "middle", "high")
    low = members(own, Group(value="low"))
    labels = studio.dataset(DATA).labels[:, 0]
    assert studio.side(own, DATA, Group(value="low"), "logS") == "below"  # by its name: of logS nothing is known
    assert studio.side(own, DATA, Group(value="high"), "active") == "class 1"
    assert labels[low.rows].max() <= np.delete(labels, low.rows).min()
    rows = np.array([3, 9, 40])
    kept = studio.group_of_rows(DATA, rows)
    assert set(rows) <= set(members(own, kept).rows)
    (tmp_path / "mine.smi").write_text("OCC ethanol\n\nCCCCCCCCCCCCCCCCCCBr\n")
    who = members(own, Group(smiles_file=str(tmp_path / "mine.smi")))
    assert who.smiles == ("CCO", "CCCCCCCCCCCCCCCCCCBr")
    assert list(studio.dataset(DATA).smiles[who.rows]) == ["CCO"]
    (tmp_path / "empty.smi").write_text("\n")
    for group, mistake in [
        (Group(), BadRecipe),
        (Group(value="green"), UnknownName),
        (Group(label="smell"), UnknownName),
        (Group(smiles_file=str(tmp_path / "empty.smi")), BadRecipe),
        (Group(smiles_file=str(tmp_path / "absent.smi")), BadRecipe),
    ]:
        with pytest.raises(mistake):
            members(own, group)
    (tmp_path / "bad.smi").write_text("C1CC\n")
    with pytest.raises(BadMolecule):
        members(own, Group(smiles_file=str(tmp_path / "bad.smi")))


def test_a_stopped_search_goes_on_where_it_was(own: str, monkeypatch: pytest.MonkeyPatch) -> None:
    group = Group(value="low")
    goal, how = studio.target(own, "logS", "above", -50.0)
    assert how == ""
    asked: list[str] = []
    inner = subgraphs.explain

    def counted(model: object, smiles: str, *rest: object) -> object:
        asked.append(smiles)
        return inner(model, smiles, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(group_motifs, "explain", counted)

    def stop(stage: str, done: int, total: int, /, **values: float) -> None:
        if stage == "subgraphs" and done == 5:
            raise Cancelled("enough")

    with pytest.raises(Cancelled):
        studio.group_motifs(own, DATA, group, goal, 12, progress=stop)
    assert studio.stored_motifs(own, DATA, group, goal, 12) is None
    assert len(asked) == 5
    made = studio.group_motifs(own, DATA, group, goal, 12)
    assert len(asked) == len(set(asked)) == made.searched == 12
    assert studio.stored_motifs(own, DATA, group, goal, 12) == made
    assert studio.stored_motifs(own, DATA, group, replace(goal, threshold=-49.0), 12) is None
    assert sum(motif.count for motif in made.motifs) <= made.found <= made.positive == 12


def test_what_was_found_is_read_as_it_was_written(own: str) -> None:
    goal, _ = studio.target(own, "active", "class 0", 0.05)
    found = studio.explain(own, "CC(=O)Nc1ccc(O)cc1", goal)
    where = storage.folder("0", goal, studio.RULES, "fragment", home=default_home())
    storage.keep(where, found)
    assert storage.load(where, found.smiles) == found
    assert storage.load(where, "CCO") is None
    next(where.glob("*.json")).write_text("{")
    assert storage.load(where, found.smiles) is None


def rings_of(mol: Chem.Mol) -> set[frozenset[int]]:
    return {frozenset(ring) for ring in Chem.GetSymmSSSR(mol)}


PAIRS = {
    "anthracene, phenanthrene": ("c1ccc2cc3ccccc3cc2c1", "c1ccc2c(c1)ccc1ccccc12", 10, 11),
    "naphthalene, indole": ("c1ccc2ccccc2c1", "c1ccc2[nH]ccc2c1", 6, 6),
    "naphthalene, azulene": ("c1ccc2ccccc2c1", "c1ccc2cccc2cc1", 0, 0),
    "1- and 2-methylnaphthalene": ("Cc1cccc2ccccc12", "Cc1ccc2ccccc2c1", 10, 11),
    "decalin, cyclodecane": ("C1CCC2CCCCC2C1", "C1CCCCCCCCC1", 0, 0),
    "tetralin, butylbenzene": ("C1CCc2ccccc2C1", "CCCCc1ccccc1", 6, 6),
    "toluene, ethylbenzene": ("Cc1ccccc1", "CCc1ccccc1", 7, 7),
    "cyclohexane, hexane": ("C1CCCCC1", "CCCCCC", 0, 0),
}


@pytest.mark.parametrize("pair", PAIRS)
def test_rings_of_what_is_common_are_whole_rings_of_each(pair: str) -> None:
    """No ring that a molecule has not, none cut open, and no atom of a chain on one of a ring."""
    *smiles, atoms, bonds = PAIRS[pair]
    found = common_subgraph([str(one) for one in smiles], share=1.0)
    query = Chem.MolFromSmarts(found.smarts)
    assert (found.n_atoms, query.GetNumBonds()) == (atoms, bonds)
    Chem.FastFindRings(query)
    rings = rings_of(query)
    for text in smiles if found.n_atoms else ():
        mol = Chem.MolFromSmiles(str(text))
        matches = mol.GetSubstructMatches(query, uniquify=False)
        assert any(
            all(frozenset(match[atom] for atom in ring) in rings_of(mol) for ring in rings)
            and {atom for atom, place in enumerate(match) if mol.GetAtomWithIdx(place).IsInRing()}
            == set().union(*rings, frozenset())
            for match in matches
        )


@pytest.mark.parametrize("seed", range(4))
def test_rings_are_whole_whatever_is_compared(seed: int) -> None:
    drugs = studio.dataset("chembl_drugs").smiles
    chosen = [str(drugs[i]) for i in np.random.default_rng(seed).choice(len(drugs), 4, replace=False)]
    found = common_subgraph(chosen, share=0.5, seconds=20.0)
    query = Chem.MolFromSmarts(found.smarts)
    Chem.FastFindRings(query)
    for text in chosen:
        mol = Chem.MolFromSmiles(text)
        matches = mol.GetSubstructMatches(query, uniquify=False) if found.n_atoms else ()
        assert not matches or any(
            all(frozenset(match[atom] for atom in ring) in rings_of(mol) for ring in rings_of(query))
            for match in matches
        )
