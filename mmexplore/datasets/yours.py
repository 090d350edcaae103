"""User data sets: files as they were given in ``uploads/``, and a card with its title and choices.

A name is made from the title and never taken from another data set.
"""

import hashlib
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
        Entry(name, card["title"], card["rows"], tuple(Task(**task) for task in card["tasks"]), "yours", True)
        for name, card in cards(home=home).items()
    ]


def cards(*, home: Home) -> dict[str, Card]:
    """User data set cards: title, file, content (sha256), choices, rows, tasks; shared, not to be changed.

    ``more``: files whose rows were added later.
    """
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


def more(name: str, *, home: Home) -> dict[Path, str]:
    """Files whose rows were added later, in order, by what people call them. Raises UnknownName."""
    upload(name, home=home)
    place, added = home.folder("uploads"), cards(home=home)[name].get("more", [])
    return {place / Path(one["file"]).name: str(one["called"]) for one in added}


def receive_more(name: str, given: Path | str, *, home: Home) -> Path:
    """Upload of rows to add: the file or text copied to the uploads, beside that of the data set."""
    place, number = home.folder("uploads"), len(cards(home=home)[name].get("more", [])) + 2
    path = place / f"{name}-{number}{_ending(given)}"  # no name of a data set holds a hyphen
    _copy(given, path)
    return path


def keep_more(name: str, path: Path, called: str, content: str, dataset: Dataset, *, home: Home) -> None:
    """Write the card that makes added rows part of a data set."""
    card = dict(cards(home=home)[name])
    card["content"] = hashlib.sha256(f"{card['content']} {content}".encode()).hexdigest()
    card["more"] = [*card.get("more", []), {"file": path.name, "called": called, "content": content}]
    card |= {"rows": dataset.report.read, "tasks": [asdict(task) for task in dataset.tasks]}
    write_json(home.folder("datasets", "yours") / f"{name}.json", card)


def _ending(given: Path | str) -> str:
    endings = "".join(given.suffixes[-2:]).lower() if isinstance(given, Path) else ".txt"
    return re.sub(r"[^.a-z0-9]", "", endings)


def _copy(given: Path | str, path: Path) -> None:
    if isinstance(given, Path):
        shutil.copyfile(given, path)
    else:
        path.write_text(given, encoding="utf-8", newline="")


def receive(given: Path | str, title: str, taken: Iterable[str], *, home: Home) -> tuple[str, Path]:
    """Upload: a new name, and the file or text copied to the uploads under it."""
    name = _slug(title, set(taken))
    path = home.folder("uploads") / (name + _ending(given))
    _copy(given, path)
    return name, path


def keep(
    name: str, title: str, path: Path, content: str, choices: dict[str, Any], dataset: Dataset, *, home: Home
) -> None:
    """Write the card that makes it a data set."""
    card: Card = {"title": title.strip() or name, "file": path.name, "content": content, "choices": choices}
    card |= {"rows": dataset.report.read, "tasks": [asdict(task) for task in dataset.tasks]}
    write_json(home.folder("datasets", "yours") / f"{name}.json", card)


def forget(name: str, *, home: Home) -> None:
    """Delete the card and the files. Raises UnknownName."""
    paths = [upload(name, home=home), *more(name, home=home)]
    (home.folder("datasets", "yours") / f"{name}.json").unlink(missing_ok=True)
    for path in paths:
        path.unlink(missing_ok=True)


def _slug(title: str, taken: set[str]) -> str:
    stem = re.sub(r"[^a-z0-9]+", "_", title.lower()).strip("_")[:60] or "molecules"
    stem = allowed(stem)
    candidates = [stem, *(f"{stem}_{i}" for i in range(2, len(taken) + 3))]
    return next(c for c in candidates if c not in taken)
