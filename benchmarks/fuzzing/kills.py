"""Kill -9 of long work at any stage; then the same command again gives what it gives when nothing happened.

A plan ends a process before its n-th write (a file opened for writing, a name given, a folder made), or after a share
of the seconds that the work takes. The killed process and the next are forked from the same warm one.
"""

import hashlib
import json
import os
import shutil
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np

from fuzzing import homes
from fuzzing.crew import ANSWERED, FORKED, LATE, SILENT, TRACEBACK, Came, dice_of
from mmexplore import studio
from mmexplore.features import store
from mmexplore.recipes.recipe import parse
from mmexplore.runtime.home import Home, json_text
from mmexplore.runtime.seals import digest_of

PATIENCE = 300.0
STAGES = ("import", "train", "pretrain", "embed", "map", "features")
_SMALL = 'branches=[{"encoder": "gin", "name": "graph2d", "options": {"layers": 1, "hidden_size": 8}}]'
_CHANGING = ("seconds", "molecules_per_second", "created", "file", "model", "peak_megabytes")
_NAMING = ("os.rename", "os.mkdir", "os.remove", "os.link", "os.symlink", "os.rmdir", "os.truncate")
Plan = tuple[str, float]
"""("", 0): to the end; ("write", n): before the n-th write; ("second", s): after so many seconds."""


def words_of(stage: str, place: Path) -> list[str]:
    """The command of a stage, in a home that holds a data set and a model."""
    few = ["--data", "few", "--set", "training.device=cpu", "--set", "data.split=random", "--json"]
    if stage == "import":
        return ["import", str(place / "more.csv"), "--name", "more", "--label", "y:regression", "--json"]
    if stage == "train":
        (place / "tiny.json").write_text(json.dumps(homes.TINY | {"training": {"epochs": 3, "batch_size": 16}}))
        return ["train", str(place / "tiny.json"), "--out", str(place / "home" / "runs" / "again"), *few]
    if stage == "pretrain":
        small = ["--set", _SMALL, "--set", "pretraining.options.prediction_loss=false", "--set", "training.epochs=2"]
        return ["pretrain", "mmsa", *small, "--out", str(place / "home" / "runs" / "before"), *few]
    if stage == "embed":
        return ["embed", "--model", "tiny", "--data", "few", "--json"]
    return ["map", "--model", "tiny", "--data", "few", "--view", "b", "--method", "pca", "--json"]


def build(place: str) -> Callable[[], Came]:
    """Makes a home with a data set and a model, in ``place``/home."""

    def work() -> Came:
        with studio.at_home(Home(Path(place) / "home")):
            studio.add_dataset(homes.table(), "few", targets=["y"], kinds={"y": "regression"})
            studio.train(parse(homes.TINY), studio.new_run("tiny"), "tiny")
        return Came(ANSWERED)

    return work


def healthy(built: Path, folder: Path) -> dict[str, dict[str, Any]]:
    """What each stage gives where nothing happens, how many writes it does, and the seconds that it takes."""
    found = {}
    for stage in STAGES:
        place = _copied(built, folder / f"healthy-{stage}")
        made, code = _run(stage, place, ("", 0))
        if code or not isinstance(made, dict) or "traceback" in made:
            raise RuntimeError(f"{stage} fails where nothing happens: {code} {made}")
        found[stage] = made
        shutil.rmtree(place)
    return found


def plan_of(seed: int, number: int, about: dict[str, dict[str, Any]]) -> tuple[str, Plan]:
    """The stage of a case, and when it is killed."""
    dice, stage = dice_of(seed, "kills", number), STAGES[number % len(STAGES)]
    if dice.random() < 0.6:
        return stage, ("write", dice.randint(1, max(1, about[stage]["writes"])))
    return stage, ("second", about[stage]["seconds"] * dice.uniform(0.02, 1.0))


def killed(seed: int, number: int, about: dict[str, dict[str, Any]], built: Path, folder: Path) -> Came:
    """What came of a case: the work is killed, and done again to its end."""
    stage, plan = plan_of(seed, number, about)
    place = _copied(built, folder / f"case-{number}")
    told = f"{stage} killed at {plan[0]} {plan[1]:.4g}"
    first, code = _run(stage, place, plan)
    if code not in (0, -signal.SIGKILL) or (isinstance(first, dict) and "traceback" in first):
        return Came(TRACEBACK, f"{told}: it ended with {code}: {first}"[:2_000])
    again, code = _run(stage, place, ("", 0))
    if again is None:
        return Came(LATE, f"{told}: the same command again has no end") if code is None else Came(TRACEBACK, told)
    if "traceback" in again:
        return Came(TRACEBACK, f"{told}: the same command again: {again['traceback']}"[:2_000])
    differ = [key for key in ("answer", "state") if again[key] != about[stage][key]]
    refused = "refused" in again and again["state"] == about[stage]["state"]
    if differ and not refused:  # where the work was done when it was killed, the second may say so
        words = "; ".join(f"{key}: {again.get('refused') or again[key]} for {about[stage][key]}" for key in differ)
        return Came(SILENT, f"{told}: {words}"[:2_000])
    shutil.rmtree(place)
    return Came(ANSWERED)


def _copied(built: Path, place: Path) -> Path:
    shutil.rmtree(place, ignore_errors=True)
    shutil.copytree(built / "home", place / "home", symlinks=True)
    (place / "more.csv").write_text(homes.table().replace(",m", ",x"), encoding="utf-8")
    return place


def _run(stage: str, place: Path, plan: Plan) -> tuple[dict[str, Any] | None, int | None]:
    """What a process of its own tells of a stage, None where it was killed, and its exit code, None where it hangs."""
    here, there = FORKED.Pipe(duplex=False)
    process = FORKED.Process(target=_work, args=(stage, str(place), plan, there))
    process.start()
    there.close()
    told = None
    with suppress(EOFError, OSError):
        if here.poll(PATIENCE):
            told = here.recv()
    process.join(PATIENCE if told is None else 30)
    hung = process.is_alive()
    process.kill()
    process.join()
    here.close()
    return told, None if hung and told is None else process.exitcode if not hung else 0


def _work(stage: str, place: str, plan: Plan, pipe: Connection) -> None:
    """The work of a stage, in a process that its plan may kill."""
    os.environ["MMEXPLORE_HOME"] = str(Path(place) / "home")
    writes = _watch(place, plan)
    started = time.perf_counter()
    told: dict[str, Any] = {"answer": None}
    try:
        if stage == "features":
            told["answer"] = _described()
        else:
            told |= _told(words_of(stage, Path(place)))
        done, took = writes[0], time.perf_counter() - started
        told |= {"state": _state(stage, Path(place)), "writes": done, "seconds": took}
    except Exception:
        told = {"traceback": traceback.format_exc()}
    pipe.send(told)


def _watch(place: str, plan: Plan) -> list[int]:
    """Counts the writes below a folder from now on, and keeps to the plan."""
    count, own = [0], os.getpid()

    def heard(event: str, args: tuple[Any, ...]) -> None:
        writing = event == "open" and isinstance(args[2], int) and args[2] & (os.O_WRONLY | os.O_RDWR)
        if not (writing or event in _NAMING) or not str(args[0]).startswith(place) or os.getpid() != own:
            return
        count[0] += 1
        if plan[0] == "write" and count[0] == plan[1]:
            os.kill(own, signal.SIGKILL)

    sys.addaudithook(heard)
    if plan[0] == "second":
        timer = threading.Timer(plan[1], os.kill, (own, signal.SIGKILL))
        timer.daemon = True
        timer.start()
    return count


def _told(words: list[str]) -> dict[str, Any]:
    """What a command tells: its answer without what changes from run to run, or why it was refused."""
    from typer.testing import CliRunner

    from mmexplore.cli.app import app
    from mmexplore.runtime.errors import MmexploreError

    done = CliRunner().invoke(app, words)
    if isinstance(done.exception, MmexploreError):
        return {"refused": str(done.exception)}
    if done.exit_code:
        trace = "".join(traceback.format_exception(done.exception)) if done.exception else ""
        return {"traceback": f"{done.output[-500:]}\n{trace}"}
    answer = json.loads(done.stdout)
    answer["notes"] = [note for note in answer.get("notes", []) if "here already" not in note]
    return {"answer": json.loads(json_text({key: v for key, v in answer.items() if key not in _CHANGING}))}


def _described() -> str:
    smiles = [f"{'C' * (n % 30 + 1)}{end}" for n, end in enumerate(("O", "N", "c1ccccc1", "C(=O)O", "Cl") * 30)]
    made = store.features("graph2d", smiles, home=studio.home())
    packed = made.take(np.arange(len(smiles)))
    return hashlib.sha256(b"".join(np.ascontiguousarray(c).tobytes() for c in packed.columns.values())).hexdigest()


def _state(stage: str, place: Path) -> Any:
    """What lies in the home afterwards, by its content."""
    if stage == "import":
        return [[e.name, e.molecules] for e in studio.datasets() if e.source == "yours"]
    if stage in ("train", "pretrain"):
        runs = place / "home" / "runs"
        return {path.parent.parent.name: digest_of(path) for path in sorted(runs.glob("*/model/weights.safetensors"))}
    if stage == "features":
        return _described()
    made = studio.embed("tiny", "few") if stage == "embed" else None
    arrays = [made.view(v) for v in made.views] if made else [studio.compute_map("tiny", "few", "b", "pca").xy]
    return hashlib.sha256(b"".join(np.ascontiguousarray(a).tobytes() for a in arrays)).hexdigest()
