"""How many test molecules do intervals and sets of 90 % cover, under random and under scaffold splits?

    MMEXPLORE_DATA_DIR=... python benchmarks/interval_coverage.py --work FOLDER [--sets bace ...] [--splits random ...]

A recipe is trained on each split, its calibration rows are those that chose no epoch, and what its intervals, or its
class-conditional sets, hold of the test part is counted. ``counts`` is boosting of sixty trees on Morgan counts alone,
which takes seconds: what is promised does not depend on how good the model is. With ``--members 5`` an ensemble is
trained on each, and the same rows are counted for intervals in units of its spread and for such of one width. One row
a set, split, seed and variant, written as it is done: rows that the result holds already are not computed again.
"""

import argparse
import json
from typing import Any

import numpy as np
from record import RESULTS, Asked, record, smallest

from mmexplore import studio
from mmexplore.models import calibration
from mmexplore.recipes.presets import preset
from mmexplore.recipes.recipe import Recipe, parse
from mmexplore.runtime import provenance

NAME = "interval_coverage"
SETS = ("bace", "esol", "lipophilicity", "tox21", "freesolv")
SPLITS = ("random", "scaffold_balanced", "scaffold")
COUNTS = "counts"
LEVEL = 0.9
COMMAND = "python benchmarks/interval_coverage.py --work FOLDER --sets {} --splits {} --seeds {}"
Row = dict[str, Any]
Key = tuple[str, str, str, int]


def key(row: Row) -> Key:
    """What a row is the answer for."""
    return str(row["data"]), str(row["split"]), str(row["variant"]), int(row["seed"])


def finished() -> list[Row]:
    """Rows of the result that is there."""
    path = RESULTS / f"{NAME}.json"
    there = path.is_file() and not smallest()
    return list(json.loads(path.read_text(encoding="utf-8"))["rows"]) if there else []


def recipe_called(name: str, quick: bool) -> Recipe:
    """A preset, or boosting of few trees on Morgan counts alone."""
    if name != COUNTS:
        return preset(name, quick=quick)
    values = preset("boosting").model_dump(mode="json")
    values["baseline"]["options"] |= {"rounds": 60, "rounds_of_classes": 60}
    return parse(values | {"name": name, "branches": values["branches"][:1]})


def variant(asked: argparse.Namespace) -> str:
    """A recipe, its quick version where that was asked for, and how many seeds of it."""
    name = f"{asked.recipe}, quick" if asked.quick else str(asked.recipe)
    return name if asked.members == 1 else f"{asked.members} x {name}"


def measured(data: str, split: str, seed: int, asked: argparse.Namespace) -> Row:
    """One row: the share of test labels that are covered, of each class too, and how wide or large the answer is."""
    settings = [f"data.dataset={data}", f"data.split={split}", f"data.split_seed={seed}", f"training.seed={seed}"]
    chosen = recipe_called(asked.recipe, asked.quick).with_settings(settings)
    folder = asked.work / f"{NAME}-{data}-{split}-{seed}-{asked.members}-{chosen.digest}"
    if asked.members > 1:
        if not (folder / "ensemble.json").is_file():
            studio.train_ensemble(chosen, range(asked.members), folder, f"{data} {asked.recipe}")
    elif not (folder / "model" / "card.json").is_file():
        studio.train(chosen, folder, f"{data} {asked.recipe}")
    model, made, told = studio.model(str(folder)), studio.calibration(str(folder)), studio.tested(str(folder))
    assert model.card is not None
    assert made is not None
    assert told is not None
    tasks = model.card.data.tasks
    found = made.coverage(tasks, told.truth, told.prediction, told.spread, LEVEL)
    row: Row = {"data": data, "split": split, "variant": variant(asked), "seed": seed}
    row |= {"calibration": model.card.split.calibration, "labels": sum(one.of for one in found)}
    row |= _shares(found)
    if told.spread is not None and made.spread is not None and found[0].classes is None:
        row |= _by_spread(made, told)
    return row | {"commit": provenance.commit()}


def _shares(found: tuple[calibration.Coverage, ...]) -> Row:
    row: Row = {"covered": round(sum(one.covered for one in found) / sum(one.of for one in found), 4)}
    if found[0].classes is not None:
        for name in ("0", "1"):
            pairs = [one.classes[name] for one in found if one.classes]
            row[f"class {name}"] = round(sum(hit for hit, _ in pairs) / max(1, sum(of for _, of in pairs)), 4)
    return row | {"size": round(float(np.mean([one.width for one in found])), 4)}


def _by_spread(made: calibration.Calibration, told: studio.Tested) -> Row:
    """Coverage of the third with most and of that with least spread, by scaled intervals and by such of one width."""
    assert told.spread is not None
    truth, guess, spread = told.truth[:, 0], told.prediction[:, 0], told.spread[:, 0]
    known = np.isfinite(truth) & np.isfinite(guess)
    order = np.argsort(spread[known], kind="stable")
    thirds = np.array_split(np.flatnonzero(known)[order], 3)
    row: Row = {}
    for name, scale in (("scaled", spread), ("one width", None)):
        low, high = made.interval(0, guess, scale, LEVEL)
        hit = (low <= truth) & (truth <= high)
        row |= {f"{name}: least spread": round(float(hit[thirds[0]].mean()), 4)}
        row |= {f"{name}: most spread": round(float(hit[thirds[2]].mean()), 4)}
        row |= {f"{name}: size": round(float((high - low)[known].mean()), 4)}
        beyond = np.maximum(np.maximum(low - truth, truth - high), 0)  # Gneiting and Raftery's interval score
        row |= {f"{name}: score": round(float((high - low + 2 / (1 - LEVEL) * beyond)[known].mean()), 4)}
    return row


def means(rows: list[Row]) -> list[Row]:
    """Mean over seeds of each set, split and variant."""
    groups: dict[tuple[str, str, str], list[Row]] = {}
    for row in rows:
        groups.setdefault(key(row)[:3], []).append(row)
    found = []
    for (data, split, name), some in groups.items():
        mean: Row = {"data": data, "split": split, "variant": name, "seeds": len(some)}
        numbers = [k for k, v in some[0].items() if isinstance(v, float)]
        shares = [one["covered"] for one in some]
        mean |= {k: round(float(np.mean([one[k] for one in some])), 4) for k in numbers}
        found.append(mean | {"lowest": min(shares), "highest": max(shares)})
    return found


def main() -> None:
    asked = command_line().parse_args()
    rows = finished()
    for split in asked.splits:
        for data in asked.sets:
            for seed in range(1 if split == "scaffold" else asked.seeds):  # which has none
                if (data, split, variant(asked), seed) not in map(key, rows):
                    rows.append(measured(data, split, seed, asked))
                    print(*key(rows[-1]), rows[-1]["covered"], flush=True)
                    _record(rows)
    if not rows:
        raise SystemExit("nothing was asked for: --sets, --splits and --seeds leave no row")


def _record(rows: list[Row]) -> None:
    order = sorted(rows, key=lambda row: (SETS.index(row["data"]), SPLITS.index(row["split"]), *key(row)[2:]))
    sets, splits = (list(dict.fromkeys(row[name] for row in order)) for name in ("data", "split"))
    command = COMMAND.format(" ".join(sets), " ".join(splits), max(row["seed"] for row in rows) + 1)
    question = "share of test labels that intervals and class-conditional sets of 90 % cover, a row a split"
    record(NAME, question, command, order, told={"means": means(order)})


def command_line() -> Asked:
    """What can be asked for."""
    asked = Asked(__doc__)
    asked.work_folder()
    asked.option("--sets", list(SETS[:-1]), ["freesolv"], nargs="+", choices=SETS)
    asked.option("--splits", list(SPLITS), ["random"], nargs="+", choices=SPLITS)
    asked.option("--seeds", 20, 1)
    asked.option("--recipe", COUNTS, COUNTS)
    asked.option("--members", 1, 2)
    asked.add_argument("--quick", action="store_true", help="the recipe's quick version")
    return asked


if __name__ == "__main__":
    main()
