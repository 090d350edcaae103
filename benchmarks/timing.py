"""How long work takes: variants in turns, so that another process's work slows all of them alike."""

import statistics
import time
from collections.abc import Callable, Mapping


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
