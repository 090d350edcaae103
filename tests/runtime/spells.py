"""Functions that workers are asked for; those of test_process_pool.py have them as ``mmexplore.spells``."""

import json
import os
import threading
from collections.abc import Sequence
from pathlib import Path


def lengths(items: Sequence[str], more: int = 0) -> bytes:
    """Of every item, and the process that counted."""
    return json.dumps([os.getpid(), *(len(item) + more for item in items)]).encode()


def killed_by(items: Sequence[str], killer: str) -> bytes:
    """The items, unless the killer is among them."""
    if killer in items:
        os._exit(9)
    return "".join(items).encode()


def killed_once(items: Sequence[str], marker: str) -> bytes:
    """The items, from the second time on."""
    if not Path(marker).exists():
        Path(marker).touch()
        os._exit(9)
    return "".join(items).encode()


def too_much_for(items: Sequence[str], most: int) -> bytes:
    """The items, where they are not more."""
    if len(items) > most:
        raise MemoryError
    return "".join(items).encode()


def prints(items: Sequence[str]) -> bytes:
    """Nothing: an answer may be empty, and what is printed is no answer."""
    print(*items)
    return b""


def raises(items: Sequence[str]) -> bytes:
    """Nothing."""
    raise KeyError(f"no spell for {items[0]}")


def waits(items: Sequence[str], begun: str) -> bytes:
    """Nothing, unless asked for now."""
    if items != ["now"]:
        Path(begun).touch()
        threading.Event().wait()
    return b"now"
