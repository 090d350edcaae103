"""Download of 3Dmol.js, which draws molecules in space: fetched once from npm's registry, checked, kept under the home.

Rego and Koes 2015, doi:10.1093/bioinformatics/btu829. The package is taken from MMEXPLORE_DATA_DIR where it lies there.
"""

import os
import tarfile
import time
from pathlib import Path
from threading import Lock

from mmexplore.runtime import seals
from mmexplore.runtime.errors import NotAvailable
from mmexplore.runtime.home import Home, write_atomically

VERSION = "2.5.5"
PACKAGE = f"3dmol-{VERSION}.tgz"
URL = f"https://registry.npmjs.org/3dmol/-/{PACKAGE}"
SHA256 = "26d91c5036d4efe78fc032c22cb692fea92bbb3cb1e65d20bf3869673fb3d8f5"
MEMBER = "package/build/3Dmol-min.js"
_PATIENCE_SECONDS, _PAUSE_SECONDS = 8, 600
_failed_at = [-float(_PAUSE_SECONDS)]
_turn = Lock()


def path(*, home: Home) -> Path:
    """Path of the script, there or not."""
    return home / "scripts" / f"3Dmol-{VERSION}.js"


def fetch(*, home: Home) -> Path:
    """The script, fetched if it is not here (4 MB). Raises NotAvailable; after a failure at once for ten minutes."""
    with _turn:
        if seals.is_sound(path(home=home)):
            return path(home=home)
        if time.monotonic() - _failed_at[0] < _PAUSE_SECONDS:
            raise NotAvailable("3Dmol.js could not be fetched a moment ago")
        try:
            write_atomically(path(home=home), _content(_package(home=home)))
        except (OSError, ValueError, KeyError) as error:  # no network, another file than the published one, a full disk
            _failed_at[0] = time.monotonic()
            raise NotAvailable(f"3Dmol.js could not be fetched from {URL} ({type(error).__name__})") from None
        return path(home=home)


def _package(*, home: Home) -> Path:
    import pooch

    given = os.environ.get("MMEXPLORE_DATA_DIR", "")
    found = next(Path(given).expanduser().rglob(PACKAGE), None) if given else None
    if found and pooch.file_hash(str(found)) == SHA256:
        return found
    pooch.get_logger().setLevel("WARNING")
    getter = pooch.HTTPDownloader(timeout=_PATIENCE_SECONDS)
    return Path(pooch.retrieve(URL, f"sha256:{SHA256}", PACKAGE, home.folder("scripts"), downloader=getter))


def _content(package: Path) -> bytes:
    with tarfile.open(package) as files:
        member = files.extractfile(MEMBER)
        if member is None:
            raise KeyError(MEMBER)
        return member.read()
