"""RDKit log capture: silent from here on, and listened to where something was refused, so that the user hears why.

The log is RDKit's only word on a syntax error. It belongs to the whole process, hence the lock.
"""

import contextlib
import logging
import re
import threading
from collections.abc import Callable, Iterator

from rdkit import rdBase

rdBase.LogToPythonLogger()
rdBase.DisableLog("rdApp.*")
_LISTENING = threading.Lock()


class _LogListener(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.heard: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.heard.append(re.sub(r"^\[[\d:]+\] ", "", record.getMessage()).strip())


@contextlib.contextmanager
def _listening() -> Iterator[list[str]]:
    logger, listener = logging.getLogger("rdkit"), _LogListener()
    with _LISTENING:
        before, logger.handlers = logger.handlers, [listener]
        rdBase.EnableLog("rdApp.error")
        rdBase.EnableLog("rdApp.warning")
        try:
            yield listener.heard
        finally:
            rdBase.DisableLog("rdApp.*")
            logger.handlers = before


def complaint(attempt: Callable[[], object]) -> str:
    """Why RDKit refuses something, in its own words: the attempt is made again with the log listened to."""
    with _listening() as heard:
        attempt()
    for line in heard:
        if found := re.match(r"SM\w+ Parse Error: (.*?)( while parsing| for input|$)", line):
            place = next((m[0] for h in heard if (m := re.search(r"around position \d+", h))), "")
            return f"{found[1]} {place}".strip()
    said = next((line for line in heard if line), "")
    return re.sub(r"\s+", " ", said) if said else "RDKit refuses it"
