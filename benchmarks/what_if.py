"""How fast do a prediction and the test score follow a slider of the Fusion page?

    python benchmarks/what_if.py [molecules ...]

What a moved slider computes: products of every molecule summed anew, read as values, and scored; five modalities, drawn
numbers. Beside it the same by columns of a pandas table and scikit-learn's score, as a notebook would.
"""

from functools import partial

import numpy as np
import pandas as pd
from record import Asked, record
from timing import timed

from mmexplore.explore.explain import contributions, fusion
from mmexplore.explore.explain.fusion import Evaluation, FusionReport

MODALITIES = ("smiles", "nmr_spectrum", "image", "fingerprint", "nmr_peaks")
FACTORS = (1.0, 0.5, 0.0, 1.5, 1.0)
BUDGET_MS = 300


def drawn(n: int, kind: str) -> tuple[FusionReport, Evaluation]:
    """A report of ``n`` molecules and labels to judge it by."""
    rng = np.random.default_rng(0)
    w, p = rng.normal(size=(2, n, len(MODALITIES)))
    classes = kind == "classification"
    scale = "logit" if classes else "z-score"
    alike = contributions.similarities({"one": rng.normal(size=(50, 4))})
    nothing = np.full(n, "", object)
    total = contributions.predictions(w, p)
    about = ("late", "task", MODALITIES, scale, "", 0.0, 1.0, np.arange(n), nothing, total, w, p, alike)
    report = FusionReport(*about, means=(w * p).mean(0), reference="the drawn molecules")
    truth = (total + rng.normal(size=n) > 0).astype(float) if classes else total + rng.normal(size=n)
    return report, Evaluation("classification" if classes else "regression", truth, "all molecules")


def by_columns(report: FusionReport, evaluate: Evaluation) -> float:
    """A column a modality, and scikit-learn's score."""
    from sklearn.metrics import roc_auc_score, root_mean_squared_error

    columns = {
        name: f * report.w[:, i] * report.p[:, i] for i, (name, f) in enumerate(zip(MODALITIES, FACTORS, strict=True))
    }
    total = pd.DataFrame(columns).sum(axis=1)
    score = roc_auc_score if evaluate.kind == "classification" else root_mean_squared_error
    return float(score(evaluate.truth, total))


def main(sizes: list[int]) -> None:
    rows = []
    for kind in ("regression", "classification"):
        for n in sizes:
            report, evaluate = drawn(n, kind)
            seconds = timed(
                {
                    "ours": partial(fusion.fusion_score, report, evaluate, FACTORS),
                    "by columns": partial(by_columns, report, evaluate),
                },
                3,
            )
            ours = seconds["ours"] * 1000
            rows.append(
                {"kind": kind, "molecules": n, "ms": ours, "times by columns": seconds["by columns"] * 1000 / ours}
            )
            rows[-1] |= {"budget, ms": BUDGET_MS}
    question = "CPU milliseconds from a moved slider to prediction and score, five modalities"
    record("what_if", question, "python benchmarks/what_if.py", rows)


def command_line() -> Asked:
    """What can be asked for."""
    asked = Asked(__doc__)
    asked.option("molecules", [4_200, 100_000], [200], nargs="*", type=int)
    return asked


if __name__ == "__main__":
    main(command_line().parse_args().molecules)
