"""Each promise of "What we promise" names tests, and each test that it names is there."""

import ast
import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ROWS = [line for line in (ROOT / "docs/promises.md").read_text("utf-8").splitlines() if line.startswith("| ")]
PROMISES = [row for row in ROWS if row != "| promise | held by |"]
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")


def functions_in(path: Path) -> set[str]:
    """Functions of a test file, those of its classes, too."""
    return {node.name for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize("row", PROMISES)
def test_the_tests_that_hold_a_promise_are_there(row: str) -> None:
    promise, held = row.strip("| ").split(" | ")
    found = NAMED.findall(held)
    assert found, f"nothing holds: {promise}"
    assert NAMED.sub("", held).strip(", ") == "", "only tests are named, with commas between"
    assert [name for file, name in found if name not in functions_in(ROOT / file)] == []


def test_every_row_is_a_promise() -> None:
    assert len(PROMISES) > 20
    assert len(ROWS) - len(PROMISES) == (ROOT / "docs/promises.md").read_text("utf-8").count("|---|---|")


def test_the_table_of_odd_inputs_is_that_of_its_result() -> None:
    rows = json.loads((ROOT / "benchmarks/results/fuzz.json").read_text("utf-8"))["rows"]
    text = (ROOT / "docs/figures.md").read_text("utf-8")
    faults = ("tracebacks", "over the deadline", "silent differences")
    for row in rows:
        cells = [row["kind"], *(f"{row[name]:,}" for name in ("cases", "answered", "refused in words", *faults))]
        assert f"| {' | '.join(cells)} |" in text
        assert [row[name] for name in faults] == [0, 0, 0], row["kind"]
