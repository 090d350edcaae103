import streamlit as st

from mmexplore import studio
from mmexplore.runtime.errors import MmexploreError
from mmexplore.ui.components.words import literal
from mmexplore.ui.shell import session
from mmexplore.ui.train import form, job_picker, models, search_form, start, study_view, view

st.title("Train")
data = session.choice().data
jobs = job_picker.trainings()
shown = job_picker.chosen(jobs)
with st.container():  # always there, so that what stands below keeps its place, and with it its state
    if shown:
        view.follow(shown.id)
    job_picker.others(jobs, shown)

st.subheader("New run")
left, right = st.container(key="stacks-train").columns([3, 2], gap="large")
try:
    with left:
        plan = form.draw(data)
    with right:
        start.show(plan)
    with left:
        search_form.show(plan)
except MmexploreError as error:
    st.error(literal(error))

st.subheader("Models")
models.show(sorted(studio.models(), key=lambda model: model.shipped))
study_view.kept()
