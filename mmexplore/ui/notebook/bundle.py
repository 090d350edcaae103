"""Bundle of the widget's scripts: the map's own modules and the few beside this file, read as they lie, as one text.

A notebook has no server of ours to import them from, and may be offline; anywidget carries one text to the browser.
"""

import json
import re
from pathlib import Path

from mmexplore.ui.components.molecule_map import markup, style

HERE = Path(__file__).parent
ROOM = HERE.parent
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


def bundle() -> str:
    """The module that anywidget starts: it imports all others from its own text."""
    scripts = json.dumps(list(modules(HERE / "widget.js").items()), allow_nan=False)
    made = json.dumps({"markup": markup("molecule_map"), "style": style() + _text("widget.css")}, allow_nan=False)
    return (
        f"{_text('loader.js')}\n"
        f"const widget = imported({scripts});\n"
        f"export default {{ render: async shown => (await widget).default(shown, {made}) }};\n"
    )


def _text(name: str) -> str:
    return (HERE / name).read_text(encoding="utf-8")
