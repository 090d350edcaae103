"""Progress callback: how long work tells where it is; one callable, passed down; lower rooms never know who listens."""

from typing import Protocol


class Progress(Protocol):
    """Progress callback: called with a stage in words, what is done, what there is, and any values worth following.

    ``progress("featurise", 512, 1282)`` or ``progress("train", 3, 30, train_loss=0.41)``. An implementation
    may raise :class:`~mmexplore.runtime.errors.Cancelled`; callers let it through and leave resumable state behind.
    """

    def __call__(self, stage: str, done: int, total: int, /, **values: float) -> None:
        """Take note of a report."""


def silent(stage: str, done: int, total: int, /, **values: float) -> None:
    """Null progress: a listener that does not listen."""
