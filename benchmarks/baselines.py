"""What do a chemist's baselines give on MoleculeNet, alone and stacked, on chemprop v1's balanced scaffold split?

    MMEXPLORE_DATA_DIR=... python benchmarks/baselines.py --work FOLDER [--sets bbbp ...] [--rows boosting ...]

A forest on ECFP, boosting on counts and descriptors with fixed settings, support vector machines on frozen embeddings,
and stacks of them with weights from the training part. Nothing is tuned on a test part. One row a set, recipe and seed,
written as it is done: rows that the result holds already are not computed again. Rows with ``foundation`` on sets made
of PubChem's assays are marked, as MiniMol may have seen their labels.
"""

import argparse
import json
from typing import Any

from record import RESULTS, Asked, record, smallest
from runs import paper, score_of

from mmexplore import studio
from mmexplore.recipes.presets import preset
from mmexplore.runtime import provenance

NAME = "baselines"
SETS = ("freesolv", "esol", "bace", "bbbp", "clintox", "sider", "lipophilicity", "tox21")
ROWS = ("ecfp_forest", "boosting", "svm", "svm_replicas", "svm_foundation", "stack_without_foundation", "stack")
FOUNDATION = ("svm_foundation", "stack")
ASSAYS = ("tox21", "toxcast", "hiv", "muv")
COMMAND = "python benchmarks/baselines.py --work FOLDER --sets {} --seeds {}"
Key = tuple[str, str, int]


def key(row: dict[str, Any]) -> Key:
    """What a row is the answer for."""
    return str(row["data"]), str(row["variant"]), int(row["seed"])


def finished() -> list[dict[str, Any]]:
    """Rows of the result that is there."""
    path = RESULTS / f"{NAME}.json"
    there = path.is_file() and not smallest()
    return list(json.loads(path.read_text(encoding="utf-8"))["rows"]) if there else []


def measured(data: str, variant: str, seed: int, asked: argparse.Namespace) -> dict[str, Any]:
    """One row: the test score of a recipe, trained in this process: most take seconds, and torch is imported once."""
    metric = paper("mmfrl")["metric"][data]
    settings = [f"data.dataset={data}", "data.split=scaffold_balanced"]
    recipe = preset(variant).with_settings([*settings, f"data.split_seed={seed}", f"training.seed={seed}"])
    folder = asked.work / f"{variant}-{data}-{seed}-{recipe.digest}"
    if not (folder / "model" / "card.json").is_file():
        studio.train(recipe, folder, f"{data} {variant}")
    card = json.loads((folder / "model" / "card.json").read_text(encoding="utf-8"))
    row = {"data": data, "variant": variant, "seed": seed, "metric": metric}
    row |= {"score": round(score_of(folder, metric), 4), "seconds": round(card["seconds"], 1)}
    row |= {"may have seen labels": True} if variant in FOUNDATION and data in ASSAYS else {}
    return row | {"weights": _weights(card["notes"]), "commit": provenance.commit()}


def _weights(notes: list[str]) -> str:
    return next((note.partition(": ")[2] for note in notes if note.startswith("constant weights")), "")


def main() -> None:
    asked = command_line().parse_args()
    rows = finished()
    for data in asked.sets:
        for seed in range(asked.seeds):
            for variant in asked.rows:
                if (data, variant, seed) not in map(key, rows):
                    rows.append(measured(data, variant, seed, asked))
                    print(data, variant, seed, rows[-1]["score"], flush=True)
                    _record(rows)
    if not rows:
        raise SystemExit("nothing was asked for: --sets, --rows and --seeds leave no row")


def _record(rows: list[dict[str, Any]]) -> None:
    order = sorted(rows, key=lambda row: (SETS.index(row["data"]), ROWS.index(row["variant"]), row["seed"]))
    sets = list(dict.fromkeys(row["data"] for row in order))
    command = COMMAND.format(" ".join(sets), max(row["seed"] for row in rows) + 1)
    record(NAME, "test score of baselines and their stacks, scaffold_balanced, a row a seed", command, order)


def command_line() -> Asked:
    """What can be asked for."""
    asked = Asked(__doc__)
    asked.work_folder()
    asked.option("--sets", list(SETS[:-1]), ["freesolv"], nargs="+", choices=SETS)
    asked.option("--rows", list(ROWS), ["boosting", "stack_without_foundation"], nargs="+", choices=ROWS)
    asked.option("--seeds", 3, 1)
    return asked


if __name__ == "__main__":
    main()
