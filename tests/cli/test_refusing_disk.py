"""A disk that is full or may not be written: one sentence on stderr, or as a job's message, and no half-made folder."""

import errno
import os
from pathlib import Path

import pytest

from mmexplore import studio
from mmexplore.cli import app
from mmexplore.runtime import home as homes
from mmexplore.runtime.errors import NotAvailable
from mmexplore.runtime.home import Home
from mmexplore.runtime.jobs import client
from mmexplore.runtime.jobs.folder import read
from mmexplore.runtime.jobs.worker import running

REFUSED = [errno.ENOSPC, errno.EROFS, errno.EACCES]


@pytest.mark.parametrize("number", REFUSED)
def test_a_verb_says_it_in_a_sentence(
    number: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse() -> None:
        raise OSError(number, os.strerror(number), "/a/file")

    monkeypatch.setattr(studio, "migrate", refuse)
    with pytest.raises(SystemExit) as ended:
        app.main()
    assert ended.value.code == 1
    said = capsys.readouterr().err
    assert said.startswith(f"/a/file could not be opened or written: {os.strerror(number)}; make room")
    assert said.count("\n") == 1


def test_a_job_says_it_and_its_folder_is_whole_or_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MMEXPLORE_HOME", str(tmp_path))
    home = Home(tmp_path)
    monkeypatch.setattr(client, "COMMAND", ["true"])
    job = client.start("map", [], home=home)
    with pytest.raises(SystemExit), running(job.folder):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    ended = read(job.folder)
    assert (ended.state, ended.message.partition(";")[0]) == (
        "failed",
        f"a file could not be written: {os.strerror(errno.ENOSPC)}",
    )

    def refuse(source: Path, target: Path) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(homes.files, "replace", refuse)
    before = sorted((tmp_path / "jobs").iterdir())
    with pytest.raises(OSError, match=os.strerror(errno.ENOSPC)):
        client.start("map", [], home=home)
    assert sorted((tmp_path / "jobs").iterdir()) == before


def test_a_command_that_is_not_there_leaves_no_job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "COMMAND", [str(tmp_path / "none")])
    with pytest.raises(NotAvailable, match="could not be started"):
        client.start("map", [], home=Home(tmp_path))
    assert not client.jobs(home=Home(tmp_path))
