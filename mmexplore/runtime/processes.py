"""Process calls that differ between systems: calls that only some know, and what stands in for them.

A job must outlive the server that started it, and its end must be that of everything it started.
"""

import os
import platform
import signal
import subprocess
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil

try:
    import resource
except ImportError:  # Windows
    resource = None  # type: ignore[assignment]

APART: dict[str, Any] = {
    "start_new_session": True,  # Windows ignores it, and has these flags in its place, which are 0 elsewhere
    "creationflags": getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0) | getattr(subprocess, "CREATE_NO_WINDOW", 0),
}
"""Arguments of Popen for a process that neither Ctrl+C nor a closed terminal ends."""
OWN_SIGNAL: int = getattr(signal, "SIGUSR1", 0)
"""The signal by which a thread of this program interrupts another, where there is one."""


def cores() -> int:
    """Processor count that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    try:
        return len(psutil.Process().cpu_affinity()) or 1  # Windows
    except (AttributeError, psutil.Error):  # macOS has no such thing
        return os.cpu_count() or 1


def peak_megabytes() -> float:
    """Most memory that this process has held so far (resident set, MB); where nobody counts that, what it holds now."""
    if resource is not None:
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak / (1e6 if platform.system() == "Darwin" else 1e3)
    held = psutil.Process().memory_info()
    return float(getattr(held, "peak_wset", held.rss)) / 1e6


def limit_memory(most: int) -> None:
    """Have this process refused more bytes of address space than these, where a system can."""
    if resource is not None and platform.system() == "Linux":
        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_AS, (most, most))


def processor() -> str:
    """Processor name, as it calls itself."""
    if platform.system() == "Darwin":
        query = ["sysctl", "-n", "machdep.cpu.brand_string"]
        done = subprocess.run(query, capture_output=True, encoding="utf-8", errors="replace", check=False)
        return done.stdout.strip() or platform.machine()
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        return next(line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def apple_gpu() -> bool:
    """Whether this is a Mac with a processor of Apple's, which has a GPU that torch calls ``mps``."""
    return platform.system() == "Darwin" and platform.machine() == "arm64"


def in_forked_children(call: Callable[[], object]) -> None:
    """Have something called first in every process that is forked off this one, where processes fork."""
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=call)


def ask_to_end(pid: int) -> bool:
    """SIGTERM to the group of a process started with :data:`APART`; False where nothing can be asked, only killed."""
    if not hasattr(os, "killpg"):
        return False
    with suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGTERM)  # the leader of its own session, hence of its group
    return True


def kill_all(mark: str, value: str) -> None:
    """Kill every process whose environment says ``mark=value``, and all that those started.

    The mark finds what outlived its parent; descent finds what was started with another environment.
    """
    found = [process for process in psutil.process_iter() if _is_marked(process, mark, value)]
    for process in found + [child for one in found for child in _started_by(one)]:
        with suppress(psutil.Error, OSError):
            process.kill()


def kill_started() -> None:
    """Kill every process that this one has started, and all that those started."""
    for process in _started_by(psutil.Process()):
        with suppress(psutil.Error, OSError):
            process.kill()


def _is_marked(process: psutil.Process, mark: str, value: str) -> bool:
    try:
        return bool(process.environ().get(mark) == value)
    except (psutil.Error, OSError):
        return False


def _started_by(process: psutil.Process) -> list[psutil.Process]:
    try:
        children: list[psutil.Process] = process.children(recursive=True)
    except psutil.Error:
        return []
    return children
