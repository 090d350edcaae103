"""User text where Streamlit reads markdown: names with ``*``, ``$`` or ``[`` must show as they are.

Prefer ``st.text`` and tables, which read none; labels, captions and messages go through :func:`literal`.
"""

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mmexplore.studio import Skipped

METHOD_TITLES = {"umap": "UMAP", "tsne": "t-SNE", "pca": "PCA"}
"""Layout methods as people write them."""
_MEANS_SOMETHING = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|~$&^=])")


def literal(text: object) -> str:
    r"""Markdown that shows the text itself, on one line.

    >>> print(literal("a*b $x$ [c](d) :red[e]"))
    a\*b \$x\$ \[c\]\(d\) :⁠red\[e\]
    """
    one_line = " ".join(str(text).split())
    # A colon opens directives, icons and emoji even when it is escaped; an unseen word joiner after it closes them.
    return _MEANS_SOMETHING.sub(r"\\\1", one_line).replace(":", ":\u2060")


def left_out(skipped: "Sequence[Skipped]", what: str) -> str:
    """Caption on the rows that something does without: how many, and the first ones with their reasons; "" for none.

    >>> from mmexplore.studio import Skipped
    >>> left_out([Skipped(3, 5, "unclosed ring")], "on this map")
    '1 row is not on this map: line 5, unclosed ring'
    """
    if not skipped:
        return ""
    first = "; ".join(f"line {one.line}, {one.reason}" for one in skipped[:3])
    more = f"; and {len(skipped) - 3:,} more" if len(skipped) > 3 else ""
    return f"{len(skipped):,} row{'s are' if len(skipped) > 1 else ' is'} not {what}: {first}{more}"


def duration(seconds: float) -> str:
    """A time span in words.

    >>> duration(0.4), duration(75), duration(4000), duration(200_000)
    ('under a second', '1 min 15 s', '1 h 6 min', '2 d 7 h')
    """
    whole = round(seconds)
    if whole < 1:
        return "under a second"
    spans = [(86_400, "d"), (3_600, "h"), (60, "min"), (1, "s")]
    for (size, name), (small, small_name) in zip(spans, [*spans[1:], (1, "")], strict=True):
        if whole >= size:
            rest = whole % size // small
            return f"{whole // size} {name}" + (f" {rest} {small_name}" if rest and small_name else "")
    return ""
