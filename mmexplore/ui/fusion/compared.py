"""Early, intermediate and late fusion beside single modalities: models trained on the same molecules and split rule."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from mmexplore import studio
from mmexplore.models.bootstrap import over_seeds
from mmexplore.models.evaluation import is_simple
from mmexplore.recipes.recipe import BY_STRUCTURE, UNSEEDED, Recipe
from mmexplore.studio import Model, Result
from mmexplore.studio.scores.results import MARKED_SEED
from mmexplore.ui.components import charts, score_words, structures
from mmexplore.ui.components.words import literal
from mmexplore.ui.fusion import charts as fusion_charts
from mmexplore.ui.shell import address
from mmexplore.ui.shell.session import Choice

PAIRED = "to the first line, 95 %"
TO_BASELINE = "to the baseline, 95 %"


def show(choice: Choice) -> None:
    """A table and a figure; one split rule at a time, since scores on different splits say nothing about models."""
    known = [m for m in studio.models() if m.card and m.recipe and m.card.data.tasks and m.data == choice.data]
    known = [m for m in known if not isinstance(m, studio.Ensemble)]  # their members are here
    _trained(choice, known)
    _measured(choice.data)


def _trained(choice: Choice, known: Sequence[Model]) -> None:
    """Models that are here."""
    rules = list(dict.fromkeys(m.card.split.rule for m in known if m.card))
    if not rules:
        words = f"No model was trained on {choice.data} yet: train some on the Train page, with several seeds each."
        st.info(literal(words), icon=":material/info:")
        return
    own = studio.model(choice.model).card
    first = own.split.rule if own and own.split.rule in rules else rules[0]
    about = {"default": first, "required": True}
    rule = address.choose(st.segmented_control, "Split", rules, key="split", kind="the split", **about)
    shown = [m for m in known if m.card and m.card.split.rule == rule]
    card = shown[0].card
    assert card is not None
    metric = score_words.main_metric(card)
    table = compared(shown, metric)
    name = f"Test {score_words.title(metric)} ({score_words.direction(metric)})"
    words = f"{name}, {rule} split of {choice.data}; mean and standard deviation over the seeds that are here. {_PAIRS}"
    if TO_BASELINE not in table:
        words += " No boosting was trained on these splits: the Train page does that in seconds."
    if table["seeds"].nunique() > 1:
        words += " Not all have the same seeds: compare those that do."
    _draw(table, name, words, f"{choice.data}-fusions", "fusion/compared")


_PAIRS = """To the first line and to the baseline (boosting): the difference over the same seeds, with its interval of
95 %, corrected where each seed divides the same molecules anew (Nadeau and Bengio): where it holds 0, these runs do not
tell the two apart."""


def _measured(data: str) -> None:
    """What the project's benchmarks measured, which come with the app."""
    metric, groups = measured(data)
    if not groups:
        return
    st.markdown(f"##### Measured with seeds {', '.join(map(str, next(iter(groups.values()))))}")
    name = f"Test {metric} ({score_words.direction('rmse' if metric == 'RMSE' else 'roc_auc')})"
    words = f"{name}, scaffold_balanced split of {data}; mean and standard deviation over the seeds. {_PAIRS}"
    words += " Measured by the benchmarks of this project: the Results page has all of them."
    table = tabled(groups, {"boosting"}, metric == "RMSE", _TEST_TO_TRAINING).drop(columns=["runs", "seeds"])
    _draw(table, name, words, f"{data}-measured", "fusion/measured")


def _draw(table: pd.DataFrame, name: str, words: str, file: str, key: str) -> None:
    left, right = st.container(key=f"stacks-{key.replace('/', '-')}").columns([3, 2], gap="large")
    with left:
        structures.wrapped(table)
        st.caption(literal(words))
    with right:
        charts.show(fusion_charts.compared(table, name), file, key)


_TEST_TO_TRAINING = 1 / 8
_FIXED, _CLAIMED = "mmfrl_moleculenet", ("boosting", "mmfrl_intermediate", "mmfrl_late")
_VARIANTS = {
    "dmpnn": "D-MPNN, no pre-training",
    "no pre-training": "D-MPNN, no pre-training",
    "early": "early fusion, pre-trained",
    "intermediate": "intermediate fusion of 5, pre-trained",
    "late": "late fusion of 5, pre-trained",
    "average": "mean over the 5 alone, pre-trained",
}


def measured(data: str) -> tuple[str, dict[str, dict[int, float]]]:
    """Measured fusions and baselines: the metric, and by kind of model the test scores of the seeds that all have.

    Of the networks that trained until they settled, as the baselines' result has them; of a data set without these,
    those of a fixed number of epochs. Seed MARKED_SEED, which the paper's example was looked at on, counts in neither.
    """
    results = studio.measured_results()
    fixed, rows = (_of(results[name], data) if name in results else [] for name in (_FIXED, "baselines"))
    fused, simple = ([row for row in rows if row["network"] == network] for network in (True, False))
    if not {row["variant"] for row in fused} >= {*_CLAIMED[1:]}:
        fused = fixed
    groups: dict[str, dict[int, float]] = {}
    for row in (*fused, *simple):
        groups.setdefault(row["what"], {})[row["seed"]] = row["score"]
    claimed = [groups[name] for name in map(_named, _CLAIMED) if name in groups]
    if len(claimed) < len(_CLAIMED):
        return "", {}
    seeds = sorted(set.intersection(*map(set, claimed)))
    common = {
        what: {seed: float(scores[seed]) for seed in seeds}
        for what, scores in groups.items()
        if seeds and scores.keys() >= {*seeds}
    }
    return str(fused[0]["metric"]), common


def _of(result: Result, data: str) -> list[dict[str, Any]]:
    """Rows of a result on a data set, one a seed, each model by the name that people read."""
    found = []
    for row in result.rows.to_dict("records"):
        if row["data"] != data or row["variant"] == "chemprop CLI":
            continue
        fixed = result.name == _FIXED
        variant = f"mmfrl_{row['variant']}" if fixed else row["variant"]
        what = _named(variant) + (" (may have seen labels)" if row.get("may have seen labels") is True else "")
        network = fixed or variant == "mmfrl_average" or row.get("encoder epochs", 0) > 0
        about = {"variant": variant, "what": what, "network": network, "metric": row["metric"]}
        scores = dict(enumerate(row["seeds"])) if fixed else {int(row["seed"]): row["score"]}
        found += [about | {"seed": seed, "score": score} for seed, score in scores.items() if seed != MARKED_SEED]
    return found


def _named(variant: str) -> str:
    what = variant.removeprefix("mmfrl_")
    return _VARIANTS.get(what, what if what == variant else f"{what}, pre-trained")


def compared(models: Sequence[Model], metric: str) -> pd.DataFrame:
    """Table of models by their kind (:func:`kind`), as :func:`tabled` has it."""
    simple = {kind(model.recipe) for model in models if model.recipe and is_simple(model)}
    groups: dict[str, dict[int, float]] = {}
    for model in models:
        if model.card and model.recipe:
            score = model.card.metrics.get("test", {}).get(metric, np.nan)
            groups.setdefault(kind(model.recipe), {}).setdefault(model.card.split.seed, score)  # the newest comes first
    sizes = [model.card.split.sizes for model in models if model.card]
    rules = {model.card.split.rule for model in models if model.card}
    overlap = sizes[0][2] / max(sizes[0][0], 1) if rules <= {*BY_STRUCTURE} - {*UNSEEDED} else 0.0
    return tabled(groups, simple, score_words.direction(metric).startswith("lower"), overlap)


def tabled(
    groups: Mapping[str, Mapping[int, float]], simple: Collection[str], down: bool, overlap: float
) -> pd.DataFrame:
    """A row a kind of model, best first: ``what``, ``runs``, ``seeds``, ``test``, ``± test``, PAIRED.

    And TO_BASELINE, where the strongest of the ``simple`` ones is among them. ``down``: lower is better; ``overlap``:
    tested to learned molecules, where each seed divides the same ones anew.
    """
    rows = [
        {"what": what, "runs": len(scores), "seeds": ", ".join(map(str, sorted(scores)))}
        | {"test": float(np.mean(list(scores.values()))), "± test": pd.Series(dict(scores)).std()}
        for what, scores in groups.items()
    ]
    table = pd.DataFrame(rows).sort_values("test", ascending=down, ignore_index=True)
    first = groups[table["what"][0]]
    table[PAIRED] = [
        "" if number == 0 else paired(groups[what], first, overlap) for number, what in enumerate(table["what"])
    ]
    if base := next((what for what in table["what"] if what in simple), None):
        table[TO_BASELINE] = [
            "" if what == base else paired(groups[what], groups[base], overlap) for what in table["what"]
        ]
    return table


def paired(scores: Mapping[int, float], first: Mapping[int, float], overlap: float = 0.0) -> str:
    """Mean difference over the seeds that both have, with its 95 % interval by Student's t, in words.

    >>> paired({0: 1.5, 1: 2.0, 2: 1.9}, {0: 1.0, 1: 1.4, 2: 1.5})
    '+0.5 [0.252, 0.748]'
    >>> paired({0: 1.5}, {0: 1.0, 1: 1.4})
    '1 seed in common: no interval'
    """
    common = [seed for seed in sorted(scores.keys() & first.keys()) if np.isfinite(scores[seed] - first[seed])]
    pairs = ([float(one[seed]) for seed in common] for one in (scores, first))
    test = over_seeds("", *pairs, overlap=overlap)
    if test is None:
        return f"{len(common)} seed{'' if len(common) == 1 else 's'} in common: no interval"
    return f"{test.difference:+.3g} [{test.low:.3g}, {test.high:.3g}]"


def kind(recipe: Recipe) -> str:
    """Model kind in this comparison: how it fuses, of what, and whether its branches were pre-trained.

    >>> kind(Recipe())
    'gin, no pre-training'
    """
    if not recipe.predicts_by_fusion:
        return recipe.in_words
    names = [branch.name for branch in recipe.branches]
    begun = "pre-trained" if any(branch.start for branch in recipe.branches) else "no pre-training"
    if len(names) > 1:
        return f"{recipe.fusion.name} fusion of {len(names)}, {begun}"
    return f"{'early fusion' if names == ['early'] else names[0]}, {begun}"
