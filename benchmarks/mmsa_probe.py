"""What do MMSA's views know, by what their pre-training was made of?

    MMEXPLORE_DATA_DIR=... python benchmarks/mmsa_probe.py --work FOLDER [--table choice]

The pre-trainings of ``mmsa_ablations.py choice`` (or ``pictures``: do small pictures and conformers that are not
relaxed harm?), not run again where that folder has them. On each frozen view of a data set a linear model (ridge or
logistic regression, strength by cross-validation) learns the labels of four fifths and is asked for the last, five
times over: ROC-AUC in %, or RMSE. The test part of the deterministic scaffold split, on which the models are judged,
is left out. That varies less from run to run than fine-tuning; the same pre-training with other seeds says how much.
"""

import shlex
from pathlib import Path
from typing import Any

import numpy as np
from mmsa_ablations import TABLES
from mmsa_runs import PAPER, pretrained, sample
from record import Asked, record
from sklearn.linear_model import LogisticRegressionCV, RidgeCV
from sklearn.metrics import mean_squared_error, roc_auc_score
from sklearn.model_selection import KFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from mmexplore.datasets import catalog, splits
from mmexplore.models import embed
from mmexplore.runtime.home import default_home

VIEWS = ("graph2d", "image", "graph3d", "unified")


def probed(view: np.ndarray, labels: np.ndarray, classes: bool) -> list[float]:
    """Score of each fifth."""
    scores = []
    for seen, asked in KFold(5, shuffle=True, random_state=0).split(view):
        if classes:
            about: dict[str, Any] = {"Cs": np.logspace(-4, 0, 5), "cv": 3, "scoring": "roc_auc", "max_iter": 300}
            about["use_legacy_attributes"] = False
            linear = make_pipeline(StandardScaler(), LogisticRegressionCV(l1_ratios=(0,), **about))
            guess = linear.fit(view[seen], labels[seen]).predict_proba(view[asked])[:, 1]
            scores.append(100 * float(roc_auc_score(labels[asked], guess)))
        else:
            linear = make_pipeline(StandardScaler(), RidgeCV(np.logspace(-1, 4, 11)))
            guess = linear.fit(view[seen], labels[seen]).predict(view[asked])
            scores.append(float(mean_squared_error(labels[asked], guess) ** 0.5))
    return scores


def rows_of(variant: str, model: Path, data: list[str]) -> list[dict[str, Any]]:
    """One row a data set, a column a view."""
    rows = []
    for name in data:
        dataset = catalog.load(name, home=default_home())
        (labels,), found = dataset.labels.T, embed.embed(model / "model", dataset, home=default_home())
        good = np.setdiff1d(np.flatnonzero(~np.isnan(labels)), found.missing)
        good = np.setdiff1d(good, splits.split(dataset.smiles, "scaffold", 0).test)
        classes = PAPER["metric"][name].endswith("%")
        row: dict[str, Any] = {"variant": variant, "data": name}
        for view in VIEWS:
            row[view] = float(np.mean(probed(found.view(view)[good], labels[good], classes)))
        print(row, flush=True)
        rows.append(row | {"metric": PAPER["metric"][name]})
    return rows


def main() -> None:
    asked = command_line().parse_args()
    molecules = sample(asked.molecules, asked.work)
    rows = []
    for variant in asked.variants or TABLES[asked.table]:
        settings = TABLES[asked.table][variant]
        epochs = f"training.epochs={asked.pretraining_epochs}"
        rows += rows_of(variant, pretrained(molecules, "quick", [*settings, epochs], asked.work), asked.only)
    question = f"linear probes of MMSA's views after {asked.molecules:,} molecules x {asked.pretraining_epochs} epochs"
    command = f"python benchmarks/mmsa_probe.py --work FOLDER --table {asked.table}"
    command += f" --variants {shlex.join(asked.variants)}" * bool(asked.variants)
    record("mmsa_probe", question, command, rows)


def command_line() -> Asked:
    """What can be asked for."""
    asked = Asked(__doc__)
    asked.work_folder()
    asked.option("--molecules", 4000, 40)
    asked.option("--pretraining-epochs", 4, 1)
    asked.option("--only", ["bbbp", "bace", "esol", "freesolv"], ["freesolv"], nargs="+")
    asked.option("--table", "choice", "choice", choices=("choice", "pictures"))
    asked.option("--variants", [], ["as shipped"], nargs="+")
    return asked


if __name__ == "__main__":
    main()
