"""Package data paths, things that come with the code: beside it in a checkout, in it where a wheel put it.

A checkout, hence an editable install too, has ``app.py``, ``pages/``, ``checkpoints/``, ``benchmarks/`` and
``.streamlit/`` next to the package; a wheel carries them in ``mmexplore/shipped/`` under the same names
(pyproject.toml). Nothing is ever written there.
"""

import os
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1]
_SHIPPED = PACKAGE / "shipped"
ROOT = _SHIPPED if _SHIPPED.is_dir() else PACKAGE.parent

APP = ROOT / "app.py"
PAGES = ROOT / "pages"
CHECKPOINTS = ROOT / "checkpoints"
BENCHMARKS = ROOT / "benchmarks"


def importable() -> dict[str, str]:
    """Environment variables with which another Python imports this very package, whatever its working directory is."""
    place = PACKAGE.parent
    if place.name in ("site-packages", "dist-packages"):  # installed there, Python finds it anyway
        return {}
    return {"PYTHONPATH": os.pathsep.join(filter(None, [str(place), os.environ.get("PYTHONPATH")]))}
