"""Early, intermediate and late fusion beside single modalities: models trained on the same molecules and split rule."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import streamlit as st

from mmexplore import studio
from mmexplore.models.evaluation import is_simple
from mmexplore.recipes.recipe import Recipe
from mmexplore.studio import Model
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
    left, right = st.container(key="stacks-fusion-compared").columns([1, 1], gap="large")
    with left:
        structures.wrapped(table)
        words = f"{name}, {rule} split of {choice.data}; mean and standard deviation over the seeds that are here."
        words += " To the first line and to the baseline (boosting): the difference over the same seeds, with its 95 %"
        words += " interval: where that holds 0, these runs do not tell the two apart."
        if TO_BASELINE not in table:
            words += " No boosting was trained on these splits: the Train page does that in seconds."
        if table["seeds"].nunique() > 1:
            words += " Not all have the same seeds: compare those that do."
        st.caption(literal(words))
    with right:
        charts.show(fusion_charts.compared(table, name), f"{choice.data}-fusions", "fusion/compared")


def compared(models: Sequence[Model], metric: str) -> pd.DataFrame:
    """A row a kind of model (:func:`kind`), best first: ``what``, ``runs``, ``seeds``, ``test``, ``± test``, PAIRED.

    And TO_BASELINE, where the strongest simple baseline is among them.
    """
    simple = {kind(model.recipe) for model in models if model.recipe and is_simple(model)}
    groups: dict[str, dict[int, float]] = {}
    for model in models:
        if model.card and model.recipe:
            score = model.card.metrics.get("test", {}).get(metric, np.nan)
            groups.setdefault(kind(model.recipe), {}).setdefault(model.card.split.seed, score)  # the newest comes first
    rows = [
        {"what": what, "runs": len(scores), "seeds": ", ".join(map(str, sorted(scores)))}
        | {"test": float(np.mean(list(scores.values()))), "± test": pd.Series(scores).std()}
        for what, scores in groups.items()
    ]
    down = score_words.direction(metric).startswith("lower")
    table = pd.DataFrame(rows).sort_values("test", ascending=down, ignore_index=True)
    first = groups[table["what"][0]]
    table[PAIRED] = ["" if number == 0 else paired(groups[what], first) for number, what in enumerate(table["what"])]
    if base := next((what for what in table["what"] if what in simple), None):
        told = ["" if what == base else paired(groups[what], groups[base]) for what in table["what"]]
        table[TO_BASELINE] = told
    return table


def paired(scores: Mapping[int, float], first: Mapping[int, float]) -> str:
    """Mean difference over the seeds that both have, with its 95 % interval by Student's t, in words.

    >>> paired({0: 1.5, 1: 2.0, 2: 1.9}, {0: 1.0, 1: 1.4, 2: 1.5})
    '+0.5 [0.252, 0.748]'
    >>> paired({0: 1.5}, {0: 1.0, 1: 1.4})
    '1 seed in common: no interval'
    """
    from scipy import stats

    common = sorted(scores.keys() & first.keys())
    gaps = np.array([scores[seed] - first[seed] for seed in common])
    gaps = gaps[np.isfinite(gaps)]
    if len(gaps) < 2:
        return f"{len(gaps)} seed{'' if len(gaps) == 1 else 's'} in common: no interval"
    half = stats.t.ppf(0.975, len(gaps) - 1) * gaps.std(ddof=1) / len(gaps) ** 0.5
    return f"{gaps.mean():+.3g} [{gaps.mean() - half:.3g}, {gaps.mean() + half:.3g}]"


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
