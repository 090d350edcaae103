"""Limits of a home, which whoever runs a server sets in its environment: jobs at once, gigabytes kept, a job's memory.

``MMEXPLORE_LIMIT_JOBS``, ``MMEXPLORE_LIMIT_GIGABYTES`` and ``MMEXPLORE_LIMIT_MEMORY`` (gigabytes of address space of a
job's processes on the CPU); unset, there is none.
"""

import os

from mmexplore.runtime import processes
from mmexplore.runtime.errors import NotAvailable
from mmexplore.runtime.home import Home

JOBS, GIGABYTES, MEMORY = "MMEXPLORE_LIMIT_JOBS", "MMEXPLORE_LIMIT_GIGABYTES", "MMEXPLORE_LIMIT_MEMORY"


def limit(name: str) -> float | None:
    """A limit, None where there is none. Raises NotAvailable for what is no number above zero."""
    text = os.environ.get(name, "").strip()
    try:
        found = float(text) if text else None
    except ValueError:
        found = 0.0
    if found is not None and not 0 < found < float("inf"):
        raise NotAvailable(f"{name} is a number above 0, and {text[:40]!r} came")
    return found


def check_jobs(active: int) -> None:
    """Raises NotAvailable where as many jobs wait or work as there may be."""
    most = limit(JOBS)
    if most is not None and active >= most:
        raise NotAvailable(f"{active} of your jobs wait or work, the most that this server takes; cancel one, or wait")


def check_room(home: Home, more: int = 0) -> None:
    """Raises NotAvailable where a home would hold more than it may with so many bytes more."""
    most = limit(GIGABYTES)
    if most is None:
        return
    held = sum(entry.stat().st_size for entry in home.path.rglob("*") if entry.is_file())
    if held + more > most * 1e9:
        raise NotAvailable(
            f"your data takes {held / 1e9:.3g} GB and {more / 1e9:.3g} GB came, and this server keeps {most:g} GB for "
            "each user; delete data sets, models or jobs first"
        )


def hold_memory(device: str) -> None:
    """Have this process refused more memory than a job may have; a GPU's driver reserves addresses without end."""
    most = limit(MEMORY)
    if most is not None and device == "cpu":
        processes.limit_memory(int(most * 1e9))
