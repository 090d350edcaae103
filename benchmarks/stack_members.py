"""What does each member add to a stack? The test score without it, the weights of the others fitted anew.

    MMEXPLORE_DATA_DIR=... python benchmarks/stack_members.py --work FOLDER [--rows all_stack ...]

Members, and what they predict of molecules that they had not seen, are those of the runs of ``baselines.py`` in the
same folder, so that nothing is trained again: weights are fitted to what is left, by the recipe's own rule, and judged
on the test part. ``adds``: how much worse the score is without the member, above 0 where it helps, over the seeds that
no recipe was looked at on, with the interval of ``baselines.py``.
"""

import re
from pathlib import Path
from typing import Any

import numpy as np
import torch
from baselines import LOOKED_AT, ROWS, SETS, STACKS, TEST_TO_TRAINING, measured
from record import Asked, record, smallest

from mmexplore import studio
from mmexplore.models.bootstrap import over_seeds
from mmexplore.nn.stack import Gates

RUN = re.compile(rf"({'|'.join(sorted(ROWS, key=len, reverse=True))})-({'|'.join(SETS)})-(\d+)-\w+")


def main() -> None:
    asked = command_line().parse_args()
    if smallest():
        measured("freesolv", asked.rows[0], 0, asked)
    scores: dict[tuple[str, str, str], list[tuple[float, float]]] = {}
    for file in sorted(asked.work.glob("*.npz")):
        found = RUN.fullmatch(file.stem)
        model = file.with_suffix("") / "model"
        if found and found[1] in asked.rows and (smallest() or int(found[3]) >= LOOKED_AT) and model.is_dir():
            whole, without = judged(str(model), found[2], file)
            for name, score in without.items():
                scores.setdefault((found[2], found[1], name), []).append((whole, score))
    rows: list[dict[str, Any]] = []
    for (data, variant, name), pairs in sorted(scores.items(), key=lambda one: SETS.index(one[0][0])):
        with_it, without_it = ([pair[number] for pair in pairs] for number in (0, 1))
        test = over_seeds("higher is better", with_it, without_it, overlap=TEST_TO_TRAINING)
        if test is not None:
            row = {"data": data, "variant": variant, "without": name, "adds": test.difference}
            rows.append(row | {"low": test.low, "high": test.high, "p": test.p, "wins": test.wins, "seeds": test.n})
    command = f"python benchmarks/stack_members.py --work FOLDER --rows {' '.join(asked.rows)}"
    record("stack_members", "what each member adds to a stack, by leaving it out", command, rows)


def judged(model: str, data: str, file: Path) -> tuple[float, dict[str, float]]:
    """Test score of a stack, and without each member: ROC-AUC in %, or RMSE times -1, the mean over the tasks."""
    shrinkage = studio.model(model).recipe.stack.shrinkage  # type: ignore[union-attr]
    with np.load(file) as kept:
        p, labels = torch.from_numpy(kept["p"]), torch.from_numpy(kept["labels"])
        names, classes = kept["names"].tolist(), bool(kept["classes"])
    reports = [studio.fusion_report(model, data, task.name) for task in studio.dataset(data).tasks]

    def score(kept: list[int]) -> float:
        gates = Gates({names[number]: 1 for number in kept}, shrinkage=shrinkage)
        gates.fit(p[:, kept], labels, classes, {})
        scores = []
        for report in reports:
            against = studio.fusion_evaluation(report, model, data)
            made = report.p[:, kept] @ gates.constant.double().numpy()
            if against is not None and (told := studio.score(against, studio.readable(report, made))) is not None:
                scores.append(100 * told[1] if classes else -told[1])
        return float(np.mean(scores))

    every = list(range(len(names)))
    return score(every), {name: score([one for one in every if one != number]) for number, name in enumerate(names)}


def command_line() -> Asked:
    """What can be asked for."""
    asked = Asked(__doc__)
    asked.work_folder()
    asked.option("--rows", list(STACKS), ["stack_without_foundation"], nargs="+", choices=ROWS)
    return asked


if __name__ == "__main__":
    main()
