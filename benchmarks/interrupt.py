"""How long does a verb go on after Ctrl-C in a shell, and does the same command go on with what was done?

    python benchmarks/interrupt.py [--presses 6] [--n 4000]

Each verb is started as a shell starts it, in the foreground with SIGINT as it is by default, and its whole group of
processes gets one at several moments: while Python still reads the program, and while the verb is at work. ``its
processes gone`` counts what it has started, too. Afterwards the same command is run to its end.
"""

import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import psutil

sys.path[:0] = [str(Path(__file__).parents[1])]

from public import zinc  # noqa: E402
from record import Asked, own_home, record  # noqa: E402

QUESTION = "How many seconds after Ctrl-C has a verb ended, and what it started with it?"
BUDGET_SECONDS = 2.0
PATIENCE = 60.0
MOMENTS = (0.15, 0.8, 2.0, 4.0, 7.0, 11.0)
PEPTIDE = "CC(C)CC(NC(=O)C(Cc1ccccc1)NC(=O)C(CO)NC(=O)C(C)N)C(=O)NC(CCCNC(N)=N)C(=O)NC(Cc1c[nH]c2ccccc12)C(=O)O"
Arguments = Callable[[int, Path], list[str]]


class Press(NamedTuple):
    """One Ctrl-C: seconds from it to the end of the verb and of what it had started, exit code, and what it said."""

    seconds: float
    all_gone: float
    code: int
    said: str


def verbs(n: int) -> dict[str, Arguments]:
    """Words of each verb for the press of a number, whose work no other press has done: it may use a folder."""
    molecules, _ = zinc(n)

    def fresh(number: int, folder: Path) -> str:
        path = folder / f"molecules{number}.csv"
        rows = [f"{smiles},{place % 7}.5" for place, smiles in enumerate([*molecules, "C" * (number + 3)])]
        path.write_text("smiles,y\n" + "\n".join(rows) + "\n", encoding="utf-8")
        return str(path)

    def run(verb: str, *words: str) -> Arguments:
        return lambda _, folder: [verb, *words, "--data", "solubility", "--out", str(folder / verb)]

    group = ["--data", "solubility", "--label", "SOL", "--class", "high"]
    explained = ["--model", "solubility-dmpnn"]
    return {
        "train": run("train", "dmpnn", "--set", "training.epochs=25"),
        "pretrain": run("pretrain", "mmsa", "--version", "quick", "--set", "training.epochs=3"),
        "embed": lambda number, folder: ["embed", "--model", "mmsa", "--data", fresh(number, folder)],
        "map": lambda number, folder: ["map", "--model", "ecfp", "--data", fresh(number, folder)],
        "import": lambda number, folder: ["import", fresh(number, folder), "--name", f"set {number}"],
        "retrieve": lambda number, folder: [
            "retrieve", "--model", "solubility-dmpnn", "--data", fresh(number, folder), "--query", "CC(=O)Nc1ccc(O)cc1",
            "--agreement", "1000",
        ],
        "common": lambda number, _: ["common", *group, "--share", f"{0.5 + number / 50:.2f}"],
        "motifs": lambda number, _: ["motifs", *explained, *group, "--most", str(200 + number)],
        "subgraph": lambda number, _: ["subgraph", *explained, "--smiles", PEPTIDE + "C" * number],
    }  # fmt: skip


def started(words: list[str], error: int) -> "subprocess.Popen[bytes]":
    """The verb as the leader of a group of its own, as a shell starts it."""
    return subprocess.Popen(
        [sys.executable, "-m", "mmexplore", *words, "--json"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=error,
        process_group=0,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509 - a shell may have it ignored
    )


def pressed(words: list[str], moment: float) -> Press | None:
    """Ctrl-C so many seconds after the start; None where the verb had ended before."""
    with tempfile.TemporaryFile() as told:
        process = started(words, told.fileno())
        try:
            process.wait(moment)
            return None
        except subprocess.TimeoutExpired:
            pass
        family = psutil.Process(process.pid).children(recursive=True)
        begun = time.perf_counter()
        os.killpg(process.pid, signal.SIGINT)
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
        took = time.perf_counter() - begun
        psutil.wait_procs(family, timeout=PATIENCE)
        gone = time.perf_counter() - begun
        told.seek(0)
        return Press(took, gone, process.wait(), told.read().decode(errors="replace"))


def finished(words: list[str]) -> bool:
    """Whether the same command comes to its end."""
    with tempfile.TemporaryFile() as told:
        return started(words, told.fileno()).wait() == 0


def measured(verb: str, words: Arguments, presses: int, folder: Path) -> dict[str, Any]:
    """One verb, interrupted at several moments, then run to its end."""
    asked = [words(number, folder) for number in range(presses)]
    found = [one for press, moment in zip(asked, MOMENTS, strict=False) if (one := pressed(press, moment))]
    again = finished(asked[-1])
    seconds = [press.seconds for press in found]
    return {
        "verb": verb,
        "presses": len(found),
        "ended before": presses - len(found),
        "median, s": statistics.median(seconds) if seconds else None,
        "slowest, s": max(seconds, default=None),
        "its processes gone, s": max((press.all_gone for press in found), default=None),
        "budget, s": BUDGET_SECONDS,
        "codes": ", ".join(map(str, sorted({press.code for press in found}))),
        "said so": sum("stopped by Ctrl-C" in press.said for press in found),
        "tracebacks": sum("Traceback" in press.said for press in found),
        "same command again": "came to its end" if again else "failed",
    }


def main(presses: int, n: int, only: str) -> None:
    folder = own_home() / "given"
    folder.mkdir()
    chosen = {name: words for name, words in verbs(n).items() if not only or name in only.split(",")}
    rows = [measured(verb, words, min(presses, len(MOMENTS)), folder) for verb, words in chosen.items()]
    command = f"python benchmarks/interrupt.py --presses {presses} --n {n}"
    record("interrupt", QUESTION, command, rows)


def command_line() -> Asked:
    """What can be asked for."""
    asked = Asked(__doc__)
    asked.option("--presses", len(MOMENTS), 2)
    asked.option("--n", 4_000, 30)
    asked.option("--only", "", "subgraph", help="verbs, with commas between")
    return asked


if __name__ == "__main__":
    chosen = command_line().parse_args()
    main(chosen.presses, chosen.n, chosen.only)
