"""Page of a map card: one HTML text that asks nobody for anything, and in which no text of a user's can become markup.

What comes from a user lies in two elements that no browser runs: JSON in which every ``<`` is written as an escape, and
base64. The scripts set it as text. The page's own policy forbids every request.
"""

import base64
import gzip
import json
from pathlib import Path

from mmexplore.explore.map_card.content import CardContent
from mmexplore.explore.map_card.scripts import ROOM, markup, modules, style

_HERE = ROOM / "card"
_POLICY = (
    "default-src 'none'; script-src 'unsafe-inline' blob:; style-src 'unsafe-inline'; img-src data: blob:; "
    "base-uri 'none'; form-action 'none'"
)


def html(made: CardContent) -> str:
    """Text of the card; the same content makes the same text."""
    packed = gzip.compress(b"".join(made.parts.values()), 9, mtime=0)
    about = made.about | {"parts": [[name, len(part)] for name, part in made.parts.items()]}
    scripts = list(modules(_HERE / "card.js").items())
    return _text("card.html").format(
        policy=_POLICY,
        style=style() + _text("card.css"),
        map=markup("molecule_map"),
        about=in_script(about),
        packed=base64.b64encode(packed).decode(),
        loader=(ROOM / "notebook" / "loader.js").read_text(encoding="utf-8"),
        scripts=in_script(scripts),
    )


def in_script(value: object) -> str:
    """JSON that ends no script element and begins no markup, whatever it holds.

    >>> in_script("</script><img onerror=x>")
    '"\\\\u003c/script\\\\u003e\\\\u003cimg onerror=x\\\\u003e"'
    """
    text = json.dumps(value, ensure_ascii=True, allow_nan=False)
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


def _text(name: str) -> str:
    return Path(_HERE / name).read_text(encoding="utf-8")
