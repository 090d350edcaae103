"""Group motifs: what tells the molecules of a class, a cluster or the selection from the rest.

A job finds it, this draws it.
"""

from functools import partial
from typing import Any

import streamlit as st

from mmexplore import studio
from mmexplore.runtime.errors import MmexploreError
from mmexplore.studio import Group, Job
from mmexplore.ui.components import follow_job
from mmexplore.ui.components.widgets import label_picker
from mmexplore.ui.components.words import literal
from mmexplore.ui.shell import address, session
from mmexplore.ui.shell.session import Choice
from mmexplore.ui.shell.tabs import GROUP_KIND, SELECTION
from mmexplore.ui.subgraphs import controls, motifs

_KINDS = ("class", "cluster", SELECTION)
_SHARE_HELP = "The maximum common subgraph is one that this share of the molecules compared hold"
_MOST_HELP = """Of a larger group, a sample drawn with seed 0 is searched. The maximum common subgraph is sought
among 100 molecules at most, and both are counted in all."""


def show(choice: Choice) -> None:
    """The group's picker, then what tells it from the rest, or the job that finds it."""
    group, most, share = _picked(choice)
    if group is None:
        return
    asked = controls.goal(choice.model, partial(studio.side, choice.model, choice.data, group))
    goal = asked.goal
    how = f" ({asked.how})" if asked.how else ""
    st.caption(literal(f"Sought are parts of which alone the model says {studio.goal_in_words(goal)}{how}."))
    found = studio.stored_motifs(choice.model, choice.data, group, goal, most, share)
    if found is not None:
        motifs.show(choice, group, goal, found)
        return
    key = "/".join(("subgraphs/job", choice.model, choice.data, str(group), str(goal), str(most), str(share)))
    start = partial(studio.start_motifs, choice.model, choice.data, group, goal, most, share)
    job = follow_job.begun(key, start)
    if job is not None and job.active:
        follow_job.follow_one(job, partial(_searching, key))
        return
    if job is not None and job.state == "failed":
        st.error(literal(job.message), icon=":material/info:")
    st.caption("Each molecule is searched once and kept: a search that was stopped goes on where it was.")
    if st.button("Find what tells it from the rest", key="subgraphs/find", type="primary", icon=":material/hub:"):
        st.session_state[key] = start().id
        st.rerun()


def _picked(choice: Choice) -> tuple[Group | None, int, float]:
    row = st.container(key="pairs-group")
    kind, which, most, part = row.columns([4, 5, 3, 3], vertical_alignment="bottom")
    with kind:
        about = {"default": _KINDS[0], "required": True}
        of = address.choose(st.segmented_control, "Group", _KINDS, key=GROUP_KIND, kind="the group", **about)
    with which:
        group = {"class": _class, "cluster": _cluster, SELECTION: _selection}[of or _KINDS[0]](choice)
    with most:
        kept: dict[str, Any] = {"key": "most", "kind": "a number of molecules", "help": _MOST_HELP, "step": 10}
        number = address.whole(st, "Searched at most", 10, 5000, studio.MOST_SEARCHED, **kept)
    with part:
        kept = {"key": "share", "kind": "a share", "help": _SHARE_HELP}
        shared = address.number(st.number_input, "Shared by at least", 0.1, 1.0, studio.SHARE, 0.05, **kept)
    return group, number, round(float(shared), 2)


def _class(choice: Choice) -> Group | None:
    names = [task.name for task in studio.dataset(choice.data).tasks]
    if not names:
        st.caption("This data set has no label. Choose a cluster or the selection.")
        return None
    label, value = st.columns(2)
    with label:
        task = address.choose(label_picker, "Label of the group", names, key="group-label", kind="the label")
    try:
        classes = studio.group_classes(choice.data, task)
    except MmexploreError as mistake:
        st.caption(literal(mistake))
        return None
    about = {"index": max(len(classes) - 1, 0), "help": "numbers are cut into thirds"}
    with value:
        chosen = address.choose(st.selectbox, "Class", classes, key="class", kind="the class", **about)
    return Group(label=task, value=chosen) if chosen else None


def _cluster(choice: Choice) -> Group | None:
    numbers = list(range(1, studio.CLUSTERS + 1))
    words = f"k-means clusters of view {choice.view}, as the Map colours them; 1 is the largest"
    about = {"help": literal(words), "format_func": _cluster_name}
    number = address.choose(st.selectbox, "Cluster", numbers, key="cluster", kind="the cluster", **about)
    return Group(cluster=int(number or 1), view=choice.view)


def _cluster_name(number: int) -> str:
    return f"cluster {number}"


def _selection(choice: Choice) -> Group | None:
    rows = session.selection()
    if not len(rows):
        st.caption("Nothing is selected. Draw a line round some molecules on the Map, then come back.")
        return None
    st.caption(f"{len(rows):,} selected molecules of {literal(choice.data)}")
    return studio.group_of_rows(choice.data, rows)


def _searching(key: str, job: Job) -> None:
    follow_job.bar(job, f"Searching: {follow_job.words(job)}")
    follow_job.cancel_button(job, f"{key}/cancel", icon=":material/close:")
