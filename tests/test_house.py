"""Laws of the house: the README's tree is true, files stay small, and a first paint imports no torch."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
TREE_FOLDERS = ("mmexplore", "pages", "checkpoints", "benchmarks", "tests", "docs", ".ci", ".streamlit")


def _files() -> list[str]:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [name for name in listed.splitlines() if (ROOT / name).exists()]


def _tree() -> dict[str, str]:
    """Paths of the README's file tree with what is said of each."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    block = re.search(r"<!-- tree -->\n```\n(.*?)```", text, re.S)
    assert block, "the README has a file tree between <!-- tree --> marks"
    found: dict[str, str] = {}
    folders: list[str] = []
    for line in block.group(1).splitlines():
        depth = (len(line) - len(line.lstrip())) // 2
        name, _, about = line.strip().partition("  ")
        folders[depth:] = [name.rstrip("/")]
        found["/".join(folders) + ("/" if name.endswith("/") else "")] = about.strip()
    return found


def test_the_tree_in_the_readme_names_every_file_and_no_other() -> None:
    files = set(_files())
    tree = _tree()
    wildcards = [p.replace("*", "[^/]*") for p in tree if "*" in p]
    named = {p for p in tree if not p.endswith("/") and "*" not in p}
    missing = {f for f in files - named if not any(re.fullmatch(w, f) for w in wildcards)}
    assert not missing, f"the README's tree lacks {sorted(missing)}"
    assert named <= files, f"the README's tree names what is not there: {sorted(named - files)}"


def test_the_tree_says_a_line_of_each_file() -> None:
    assert [p for p, about in _tree().items() if not about] == []


@pytest.mark.parametrize("name", [f for f in _files() if f.endswith((".py", ".js"))])
def test_a_file_is_at_most_250_lines(name: str) -> None:
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    assert len(lines) <= 250, f"{name} has {len(lines)} lines: a second thing has moved in"


def test_names_say_what_is_inside() -> None:
    vague = re.compile(r"(^|[_/])(utils?|common|helpers?|core|v2)(\.py|/)")
    assert [f for f in _files() if vague.search(f)] == []


def test_screens_import_nothing_slow() -> None:
    code = (
        "import sys, mmexplore.studio, mmexplore.ui.routes, mmexplore.ui.map_page\n"
        "slow = {'torch', 'torch_geometric', 'lightning', 'umap', 'numba', 'openTSNE', 'chemprop'}\n"
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


@pytest.mark.parametrize("words", [["--help"], ["datasets", "--json"], ["models", "--json"], ["jobs", "--json"]])
def test_the_cli_answers(words: list[str]) -> None:
    command = [sys.executable, "-m", "mmexplore", *words]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, env=os.environ, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()
