"""One pool of processes: answers in their places, a killer found, shared by threads, gone when idle or closed."""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psutil
import pytest
from working_jobs import until

from mmexplore.runtime import workers as module
from mmexplore.runtime.workers import Died, Workers

ROOT = Path(__file__).parents[2]
WITH_SPELLS = f"""
import sys
import mmexplore
from mmexplore.runtime.workers import serve
mmexplore.__path__.append({str(Path(__file__).parent)!r})
serve(float(sys.argv[1]))
"""


@pytest.fixture
def workers(monkeypatch: pytest.MonkeyPatch) -> Iterator[Workers]:
    monkeypatch.setattr(module, "COMMAND", [sys.executable, "-c", WITH_SPELLS])
    own = Workers()
    yield own
    own.close()


def asked(workers: Workers, spell: str, chunks: list[list[str]], count: int = 2, **settings: object) -> list[object]:
    """Answers in the order of the chunks."""
    answers = dict(workers.ask(f"mmexplore.spells:{spell}", chunks, settings, count))
    assert sorted(answers) == list(range(len(chunks)))
    return [answers[i] for i in range(len(chunks))]


def test_answers_belong_to_their_chunks(workers: Workers) -> None:
    chunks = [["C" * (i + k) for k in range(i % 5)] for i in range(40)]
    answers = [json.loads(answer) for (answer,) in asked(workers, "lengths", chunks, more=1)]
    assert [lengths for _, *lengths in answers] == [[len(item) + 1 for item in chunk] for chunk in chunks]
    assert workers.idle() == len({process for process, *_ in answers}) <= 2
    assert asked(workers, "lengths", []) == []


def test_workers_are_warm_the_next_time(workers: Workers) -> None:
    first, second = (json.loads(asked(workers, "lengths", [["C"]], 1)[0][0])[0] for _ in range(2))
    assert first == second


def test_what_a_function_prints_is_no_answer(workers: Workers) -> None:
    assert asked(workers, "prints", [["a line"], ["another"]]) == [[b""], [b""]]


def test_the_one_item_that_kills_is_found(workers: Workers) -> None:
    items = [f"<{i}>" for i in range(20)]
    first, second = asked(workers, "killed_by", [items, ["<alone>"]], killer="<13>")
    assert second == [b"<alone>"]
    assert [part for part in first if isinstance(part, Died)] == [Died("<13>")]
    texts = [part.item.encode() if isinstance(part, Died) else part for part in first]
    assert b"".join(texts).decode() == "".join(items)


def test_one_death_is_not_held_against_an_item(workers: Workers, tmp_path: Path) -> None:
    assert asked(workers, "killed_once", [["C"]], marker=str(tmp_path / "died")) == [[b"C"]]


def test_what_is_too_much_at_once_is_done_in_parts(workers: Workers) -> None:
    (parts,) = asked(workers, "too_much_for", [["a", "b", "c"]], most=2)
    assert parts == [b"a", b"bc"]


def test_what_a_function_raises_comes_back_with_its_trace(workers: Workers) -> None:
    with pytest.raises(RuntimeError, match=r"(?s)mmexplore\.spells:raises.*in raises.*KeyError: 'no spell for C'"):
        asked(workers, "raises", [["C"]])
    assert workers.idle() == 1


def test_threads_share_the_workers(workers: Workers) -> None:
    found: dict[int, list[list[int]]] = {}

    def ask(more: int) -> None:
        found[more] = [json.loads(answer) for (answer,) in asked(workers, "lengths", [["C"]] * 30, 1, more=more)]

    threads = [threading.Thread(target=ask, args=(more,)) for more in (1, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {more: {length for _, length in answers} for more, answers in found.items()} == {1: {2}, 2: {3}}
    assert workers.idle() == len({process for answers in found.values() for process, _ in answers}) <= 2


def test_idle_workers_end(workers: Workers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "IDLE_SECONDS", 0.01)
    assert asked(workers, "killed_by", [["C"]], killer="") == [[b"C"]]
    assert workers._idle[0].process.wait(60) == 0
    assert workers.idle() == 0
    assert asked(workers, "killed_by", [["N"]], killer="") == [[b"N"]]


OWNER = """
import time
from mmexplore.runtime.workers import WORKERS
list(WORKERS.ask("mmexplore.chem.standardize:standardise_chunk", [["C"]], {"task": "keep"}, 1))
print(WORKERS._idle[0].process.pid, flush=True)
time.sleep(600)
"""


def test_workers_end_with_their_owner() -> None:
    owner = subprocess.Popen([sys.executable, "-c", OWNER], stdout=subprocess.PIPE, cwd=ROOT)
    assert owner.stdout is not None
    worker = psutil.Process(int(owner.stdout.readline()))
    owner.kill()
    owner.communicate()
    psutil.wait_procs([worker], 60)
    assert not worker.is_running() or worker.status() == psutil.STATUS_ZOMBIE


def test_closing_the_answers_ends_the_work(workers: Workers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[module.Worker] = []

    class Noted(module.Worker):
        def __init__(self) -> None:
            super().__init__()
            started.append(self)

    monkeypatch.setattr(module, "Worker", Noted)
    begun = tmp_path / "begun"
    chunks = [["now"], ["for ever"], ["never"]]
    with closing(workers.ask("mmexplore.spells:waits", chunks, {"begun": str(begun)}, 1)) as answers:
        assert next(answers) == (0, [b"now"])
        until(begun.exists)
    assert [worker.process.poll() is None for worker in started] == [False]
    assert asked(workers, "waits", [["now"]], begun="") == [[b"now"]]


@pytest.mark.parametrize("name", ["os:getcwd", "mmexplore", "mmexplore:x", "mmexplorer.a:b", "mmexplore.a:b.c", ""])
def test_only_functions_of_the_package_may_be_named(name: str) -> None:
    with pytest.raises(ValueError, match="functions of mmexplore"):
        list(Workers().ask(name, [["C"]], {}, 1))


@pytest.mark.parametrize("name", ["mmexplore.features.workers:closing", "mmexplore.runtime.workers:os"])
def test_what_a_module_has_imported_is_not_its_own(workers: Workers, name: str) -> None:
    with pytest.raises(RuntimeError, match="no function of mmexplore"):
        list(workers.ask(name, [["C"]], {}, 1))


def test_a_script_without_a_main_guard_may_ask() -> None:
    program = """
from mmexplore.runtime.workers import WORKERS
answers = WORKERS.ask("mmexplore.chem.standardize:standardise_chunk", [["OCC"], ["C1CC"]], {"task": "keep"}, 2)
print("once", len(list(answers)))
"""
    done = subprocess.run([sys.executable, "-"], input=program, capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.split() == ["once", "2"]
