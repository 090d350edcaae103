import streamlit as st

from mmexplore import studio
from mmexplore.errors import MmexploreError
from mmexplore.ui import catalogue_panel, dataset_panel, session, upload_panel
from mmexplore.ui.plain_text import literal

st.title("Data")
entries = {entry.name: entry for entry in studio.datasets()}
chosen = session.choice().data
catalogue, own = st.tabs(["Catalogue", "Add your own"])
with catalogue:
    catalogue_panel.show(list(entries.values()), chosen)
with own:
    upload_panel.show({entry.title for entry in entries.values()})

try:
    dataset_panel.show(entries[chosen], dataset_panel.read(chosen))
except MmexploreError as error:
    st.error(literal(error))
