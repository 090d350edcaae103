"""Imported vectors stand at the molecules that they are of, and nowhere else; what lacks one is counted and named."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmexplore.datasets import Dataset, Report, Task
from mmexplore.datasets.readers.vectors import VectorFile
from mmexplore.models import ensembles, imported, registry
from mmexplore.runtime.errors import BadRecipe, BadTable, Damaged, NotAvailable, UnknownName
from mmexplore.runtime.home import Home

SMILES = ["C", "CC", "CCC", "CCO", "c1ccccc1", "CCN"]


def molecules(smiles: list[str], names: list[str] | None = None) -> Dataset:
    n = len(smiles)
    text = np.array(smiles, object)
    told = np.array([f"m{i}" for i in range(n)] if names is None else names, object)
    labels, lines = np.full((n, 1), np.nan, np.float32), np.arange(n) + 2
    tasks = (Task("y", "regression"),)
    extra = pd.DataFrame(index=range(n))
    return Dataset("toy", "Toy", "-".join(smiles), text, told, lines, labels, tasks, extra, Report(n, n))


def of(keys: list[str], x: np.ndarray, by: str = "smiles") -> VectorFile:
    return VectorFile(np.asarray(x, np.float32), by, tuple(keys), "key" if by != "order" else "")


@given(
    st.lists(st.tuples(st.sampled_from([*SMILES, "O"]), st.integers(0, 1), st.booleans()), min_size=1, max_size=12),
    st.sampled_from(["smiles", "ids"]),
)
def test_each_molecule_has_its_own_vector_or_none(rows: list[tuple[str, int, bool]], by: str) -> None:
    """Against a reference that knows the file as a dictionary of what is said of each molecule."""
    known = molecules(SMILES, names=SMILES)
    x = np.array([[value + 1.0, np.nan if bad else 2.0] for _, value, bad in rows])
    said = {key: {value for one, value, bad in rows if one == key and not bad} for key in SMILES}
    single = {key: next(iter(values)) + 1.0 for key, values in said.items() if len(values) == 1}
    given_file = of([key for key, _, _ in rows], x, by)
    if not single:
        with pytest.raises(BadTable):
            imported.match(given_file, known)
        return
    found = imported.match(given_file, known)
    expected = np.array([[single[key], 2.0] if key in single else [np.nan, np.nan] for key in SMILES], np.float32)
    np.testing.assert_array_equal(found.x, expected)
    np.testing.assert_array_equal(found.lacking == 0, [key in single for key in SMILES])
    assert sum(int(note.split(" of ")[0]) for note in found.notes if "left out" in note) == 6 - len(single)


def test_smiles_are_read_in_any_spelling() -> None:
    found = imported.match(
        of(["OCC", "C1=CC=CC=C1", "[Na+].[O-]C(=O)C"], np.arange(6).reshape(3, 2)), molecules(SMILES)
    )
    assert found.x[[3, 4]].tolist() == [[0, 1], [2, 3]]
    assert "1 rows of the file are of no molecule" in found.notes[-1]


def test_salts_are_stripped_where_the_data_set_has_the_parents() -> None:
    found = imported.match(of(["CCN.Cl"], np.ones((1, 2))), molecules(SMILES))
    assert np.flatnonzero(found.lacking == 0).tolist() == [5]


def test_vectors_of_one_molecule_that_differ_by_rounding_are_one() -> None:
    x = np.array([[1.0, 2.0], [1.0 + 1e-6, 2.0]])
    assert imported.match(of(["C", "C"], x), molecules(SMILES)).lacking[0] == 0


def test_a_name_at_several_molecules_tells_none_of_them() -> None:
    known = molecules(SMILES, ["a", "a", "b", "", "c", "d"])
    found = imported.match(of(["a", "b", "c", ""], np.ones((4, 1)), "ids"), known)
    assert [imported.REASONS[i] for i in found.lacking] == [
        imported.REASONS[4], imported.REASONS[4], "", imported.REASONS[5], "", imported.REASONS[1],
    ]  # fmt: skip


def test_order_matches_equal_counts_alone_and_is_said() -> None:
    found = imported.match(of([], np.arange(12).reshape(6, 2), "order"), molecules(SMILES))
    assert found.x.ravel().tolist() == list(range(12))
    assert "by order" in found.notes[0]
    with pytest.raises(BadTable, match="5 vectors and neither names nor SMILES"):
        imported.match(of([], np.ones((5, 2)), "order"), molecules(SMILES))


@pytest.mark.parametrize("x", [np.full((1, 2), np.nan), np.array([[np.inf, 0.0]])])
def test_vectors_that_are_not_finite_are_refused_where_no_other_is_there(x: np.ndarray) -> None:
    with pytest.raises(BadTable, match="NaN or infinity"):
        imported.match(of(["C"], x), molecules(SMILES))


def test_no_match_at_all_says_what_came() -> None:
    with pytest.raises(BadTable, match="begins with 'O'"):
        imported.match(of(["O"], np.ones((1, 2))), molecules(SMILES))


def kept(tmp_path: Path) -> tuple[imported.Imported, Dataset, Home]:
    home, known = Home(tmp_path), molecules(SMILES)
    matched = imported.match(of(SMILES[:4], np.arange(8).reshape(4, 2)), known)
    return imported.make("Mine", matched, known, "x.npy", home=home), known, home


def test_it_is_a_model_with_one_view_by_name_and_title(tmp_path: Path) -> None:
    made, known, home = kept(tmp_path)
    assert ensembles.model(made.name, home=home) == ensembles.model("Mine", home=home) == made
    assert [one.name for one in ensembles.models(home=home)][-2:] == [made.name, registry.BASELINE]
    found = ensembles.stored(made, known, home=home)
    assert found is not None
    assert found.missing.tolist() == [4, 5]
    assert found.view(imported.VIEW)[:4].tolist() == [[0, 1], [2, 3], [4, 5], [6, 7]]
    assert [one.line for one in imported.skipped(made, known)] == [6, 7]
    with pytest.raises(BadRecipe, match="imported embedding"):
        registry.model(made.name, home=home)
    with pytest.raises(UnknownName):
        found.view("other")


def test_other_molecules_are_refused_and_other_labels_are_not(tmp_path: Path) -> None:
    made, known, home = kept(tmp_path)
    assert ensembles.stored(made, replace(known, digest="relabelled"), home=home) is not None
    with pytest.raises(NotAvailable, match="alone"):
        ensembles.stored(made, molecules(SMILES[::-1]), home=home)


def test_a_flipped_byte_is_noticed(tmp_path: Path) -> None:
    made, known, _ = kept(tmp_path)
    path = made.folder / imported.VECTORS
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(bytes(content))
    with pytest.raises(Damaged):
        imported.embedded(made, known)


def test_a_damaged_record_is_named_and_can_be_deleted(tmp_path: Path) -> None:
    made, _, home = kept(tmp_path)
    (made.folder / imported.FILE).write_text("{}")
    assert list(imported.damaged(home=home)) == [made.name]
    assert imported.models(home=home) == []
    imported.delete(made.name, home=home)
    assert not made.folder.exists()
