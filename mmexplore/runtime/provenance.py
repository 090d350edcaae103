"""What a model or a result says of its own making: code, versions, machine. Imports none of what it names."""

import os
import platform
import resource
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from mmexplore import __version__
from mmexplore.runtime import places

_PACKAGES = ("torch", "torch-geometric", "lightning", "rdkit", "numpy")


def commit() -> str:
    """Short hash of the code's commit, ``+changes`` if it was changed since; outside of git the package's version."""
    head = _git(places.ROOT, "rev-parse", "--short", "HEAD") if (places.ROOT / ".git").exists() else ""
    if not head:
        return f"version {__version__}"
    return head + ("+changes" if _git(places.ROOT, "status", "--porcelain", "--", "mmexplore") else "")


def versions() -> dict[str, str]:
    """Versions of Python, of this package and of those that shape a result."""
    found = {"python": platform.python_version(), "mmexplore": __version__}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "absent"
    return found


def machine() -> str:
    """Processor, cores and system in words."""
    return f"{_processor()}, {os.cpu_count()} cores, {platform.system()}"


def peak_megabytes() -> float:
    """Most memory that this process has held so far (resident set, MB)."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1e6 if platform.system() == "Darwin" else 1e3)


def _git(root: Path, *arguments: str) -> str:
    try:
        done = subprocess.run(["git", "-C", root, *arguments], capture_output=True, text=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        return next(line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()
