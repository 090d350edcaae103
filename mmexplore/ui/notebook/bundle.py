"""Bundle of the widget's scripts: the map's own modules and the few beside this file, read as they lie, as one text.

A notebook has no server of ours to import them from, and may be offline; anywidget carries one text to the browser.
"""

import json
from pathlib import Path

from mmexplore.explore.map_card.scripts import markup, modules, style

HERE = Path(__file__).parent


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
