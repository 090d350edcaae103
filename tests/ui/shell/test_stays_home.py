"""The server asks nobody outside this machine: every other socket is refused and counted."""

import socket
import urllib.request
from pathlib import Path

import pytest
from browser import start_server

from mmexplore.studio import hosts

REFUSES = """
import socket
told = {told!r}
inside = ("127.", "localhost", "::1", "0.0.0.0")
def note(where):
    with open(told, "a") as file:
        print(where, file=file)
def refusing(real):
    def connect(self, address):
        if self.family in (socket.AF_INET, socket.AF_INET6) and not str(address[0]).startswith(inside):
            note(address)
            raise OSError("no way out")
        return real(self, address)
    return connect
class Socket(socket.socket):
    connect = refusing(socket.socket.connect)
    connect_ex = refusing(socket.socket.connect_ex)
real_lookup = socket.getaddrinfo
def lookup(host, *rest, **more):
    if host is not None and not str(host).startswith(inside):
        note(host)
        raise socket.gaierror("no way out")
    return real_lookup(host, *rest, **more)
socket.socket, socket.getaddrinfo = Socket, lookup
"""


def upgraded(port: int, origin: str) -> str:
    """The first line of what the server says to a WebSocket from a page of that origin."""
    lines = ["GET /_stcore/stream HTTP/1.1", f"Host: localhost:{port}", "Upgrade: websocket", "Connection: Upgrade"]
    lines += [f"Origin: {origin}", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "", ""]
    with socket.create_connection(("127.0.0.1", port)) as talk:
        talk.sendall("\r\n".join(lines).encode())
        return talk.makefile("rb").readline().decode().strip()


@pytest.mark.release
def test_the_server_asks_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = tmp_path / "told.txt"
    (tmp_path / "path").mkdir()
    (tmp_path / "path" / "sitecustomize.py").write_text(REFUSES.format(told=str(told)))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "path"))
    monkeypatch.setenv("STREAMLIT_SERVER_ADDRESS", "0.0.0.0")  # Streamlit looks its addresses up to print them
    monkeypatch.setenv(hosts.HOSTS, "lab.example.org")
    process, server = start_server(tmp_path)
    try:
        port = int(server.url.rpartition(":")[2])
        said = [
            upgraded(port, f"http://{name}") for name in (f"localhost:{port}", "lab.example.org", "evil.example.org")
        ]
        assert ["101" in line for line in said] == [True, True, False], said
        assert "403" in said[2]
        with urllib.request.urlopen(f"{server.url}/card.json?data=solubility&row=0") as answer:
            assert answer.status == 200
    finally:
        process.kill()
        process.wait()
    assert not told.exists(), told.read_text()
