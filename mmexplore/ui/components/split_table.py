"""Split table: how labels fall into train, validation and test, for the pages that show a split before it is used."""

import pandas as pd
import streamlit as st

from mmexplore import studio


@st.cache_data(max_entries=32, show_spinner="Splitting…")
def split_table(
    data: str,
    stamp: str,  # noqa: ARG001 - part of the key: a changed data set is split anew
    rule: str,
    seed: int,
    fractions: tuple[float, float, float],
) -> pd.DataFrame:
    """How a split would fall, kept between runs of the page."""
    return studio.split_table(studio.dataset(data), rule, seed, fractions)
