"""Cache of published files: below MMEXPLORE_DATA_DIR, plain or gzipped, or in the home, fetched and checked."""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from mmexplore.runtime import seals
from mmexplore.runtime.cache import FolderCache
from mmexplore.runtime.errors import MmexploreError, NotAvailable
from mmexplore.runtime.home import Home
from mmexplore.runtime.progress import Progress

_DEPTH = 4  # folders below MMEXPLORE_DATA_DIR that are searched


def here(*, home: Home) -> dict[str, Path]:
    """Files by name: those of MMEXPLORE_DATA_DIR, then those that were fetched."""
    found: dict[str, Path] = {}
    chosen = os.environ.get("MMEXPLORE_DATA_DIR", "")
    for root in (Path(chosen).expanduser() if chosen else None, home.place("datasets", "fetched")):
        for name, path in (_files(root) if root else {}).items():
            found.setdefault(name, path)
    return found


def first_of(files: Mapping[str, Path], names: Iterable[str]) -> Path | None:
    """The first of these files that is there, plain or gzipped."""
    stems = [name.removesuffix(".gz") for name in names]
    return next((files[name] for stem in stems for name in (stem, stem + ".gz") if name in files), None)


def download(name: str, url: str, file: str, check: str | None, progress: Progress, *, home: Home) -> Path:
    """The file of a data set from its address; ``check`` is "sha256:..." or "md5:...". Raises NotAvailable."""
    import pooch

    pooch.get_logger().setLevel("WARNING")
    place = home.folder("datasets", "fetched")
    try:
        meter: Any = _Meter(name, progress)
        getter = pooch.HTTPDownloader(progressbar=meter, timeout=30)
        if not seals.is_sound(place / file):
            seals.remove(place / file)
        found = Path(pooch.retrieve(url, check, fname=file, path=place, downloader=getter))
        seals.seal(found)
        return found
    except MmexploreError:
        raise
    except ValueError:
        why = f"what came from {url} is not the published file of {name!r} (its checksum differs); try again later"
    except OSError as error:  # requests' errors are children of it
        why = f"data set {name!r} could not be fetched ({type(error).__name__}); try again with a network"
    raise NotAvailable(f"{why}, or put {file} from {url} into a folder and set MMEXPLORE_DATA_DIR to it")


def _read_files(root: Path) -> tuple[dict[str, Path], list[Path]]:
    found: dict[str, Path] = {}
    folders = [root]
    for place, below, files in os.walk(root):
        folders.append(Path(place))
        if len(Path(place).relative_to(root).parts) >= _DEPTH:
            below.clear()
        for file in sorted(files):
            found.setdefault(file, Path(place, file))
    return found, folders


_files = FolderCache(_read_files)


class _Meter:
    """What pooch calls a progress bar."""

    def __init__(self, name: str, progress: Progress) -> None:
        self.total, self._done, self._name, self._progress = 0, 0, name, progress

    def update(self, size: int) -> None:
        self._done += size
        self._progress(f"fetch {self._name}", self._done, max(self.total, self._done))

    def reset(self) -> None:
        self._done = 0

    def close(self) -> None:
        pass
