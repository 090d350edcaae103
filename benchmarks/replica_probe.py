"""Do MMFRL's frozen replicas know more than random weights, and do they add anything to RDKit's descriptors?

    MMEXPLORE_DATA_DIR=... python benchmarks/replica_probe.py --work FOLDER [--models RUN ...]

A ridge or logistic regression (:mod:`mmexplore.explore.probe`) learns the labels of the training part of chemprop v1's
balanced scaffold split from the five replicas side by side, 5 x 300 numbers (and from that which descriptors taught,
where a pre-training has it), from the same encoders before any training, from RDKit's descriptors, and from each of
these two beside the descriptors. A number outside of the training part's range counts as the end of that range: of a
few large molecules a straight line would say anything. What a pre-training is made of is chosen by the validation
parts; the test parts are told beside them. Differences are of the mean over the seeds, each with an interval over
molecules (95 per cent, by bootstrap; the splits are taken as they are). What a model predicts is kept in the folder,
and not made again.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from record import Asked, record
from runs import paper

from mmexplore.datasets import Dataset, Kind, catalog, splits
from mmexplore.explore.probe import fit_line, read_line
from mmexplore.features.of_dataset import features_of
from mmexplore.models import bootstrap, metrics, registry
from mmexplore.models.embed import embedding
from mmexplore.recipes.presets import MMFRL_MODALITIES, SHIPPED_MMFRL
from mmexplore.runtime.home import default_home

RANDOM, DESCRIPTORS, ADDED = "random weights", "descriptors", " + descriptors"
RULE = "scaffold_balanced"
PARTS = ("validation", "test")
_CLIP = 3.0


def replicas(model: str, dataset: Dataset) -> np.ndarray:
    """Embeddings of the replicas side by side (n, 300 each), NaN for what has none.

    MMFRL's five, and that which descriptors taught where a pre-training has it.
    """
    found = embedding(registry.model(model, home=default_home()), dataset, home=default_home())
    names = [name for name in (*MMFRL_MODALITIES, DESCRIPTORS) if name in found.views]
    return np.concatenate([found.view(name) for name in names], axis=1)


def described(dataset: Dataset, train: np.ndarray) -> np.ndarray:
    """RDKit's descriptors (n, 217) as normal numbers by their ranks in the training part, clipped at 3."""
    from sklearn.preprocessing import QuantileTransformer

    values = features_of(dataset, "rdkit_descriptors", home=default_home())
    raw = values.take(np.arange(len(dataset))).columns["values"].astype(np.float64)
    levels = min(256, len(train))
    scale = QuantileTransformer(n_quantiles=levels, output_distribution="normal", subsample=None).fit(raw[train])
    clipped: np.ndarray = np.clip(scale.transform(raw), -_CLIP, _CLIP)
    return clipped


def spaces(dataset: Dataset, models: dict[str, str], train: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
    """Each variant's name and what it knows of every molecule."""
    own = described(dataset, train)
    yield DESCRIPTORS, own
    for title, model in models.items():
        found = replicas(model, dataset)
        yield title, found
        yield title + ADDED, np.concatenate([found, own], axis=1)


def guessed(dataset: Dataset, models: dict[str, str], seed: int, work: Path) -> dict[str, np.ndarray]:
    """What each variant predicts of every molecule (n,), having learned from the training part of one split."""
    kind, labels = dataset.tasks[0].kind, dataset.truth(0)
    parts = splits.split(dataset.smiles, RULE, seed)
    train = parts.train[np.isfinite(labels[parts.train])]
    found = {}
    for title, x in spaces(dataset, models, train):
        about = f"{dataset.name}-{seed}-{title.replace(' ', '_')}"
        file = work / f"{about}-{_digest(title, models)}-{dataset.digest}-within.npy"
        if not file.is_file():
            good = np.isfinite(x).all(1)
            learned = train[good[train]]
            within = np.clip(x, x[learned].min(0), x[learned].max(0)).astype(np.float64)
            line = fit_line(kind, within[learned], labels[learned], seed)
            made = np.full(len(x), np.nan)
            made[good] = read_line(kind, line, within[good])
            file.parent.mkdir(parents=True, exist_ok=True)
            np.save(file, made)
            print(dataset.name, seed, title, flush=True)
        found[title] = np.load(file)
    return found


def _digest(title: str, models: dict[str, str]) -> str:
    """Tells the weights of a variant, whatever it is called."""
    title = title.removesuffix(ADDED)
    return registry.model(models[title], home=default_home()).digest[:12] if title in models else "rdkit"


def rows_of(dataset: Dataset, models: dict[str, str], seeds: int, work: Path) -> list[dict[str, Any]]:
    """A row a variant: scores of both parts, and how they differ from what it should be better than."""
    kind, metric = dataset.tasks[0].kind, metrics.main(dataset.tasks[0].kind)
    by_seed = [guessed(dataset, models, seed, work) for seed in range(seeds)]
    parts = [splits.split(dataset.smiles, RULE, seed) for seed in range(seeds)]
    held = {part: _columns(dataset, [getattr(one, part) for one in parts]) for part in PARTS}
    unit = paper("mmfrl")["metric"][dataset.name]
    rows = []
    for title in by_seed[0]:
        row: dict[str, Any] = {"data": dataset.name, "variant": title, "metric": unit}
        guess = np.stack([one[title] for one in by_seed], axis=1)
        for part, truth in held.items():
            row |= _scored(part, [kind] * seeds, truth, guess, metric)
        other = DESCRIPTORS if title.endswith(ADDED) else RANDOM
        row["than"] = other if title not in (DESCRIPTORS, RANDOM) else ""
        if row["than"]:
            than = np.stack([one[other] for one in by_seed], axis=1)
            for part, truth in held.items():
                row |= _difference(part, [kind] * seeds, truth, guess, than, metric)
        rows.append(row)
    return rows


def _columns(dataset: Dataset, rows: list[np.ndarray]) -> np.ndarray:
    """Labels (n, seeds), NaN outside of each seed's part: a molecule that two seeds test is drawn once for both."""
    labels = np.full((len(dataset), len(rows)), np.nan)
    for seed, part in enumerate(rows):
        labels[part, seed] = dataset.truth(0)[part]
    return labels


def _scored(part: str, kinds: list[Kind], truth: np.ndarray, guess: np.ndarray, metric: str) -> dict[str, Any]:
    scale = 100 if metric == "roc_auc" else 1
    each = [
        scale * metrics.scores([kind], truth[:, [seed]], guess[:, [seed]], (metric,))[metric]
        for seed, kind in enumerate(kinds)
    ]
    return {part: round(float(np.mean(each)), 4), f"{part} by seed": [round(float(one), 4) for one in each]}


def _difference(
    part: str, kinds: list[Kind], truth: np.ndarray, guess: np.ndarray, than: np.ndarray, metric: str
) -> dict[str, Any]:
    scale = 100 if metric == "roc_auc" else 1
    test = bootstrap.paired(kinds, truth, guess, than, metric)
    if test is None:
        return {}
    low, high = (round(scale * end, 4) for end in (test.low, test.high))
    return {f"{part} less that": round(scale * test.difference, 4), f"{part} interval": [low, high]}


def main() -> None:
    asked = command_line().parse_args()
    models = {RANDOM: registry.UNTRAINED + SHIPPED_MMFRL, "shipped": SHIPPED_MMFRL}
    models |= {Path(folder).name: folder for folder in asked.models}
    rows = []
    for name in asked.sets:
        dataset = catalog.load(name, home=default_home())
        rows += rows_of(dataset, models, asked.seeds, asked.work / "replica_probe")
    question = f"linear probes of MMFRL's frozen replicas, {RULE}, {asked.seeds} seeds"
    command = "python benchmarks/replica_probe.py --work FOLDER"
    command += f" --models {' '.join(Path(folder).name for folder in asked.models)}" if asked.models else ""
    record("replica_probe", question, command, rows)


def command_line() -> Asked:
    """What can be asked for."""
    asked = Asked(__doc__)
    asked.work_folder()
    asked.option("--models", [], [], nargs="*")
    asked.option("--sets", ["bace", "bbbp", "esol", "freesolv"], ["freesolv"], nargs="+")
    asked.option("--seeds", 3, 1)
    return asked


if __name__ == "__main__":
    main()
