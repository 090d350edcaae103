"""Laws of the house: levels stay small, names say what is inside, and a first paint imports no torch."""

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from mmexplore import studio
from mmexplore.runtime.registry import BASELINES, ENCODERS, FUSIONS, MODALITIES, PRETRAININGS

ROOT = Path(__file__).parent.parent


def _files() -> list[str]:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [name for name in listed.splitlines() if (ROOT / name).exists()]


def test_a_level_can_be_taken_in_at_a_glance() -> None:
    """At most 16 entries a folder of the package; members of a family, which are chosen by name, may be more."""
    levels: dict[str, set[str]] = {}
    for name in _files():
        if name.startswith("mmexplore/") and not name.startswith("mmexplore/ui/components/molecule_map/"):
            folder, _, entry = name.rpartition("/")
            levels.setdefault(folder, set()).add(entry)
            while folder != "mmexplore":
                folder, _, entry = folder.rpartition("/")
                levels.setdefault(folder, set()).add(entry)
    families = {family.package.replace(".", "/") for family in (MODALITIES, ENCODERS, FUSIONS, BASELINES, PRETRAININGS)}
    crowded = {folder: len(entries) for folder, entries in levels.items() if len(entries - {"__init__.py"}) > 16}
    assert crowded.keys() <= families


def test_names_say_what_is_inside() -> None:
    vague = re.compile(r"(^|[_/])(utils?|common|helpers?|core|v2)(\.py|/)")
    assert [f for f in _files() if vague.search(f)] == []


@pytest.mark.slow
def test_screens_import_nothing_slow() -> None:
    code = (
        "import sys, mmexplore.studio, mmexplore.ui.server.routes, mmexplore.ui.shell.startup\n"
        "early = {'numpy', 'rdkit', 'pydantic'} & set(sys.modules)\n"
        "early and sys.exit(f'a server reads {early} before it answers')\n"
        "import mmexplore.ui.map.page\n"
        "slow = {'torch', 'torch_geometric', 'lightning', 'umap', 'numba', 'openTSNE', 'chemprop', 'optuna'}\n"
        "heavy = (slow | {'pandas', 'scipy', 'sklearn'}) & set(sys.modules)\n"
        "sys.exit(f'a screen imports {heavy}' if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_nothing_is_unpickled_and_no_html_is_unsafe() -> None:
    forbidden = re.compile(r"pickle\.loads?|allow_pickle=True|weights_only=False|unsafe_allow_html=True|joblib\.load")
    sources = [f for f in _files() if f.endswith(".py") and not f.endswith(Path(__file__).name)]
    assert [f for f in sources if forbidden.search((ROOT / f).read_text(encoding="utf-8"))] == []


def test_docs_name_no_place_of_one_machine() -> None:
    texts = [f for f in _files() if f.endswith((".md", ".json", ".toml", ".py", ".js", "run", "Makefile"))]
    place = re.compile(r"(?<![\w.])/(work|tmp|root|home)/\w")
    guilty = {f for f in texts if place.search((ROOT / f).read_text(encoding="utf-8"))}
    assert guilty == set()


@pytest.mark.slow
@pytest.mark.parametrize("words", [["--help"], ["datasets", "--json"], ["models", "--json"], ["jobs", "--json"]])
def test_the_cli_answers(words: list[str]) -> None:
    command = [sys.executable, "-m", "mmexplore", *words]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, env=os.environ, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()


def test_what_is_imported_is_imported_from_where_it_is_made() -> None:
    """No chains: only ``mmexplore.studio``, the public API, hands on what others define."""
    made, taken = {}, []
    for name in _files():
        if not name.startswith("mmexplore/") or not name.endswith(".py"):
            continue
        module = name.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        tree = ast.parse((ROOT / name).read_text(encoding="utf-8"))
        inner = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
        made[module] = {alias.asname or alias.name for node in inner for alias in node.names}
        taken += [(name, node.module or "", alias.name) for node in inner for alias in node.names]
    handed_on = {
        f"{name} takes {what} from {module}"
        for name, module, what in taken
        if module in made and module != "mmexplore.studio" and what in made[module] and f"{module}.{what}" not in made
    }
    assert handed_on == set()
    assert sorted(set(studio.__all__)) == sorted(studio.__all__)
    assert {name for name in studio.__all__ if not hasattr(studio, name)} == set()
    files = {path.stem for path in Path(studio.__file__).parent.glob("*.py")}
    assert not files & set(studio.__all__), "importing a module puts it in the place of what has its name"


def test_no_two_classes_have_one_name() -> None:
    classes: dict[str, list[str]] = {}
    for name in _files():
        if name.startswith("mmexplore/") and name.endswith(".py"):
            for node in ast.walk(ast.parse((ROOT / name).read_text(encoding="utf-8"))):
                if isinstance(node, ast.ClassDef):
                    classes.setdefault(node.name, []).append(name)
    assert {name: places for name, places in classes.items() if len(places) > 1} == {}


def test_names_of_data_sets_and_models_end_at_the_door() -> None:
    """Below ``studio`` nothing asks for a home or looks up what the environment says of it."""
    allowed = {"mmexplore/runtime/home.py", "mmexplore/runtime/jobs/worker.py"}
    below = [
        f
        for f in _files()
        if re.match(r"mmexplore/(explore|training|models|nn|features|datasets|recipes|chem|runtime)/", f)
    ]
    asking = {f for f in below if f.endswith(".py") and "default_home(" in (ROOT / f).read_text(encoding="utf-8")}
    assert asking == allowed
