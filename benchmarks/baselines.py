"""What do both papers' models give on MoleculeNet, and a chemist's baselines, alone and stacked, on the same splits?

    MMEXPLORE_DATA_DIR=... python benchmarks/baselines.py --work FOLDER [--sets bbbp ...] [--rows boosting ...]

A forest on ECFP, boosting on counts and descriptors with fixed settings, support vector machines on frozen embeddings,
and stacks of them with weights from the training part; MMFRL's D-MPNN from scratch, from each replica, and fused, on
chemprop v1's balanced scaffold split, a seed each; MMSA's GIN from scratch and pre-trained with ``--split scaffold``,
which is one split, so that seeds are those of the training. Networks train until the validation part stops improving,
all by one rule. Nothing is tuned on a test part. One row a set, recipe and seed, written as it is done: rows that the
result holds already are not computed again. Rows with ``foundation`` on sets made of PubChem's assays are marked, as
MiniMol may have seen their labels. Seed 19 of the balanced split is that of MMFRL's published example.

Recipes were looked at on seeds 0 to 2; ``judged`` compares them with ``boosting`` on 3 to 12 alone, and what stacks
all with the simpler stack (``against``): the mean gain over the seeds that both have, above 0 where the recipe is
better, with an interval of 95 %. Splits of one set share molecules, so that gains of seeds are not independent: the
interval is that of Nadeau and Bengio's corrected t (Machine Learning 52, 2003), a test part being an eighth of a
training part. Over the sets: Wilcoxon's signed ranks of their mean gains, each in units of the other's score.
"""

import argparse
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
from filelock import FileLock
from record import RESULTS, Asked, record, smallest
from runs import paper, score_of
from torch import Tensor

from mmexplore import studio
from mmexplore.models.bootstrap import over_seeds
from mmexplore.models.checkpoints import Card
from mmexplore.nn.stack import Gates
from mmexplore.recipes.presets import CEILING, MMFRL_MODALITIES, PATIENCE, SHIPPED_MMFRL, SHIPPED_MMSA, preset
from mmexplore.recipes.recipe import Recipe
from mmexplore.runtime import provenance

NAMES = {"scaffold_balanced": "baselines", "scaffold": "baselines_scaffold"}
BASE, SPLIT, JUDGED, TEST_TO_TRAINING = "boosting", "scaffold_balanced", range(3, 13), 1 / 8
SETS = (
    "freesolv", "esol", "bace", "bbbp", "clintox", "sider", "lipophilicity", "tox21",
    "toxcast", "malaria", "cep", "hiv", "muv",
)  # fmt: skip
REPLICAS = tuple(f"mmfrl_{name}" for name in MMFRL_MODALITIES)
NETWORKS = ("dmpnn", *REPLICAS, "mmfrl_early", "mmfrl_intermediate", "mmfrl_late", "gin", "mmsa")
AVERAGE = "mmfrl_average"
FITTED = (
    "ecfp_forest", "boosting", "svm", "svm_replicas", "svm_foundation", "stack_without_foundation", "stack",
    "all_stack_without_foundation", "all_stack",
)  # fmt: skip
ROWS = (*FITTED, *NETWORKS)
METRIC = paper("mmsa")["metric"] | paper("mmfrl")["metric"]
FOUNDATION = ("svm_foundation", "stack", "all_stack")
STACKS = {"all_stack": "stack", "all_stack_without_foundation": "stack_without_foundation"}
ASSAYS = ("tox21", "toxcast", "hiv", "muv")
COMMAND = "python benchmarks/baselines.py --work FOLDER --split {} --sets {} --rows {} --seeds {}"
Key = tuple[str, str, int]


def key(row: dict[str, Any]) -> Key:
    """What a row is the answer for."""
    return str(row["data"]), str(row["variant"]), int(row["seed"])


def finished(name: str) -> list[dict[str, Any]]:
    """Rows of the result that is there, those of the replicas' mean left out, which is made anew."""
    path = RESULTS / f"{name}.json"
    there = path.is_file() and not smallest()
    rows = json.loads(path.read_text(encoding="utf-8"))["rows"] if there else []
    return [row for row in rows if row["variant"] != AVERAGE]


def measured(data: str, variant: str, seed: int, work: Path, split: str = SPLIT) -> dict[str, Any]:
    """One row: the test score of a recipe, trained in this process: most take seconds, and torch is imported once.

    The whole validation part chooses a network's epoch, as in the papers: none of it is kept for intervals.
    """
    metric = METRIC[data]
    settings = [f"data.dataset={data}", f"data.split={split}", f"training.seed={seed}"]
    settings += [f"data.split_seed={seed}"] if split == SPLIT else []
    settings += ["data.calibration=0"] if variant in NETWORKS else []
    recipe = preset(variant, settled=True).with_settings(settings)
    folder = work / f"{variant}-{data}-{seed}-{recipe.digest}"
    if not (folder / "model" / "card.json").is_file():
        with patch.object(Gates, "fit", _keeping(folder.with_suffix(".npz"))):
            studio.train(recipe, folder, f"{data} {variant}")
    card = json.loads((folder / "model" / "card.json").read_text(encoding="utf-8"))
    row = {"data": data, "variant": variant, "seed": seed, "metric": metric}
    row |= {"score": round(score_of(folder, metric), 4), "seconds": round(card["seconds"], 1)}
    row |= {"may have seen labels": True} if variant in FOUNDATION and data in ASSAYS else {}
    row |= {"encoder epochs": card["encoder_epochs"], "best epoch": card["best_epoch"]} if variant in NETWORKS else {}
    return row | {"weights": _weights(card["notes"]), "commit": provenance.commit()}


def _keeping(file: Path) -> Callable[..., None]:
    """Have the weights of a stack fitted as ever, and what they are fitted to kept beside the run."""
    fit = Gates.fit

    def kept(gates: Gates, p: Tensor, labels: Tensor, classes: bool, spaces: dict[str, Tensor]) -> None:
        np.savez(file, p=p.numpy(), labels=labels.numpy(), classes=classes, names=np.array(gates.names))
        fit(gates, p, labels, classes, spaces)

    return kept


def _weights(notes: list[str]) -> str:
    return next((note.partition(": ")[2] for note in notes if note.startswith("constant weights")), "")


def main() -> None:
    asked = command_line().parse_args()
    rows = finished(NAMES[asked.split])
    for data in asked.sets:
        for seed in range(asked.first_seed, asked.seeds):
            for variant in asked.rows:
                if (data, variant, seed) not in map(key, rows):
                    rows.append(measured(data, variant, seed, asked.work, asked.split))
                    print(data, variant, seed, rows[-1]["score"], flush=True)
                    rows = write(rows, asked)
    if not rows:
        raise SystemExit("nothing was asked for: --sets, --rows and --seeds leave no row")


def write(rows: Sequence[dict[str, Any]], asked: argparse.Namespace) -> list[dict[str, Any]]:
    """Write the result of a split anew, with what another process may have added; all of its rows."""
    split, name = asked.split, NAMES[asked.split]
    with FileLock(asked.work / f"{name}.lock"):
        every = {key(row): row for row in (*finished(name), *rows)}
        _write(list(every.values()), split)
    return list(every.values())


def _write(rows: Sequence[dict[str, Any]], split: str) -> None:
    order = sorted(rows, key=lambda row: (SETS.index(row["data"]), ROWS.index(row["variant"]), row["seed"]))
    sets = list(dict.fromkeys(row["data"] for row in order))
    variants = [variant for variant in ROWS if any(row["variant"] == variant for row in rows)]
    command = COMMAND.format(split, " ".join(sets), " ".join(variants), max(row["seed"] for row in rows) + 1)
    question = f"test score of models, baselines and their stacks, {split}, a row a seed"
    told: dict[str, Any] = {"protocol": protocol(split), "scratch": ["dmpnn", "gin"]}
    if split == SPLIT:
        gains = judged(order)
        told |= {"judged": gains, "over the sets": over_sets(gains)}
    record(NAMES[split], question, command, [*order, *averages(order)], told=told, printed=False)


def averages(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The mean over the five replicas, where all were trained, seed by seed."""
    found: dict[tuple[str, int], list[dict[str, Any]]] = {}
    for row in rows:
        if row["variant"] in REPLICAS:
            found.setdefault((row["data"], row["seed"]), []).append(row)
    return [
        {"data": data, "variant": AVERAGE, "seed": seed, "metric": each[0]["metric"]}
        | {"score": round(float(np.mean([row["score"] for row in each])), 4)}
        for (data, seed), each in found.items()
        if len(each) == len(REPLICAS)
    ]


def protocol(split: str) -> dict[str, Any]:
    """How the networks here and what they begin with are made, in the words of the papers'."""
    return {
        "data": "MoleculeNet",
        "split": "scaffold, deterministic" if split == "scaffold" else split,
        "parts": "80/10/10",
        "fine-tuning epochs": f"until {PATIENCE} bring no better validation, {CEILING} at most",
        "fine-tuning batch": 64,
    } | (_mmsa() if split == "scaffold" else _mmfrl())


def _mmfrl() -> dict[str, Any]:
    options = {"temperature": _shipped(SHIPPED_MMFRL)[0].pretraining.options["temperature"]}
    return _pretraining(SHIPPED_MMFRL, "NMRShiftDB2", options | {"targets": "small frozen encoders of our own"})


def _mmsa() -> dict[str, Any]:
    recipe, _ = _shipped(SHIPPED_MMSA)
    _, image, conformers = recipe.branches
    options = {
        "conformers": conformers.features["conformers"],
        "picture encoder": f"ResNet-18 from random weights, {image.features['side_px']} px",
        "hyperedges of": recipe.pretraining.options["neighbours"],
    }
    return _pretraining(SHIPPED_MMSA, "ZINC250k and ChEMBL", options)


def _pretraining(name: str, data: str, options: dict[str, Any]) -> dict[str, Any]:
    recipe, card = _shipped(name)
    about = {"data": data, "molecules": sum(card.split.sizes), "epochs": card.epochs_run}
    about |= {"batch": recipe.training.batch_size} | options
    return {f"pre-training {what}": value for what, value in about.items()}


def _shipped(name: str) -> tuple[Recipe, Card]:
    model = studio.model(name)
    assert model.recipe is not None
    assert model.card is not None
    return model.recipe, model.card


def judged(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Scores and gains on the seeds that nobody looked at, a row a set, recipe and what it is compared with."""
    scores: dict[tuple[str, str], dict[int, float]] = {}
    for row in rows:
        if row["seed"] in JUDGED:
            scores.setdefault((row["data"], row["variant"]), {})[row["seed"]] = row["score"]
    found: list[dict[str, Any]] = []
    pairs = [(data, variant, other) for data, variant in scores for other in (BASE, STACKS.get(variant)) if other]
    for data, variant, other in pairs:
        own, base = scores[data, variant], scores.get((data, other), {})
        seeds = sorted(own.keys() & base.keys())
        sign = -1 if METRIC[data] == "RMSE" else 1
        first, second = (sign * np.array([one[seed] for seed in seeds]) for one in (own, base))
        test = over_seeds("higher is better", first.tolist(), second.tolist(), overlap=TEST_TO_TRAINING)
        if test is not None:
            row = {"data": data, "variant": variant, "against": other}
            row |= {"mean": abs(float(first.mean())), "std": float(first.std(ddof=1))}
            row |= {"gain": test.difference, "low": test.low, "high": test.high, "p": test.p}
            row |= {"wins": test.wins, "seeds": test.n, "relative": test.difference / abs(float(second.mean()))}
            found.append(row)
    return found


def over_sets(found: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """How many sets gain, how many by more than chance, or lose so, and Wilcoxon's p, by recipe and comparison."""
    from scipy import stats

    told: dict[str, Any] = {}
    for variant, other in dict.fromkeys((row["variant"], row["against"]) for row in found if row["variant"] != BASE):
        of = [row for row in found if (row["variant"], row["against"]) == (variant, other)]
        gains = np.array([row["relative"] for row in of])
        sure = {
            "surely better on": sum(row["low"] > 0 for row in of),
            "surely worse on": sum(row["high"] < 0 for row in of),
        }
        told[f"{variant} against {other}"] = (
            {"better on": int((gains > 0).sum()), "of": len(of)} | sure | {"p": float(stats.wilcoxon(gains).pvalue)}
        )
    return told


def command_line() -> Asked:
    """What can be asked for."""
    asked = Asked(__doc__)
    asked.work_folder()
    asked.option("--split", SPLIT, SPLIT, choices=NAMES)
    asked.option("--sets", list(SETS[:7]), ["freesolv"], nargs="+", choices=SETS)
    asked.option("--rows", list(FITTED), ["boosting", "stack_without_foundation", "dmpnn"], nargs="+", choices=ROWS)
    asked.option("--first-seed", 0, 0)
    asked.option("--seeds", 3, 1)
    return asked


if __name__ == "__main__":
    main()
