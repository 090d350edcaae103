"""Content-addressed blobs for the browser.

Bytes published for the browser under addresses that name their content, so that each is sent once and kept for good.

The points of a map never travel with a page: the page carries addresses, the browser fetches what it has not seen.
Where visitors sign in, each is given what was published for himself alone.
"""

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable

from mmexplore.runtime.cache import whose

MOST_BYTES = 512 * 2**20
_MOST_PAGES = 500

_lock = threading.Lock()
_contents: OrderedDict[Hashable, bytes] = OrderedDict()
_pages: OrderedDict[Hashable, str] = OrderedDict()
_names: OrderedDict[Hashable, str] = OrderedDict()


def publish(content: bytes) -> str:
    """The path under which the server now gives these bytes: ``blob/<sha256>.bin``.

    >>> publish(b"points")
    'blob/c54a061dfcc125cb160421b2680feaf6.bin'
    """
    name = hashlib.sha256(content).hexdigest()[:32]
    with _lock:
        _contents[whose(), name] = content
        _contents.move_to_end((whose(), name))
        while len(_contents) > 1 and sum(map(len, _contents.values())) > MOST_BYTES:
            _contents.popitem(last=False)
    return f"blob/{name}.bin"


def published(key: Hashable, make: Callable[[], bytes]) -> str:
    """Like :func:`publish`, but made only if the bytes of this key are not there any more."""
    with _lock:
        name = _names.get((whose(), key), "")
        if (whose(), name) in _contents:
            _contents.move_to_end((whose(), name))
            return f"blob/{name}.bin"
    path = publish(make())
    with _lock:
        _names[whose(), key] = path[5:-4]
        while len(_names) > 1000:
            _names.popitem(last=False)
    return path


def publish_page(html: str) -> str:
    """The path under which the server now gives a page of ours for a frame: ``frame/<sha256>.html``.

    Its scripts run: never one with text of a user's.
    """
    name = hashlib.sha256(html.encode()).hexdigest()[:32]
    with _lock:
        _pages[whose(), name] = html
        _pages.move_to_end((whose(), name))
        while len(_pages) > _MOST_PAGES:
            _pages.popitem(last=False)
    return f"frame/{name}.html"


def page(name: str) -> str | None:
    """The page of a name, None if there is none any more."""
    with _lock:
        return _pages.get((whose(), name))


def content(name: str) -> bytes | None:
    """The bytes of a name, None if they were never published or had to make room."""
    with _lock:
        return _contents.get((whose(), name))
