"""Vectors uploaded on the Data page become a view of that data set, or the page says in a sentence why not."""

import io

import numpy as np
import pytest
from screens import page, shown

from mmexplore import studio

pytest_plugins = ("screens",)
pytestmark = pytest.mark.usefixtures("empty_home")


def test_an_upload_becomes_a_view_or_is_refused_in_a_sentence() -> None:
    def given(x: np.ndarray) -> tuple[str, bytes, str]:
        written = io.BytesIO()
        np.save(written, x)
        return "own.npy", written.getvalue(), "application/octet-stream"

    n = len(studio.dataset("solubility"))
    app = page("7_Data.py", part="Vectors")

    def imported(x: np.ndarray) -> None:
        box = next(one for one in app.file_uploader if one.label == "File of vectors")
        box.set_value(given(x)).run()
        next(one for one in app.button if one.label == "Import these vectors").click().run()
        assert not app.exception

    imported(np.ones((3, 2)))
    assert "3 vectors and neither names nor SMILES" in shown(app)
    imported(np.arange(2.0 * n).reshape(n, 2))
    assert f"{n:,} of {n:,} molecules have a vector of 2 numbers" in "\n".join(str(e.value) for e in app.success)
    (made,) = studio.imported_embeddings("solubility")
    assert made.title == "own"
