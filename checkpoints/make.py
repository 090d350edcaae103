"""How the shipped models are made: ``python checkpoints/make.py`` trains each again and lays out its maps.

Needs no network: the data come with the installed packages. About five minutes on two cores.
"""

import shutil
import tempfile
from pathlib import Path

import pandas as pd

from mmexplore import embedding_map, presets, studio

HERE = Path(__file__).parent
SHIPPED = {"solubility-dmpnn": ("dmpnn", "solubility", "Solubility D-MPNN")}


def make(name: str, preset: str, data: str, title: str) -> None:
    """Train one model and write its folder: weights, recipe, card, predictions, history, maps."""
    chosen = presets.preset(preset).with_settings([f"data.dataset={data}", "training.batch_size=64"])
    with tempfile.TemporaryDirectory() as run:
        trained = studio.train(chosen, Path(run), title)
        shutil.rmtree(HERE / name, ignore_errors=True)
        shutil.copytree(trained.folder, HERE / name)
        shutil.copy(Path(run) / "history.json", HERE / name)
        known = pd.read_parquet(Path(run) / "predictions.parquet")
        known[["split", *(t.name for t in studio.dataset(data).tasks)]].to_parquet(HERE / name / "predictions.parquet")
    table = studio.dataset(data)
    shipped, own = studio.map_folders(studio.model(name), table)
    for view in studio.model(name).views:
        for method in embedding_map.METHODS:
            made = studio.compute_map(name, data, view, method)
            print(name, view, method, made.quality)
    shutil.copytree(own, shipped, dirs_exist_ok=True)


if __name__ == "__main__":
    for name, (preset, data, title) in SHIPPED.items():
        make(name, preset, data, title)
