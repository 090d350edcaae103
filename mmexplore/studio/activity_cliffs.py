"""Activity cliffs: where a label steps between near molecules, what a model makes of a step, and what parts change."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from mmexplore.chem.fingerprints import Tanimoto
from mmexplore.explore.cliffs import jumps, pairs
from mmexplore.explore.cliffs import r_groups as decomposition
from mmexplore.explore.cliffs.jumps import Jump
from mmexplore.explore.cliffs.pairs import LEAST, By, Cliffs, Near
from mmexplore.explore.cliffs.r_groups import RGroups
from mmexplore.explore.explain import fusion
from mmexplore.explore.explain.motifs import common_subgraph
from mmexplore.explore.neighbors import spaces
from mmexplore.models.predictions import predictions
from mmexplore.models.registry import ecfp_view
from mmexplore.runtime.errors import BadMolecule, BadRecipe, NotAvailable
from mmexplore.runtime.jobs import client
from mmexplore.runtime.jobs.folder import Job
from mmexplore.runtime.progress import Progress, silent
from mmexplore.studio.door import check_names, dataset, home, model
from mmexplore.studio.fusion import fusion_report, stored_contributions
from mmexplore.studio.molecules import common_scaffold, table_of, to_sdf

if TYPE_CHECKING:
    import pandas as pd


def cliffs(
    data: str,
    task: str = "",
    near: Near = "both",
    least: float = LEAST,
    gap: float | None = None,
    progress: Progress = silent,
) -> Cliffs:
    """Activity cliffs of a label (default: the first): pairs near in structure, and at least ``gap`` apart in it.

    ``near``: by ECFP (Tanimoto of ``least`` or more), as a matched pair, or either (both). ``gap`` None: one standard
    deviation, of classes another one. Kept on disk. Raises BadRecipe, UnknownName.
    """
    table = dataset(data)
    return pairs.find(table, _fingerprints(data), task, near, least, gap, home=home(), progress=progress)


def stored_cliffs(
    data: str, task: str = "", near: Near = "both", least: float = LEAST, gap: float | None = None
) -> Cliffs | None:
    """Cliffs that :func:`cliffs` has found before, or finds while a page waits; None where :func:`start_cliffs` has to.

    Raises like :func:`cliffs`.
    """
    table = dataset(data)
    if found := pairs.stored(table, task, near, least, gap, home=home()):
        return found
    quick = pairs.matched_file(table, home=home()).is_file() and len(table) <= pairs.INLINE_ROWS
    return cliffs(data, task, near, least, gap) if quick else None


def start_cliffs(data: str, task: str = "", near: Near = "both", least: float = LEAST, gap: float | None = None) -> Job:
    """Cliff job: have them found by a job, or the job that is at it already, in the lane of the maps."""
    check_names(data)
    arguments = ["--data", data, "--near", near, "--least", f"{least:g}", *(["--label", task] if task else [])]
    arguments += [] if gap is None else ["--gap", f"{gap!r}"]
    title = f"cliffs of {task or 'the first label'} of {data}"
    return client.start_once("cliffs", arguments, device="maps", title=title, home=home())


def _fingerprints(data: str) -> Tanimoto:
    found = spaces.space(ecfp_view(), dataset(data), home=home())
    assert isinstance(found, Tanimoto)
    return found


def cliff_table(found: Cliffs, data: str, by: By = "SALI") -> "pd.DataFrame":
    """Cliffs as a table, a row a pair: both molecules with their label, similarity, difference, SALI, what changes."""
    import pandas as pd

    table = dataset(data)
    values = table.labels[:, [one.name for one in table.tasks].index(found.task)]
    rows = [
        {"tanimoto": one.similarity, "difference": one.gap, "SALI": one.sali}
        | {"from": one.part_a, "to": one.part_b, "constant": one.constant}
        | {
            f"{what} {which}": value
            for which, row in (("a", one.a), ("b", one.b))
            for what, value in (
                ("row", row + 1),
                ("name", table.names[row]),
                ("smiles", table.smiles[row]),
                (found.task, float(values[row])),
            )
        }
        for one in found.ranked(by)
    ]
    return pd.DataFrame(rows)


def cliffs_sdf(found: Cliffs, data: str, by: By = "SALI") -> str:
    """Cliffs as SDF text, two records a pair, which have its number in common."""
    import pandas as pd

    table = cliff_table(found, data, by)
    shared = ["tanimoto", "difference", "SALI", "from", "to", "constant"]
    parts = []
    for which in ("a", "b") if len(table) else ():
        named = {f"{what} {which}": what for what in ("row", "name", "smiles", found.task)}
        part = table[[*named, *shared]].rename(columns=named)
        part.insert(0, "pair", np.arange(1, len(part) + 1))
        parts.append(part)
    return to_sdf(pd.concat(parts).sort_values("pair", kind="stable")) if parts else ""


def transformation_table(found: Cliffs) -> "pd.DataFrame":
    """Matched transformations as a table; ``smiles`` holds both parts, for SDF."""
    import pandas as pd

    names = ("count", "groups", "mean", "low", "high", "up", "down", "p", "q")
    rows = [
        {"smiles": f"{one.part_a}.{one.part_b}", "from": one.part_a, "to": one.part_b}
        | {name: getattr(one, name) for name in names}
        for one in found.transformations
    ]
    return pd.DataFrame(rows, columns=["smiles", "from", "to", *names])


def jump(model_name: str, data: str, task: str, a: int, b: int) -> Jump | None:
    """Jump of a model's prediction from row ``a`` to row ``b``, and each modality's share of it where it is a fusion.

    None where :func:`start_contributions` has to make the contributions first. Raises NotAvailable for a model that
    predicts no such label, and for a molecule that it could not describe.
    """
    chosen, table = model(model_name), dataset(data)
    try:
        number, about = fusion.task_number(chosen, task), chosen.card
    except BadRecipe:
        known = predictions(chosen, table, home=home())
        if known is None or task not in known:
            raise NotAvailable(f"{model_name} has no predictions of {task} here; another model would do") from None
        unit = next((one.unit for one in table.tasks if one.name == task), "")
        return jumps.of_predictions(known[task].to_numpy(float), unit, a, b)
    assert about is not None
    name = about.data.tasks[number].name
    ready = fusion.shipped_report(chosen, table, name) or spaces.is_ready(chosen, table, home=home())
    found = stored_contributions(model_name, data, name) if ready else None
    return jumps.of_fusion(fusion_report(model_name, data, name), found, a, b) if found else None


def r_groups(data: str, rows: Sequence[int] | np.ndarray, core: str = "") -> RGroups:
    """R-group table of rows of a data set around a core, a SMILES or SMARTS.

    Without one around their most frequent scaffold, or, where they have no rings, their maximum common subgraph.
    Raises BadMolecule where none holds it, or nothing is common, and TooLong.
    """
    smiles = [str(text) for text in dataset(data).smiles[np.asarray(rows, np.int64)]]
    core = core.strip() or common_scaffold(data, rows)[0] or common_subgraph(smiles, seconds=2.0).smarts
    if not core:
        raise BadMolecule("these molecules have no scaffold and nothing else in common; type a core that some hold")
    return decomposition.decompose(smiles, core)


def r_group_table(found: RGroups, data: str, rows: Sequence[int] | np.ndarray, model_name: str = "") -> "pd.DataFrame":
    """R-group table with all that is known of the molecules, in the order of the data set."""
    held = np.asarray(rows, np.int64)[list(found.numbers)]
    table = table_of(data, held, model_name)
    for place, name in list(enumerate(found.names))[::-1]:
        table.insert(2, name, [parts[place] for parts in found.groups])
    return table
