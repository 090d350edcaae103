"""``mmexplore app`` before anything is opened: what cannot be listened on is refused in a sentence."""

import socket

import pytest
from typer.testing import CliRunner

from mmexplore.cli.app import app
from mmexplore.runtime.errors import NotAvailable


def test_a_port_that_is_taken_is_one_sentence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        told = CliRunner().invoke(app, ["app", "--port", str(port), "--json"])
    assert isinstance(told.exception, NotAvailable)
    assert f"port {port} of localhost" in str(told.exception)
    assert "give another with --port" in str(told.exception)
    assert told.stdout == ""


@pytest.mark.parametrize("host", ["no such host", "192.0.2.1"])
def test_an_address_that_is_not_ours_is_one_sentence(host: str) -> None:
    told = CliRunner().invoke(app, ["app", "--host", host, "--json"])
    assert isinstance(told.exception, NotAvailable)
    assert f"of {host}" in str(told.exception)
