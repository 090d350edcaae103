"""Presets of comparisons on models of today and of tomorrow: a recipe and its views decide, nothing else."""

from dataclasses import replace
from pathlib import Path

import pytest

from mmexplore.explore.maps.panels import FEWEST_PANELS, MOST_PANELS, PRESETS, Preset, ViewRef, fill_preset
from mmexplore.models.registry import Model
from mmexplore.recipes import presets
from mmexplore.recipes.recipe import Branch, FusionConfig, Recipe
from mmexplore.runtime import registry

READS = {"gin": "graph2d", "resnet": "image", "comenet": "graph3d", "dmpnn": "graph2d"}
MADE = ("unified", "structure-aware", "memory-aligned")
BASELINE = Model("ecfp", "ECFP", Path("ecfp"), True, ("ecfp",))


@pytest.fixture(autouse=True)
def tomorrow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Encoders that are not here yet read what they will read."""
    monkeypatch.setattr(registry.Family, "attribute", lambda self, name, attribute: READS[name])


def model(name: str, encoders: list[str], fused: tuple[str, ...] = (), names: list[str] | None = None) -> Model:
    names = names or encoders
    branches = tuple(
        Branch.model_construct(encoder=e, name=n, options={}) for e, n in zip(encoders, names, strict=True)
    )
    made = Recipe.model_construct(branches=branches, fusion=FusionConfig.model_construct(name="late", options={}))
    return Model(name, name, Path(name), False, (*names, *fused), made)


MMSA = model("mmsa", ["gin", "resnet", "comenet"], MADE)
MMFRL = model("mmfrl", ["dmpnn"] * 5, ("fused",), ["smiles", "image", "nmr", "fingerprint", "peak"])
PLAIN = model("plain", ["dmpnn"])
MODELS = [PLAIN, MMSA, MMFRL, BASELINE]


def preset(name: str) -> Preset:
    return next(p for p in PRESETS if p.name == name)


def test_mmsa_fig_5_is_the_untrained_model_each_modality_and_the_whole() -> None:
    panels = fill_preset(preset("MMSA Fig. 5"), MODELS)
    wanted = [("mmsa", view) for view in ("gin", "resnet", "comenet", "unified", "memory-aligned")]
    assert panels == (ViewRef("untrained:mmsa", "memory-aligned"), *(ViewRef(*each) for each in wanted))
    twin = replace(MMSA, name="untrained:mmsa")
    assert fill_preset(preset("MMSA Fig. 5"), [twin])[0].model == "untrained:mmsa"


def test_mmfrl_fig_2_is_each_replica_and_the_fused_view() -> None:
    panels = fill_preset(preset("MMFRL Fig. 2"), [MMFRL])
    assert [panel.view for panel in panels] == ["smiles", "image", "nmr", "fingerprint", "peak", "fused"]


def test_ecfp_stands_beside_all_views() -> None:
    name = "ECFP against this model's views"
    assert fill_preset(preset(name), [PLAIN]) == (ViewRef("ecfp", "ecfp"), ViewRef("plain", "dmpnn"))
    assert [p.view for p in fill_preset(preset(name), [MMSA])] == [
        "ecfp",
        "gin",
        "resnet",
        "comenet",
        "unified",
        MADE[-1],
    ]


@pytest.mark.parametrize("wanted", PRESETS, ids=lambda p: p.name)
@pytest.mark.parametrize("models", [[], [BASELINE], [PLAIN], [model("two", ["gin", "resnet"])], MODELS])
def test_a_preset_is_whole_or_nothing_and_says_what_it_needs(wanted: Preset, models: list[Model]) -> None:
    panels = fill_preset(wanted, models)
    assert not panels or FEWEST_PANELS <= len(panels) <= MOST_PANELS
    assert len(set(panels)) == len(panels)
    assert wanted.needs
    if models in ([], [BASELINE]):
        assert panels == ()


def test_the_chosen_model_comes_first() -> None:
    other = replace(MMSA, name="another")
    assert fill_preset(preset("MMSA Fig. 5"), [other, *MODELS])[1].model == "another"
    assert fill_preset(preset("MMSA Fig. 5"), [PLAIN, *MODELS])[1].model == "mmsa"


def test_recipes_of_today_name_their_branches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    here = presets.preset("gin")
    assert fill_preset(preset("MMSA Fig. 5"), [Model("gin", "gin", Path("gin"), False, here.views, here)]) == ()
