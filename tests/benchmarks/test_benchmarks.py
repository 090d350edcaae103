"""Each benchmark that a text names is there, and takes the words that are printed with it."""

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TEXTS = (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md"))
TEXTS = tuple(path for path in TEXTS if path.name != "where.md")  # which lists places, not commands
SCRIPTS = {path.stem: path for path in (ROOT / "benchmarks").glob("*.py") if "__main__" in path.read_text("utf-8")}
PARSE = """
import importlib, json, sys
refused = []
for name, words in json.load(sys.stdin):
    try:
        importlib.import_module(name).command_line().parse_args(words)
    except SystemExit:
        refused.append([name, *words])
print(json.dumps(refused))
"""


def printed() -> set[tuple[str, ...]]:
    """Script and words of every command: in a text's code, in a script's own words, in a result."""
    results = [
        json.loads(path.read_text("utf-8"))["command"] for path in (ROOT / "benchmarks" / "results").glob("*.json")
    ]
    found = {line.split("python benchmarks/")[1] for line in [*_in_scripts(), *results]} | _in_texts()
    commands = {tuple(shlex.split(command)) for command in found}
    assert {Path(name).stem for name, *_ in commands} >= set(SCRIPTS), "every script prints its own command"
    return commands


def _in_texts() -> set[str]:
    """What follows ``benchmarks/`` in a text's code; a script's name alone is enough, as in the README's table."""
    pattern = re.compile(r"`(?:PYTHONPATH=\. python )?(benchmarks/)?([a-z_]+\.py(?: [^`\n]*)?)`")
    found = [match for path in TEXTS for match in pattern.findall(path.read_text("utf-8"))]
    return {code for folder, code in found if folder or Path(code.split()[0]).stem in SCRIPTS}


def _in_scripts() -> set[str]:
    """The line of its docstring, its optional words taken as given."""
    lines = [line for path in SCRIPTS.values() for line in path.read_text("utf-8").splitlines()]
    said = {line.strip() for line in lines if re.match(r" +(\S+=\S+ )?python benchmarks/", line)}
    return {re.sub(r"[\[\]]|\.\.\.(?=\]|$)| \.\.\.", "", line) for line in said}


def test_every_command_names_a_script() -> None:
    assert {words[0] for words in printed()} <= {path.name for path in SCRIPTS.values()}


@pytest.mark.slow
@pytest.mark.release
def test_every_script_takes_the_words_that_are_printed_with_it() -> None:
    numbers = {"molecules": "5", "turns": "1", "repeats": "1"}  # what stands for a number in a script's own words
    asked = [(Path(name).stem, [numbers.get(word, word) for word in words]) for name, *words in printed()]
    asked += [(name, ["--smallest"]) for name in SCRIPTS]
    paths = {"PYTHONPATH": os.pathsep.join(map(str, (ROOT, ROOT / "benchmarks", ROOT / "tests")))}
    done = subprocess.run(
        [sys.executable, "-c", PARSE],
        input=json.dumps(sorted(asked)),
        capture_output=True,
        text=True,
        env=os.environ | paths,
        cwd=ROOT,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1]) == [], done.stderr
