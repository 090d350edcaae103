"""User text where Streamlit reads markdown: names with ``*``, ``$`` or ``[`` must show as they are.

Prefer ``st.text`` and tables, which read none; labels, captions and messages go through :func:`literal`.
"""

import re

_MEANS_SOMETHING = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|~$&^=])")


def literal(text: object) -> str:
    r"""Markdown that shows the text itself, on one line.

    >>> print(literal("a*b $x$ [c](d) :red[e]"))
    a\*b \$x\$ \[c\]\(d\) :⁠red\[e\]
    """
    one_line = " ".join(str(text).split())
    # A colon opens directives, icons and emoji even when it is escaped; an unseen word joiner after it closes them.
    return _MEANS_SOMETHING.sub(r"\\\1", one_line).replace(":", ":\u2060")


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
