"""Ready comparisons and one more map. Presets that no model here can fill are listed too, and say what they need."""

import streamlit as st

from mmexplore import studio
from mmexplore.studio import MOST_PANELS, PRESETS, Model, Preset, ViewRef
from mmexplore.ui.compare import state
from mmexplore.ui.components.words import literal
from mmexplore.ui.shell.session import Choice

_OPEN = "presets"


def menu(choice: Choice) -> None:
    """The presets, of which a click shows one's panels, and the button that adds a map."""
    models = sorted(studio.models(), key=lambda known: (known.name != choice.model, known.data != choice.data))
    with (
        st.popover("Presets", icon=":material/dashboard:", key=_OPEN, on_change="rerun"),
        st.container(width=380, gap="xsmall"),
    ):
        for preset in PRESETS:
            _preset(preset, models)
    full = len(state.panels(choice)) >= MOST_PANELS
    st.button(
        "Add a map",
        key="add-panel",
        icon=":material/add:",
        disabled=full,
        help="Six are shown: take one away first" if full else None,
        on_click=state.add,
        args=(choice,),
    )


def _show(panels: tuple[ViewRef, ...]) -> None:
    state.replace(panels)
    st.session_state[_OPEN] = False


def _preset(preset: Preset, models: list[Model]) -> None:
    panels = studio.fill_preset(preset, models)
    st.button(
        preset.name,
        key=f"preset-{preset.name}",
        disabled=not panels,
        width="stretch",
        on_click=_show,
        args=(panels,),
    )
    model = panels[-1].model if panels else ""
    lacking = f"{preset.about}. Needs a model with {preset.needs}; none is here."
    st.caption(literal(f"{preset.about}, by {model}." if panels else lacking))
