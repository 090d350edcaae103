"""Search spaces: what a typed text means, and a data set as a view of a model or ECFP sees it."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from mmexplore.datasets.readers import vectors
from mmexplore.explore import probe as probes
from mmexplore.explore.maps.panels import ECFP, ViewRef
from mmexplore.explore.neighbors import spaces
from mmexplore.explore.neighbors.spaces import MoleculeRef
from mmexplore.explore.probe import Probe
from mmexplore.models import imported
from mmexplore.models.imported import Imported
from mmexplore.models.registry import UNTRAINED
from mmexplore.runtime.jobs import client
from mmexplore.runtime.jobs.folder import Job
from mmexplore.runtime.progress import Progress, silent
from mmexplore.studio.door import check_names, dataset, home, model, view
from mmexplore.studio.training import check_title, models


def query_of(data: str, text: str) -> MoleculeRef:
    """Query molecule of a typed text: a name, a SMILES, an InChI or a SMARTS. Raises BadMolecule."""
    return spaces.query_of(dataset(data), text)


def query_of_row(data: str, row: int) -> MoleculeRef:
    """Query molecule by its row in a data set."""
    return spaces.query_of_row(dataset(data), row)


def standard_panels(model_name: str, view: str) -> tuple[ViewRef, ...]:
    """Default panels: ECFP, the chosen view, what a fusion makes of all where it makes one, and the untrained twin's.

    The twin stands before them by the last of these: late fusion makes no view, and has the chosen one twice.
    """
    chosen = model(model_name)
    if isinstance(chosen, Imported):
        return ECFP, ViewRef(model_name, chosen.view(view).name)
    if chosen.card is None:
        return (ECFP,)
    parts = chosen.recipe.parts if chosen.recipe else ()
    joined = [one for one in chosen.views if one not in parts]
    twin, last = UNTRAINED + model_name.removeprefix(UNTRAINED), [view, *joined][-1]
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


def import_embedding(
    file: Path,
    data: str,
    title: str,
    *,
    array: str = "",
    ids: str = "",
    smiles: str = "",
    progress: Progress = silent,
) -> Imported:
    """Import vectors, an ``.npy``, ``.npz`` or Parquet file, as an embedding of a data set under a title.

    Options as :func:`mmexplore.datasets.readers.vectors.read` has them. Raises BadTable for what cannot be read or
    matched, BadRecipe for a title that is taken, NotAvailable, UnknownName.
    """
    check_title(title)
    table = dataset(data)
    progress("read", 0, 1)
    matched = imported.match(vectors.read(Path(file), array=array, ids=ids, smiles=smiles), table, progress)
    return imported.make(title, matched, table, Path(file).name, home=home())


def imported_embeddings(data: str = "") -> list[Imported]:
    """Imported embeddings, all of them or those that have vectors of the molecules of a data set."""
    found = [one for one in models() if isinstance(one, Imported)]
    return [one for one in found if imported.is_of(one, dataset(data))] if data else found


def probe(
    panel: ViewRef,
    data: str,
    tasks: Sequence[str] = (),
    rule: str = probes.RULE,
    seeds: int = probes.SEEDS,
    progress: Progress = silent,
) -> Probe:
    """Linear probe: labels predicted from a view, and from ECFP, on the same splits; kept once it is made.

    Raises BadRecipe, BadTable, NotAvailable, UnknownName.
    """
    chosen, table = view(panel), dataset(data)
    return probes.kept_probe(chosen, table, probes.Asked(tuple(tasks), rule, seeds), progress, home=home())


def stored_probe(
    panel: ViewRef, data: str, tasks: Sequence[str] = (), rule: str = probes.RULE, seeds: int = probes.SEEDS
) -> Probe | None:
    """Linear probe that was made before, None where it was not."""
    return probes.stored(view(panel), dataset(data), probes.Asked(tuple(tasks), rule, seeds), home=home())


def start_probe(
    panel: ViewRef, data: str, tasks: Sequence[str] = (), rule: str = probes.RULE, seeds: int = probes.SEEDS
) -> Job:
    """Probe job: have a linear probe made by a job, or the job that is at it already."""
    check_names(data, panel.model)
    arguments = ["--model", panel.model, "--data", data, "--view", panel.view]
    arguments += ["--split", rule, "--seeds", str(seeds)]
    arguments += [word for task in tasks for word in ("--task", task)]
    title = f"linear probe of {panel.view} on {data}"
    return client.start_once("probe", arguments, device="maps", title=title, home=home())
