"""User data sets: the file as it was given in ``uploads/``, and a card with its title and choices.

A name is made from the title and never taken from another data set.
"""

import itertools
import re
import shutil
from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from mmexplore.datasets import Dataset, Entry, Task
from mmexplore.runtime import seals
from mmexplore.runtime.cache import FolderCache
from mmexplore.runtime.errors import Taken, UnknownName
from mmexplore.runtime.files import allowed, claimed
from mmexplore.runtime.home import Home, read_json, write_json

Card = dict[str, Any]


def entries(*, home: Home) -> list[Entry]:
    """The user's own data sets by name."""
    return [
        Entry(name, card["title"], card["rows"], tuple(Task(**task) for task in card["tasks"]), "yours", True)
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


@contextmanager
def named(title: str, taken: Callable[[], Collection[str]], *, home: Home) -> Iterator[str]:
    """New name made from a title: inside nobody else gets it, and afterwards its card has it.

    ``taken`` gives the names that are taken now.
    """
    place, name = home.folder("datasets", "yours"), ""
    with ExitStack() as held:
        for number in itertools.count(1):
            name = _slug(title, number)
            if name in taken():
                continue
            with suppress(Taken):
                held.enter_context(claimed(place / f".{name}.lock", f"data set {name!r} is being imported"))
                if name not in taken() and not (place / f"{name}.json").exists():
                    break
                held.close()
        yield name


def receive(given: Path | str, name: str, *, home: Home) -> Path:
    """Upload: the file or text copied to the uploads under a name."""
    endings = "".join(given.suffixes[-2:]).lower() if isinstance(given, Path) else ".txt"
    path = home.folder("uploads") / (name + re.sub(r"[^.a-z0-9]", "", endings))
    if isinstance(given, Path):
        shutil.copyfile(given, path)
    else:
        path.write_text(given, encoding="utf-8", newline="")
    seals.seal(path)
    return path


def keep(
    name: str, title: str, path: Path, content: str, choices: dict[str, Any], dataset: Dataset, *, home: Home
) -> None:
    """Write the card that makes it a data set."""
    card: Card = {"title": title.strip() or name, "file": path.name, "content": content, "choices": choices}
    card |= {"rows": dataset.report.read, "tasks": [asdict(task) for task in dataset.tasks]}
    write_json(home.folder("datasets", "yours") / f"{name}.json", card)


def forget(name: str, *, home: Home) -> None:
    """Delete the card and the file. Raises UnknownName."""
    path = upload(name, home=home)
    seals.remove(home.folder("datasets", "yours") / f"{name}.json")
    seals.remove(path)


def _slug(title: str, number: int) -> str:
    stem = re.sub(r"[^a-z0-9]+", "_", title.lower()).strip("_")[:60] or "molecules"
    stem = allowed(stem)
    return stem if number == 1 else f"{stem}_{number}"
