"""Equal surroundings against surroundings written out as nested tuples, and what is computed once against each row."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mmexplore.features.store import features
from mmexplore.nn.dataloader import Records, collate
from mmexplore.nn.graphs.environments import EnvironmentClasses, environments
from mmexplore.nn.graphs.features import bond_kinds
from mmexplore.runtime.home import default_home

SMILES = [
    *("CC(C)CC(C)C", "c1ccccc1CCc1ccccc1", "C/C=C/C", "C/C=C\\C", "C", "[Na+].[Cl-]", "C1CCCCC1", "C1CCCCCC1"),
    *("[13CH3]CC", "CCC", "CC[C@H](N)C", "CC[C@@H](N)C", "OCC(O)CO", "CCCCCCCC", "c1ccc2ccccc2c1", "CCCCCCCC"),
]


def records_of(smiles: list[str]) -> Records:
    return collate(features("graph2d", smiles, home=default_home()).take(np.arange(len(smiles))), "graph2d")


def written_out(records: Records, rounds: int) -> tuple[list[list[object]], list[object]]:
    """Each edge's surroundings after 0 to ``rounds`` rounds, and each atom's at the end, nothing hashed."""
    codes, mass = records.columns["atoms"].tolist(), records.columns["mass"].tolist()
    own: list[object] = [(tuple(code), weight) for code, weight in zip(codes, mass, strict=True)]
    ends, kinds = records.columns["ends"].tolist(), bond_kinds(records).tolist()
    edges = [(a, b, kind) for (v, w), kind in zip(ends, kinds, strict=True) for a, b in ((v, w), (w, v))]
    first: list[object] = [(own[a], kind) for a, _, kind in edges]
    levels = [first]

    def into(atom: int, but: int = -1) -> object:
        return tuple(sorted(repr(levels[-1][i]) for i, edge in enumerate(edges) if edge[1] == atom and i != but))

    for _ in range(rounds):
        levels.append([(first[i], into(edges[i][0], i ^ 1)) for i in range(len(edges))])
    return levels, [(own[atom], into(atom)) for atom in range(len(own))]


def assert_same(found: EnvironmentClasses, expected: list[object]) -> None:
    """The same rows are together, and each class is shown by one of its own rows."""
    number: dict[object, int] = {}
    names = [number.setdefault(repr(each), len(number)) for each in expected]
    of = found.of.tolist()
    assert len(found.one) == len(number)
    assert len(set(zip(of, names, strict=True))) == len(number)
    assert [of[row] for row in found.one.tolist()] == list(range(len(number)))


@settings(max_examples=25, deadline=None)
@given(st.lists(st.sampled_from(SMILES), min_size=1, max_size=5), st.integers(0, 4))
def test_rows_are_together_where_their_surroundings_are_equal(smiles: list[str], rounds: int) -> None:
    records = records_of(smiles)
    found, (levels, atoms) = environments(records, rounds), written_out(records, rounds)
    for classes, level in zip((found.edges, *(step.classes for step in found.rounds)), levels, strict=True):
        assert_same(classes, level)
    assert_same(found.last.classes, atoms)


@pytest.mark.parametrize("rounds", [0, 1, 3])
def test_what_reaches_a_row_is_every_edge_into_its_atom_but_its_own_reverse(rounds: int) -> None:
    records = records_of(SMILES)
    found = environments(records, rounds)
    ends = records.columns["ends"]
    sources, targets = ends.flatten().tolist(), ends.flip(1).flatten().tolist()
    before = [found.edges, *(step.classes for step in found.rounds)]
    for known, step, is_edge in zip(before, (*found.rounds, found.last), [True] * rounds + [False], strict=True):
        rows = torch.tensor_split(step.reached.rows, step.reached.starts[1:])
        for one, reached in zip(step.classes.one.tolist(), rows, strict=True):
            atom = sources[one] if is_edge else one
            there = [i for i, target in enumerate(targets) if target == atom and not (is_edge and i == one ^ 1)]
            assert sorted(reached.tolist()) == sorted(known.of[there].tolist())


def test_they_are_worked_out_once_for_a_batch() -> None:
    records = records_of(SMILES)
    assert environments(records, 2) is environments(records, 2)
    assert environments(records, 3) is not environments(records, 2)


def test_molecules_without_bonds() -> None:
    found = environments(records_of(["C", "[Xe]", "C"]), 2)
    assert found.last.classes.of[0] == found.last.classes.of[2] != found.last.classes.of[1]
    assert len(found.edges.one) == 0
