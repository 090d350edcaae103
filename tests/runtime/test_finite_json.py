"""Every number that is written is finite or left out: one writer, and no way round it."""

import ast
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmexplore.models import checkpoints
from mmexplore.models.checkpoints import Card, DataUsed, SplitUsed
from mmexplore.recipes.presets import preset
from mmexplore.runtime.home import as_json, json_text, read_json, write_json
from mmexplore.runtime.jobs.reporters import JobProgress

PACKAGE = Path(__file__).parents[2] / "mmexplore"
numbers = st.floats(allow_nan=True, allow_infinity=True) | st.floats(width=32).map(np.float32) | st.integers()
values = st.recursive(
    numbers | st.text(max_size=5) | st.none() | st.booleans(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=12,
)


def strictly(text: str) -> Any:
    """JSON as everybody reads it: a NaN in it is no number."""
    return json.loads(text, parse_constant=lambda word: pytest.fail(f"{word} in JSON"))


@given(values)
def test_what_is_written_is_read_back_by_any_reader(value: Any) -> None:
    found = strictly(json_text(value))
    assert found == as_json(value)
    assert strictly(json_text(found)) == found


@given(st.lists(numbers, max_size=6))
def test_finite_numbers_stay_what_they_were(some: list[float]) -> None:
    for mine, theirs in zip(strictly(json_text(some)), some, strict=True):
        assert mine == theirs if math.isfinite(theirs) else mine is None


def test_arrays_are_lists() -> None:
    assert as_json({"x": np.array([[1.0, np.nan]]), "n": np.int64(3), "b": np.bool_(True)}) == {
        "x": [[1.0, None]],
        "n": 3,
        "b": True,
    }


def test_nothing_is_dumped_that_would_let_a_nan_through() -> None:
    loose = []
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in ("json.dumps", "json.dump"):
                strict = any(k.arg == "allow_nan" and ast.unparse(k.value) == "False" for k in node.keywords)
                loose += [] if strict else [f"{path.relative_to(PACKAGE)}:{node.lineno}"]
            if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("write_atomically"):
                dumped = "model_dump_json" in ast.unparse(node)
                loose += [f"{path.relative_to(PACKAGE)}:{node.lineno}"] if dumped else []
    assert loose == []


def card(**scores: float) -> Card:
    data = DataUsed(name="toy", digest="0", rows=1, tasks=())
    split = SplitUsed(rule="random", seed=0, sizes=(1, 1, 1))
    return Card(
        name="toy", data=data, split=split, seed=0, metrics={"test": scores}, epochs_run=1, best_epoch=1,
        seconds=math.nan, molecules_per_second=math.inf,
    )  # fmt: skip


def test_a_card_leaves_out_what_is_no_number(tmp_path: Path) -> None:
    written = card(rmse=1.5, r2=math.nan, mae=math.inf)
    checkpoints.write(tmp_path, b"", preset("dmpnn"), written)
    assert strictly((tmp_path / "card.json").read_text())["metrics"] == {"test": {"rmse": 1.5}}
    assert checkpoints.read(tmp_path)[1].metrics == {"test": {"rmse": 1.5}}


def test_a_card_of_a_former_version_with_a_null_in_it_opens(tmp_path: Path) -> None:
    """Such a model could be opened by nothing."""
    checkpoints.write(tmp_path, b"", preset("dmpnn"), card(rmse=1.5))
    told = read_json(tmp_path / "card.json")
    told["metrics"] = {"validation": {"loss": None}, "test": {"rmse": 1.5, "r2": None}}
    told["per_task"] = {"test": {"y": {"r2": None}}}
    write_json(tmp_path / "card.json", told | {"seconds": None})
    found = checkpoints.read(tmp_path)[1]
    assert found.metrics == {"validation": {}, "test": {"rmse": 1.5}}
    assert found.seconds == 0


def test_a_job_tells_no_nan(tmp_path: Path) -> None:
    told = JobProgress(tmp_path)
    told("train", 1, 2, loss=math.nan, rmse=1.0)
    told.mark("failed", "so it goes", retry=False)
    assert strictly((tmp_path / "events.jsonl").read_text())["values"] == {"loss": None, "rmse": 1.0}
    status = strictly((tmp_path / "status.json").read_text())
    assert (status["state"], status["retry"]) == ("failed", False)
