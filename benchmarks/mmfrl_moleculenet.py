"""What do MMFRL's replicas and fusions give on MoleculeNet, beside the paper's tables 1 to 3?

    MMEXPLORE_DATA_DIR=... python benchmarks/mmfrl_moleculenet.py --work FOLDER [--only bbbp ...] [--variants late ...]

The same D-MPNN, epochs, batches and split (chemprop v1's balanced scaffold, a seed each): by chemprop's command line,
from scratch, from each modality's replica (and the mean over these five), from the early fusion's, and five replicas
fused. Paper: 100 epochs (late 50). Finished runs in the work folder are not run again.
"""

import argparse
from pathlib import Path
from typing import Any

import chemprop_cli
import numpy as np
from moleculenet import score
from record import Asked, record
from runs import flags, paper, rows_beside, run, score_of

from mmexplore.datasets import catalog, splits
from mmexplore.recipes.presets import CEILING, MMFRL_MODALITIES, PATIENCE, SHIPPED_MMFRL, preset
from mmexplore.runtime.home import default_home

PAPER = paper("mmfrl")
EPOCHS = {"freesolv": 40, "esol": 30, "bace": 30, "clintox": 15, "bbbp": 15, "sider": 15}
EPOCHS |= {"lipophilicity": 10, "tox21": 6}  # the same for every variant: what two cores give
CHEMPROP = "chemprop CLI"
VARIANTS = {CHEMPROP: "", "no pre-training": "dmpnn"}
VARIANTS |= {name: f"mmfrl_{name}" for name in (*MMFRL_MODALITIES, "early", "intermediate", "late")}
SearchResult = dict[str, dict[str, list[float]]]


def finetuned(variant: str, data: str, seed: int, asked: argparse.Namespace) -> float:
    """Test score of a variant: ROC-AUC in %, or RMSE."""
    epochs, metric = asked.epochs or EPOCHS[data], PAPER["metric"][data]
    epochs = CEILING if asked.settled else epochs
    if variant == CHEMPROP:
        return by_chemprop(data, seed, epochs, asked.work) * (100 if metric.endswith("%") else 1)
    recipe = VARIANTS[variant]
    settings = [f"training.patience={PATIENCE}"] if asked.settled else []
    if asked.start != SHIPPED_MMFRL:
        branches = preset(recipe).branches
        settings += [f"branches.{i}.start={asked.start}" for i, branch in enumerate(branches) if branch.start]
    return score_of(tuned(recipe, data, seed, epochs, settings, asked.work), metric)


def tuned(recipe: str, data: str, seed: int, epochs: int, more: list[str], work: Path) -> Path:
    """The folder of a fine-tuning as all of them are, with more settings."""
    settings = [f"training.epochs={epochs}", "training.batch_size=64", *more]
    words = [f"--data={data}", "--split=scaffold_balanced", f"--seed={seed}", *flags(settings)]
    return run("train", recipe, words, work)


def by_chemprop(data: str, seed: int, epochs: int, work: Path) -> float:
    """Test score of chemprop's own training on the same rows, from scratch."""
    dataset = catalog.load(data, home=default_home())
    split = splits.split(dataset.smiles, "scaffold_balanced", seed)
    guess, _ = chemprop_cli.train(dataset, split, work / data / str(seed) / "chemprop", epochs=epochs, seed=seed)
    return score(dataset, split.test, guess)


def with_average(found: SearchResult) -> SearchResult:
    """The mean over the modalities' replicas, seed by seed, where all were run."""
    average: dict[str, list[float]] = {}
    for data in {data for scores in found.values() for data in scores}:
        of_each = [found[name][data] for name in MMFRL_MODALITIES if data in found.get(name, {})]
        if len(of_each) == len(MMFRL_MODALITIES):
            average[data] = np.mean(of_each, axis=0).tolist()
    return found | ({"average": average} if average else {})


def beside() -> dict[str, dict[str, float]]:
    """The paper's figures by our names of the variants; where two tables have one, the first counts."""
    tables = [(number, about["results"]["mmfrl_moleculenet"]) for number, about in reversed(PAPER["tables"].items())]
    return {ours: PAPER[number][theirs] for number, names in tables for ours, theirs in names.items()}


def main() -> None:
    asked = command_line().parse_args()
    found: SearchResult = {variant: {} for variant in asked.variants}
    for data in asked.only:
        for variant in asked.variants:
            found[variant][data] = [finetuned(variant, data, seed, asked) for seed in range(asked.seeds)]
            print(data, variant, [round(score, 3) for score in found[variant][data]], flush=True)
    epochs = str(asked.epochs) if asked.epochs else ", ".join(f"{EPOCHS[name]} on {name}" for name in asked.only)
    epochs = f"until {PATIENCE} bring no better validation, {CEILING} at most" if asked.settled else epochs
    about = f"epochs: {epochs}; batch 64, scaffold_balanced, {asked.seeds} seeds"
    command = (
        f"python benchmarks/mmfrl_moleculenet.py --work FOLDER --epochs {asked.epochs} --only {' '.join(asked.only)}"
    ) + (" --settled" if asked.settled else "")
    question = f"test score of MMFRL's replicas and fusions, fine-tuned: {about}"
    told = {"protocol": protocol(asked), "scratch": ["no pre-training", CHEMPROP]}
    record("mmfrl_moleculenet", question, command, rows_beside(PAPER, beside(), with_average(found)), told=told)


def protocol(asked: argparse.Namespace) -> dict[str, Any]:
    """How the shipped replicas and their fine-tunings here are made, in the words of the paper's."""
    return {
        "data": "MoleculeNet",
        "split": "scaffold_balanced",
        "parts": "80/10/10",
        "fine-tuning epochs": {name: asked.epochs or EPOCHS[name] for name in asked.only},
        "fine-tuning batch": 64,
        "pre-training data": "NMRShiftDB2",
        "pre-training molecules": 32_500,
        "pre-training epochs": 40,
        "pre-training batch": 128,
        "pre-training temperature": 0.1,
        "pre-training targets": "small frozen encoders of our own",
    }


def command_line() -> Asked:
    """What can be asked for."""
    asked = Asked(__doc__)
    asked.work_folder()
    asked.option("--start", SHIPPED_MMFRL, SHIPPED_MMFRL, help="the pre-trained model")
    asked.option("--only", list(EPOCHS), ["freesolv"], nargs="+")
    asked.option("--variants", list(VARIANTS), [CHEMPROP, "early"], nargs="+", choices=VARIANTS)
    asked.option("--epochs", 0, 3, help="for all sets; 0: what EPOCHS says")
    asked.option("--seeds", 3, 1)
    asked.add_argument("--settled", action="store_true", help="networks train until the validation score settles")
    return asked


if __name__ == "__main__":
    main()
