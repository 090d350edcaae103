"""Searches under several branches or models, drawn one by one as they come; the rest of them can be cancelled."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextvars import copy_context
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import streamlit as st

from mmexplore import studio
from mmexplore.explore.explain.storage import Explained
from mmexplore.runtime.errors import Busy, MmexploreError, TooLong
from mmexplore.ui.components import follow_job
from mmexplore.ui.components.words import literal

_LOOK_SECONDS, _FIRST_LOOK = 0.4, 0.25
_searches = ThreadPoolExecutor(2, thread_name_prefix="subgraphs")
"""They only wait: what computes is a process, which is ended at the deadline."""
Draw = Callable[[Mapping[str, Explained], Sequence[str]], None]
"""Draws what was found by name, and the names that are still to come."""


@dataclass
class Stream:
    """Stream of searches of one visit: what each was asked, and what it will give."""

    asked: dict[str, tuple[Any, ...]]
    searches: dict[str, "Future[Explained]"] = field(default_factory=dict)

    def start(self, names: Sequence[str]) -> None:
        """Begin, or begin again."""
        for name in names:
            run = copy_context().run
            self.searches[name] = _searches.submit(run, studio.explain_in_time, *self.asked[name])

    def cancel(self) -> None:
        """Give up what has not begun; what has ends at the deadline."""
        for one in self.searches.values():
            one.cancel()

    @property
    def waiting(self) -> list[str]:
        """Names whose answer is still to come."""
        return [name for name, one in self.searches.items() if not one.done()]

    @property
    def cancelled(self) -> list[str]:
        """Names that were given up."""
        return [name for name, one in self.searches.items() if one.cancelled()]

    @property
    def found(self) -> dict[str, Explained]:
        """Answers that are there, in the order in which they were asked for."""
        ready = {name: one for name, one in self.searches.items() if one.done() and not one.cancelled()}
        return {name: one.result() for name, one in ready.items() if one.exception() is None}

    @property
    def failed(self) -> dict[str, BaseException]:
        """What went wrong, by name."""
        ready = {name: one for name, one in self.searches.items() if one.done() and not one.cancelled()}
        return {name: why for name, one in ready.items() if (why := one.exception()) is not None}


def show(place: str, asked: dict[str, tuple[Any, ...]], draw: Draw) -> None:
    """Ask :func:`studio.explain_in_time` for each, and draw what comes; what a page does not wait for is a job."""
    key = f"subgraphs/stream/{place}"
    stream = _of(key, asked)
    wait(list(stream.searches.values()), _FIRST_LOOK)
    waiting = bool(stream.waiting)

    @st.fragment(run_every=_LOOK_SECONDS if waiting else None)
    def live() -> None:
        if waiting and not stream.waiting:
            st.rerun()
        draw(stream.found, stream.waiting)
        if waiting:
            _bar(key, stream)

    live()
    if not waiting:
        _rest(key, stream)


def _of(key: str, asked: dict[str, tuple[Any, ...]]) -> Stream:
    """The stream of this visit; one of another question is given up for it."""
    before: Stream | None = st.session_state.get(key)
    if before is not None and before.asked == asked:
        return before
    if before is not None:
        before.cancel()
    made = Stream(asked)
    made.start(list(asked))
    st.session_state[key] = made
    return made


def _bar(key: str, stream: Stream) -> None:
    done, total = len(stream.asked) - len(stream.waiting), len(stream.asked)
    st.progress(done / total, literal(f"{done} of {total}; now {', '.join(stream.waiting[:2])}"))
    st.button("Cancel", key=f"{key}/cancel", icon=":material/close:", on_click=stream.cancel)


def _rest(key: str, stream: Stream) -> None:
    """What was cancelled, what went wrong, and what only a job can find."""
    late = []
    for name, why in stream.failed.items():
        if isinstance(why, TooLong):
            late += [name] if _late(key, name, stream) else []
        elif isinstance(why, Busy):
            st.info(literal(why), icon=":material/hourglass_top:")
            st.button("Try again", key=_key(key, name, "again"), on_click=stream.start, args=([name],))
        elif isinstance(why, MmexploreError):
            st.warning(literal(f"{name}: {why}"), icon=":material/info:")
        else:
            raise why
    if late:
        words = (
            f"{', '.join(late)}: longer for this molecule than a page waits. Jobs can take their time, and be stopped."
        )
        st.info(literal(words), icon=":material/hourglass_top:")
        if st.button("Search these as jobs", key=f"{key}/start", icon=":material/hub:"):
            for name in late:
                st.session_state[_key(key, name, "job")] = studio.start_explaining(*stream.asked[name]).id
            st.rerun()
    if stopped := stream.cancelled:
        st.caption(literal(f"Cancelled: {', '.join(stopped)}."))
        st.button("Go on", key=f"{key}/go on", icon=":material/play_arrow:", on_click=stream.start, args=(stopped,))


def _late(key: str, name: str, stream: Stream) -> bool:
    """Whether a job has still to be offered for what took too long; one that is there is followed."""
    kept = _key(key, name, f"job/{hashlib.sha256(repr(stream.asked[name]).encode()).hexdigest()[:12]}")
    begun = st.session_state.pop(_key(key, name, "job"), "")
    if begun:
        st.session_state[kept] = begun
    job = follow_job.known(st.session_state.get(kept, ""))
    if job is None:
        return True
    if job.active:
        follow_job.follow_one(job, partial(follow_job.bar_and_cancel, kept))
        return False
    if job.state == "done":
        st.session_state.pop(kept)
        stream.start([name])  # what the job has kept
        st.rerun()
    if job.state == "failed":
        st.error(literal(f"{name}: {job.message}"), icon=":material/info:")
    return True


def _key(key: str, name: str, what: str) -> str:
    return f"{key}/{name}/{what}"
