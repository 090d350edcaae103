"""What the home holds, on the Data page: bytes by kind, what is damaged there, and backups that are brought back."""

import pandas as pd
import streamlit as st

from mmexplore import studio
from mmexplore.ui.components.words import literal
from mmexplore.ui.shell import backups

_WORDS = {
    "datasets": "standardised tables, published files",
    "uploads": "files as you gave them",
    "runs": "trained models",
    "features": "features of molecules",
    "embeddings": "embeddings",
    "maps": "maps",
    "predictions": "tables of predictions, for a week",
    "subgraphs": "explanations",
    "jobs": "jobs and their logs",
    "logs": "the app's log",
    "other": "anything else",
}


def show() -> None:
    """Draw the panel; counting is never waited for."""
    for name, why in studio.damaged_datasets().items():
        st.warning(literal(f"Left out: data set {name}: {why}"))
    for name, why in studio.damaged_jobs().items():
        st.warning(literal(f"Left out: job {name}: {why}"))
    with st.expander("What is kept on this machine", key="kept", icon=":material/hard_drive:"):
        counting = studio.known_bytes() is None
        st.fragment(_bytes, run_every=1.0 if counting else None)(counting)
        st.text(
            "mmexplore home backup ZIP, in a shell, writes all your data sets and models to one file. "
            "One data set or model is saved by Back up beside its name."
        )
        backups.bring_back("kept")


def _bytes(counting: bool) -> None:
    known = studio.known_bytes()
    if known is None:
        st.text("Being counted…")
        return
    if counting:
        st.rerun()  # without a clock
    rows = [{"what": _WORDS[kind], "MB": size / 1e6} for kind, size in known.items() if size]
    st.text(f"{sum(known.values()) / 1e6:,.1f} MB in {studio.home().path}")
    st.dataframe(
        pd.DataFrame(rows), hide_index=True, column_config={"MB": st.column_config.NumberColumn(format="%.1f")}
    )
