"""Seeds as people type them."""

import re

from mmexplore.runtime.errors import BadRecipe

MOST = 20
"""Seeds at a time."""


def seeds(text: str) -> tuple[int, ...]:
    """Whole numbers from what was typed. Raises BadRecipe.

    >>> seeds("0, 1 2"), seeds("3-5")
    ((0, 1, 2), (3, 4, 5))
    """
    found: list[int] = []
    for word in re.split(r"[\s,;]+", text.strip()):
        span = re.fullmatch(r"(\d{1,9})(?:-(\d{1,9}))?", word, re.ASCII)
        if not span:
            raise BadRecipe(f"seeds are whole numbers such as 0 or 0, 1, 2 or 0-4, and {text!r} came")
        first, last = int(span[1]), int(span[2] or span[1])
        if not 0 <= last - first < MOST:
            raise BadRecipe(f"a span of seeds goes up, over {MOST} at most, and {word!r} came")
        found += range(first, last + 1)
    chosen = tuple(dict.fromkeys(found))
    if len(chosen) > MOST:
        raise BadRecipe(f"{MOST} seeds at a time are the most, and {len(chosen)} came")
    return chosen
