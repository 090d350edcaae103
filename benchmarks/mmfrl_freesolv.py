"""Why do MMFRL's fused models gain nothing on FreeSolv, and does anything help?

    MMEXPLORE_DATA_DIR=... python benchmarks/mmfrl_freesolv.py --work FOLDER

Fine-tuned as in ``mmfrl_moleculenet.py``, whose finished runs in the same folder are not run again: the shipped
replicas fused, with what could help (longer, slower, with dropout), against the same network without pre-training.
A row says by how much the test RMSE differs from it, mean over seeds, with the 95% interval over resampled molecules;
the mean absolute error, which a few molecules cannot rule; and which part of the squared error three molecules make.
"""

import argparse
from typing import Any

import numpy as np
import pandas as pd
from mmfrl_moleculenet import EPOCHS, tuned
from record import Asked, record

DATA, NONE = "freesolv", "no pre-training"
VARIANTS: dict[str, tuple[str, list[str]]] = {
    NONE: ("dmpnn", []),
    "early": ("mmfrl_early", []),
    "intermediate": ("mmfrl_intermediate", []),
    "intermediate, dropout 0.2": ("mmfrl_intermediate", ["fusion.options.dropout=0.2"]),
    "intermediate, learning rate 3e-4": ("mmfrl_intermediate", ["training.learning_rate=3e-4"]),
    "intermediate, 100 epochs": ("mmfrl_intermediate", ["training.epochs=100"]),
    "late": ("mmfrl_late", []),
}
Errors = list[np.ndarray]


def errors(recipe: str, more: list[str], asked: argparse.Namespace) -> tuple[Errors, Errors]:
    """Prediction less truth of each molecule, by seed: of the test part, and of the validation part."""
    parts: tuple[Errors, Errors] = ([], [])
    for seed in range(asked.seeds):
        told = pd.read_parquet(tuned(recipe, DATA, seed, asked.epochs, more, asked.work) / "predictions.parquet")
        (task,) = (name for name in told if f"truth: {name}" in told)
        for part, name in zip(parts, ("test", "validation"), strict=True):
            chosen = told[told["split"] == name]
            part.append((chosen[task] - chosen[f"truth: {task}"]).to_numpy())
    return parts


def rmse(found: Errors) -> float:
    """Mean over seeds."""
    return float(np.mean([np.sqrt(np.square(e).mean()) for e in found]))


def interval(found: Errors, base: Errors, rounds: int = 2000) -> list[float]:
    """95% interval of the difference in RMSE: the same molecules drawn again for both, seed by seed."""
    rng, drawn = np.random.default_rng(0), []
    for _ in range(rounds):
        places = [rng.integers(0, len(e), len(e)) for e in base]
        drawn.append(rmse([e[i] for e, i in zip(found, places, strict=True)]))
        drawn[-1] -= rmse([e[i] for e, i in zip(base, places, strict=True)])
    return [round(float(x), 3) for x in np.percentile(drawn, [2.5, 97.5])]


def row(variant: str, found: tuple[Errors, Errors], base: tuple[Errors, Errors]) -> dict[str, Any]:
    """What is told of a variant."""
    test, validation = found
    worst = [np.sort(np.square(e))[-3:].sum() / np.square(e).sum() for e in test]
    difference = rmse(test) - rmse(base[0])
    return {
        "variant": variant,
        "test RMSE": rmse(test),
        "less that of no pre-training": difference,
        "95% interval": interval(test, base[0]),
        "on validation": rmse(validation) - rmse(base[1]),
        "test MAE": float(np.mean([np.abs(e).mean() for e in test])),
        "squared error of three molecules": float(np.mean(worst)),
    }


def main() -> None:
    asked = command_line().parse_args()
    base = errors(*VARIANTS[NONE], asked)
    rows = []
    for variant in asked.variants:
        rows.append(row(variant, errors(*VARIANTS[variant], asked), base))
        print(rows[-1], flush=True)
    question = f"MMFRL on FreeSolv, {asked.epochs} epochs, batch 64, scaffold_balanced, {asked.seeds} seeds"
    record("mmfrl_freesolv", question, "python benchmarks/mmfrl_freesolv.py --work FOLDER", rows)


def command_line() -> Asked:
    """What can be asked for."""
    asked = Asked(__doc__)
    asked.work_folder()
    asked.option("--seeds", 3, 1)
    asked.option("--variants", list(VARIANTS), [NONE, "early"], nargs="+", choices=VARIANTS)
    asked.option("--epochs", EPOCHS[DATA], 1)
    return asked


if __name__ == "__main__":
    main()
