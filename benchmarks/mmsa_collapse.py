"""Do MMSA's losses as printed collapse, and what keeps them up?

    MMEXPLORE_DATA_DIR=... python benchmarks/mmsa_collapse.py --work FOLDER

The 2D and 3D graph's encoders pre-trained on ZINC molecules (4,000) for 5 epochs, five ways; of each the validation
terms after the last epoch (two modalities: a contrastive loss of 0.732 says that all embeddings are equal), and the
test score of the GIN fine-tuned for 10 epochs on the deterministic scaffold split, from scratch too.
"""

import argparse
import json
from pathlib import Path
from typing import Any

from mmsa_runs import SCRATCH, finetuned, pretrained, sample
from record import Asked, record

BRANCHES = [
    {"encoder": "gin", "name": "graph2d"},
    {"encoder": "comenet", "name": "graph3d", "features": {"conformers": 1, "mmff": "off"}},
]
_OPTION = "pretraining.options."
VARIANTS = {
    "as printed": ("paper", []),
    "targets detached": ("paper", [f"{_OPTION}detach_targets=true"]),
    "norms per dimension": ("paper", [f"{_OPTION}norms=per_dimension"]),
    "steady: both, and features standardised": ("steady", []),
    "steady, hyperedges of two molecules": ("steady", [f"{_OPTION}neighbours=2"]),
}
TERMS = ("contrastive", "reconstruction_within", "memory", "properties", "spread", "spread_structure")


def row(variant: str, start: Path | None, asked: argparse.Namespace) -> dict[str, Any]:
    """Terms of the pre-training, and scores after fine-tuning by data set: means over the seeds."""
    found: dict[str, Any] = {"variant": variant}
    if start is not None:
        last = json.loads((start / "history.json").read_text())[-1]
        found |= {term: last[f"validation_{term}"] for term in TERMS}
    for data in asked.only:
        scores = [
            finetuned(start or SCRATCH, "gin", data, seed, asked.epochs, asked.work) for seed in range(asked.seeds)
        ]
        found |= {data: sum(scores) / len(scores), f"{data} seeds": [round(s, 3) for s in scores]}
    print(found, flush=True)
    return found


def main() -> None:
    asked = command_line().parse_args()
    molecules = sample(asked.molecules, asked.work)
    rows = [row("no pre-training", None, asked)]
    for variant in asked.variants:
        version, settings = VARIANTS[variant]
        chosen = [f"branches={json.dumps(BRANCHES)}", f"training.epochs={asked.pretraining_epochs}", *settings]
        rows.append(row(variant, pretrained(molecules, version, chosen, asked.work), asked))
    trained = f"{asked.pretraining_epochs} epochs of {asked.molecules:,} molecules"
    question = f"MMSA's losses as printed and steadied: terms after {trained}, and "
    command = f"python benchmarks/mmsa_collapse.py --work FOLDER --molecules {asked.molecules} --seeds {asked.seeds}"
    record("mmsa_collapse", question + "test RMSE (ESOL) or ROC-AUC % (BBBP), means over seeds", command, rows)


def command_line() -> Asked:
    """What can be asked for."""
    asked = Asked(__doc__)
    asked.work_folder()
    asked.option("--only", ["esol", "bbbp"], ["freesolv"], nargs="+")
    asked.option("--molecules", 4000, 40)
    asked.option("--seeds", 3, 1)
    asked.option("--pretraining-epochs", 5, 1)
    asked.option("--epochs", 10, 1)
    asked.option("--variants", list(VARIANTS), list(VARIANTS)[-1:], nargs="+", choices=VARIANTS)
    return asked


if __name__ == "__main__":
    main()
