"""Does MMSA's pre-training help its 2D graph encoder on MoleculeNet?

    MMEXPLORE_DATA_DIR=... python benchmarks/mmsa_pretraining.py --work FOLDER [--start MODEL] [--only bbbp ...]

The same encoder, epochs, batches and split (deterministic scaffold), from scratch and from the pre-trained model;
paper: 100 epochs, five seeds. Finished runs in the work folder are not run again.
"""

import argparse
from pathlib import Path

from mmsa_runs import SCRATCH, finetuned, rows_beside_the_paper
from record import record

DATA = ("bbbp", "bace", "tox21", "clintox", "esol", "lipophilicity")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True, help="folder for the runs")
    parser.add_argument("--start", default="mmsa", help="the pre-trained model")
    parser.add_argument("--only", nargs="+", default=DATA)
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--seeds", type=int, default=3)
    asked = parser.parse_args()
    found: dict[str, dict[str, list[float]]] = {"no pre-training": {}, "MMSA": {}}
    for data in asked.only:
        for variant, start in (("no pre-training", SCRATCH), ("MMSA", asked.start)):
            scores = [finetuned(start, "gin", data, s, asked.epochs, asked.work) for s in range(asked.seeds)]
            found[variant][data] = scores
            print(data, variant, [round(s, 3) for s in scores], flush=True)
    question = f"test score of a GIN fine-tuned for {asked.epochs} epochs, scaffold split, {asked.seeds} seeds"
    command = f"python benchmarks/mmsa_pretraining.py --work FOLDER --epochs {asked.epochs} --seeds {asked.seeds}"
    if tuple(asked.only) != DATA:
        command += f" --only {' '.join(asked.only)}"
    record("mmsa_pretraining", question, command, rows_beside_the_paper("II and III", found))


if __name__ == "__main__":
    main()
