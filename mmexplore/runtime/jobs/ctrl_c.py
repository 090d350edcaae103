"""Ctrl-C in a shell: a verb ends soon after it, whatever it is at, with a sentence and code 130.

RDKit puts a handler of its own for SIGINT in the place of Python's while it works in C, and where two threads work
there, one of them puts back the other's: no handler hears of a press then. So the signal is blocked in every thread
from the start (:func:`from_the_start`, before libraries start threads of their own), and one thread waits for it.
Where a signal cannot be kept back, as on Windows, the system tells it through a socket.
"""

import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType

from mmexplore.runtime import processes

SECONDS = 0.5
"""So long Python has to end by itself after Ctrl-C; a library at work in C may not let it."""
_WAITS = sys.platform != "win32" and bool(processes.OWN_SIGNAL)
_first: list["_KeptBack"] = []


def from_the_start() -> None:
    """Have a press end this process at once until a verb is at work; one that is ignored stays so till then."""
    if _WAITS:
        _first.append(_KeptBack())
    elif signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)


def let_through() -> None:
    """Leave the signal to handlers again, and to what this process starts."""
    while _first:
        _first.pop().close()


@contextmanager
def ends(say: Callable[[], None]) -> Iterator[None]:
    """A press ends the work within, whatever it is at and whatever catches the exception; ``say`` says so.

    A kill at any moment leaves whole files behind, so nothing has to be put in order. Nor is Python's own end waited
    for, which joins threads that may be at work in C.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    pressed, ended = threading.Event(), threading.Event()

    def stop(_number: int, _frame: FrameType | None) -> None:
        if not pressed.is_set():
            pressed.set()
            raise KeyboardInterrupt

    def insist(interrupt: Callable[[], None]) -> None:
        if ended.is_set():
            return
        latest = time.monotonic() + SECONDS
        interrupt()
        if not ended.wait(SECONDS):
            say()
        time.sleep(max(latest - time.monotonic(), 0))
        processes.kill_started()  # a worker would go on to the end of its share
        os._exit(130)

    press = (_first[0] if _first else _KeptBack()) if _WAITS else _WokenUp()
    press.begin(stop, insist)
    try:
        yield
    finally:
        ended.set()
        press.end()
        if press not in _first:
            press.close()
        if pressed.is_set():
            say()
            processes.kill_started()
            raise SystemExit(130)


_Handler = Callable[[int, FrameType | None], None]
_Insist = Callable[[Callable[[], None]], None]


class _KeptBack:
    """Presses kept back from all threads but one, which tells the main thread by another signal."""

    def __init__(self) -> None:
        self._ignored = signal.getsignal(signal.SIGINT) is signal.SIG_IGN
        self._insist: _Insist | None = None
        self._closed = False
        self._mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        self._watch = threading.Thread(target=self._listen, name="ctrl-c", daemon=True)
        self._watch.start()

    def begin(self, stop: _Handler, insist: _Insist) -> None:
        signal.signal(processes.OWN_SIGNAL, stop)
        self._insist = insist

    def end(self) -> None:
        self._insist = None
        signal.signal(processes.OWN_SIGNAL, signal.SIG_IGN)  # a press may be on its way to the main thread

    def close(self) -> None:
        self._closed = True
        if self._watch.ident is not None:
            with suppress(ProcessLookupError):
                signal.pthread_kill(self._watch.ident, signal.SIGINT)
        signal.pthread_sigmask(signal.SIG_SETMASK, self._mask)

    def _listen(self) -> None:
        while signal.sigwait({signal.SIGINT}) and not self._closed:
            if insist := self._insist:
                insist(self._interrupt)
            elif not self._ignored:
                os._exit(130)

    @staticmethod
    def _interrupt() -> None:
        main = threading.main_thread().ident
        assert main is not None
        signal.pthread_kill(main, processes.OWN_SIGNAL)


class _WokenUp:
    """Presses that the system writes into a socket, also while no Python runs; Python's own handler hears them too."""

    def begin(self, stop: _Handler, insist: _Insist) -> None:
        self._heard, self._rung = socket.socketpair()
        self._rung.setblocking(False)
        self._handler = signal.signal(signal.SIGINT, stop)
        self._woken = signal.set_wakeup_fd(self._rung.fileno(), warn_on_full_buffer=False)
        threading.Thread(target=self._listen, args=(insist,), name="ctrl-c", daemon=True).start()

    def end(self) -> None:
        signal.set_wakeup_fd(self._woken)
        signal.signal(signal.SIGINT, self._handler)
        self._rung.close()

    def close(self) -> None:
        """Nothing is left."""

    def _listen(self, insist: _Insist) -> None:
        with self._heard, suppress(OSError):
            while (number := self._heard.recv(1)) and number[0] != signal.SIGINT:
                pass
            if number:
                insist(lambda: None)
