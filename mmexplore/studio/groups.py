"""Group motifs: what the molecules of a cluster, a class or a selection have in common."""

import numpy as np

from mmexplore.explore.explain import group_motifs as motifs
from mmexplore.explore.explain import groups
from mmexplore.explore.explain.group_motifs import MOST_SEARCHED, Motifs
from mmexplore.explore.explain.groups import Group
from mmexplore.explore.explain.motifs import SHARE, Common, Support
from mmexplore.explore.explain.search import Target
from mmexplore.runtime.jobs import client
from mmexplore.runtime.jobs.folder import Job
from mmexplore.runtime.progress import Progress, silent
from mmexplore.studio.door import check_names, dataset, home, model


def group_classes(data: str, label: str = "") -> tuple[str, ...]:
    """The classes of a label (default: the first): 0 and 1, or low, middle and high thirds of a number, or texts."""
    return groups.group_classes(dataset(data), label)


def group_of_rows(data: str, rows: np.ndarray) -> Group:
    """Group of selected rows: their SMILES, kept in a file under the home that is named by its content."""
    return groups.group_of_rows(dataset(data), rows, home=home())


def common(
    model_name: str, data: str, group: Group, share: float = SHARE, progress: Progress = silent
) -> tuple[Common, Support | None, int]:
    """Maximum common subgraph of a group, its support (None without a data set), and the size of the group."""
    table = dataset(data, progress) if data else None
    chosen = model(model_name) if model_name else None
    return motifs.common(chosen, table, group, share, progress, home=home())


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
    table = dataset(data, progress)
    return motifs.group_motifs(model(model_name), table, group, goal, most, share, progress, home=home())


def stored_motifs(
    model_name: str, data: str, group: Group, goal: Target, most: int = MOST_SEARCHED, share: float = SHARE
) -> Motifs | None:
    """Stored result of :func:`group_motifs`; None before."""
    return motifs.stored_motifs(model(model_name), dataset(data), group, goal, most, share, home=home())


def start_motifs(
    model_name: str, data: str, group: Group, goal: Target, most: int = MOST_SEARCHED, share: float = SHARE
) -> Job:
    """Motif job: have them found by a job, or the job that is at it already; explanations have a lane of their own."""
    check_names(data, model_name)
    arguments = ["--model", model_name, "--data", data, "--task", goal.task, "--direction", goal.direction]
    arguments += [f"--threshold={goal.threshold!r}", "--most", str(most), "--share", str(share)]
    arguments += ["--view", group.view] if group.view else []
    arguments += ["--cluster", str(group.cluster)] if group.cluster else []
    arguments += ["--label", group.label] if group.label else []
    arguments += ["--class", group.value] if group.value else []
    arguments += ["--smiles-file", group.smiles_file] if group.smiles_file else []
    return client.start_once(
        "motifs", arguments, device="subgraphs", title=f"subgraphs of {group.title} of {data}", home=home()
    )
