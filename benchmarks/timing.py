"""How long work takes: variants in turns, so that another process's work slows all of them alike."""

import statistics
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from record import smallest

if TYPE_CHECKING:
    from playwright.sync_api import Page


def timed(variants: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Median CPU seconds of each variant, after one round that does not count."""
    found: dict[str, list[float]] = {name: [] for name in variants}
    for turn in range(rounds + 1):
        for name, run in variants.items():
            spent = seconds(run, time.process_time)
            if turn:
                found[name].append(spent)
    return {name: statistics.median(s) for name, s in found.items()}


def seconds(work: Callable[[], object], clock: Callable[[], float] = time.perf_counter) -> float:
    """Seconds of one piece of work by a clock."""
    start = clock()
    work()
    return clock() - start


def calm(page: "Page", milliseconds: float) -> None:
    """Leave a page alone, so that what is not measured is over; a tenth as long at the smallest scale."""
    page.wait_for_timeout(milliseconds / (10 if smallest() else 1))
