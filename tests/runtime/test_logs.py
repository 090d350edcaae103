"""The log stays readable and whole while several processes write to it."""

import logging
import re
import subprocess
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

from mmexplore.runtime import logs

LINE = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d (INFO|WARNING|ERROR) [\w.]+: .")
WRITER = """
import logging, sys
from pathlib import Path
from mmexplore.runtime import logs
logs.FULL_BYTES, logs.KEPT = 10_000, 50
logs.configure(Path(sys.argv[1]))
for number in range(300):
    logging.getLogger("mmexplore.test").info("line %s of %s", number, sys.argv[2])
"""


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Path]:
    """A log file; afterwards logging and warnings are as they were."""
    root, before = logging.getLogger(), logging.getLogger().handlers[:]
    formatted = warnings.formatwarning
    yield logs.configure(tmp_path / "logs" / "test.log")
    root.handlers[:] = before
    logging.captureWarnings(False)
    warnings.formatwarning = formatted


def test_a_record_is_a_line_and_a_trace_is_indented(log: Path) -> None:
    logger = logging.getLogger("mmexplore.somewhere")
    logger.info("hello %s", "there")
    try:
        raise ValueError("über\nzwei Zeilen")
    except ValueError:
        logger.exception("it failed")
    first, second, *trace = log.read_text(encoding="utf-8").splitlines()
    assert LINE.match(first)
    assert first.endswith("INFO mmexplore.somewhere: hello there")
    assert second.endswith("ERROR mmexplore.somewhere: it failed")
    assert all(line.startswith("    ") for line in trace)
    assert "ValueError: über" in trace[-2]


def test_pythons_warnings_are_lines_and_the_chatter_of_others_is_left_out(log: Path) -> None:
    logging.getLogger("another.library").info("chatter")
    logging.getLogger("another.library").warning("matter")
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(False)
        logs.configure(log)
        warnings.warn("old ways", UserWarning, stacklevel=1)
    lines = log.read_text().splitlines()
    assert len(lines) == 2
    assert lines[0].endswith("another.library: matter")
    assert "py.warnings: UserWarning: old ways (" in lines[1]


def test_setting_it_up_twice_writes_once(log: Path) -> None:
    logs.configure(log)
    logging.getLogger("mmexplore").info("once")
    assert len(log.read_text().splitlines()) == 1


def test_the_log_lies_in_the_home(log: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MMEXPLORE_HOME", str(tmp_path))
    assert logs.configure() == tmp_path / "logs" / "mmexplore.log"


@pytest.mark.parametrize("appends_whole", [True, False])  # False: as on Windows, one after the other
def test_no_line_is_lost_while_several_processes_write_and_turn_over(tmp_path: Path, appends_whole: bool) -> None:
    path = tmp_path / "shared.log"
    where = {"cwd": Path(logs.__file__).parents[2]}
    writer = f"from mmexplore.runtime import files\nfiles.APPENDS_WHOLE = {appends_whole}\n{WRITER}"
    writers = [subprocess.Popen([sys.executable, "-c", writer, str(path), str(name)], **where) for name in range(3)]
    assert [writer.wait() for writer in writers] == [0, 0, 0]
    files = [path, *tmp_path.glob("shared.log.*")]
    assert len(files) > 3
    lines = [line for file in files for line in file.read_text().splitlines()]
    assert all(LINE.match(line) for line in lines)
    told = sorted(line.split(": ")[1] for line in lines)
    assert told == sorted(f"line {number} of {name}" for number in range(300) for name in range(3))
