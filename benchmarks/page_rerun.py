"""What does a rerun of the Map page cost when the map is there, against an empty script and an empty page of the app?

Twice: as a visitor has it, over the websocket of a real server (an empty app of Streamlit's own beside ours), where
Streamlit also collects garbage after each run; and the scripts alone, as Streamlit's AppTest runs them.
Run: python benchmarks/page_rerun.py
"""

import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

import psutil  # noqa: E402
from browser import Server, start_server  # noqa: E402
from libraries import library  # noqa: E402
from record import Asked, own_home, record, smallest  # noqa: E402
from streamlit.proto.BackMsg_pb2 import BackMsg  # noqa: E402
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg  # noqa: E402
from streamlit.testing.v1 import AppTest  # noqa: E402
from websockets.sync.client import connect  # noqa: E402
from websockets.typing import Origin, Subprotocol  # noqa: E402

VISIT = ROOT / "mmexplore" / "ui" / "shell" / "visit.py"
NOTHING = "import streamlit as st\nst.title('nothing')\n"
AT_ONCE = 5  # a process's CPU time is told in hundredths of a second


def main(sizes: list[int], tries: int) -> None:
    home = own_home()
    names = {n: library(n, home) for n in sizes}
    rows = [served(names, home, tries), *(alone(n, name, home, tries) for n, name in names.items())]
    record("page_rerun", "CPU milliseconds of a rerun with the map cached", "python benchmarks/page_rerun.py", rows)


def served(names: dict[int, str], home: Path, tries: int) -> dict[str, float | str]:
    """Reruns over the websocket, of the server's process."""
    folder = home / "empty"
    folder.mkdir()
    (folder / "app.py").write_text(NOTHING, encoding="utf-8")
    servers = [start_server(folder, folder), start_server(home)]
    try:
        visits = {"empty": Visit(*servers[0])}
        visits |= {f"map of {n:,}": Visit(*servers[1], f"data={name}&model=ecfp") for n, name in names.items()}
        time.sleep(
            0 if smallest() else 5
        )  # the warm-up ends; what was read from a folder is kept once it has been quiet for two seconds
        return {"what": "server"} | interleaved({name: visit.cpu_ms for name, visit in visits.items()}, tries)
    finally:
        for process, _ in servers:
            process.terminate()


class Visit:
    """A visitor who asks for the page again and again."""

    def __init__(self, process: subprocess.Popen[bytes], server: Server, query: str = "") -> None:
        address = server.url.replace("http", "ws") + "/_stcore/stream"
        self.socket = connect(
            address, subprotocols=[Subprotocol("streamlit")], origin=Origin(server.url), max_size=None, legacy=True
        )
        self.process, self.query = psutil.Process(process.pid), query
        self.rerun()

    def rerun(self) -> None:
        """Ask, and read all that comes until the run has ended."""
        ask, said = BackMsg(), ForwardMsg()
        ask.rerun_script.query_string = self.query
        self.socket.send(ask.SerializeToString())
        while said.WhichOneof("type") != "script_finished":
            said.ParseFromString(self.socket.recv())

    def cpu_ms(self) -> float:
        """CPU time of the server's process a rerun."""
        before = self.process.cpu_times()
        for _ in range(AT_ONCE):
            self.rerun()
        after = self.process.cpu_times()
        return float(1000 * (after.user + after.system - before.user - before.system) / AT_ONCE)


def alone(n: int, name: str, home: Path, tries: int) -> dict[str, float | str]:
    """The scripts without a server."""
    page = AppTest.from_file(str(VISIT), default_timeout=120)
    page.query_params.update({"data": name, "model": "ecfp"})
    apps = {"empty": AppTest.from_string(NOTHING), "frame alone": framed(home), f"map of {n:,}": page}
    for app in apps.values():
        app.run()
        assert not app.exception, app.exception
    time.sleep(0 if smallest() else 2.5)

    def timed(app: AppTest) -> Callable[[], float]:
        def cpu_ms() -> float:
            began = time.process_time()
            app.run()
            return 1000 * (time.process_time() - began)

        return cpu_ms

    return {"what": "script"} | interleaved({name: timed(app) for name, app in apps.items()}, tries)


def framed(home: Path) -> AppTest:
    """An empty page with navigation, pickers and job banner round it, as every page of the app has them."""
    page = home / "1_Empty.py"
    page.write_text(NOTHING, encoding="utf-8")
    script = f"""
from pathlib import Path
from unittest.mock import patch
from mmexplore.ui.shell import frame
with patch("mmexplore.ui.shell.navigation.pages", lambda: [Path({str(page)!r})]):
    frame.main()
"""
    return AppTest.from_string(script, default_timeout=60)


def interleaved(ways: dict[str, Callable[[], float]], tries: int) -> dict[str, float]:
    """Medians of each, and how many times the empty one they are."""
    times: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(tries):
        for name, way in ways.items():
            times[name].append(way())
    medians = {name: statistics.median(values) for name, values in times.items()}
    against = {f"{name} / empty": value / medians["empty"] for name, value in medians.items() if name != "empty"}
    return {f"{name}, ms": value for name, value in medians.items()} | against


def command_line() -> Asked:
    """What can be asked for."""
    asked = Asked(__doc__)
    asked.option("--sizes", [1_282, 100_000], [300], nargs="+", type=int)
    asked.option("--tries", 20, 1)
    return asked


if __name__ == "__main__":
    chosen = command_line().parse_args()
    main(chosen.sizes, chosen.tries)
