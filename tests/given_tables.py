"""Tables as users write them, in a home of the test's own; ``pytest_plugins = ("given_tables",)``."""

from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from mmexplore.datasets import Remark

Written = Callable[..., Path]


@pytest.fixture
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home that nothing was kept in yet; made by the code under test."""
    monkeypatch.setenv("MMEXPLORE_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def written(tmp_path: Path) -> Written:
    """Writes a file of this content and name, and gives its path."""

    def write(content: str | bytes, name: str = "table.csv") -> Path:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def reasons(remarks: Iterable[Remark]) -> dict[int, str]:
    """What a report says of each line."""
    return {remark.line: remark.reason for remark in remarks}
