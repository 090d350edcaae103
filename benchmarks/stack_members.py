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
from baselines import JUDGED, ROWS, SETS, SPLIT, STACKS, TEST_TO_TRAINING, measured
from record import Asked, record, smallest
from safetensors import safe_open
from scipy.special import expit

from mmexplore import studio
from mmexplore.datasets import splits
from mmexplore.models import checkpoints, embed, metrics
from mmexplore.models.bootstrap import over_seeds
from mmexplore.nn.stack import Gates
from mmexplore.runtime.home import default_home

RUN = re.compile(rf"({'|'.join(sorted(ROWS, key=len, reverse=True))})-({'|'.join(SETS)})-(\d+)-\w+")


def main() -> None:
    asked = command_line().parse_args()
    if smallest():
        measured("freesolv", asked.rows[0], 0, asked.work)
    scores: dict[tuple[str, str, str], list[tuple[float, float]]] = {}
    for file in sorted(asked.work.glob("*.npz")):
        found = RUN.fullmatch(file.stem)
        model = file.with_suffix("") / "model"
        if found and found[1] in asked.rows and (smallest() or int(found[3]) in JUDGED) and model.is_dir():
            whole, without = judged(model, found[2], int(found[3]))
            print(file.stem, round(whole, 4), flush=True)
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


def judged(model: Path, data: str, seed: int) -> tuple[float, dict[str, float]]:
    """Test score of a stack, and without each member: ROC-AUC in %, or RMSE times -1, the mean over the tasks."""
    recipe, _ = checkpoints.read(model)
    dataset = studio.dataset(data)
    test = splits.split(dataset.smiles, SPLIT, seed).test
    predicted = embed.embed(model, dataset, home=default_home()).part("p")[test].astype(np.float64)
    truth = np.stack([dataset.truth(number)[test] for number in range(len(dataset.tasks))], axis=1)
    with safe_open(model / checkpoints.WEIGHTS, framework="np") as weights:
        mean, std = (weights.get_tensor(name) for name in ("label_mean", "label_std"))
    with np.load(model.parent.with_suffix(".npz")) as kept:
        p, labels = torch.from_numpy(kept["p"]), torch.from_numpy(kept["labels"])
        names, classes = kept["names"].tolist(), bool(kept["classes"])

    def score(left: list[int]) -> float:
        gates = Gates({names[number]: 1 for number in left}, shrinkage=recipe.stack.shrinkage)
        gates.fit(p[:, left], labels, classes, {})
        made = np.einsum("nmt,m->nt", predicted[:, left], gates.constant.double().numpy())
        readable = expit(made) if classes else made * std + mean
        metric, scale = ("roc_auc", 100) if classes else ("rmse", -1)
        return scale * metrics.scores([task.kind for task in dataset.tasks], truth, readable, (metric,))[metric]

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
