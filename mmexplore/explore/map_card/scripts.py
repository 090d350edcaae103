"""Scripts of the map where no server of ours gives them, a notebook or a file: its modules as they lie, and its markup.

They are read as text and belong to the screens; nothing here imports those.
"""

import re
from pathlib import Path

from mmexplore.runtime.places import PACKAGE

ROOM = PACKAGE / "ui"
_MAP = ROOM / "components" / "molecule_map"
_IMPORT = re.compile(r'^import .* from "(\.[^"]+)";$', re.MULTILINE)


def modules(entry: Path) -> dict[str, str]:
    """Texts of a script and of all that it imports, by their paths below the room; what is imported stands first."""
    found: dict[str, str] = {}

    def read(path: Path) -> None:
        text = path.read_text(encoding="utf-8")
        for there in _IMPORT.findall(text):
            if (name := (path.parent / there).resolve()).relative_to(ROOM.resolve()).as_posix() not in found:
                read(name)
        found[path.relative_to(ROOM.resolve()).as_posix()] = text

    read(entry.resolve())
    return found


def markup(name: str) -> str:
    """Markup of the map or of the bar, with the tools in it."""
    tools = (_MAP / "tools.html").read_text(encoding="utf-8")
    return (_MAP / f"{name}.html").read_text(encoding="utf-8").replace("<!-- tools -->", tools)


def style() -> str:
    """Style sheet of the map and of the bar; its colors are those of Streamlit's theme, by their names there."""
    return (_MAP / "molecule_map.css").read_text(encoding="utf-8")
