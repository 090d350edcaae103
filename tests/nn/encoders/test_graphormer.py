"""Graphormer's distances and paths against scipy's and networkx's, its attention against the paper's equations."""

import networkx as nx
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array
from scipy.sparse.csgraph import shortest_path

from mmexplore.features.store import features
from mmexplore.nn.dataloader import Records, collate
from mmexplore.nn.encoders import graphormer
from mmexplore.nn.encoders.graphormer import Graphormer
from mmexplore.nn.graphs.shortest_paths import pairs_of_atoms
from mmexplore.runtime.errors import BadRecipe
from mmexplore.runtime.home import default_home

SMILES = [
    "CC(=O)Oc1ccccc1C(=O)O",
    "C12C3C4C1C5C2C3C45",
    "[Na+].[Cl-]",
    "C" * 30,
    "CC(=O)[O-].[K+]",
    "[Xe]",
    "C/C=C/C#N",
]
WIDTHS = (5, 2, 2, 7)


def records_of(smiles: list[str]) -> Records:
    return collate(features("graph2d", smiles, home=default_home()).take(np.arange(len(smiles))), "graph2d")


def graphs(records: Records) -> list[nx.Graph]:
    """Each molecule as a networkx graph whose edges carry the sixteen one-hots of the bond's codes."""
    firsts = np.cumsum([0, *records.counts["atoms"].tolist()])
    found = [nx.empty_graph(n) for n in records.counts["atoms"].tolist()]
    offsets = np.cumsum([0, *WIDTHS[:-1]])
    ends, owners = records.columns["ends"].numpy(), records.owner["bonds"].tolist()
    for (a, b), codes, owner in zip(ends, records.columns["bonds"].numpy(), owners, strict=True):
        hots = np.zeros(sum(WIDTHS))
        hots[offsets + codes] = 1
        found[owner].add_edge(int(a - firsts[owner]), int(b - firsts[owner]), hots=hots)
    return found


@pytest.mark.parametrize("most", [1, 4, 20, 64])
def test_distances_are_scipys(most: int) -> None:
    records = records_of(SMILES)
    pairs = pairs_of_atoms(records, most)
    ends, atoms = records.columns["ends"].numpy(), len(records.owner["atoms"])
    whole = shortest_path(csr_array((np.ones(len(ends)), ends.T), (atoms, atoms)), directed=False, unweighted=True)
    first = 0
    for count in records.counts["atoms"].tolist():
        rows = slice(first, first + count)
        expected = np.minimum(whole[rows, rows], most)
        np.testing.assert_array_equal(pairs.distances[rows, :count].numpy(), expected)
        first += count
    assert pairs.degrees.tolist() == [d for g in graphs(records) for _, d in g.degree]


def test_bonds_between_are_the_mean_over_all_shortest_paths() -> None:
    records = records_of(SMILES)
    pairs, row = pairs_of_atoms(records, 12), 0
    for graph in graphs(records):
        lengths = dict(nx.all_pairs_shortest_path_length(graph))
        for a in graph:
            for b in graph:
                expected = np.zeros(sum(WIDTHS))
                if 0 < lengths[a].get(b, 99) < 12:
                    ways = list(nx.all_shortest_paths(graph, a, b))
                    bonds = [graph.edges[step]["hots"] for way in ways for step in nx.utils.pairwise(way)]
                    expected = np.mean(bonds, 0)
                np.testing.assert_allclose(pairs.bonds[row, b].numpy(), expected, atol=1e-6)
            row += 1


@settings(max_examples=30, deadline=None)
@given(st.data())
def test_any_graph_has_its_distances(data: st.DataObject) -> None:
    n = data.draw(st.integers(1, 12))
    every = [(a, b) for a in range(n) for b in range(a)]
    ends = np.array(data.draw(st.lists(st.sampled_from(every), unique=True)) if every else [], int).reshape(-1, 2)
    owner = {"atoms": torch.zeros(n, dtype=torch.long), "bonds": torch.zeros(len(ends), dtype=torch.long)}
    columns = {"ends": torch.from_numpy(ends), "bonds": torch.zeros(len(ends), 4, dtype=torch.uint8)}
    counts = {"atoms": torch.tensor([n]), "bonds": torch.tensor([len(ends)])}
    found = pairs_of_atoms(Records(1, columns, counts, owner), 64).distances.numpy()
    whole = shortest_path(csr_array((np.ones(len(ends)), ends.T), (n, n)), directed=False, unweighted=True)
    np.testing.assert_array_equal(found, np.minimum(whole, 64))


def test_the_network_is_what_its_docstring_says() -> None:
    torch.manual_seed(0)
    model, records = Graphormer(layers=2, hidden_size=12, heads=3, max_distance=6).eval(), records_of(SMILES)
    for table in (model.distances, model.bonds):
        torch.nn.init.normal_(table)
    found = model(records)
    pairs = pairs_of_atoms(records, 6)
    starts = torch.tensor([0, 101, 108, 114, 119, 125, 131])
    codes = records.columns["atoms"].long().clamp(max=torch.tensor([999] * 5 + [5, 1]))  # v1 knows six hybridisations
    h = model.atoms[codes + starts].sum(1) + model.degrees[pairs.degrees]
    for molecule in range(len(SMILES)):
        rows = (records.owner["atoms"] == molecule).nonzero().squeeze(1)
        x, distances = h[rows], pairs.distances[rows][:, : len(rows)]
        bias = model.distances[distances] + pairs.bonds[rows][:, : len(rows)] @ model.bonds
        for layer in model.layers:
            q, k, v = layer.projection(layer.norm(x)).view(-1, 3, 3, 4).unbind(1)
            scores = torch.einsum("ihd,jhd->ijh", q, k) / 2 + bias
            seen = torch.einsum("ijh,jhd->ihd", scores.softmax(1), v).flatten(1)
            x = x + layer.mixed(seen)
            x = x + layer.forth(x)
        torch.testing.assert_close(found[molecule], model.norm(x).mean(0), atol=1e-5, rtol=1e-5)


def test_a_large_batch_is_encoded_in_halves(monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(0)
    model, records = Graphormer(layers=2, hidden_size=16, heads=2).eval(), records_of(SMILES)
    whole = model(records)
    monkeypatch.setattr(graphormer, "MOST_PAIRS", 50)
    torch.testing.assert_close(model(records), whole, atol=1e-5, rtol=1e-5)
    model.train()(records).sum().backward()
    assert all(p.grad is not None for p in model.parameters())


def test_heads_must_divide_the_width() -> None:
    with pytest.raises(BadRecipe, match="3 and 256 came"):
        Graphormer(heads=3)
