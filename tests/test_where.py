"""Files that documents name are there, and those of "Where is" hold what is said of them."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ROW = re.compile(r"^\| ([^|`]+) \| `([^`]+)` \| `([^`]+)` \|$", re.MULTILINE)
ANSWERS = ROW.findall((ROOT / "docs/where.md").read_text("utf-8"))


def named_in(path: Path) -> set[str]:
    """Functions, classes and values at a module's top level, and what its expressions call: of a page, its one call."""
    names: set[str] = set()
    for statement in ast.parse(path.read_text("utf-8")).body:
        match statement:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                names.add(name)
            case ast.Assign(targets=targets):
                names |= {target.id for target in targets if isinstance(target, ast.Name)}
            case ast.Expr(value=ast.Call(func=ast.Name(id=name))):
                names.add(name)
    return names


@pytest.mark.parametrize(("question", "file", "name"), ANSWERS)
def test_the_file_holds_what_is_asked_for(question: str, file: str, name: str) -> None:
    assert name in named_in(ROOT / file), question


def test_each_row_is_read_and_each_question_asked_once() -> None:
    rows = [line for line in (ROOT / "docs/where.md").read_text("utf-8").splitlines() if line.startswith("| ")]
    assert len(rows) == len(ANSWERS) + 1  # the header
    assert len({question for question, _, _ in ANSWERS}) == len(ANSWERS)


def test_each_word_of_the_glossary_lives_somewhere() -> None:
    rows = [line for line in (ROOT / "docs/glossary.md").read_text("utf-8").splitlines() if line.startswith("| ")][1:]
    lives = {line.split(" | ")[0]: re.findall(r"`([^`]+)` \|$", line) for line in rows}
    assert {term for term, places in lives.items() if not places or not (ROOT / places[0]).exists()} == set()


def test_each_file_that_a_document_names_is_there() -> None:
    """What is named ends the path of a file of the repository."""
    files = [path.relative_to(ROOT).as_posix() for path in ROOT.rglob("*.py") if ".venv" not in path.parts]
    missing = {}
    for text in (ROOT / "docs").rglob("*.md"):
        named = set(re.findall(r"`([\w/]+\.py)`", text.read_text("utf-8")))
        if lost := {name for name in named if not any(f"/{file}".endswith(f"/{name}") for file in files)}:
            missing[text.name] = sorted(lost)
    assert missing == {}
