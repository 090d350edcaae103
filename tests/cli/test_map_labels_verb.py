"""The verb ``map`` with labels and with a card: what it tells, what it writes, what it refuses before any work."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from mmexplore import studio
from mmexplore.cli.app import app
from mmexplore.runtime.errors import MmexploreError

WORDS = ["map", "--model", "ecfp", "--data", "freesolv", "--method", "pca"]


@pytest.mark.release
def test_labels_and_a_card(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MMEXPLORE_HOME", str(tmp_path))
    file = tmp_path / "card.html"
    told = CliRunner().invoke(app, [*WORDS, "--labels", "--card", str(file), "--json"])
    assert told.exit_code == 0, told.output
    values = json.loads(told.stdout)
    shown = studio.stored_map("ecfp", "freesolv", "ecfp", "pca")
    assert shown is not None
    found = studio.stored_labels(shown, "ecfp", "freesolv")
    assert found
    assert [one["smiles"] for one in values["labels"]] == [one.smiles for one in found]
    assert all(len(one["rows"]) == one["n"] >= one["inside"] for one in values["labels"])
    assert values["card"] == str(file)
    assert file.stat().st_size / len(shown.xy) < 5e6 / 10_000
    assert file.read_text(encoding="utf-8") == studio.map_card(shown, "ecfp", "freesolv", "ecfp")
    for_people = CliRunner().invoke(app, [*WORDS, "--labels"])
    assert for_people.exit_code == 0


@pytest.mark.parametrize("name", ["card.pdf", "card", "nowhere/card.html"])
def test_a_file_that_is_no_card_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(MmexploreError, match=r"HTML file|no folder"):
        CliRunner().invoke(app, [*WORDS, "--card", str(tmp_path / name)], catch_exceptions=False)
