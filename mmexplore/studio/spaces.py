"""Search spaces: what a typed text means, and a data set as a view of a model or ECFP sees it."""

from collections.abc import Sequence

import numpy as np

from mmexplore.explore.maps.panels import ECFP, ViewRef
from mmexplore.explore.neighbors import spaces
from mmexplore.explore.neighbors.spaces import MoleculeRef
from mmexplore.models.registry import UNTRAINED
from mmexplore.runtime.jobs import client
from mmexplore.runtime.jobs.folder import Job
from mmexplore.studio.door import check_names, dataset, home, model, view


def query_of(data: str, text: str) -> MoleculeRef:
    """Query molecule of a typed text: a name, a SMILES, an InChI or a SMARTS. Raises BadMolecule."""
    return spaces.query_of(dataset(data), text)


def query_of_row(data: str, row: int) -> MoleculeRef:
    """Query molecule by its row in a data set."""
    return spaces.query_of_row(dataset(data), row)


def standard_panels(model_name: str, view: str) -> tuple[ViewRef, ...]:
    """Default panels: ECFP, the untrained twin, the chosen view, and the fused one where that is another."""
    chosen = model(model_name)
    if chosen.card is None:
        return (ECFP,)
    twin, last = UNTRAINED + model_name.removeprefix(UNTRAINED), chosen.views[-1]
    return tuple(dict.fromkeys((ECFP, ViewRef(twin, last), ViewRef(model_name, view), ViewRef(model_name, last))))


def lacking(panels: Sequence[ViewRef], data: str) -> list[str]:
    """Models of these panels that still have to embed the data set."""
    table, names = dataset(data), dict.fromkeys(panel.model for panel in panels)
    return [name for name in names if not spaces.is_ready(model(name), table, home=home())]


def start_embedding(model_name: str, data: str) -> Job:
    """Embedding job: have a model embed a data set by a job, or the job that is at it already.

    In the lane of the maps.
    """
    check_names(data, model_name)
    title = f"embedding of {data} by {model_name.removeprefix(UNTRAINED)}"
    title += ", untrained" if model_name.startswith(UNTRAINED) else ""
    arguments = ["--model", model_name, "--data", data]
    return client.start_once("embed", arguments, device="maps", title=title, home=home())


def place_on(query: MoleculeRef, panel: ViewRef, data: str, xy: np.ndarray, k: int = 5) -> tuple[float, float] | None:
    """Position of a molecule on a map ``xy`` (n, 2) of a data set: among its ``k`` nearest ones, None for nowhere.

    Raises NotAvailable before the model has embedded the data set, BadMolecule.
    """
    return spaces.place_on(query, view(panel), dataset(data), xy, k, home=home())
