"""How many bytes does a map of 100,000 molecules send, against px.scatter with SMILES as hover text?

Run: python benchmarks/map_payload.py
"""

import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

import pandas as pd
import plotly.express as px
from libraries import blobs
from record import Asked, record

from mmexplore.datasets import catalog
from mmexplore.explore.maps.colors import Color
from mmexplore.explore.maps.painting import paint
from mmexplore.runtime.home import default_home
from mmexplore.ui.components.molecule_map import mask


def main(sizes: list[int]) -> None:
    real = catalog.load("solubility", home=default_home())
    rows = [compared(n, np.asarray(real.smiles)) for n in sizes]
    record(
        "map_payload", "bytes of a map, of its recolouring and of a selection", "python benchmarks/map_payload.py", rows
    )


def compared(n: int, smiles: np.ndarray) -> dict[str, float | int]:
    """Bytes of both for n molecules."""
    xy, label = blobs(n), np.random.default_rng(0).normal(size=n).astype(np.float32)
    painting = paint(Color("label", label))
    selected = np.flatnonzero(xy[:, 0] > 0)
    ours = xy.nbytes + painting.codes.nbytes
    frame = pd.DataFrame({"x": xy[:, 0], "y": xy[:, 1], "label": label, "smiles": np.resize(smiles, n)})
    theirs = len(px.scatter(frame, x="x", y="y", color="label", hover_name="smiles", render_mode="webgl").to_json())
    again = {"recolour_bytes": painting.codes.nbytes, "selection_bytes": len(mask(selected, n))}
    return {"n": n, "ours_bytes": ours, "plotly_bytes": theirs, "ratio": ours / theirs} | again


def command_line() -> Asked:
    """What can be asked for."""
    asked = Asked(__doc__)
    asked.option("--sizes", [1_282, 100_000], [200], nargs="+", type=int)
    return asked


if __name__ == "__main__":
    main(command_line().parse_args().sizes)
