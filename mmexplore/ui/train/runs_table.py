"""Models as a table: one line each, and the same recipe over several seeds as mean and spread. Nothing of streamlit."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from mmexplore import studio
from mmexplore.models.bootstrap import over_seeds as over_pairs
from mmexplore.models.ensembles import Ensemble
from mmexplore.models.evaluation import baseline_of
from mmexplore.models.registry import Model
from mmexplore.ui.components import score_words


def table(models: Sequence[Model]) -> pd.DataFrame:
    """One row a trained or shipped model, in the order given; index: the model's name."""
    rows = []
    for model in models:
        if model.card is None or model.recipe is None:
            continue
        card, metric = model.card, score_words.main_metric(model.card)
        rows.append({
            "name": model.name,
            "model": f"{model.title}, {len(model.members)} members" if isinstance(model, Ensemble) else model.title,
            "data": card.data.name,
            "split": score_words.split_of(card),
            "seed": card.seed if not isinstance(model, Ensemble) else None,
            "score": score_words.arrow(metric),
            "test": card.metrics.get("test", {}).get(metric, np.nan),
            **_beside(model, models, metric),
            "validation": card.metrics.get("validation", {}).get(metric, np.nan),
            "unit": score_words.unit(card, metric),
            "encoders": model.recipe.in_words,
            "epochs": card.epochs_run,
            "megabytes": model.megabytes,
            "made": pd.Timestamp(card.created) if card.created else pd.NaT,
            "from": "the project" if model.shipped else "trained here",
        })  # fmt: skip
    return pd.DataFrame(rows, columns=[*_COLUMNS]).set_index("name")


_COLUMNS = (
    "name", "model", "data", "split", "seed", "score", "test", "baseline", "to the baseline", "validation", "unit",
    "encoders", "epochs", "megabytes", "made", "from",
)  # fmt: skip


def _beside(model: Model, among: Sequence[Model], metric: str) -> dict[str, object]:
    """The baseline's test score on the same split, and the test against it in words; nothing where there is none."""
    other = baseline_of(model, among)
    if other is None or other.card is None:
        return {"baseline": np.nan, "to the baseline": ""}
    test = studio.baseline_test(model.name)
    words = (
        "is the baseline"
        if other.name == model.name
        else ""
        if test is None
        else f"{test.difference:+.3g}, p {test.p:.2g}"
    )
    return {"baseline": other.card.metrics.get("test", {}).get(metric, np.nan), "to the baseline": words}


def over_seeds(models: Sequence[Model]) -> pd.DataFrame:
    """Mean and sample standard deviation of recipes that were trained with two seeds or more, on the same molecules."""
    groups: dict[tuple[str, str], list[Model]] = {}
    for model in models:
        here = model.card is not None and model.card.data.digest  # one from elsewhere does not say what it learned
        if here and model.card and model.recipe and not isinstance(model, Ensemble):
            groups.setdefault((model.recipe.family, model.card.data.digest), []).append(model)
    rows = [_group(members, models) for members in groups.values() if len(_seeds(members)) > 1]
    return pd.DataFrame(rows, columns=[*_GROUP_COLUMNS])


_GROUP_COLUMNS = (
    "recipe", "data", "split", "score", "seeds", "runs", "test", "± test", "baseline", "to the baseline", "validation",
    "± validation",
)  # fmt: skip


def _seeds(members: Sequence[Model]) -> dict[tuple[int, int, int], Model]:
    """One model a seed, split and fold, the newest."""
    return {(m.card.seed, m.card.split.seed, m.recipe.data.fold): m for m in reversed(members) if m.card and m.recipe}


def _group(members: Sequence[Model], among: Sequence[Model]) -> dict[str, object]:
    newest = _seeds(members)
    cards = [m.card for m in newest.values() if m.card]
    first, recipe = cards[0], members[0].recipe
    assert recipe is not None
    metric = score_words.main_metric(first)
    row: dict[str, object] = {
        "recipe": recipe.name,
        "data": first.data.name,
        "split": first.split.rule,
        "score": score_words.arrow(metric),
        "seeds": ", ".join(str(seed) for seed in sorted({c.seed for c in cards})),
        "runs": len(cards),
    }
    for part in ("test", "validation"):
        values = pd.Series([c.metrics.get(part, {}).get(metric, np.nan) for c in cards], dtype=float)
        row |= {part: values.mean(), f"± {part}": values.std()}
    return row | _pairs(list(newest.values()), among, metric)


def _pairs(members: Sequence[Model], among: Sequence[Model], metric: str) -> dict[str, object]:
    """Mean of the baselines on the same splits, and the paired test over them; nothing where there are none."""
    found = [(model, baseline_of(model, among)) for model in members]
    scores = [
        (one.card.metrics.get("test", {}).get(metric, np.nan), other.card.metrics.get("test", {}).get(metric, np.nan))
        for one, other in found
        if one.card and other is not None and other.card
    ]
    if not scores:
        return {"baseline": np.nan, "to the baseline": ""}
    own = all(other is not None and one.name == other.name for one, other in found)
    test = None if own else over_pairs(metric, *map(list, zip(*scores, strict=True)))
    words = "is the baseline" if own else "" if test is None else f"{test.difference:+.3g}, p {test.p:.2g}"
    words += f" over {len(scores)}" if test is not None and len(scores) < len(members) else ""
    return {"baseline": float(np.mean([theirs for _, theirs in scores])), "to the baseline": words}


def scores(models: Sequence[Model]) -> pd.DataFrame:
    """Every score of some models side by side: one row a metric and part, one column a model."""
    found: dict[str, dict[str, float]] = {}
    for model in models:
        for part, values in (model.card.metrics if model.card else {}).items():
            for metric, value in values.items():
                found.setdefault(f"{part} {score_words.title(metric)}", {})[unique_title(model, models)] = value
    return pd.DataFrame.from_dict(found, orient="index")


def unique_title(model: Model, among: Sequence[Model]) -> str:
    """The model's title, with its name where another has the same title."""
    titles = [other.title for other in among]
    return model.title if titles.count(model.title) == 1 else f"{model.title} ({model.name})"
