"""Names, folders and jobs are claimed before work: of processes that race, one wins and the others are told."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from mmexplore.runtime.errors import Taken
from mmexplore.runtime.files import claimed
from mmexplore.runtime.home import Home
from mmexplore.runtime.jobs import client

RACERS = 4
PROGRAM = """
import json, sys
from pathlib import Path
from mmexplore.datasets import catalog
from mmexplore.runtime.errors import Taken
from mmexplore.runtime.home import Home
from mmexplore.runtime.jobs import client

home, mine = Home(Path(sys.argv[1])), sys.argv[2]
client.COMMAND = [sys.executable, "-S", "-c", "import time; time.sleep(600)"]

def turn(act):
    print("ready", flush=True)
    sys.stdin.readline()
    try:
        return act()
    except Taken as error:
        return f"told: {error}"

answers = [
    turn(lambda: catalog.add("CCO one\\n" + "C" * (int(mine) + 3) + " two\\n", "Same name", home=home).name),
    turn(lambda: catalog.add("CCCCO one\\nCCN two\\n", "Same molecules", home=home).name),
    turn(lambda: client.start_once("map", ["--model", "ecfp"], device="maps", home=home).id),
]
print(json.dumps(answers), flush=True)
"""


@pytest.mark.release
def test_of_processes_that_race_each_is_told_the_truth(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    path = os.pathsep.join([str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH", "")])
    racers = [
        subprocess.Popen(
            [sys.executable, "-c", PROGRAM, str(home.path), str(number)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | {"PYTHONPATH": path},
        )
        for number in range(RACERS)
    ]
    for _ in range(3):
        for racer in racers:
            assert racer.stdout is not None
            assert racer.stdout.readline() == "ready\n"
        for racer in racers:
            assert racer.stdin is not None
            racer.stdin.write("go\n")
            racer.stdin.flush()
    answers = [json.loads(racer.communicate()[0]) for racer in racers]
    for job in client.jobs(home=home):
        if pid := json.loads((job.folder / "process.json").read_text())["pid"]:
            psutil.Process(pid).kill()
    names, same, jobs = zip(*answers, strict=True)
    assert set(names) == {"same_name", *(f"same_name_{number}" for number in range(2, RACERS + 1))}
    kept = [name for name in same if not name.startswith("told: the very same molecules are being imported")]
    assert set(kept) == {"same_molecules"}
    assert len(set(jobs)) == 1
    assert len(list((home / "datasets" / "yours").glob("*.json"))) == RACERS + 1


def test_a_claim_ends_with_its_process(tmp_path: Path) -> None:
    program = "import sys, time\nfrom pathlib import Path\nfrom mmexplore.runtime.files import claimed\n"
    program += "with claimed(Path(sys.argv[1]), ''):\n    print('mine', flush=True)\n    time.sleep(600)\n"
    path = os.pathsep.join([str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH", "")])
    lock = tmp_path / "run" / ".lock"
    command = [sys.executable, "-c", program, str(lock)]
    holder = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=os.environ | {"PYTHONPATH": path})
    assert holder.stdout is not None
    assert holder.stdout.readline() == "mine\n"
    with pytest.raises(Taken, match="somebody is at it"), claimed(lock, "somebody is at it"):
        pass
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    with claimed(lock, "somebody is at it"):
        pass


def started(program: str) -> "tuple[subprocess.Popen[str], str]":
    """A process of a program, and the first line that it says."""
    path = os.pathsep.join([str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH", "")])
    pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    verb = subprocess.Popen(
        [sys.executable, "-c", program], env=os.environ | {"PYTHONPATH": path}, text=True, encoding="utf-8", **pipes
    )
    assert verb.stdout is not None
    return verb, verb.stdout.readline()


@pytest.mark.skipif(os.name == "nt", reason="Ctrl-C is sent in another way there")
def test_ctrl_c_ends_a_verb_with_a_sentence_and_130() -> None:
    program = (
        "import time\nfrom mmexplore.runtime.jobs.worker import running\n"
        "with running(None) as task:\n"
        "    task.goes_on = 'the same command goes on'\n    print('at it', flush=True)\n"
        "    try:\n        time.sleep(600)\n    except BaseException:\n        raise SystemExit(1)\n"
    )
    verb, said = started(program)
    assert said == "at it\n"
    verb.send_signal(signal.SIGINT)
    _, said = verb.communicate()
    assert verb.returncode == 130
    assert said == "stopped by Ctrl-C: the same command goes on\n"


@pytest.mark.skipif(os.name == "nt", reason="Ctrl-C is sent in another way there")
def test_ctrl_c_is_heard_after_rdkit_has_worked_in_threads() -> None:
    """Each call of RDKit replaces the handler and puts back what it found, which may be another call's."""
    program = (
        "from mmexplore.runtime.jobs import ctrl_c\nctrl_c.from_the_start()\n"
        "import threading, time\nimport numpy\nfrom mmexplore.runtime.jobs.worker import running\n"
        "with running(None):\n"
        "    from rdkit.Chem import AddHs, AllChem, MolFromSmiles\n"
        "    def work():\n"
        "        for seed in range(40):\n"
        "            AllChem.EmbedMolecule(AddHs(MolFromSmiles('CC(C)Cc1ccc(cc1)C(C)C(=O)O')), randomSeed=seed)\n"
        "    threads = [threading.Thread(target=work) for _ in range(3)]\n"
        "    [one.start() for one in threads], [one.join() for one in threads]\n"
        "    print('at it', flush=True)\n    time.sleep(600)\n"
    )
    verb, said = started(program)
    assert said == "at it\n"
    verb.send_signal(signal.SIGINT)
    verb.communicate()
    assert verb.returncode == 130


@pytest.mark.skipif(os.name == "nt", reason="Ctrl-C is sent in another way there")
@pytest.mark.parametrize(("ignored", "code"), [(False, 130), (True, 0)])
def test_before_a_verb_is_at_work_ctrl_c_ends_a_process_that_heeds_it(ignored: bool, code: int) -> None:
    program = (
        "import signal, sys\n"
        + "signal.signal(signal.SIGINT, signal.SIG_IGN)\n" * ignored
        + "from mmexplore.runtime.jobs import ctrl_c\nctrl_c.from_the_start()\n"
        "print('reads', flush=True)\nsys.stdin.readline()\n"
    )
    verb, said = started(program)
    assert said == "reads\n"
    verb.send_signal(signal.SIGINT)
    if ignored:
        verb.communicate("goes on\n")
    assert verb.wait() == code


@pytest.mark.skipif(os.name == "nt", reason="Ctrl-C is sent in another way there")
def test_ctrl_c_ends_also_threads_and_what_was_started() -> None:
    program = (
        "import subprocess, sys, threading, time\nfrom mmexplore.runtime.jobs.worker import running\n"
        "with running(None):\n"
        "    deaf = 'import signal, time; signal.signal(2, 1); print(1, flush=True); time.sleep(600)'\n"
        "    child = subprocess.Popen([sys.executable, '-c', deaf], stdout=subprocess.PIPE, process_group=0)\n"
        "    child.stdout.readline()\n"
        "    threading.Thread(target=time.sleep, args=(600,)).start()\n"
        "    print(child.pid, flush=True)\n    time.sleep(600)\n"
    )
    verb, said = started(program)
    child = psutil.Process(int(said))
    verb.send_signal(signal.SIGINT)
    assert verb.wait() == 130
    child.wait(60)
    assert verb.stderr is not None
    assert verb.stderr.read().count("stopped by Ctrl-C") == 1
