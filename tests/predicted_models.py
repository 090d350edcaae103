"""What the tests of predictions share: a model with its training molecules, twelve hard rows, and what is right."""

import atexit
import io
import shutil
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
from fused_models import DATA, saved

from mmexplore import studio
from mmexplore.runtime.home import write_atomically

TASK = "expt"
HARD = (
    ("ethanol", "CCO", "predicted", ""),
    ("=1+1", "OCC", "predicted", "CCO"),
    ("CO", "C(O)C", "predicted", "CCO"),
    ("+cmd", "CC(=O)[O-].[Na+]", "predicted; salt stripped: removed [Na+]; neutralised", "CC(=O)O"),
    ("@ring", "C1CC", "cannot read SMILES 'C1CC': unclosed ring", ""),
    ("007", "", "no structure in this row", ""),
    ("-OH", "CCO.CCN", "a mixture of molecules of the same size", ""),
    ("isotope", "[13CH3]O", "predicted", ""),
    ("C2H6O", "CCN(CC)CC.Cl", "predicted; salt stripped: removed Cl", "CCN(CC)CC"),
    (
        "words",
        "not a molecule",
        "cannot read SMILES 'not a molecule': it holds a blank; one structure without a name behind it would do",
        "",
    ),
    ("large", "C" * 2_500, "SMILES 'C", ""),
    ("twice", "CCO", "predicted", ""),
)
"""Name, SMILES, how the status begins, and what is predicted where that is another text."""


def trained(home: Path, name: str = "toy", seed: int = 0) -> str:
    """A model of drawn weights whose training molecules, and what it predicts of them, are known; made once a process.

    What it needs of a home comes with it.
    """
    kept = _KEPT.get((name, seed))
    if kept is None:
        _make(home, name, seed)
        kept = _KEPT[name, seed] = Path(tempfile.mkdtemp())
        atexit.register(shutil.rmtree, kept, ignore_errors=True)
        for part in ("datasets", "features", "embeddings", f"runs/{name}"):
            shutil.copytree(home / part, kept / part)
    shutil.copytree(kept, home, dirs_exist_ok=True)
    return name


_KEPT: dict[tuple[str, int], Path] = {}


def _make(home: Path, name: str, seed: int) -> None:
    saved(home, name, "single", ("dmpnn",), seed)
    table = studio.dataset(DATA)
    part = np.array(["train"] * 514 + ["validation"] * 64 + ["test"] * (len(table) - 578))
    made = studio.embed(name, DATA).predictions
    columns = {"split": part, TASK: made[:, 0], f"truth: {TASK}": table.labels[:, 0]}
    content = io.BytesIO()
    pd.DataFrame(columns).to_parquet(content, index=False)
    write_atomically(home / "runs" / name / "predictions.parquet", content.getvalue())


def hard_file(folder: Path) -> Path:
    """The twelve rows as a CSV file with a column more on either side."""
    path = folder / "hard.csv"
    frame = pd.DataFrame([row[:2] for row in HARD], columns=["name", "smiles"])
    frame.insert(0, "no", range(1, 13))
    frame["batch"] = [f"{place:03d}" for place in range(12)]
    frame.to_csv(path, index=False)
    return path


def check_hard(table: pd.DataFrame) -> None:
    """Whether a table of predictions is right of each of the twelve rows."""
    assert len(table) == len(HARD)
    for row, (_, smiles, status, used) in zip(table.to_dict("records"), HARD, strict=True):
        assert str(row["status"]).startswith(status), (smiles[:40], row["status"])
        found = row["smiles_used"]
        assert ("" if pd.isna(found) else found) == used
        assert pd.notna(row[TASK]) == status.startswith("predicted")
        assert pd.notna(row["in_domain"]) == status.startswith("predicted")
    same = table[TASK].iloc[[0, 1, 2, 11]].astype(float).to_numpy()
    assert np.ptp(same) == 0
