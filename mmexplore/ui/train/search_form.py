"""Search of settings: what the Train page's form asks of one, and the button that starts it."""

from typing import Any

import pandas as pd
import streamlit as st

from mmexplore import studio
from mmexplore.runtime.errors import MmexploreError
from mmexplore.ui.components.widgets import Field, draw, grid
from mmexplore.ui.components.words import duration, literal
from mmexplore.ui.train.plan import RunPlan

_ABOUT = "Trials of this recipe with other settings, compared by their validation scores. No label of the "
_ABOUT += "test part is read, and none of the rows that calibrate intervals."
_RANGE = "LOW:HIGH, LOW:HIGH:log, or A,B,C"


def show(plan: RunPlan) -> None:
    """Draw the panel: how many trials, drawn how, over which fields; nothing of a recipe without labels."""
    if plan.recipe.pretrains:
        return
    with st.expander("Search the settings", icon=":material/tune:"):
        st.caption(_ABOUT)
        asked = _asked()
        recipe = plan.run(*plan.places[0])
        try:
            search = asked.model_copy(update={"ranges": _ranges(studio.search_ranges(recipe))})
            studio.check_search(recipe, search)
        except MmexploreError as error:
            st.error(literal(error))
            return
        seconds = studio.estimate(recipe).seconds
        if seconds is not None:
            st.caption(f":material/timer: At most about {duration(seconds * search.trials)}: worse trials end early.")
        about: dict[str, Any] = {"icon": ":material/tune:", "width": "stretch"}
        title = f"{plan.title}, search"
        st.button(f"Start {search.trials} trials", on_click=_start, args=(recipe, search, title), **about)


def _asked() -> studio.SearchPlan:
    """The fields of a search, but its ranges, as its schema says."""
    values, cells = {}, grid()
    for name, info in studio.SearchPlan.model_fields.items():
        if name != "ranges":
            with next(cells):
                values[name] = draw(Field(f"search.{name}", info, info.default, f"train/search/{name}"))
    return studio.SearchPlan(**values)


def _ranges(known: dict[str, str]) -> dict[str, str]:
    """What is varied, as an editable table of the recipe's own ranges."""
    frame = pd.DataFrame({"vary": True, "field": list(known), "range": list(known.values())})
    config = {
        "vary": st.column_config.CheckboxColumn(width=64),
        "field": st.column_config.TextColumn(disabled=True, width=200),
        "range": st.column_config.TextColumn(help=_RANGE, required=True),
    }
    key = f"train/search/ranges/{hash(tuple(known.items()))}"
    edited = st.data_editor(frame, hide_index=True, column_config=config, key=key, width="stretch")
    rows = edited[edited["vary"]]
    return {str(field): str(words) for field, words in zip(rows["field"], rows["range"], strict=True)}


def _start(recipe: Any, search: studio.SearchPlan, title: str) -> None:
    """Runs before the page does, so that a click is answered at once."""
    try:
        st.query_params["job"] = studio.start_tuning(recipe, search, title).id
    except (MmexploreError, OSError) as error:
        st.toast(literal(error), icon=":material/error:")
