"""User data sets: files as they were given in ``uploads/``, and a card with its title and choices.

A name is made from the title and never taken from another data set.
"""

import hashlib
import itertools
import re
import shutil
from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple

from mmexplore.datasets import Dataset, Entry, Task
from mmexplore.runtime import seals
from mmexplore.runtime.cache import FolderCache
from mmexplore.runtime.errors import Damaged, Taken, UnknownName
from mmexplore.runtime.files import allowed, claimed
from mmexplore.runtime.home import Home, read_json, write_json

Card = dict[str, Any]


class Shelf(NamedTuple):
    """User data sets as one look finds them: cards by name, what is no card and why, present names by former ones."""

    cards: dict[str, Card]
    damaged: dict[str, str]
    former: dict[str, str]


def entries(*, home: Home) -> list[Entry]:
    """The user's own data sets by name."""
    return [_entry(name, card) for name, card in cards(home=home).items()]


def _entry(name: str, card: Card) -> Entry:
    tasks = tuple(Task(**task) for task in card["tasks"])
    return Entry(name, card["title"], card["rows"], tasks, "yours", available=True, molecules=card.get("molecules"))


def cards(*, home: Home) -> dict[str, Card]:
    """User data set cards: title, file, content (sha256), choices, rows, tasks; shared, not to be changed.

    ``more``: files whose rows were added later; then ``first`` is the content of the first, and ``content`` of all.
    """
    return shelf(home=home).cards


def shelf(*, home: Home) -> Shelf:
    """All that is known of the user's data sets, by one look; shared, not to be changed."""
    return _shelf(home.place("datasets", "yours"))


def damaged(*, home: Home) -> dict[str, str]:
    """What lies among the cards and is none, by its name: why not."""
    return shelf(home=home).damaged


def current(name: str, *, home: Home) -> str:
    """The name that a data set has now: another one where it was renamed since, the same for any other name."""
    return former(home=home).get(name, name)


def former(*, home: Home) -> dict[str, str]:
    """Present names of data sets by names that they had before, those left out that another set has now."""
    return shelf(home=home).former


def _read_shelf(place: Path) -> tuple[Shelf, list[Path]]:
    found: dict[str, Card] = {}
    bad: dict[str, str] = {}
    for path in sorted(place.glob("*.json")):
        try:
            card = read_json(path)
            if not card.keys() >= {"title", "file", "content", "choices", "rows", "tasks"}:
                raise KeyError("title, file, content, choices, rows or tasks")
            _entry(path.stem, card)
            kinds = {"title": str, "file": str, "content": str, "choices": dict, "rows": int | None}
            if not all(isinstance(card[key], kind) for key, kind in kinds.items()):
                raise TypeError
        except Damaged as error:
            bad[path.stem] = str(error)
        except FileNotFoundError:
            if path.is_symlink():  # else another process has removed it meanwhile
                bad[path.stem] = f"{path} is a link that leads nowhere"
        except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            bad[path.stem] = f"{path} is no card of a data set ({type(error).__name__})"
        else:
            found[path.stem] = card
    former = {old: now for now, card in reversed(found.items()) for old in card.get("former", ()) if old not in found}
    return Shelf(found, bad, former), [place]


_shelf = FolderCache(_read_shelf)


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
            name = slug(title) if number == 1 else f"{slug(title)}_{number}"
            if name in taken() or current(name, home=home) != name:  # a former name goes on to lead where it did
                continue
            with suppress(Taken):
                held.enter_context(claimed(place / f".{name}.lock", f"data set {name!r} is being imported"))
                if name not in taken() and not (place / f"{name}.json").exists():
                    break
                held.close()
        yield name


@contextmanager
def held(name: str, *, home: Home) -> Iterator[str]:
    """Name of a data set that is here: inside nobody else changes it. Raises Taken."""
    with claimed(home.folder("datasets", "yours") / f".{name}.lock", f"data set {name!r} is being imported"):
        yield name


def digests(name: str, *, home: Home) -> dict[str, str]:
    """SHA-256 of each file of a data set, by the file's name. Raises UnknownName."""
    upload(name, home=home)
    return digests_of(cards(home=home)[name])


def digests_of(card: Card) -> dict[str, str]:
    """SHA-256 of each file that a card names, by the file's name: the first, then those whose rows were added."""
    first = {Path(card["file"]).name: str(card.get("first", card["content"]))}
    return first | {Path(one["file"]).name: str(one["content"]) for one in card.get("more", [])}


def grown(card: Card, content: str) -> str:
    """Content of a data set to which the rows of another file were added."""
    return hashlib.sha256(f"{card['content']} {content}".encode()).hexdigest()


def more(name: str, *, home: Home) -> dict[Path, str]:
    """Files whose rows were added later, in order, by what people call them. Raises UnknownName."""
    upload(name, home=home)
    place, added = home.folder("uploads"), cards(home=home)[name].get("more", [])
    return {place / Path(one["file"]).name: str(one["called"]) for one in added}


def receive(given: Path | str, name: str, *, home: Home) -> Path:
    """Upload: the file or text copied to the uploads under a name, or one made from it where a file has that."""
    endings = "".join(given.suffixes[-2:]).lower() if isinstance(given, Path) else ".txt"
    plain = re.sub(r"[^.a-z0-9]", "", endings)
    names = (f"{name}_{number}{plain}" if number > 1 else name + plain for number in itertools.count(1))
    path = next(path for one in names if not (path := home.folder("uploads") / one).exists())
    if isinstance(given, Path):
        shutil.copyfile(given, path)
    else:
        path.write_text(given, encoding="utf-8", newline="")
    seals.seal(path)
    return path


def keep_more(name: str, path: Path, called: str, content: str, dataset: Dataset, *, home: Home) -> None:
    """Write the card that makes added rows part of a data set."""
    card = dict(cards(home=home)[name])
    card |= {"first": card.get("first", card["content"]), "content": grown(card, content)}
    card["more"] = [*card.get("more", []), {"file": path.name, "called": called, "content": content}]
    card |= {"rows": dataset.report.read, "molecules": len(dataset), "tasks": [asdict(task) for task in dataset.tasks]}
    write_json(home.folder("datasets", "yours") / f"{name}.json", card)


def keep(
    name: str, title: str, path: Path, content: str, choices: dict[str, Any], dataset: Dataset, *, home: Home
) -> None:
    """Write the card that makes it a data set."""
    card: Card = {"title": title.strip() or name, "file": path.name, "content": content, "choices": choices}
    card |= {"rows": dataset.report.read, "molecules": len(dataset), "tasks": [asdict(task) for task in dataset.tasks]}
    write_json(home.folder("datasets", "yours") / f"{name}.json", card)


def rename(name: str, title: str, taken: Collection[str], *, home: Home) -> str:
    """Another title, and a name made from it; the former names go on to lead here. Returns the name.

    Raises UnknownName, and Taken for a name that another data set has.
    """
    upload(name, home=home)
    place, new = home.folder("datasets", "yours"), slug(title)
    if new != name and (new in taken or current(new, home=home) not in (new, name)):
        raise Taken(f"another data set is called {new!r} already; give this one another name")
    with ExitStack() as held:
        for one in sorted({name, new}):
            held.enter_context(claimed(place / f".{one}.lock", f"data set {one!r} is being imported or renamed"))
        if new != name and (place / f"{new}.json").exists():
            raise Taken(f"another data set is called {new!r} already; give this one another name")
        card = read_json(place / f"{name}.json")
        former = [one for one in dict.fromkeys([*card.get("former", ()), name]) if one != new]
        write_json(place / f"{new}.json", card | {"title": title.strip() or new, "former": former})
        if new != name:
            seals.remove(place / f"{name}.json")
    return new


def read_cards(place: Path) -> dict[str, Card]:
    """Cards in any folder, those that can be read."""
    return _read_shelf(place)[0].cards


def content_of(path: Path) -> str:
    """Content of an upload, as cards name it."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def bring_back(name: str, card: Card, folder: Path, *, home: Home) -> None:
    """Take a data set in: its files, from a folder, and its card. Raises Taken where a name is that of another."""
    place, targets = home.folder("datasets", "yours"), [home.folder("uploads") / file for file in digests_of(card)]
    with claimed(place / f".{name}.lock", f"data set {name!r} is being imported"):
        if (place / f"{name}.json").exists() or any(target.exists() for target in targets):
            raise Taken("a data set of that name is here already")
        for target in targets:
            shutil.move(folder / target.name, target)
            seals.seal(target)
        write_json(place / f"{name}.json", card)


def forget(name: str, *, home: Home) -> None:
    """Delete the card and the files. Raises UnknownName."""
    paths = [upload(name, home=home), *more(name, home=home)]
    seals.remove(home.folder("datasets", "yours") / f"{name}.json")
    for path in paths:
        seals.remove(path)


def slug(title: str) -> str:
    """The name that a title asks for.

    >>> slug("My Table, 2nd")
    'my_table_2nd'
    """
    return allowed(re.sub(r"[^a-z0-9]+", "_", title.lower()).strip("_")[:60] or "molecules")
