"""User data sets: the file as it was given in ``uploads/``, and a card with its title and choices.

A name is made from the title and never taken from another data set.
"""

import re
import shutil
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from mmexplore.datasets import Dataset, Entry, Task
from mmexplore.runtime.cache import FolderCache
from mmexplore.runtime.errors import UnknownName
from mmexplore.runtime.files import allowed
from mmexplore.runtime.home import Home, read_json, write_json

Card = dict[str, Any]


def entries(*, home: Home) -> list[Entry]:
    """The user's own data sets by name."""
    return [
        Entry(
            name,
            card["title"],
            card["rows"],
            tuple(Task(**task) for task in card["tasks"]),
            "yours",
            available=True,
            molecules=card.get("molecules"),
        )
        for name, card in cards(home=home).items()
    ]


def cards(*, home: Home) -> dict[str, Card]:
    """User data set cards: title, file, content (sha256), choices, rows, tasks; shared, not to be changed."""
    return _cards(home.folder("datasets", "yours"))


def _read_cards(place: Path) -> tuple[dict[str, Card], list[Path]]:
    found = {}
    for path in sorted(place.glob("*.json")):
        try:
            card = read_json(path)
        except (OSError, ValueError):
            continue  # removed by another process meanwhile, or damaged: then it is no data set
        if isinstance(card, dict) and card.keys() >= {"title", "file", "content", "choices", "rows", "tasks"}:
            found[path.stem] = card
    return found, [place]


_cards = FolderCache(_read_cards)


def upload(name: str, *, home: Home) -> Path:
    """Path of an uploaded file. Raises UnknownName."""
    known = cards(home=home)
    if name not in known:
        raise UnknownName("data set of yours", name, known)
    return home.folder("uploads") / Path(known[name]["file"]).name


def receive(given: Path | str, title: str, taken: Iterable[str], *, home: Home) -> tuple[str, Path]:
    """Upload: a new name, and the file or text copied to the uploads under it."""
    name = _free(slug(title), set(taken))
    endings = "".join(given.suffixes[-2:]).lower() if isinstance(given, Path) else ".txt"
    path = home.folder("uploads") / (name + re.sub(r"[^.a-z0-9]", "", endings))
    if isinstance(given, Path):
        shutil.copyfile(given, path)
    else:
        path.write_text(given, encoding="utf-8", newline="")
    return name, path


def keep(
    name: str, title: str, path: Path, content: str, choices: dict[str, Any], dataset: Dataset, *, home: Home
) -> None:
    """Write the card that makes it a data set."""
    card: Card = {"title": title.strip() or name, "file": path.name, "content": content, "choices": choices}
    card |= {"rows": dataset.report.read, "molecules": len(dataset), "tasks": [asdict(task) for task in dataset.tasks]}
    write_json(home.folder("datasets", "yours") / f"{name}.json", card)


def forget(name: str, *, home: Home) -> None:
    """Delete the card and the file. Raises UnknownName."""
    path = upload(name, home=home)
    (home.folder("datasets", "yours") / f"{name}.json").unlink(missing_ok=True)
    path.unlink(missing_ok=True)


def slug(title: str) -> str:
    """The name that a title asks for.

    >>> slug("My Table, 2nd")
    'my_table_2nd'
    """
    return allowed(re.sub(r"[^a-z0-9]+", "_", title.lower()).strip("_")[:60] or "molecules")


def _free(stem: str, taken: set[str]) -> str:
    candidates = [stem, *(f"{stem}_{i}" for i in range(2, len(taken) + 3))]
    return next(c for c in candidates if c not in taken)
