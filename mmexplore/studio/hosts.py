"""Visitors: whether this process answers any, what they may call the server, and which sites may show its pages."""

import os
import re
from collections.abc import Callable, Iterable
from threading import Event

from mmexplore.runtime.errors import BadRecipe, NotAvailable
from mmexplore.runtime.home import Home, default_home

HOSTS, FRAMES = "MMEXPLORE_ALLOW_HOSTS", "MMEXPLORE_ALLOW_FRAMES"
VISITORS = Event()
"""Set once this process answers visitors."""
_HOST = re.compile(r"(\*\.)?[a-z0-9_]([a-z0-9._-]*[a-z0-9])?|[0-9a-f:]*:[0-9a-f:.]*")
_SITE = re.compile(r"(https?://)?(\*\.)?[a-z0-9]([a-z0-9._-]*[a-z0-9])?(:\d{1,5})?")


def names_only() -> None:
    """From now on this process answers visitors: a name of the catalogue leads to a data set or model, no path does."""
    VISITORS.set()


_who: list[Callable[[], str]] = []


def sign_in_by(who: Callable[[], str]) -> None:
    """From now on every call is for a visitor, whom ``who`` names by letters and digits, "" for nobody."""
    _who[:] = [who]
    # one training at a time a device, whoever asked for it
    os.environ.setdefault("MMEXPLORE_LOCKS", str(default_home().folder("jobs", ".locks").resolve()))


def signs_in() -> bool:
    """Whether visitors sign in here."""
    return bool(_who)


def visitors_home() -> Home | None:
    """Home of the visitor for whom this is, None where nobody signs in. Raises NotAvailable where nobody is named."""
    if not _who:
        return None
    if not (name := _who[0]()):
        raise NotAvailable("nobody is signed in; sign in on the app's first page")
    return Home(default_home() / "visitors" / name)


def shared_home() -> Home:
    """The server's own home, below which those of visitors are."""
    return default_home()


def allowed_hosts() -> tuple[str, ...]:
    """Hosts that the user names, without ports; ``*.name`` for all below a name. Raises BadRecipe."""
    return checked(HOSTS, os.environ.get(HOSTS, "").split(","))


def allowed_frames() -> tuple[str, ...]:
    """Sites that may show our pages in a frame of theirs. Raises BadRecipe."""
    return checked(FRAMES, os.environ.get(FRAMES, "").split(","))


def checked(setting: str, names: Iterable[str]) -> tuple[str, ...]:
    """Names as a setting keeps them: lower case, no blank ones. Raises BadRecipe for what is no name of a host.

    >>> checked(HOSTS, ["Lab.example.org", "", "*.lan", "::1"])
    ('lab.example.org', '*.lan', '::1')
    """
    plain = [name.strip().lower().rstrip(".") for name in names if name.strip()]
    for name in plain:
        if not (_HOST if setting == HOSTS else _SITE).fullmatch(name):
            wanted = "lab.example.org or 192.0.2.7" if setting == HOSTS else "https://lab.example.org"
            raise BadRecipe(f"a name like {wanted} is wanted, and {name[:80]!r} came ({setting})")
    return tuple(dict.fromkeys(plain))
