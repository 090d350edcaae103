"""Provenance of a model or a result: code, versions, machine. Imports none of what it names."""

import os
import platform
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from mmexplore import __version__
from mmexplore.runtime import places, processes

_PACKAGES = ("torch", "torch-geometric", "lightning", "rdkit", "numpy", "scikit-learn", "lightgbm")


def commit() -> str:
    """Short hash of the code's commit, ``+changes`` if it was changed since; outside of git the package's version."""
    head = _git(places.ROOT, "rev-parse", "--short", "HEAD") if (places.ROOT / ".git").exists() else ""
    if not head:
        return f"version {__version__}"
    return head + ("+changes" if _git(places.ROOT, "status", "--porcelain", "--", "mmexplore") else "")


def versions(*more: str) -> dict[str, str]:
    """Versions of Python, of this package, of those that shape a result and of those that ``more`` names."""
    found = {"python": platform.python_version(), "mmexplore": __version__}
    for package in (*_PACKAGES, *more):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "absent"
    return found


def machine() -> str:
    """Processor, cores and system in words."""
    return f"{processes.processor()}, {os.cpu_count()} cores, {platform.system()}"


def _git(root: Path, *arguments: str) -> str:
    try:
        command = ["git", "-C", str(root), *arguments]
        done = subprocess.run(command, capture_output=True, encoding="utf-8", errors="replace", timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
