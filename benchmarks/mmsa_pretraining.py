"""Does MMSA's pre-training help its 2D graph encoder on MoleculeNet?

    MMEXPLORE_DATA_DIR=... python benchmarks/mmsa_pretraining.py --work FOLDER [--start MODEL] [--only bbbp ...]

The same encoder, epochs, batches and split (deterministic scaffold), from scratch and from the pre-trained model;
paper: 100 epochs, five seeds. Finished runs in the work folder are not run again. With ``--keep-scratch`` only the
model's are run: where it alone is new, the recorded rows of the other stay, with the commit that they were made by.
"""

import json
from typing import Any

from mmsa_runs import SCRATCH, finetuned, protocol, rows_beside_the_paper
from record import RESULTS, Asked, record

NAME = "mmsa_pretraining"
DATA = ("bbbp", "bace", "tox21", "clintox", "esol", "lipophilicity")


def recorded(question: str, variant: str, data: list[str]) -> list[dict[str, Any]]:
    """A variant's rows as they stand in the results, each with the commit that it was measured at."""
    known = json.loads((RESULTS / f"{NAME}.json").read_text(encoding="utf-8"))
    if known["question"] != question:
        raise SystemExit(f"the recorded rows answer another question: {known['question']}; this one: {question}")
    rows = [row for row in known["rows"] if row["variant"] == variant and row["data"] in data]
    return [{"commit": known["commit"]} | row for row in rows]


def main() -> None:
    asked = command_line().parse_args()
    question = f"test score of a GIN fine-tuned for {asked.epochs} epochs, scaffold split, {asked.seeds} seeds"
    starts = {"no pre-training": SCRATCH, "MMSA": asked.start}
    kept = []
    if asked.keep_scratch:
        kept = recorded(question, "no pre-training", asked.only)
        del starts["no pre-training"]
    found: dict[str, dict[str, list[float]]] = {variant: {} for variant in starts}
    for data in asked.only:
        for variant, start in starts.items():
            scores = [finetuned(start, "gin", data, s, asked.epochs, asked.work) for s in range(asked.seeds)]
            found[variant][data] = scores
            print(data, variant, [round(s, 3) for s in scores], flush=True)
    command = f"python benchmarks/{NAME}.py --work FOLDER --epochs {asked.epochs} --seeds {asked.seeds}"
    command += " --keep-scratch" * asked.keep_scratch
    if tuple(asked.only) != DATA:
        command += f" --only {' '.join(asked.only)}"
    told = {"protocol": protocol(asked.epochs, "ZINC250k and ChEMBL", 40_000, 6), "scratch": ["no pre-training"]}
    record(NAME, question, command, kept + rows_beside_the_paper("II and III", found), told=told)


def command_line() -> Asked:
    """What can be asked for."""
    asked = Asked(__doc__)
    asked.work_folder()
    asked.option("--start", "mmsa", "mmsa", help="the pre-trained model")
    asked.option("--only", list(DATA), ["freesolv"], nargs="+")
    asked.option("--epochs", 20, 1)
    asked.option("--seeds", 3, 1)
    asked.add_argument("--keep-scratch", action="store_true", help="leave the recorded rows from scratch")
    return asked


if __name__ == "__main__":
    main()
