"""What the tests of ensembles share: a home with molecules of a number and a class, and three seeds of a baseline."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from mmexplore import studio
from mmexplore.datasets import catalog
from mmexplore.recipes.recipe import Recipe, parse
from mmexplore.runtime.home import Home

DATA, ROWS, SEEDS = "chains", 160, (0, 1, 5)
RECIPE: Recipe = parse(
    {
        "name": "tiny",
        "data": {"dataset": DATA, "targets": ("y",), "split": "random", "fractions": (0.5, 0.3, 0.2)},
        "branches": [{"encoder": "fingerprint_mlp", "name": "counts", "options": {"layers": 0}}],
        "baseline": {"name": "boosting", "options": {"rounds": 12, "rows": 0.5, "columns": 0.5}},
        "training": {"device": "cpu", "precision": "float32"},
    }
)
CLASSES = RECIPE.with_settings(['data.targets=["long"]'])
_ENDS = ("O", "N", "C(=O)O", "c1ccccc1", "Cl", "C1CCNCC1", "c1ccncc1", "C1CC1", "C1CCOC1", "c1ccoc1", "c1ccsc1")


@contextmanager
def three_seeds(folder: Path) -> Iterator[Home]:
    """A home with an ensemble ``tiny-three`` of a regression."""
    place, before = Home(folder), os.environ.get("MMEXPLORE_HOME")
    rng = np.random.default_rng(0)
    texts = [f"{'C' * length}{end}" for length in range(1, 16) for end in _ENDS][:ROWS]
    values = [len(text) + 2 * rng.normal() for text in texts]
    rows = [f"{text},{value:.3f},{int(value > 14)}" for text, value in zip(texts, values, strict=True)]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "chains.csv").write_text("smiles,y,long\n" + "\n".join(rows) + "\n")
    os.environ["MMEXPLORE_HOME"] = str(folder)
    try:
        with studio.at_home(place):
            catalog.add(folder / "chains.csv", DATA, targets=["y", "long"], home=place)
            studio.train_ensemble(RECIPE, SEEDS, studio.new_run("tiny three"), "tiny three")
            yield place
    finally:
        if before is None:
            del os.environ["MMEXPLORE_HOME"]
        else:
            os.environ["MMEXPLORE_HOME"] = before
