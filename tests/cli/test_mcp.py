"""``mmexplore mcp`` by the package's own client: it answers as the studio does, takes no path, and changes nothing."""

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import anyio
import pytest
from fused_models import DATA
from mcp import Client, StdioServerParameters
from mcp_types import CallToolResult
from predicted_models import TASK, trained
from typer.testing import CliRunner

from mmexplore import studio
from mmexplore.cli.app import app
from mmexplore.cli.mcp import BOXES, server
from mmexplore.runtime.errors import BadRecipe, NotAvailable
from mmexplore.studio import hosts
from mmexplore.ui.predict import one
from mmexplore.ui.retrieval import state
from mmexplore.ui.shell import navigation

pytest_plugins = ("screens",)
URL = "https://lab.example.org/mm"
CAFFEINE = "Cn1c(=O)c2c(ncn2C)n(C)c1=O"


def asked(*calls: tuple[str, dict[str, Any]]) -> list[CallToolResult]:
    """Answers of one session with a server in this process."""

    async def talk() -> list[CallToolResult]:
        async with Client(server(URL)) as client:
            return [await client.call_tool(name, values) for name, values in calls]

    return anyio.run(talk)


def told(name: str, **values: Any) -> dict[str, Any]:
    (answer,) = asked((name, values))
    assert not answer.is_error, answer.content
    assert answer.structured_content == json.loads(answer.content[0].text)
    return answer.structured_content


def refused(name: str, **values: Any) -> str:
    (answer,) = asked((name, values))
    assert answer.is_error
    return answer.content[0].text


@pytest.fixture
def visitors() -> Iterator[None]:
    studio.names_only()
    yield
    hosts.VISITORS.clear()


@pytest.mark.release
def test_each_tool_answers_what_the_studio_does_and_changes_nothing(empty_home: Path, visitors: None) -> None:
    model = trained(empty_home)
    before = written(empty_home)
    sets, models = told("list_data_sets")["data_sets"], told("list_models")["models"]
    assert [one["name"] for one in sets] == [one.name for one in studio.datasets()]
    assert next(one for one in models if one["name"] == model)["predicts"]
    assert not next(one for one in models if one["name"] == studio.BASELINE)["predicts"]

    found = told("search", data=DATA, text="c1ccccc1O", limit=3)
    rows = studio.find(DATA, "c1ccccc1O").rows
    assert (found["found"], [one["row"] for one in found["molecules"]]) == (len(rows), rows[:3].tolist())
    assert all(TASK in one for one in found["molecules"])

    here, bad = told("predict", model=model, smiles=["OCC.Cl", "C1CC"], interval=0.8)["molecules"]
    (made,) = studio.predict_molecule([model], "CCO", 0.8)
    assert here["smiles"] == "CCO"
    (label,), (estimate,) = here["labels"], made.estimates
    assert (label["value"], label["low"], label["high"]) == (estimate.value, estimate.low, estimate.high)
    assert label["low"] < label["value"] < label["high"]
    assert (here["nearest_training"], here["in_domain"]) == (made.nearest, made.inside)
    assert "unclosed ring" in bad["refused"]

    for name, panel in (("", studio.ECFP), (model, studio.ViewRef(model, studio.view_of(model)))):
        hits = told("retrieve", data=DATA, query=CAFFEINE, model=name, k=4)["hits"]
        wanted = studio.hits(studio.query_of(DATA, CAFFEINE), panel, DATA, 4)
        assert [one["row"] for one in hits] == wanted.rows.tolist()
        assert [one["similarity"] for one in hits] == wanted.similarity.tolist()

    goal, _ = studio.target(model)
    parts = told("explain", model=model, smiles=CAFFEINE)
    same = studio.explain(model, parts["smiles"], goal)
    assert [one["smiles"] for one in parts["subgraphs"]] == [one.smiles for one in same.subgraphs]
    assert (parts["threshold"], parts["score"]) == (goal.threshold, pytest.approx(same.score))
    assert written(empty_home) == before


def written(home: Path) -> dict[str, bytes]:
    """What a person made or started, byte by byte; features of typed molecules, which are kept, are none of it."""
    kept = ("datasets", "runs", "jobs", "uploads", "selections", "predictions")
    return {
        str(path): path.read_bytes() for name in kept for path in sorted((home / name).rglob("*")) if path.is_file()
    }


@pytest.mark.parametrize(
    ("tool", "values"),
    [
        ("search", {"data": "PATH", "text": "CCO"}),
        ("predict", {"model": "PATH", "smiles": ["CCO"]}),
        ("predict", {"model": "untrained:PATH", "smiles": ["CCO"]}),
        ("retrieve", {"data": "PATH", "query": "CCO"}),
        ("retrieve", {"data": DATA, "query": "CCO", "model": "PATH"}),
        ("explain", {"model": "PATH", "smiles": "CCO"}),
        ("link_to_page", {"page": "Map", "data": "PATH"}),
        ("link_to_page", {"page": "Map", "model": "PATH"}),
        ("link_to_page", {"page": "../etc"}),
    ],
)
def test_no_path_is_a_name(empty_home: Path, tool: str, values: dict[str, Any]) -> None:
    """Also where nobody has told the door that visitors ask."""
    trained(empty_home)
    (empty_home / "mine.csv").write_text("smiles\nCCO\n")
    for path in (empty_home / "mine.csv", empty_home / "runs" / "toy" / "model", Path("..") / "runs" / "toy"):
        named = {key: v.replace("PATH", str(path)) if isinstance(v, str) else v for key, v in values.items()}
        assert "is called" in refused(tool, **named)


def test_what_is_not_here_is_said_and_not_made(empty_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MMEXPLORE_DATA_DIR", raising=False)
    assert "mmexplore fetch esol" in refused("search", data="esol", text="CCO")
    trained(empty_home, "fresh", 3)
    for folder in (empty_home / "embeddings").iterdir():
        folder.rename(empty_home / folder.name)
    assert "mmexplore embed --model fresh" in refused("retrieve", data=DATA, query="CCO", model="fresh")
    assert not list((empty_home / "embeddings").iterdir())


def test_junk_is_a_sentence(empty_home: Path) -> None:
    model = trained(empty_home)
    assert "reads neither as SMILES" in refused("search", data=DATA, text="no such thing)")
    assert "predicts labels" in refused("predict", model=studio.BASELINE, smiles=["CCO"])
    assert "validation error" in refused("predict", model=model, smiles=["C"] * 21)
    assert "'nope'" in refused("explain", model=model, smiles="CCO", label="nope")
    assert "row instead" in refused("link_to_page", page="Map", molecule="CCO")


def test_a_link_holds_what_the_page_reads(empty_home: Path) -> None:
    model = trained(empty_home)
    assert told("link_to_page", page="Map")["url"] == f"{URL}/"
    url = told("link_to_page", page="Retrieval", data=DATA, model=model, view="dmpnn", molecule="C#N", row=3)["url"]
    asked = parse_qs(urlsplit(url).query)
    assert urlsplit(url).path == "/mm/Retrieval"
    assert asked == {"data": [DATA], "model": [model], "view": ["dmpnn"], "row": ["3"], "query": ["C#N"]}
    assert BOXES == {"Retrieval": state._QUERY, "Predict": one._TYPED, "Subgraphs": "smiles"}
    assert {*BOXES, "Map"} <= {navigation.title(path) for path in navigation.pages()}


def test_with_json_it_says_how_it_is_started(empty_home: Path) -> None:
    done = CliRunner().invoke(app, ["mcp", "--url", URL, "--json"], catch_exceptions=False)
    about = json.loads(done.stdout)
    assert about["command"][1:] == ["-m", "mmexplore", "mcp", "--url", URL]
    assert len(about["tools"]) == 7
    assert all(one["about"] and one["input"] for one in about["tools"])


def test_a_sentence_where_it_cannot_be(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(BadRecipe, match="http://localhost:8501"):
        server("localhost")
    monkeypatch.setitem(sys.modules, "mcp.server", None)
    with pytest.raises(NotAvailable, match=r"mmexplore\[mcp\]"):
        server(URL)


@pytest.mark.release
def test_over_stdin_and_stdout(empty_home: Path) -> None:
    """As an assistant starts it: every tool says that it only reads, and nothing but the protocol is on stdout."""
    command = StdioServerParameters(command=sys.executable, args=["-m", "mmexplore", "mcp"], env=dict(os.environ))

    async def talk() -> tuple[list[Any], CallToolResult]:
        async with Client(command) as client:
            return (await client.list_tools()).tools, await client.call_tool("search", {"data": DATA, "text": "CCO"})

    tools, found = anyio.run(talk)
    assert len(tools) == 7
    assert all(one.annotations.read_only_hint for one in tools)
    assert found.structured_content["found"] == len(studio.find(DATA, "CCO").rows)
