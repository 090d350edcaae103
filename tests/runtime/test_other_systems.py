"""What holds on Windows and macOS, as far as Linux can tell: with its own calls gone and mapped files held.

``make quick-elsewhere`` runs all quick tests that way; here stand the laws that need no more than a few processes.
"""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

from mmexplore.datasets import catalog, yours
from mmexplore.datasets.catalog import load
from mmexplore.models import registry
from mmexplore.runtime import files, processes
from mmexplore.runtime.errors import BadTable, UnknownName
from mmexplore.runtime.home import default_home

ROOT = Path(__file__).parents[2]
TESTS = ROOT / "tests"
WHILE_MAPPED = TESTS / "mapped_script.py"
SOURCES = sorted([*(ROOT / "mmexplore").rglob("*.py"), *(ROOT / "pages").glob("*.py"), ROOT / "app.py"])


def elsewhere(program: str, home: Path, **environment: str) -> str:
    """What a program prints where nothing is that only POSIX has."""
    path = os.pathsep.join(map(str, (TESTS / "other_systems", ROOT, TESTS)))
    surroundings = os.environ | {"PYTHONPATH": path, "MMEXPLORE_HOME": str(home)} | environment
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, env=surroundings, check=False, cwd=home)
    assert done.returncode == 0, done.stderr.decode(errors="replace")
    return done.stdout.decode("utf-8")


IMPORT_ALL = """
import importlib, os, pkgutil
import mmexplore
assert not hasattr(os, "killpg")
names = [found.name for found in pkgutil.walk_packages(mmexplore.__path__, "mmexplore.")]
for name in names:
    if name != "mmexplore.ui.shell.visit":  # the script of the page itself
        importlib.import_module(name)
from mmexplore.runtime import processes
assert processes.resource is None
print(len(names), processes.cores(), processes.peak_megabytes())
"""


@pytest.mark.release
def test_everything_is_imported_without_posix(tmp_path: Path) -> None:
    names, cores, peak = elsewhere(IMPORT_ALL, tmp_path).split()[-3:]
    assert int(names) > 200
    assert int(cores) == processes.cores()
    assert 10 < float(peak) < 100_000


A_JOB = """
import sys, time
from pathlib import Path
import psutil
from working_jobs import SCRIPT, at_work, ended, marked, until
from mmexplore.runtime.home import default_home
from mmexplore.runtime.jobs import client
client.COMMAND = SCRIPT
home = default_home()
job = at_work(client.start("deaf", [], home=home).id)
assert len(marked(job.folder)) == 2, marked(job.folder)
client.cancel(job.id, patience=0, home=home)
print(ended(job.id).state)
until(lambda: not marked(job.folder))
client.remove(job.id, home=home)
print(client.jobs(home=home))
"""


def test_a_job_is_killed_with_all_it_started(tmp_path: Path) -> None:
    assert elsewhere(A_JOB, tmp_path).splitlines() == ["cancelled", "[]"]


A_CHILD_IN_DISGUISE = """
import os, subprocess, sys, time
child = [sys.executable, "-c", "import time; print('here', flush=True); time.sleep(600)"]
started = subprocess.Popen(child, env={k: v for k, v in os.environ.items() if k != "MARK"}, stdout=subprocess.PIPE)
started.stdout.readline()
print(started.pid, flush=True)
time.sleep(600)
"""


def test_a_child_with_another_environment_is_killed_with_its_parent() -> None:
    command = [sys.executable, "-c", A_CHILD_IN_DISGUISE]
    surroundings = os.environ | {"MARK": "this one"}
    parent = subprocess.Popen(command, stdout=subprocess.PIPE, env=surroundings, **processes.APART)
    assert parent.stdout is not None
    child = processes.psutil.Process(int(parent.stdout.readline()))
    processes.kill_all("MARK", "another")
    assert parent.poll() is None
    processes.kill_all("MARK", "this one")
    assert parent.wait(60) != 0
    parent.stdout.close()
    processes.psutil.wait_procs([child], 60)
    assert not child.is_running() or child.status() == processes.psutil.STATUS_ZOMBIE


@pytest.mark.release
def test_what_a_reader_has_mapped_is_never_replaced(tmp_path: Path) -> None:
    assert elsewhere(WHILE_MAPPED.read_text(encoding="utf-8"), tmp_path).splitlines()[-1] == "written"


PRINTS = """
import sys
from mmexplore.cli import app as shell
shell.app = lambda: (print("a → b ± 1 °C"), print("→", file=sys.stderr))
shell.main()
print(sys.stdout.encoding)
"""


def test_a_console_that_lacks_a_sign_shows_a_question_mark(tmp_path: Path) -> None:
    printed = subprocess.run(
        [sys.executable, "-c", PRINTS],
        capture_output=True,
        env=os.environ | {"PYTHONIOENCODING": "cp1252", "PYTHONPATH": str(ROOT), "MMEXPLORE_HOME": str(tmp_path)},
        check=False,
    )
    assert printed.returncode == 0, printed.stderr
    assert printed.stdout.decode("cp1252").splitlines() == ["a ? b ± 1 °C", "cp1252"]
    assert printed.stderr.decode("cp1252").strip() == "?"


def test_an_open_file_is_waited_for_where_it_is_held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []

    def busy() -> str:
        calls.append(1)
        if len(calls) < 3:
            raise PermissionError("held")
        return "done"

    monkeypatch.setattr(files, "HELD_WHILE_OPEN", True)
    assert files.patiently(busy) == "done"
    calls.clear()
    monkeypatch.setattr(files, "HELD_WHILE_OPEN", False)
    with pytest.raises(PermissionError, match="held"):
        files.patiently(busy)
    assert len(calls) == 1


@pytest.mark.parametrize(
    "title", ["CON", "nul", "Com1", "lpt9", "AUX", "a:b", "x.", "trailing ", "what?", "a\\b", "..."]
)
def test_names_made_of_titles_are_allowed_everywhere(
    title: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MMEXPLORE_HOME", str(tmp_path))
    with yours.named(title, list, home=default_home()) as name:
        uploaded = yours.receive("CCO", name, home=default_home()).name
    made = [
        registry.new_run(title, home=default_home()).name,
        uploaded,
        files.allowed(title),
    ]
    for name in made:
        assert files.allowed(name) == name
        assert name.partition(".")[0].lower() not in {"con", "nul", "com1", "lpt9", "aux"}
        assert not set(name) & set('<>:"/\\|?*')
        assert name == name.rstrip(". ")


@pytest.mark.parametrize(
    "typed", [r"C:\data\my.csv", r'"C:\My molecules\my.csv"', "d:/data/mine", r"\\server\share\my.sdf", r"data\my.smi"]
)
def test_a_path_of_windows_is_a_path(typed: str) -> None:
    given = catalog._given(typed)
    assert isinstance(given, Path)
    assert given == Path(typed.strip('"'))
    with pytest.raises(BadTable, match="there is no file"):
        load(typed, home=default_home())


@pytest.mark.parametrize("text", ["CCO", "C:C", "c1ccccc1", r"F/C=C\F", "C\nD:\\x.csv", '"CCO"'])
def test_a_structure_is_no_path(text: str) -> None:
    assert catalog._given(text) == text


def test_an_unknown_name_is_still_no_path() -> None:
    with pytest.raises(UnknownName):
        load("no such set", home=default_home())


def test_text_is_opened_with_an_encoding_and_posix_stands_in_one_place() -> None:
    """Windows opens text in another encoding than Linux; calls that it lacks stand in runtime/processes.py alone."""
    modules = {"fcntl", "resource", "select", "pwd", "grp", "termios", "pty"}
    only = {"killpg", "getpgid", "setsid", "sched_getaffinity", "getuid", "geteuid", "uname", "register_at_fork"}
    only |= {"SIGKILL", "SIGUSR1", "SIGUSR2", "SIGHUP", "fork"}
    for source in SOURCES:
        tree = ast.parse(source.read_text(encoding="utf-8"))
        calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
        careless = [ast.unparse(call) for call in calls if _reads_text(call) and "encoding" not in _keywords(call)]
        assert careless == [], source
        if source != Path(processes.__file__):
            loaded = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
            used = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
            used |= {word for call in calls for word in _keywords(call)}
            assert not loaded & modules, source
            assert not used & (only | {"start_new_session", "preexec_fn"}), source


def test_names_in_the_repository_can_be_checked_out_everywhere() -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, encoding="utf-8", check=True).stdout
    names = listed.splitlines()
    assert [name for name in names for part in name.split("/") if files.allowed(part) != part] == []
    assert len({name.lower() for name in names}) == len(names)


def _keywords(call: ast.Call) -> set[str]:
    return {word.arg for word in call.keywords if word.arg}


def _reads_text(call: ast.Call) -> bool:
    owner, _, name = ast.unparse(call.func).rpartition(".")
    if name in {"read_text", "write_text"}:
        return True
    if name in {"run", "Popen", "check_output"}:
        return "text" in _keywords(call)
    modes = [str(n.value) for a in call.args + call.keywords for n in ast.walk(a) if isinstance(n, ast.Constant)]
    binary = any(mode.endswith("b") or "b+" in mode for mode in modes)
    others = {"Image", "Picture", "tarfile", "gzip", "webbrowser", "packed", "archive", "held"}
    return name in {"open", "fdopen"} and owner not in others and not binary
