"""A file named by --data: where only its owner knows whether a label holds classes, every verb says how to tell it."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from mmexplore.cli.app import app
from mmexplore.datasets import catalog
from mmexplore.runtime.errors import MmexploreError
from mmexplore.runtime.home import default_home

MODEL = ["--model", "solubility-dmpnn"]
VERBS = {
    "embed": ["embed", *MODEL],
    "map": ["map", *MODEL],
    "retrieve": ["retrieve", *MODEL, "--query", "CCO"],
    "common": ["common", "--label", "cls", "--class", "1"],
    "motifs": ["motifs", *MODEL, "--label", "cls"],
    "fusion": ["fusion", "--model", "freesolv-all-late"],
    "train": ["train", "dmpnn"],
    "pretrain": ["pretrain", "mmsa"],
    "compare": ["datasets", "compare", "freesolv"],
}


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "many.csv"
    path.write_text("smiles,cls\n" + "".join(f"{'C' * n}O,{n % 3}\n" for n in range(1, 13)), encoding="utf-8")
    return path


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_refuses_in_the_same_words(verb: str, table: Path) -> None:
    named = [str(table)] if verb == "compare" else ["--data", str(table)]
    done = CliRunner().invoke(app, [*VERBS[verb], *named])
    assert isinstance(done.exception, MmexploreError)
    assert "mmexplore import FILE --label cls:classification" in str(done.exception)


def test_a_kind_that_is_said_is_taken(table: Path) -> None:
    for kind, classes in (("classification", [0, 1, 2]), ("regression", [0, 1, 2])):
        found = catalog.load(table, home=default_home(), kinds={"cls": kind})  # type: ignore[typeddict-item]
        assert found.tasks[0].kind == kind
        assert sorted(set(found.labels[:, 0].tolist())) == classes


def test_what_needs_no_question_is_read_as_before(tmp_path: Path) -> None:
    path = tmp_path / "two.csv"
    path.write_text("smiles,cls,y\n" + "".join(f"{'C' * n}O,{n % 2},{n}.5\n" for n in range(1, 13)), encoding="utf-8")
    found = catalog.load(path, home=default_home())
    assert [(task.name, task.kind) for task in found.tasks] == [("cls", "classification"), ("y", "regression")]
