"""Motifs of a group: its maximum common subgraph, and the minimum positive subgraphs that tell it from the rest."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from mmexplore.chem import molecules, row_by_row
from mmexplore.datasets import Dataset, Skipped
from mmexplore.explore.explain import storage
from mmexplore.explore.explain.groups import Group, Members, members
from mmexplore.explore.explain.motifs import (
    FEWEST_ATOMS,
    Common,
    Enrichment,
    Motif,
    Support,
    common_subgraph,
    motifs,
    odds,
    sample,
    support,
)
from mmexplore.explore.explain.search import RULES, By, Direction, Rules, Target
from mmexplore.explore.explain.storage import Explained
from mmexplore.explore.explain.subgraphs import DIRECTIONS, explain, explained_task, part_sizes
from mmexplore.models.predictions import predictions
from mmexplore.models.registry import Model
from mmexplore.runtime.home import Home, read_json, write_json
from mmexplore.runtime.progress import Progress, silent

MOST_SEARCHED = 200
BY: By = "fragment"
_VERSION = 2


@dataclass(frozen=True)
class Motifs:
    """Motifs of a group: what its molecules have in common.

    ``members`` molecules, ``searched`` of them (all, or a seeded sample), ``positive`` called so by the model,
    ``found`` with a subgraph. ``active`` of the ``known`` molecules of the whole data set are positive by their labels.
    ``tested`` motifs were compared with the rest; of these ``motifs`` are some, those that tell the group from it first
    (:attr:`told`). ``skipped``: molecules of the group that cannot be read, or that the model cannot describe.
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
    skipped: tuple[Skipped, ...] = ()
    tested: int = 0

    @property
    def told(self) -> tuple[Motif, ...]:
        """Motifs that tell the group from the rest."""
        return tuple(one for one in self.motifs if one.enrichment and one.enrichment.told)


def side(model: Model, dataset: Dataset, group: Group, task: str = "", *, home: Home) -> Direction:
    """Side of a label on which a group lies beside the rest of the data set: what explains it is sought there.

    By mean label, or by mean prediction of a label that the data set has not; of what is not known, a class by its
    name. Raises as :func:`members` does, UnknownName for a task, BadRecipe for a model without any.
    """
    chosen = explained_task(model, task)
    upper, lower = DIRECTIONS[chosen.kind]
    values, rows = _values(model, dataset, chosen.name, home=home), members(model, dataset, group, home=home).rows
    inside = np.isin(np.arange(len(dataset)), rows)
    known = np.isfinite(values)
    if (known & inside).any() and (known & ~inside).any():
        return upper if values[known & inside].mean() >= values[known & ~inside].mean() else lower
    return lower if group.value in ("low", "0") else upper


def common(
    model: Model | None, dataset: Dataset | None, group: Group, share: float, progress: Progress = silent, *, home: Home
) -> tuple[Common, Support | None, int]:
    """Maximum common subgraph of a group, its support (None without a data set), and the size of the group."""
    who = members(model, dataset, group, progress, home=home)
    progress("common subgraph", 0, 1)
    found = replace(common_subgraph(who.smiles, share), skipped=who.skipped)
    inside = _counted(found, who, dataset) if dataset is not None else None
    progress("common subgraph", 1, 1)
    return found, inside, len(who.smiles)


def _counted(found: Common, who: Members, dataset: Dataset, positive: np.ndarray | None = None) -> Support | None:
    if not found.smarts:
        return None
    labels = np.full(len(dataset), np.nan) if positive is None else positive
    return support(dataset, molecules.pattern(found.smarts), who.rows, labels)


def group_motifs(
    model: Model,
    dataset: Dataset,
    group: Group,
    goal: Target,
    most: int,
    share: float,
    progress: Progress = silent,
    *,
    home: Home,
) -> Motifs:
    """The maximum common subgraph of a group, and the minimum positive subgraphs that tell it from the rest.

    What was found for each molecule is kept, so that a second call goes on where the first one was stopped.
    """
    who = members(model, dataset, group, progress, home=home)
    positive = _positive(model, dataset, goal, home=home)
    chosen = sample(len(who.smiles), most)
    found, reasons = _explained(model, [who.smiles[i] for i in chosen], goal, progress, home=home)
    progress("common subgraph", 0, 1)
    shared = common_subgraph(who.smiles, share)
    row_of = {str(smiles): row for row, smiles in reversed(list(enumerate(dataset.smiles)))}
    best = [(row_of.get(one.smiles, -1), one.subgraphs[0]) for one in found if one and one.subgraphs]
    ranked, tested = motifs(dataset, who.rows, best, positive, progress=progress)
    made = Motifs(
        members=len(who.smiles),
        searched=len(chosen),
        positive=sum(1 for one in found if one and one.positive),
        found=len(best),
        active=int(np.nansum(positive)),
        known=int(np.isfinite(positive).sum()),
        common=shared,
        common_support=_counted(shared, who, dataset, positive),
        motifs=ranked,
        skipped=(*who.skipped, *_not_described(dataset, row_of, reasons)),
        tested=tested,
    )
    progress("common subgraph", 1, 1)
    write_json(_file(model, dataset, group, goal, most, share, home=home), asdict(made))
    return made


def stored_motifs(
    model: Model, dataset: Dataset, group: Group, goal: Target, most: int, share: float, *, home: Home
) -> Motifs | None:
    """Stored result of :func:`group_motifs`; None before."""
    try:
        told = read_json(_file(model, dataset, group, goal, most, share, home=home))
        return _motifs(told)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _not_described(dataset: Dataset, row_of: Mapping[str, int], reasons: Mapping[str, str]) -> tuple[Skipped, ...]:
    known = dataset.skipped({row_of[text]: why for text, why in reasons.items() if text in row_of})
    return (*known, *(Skipped(-1, 0, f"{text}: {why}") for text, why in reasons.items() if text not in row_of))


def _explained(
    model: Model, smiles: Sequence[str], goal: Target, progress: Progress, *, home: Home
) -> tuple[list[Explained | None], dict[str, str]]:
    """What is kept of each molecule, or is found now; None for those that the model cannot read, and why by SMILES."""
    where = storage.folder(model.digest, goal, RULES, BY, FEWEST_ATOMS, home=home)
    found: list[Explained | None] = []
    reasons: dict[str, str] = {}
    for number, text in enumerate(smiles):
        progress("subgraphs", number, len(smiles))
        known = storage.load(where, text)
        if known is None:
            try:
                known = explain(model, text, goal, _rules(text), BY)
                storage.keep(where, known)
            except row_by_row.REFUSALS as error:
                reasons[text] = row_by_row.refusal(error)
        found.append(known)
    progress("subgraphs", len(smiles), len(smiles))
    return found, reasons


def _positive(model: Model, dataset: Dataset, goal: Target, *, home: Home) -> np.ndarray:
    """Which molecules of a data set are positive by their label: 1, 0, or NaN where it is not known."""
    labels = _values(model, dataset, goal.task, home=home)
    return np.where(np.isfinite(labels), goal.reached(goal.score(labels)), np.nan)


def _rules(smiles: str) -> Rules:
    """Rules of a molecule's motif: its usual sizes, but for small ones that begin below a motif's."""
    return RULES if part_sizes(smiles)[0] >= FEWEST_ATOMS else replace(RULES, min_atoms=FEWEST_ATOMS)


def _values(model: Model, dataset: Dataset, task: str, *, home: Home) -> np.ndarray:
    """Labels of a task, or what the model predicts of one that the data set has not; NaN where neither is known."""
    names = [known.name for known in dataset.tasks]
    if task in names:
        values = np.array(dataset.truth(names.index(task)), float)
    else:
        known = predictions(model, dataset, home=home)
        there = known[task] if known is not None and task in known else None
        values = np.full(len(dataset), np.nan) if there is None else there.to_numpy(float, copy=True)
    values[list(dataset.unreadable)] = np.nan
    return values


def _file(model: Model, dataset: Dataset, group: Group, goal: Target, most: int, share: float, *, home: Home) -> Path:
    """Where a group's result is kept: under what the group, the model and the data are, not what they are called."""
    asked = asdict(group), asdict(goal), most, share, asdict(RULES), _VERSION
    key = storage.digest(model.digest, dataset.digest, *asked)
    return home / "subgraphs" / "groups" / f"{key}.json"


def _motifs(told: dict[str, Any]) -> Motifs:
    common, counted = Common(**told["common"] | {"skipped": ()}), told["common_support"]
    skipped = tuple(Skipped(**one) for one in told.get("skipped", ()))
    found = tuple(map(_motif, told["motifs"]))
    rest = {"motifs": found, "skipped": skipped}
    return Motifs(**told | {"common": common, "common_support": counted and _support(counted)} | rest)


def _motif(told: dict[str, Any]) -> Motif:
    """Odds are told anew: JSON knows no infinity."""
    held, enriched = _support(told["support"]), told["enrichment"]
    if enriched is not None:
        enriched = Enrichment(*odds(held.table), enriched["p"], enriched["q"])
    return Motif(**told | {"rows": tuple(told["rows"]), "support": held, "enrichment": enriched})


def _support(told: dict[str, Any]) -> Support:
    return Support(**told | {key: tuple(told[key]) for key in ("counter_examples", "in_group", "in_rest")})
