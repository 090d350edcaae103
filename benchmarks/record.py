"""What every benchmark shares: its command line with ``--smallest``, and where its rows go.

``--smallest`` is the least work that goes through every line, in seconds, on what is here without a download, in a home
of its own that is gone afterwards; nothing is recorded. A result says when, where and on what code it was measured.
"""

import argparse
import atexit
import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from mmexplore.runtime import processes, provenance
from mmexplore.runtime.home import json_text

RESULTS = Path(__file__).parent / "results"
PACKAGES = ("chemprop", "umap-learn", "streamlit", "scikit-learn")
"""What shapes a result here besides the packages that the app names with its own."""


class Asked(argparse.ArgumentParser):
    """The command line of a benchmark: an option has a default and what stands in its place under ``--smallest``."""

    def __init__(self, about: str | None) -> None:
        raw = argparse.RawDescriptionHelpFormatter
        super().__init__(description=about, formatter_class=raw, allow_abbrev=False)
        self._smallest: dict[str, Any] = {}
        self.add_argument("--smallest", action="store_true", help="the least work that tries every line; no record")

    def option(self, name: str, default: Any, smallest: Any, **more: Any) -> None:
        """An option; ``more`` goes to ``add_argument``, and the type is the default's unless it says."""
        more = more if "type" in more or "nargs" in more else {"type": type(default)} | more
        action = self.add_argument(name, default=default, **more)
        self._smallest[action.dest] = smallest

    def work_folder(self) -> None:
        """``--work``, where finished trainings are kept and not run again; a folder of the home unless it is said."""
        self.add_argument("--work", type=Path, help="folder for the runs; default: benchmarks/ in the home")

    def parse_args(self, args: Sequence[str] | None = None, namespace: Any = None) -> argparse.Namespace:  # type: ignore[override]
        """What was asked for; under ``--smallest`` an option that is given by name still counts."""
        if "--smallest" in (sys.argv[1:] if args is None else args):
            self.set_defaults(**self._smallest)
        found: argparse.Namespace = super().parse_args(args, namespace)
        if getattr(found, "work", self) is None:
            from mmexplore.runtime.home import default_home

            found.work = default_home().folder("benchmarks")
        return found


def smallest() -> bool:
    """Whether this process was asked for the smallest scale."""
    return "--smallest" in sys.argv[1:]


def own_home() -> Path:
    """A new home of this process alone, gone when it ends; nothing is known there, and the user's stays as it is."""
    folder = tempfile.mkdtemp(prefix="mmexplore-bench-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    os.environ["MMEXPLORE_HOME"] = folder
    return Path(folder)


def record(
    name: str,
    question: str,
    command: str,
    rows: list[dict[str, Any]],
    seed: int = 0,
    told: dict[str, Any] | None = None,
    printed: bool = True,
) -> None:
    """Print the rows, unless told so before, and, unless at the smallest scale, write ``results/<name>.json``.

    ``told`` are more fields: a result that stands beside a paper's table tells its ``protocol`` in the words of
    ``papers/``, its rows without pre-training (``scratch``) and what else holds for one of its ``variants``.
    """
    if printed:
        _print(question, rows)
    if smallest():
        return
    path = RESULTS / f"{name}.json"
    path.parent.mkdir(exist_ok=True)
    about = {
        "name": name,
        "question": question,
        "command": command,
        "commit": provenance.commit(),
        "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "seed": seed,
        "machine": {
            "processor": processes.processor(),
            "cores": os.cpu_count(),
            "system": platform.system(),
        },
        "versions": provenance.versions(*PACKAGES),
    }
    path.write_text(json_text(about | (told or {}) | {"rows": rows}, indent=1) + "\n", encoding="utf-8")


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


if smallest():
    own_home()
