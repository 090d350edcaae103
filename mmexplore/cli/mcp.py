"""``mmexplore mcp``: an MCP server, through which an assistant searches, predicts, retrieves and explains.

It reads and answers, as the pages do: names are the catalogue's and no path is one, what is asked about a structure
ends at a visitor's deadline, nothing is downloaded and no job is started. The protocol goes over stdin and stdout.
"""

import functools
import importlib
import shlex
import sys
from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import urlencode, urlsplit

import typer
from pydantic import Field

from mmexplore import __version__, studio
from mmexplore.cli.answer import Json, Values, answer
from mmexplore.cli.subgraphs import told
from mmexplore.runtime import places
from mmexplore.runtime.errors import BadRecipe, MmexploreError, NotAvailable, UnknownName
from mmexplore.runtime.home import as_json as plain

if TYPE_CHECKING:
    import numpy as np

MOST_PREDICTED, MOST_LISTED, MOST_HITS = 20, 100, 50
BOXES = {"Retrieval": "query", "Subgraphs": "smiles", "Predict": "typed"}
"""What the address of a page calls the molecule that is typed there."""
_INSTRUCTIONS = (
    "Molecules, and models of them, on this machine. Begin with list_data_sets and list_models; every other tool takes "
    "names from there. Predictions come with intervals (or sets of classes) and with whether the molecule is in the "
    "model's domain: repeat both. Data sets and models are made with the app or the command line, not here."
)
Data = Annotated[str, Field(description="name of a data set, from list_data_sets")]
Model = Annotated[str, Field(description="name of a model, from list_models")]
Smiles = Annotated[str, Field(description="a molecule as SMILES or InChI", max_length=10_000)]
Typed = Annotated[str, Field(description="a name, SMILES, InChI or SMARTS", max_length=10_000)]


def mcp(
    url: Annotated[
        str, typer.Option("--url", help="where the app answers, for links to its pages")
    ] = "http://localhost:8501",
    as_json: Json = False,
) -> None:
    """Answer an assistant over stdin and stdout (MCP), read-only. With --json: how to start it, its tools; it ends."""
    serving = server(url)
    if as_json:
        answer(lambda _: _about(serving, url), as_json)
        return
    studio.names_only()
    serving.run()


def server(url: str) -> Any:
    """MCP server over the studio. Raises NotAvailable without the package mcp, BadRecipe for a URL that is none."""
    try:
        MCPServer = importlib.import_module("mcp.server").MCPServer  # noqa: N806
        hints = importlib.import_module("mcp_types").ToolAnnotations
    except ImportError:
        raise NotAvailable("an MCP server needs the package mcp: pip install 'mmexplore[mcp]'") from None
    if urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).netloc:
        raise BadRecipe(f"--url takes an address such as http://localhost:8501, and {url[:80]!r} came")
    made = MCPServer("mmexplore", version=__version__, instructions=_INSTRUCTIONS, log_level="WARNING")
    read_only = hints(read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False)
    for tool in (list_data_sets, list_models, search, predict, retrieve, explain, _linking(url.rstrip("/"))):
        made.add_tool(_said(tool), annotations=read_only)
    return made


def list_data_sets() -> Values:
    """The data sets: name, rows, labels with their units, and whether each is on this machine."""
    return {
        "data_sets": [
            {"name": one.name, "title": one.title, "molecules": one.molecules, "available": one.available}
            | {"source": one.source, "labels": [asdict(task) for task in one.tasks]}
            for one in studio.datasets()
        ]
    }


def list_models() -> Values:
    """The models: what each was trained on, its labels, views, test scores, and whether it predicts a new molecule."""

    def about(one: studio.Model) -> Values:
        tasks = [asdict(task) for task in one.card.data.tasks] if one.card else []
        known: Values = {"name": one.name, "title": one.title, "trained_on": one.data, "labels": tasks}
        known |= {"views": list(one.views), "metrics": one.card.metrics if one.card else {}}
        return known | {"predicts": studio.predicts(one.name)}

    return {"models": [about(one) for one in studio.models()]}


def search(
    data: Data,
    text: Typed,
    limit: Annotated[int, Field(ge=1, le=MOST_LISTED, description="so many rows are listed")] = 20,
) -> Values:
    """Molecules of a data set by name, structure or substructure: how they were found, and rows with their labels."""
    found = studio.find(_here(data), text)
    table = studio.table_of(data, found.rows[:limit])
    return {"how": found.how, "found": len(found.rows), "molecules": _rows(found.rows[:limit], table)}


def predict(
    model: Model,
    smiles: Annotated[list[str], Field(min_length=1, max_length=MOST_PREDICTED, description="molecules as SMILES")],
    interval: Annotated[float, Field(gt=0, lt=1, description="level of intervals and sets")] = studio.LEVEL,
) -> Values:
    """Labels of new molecules: value, interval (or set of classes), spread, and how near the training molecules are.

    A molecule that cannot be predicted has "refused" in place of these. Salts are stripped: "smiles" is what was used.
    """
    if not studio.predicts(_known(model)):
        able = [one.name for one in studio.predicting_models()]
        raise UnknownName("model that predicts labels of a structure", model, able)
    return {"model": model, "interval": interval, "molecules": [_predicted(model, one, interval) for one in smiles]}


def _predicted(model: str, typed: str, interval: float) -> Values:
    try:
        used = studio.read_structure(typed[:10_001])
        (made,) = studio.predict_molecule([model], used.smiles, interval)
    except MmexploreError as mistake:
        return {"given": typed, "refused": str(mistake)}
    if made.refused:
        return {"given": typed, "smiles": made.smiles, "refused": made.refused}
    near = {"nearest_training": made.nearest, "nearest_similarity": made.similarity, "in_domain": made.inside}
    told: Values = {"given": typed, "smiles": made.smiles, "done": used.words}
    return told | {"labels": [_estimate(one) for one in made.estimates]} | near


def _estimate(one: "studio.TaskEstimate") -> Values:
    about: Values = {"name": one.name, "unit": one.unit, "value": one.value, "std": one.std}
    if one.kind == "classification":
        possible = None if one.set is None else [c for c in one.set.split("|") if c]
        return about | {"unit": "probability", "set": possible}
    return about | {"low": one.low, "high": one.high}


def retrieve(
    data: Data,
    query: Typed,
    model: Annotated[str, Field(description="whose view compares them; empty: ECFP fingerprints")] = "",
    view: Annotated[str, Field(description="of the model; empty: its first")] = "",
    k: Annotated[int, Field(ge=1, le=MOST_HITS, description="so many hits")] = 10,
    smarts: Annotated[str, Field(description="substructure that hits must contain", max_length=500)] = "",
) -> Values:
    """The molecules of a data set most like one molecule, as ECFP or a view of a model compares them."""
    panel = studio.ViewRef(model, studio.view_of(_known(model), view)) if model else studio.ECFP
    if studio.lacking([panel], _here(data)):
        words = f"mmexplore embed --model {shlex.quote(panel.model)} --data {shlex.quote(data)}"
        raise NotAvailable(f"{panel.model} has not embedded {data} yet; the Map does, or the command {words}")
    asked = studio.query_of(data, query)
    found = studio.hits(asked, panel, data, k, smarts)
    hits = _rows(found.rows, studio.table_of(data, found.rows))
    for hit, similarity in zip(hits, found.similarity.tolist(), strict=True):
        hit["similarity"] = similarity
    return {"query": asked.smiles, "model": panel.model, "view": panel.view, "hits": hits}


def explain(
    model: Model,
    smiles: Smiles,
    label: Annotated[str, Field(description="which label; empty: the model's first")] = "",
    direction: Annotated[str, Field(description="class 1, class 0, above or below; empty: class 1 or above")] = "",
    threshold: Annotated[float | None, Field(description="empty: 0.5, or a quartile of the training labels")] = None,
) -> Values:
    """The smallest parts of a molecule that a model still calls positive; atoms by number in the SMILES told here."""
    goal, how = studio.target(_known(model), label, direction, threshold)
    used = studio.read_structure(smiles, "keep").smiles
    return told(used, studio.explain_in_time(model, used, goal), how)


def _linking(url: str) -> Callable[..., Values]:
    pages = [path.stem.partition("_")[2] for path in sorted(places.PAGES.glob("[0-9]*_*.py"))]

    def link_to_page(
        page: Annotated[str, Field(description=f"one of {', '.join(pages)}")],
        data: Data = "",
        model: Model = "",
        view: Annotated[str, Field(description="of the model")] = "",
        row: Annotated[int | None, Field(ge=0, description="a molecule's row in the data set, from search")] = None,
        molecule: Annotated[str, Field(description="a SMILES, for Retrieval, Subgraphs, Predict")] = "",
    ) -> Values:
        """The address of a page of the app that shows this, for a person to open; the app has to be running."""
        if page not in pages:
            raise UnknownName("page", page, pages)
        if molecule and page not in BOXES:
            raise BadRecipe(f"a molecule is typed on {', '.join(BOXES)}, and {page} came; name its row instead")
        asked: Values = {"data": _here(data) if data else "", "model": _known(model) if model else ""}
        if view and view not in studio.model(model).views:
            raise UnknownName(f"view of {model}", view, studio.model(model).views)
        asked |= {"view": view, "row": row, BOXES.get(page, ""): molecule}
        query = urlencode({name: value for name, value in asked.items() if value not in ("", None)})
        return {"url": f"{url}/{'' if page == pages[0] else page}" + (f"?{query}" if query else "")}

    return link_to_page


def _rows(rows: "np.ndarray", table: Any) -> list[Values]:
    return [{"row": row} | known for row, known in zip(rows.tolist(), table.to_dict("records"), strict=True)]


def _here(data: str) -> str:
    """A data set's name if it can be read without a download. Raises UnknownName, NotAvailable."""
    known = {entry.name: entry.available for entry in studio.datasets()}
    if data not in known:
        raise UnknownName("data set", data, [name for name, here in known.items() if here])
    if not known[data]:
        raise NotAvailable(f"the data set {data!r} is not on this machine yet; mmexplore fetch {data} downloads it")
    return data


def _known(model: str) -> str:
    """A model's name if the catalogue has it, whoever started this server. Raises UnknownName."""
    known = [one.name for one in studio.models()]
    if model.removeprefix(studio.UNTRAINED) not in known:
        raise UnknownName("model", model, known)
    return model


def _said(tool: Callable[..., Values]) -> Callable[..., Values]:
    """The tool with values that JSON can say, and a user's mistake as the sentence that the assistant reads."""
    ToolError = importlib.import_module("mcp.server.mcpserver.exceptions").ToolError  # noqa: N806

    @functools.wraps(tool)
    def answered(*args: Any, **asked: Any) -> Values:
        try:
            values: Values = plain(tool(*args, **asked))
        except MmexploreError as mistake:
            raise ToolError(str(mistake)) from None
        return values

    return answered


def _about(serving: Any, url: str) -> Values:
    import anyio

    tools = anyio.run(serving.list_tools)
    command = [sys.executable, "-m", "mmexplore", "mcp", "--url", url]
    about: Values = {"name": "mmexplore", "version": __version__, "transport": "stdio", "command": command}
    return about | {"tools": [{"name": one.name, "about": one.description, "input": one.input_schema} for one in tools]}
