"""The notebooks of ``examples/`` run from first cell to last, in a home of their own; git holds no outputs."""

import json
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

ROOT = Path(__file__).parents[1]
NOTEBOOKS = sorted((ROOT / "examples").glob("*.ipynb"))


@pytest.mark.release
@pytest.mark.slow
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("MMEXPLORE_HOME", str(tmp_path / "home"))
    notebook = nbformat.read(path, as_version=4)
    resources = {"metadata": {"path": str(tmp_path)}}
    NotebookClient(notebook, timeout=None, kernel_name="python3", resources=resources).execute()
    assert all(cell.outputs for cell in notebook.cells[-1:]), "the last cell shows something"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_kept_without_outputs_and_knows_the_door_and_the_widget_alone(path: Path) -> None:
    cells = [cell for cell in json.loads(path.read_text("utf-8"))["cells"] if cell["cell_type"] == "code"]
    assert [cell for cell in cells if cell["outputs"] or cell["execution_count"] is not None] == []
    lines = [line.strip() for cell in cells for line in "".join(cell["source"]).splitlines()]
    ours = {line for line in lines if "import" in line.split() and "mmexplore" in line}
    assert "from mmexplore import studio" in ours
    assert ours <= {"from mmexplore import studio", "from mmexplore.ui.notebook import MapWidget"}


def test_there_are_notebooks() -> None:
    assert len(NOTEBOOKS) >= 4
