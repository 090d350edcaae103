"""The readable log of the server and of every job: home/logs/mmexplore.log.

One line a record (time, level, module, message), what follows it indented. Several processes write to the same
file: each record is one append, and whoever finds the file full turns it over under a lock, so that no line
is lost and no process goes on writing to a file that was moved away long ago. Windows seeks the end and then writes, so
that two processes would write over each other: there each append is under the lock as well.
"""

import logging
import logging.handlers
import sys
import warnings
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime
from pathlib import Path

from mmexplore.runtime import files
from mmexplore.runtime.home import Home, json_text

FULL_BYTES = 2_000_000
KEPT = 3


class ReadableLines(logging.Formatter):
    """Log formatter.

    ``2026-11-21 10:15:02 WARNING mmexplore.runtime.jobs.client: the text``, further lines indented by four.
    """

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s", "%Y-%m-%d %H:%M:%S")

    def format(self, record: logging.LogRecord) -> str:
        """One record as text without a line end."""
        return super().format(record).strip().replace("\n", "\n    ")


class SharedFile(logging.Handler):
    """Log handler: appends records to a file that other processes append to as well."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record; a failure goes to stderr and never to the caller."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            alone = nullcontext() if files.APPENDS_WHOLE else self._lock()
            with alone, self.path.open("ab", buffering=0) as file:
                file.write((self.format(record) + "\n").encode(errors="replace"))
                full = file.tell() > FULL_BYTES
            if full:
                self._turn_over()
        except Exception as error:
            if not (isinstance(error, OSError) and files.disk_words(error)):  # the work itself says that, once
                self.handleError(record)

    def _lock(self) -> AbstractContextManager[object]:
        from filelock import FileLock

        return FileLock(self.path.with_name(f".{self.path.name}.lock"), timeout=5)

    def _turn_over(self) -> None:
        with self._lock():
            if self.path.stat().st_size <= FULL_BYTES:
                return  # another process was faster
            for age in range(KEPT, 0, -1):
                older = self.path.with_name(f"{self.path.name}.{age}")
                newer = self.path.with_name(f"{self.path.name}.{age - 1}") if age > 1 else self.path
                if newer.exists():
                    files.replace(newer, older)


def log_file(home: Home) -> Path:
    """The log of a home."""
    return home.folder("logs") / "mmexplore.log"


def configure(path: Path, *, stderr: bool = False) -> Path:
    """Send our records (INFO and up), those of others (WARNING and up) and Python's warnings to a log file.

    ``path`` is the file, see :func:`log_file`; ``stderr`` writes them there too, which is how
    they reach the log.txt of a job. Calling it again replaces what was set before. Returns the file.
    """
    root = logging.getLogger()
    for handler in [handler for handler in root.handlers if getattr(handler, "of_mmexplore", False)]:
        root.removeHandler(handler)
    for handler in [SharedFile(path), *([logging.StreamHandler(sys.stderr)] if stderr else [])]:
        handler.of_mmexplore = True  # type: ignore[attr-defined]
        handler.setFormatter(ReadableLines())
        root.addHandler(handler)
    logging.getLogger("mmexplore").setLevel(logging.INFO)
    logging.captureWarnings(True)
    warnings.formatwarning = _one_line  # type: ignore[assignment]
    return path


_AUDIT = logging.getLogger("mmexplore.audit")
_AUDIT.propagate = False
_AUDIT.addHandler(logging.NullHandler())


def audit(action: str, **about: object) -> None:
    """Write into the audit log what somebody did, where one is kept."""
    _AUDIT.info(action, extra={"about": about})


class _Acts(logging.Formatter):
    """``{"time": ..., "who": ..., "action": ..., ...}``, one line a record."""

    def __init__(self, who: Callable[[], str]) -> None:
        super().__init__()
        self._who = who

    def format(self, record: logging.LogRecord) -> str:
        when = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="seconds")
        return json_text({"time": when, "who": self._who(), "action": record.msg} | record.__dict__["about"])


def keep_audit(home: Home, who: Callable[[], str]) -> Path:
    """Have ``logs/audit.jsonl`` of a home written from now on; ``who`` names whoever acts. Returns the file."""
    path = home.folder("logs") / "audit.jsonl"
    handler = logging.handlers.WatchedFileHandler(path, encoding="utf-8")  # whoever turns it over moves it away
    handler.setFormatter(_Acts(who))
    _AUDIT.handlers[:] = [handler]
    _AUDIT.setLevel(logging.INFO)
    return path


def _one_line(message: Warning | str, category: type[Warning], filename: str, lineno: int, _: str | None = None) -> str:
    return f"{category.__name__}: {message} ({filename}:{lineno})"
