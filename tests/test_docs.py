"""The documents keep their word: commands run, scores are those of the results, the site asks nothing from anywhere."""

import importlib
import inspect
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"


def blocks(path: Path, language: str) -> list[str]:
    """Fenced blocks of a page in one language."""
    return re.findall(rf"^```{language}\n(.*?)^```", path.read_text("utf-8"), re.MULTILINE | re.DOTALL)


@pytest.mark.release
@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("page", ["tutorial.md", "tutorial-predict.md"])
def test_a_tutorial_runs(page: str, tmp_path: Path) -> None:
    """Its blocks, from the first to the last, in an empty folder with a home of its own."""
    binaries = tmp_path / "bin"
    binaries.mkdir()
    for name, words in {"python": "", "mmexplore": "-m mmexplore"}.items():
        (binaries / name).write_text(f'#!/bin/sh\nexec "{sys.executable}" {words} "$@"\n', encoding="utf-8")
        (binaries / name).chmod(0o755)
    paths = {"PATH": f"{binaries}{os.pathsep}{os.environ['PATH']}", "PYTHONPATH": str(ROOT)}
    environment = os.environ | paths | {"MMEXPLORE_HOME": str(tmp_path / "home")}
    text = (DOCS / page).read_text("utf-8")
    steps = re.findall(r"^```(sh|python)\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    assert {"sh", "python"} == {language for language, _ in steps}
    for language, step in steps:
        command = ["sh", "-euc", step] if language == "sh" else [sys.executable, "-c", step]
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{step}\n{done.stdout}\n{done.stderr}"


def test_every_command_names_a_verb_and_options_that_exist() -> None:
    import typer

    from mmexplore.cli.app import app

    verbs = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    groups = {name: [verb, *getattr(verb, "commands", {}).values()] for name, verb in verbs.items()}
    known = {
        name: {option for verb in group for p in verb.params for option in p.opts} for name, group in groups.items()
    }
    known.setdefault("app", set())
    pages = [ROOT / "README.md", *DOCS.rglob("*.md")]
    lines = [
        line
        for page in pages
        for language in ("sh", "")
        for block in blocks(page, language)
        for line in block.splitlines()
    ]
    commands = [line.split("#")[0].split() for line in lines if re.match(r"(python -m )?mmexplore \w", line)]
    assert len(commands) > 20
    for words in commands:
        verb = words[words.index("mmexplore") + 1]
        assert verb in known, words
        assert {w for w in words if re.fullmatch(r"--[a-z-]+", w)} <= known[verb] | {"--help"}, words


def test_each_score_is_that_of_a_result() -> None:
    results = [json.loads(path.read_text("utf-8")) for path in (ROOT / "benchmarks/results").glob("*.json")]
    every = [row for result in results for row in (*result["rows"], *result.get("judged", ()))]
    rows = [row for row in every if row.get("std") is not None]
    known = {f"{row['mean']:.{digits}f} ± {row['std']:.{digits}f}" for row in rows for digits in (1, 3)}
    told = re.findall(r"[\d.]+ ± [\d.]+", (DOCS / "figures.md").read_text("utf-8"))
    assert len(told) > 60
    assert [score for score in told if score not in known] == []


def test_each_measurement_has_its_command_among_the_figures() -> None:
    text = (DOCS / "figures.md").read_text("utf-8")
    commands = {json.loads(p.read_text("utf-8"))["command"] for p in (ROOT / "benchmarks/results").glob("*.json")}
    scripts = {re.search(r"benchmarks/(\w+\.py)", command)[1] for command in commands}  # type: ignore[index]
    assert {script for script in scripts if f"`{script}" not in text} == set()


def test_the_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_text("utf-8").split()) <= 1500


def test_links_of_pages_outside_the_site_lead_somewhere() -> None:
    """Those within it are the strict build's to judge."""
    lost = []
    for page in (ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md"):
        targets = re.findall(r"\]\(([^)#]+)", page.read_text("utf-8"))
        lost += [target for target in targets if "://" not in target and not (ROOT / target).exists()]
    assert lost == []


def test_each_part_of_the_python_door_says_what_it_is_and_has_one_place(monkeypatch: pytest.MonkeyPatch) -> None:
    from mmexplore import studio

    made = [(name, getattr(studio, name)) for name in studio.__all__]
    assert [name for name, one in made if (inspect.isfunction(one) or inspect.isclass(one)) and not one.__doc__] == []
    monkeypatch.syspath_prepend(str(DOCS / "site"))
    page = importlib.import_module("reference").door()
    assert sorted(re.findall(r"^::: mmexplore\.studio\.(\w+)$", page, re.MULTILINE)) == sorted(studio.__all__)
    assert re.search(r"^## Data sets\n\n.*?^::: mmexplore\.studio\.fetch$", page, re.MULTILINE | re.DOTALL)


@pytest.mark.release
@pytest.mark.slow
def test_the_site_is_built_strictly_and_asks_nothing_from_anywhere(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "mkdocs", "build", "--quiet", "--strict", "--site-dir", str(tmp_path)]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "NO_MKDOCS_2_WARNING": "1"}
    subprocess.run([*command, "-f", str(DOCS / "site/mkdocs.yml")], check=True, env=environment)
    loaded = re.compile(r"<(?:script|img|iframe|link)\b[^>]*?\b(?:src|href)=[\"']?(?:https?:)?//[^\"' >]+")
    pages = list(tmp_path.rglob("*.html"))
    assert {page.name: found for page in pages if (found := loaded.findall(page.read_text("utf-8")))} == {}
    reference = (tmp_path / "reference/studio.html").read_text("utf-8")
    from mmexplore import studio

    assert [name for name in studio.__all__ if f'id="mmexplore.studio.{name}"' not in reference] == []
    assert "mmexplore retrieve" in (tmp_path / "reference/cli.html").read_text("utf-8")
