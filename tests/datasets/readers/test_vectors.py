"""Vectors are read as numpy has them, or refused in a sentence before memory is taken."""

import contextlib
import io
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from mmexplore.datasets.readers import vectors
from mmexplore.runtime.errors import BadTable, MmexploreError

SHAPES = hnp.array_shapes(min_dims=2, max_dims=2, max_side=6)
NUMBERS = st.one_of(hnp.floating_dtypes(), hnp.integer_dtypes(), hnp.unsigned_integer_dtypes(), hnp.boolean_dtypes())
ARRAYS = NUMBERS.flatmap(lambda dtype: hnp.arrays(dtype, SHAPES))


def as_float32(x: np.ndarray) -> np.ndarray:
    with np.errstate(over="ignore"):
        return x.astype(np.float32)


@given(ARRAYS, st.booleans())
def test_an_array_is_read_as_numpy_reads_it(
    tmp_path_factory: pytest.TempPathFactory, x: np.ndarray, turned: bool
) -> None:
    folder = tmp_path_factory.mktemp("arrays")
    x = np.asfortranarray(x) if turned else x
    np.save(folder / "x.npy", x)
    np.savez_compressed(folder / "x.npz", x=x, smiles=np.array(["C"] * len(x)))
    alone, named = vectors.read(folder / "x.npy"), vectors.read(folder / "x.npz")
    np.testing.assert_array_equal(alone.x, as_float32(x))
    np.testing.assert_array_equal(named.x, as_float32(x))
    assert (alone.by, named.by, named.keys) == ("order", "smiles", ("C",) * len(x))


@given(hnp.arrays(np.float32, SHAPES))
def test_the_forms_of_parquet_hold_the_same_vectors(tmp_path_factory: pytest.TempPathFactory, x: np.ndarray) -> None:
    path = tmp_path_factory.mktemp("tables") / "x.parquet"
    ids = [f"m{i}" for i in range(len(x))]
    flat = pa.array(x.ravel())
    lists: list[Any] = [
        pa.array(x.tolist(), pa.list_(pa.float32())),
        pa.FixedSizeListArray.from_arrays(flat, x.shape[1]),
    ]
    tables = [pa.table({"id": ids, "vector": one}) for one in lists]
    tables.append(pa.Table.from_pandas(pd.DataFrame({"id": ids} | {f"e{i}": x[:, i] for i in range(x.shape[1])})))
    for table in tables:
        pq.write_table(table, path)
        found = vectors.read(path)
        np.testing.assert_array_equal(found.x, x)
        assert (found.by, found.keys) == ("ids", tuple(ids))


def test_numbered_columns_are_in_the_order_of_their_numbers_and_others_are_told(tmp_path: Path) -> None:
    frame = pd.DataFrame({f"e{i}": [float(i)] for i in (10, 2, 0)} | {"pIC50": [7.0]})
    frame.to_parquet(tmp_path / "x.parquet")
    found = vectors.read(tmp_path / "x.parquet")
    assert found.x.tolist() == [[0.0, 2.0, 10.0]]
    assert "pIC50" in found.notes[-1]


def test_a_row_without_a_list_is_nan(tmp_path: Path) -> None:
    pq.write_table(pa.table({"v": pa.array([[1.0, 2.0], None, []], pa.list_(pa.float64()))}), tmp_path / "x.parquet")
    assert np.isnan(vectors.read(tmp_path / "x.parquet").x).all(1).tolist() == [False, True, True]


def header(shape: tuple[int, ...], dtype: str = "<f4") -> bytes:
    written = io.BytesIO()
    np.lib.format.write_array_header_1_0(written, {"descr": dtype, "fortran_order": False, "shape": shape})
    return written.getvalue()


def packed(**members: bytes) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in members.items():
            file.writestr(f"{name}.npy", content)
    return written.getvalue()


def saved(x: Any) -> bytes:
    written = io.BytesIO()
    np.save(written, x)
    return written.getvalue()


def table(**columns: Any) -> bytes:
    written = io.BytesIO()
    pq.write_table(pa.table(columns), written)
    return written.getvalue()


REFUSED = {
    "objects": (saved(np.array([[1, None]], object)), "never unpickled"),
    "one axis": (saved(np.zeros(4)), "two"),
    "complex": (saved(np.zeros((2, 2), complex)), "real numbers"),
    "text": (saved(np.array([["a"]])), "real numbers"),
    "no rows": (saved(np.zeros((0, 4))), "no vectors"),
    "a bomb of rows": (header((10**12, 4)), "at most"),
    "a bomb of width": (header((2, 10**9)), "at most"),
    "cut off": (saved(np.zeros((100, 100)))[:-1], "cut off"),
    "an old kind": (b"\x93NUMPY\x09\x00", "numpy's format"),
    "a bomb in a zip": (packed(x=header((10**12, 4))), "at most"),
    "a header alone in a zip": (packed(x=header((1000, 1000))), "cut off"),
    "objects in a zip": (packed(x=saved(np.array([[1, None]], object))), "never unpickled"),
    "ids of objects": (packed(x=saved(np.eye(2)), ids=saved(np.array(["a", "b"], object))), "never unpickled"),
    "several": (packed(x=saved(np.eye(2)), y=saved(np.eye(2))), "several arrays"),
    "too few ids": (packed(x=saved(np.eye(2)), ids=saved(np.array(["a"]))), "one text"),
    "a bomb of text": (packed(x=saved(np.eye(3)), ids=header((3,), "<U500000000")), "most that is read"),
    "a broken zip": (packed(x=saved(np.eye(9)))[:-30], "damaged"),
    "widths that differ": (table(v=[[1.0, 2.0], [1.0]]), "one width"),
    "no numbers": (table(a=["x"]), "no list column"),
    "several series": (table(a0=[1.0], a1=[1.0], b0=[1.0], b1=[1.0]), "several kinds"),
    "nothing": (b"", "no .npy"),
    "something else": (b"smiles\nCCO\n", "no .npy"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_file_of_vectors_is_refused_in_a_sentence(name: str, tmp_path: Path) -> None:
    content, words = REFUSED[name]
    (tmp_path / "x.any").write_bytes(content)
    with pytest.raises(BadTable, match=words) as caught:
        vectors.read(tmp_path / "x.any")
    assert "\n" not in str(caught.value)


GOOD = [saved(np.eye(3)), packed(x=saved(np.eye(3)), ids=saved(np.array(["a", "b", "c"]))), table(id=["a"], v=[[1.0]])]


@given(st.sampled_from(GOOD), st.integers(0, 10**6), st.binary(min_size=1, max_size=4))
def test_a_damaged_file_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, place: int, other: bytes
) -> None:
    path = tmp_path_factory.mktemp("damaged") / "x"
    place %= len(content)
    path.write_bytes(content[:place] + other + content[place + len(other) :])
    with contextlib.suppress(MmexploreError):
        assert vectors.read(path).x.ndim == 2
