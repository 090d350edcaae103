"""Where benchmark results go: a table on the screen and a JSON file that says when, where and on what code."""

import json
import os
import platform
import subprocess
import sys
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "results"
_PACKAGES = (
    "torch",
    "torch-geometric",
    "lightning",
    "rdkit",
    "numpy",
    "chemprop",
    "umap-learn",
    "streamlit",
    "scikit-learn",
)


def record(name: str, question: str, command: str, rows: list[dict[str, Any]], seed: int = 0) -> Path:
    """Print the rows and write ``results/<name>.json``; returns its path."""
    _print(question, rows)
    path = RESULTS / f"{name}.json"
    path.parent.mkdir(exist_ok=True)
    about = {
        "name": name,
        "question": question,
        "command": command,
        "commit": _git("rev-parse", "--short", "HEAD")
        + ("+changes" if _git("status", "--porcelain", "mmexplore") else ""),
        "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "seed": seed,
        "machine": {"processor": _processor(), "cores": os.cpu_count(), "system": platform.system()},
        "versions": {"python": platform.python_version()} | {p: _version(p) for p in _PACKAGES},
    }
    path.write_text(json.dumps(about | {"rows": rows}, indent=1) + "\n", encoding="utf-8")
    return path


def _print(question: str, rows: list[dict[str, Any]]) -> None:
    print(question)
    keys = list(dict.fromkeys(key for row in rows for key in row))
    table = [keys] + [[_text(row.get(key, "")) for key in keys] for row in rows]
    widths = [max(len(line[i]) for line in table) for i in range(len(keys))]
    for line in table:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)))
    sys.stdout.flush()


def _text(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _git(*arguments: str) -> str:
    done = subprocess.run(
        ["git", *arguments], capture_output=True, text=True, cwd=Path(__file__).parent.parent, check=False
    )
    return done.stdout.strip()


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        return next(line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor()


def _version(package: str) -> str:
    try:
        return version(package)
    except Exception:
        return "absent"
