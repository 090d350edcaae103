"""Two data sets compared, against what was changed in one of them."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from toy_models import a_dataset
from typer.testing import CliRunner

from mmexplore.cli.app import app
from mmexplore.datasets import Dataset, Task
from mmexplore.explore import comparison
from mmexplore.explore.comparison import compare

TASKS = (Task("y", "regression"),)
ALKANES = [("C" * n) + "O" for n in range(1, 13)]


def table(values: dict[str, float], name: str = "a") -> Dataset:
    made = a_dataset(list(values))
    return replace(made, name=name, tasks=TASKS, labels=np.array(list(values.values()), np.float32).reshape(-1, 1))


@given(
    st.sets(st.sampled_from(ALKANES), min_size=1),
    st.sets(st.sampled_from(ALKANES), min_size=1),
    st.permutations(ALKANES),
)
def test_every_molecule_is_new_gone_changed_or_the_same(one: set[str], other: set[str], order: list[str]) -> None:
    before = table({s: float(len(s)) for s in sorted(one)})
    after = table({s: float(len(s)) + (len(s) % 3 == 0) for s in order if s in other}, "b")
    found = compare(before, after)
    by = {status: set(part["smiles"]) for status, part in found.table.groupby("status")}
    assert by.get("new", set()) == other - one
    assert by.get("gone", set()) == one - other
    assert by.get("changed", set()) == {s for s in one & other if len(s) % 3 == 0}
    assert found.same == len(one & other) - found.changed
    assert (found.new, found.gone, found.changed) == tuple(len(by.get(s, ())) for s in ("new", "gone", "changed"))


def test_a_set_compared_with_itself_differs_in_nothing() -> None:
    whole = a_dataset()
    found = compare(whole, whole)
    assert (len(found.table), found.same) == (0, len(set(whole.smiles)))


def test_what_changed_is_told() -> None:
    before, after = table({"CCO": 1.2, "CCN": float("nan"), "CCC": 2.0}), table({"CCO": 1.4, "CCN": 3, "CCC": 2.0}, "b")
    rows = {row["smiles"]: row for row in compare(before, after).table.to_dict("records")}
    assert rows["CCO"]["difference"] == "y: 1.2 \u2192 1.4"
    assert rows["CCN"]["difference"] == "y: none \u2192 3"
    assert rows.keys() == {"CCO", "CCN"}
    assert (rows["CCO"]["y before"], rows["CCO"]["y after"]) == (pytest.approx(1.2), pytest.approx(1.4))


def test_one_structure_in_two_drawings_is_one_molecule() -> None:
    """A nitro group with and without charges: other SMILES, the same InChIKey."""
    before, after = table({"CN(=O)=O": 1.0, "c1cccc1": 1.0}), table({"C[N+](=O)[O-]": 1.0, "CCO": 1.0}, "b")
    found = compare(before, after)
    assert (found.new, found.gone, found.changed) == (1, 1, 1)
    assert found.table.loc[found.table["status"] == "changed", "difference"].tolist() == ["drawn differently"]


def test_many_without_a_match_are_compared_by_smiles_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(comparison, "MOST_KEYS", 1)
    found = compare(table({"CN(=O)=O": 1.0}), table({"C[N+](=O)[O-]": 1.0}, "b"))
    assert (found.new, found.gone) == (1, 1)
    assert "not by InChIKey" in found.notes[0]


def test_the_shell_compares(tmp_path: Path) -> None:
    files = {
        "old": "smiles,name,y\nCCO,a,1\nCCN,b,2\nCCCC,e,7\n",
        "new": "smiles,name,y\nCCO,a,1.5\nCCCl,c,3\nCCCC,e,7\n",
    }
    for name, text in files.items():
        (tmp_path / f"{name}.csv").write_text(text)
    words = ["datasets", "compare", str(tmp_path / "old.csv"), str(tmp_path / "new.csv")]
    out = tmp_path / "out.csv"
    done = CliRunner().invoke(app, [*words, "--out", str(out), "--json"], catch_exceptions=False)
    told = json.loads(done.stdout)
    assert told["counts"] == {"new": 1, "gone": 1, "changed": 1}
    assert (told["same"], told["new"][0]["smiles"], told["gone"][0]["smiles"]) == (1, "CCCl", "CCN")
    assert told["changed"][0]["y after"] == 1.5
    assert out.read_text().count("\n") == 4
    assert CliRunner().invoke(app, words, catch_exceptions=False).exit_code == 0
    assert CliRunner().invoke(app, ["datasets", "compare", "solubility"]).exit_code == 2
    assert "solubility" in CliRunner().invoke(app, ["datasets", "--json"]).stdout
