import streamlit as st

from mmexplore import studio
from mmexplore.errors import MmexploreError
from mmexplore.ui import job_picker, run_panel, session, start_panel, training_form, training_view
from mmexplore.ui.plain_text import literal

st.title("Train")
data = session.choice().data
jobs = job_picker.trainings()
shown = job_picker.chosen(jobs)
with st.container():  # always there, so that what stands below keeps its place, and with it its state
    if shown:
        training_view.follow(shown.id)
    job_picker.others(jobs, shown)

st.subheader("New run")
left, right = st.columns([3, 2], gap="large")
try:
    with left:
        plan = training_form.draw(data)
    with right:
        start_panel.show(plan)
except MmexploreError as error:
    st.error(literal(error))

st.subheader("Models")
run_panel.show(studio.models())
