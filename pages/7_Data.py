import streamlit as st

from mmexplore import studio
from mmexplore.runtime.errors import MmexploreError
from mmexplore.ui.components.words import literal
from mmexplore.ui.data import catalog, dataset, kept, libraries, upload
from mmexplore.ui.shell import address, session

st.title("Data")
entries = {entry.name: entry for entry in studio.datasets()}
chosen = session.choice().data
catalogue, own, large = address.tabs(["Catalogue", "Add your own", "Libraries"], "sets")
with catalogue:
    catalog.show(sorted(entries.values(), key=lambda entry: entry.source != "yours"), chosen)
with own:
    upload.show({entry.title for entry in entries.values()})
if large.open:
    with large:
        libraries.show()

try:
    dataset.show(entries[chosen], dataset.read(chosen))
except MmexploreError as error:
    st.error(literal(error))
kept.show()
