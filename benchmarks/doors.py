"""Does the server answer whatever its visitors ask, and do the answers to endless structures come at the deadline?

    python benchmarks/doors.py [--visitors 8] [--seconds 8]

Visitors ask one kind of address over and over while ``/healthz`` is asked fifty times a second. ``nothing`` and
ordinary drawings are what the attacks stand beside. ``over the deadline`` is how much later than it the last answer
came; ``drawing, ms`` is an ordinary drawing asked for meanwhile, the median of those that were drawn.
"""

import http.client
import itertools
import statistics
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parents[1] / "tests")]

from browser import start_server  # noqa: E402
from record import Asked, own_home, record  # noqa: E402

from mmexplore import studio  # noqa: E402
from mmexplore.runtime import deadline  # noqa: E402

QUESTION = "How long does /healthz take while visitors ask for what has no end, and how late are their own answers?"
BUDGET_MS = 100.0
PATIENCE = 60.0
CHAIN = "C" * 60
DOTS = "[C,c].[C,c].[C,c].[C,c].[C,c].[#92]"


def address(**query: Any) -> str:
    return f"/depict.svg?{urlencode(query)}"


def ordinary() -> Iterator[str]:
    """Drawings of the solubility set, each of a size of its own, so that none is kept from before."""
    rows = len(studio.dataset("solubility"))
    return (address(data="solubility", row=n % rows, width=100 + n % 400) for n in itertools.count())


def attacks() -> dict[str, Iterator[str]]:
    """Addresses of each kind, without end; each a little different, for the server keeps what it has drawn."""
    numbers = itertools.count()
    return {
        "nothing": iter(()),
        "ordinary drawings": ordinary(),
        "SMILES of 1,990 B": (address(smiles="B" * 1_990, width=100 + n % 900) for n in numbers),
        "SMILES of 600 rings": (address(smiles="C1CC1" * 600, width=100 + n % 900) for n in numbers),
        "SMARTS of dotted atoms": (address(smiles=CHAIN, smarts=DOTS, width=100 + n % 900) for n in numbers),
        "SMARTS nested too deep": (address(smiles="CCO", smarts="[$(C" * (100 + n % 900)) for n in numbers),
        "names of files": (f"/card.json?{urlencode({'data': '../' * (n % 30) + 'x.csv'})}" for n in numbers),
    }


class Client:
    """One connection to the server, opened anew where it was closed."""

    def __init__(self, url: str) -> None:
        self._place = url.removeprefix("http://")
        self._line = http.client.HTTPConnection(self._place, timeout=PATIENCE)

    def get(self, path: str) -> tuple[int, float]:
        """Status, and the seconds that it took; 0 where no answer came."""
        started = time.perf_counter()
        try:
            self._line.request("GET", path)
            answer = self._line.getresponse()
            answer.read()
            return answer.status, time.perf_counter() - started
        except (OSError, http.client.HTTPException):
            self._line.close()
            return 0, time.perf_counter() - started


def measured(url: str, name: str, ask: Iterator[str], visitors: int, seconds: float) -> dict[str, Any]:
    """One kind of request by so many visitors at once, for so long, with its answers and those of ``/healthz``."""
    end, lock = time.perf_counter() + seconds, threading.Lock()
    answers: list[tuple[int, float]] = []
    health: list[tuple[int, float]] = []
    drawings: list[tuple[int, float]] = []

    def visit() -> None:
        client = Client(url)
        while time.perf_counter() < end:
            with lock:
                path = next(ask, "")
            if not path:
                return
            answers.append(client.get(path))

    def look(path: Iterator[str], found: list[tuple[int, float]], pause: float) -> None:
        client = Client(url)
        while time.perf_counter() < end:
            found.append(client.get(next(path)))
            time.sleep(pause)

    threads = [threading.Thread(target=visit) for _ in range(visitors)]
    threads.append(threading.Thread(target=look, args=(itertools.repeat("/healthz"), health, 0.02)))
    threads.append(threading.Thread(target=look, args=(ordinary(), drawings, 0.1)))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took = [1e3 * spent for status, spent in health if status == 200]
    slowest = max((spent for _, spent in answers), default=0.0)
    drawn = [1e3 * spent for status, spent in drawings if status == 200]
    statuses = Counter(status for status, _ in answers)
    return {
        "asked": name,
        "answers": len(answers),
        "statuses": ", ".join(f"{status}: {count}" for status, count in sorted(statuses.items())),
        "slowest, s": slowest,
        "over the deadline, s": max(0.0, slowest - deadline.seconds()),
        "healthz, ms": statistics.median(took) if took else None,
        "healthz slowest, ms": max(took, default=None),
        "budget, ms": BUDGET_MS,
        "healthz unanswered": len(health) - len(took),
        "drawing, ms": statistics.median(drawn) if drawn else None,
        "drawn": f"{len(drawn)} of {len(drawings)}",
    }


def main(visitors: int, seconds: float) -> None:
    process, server = start_server(own_home())
    try:
        Client(server.url).get(address(smiles="CCO"))  # the processes are warm
        rows = [measured(server.url, name, ask, visitors, seconds) for name, ask in attacks().items()]
    finally:
        process.terminate()
        process.wait()
    record("doors", QUESTION, f"python benchmarks/doors.py --visitors {visitors} --seconds {seconds:g}", rows)


def command_line() -> Asked:
    """What can be asked for."""
    asked = Asked(__doc__)
    asked.option("--visitors", 8, 2)
    asked.option("--seconds", 8.0, 0.5)
    return asked


if __name__ == "__main__":
    chosen = command_line().parse_args()
    main(chosen.visitors, chosen.seconds)
