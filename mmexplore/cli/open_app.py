"""``mmexplore app``: the app in the browser, from any folder, with its own settings."""

import errno
import os
import signal
import socket
import subprocess
import sys
import time
import webbrowser
from contextlib import suppress
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from mmexplore.cli.answer import Json, answer
from mmexplore.runtime import places
from mmexplore.runtime.errors import NotAvailable
from mmexplore.runtime.home import default_home
from mmexplore.runtime.jobs import ctrl_c
from mmexplore.studio.hosts import FRAMES, HOSTS, allowed_frames, allowed_hosts, checked

GRACE_SECONDS = 10
_POLL_SECONDS = 0.1
_TOLD_TO_END = (-signal.SIGTERM, -signal.SIGINT, 128 + signal.SIGTERM, 128 + signal.SIGINT)
"""Return codes of a server that a signal ended: one sent to the whole group of processes reaches it before us."""
_EVERYWHERE = {"0.0.0.0": "localhost", "::": "localhost"}


def open_app(
    port: Annotated[int, typer.Option("--port", min=1, max=65535, help="of the app's address")] = 8501,
    host: Annotated[
        str, typer.Option("--host", help="address to listen on; another than localhost lets other machines in")
    ] = "localhost",
    allow_host: Annotated[
        list[str] | None,
        typer.Option("--allow-host", help="name that the app may be reached under, besides this machine's; repeatable"),
    ] = None,
    allow_frame: Annotated[
        list[str] | None,
        typer.Option("--allow-frame", help="site that may show the app in a frame of its own; repeatable"),
    ] = None,
    secrets: Annotated[
        Path | None, typer.Option("--secrets", help="secrets.toml that names the provider by which visitors sign in")
    ] = None,
    as_json: Json = False,
) -> None:
    """Open the app; Ctrl-C ends it. With --json no browser opens: its address is told once it answers there."""
    _check(host, port)
    if secrets and not secrets.is_file():
        raise NotAvailable(f"--secrets names {secrets}, and there is no such file")
    allowed = {
        HOSTS: ",".join([*allowed_hosts(), *checked(HOSTS, allow_host or ())]),
        FRAMES: ",".join([*allowed_frames(), *checked(FRAMES, allow_frame or ())]),
    }
    ctrl_c.let_through()
    for told in (signal.SIGTERM, signal.SIGINT):  # whoever starts it in the background may have had SIGINT ignored
        signal.signal(told, _stop)
    server = _started(host, port, allowed, secrets)
    try:
        url = _url(server, host, port)
        answer(lambda _: {"url": url}, as_json)
        if not as_json and _has_screen():
            webbrowser.open(url)
        if (code := server.wait()) and code not in _TOLD_TO_END:
            raise NotAvailable(f"the app's server ended by itself with code {code}; what it said stands above")
    except KeyboardInterrupt:
        pass
    finally:
        _end(server)


def _check(host: str, port: int) -> None:
    """Raises NotAvailable where nothing can listen there, in a sentence; Streamlit would say it in its own way."""
    try:
        family, kind, _, _, address = socket.getaddrinfo(_number_of(host), port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind) as tried:
            if os.name == "posix":  # elsewhere it would let two listen on one port
                tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            tried.bind(address)
            tried.listen()
    except OSError as error:
        taken = error.errno == errno.EADDRINUSE
        why = "another program listens there" if taken else error.strerror
        advice = "give another with --port" if taken else "give others with --port and --host"
        raise NotAvailable(f"the app cannot listen on port {port} of {host}: {why}; {advice}") from error


def _number_of(host: str) -> str:
    """Streamlit binds localhost as 127.0.0.1, whatever the system's first answer for that name is."""
    return "127.0.0.1" if host == "localhost" else host


def _started(host: str, port: int, allowed: dict[str, str], secrets: Path | None) -> "subprocess.Popen[bytes]":
    """Streamlit, run where the app's own ``.streamlit/config.toml`` lies, so that none of another folder is read."""
    command = [sys.executable, "-m", "streamlit", "run", str(places.APP)]
    command += ["--server.port", str(port), "--server.address", host]
    command += ["--server.headless", "true", "--logger.hideWelcomeMessage", "true"]
    command += ["--secrets.files", str(secrets.resolve())] if secrets else []
    environment = os.environ | places.importable() | {"MMEXPLORE_HOME": str(default_home().path.resolve())}
    if data := os.environ.get("MMEXPLORE_DATA_DIR"):
        environment["MMEXPLORE_DATA_DIR"] = str(Path(data).expanduser().resolve())
    return subprocess.Popen(command, cwd=places.ROOT, env=environment | allowed, stdout=sys.stderr)


def _url(server: "subprocess.Popen[bytes]", host: str, port: int) -> str:
    """Where the app is, once it answers there. Raises NotAvailable if its server ends before."""
    shown = _EVERYWHERE.get(host, host)
    while server.poll() is None:
        with suppress(OSError), socket.create_connection((shown, port), timeout=1):
            return f"http://[{shown}]:{port}" if ":" in shown else f"http://{shown}:{port}"
        time.sleep(_POLL_SECONDS)
    if server.returncode in _TOLD_TO_END:
        raise KeyboardInterrupt
    raise NotAvailable(f"the app's server did not come up (code {server.returncode}); what it said stands above")


def _has_screen() -> bool:
    """Whether a browser would open in a window; without one it would take the terminal over, or none is there."""
    return sys.platform != "linux" or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def _stop(*_: object) -> NoReturn:
    raise KeyboardInterrupt


def _end(server: "subprocess.Popen[bytes]") -> None:
    """Have the server gone before we are, however often Ctrl-C is pressed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    server.terminate()
    try:
        server.wait(GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()
