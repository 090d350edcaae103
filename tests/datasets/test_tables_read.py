"""Kept Parquet: read as pandas reads it, and nobody holds its bytes any more once it is read and let go of."""

import io
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mmexplore import studio
from mmexplore.datasets import tables

PACKAGE = Path(studio.__file__).parents[1]


def kept(**options: object) -> tuple[pd.DataFrame, bytes]:
    rows = 3_000
    made = pd.DataFrame(
        {
            "text": [None if n % 7 == 0 else f"x{n}" for n in range(rows)],
            "a.b": np.where(np.arange(rows) % 5, np.arange(rows) * 1.5, np.nan),
            "a": np.arange(rows),
            "flag": np.arange(rows) % 2 == 0,
            "list": [[n] for n in range(rows)],
        },
        index=pd.Index(np.arange(rows)[::-1], name="row"),
    )
    made.attrs["uncut"] = 3
    content = io.BytesIO()
    made.to_parquet(content, **options)
    return made, content.getvalue()


@pytest.mark.parametrize("options", [{}, {"index": False}, {"row_group_size": 1_000}])
def test_a_frame_is_what_pandas_reads(options: dict[str, object]) -> None:
    _, content = kept(**options)
    expected = pd.read_parquet(io.BytesIO(content))
    found = tables.frame(content)
    pd.testing.assert_frame_equal(found, expected)
    assert found.attrs == expected.attrs == {"uncut": 3}
    for columns in (["a"], ["flag", "a.b"]):
        chosen = pd.read_parquet(io.BytesIO(content), columns=columns)
        pd.testing.assert_frame_equal(tables.frame(content, columns), chosen)
    with pytest.raises(KeyError):
        tables.frame(content, ["a", "nothing"])
    with pytest.raises(ValueError, match="Parquet"):
        tables.frame(content[:-9])


def test_no_thread_holds_what_was_read() -> None:
    """One that did would need Python to let go of it, and abort a process that ends meanwhile."""
    _, content = kept()
    held = sys.getrefcount(content)
    for _ in range(40):
        tables.arrow(content)
        assert sys.getrefcount(content) == held
        tables.frame(content, ["text"])
        assert sys.getrefcount(content) == held


def test_there_is_no_other_way_in() -> None:
    for source in PACKAGE.rglob("*.py"):
        text = source.read_text(encoding="utf-8")
        assert "pd.read_parquet" not in text, source
        assert "BufferReader" not in text or source == Path(tables.__file__), source
