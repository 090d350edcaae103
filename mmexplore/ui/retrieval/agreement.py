"""Agreement with ECFP over many queries: shared neighbours and rank correlation of each view, each beside chance."""

import numpy as np
import pandas as pd
import streamlit as st

from mmexplore import studio
from mmexplore.runtime.errors import MmexploreError
from mmexplore.studio import ECFP, Agreement, ViewRef
from mmexplore.ui.components import charts, structures, waits
from mmexplore.ui.components.words import literal
from mmexplore.ui.retrieval import state

QUERIES = 200


def agreement_panel(panels: list[ViewRef], data: str, k: int) -> None:
    """A table and a figure for the views that are there."""
    views = [panel for panel in panels if panel != ECFP]
    if not views:
        st.caption("Choose a view of a model above, and let it embed the data set, to see how far it agrees with ECFP.")
        return
    try:
        found = {name: _known(panel, data, k) for name, panel in state.named(views).items()}
    except MmexploreError as mistake:
        st.caption(literal(mistake))
        return
    one = next(iter(found.values()))
    left, right = st.container(key="stacks-retrieval-agreement").columns(2, gap="large")
    with left:
        structures.wrapped(_table(found, k).reset_index())
        st.caption(
            f"Over {len(one.rows):,} queries drawn from {literal(data)} with seed 0, each compared with the "
            f"{one.others:,} others; a query is not its own hit. Overlap@{k}: share of the {k} nearest by ECFP that "
            f"are among the {k} nearest in the view. Spearman: rank correlation over {one.ranked:,} others. Permuted: "
            f"the same with the view's rows dealt anew; a random ranking is expected to overlap by {one.expected:.2%}."
        )
    with right:
        charts.show(charts.agreement(found, k), f"{data}-agreement", "agreement-figure")


def _known(panel: ViewRef, data: str, k: int) -> Agreement:
    with waits.bar(f"Comparing {panel.view} with ECFP"):
        return studio.agreement(panel, data, k, QUERIES)


def _table(found: dict[str, Agreement], k: int) -> pd.DataFrame:
    rows = {
        name: {
            f"overlap@{k}": _spread(one.overlap),
            "permuted": _spread(one.overlap_permuted),
            "Spearman": _spread(one.spearman),
            "permuted ": _spread(one.spearman_permuted),
        }
        for name, one in found.items()
    }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("view")


def _spread(values: np.ndarray) -> str:
    known = values[np.isfinite(values)]
    return f"{known.mean():.3f} \u00b1 {known.std():.3f}" if len(known) else "-"
