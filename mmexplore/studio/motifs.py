"""The front desk's drawer for what groups have in common: maximum common subgraphs, and what the model sees in many."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mmexplore.chem import molecules
from mmexplore.explore.explain import storage
from mmexplore.explore.explain.motifs import SHARE, Common, Motif, Support, common_subgraph, motifs, sample, support
from mmexplore.explore.explain.search import RULES, By, Target
from mmexplore.explore.explain.storage import Explained
from mmexplore.models.embeddings import model_digest
from mmexplore.models.registry import model
from mmexplore.runtime import home
from mmexplore.runtime.errors import BadMolecule
from mmexplore.runtime.jobs import client
from mmexplore.runtime.jobs.client import Job
from mmexplore.runtime.jobs.reporters import as_json
from mmexplore.runtime.progress import Progress, silent
from mmexplore.studio.data import dataset
from mmexplore.studio.groups import Group, Members, members
from mmexplore.studio.maps import predictions
from mmexplore.studio.subgraphs import explain

MOST_SEARCHED = 200
BY: By = "fragment"


@dataclass(frozen=True)
class Motifs:
    """What a group has in common.

    ``members`` molecules, ``searched`` of them (all, or a seeded sample), ``positive`` called so by the model,
    ``found`` with a subgraph. ``active`` of the ``known`` molecules of the whole data set are positive by their labels.
    """

    members: int
    searched: int
    positive: int
    found: int
    active: int
    known: int
    common: Common
    common_support: Support | None
    motifs: tuple[Motif, ...]


def common(
    model_name: str, data: str, group: Group, share: float = SHARE, progress: Progress = silent
) -> tuple[Common, Support | None, int]:
    """A group's maximum common subgraph, its support (None without a data set), and the size of the group."""
    who = members(model_name, data, group, progress)
    progress("common subgraph", 0, 1)
    found = common_subgraph(who.smiles, share)
    inside = _counted(found, who, data) if data else None
    progress("common subgraph", 1, 1)
    return found, inside, len(who.smiles)


def _counted(found: Common, who: Members, data: str, positive: np.ndarray | None = None) -> Support | None:
    table = dataset(data)
    if not found.smarts:
        return None
    labels = np.full(len(table), np.nan) if positive is None else positive
    return support(table, molecules.pattern(found.smarts), who.rows, labels)


def group_motifs(
    model_name: str,
    data: str,
    group: Group,
    goal: Target,
    most: int = MOST_SEARCHED,
    share: float = SHARE,
    progress: Progress = silent,
) -> Motifs:
    """The maximum common subgraph of a group and its most frequent minimum positive subgraphs; for jobs and the CLI.

    What was found for each molecule is kept, so that a second call goes on where the first one was stopped.
    """
    who = members(model_name, data, group, progress)
    positive = _positive(model_name, data, goal)
    chosen = sample(len(who.smiles), most)
    found = _explained(model_name, [who.smiles[i] for i in chosen], goal, progress)
    progress("common subgraph", 0, 1)
    shared = common_subgraph(who.smiles, share)
    row_of = {str(smiles): row for row, smiles in reversed(list(enumerate(dataset(data).smiles)))}
    best = [(row_of.get(one.smiles, -1), one.subgraphs[0]) for one in found if one and one.subgraphs]
    made = Motifs(
        members=len(who.smiles),
        searched=len(chosen),
        positive=sum(1 for one in found if one and one.positive),
        found=len(best),
        active=int(np.nansum(positive)),
        known=int(np.isfinite(positive).sum()),
        common=shared,
        common_support=_counted(shared, who, data, positive),
        motifs=motifs(dataset(data), who.rows, best, positive),
    )
    progress("common subgraph", 1, 1)
    home.write_json(_file(model_name, data, group, goal, most, share), as_json(asdict(made)))
    return made


def stored_motifs(
    model_name: str, data: str, group: Group, goal: Target, most: int = MOST_SEARCHED, share: float = SHARE
) -> Motifs | None:
    """What :func:`group_motifs` found earlier; None before."""
    try:
        told = home.read_json(_file(model_name, data, group, goal, most, share))
        return _motifs(told)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def start_motifs(
    model_name: str, data: str, group: Group, goal: Target, most: int = MOST_SEARCHED, share: float = SHARE
) -> Job:
    """Have them found by a job, or the job that is at it already; explanations have a lane of their own."""
    arguments = ["--model", model_name, "--data", data, "--task", goal.task, "--direction", goal.direction]
    arguments += [f"--threshold={goal.threshold!r}", "--most", str(most), "--share", str(share)]
    arguments += ["--view", group.view] if group.view else []
    arguments += ["--cluster", str(group.cluster)] if group.cluster else []
    arguments += ["--label", group.label] if group.label else []
    arguments += ["--class", group.value] if group.value else []
    arguments += ["--smiles-file", group.smiles_file] if group.smiles_file else []
    return client.start_once("motifs", arguments, device="subgraphs", title=f"subgraphs of {group.title} of {data}")


def _explained(model_name: str, smiles: Sequence[str], goal: Target, progress: Progress) -> list[Explained | None]:
    """What is kept of each molecule, or is found now; None for those that the model cannot read."""
    chosen = model(model_name)
    where = storage.folder(model_digest(chosen.folder), goal, RULES, BY)
    found: list[Explained | None] = []
    for number, text in enumerate(smiles):
        progress("subgraphs", number, len(smiles))
        known = storage.load(where, text)
        if known is None:
            try:
                known = explain(model_name, text, goal, RULES, BY)
                storage.keep(where, known)
            except BadMolecule:
                known = None
        found.append(known)
    progress("subgraphs", len(smiles), len(smiles))
    return found


def _positive(model_name: str, data: str, goal: Target) -> np.ndarray:
    """Which molecules of a data set are positive by their label: 1, 0, or NaN where it is not known."""
    table = dataset(data)
    names = [task.name for task in table.tasks]
    if goal.task in names:
        labels = table.labels[:, names.index(goal.task)].astype(float)
    else:
        known = predictions(model_name, data)
        labels = np.full(len(table), np.nan) if known is None else known[goal.task].to_numpy(float)
    return np.where(np.isfinite(labels), goal.reached(goal.score(labels)), np.nan)


def _file(model_name: str, data: str, group: Group, goal: Target, most: int, share: float) -> Path:
    """Where a group's result is kept: under what the group, the model and the data are, not what they are called."""
    chosen, table = model(model_name), dataset(data)
    digest = model_digest(chosen.folder) if chosen.card else chosen.name
    key = storage.digest(digest, table.digest, asdict(group), asdict(goal), most, share, storage.VERSION)
    return home.home() / "subgraphs" / "groups" / f"{key}.json"


def _motifs(told: dict[str, Any]) -> Motifs:
    common, counted = Common(**told["common"]), told["common_support"]
    found = tuple(
        Motif(**one | {"rows": tuple(one["rows"]), "support": _support(one["support"])}) for one in told["motifs"]
    )
    return Motifs(**told | {"common": common, "common_support": counted and _support(counted), "motifs": found})


def _support(told: dict[str, Any]) -> Support:
    return Support(**told | {"counter_examples": tuple(told["counter_examples"])})
