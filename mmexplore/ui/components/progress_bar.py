"""Work that a page waits for, with a bar that goes away when it ends."""

from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from mmexplore.runtime.progress import Progress
from mmexplore.ui.components.words import literal


@contextmanager
def shown(words: str) -> Iterator[Progress]:
    """A progress to pass down; ``words`` stand there until it is called."""
    place = st.empty()
    place.progress(0.0, text=literal(words))

    def progress(stage: str, done: int, total: int, /, **_: float) -> None:
        share = min(1.0, done / total) if total else 0.0
        place.progress(share, text=literal(f"{stage} {done:,} of {total:,}"))

    try:
        yield progress
    finally:
        place.empty()
