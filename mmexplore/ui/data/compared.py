"""Two data sets compared on the Data page: what is new, gone and changed, and a table of it to take home."""

import streamlit as st

from mmexplore import studio
from mmexplore.runtime.errors import MmexploreError
from mmexplore.studio import Dataset
from mmexplore.ui.components import structures
from mmexplore.ui.components.words import literal
from mmexplore.ui.shell import address

_MOST_SHOWN = 200
_FIT = ("structure", "status", "smiles", "name", "difference")


def show(dataset: Dataset) -> None:
    """Draw the choice of another data set, and how this one differs from it."""
    others = [name for name in studio.available() if name != dataset.name]
    help_ = "molecules are matched by canonical SMILES, then by InChIKey"
    about = {"index": None, "placeholder": "an earlier data set", "help": help_}
    chosen = address.choose(st.selectbox, "Compare with", others, key="with", kind="the data set", **about)
    if chosen is None:
        st.caption("Choose another data set: what is new here, what is gone, and whose labels changed shows below.")
        return
    try:
        with st.spinner("Comparing…"):
            found = studio.compare_datasets(chosen, dataset.name)
    except MmexploreError as error:
        st.error(literal(error))
        return
    cells = st.columns(4)
    for cell, name in zip(cells, ("new", "gone", "changed", "same"), strict=True):
        cell.metric(name.capitalize(), f"{getattr(found, name):,}")
    for note in found.notes:
        st.text(note)
    if not len(found.table):
        st.caption("The two hold the same molecules with the same labels.")
        return
    table = found.table.head(_MOST_SHOWN).copy()
    table.insert(0, "structure", structures.addresses(table["smiles"]))
    widths = {"status": 76, "smiles": 110, "name": 90, "difference": 260}
    config = {name: st.column_config.TextColumn(width=pixels) for name, pixels in widths.items()}
    config["structure"] = structures.column()
    structures.table(table, config, fit=_FIT, switch="differences")
    if len(found.table) > _MOST_SHOWN:
        st.caption(f"The first {_MOST_SHOWN} of {len(found.table):,}; the file has all.")
    file = f"{found.a}-{found.b}.csv"
    st.download_button("CSV", lambda: studio.to_csv(found.table), file, "text/csv", on_click="ignore")
