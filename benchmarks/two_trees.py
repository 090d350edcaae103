"""Is this tree as fast as another checkout of the project? The same four benchmarks in both, taking turns.

    python benchmarks/two_trees.py [--before .] [--rounds 2] [--epochs 10]

Start of the app and first paint, a rerun of the Map, a training step, a whole fine-tuning on BACE: every figure of
their rows that is a time, its median over the rounds here and there, and the ratio (below 1: this tree is faster). Both
trees run with the same Python; each keeps what it has recorded.
"""

import json
import os
import statistics
import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

from record import Asked, record, smallest

HERE = Path(__file__).parents[1]
TIMES = ("seconds", "milliseconds", "ms", "cpu", "wall")
"""What the name of a figure holds that is a time."""


def main() -> None:
    asked = command_line().parse_args()
    scripts = {
        "encoder_step": ["--rounds", "5"],
        "finetune": ["--repeats", "1", "--epochs", str(asked.epochs)],
        "first_paint": [],
        "page_rerun": [],
    }
    if smallest():
        scripts = {"encoder_step": ["--smallest"]}
    found: dict[tuple[str, str], dict[Path, list[float]]] = defaultdict(lambda: defaultdict(list))
    trees = [Path(asked.before).resolve(), HERE]
    for turn in range(asked.rounds):
        for script, words in scripts.items():
            for tree in trees if turn % 2 == 0 else reversed(trees):
                for what, value in _measured(tree, script, words).items():
                    found[script, what][tree].append(value)
    rows: list[dict[str, Any]] = []
    for (script, what), values in found.items():
        if len(values) == len(set(trees)):
            before, after = (statistics.median(values[tree]) for tree in trees)
            rows.append({"script": script, "figure": what, "before": before, "after": after, "ratio": after / before})
    command = f"python benchmarks/two_trees.py --rounds {asked.rounds} --epochs {asked.epochs}"
    record("two_trees", f"this tree against {_commit(trees[0])}, the same runs by turns, medians", command, rows)


def _measured(tree: Path, script: str, words: list[str]) -> dict[str, float]:
    """Times by row and column of what a benchmark records; its record is put back as it was."""
    path = tree / "benchmarks" / "results" / f"{script}.json"
    kept = path.read_bytes()
    environment = os.environ | {"PYTHONPATH": str(tree)}
    command = [sys.executable, f"benchmarks/{script}.py", *words]
    try:
        subprocess.run(command, cwd=tree, env=environment, check=True, stdout=subprocess.DEVNULL)
        rows = json.loads(path.read_text(encoding="utf-8"))["rows"]
    finally:
        path.write_bytes(kept)
    found = {}
    for row in rows:
        label = ", ".join(str(value) for value in row.values() if isinstance(value, str))
        for column, value in row.items():
            if isinstance(value, int | float) and any(word in column.lower() for word in TIMES) and value > 0:
                found[f"{label}: {column}"] = float(value)
    return found


def _commit(tree: Path) -> str:
    return subprocess.run(
        ["git", "-C", tree, "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=True
    ).stdout.strip()


def command_line() -> Asked:
    """What can be asked for."""
    asked = Asked(__doc__)
    asked.option("--before", ".", ".", type=str, help="folder of the checkout to compare with")
    asked.option("--rounds", 2, 1)
    asked.option("--epochs", 10, 3)
    return asked


if __name__ == "__main__":
    main()
