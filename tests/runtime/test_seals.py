"""What is read of a kept file is what was written, or it is said; whoever writes at the same time."""

import threading
import zlib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mmexplore.runtime import seals
from mmexplore.runtime.errors import Damaged
from mmexplore.runtime.home import Home, read_json, version_of, write_atomically, write_json, write_version

BESIDE = settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])


def damage(content: bytes, place: int, bit: int) -> bytes:
    """One bit turned, or for bit 8 the rest cut off."""
    place %= len(content)
    return content[:place] if bit == 8 else content[:place] + bytes([content[place] ^ 1 << bit]) + content[place + 1 :]


@BESIDE
@given(st.binary(min_size=1, max_size=300), st.integers(0), st.integers(0, 8))
def test_a_damaged_file_is_never_read(tmp_path: Path, content: bytes, place: int, bit: int) -> None:
    path = tmp_path / "kept.bin"
    write_atomically(path, content)
    assert seals.read(path) == content
    path.write_bytes(damage(content, place, bit))
    with pytest.raises(Damaged, match=r"kept.bin is not what was written there"):
        seals.read(path)
    with pytest.raises(Damaged):
        seals.verify(path)
    assert not seals.is_sound(path)
    write_atomically(path, content)
    assert seals.read(seals.verify(path)) == content


@BESIDE
@given(st.lists(st.binary(min_size=1, max_size=50), min_size=1, max_size=5), st.integers(0), st.integers(0, 8))
def test_a_growing_file_is_verified_as_far_as_it_is_counted(
    tmp_path: Path, parts: list[bytes], place: int, bit: int
) -> None:
    path, crc, size = tmp_path / "grown.bin", 0, 0
    path.write_bytes(b"")
    for part in parts:
        with path.open("ab") as file:
            file.write(part)
        crc, size = zlib.crc32(part, crc), size + len(part)
        seals.verify_grown(path, size, crc)
    whole = b"".join(parts)
    path.write_bytes(whole + b"what a killed writer left")
    seals.verify_grown(path, size, crc)
    hurt = damage(whole, place, bit)
    path.unlink()
    path.write_bytes(hurt)
    with pytest.raises(Damaged):
        seals.verify_grown(path, size, crc)


def test_what_has_no_seal_is_read_as_it_lies(tmp_path: Path) -> None:
    path = tmp_path / "old.json"
    path.write_text('{"a": 1}')
    assert read_json(path) == {"a": 1}
    path.write_text('{"a": 2}')
    assert read_json(path) == {"a": 2}
    long = tmp_path / ("x" * 240)
    write_atomically(long, b"content")
    long.write_bytes(b"kontent")
    with pytest.raises(Damaged):
        seals.read(long)
    seals.remove(long)
    assert not list(tmp_path.glob(".x*"))


def test_writers_that_race_leave_a_whole_file(tmp_path: Path) -> None:
    path, odd = tmp_path / "raced.json", []
    barrier = threading.Barrier(6)

    def write(number: int) -> None:
        barrier.wait()
        for turn in range(15):
            write_json(path, {"by": number, "turn": turn})
            try:
                read_json(path)
            except Damaged as error:
                odd.append(error)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not odd
    assert read_json(path)["turn"] == 14


def test_a_home_says_its_version_and_refuses_a_newer_one(tmp_path: Path) -> None:
    from mmexplore.runtime.errors import NotAvailable

    home = Home(tmp_path / "new")
    home.folder("runs")
    assert version_of(home) == 2
    assert version_of(Home(tmp_path)) == 1
    write_version(home)
    write_json(home / "version.json", {"version": 3})
    with pytest.raises(NotAvailable, match="has version 3, and this program knows versions 1 to 2"):
        version_of(home)
