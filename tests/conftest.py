"""Every test writes to a home of its own session, never to the user's; CPU threads stay at one a worker.

Property tests draw the same forty examples in every run, so that a change is blamed for what it breaks; set
HYPOTHESIS_SEEK=1 to look for a hundred new ones. With MMEXPLORE_TEST_WITHOUT_POSIX=1 all tests, and the processes that
they start, run without what only Linux has: see ``other_systems/without_posix.py``.
"""

import functools
import importlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from streamlit.components.v2 import manifest_scanner

collect_ignore = ["other_systems"]  # what is imported from there takes calls away from the whole session
settings.register_profile("same", derandomize=True, deadline=None, max_examples=40)
settings.register_profile("new", deadline=None)
settings.load_profile("new" if os.environ.get("HYPOTHESIS_SEEK") else "same")
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("MMEXPLORE_DEADLINE", "60")  # a busy machine is no reason to fail
if os.environ.get("MMEXPLORE_TEST_WITHOUT_POSIX"):
    other_systems = str(Path(__file__).with_name("other_systems"))
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [other_systems, os.environ.get("PYTHONPATH")]))
    sys.path.insert(0, other_systems)
    importlib.import_module("without_posix")


@pytest.fixture(scope="session", autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """MMEXPLORE_HOME for this test session."""
    path = tmp_path_factory.mktemp("home")
    before = os.environ.get("MMEXPLORE_HOME")
    os.environ["MMEXPLORE_HOME"] = str(path)
    yield path
    if before is None:
        del os.environ["MMEXPLORE_HOME"]
    else:
        os.environ["MMEXPLORE_HOME"] = before


@pytest.fixture(scope="session")
def visited(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home as a first visit leaves it: the embedded data set was read, which takes seconds. To be copied."""
    from mmexplore.datasets import catalog
    from mmexplore.runtime.home import Home

    path = tmp_path_factory.mktemp("visited")
    catalog.load("solubility", home=Home(path))
    return path


@pytest.fixture(scope="session", autouse=True)
def scanned_once() -> Iterator[None]:
    """A run of AppTest reads the metadata of all installed packages, which is most of its time: once will do."""
    once = functools.cache(manifest_scanner.scan_component_manifests)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(manifest_scanner, "scan_component_manifests", once)
        yield


@pytest.fixture
def real_data() -> Path:
    """The folder of real MoleculeNet and NMR files; the test is skipped where there is none."""
    path = os.environ.get("MMEXPLORE_DATA_DIR", "")
    if not path or not Path(path).is_dir():
        pytest.skip("MMEXPLORE_DATA_DIR is not set: this test wants real MoleculeNet files")
    return Path(path)
