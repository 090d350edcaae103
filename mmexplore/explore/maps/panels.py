"""Comparison panels: which maps stand side by side, and presets that a model fills or does not. No torch.

A preset is a row of rules, and a rule is answered from a model's recipe and views alone: a model of tomorrow with the
right branches fills it without a word here. Fig. 5 of MMSA shows what is known of molecules without pre-training, from
single modalities and by the whole model; Fig. 2 of MMFRL each modality's embedding before fusion, and the fused one.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from mmexplore.models.registry import BASELINE, UNTRAINED, Model, View
from mmexplore.runtime.registry import ENCODERS

FEWEST_PANELS = 2
MOST_PANELS = 6


@dataclass(frozen=True)
class ViewRef:
    """View reference: one map of a comparison, a view of a model, by their names."""

    model: str
    view: str


ECFP = ViewRef(BASELINE, BASELINE)


def ref(view: View) -> ViewRef:
    """View reference from a view."""
    return ViewRef(view.model.name, view.name)


@dataclass(frozen=True)
class PresetRule:
    """Preset rule: something to be shown of a model.

    ``baseline``: fingerprints. ``untrained``: the twin's last view. ``branch``: the branch that reads modality
    ``reads``. ``branches``: all, where there are several. ``fused``: the views that are no branch's. ``views``: all.
    """

    kind: Literal["baseline", "untrained", "branch", "branches", "fused", "views"]
    reads: str = ""

    @property
    def needs(self) -> str:
        """Requirement: what a model must have to satisfy the rule, "" where a recipe is enough."""
        needs = {"branch": f"a branch that reads {self.reads}", "branches": "several branches", "fused": "a fused view"}
        return needs.get(self.kind, "")


@dataclass(frozen=True)
class Preset:
    """Comparison preset by name: what it shows, and the rules that make its panels."""

    name: str
    about: str
    rules: tuple[PresetRule, ...]

    @property
    def needs(self) -> str:
        """Requirements: what a model must have to fill it, in words."""
        *some, last = [rule.needs for rule in self.rules if rule.needs] or ["a recipe"]
        return f"{', '.join(some)} and {last}" if some else last


PRESETS = (
    Preset(
        "MMSA Fig. 5",
        "Without pre-training, each modality alone, and the whole model",
        (
            PresetRule("untrained"),
            PresetRule("branch", "graph2d"),
            PresetRule("branch", "image"),
            PresetRule("branch", "graph3d"),
            PresetRule("fused"),
        ),
    ),
    Preset(
        "MMFRL Fig. 2",
        "Each modality's embedding before fusion, and the fused one",
        (PresetRule("branches"), PresetRule("fused")),
    ),
    Preset(
        "ECFP against this model's views",
        "The fingerprint, which learned nothing, beside all that the model makes",
        (PresetRule("baseline"), PresetRule("views")),
    ),
)


def fill_preset(preset: Preset, models: Iterable[Model]) -> tuple[ViewRef, ...]:
    """Panels of a preset by the first of the models that satisfies every rule; empty where none does.

    At most six: where there are more, the last one, which is the whole model, is kept.
    """
    for model in models:
        granted = [_grant(rule, model) for rule in preset.rules]
        panels = tuple(dict.fromkeys(panel for some in granted for panel in some))
        if all(granted) and len(panels) >= FEWEST_PANELS:
            return at_most(panels)
    return ()


def at_most(panels: tuple[ViewRef, ...]) -> tuple[ViewRef, ...]:
    """Panels that fit beside each other: of more than MOST_PANELS the first ones and the last."""
    return panels if len(panels) <= MOST_PANELS else (*panels[: MOST_PANELS - 1], panels[-1])


def _grant(rule: PresetRule, model: Model) -> list[ViewRef]:
    if model.recipe is None:
        return []
    if rule.kind == "baseline":
        return [ViewRef(BASELINE, BASELINE)]
    if rule.kind == "untrained":
        name = model.name if model.name.startswith(UNTRAINED) else UNTRAINED + model.name
        return [ViewRef(name, model.views[-1])]
    branches = [branch.name for branch in model.recipe.branches]
    views = {
        "branch": [b.name for b in model.recipe.branches if ENCODERS.attribute(b.encoder, "reads") == rule.reads][:1],
        "branches": branches if len(branches) > 1 else [],
        "fused": [view for view in model.views if view not in branches],
        "views": list(model.views),
    }
    return [ViewRef(model.name, view) for view in views[rule.kind]]
