"""Training start: what a run will take, on what, with which split; and the button that starts it."""

from collections.abc import Sequence
from typing import Any

import streamlit as st

from mmexplore import studio
from mmexplore.runtime.errors import MmexploreError
from mmexplore.ui.components import score_words, structures
from mmexplore.ui.components.widgets import labels_picker
from mmexplore.ui.components.words import duration, literal
from mmexplore.ui.train.plan import RunPlan


def show(plan: RunPlan) -> None:
    """Draw the panel; its button starts one job a seed. A second click meets the jobs of the first."""
    with st.container(border=True):
        _estimate(plan)
        _device(plan)
        refusals = _check(plan)
        count = len(plan.places)
        label = "Start training" if count == 1 else f"Start {count} trainings"
        about: dict[str, Any] = {"type": "primary", "icon": ":material/play_arrow:", "width": "stretch"}
        if plan.ensemble:
            st.caption(f":material/layers: They become one ensemble, {literal(plan.title)}, when the last one is done.")
        st.button(label, on_click=_start, args=(plan,), disabled=bool(refusals), **about)
    with st.expander("Split preview", expanded=True):
        if small_enough(plan):
            _split(plan, refusals)
    with st.expander("Recipe as JSON and command line"):
        st.code(plan.run(*plan.places[0]).model_dump_json(indent=1), language="json", height=260)
        lines = [plan.together()] if plan.ensemble else [plan.shell(*place) for place in plan.places[:5]]
        for line in lines:
            st.code(line, language="shell", wrap_lines=True)


def _check(plan: RunPlan) -> list[str]:
    """Say what forbids the trainings, and what their scores will lack; returns what forbids them."""
    try:
        if len(studio.dataset(plan.recipe.data.dataset)) > studio.MOST_CHECKED:
            return []  # the job says it, before any work
    except MmexploreError as error:
        st.error(literal(error))
        return [str(error)]
    checks = [studio.check_training(plan.run(*place)) for place in plan.places]
    refusals = dict.fromkeys(text for found in checks for text in found.refusals)
    for text in refusals:
        st.error(literal(text[:1].upper() + text[1:]), icon=":material/block:")
    for text in dict.fromkeys(text for found in checks for text in found.warnings):
        st.caption(f":material/info: {literal(text[:1].upper() + text[1:])}")
    return list(refusals)


def _start(plan: RunPlan) -> None:
    """Runs before the page does, so that a click is answered at once; studio knows a training that runs already."""
    try:
        jobs = [studio.start_training(recipe, title) for recipe, title in plan.runs()]
        if plan.ensemble:
            studio.expect_ensemble(plan.title, jobs)
    except (MmexploreError, OSError) as error:
        st.toast(literal(error), icon=":material/error:")
        return
    st.query_params["job"] = jobs[0].id


def _estimate(plan: RunPlan) -> None:
    count = len(plan.places)
    guess = studio.estimate(plan.recipe)
    time = "not known yet" if guess.seconds is None else f"about {duration(guess.seconds * count)}"
    memory = "not known yet" if not guess.megabytes else f"about {guess.megabytes / 1000:.1f} GB"
    runs = "" if count == 1 else f" of {count} runs, one after the other"
    st.markdown(f"**Time**{runs}: {time} &nbsp;·&nbsp; **Memory**: {memory}")
    st.caption(f"{literal(guess.how[:1].upper() + guess.how[1:])}.")


def _device(plan: RunPlan) -> None:
    for device in _devices():
        st.caption(f":material/memory: {literal(device.title)}, {device.memory_gigabytes:.0f} GB memory")
    asked = plan.recipe.training.device
    if asked not in ("auto", "cpu") and all(device.name != asked for device in _devices()):
        st.warning(f"This machine shows no GPU for {asked}: choose device auto or cpu.")


@st.cache_data(ttl=300, show_spinner=False)
def _devices() -> list[studio.Device]:
    return studio.devices()


def small_enough(plan: RunPlan) -> bool:
    """Asks before the scaffolds of many molecules are found."""
    data = plan.recipe.data
    try:
        count = data.drawn(len(studio.dataset(data.dataset)))
    except MmexploreError:
        return True  # the split says what is wrong
    how = data.folds_by if data.split == "kfold" else data.split
    if count <= studio.MOST_CHECKED or how in ("random", "molecule", "column", "time", "file"):
        return True
    seconds = count**2 / 1e8 if how == "cluster" else count / 4000
    words = f"Preview the split of {count:,} molecules (about {duration(seconds)})"
    return bool(st.toggle(words, key=f"train/preview/{data.dataset}"))


def _split(plan: RunPlan, said: Sequence[str]) -> None:
    """Draw the parts of the split, or why there are none, unless that was said."""
    data = plan.run(*plan.places[0]).data
    about: dict[str, Any] = {"column": data.split_column, "file": data.split_file, "folds": data.folds}
    about |= {
        "molecules": data.molecules,
        "fold": data.fold,
        "similarity": data.cluster_similarity,
        "folds_by": data.folds_by,
    }
    try:
        dataset = studio.dataset(data.dataset)
        names = list(data.targets) or [task.name for task in dataset.tasks]
        shown = labels_picker(names, f"labels-{data.dataset}-{len(names)}")
        with st.spinner("Splitting…"):
            table = studio.split_table(dataset, data.split, data.split_seed, data.fractions, tuple(shown), **about)
    except MmexploreError as error:
        if str(error) not in said:
            st.warning(literal(error))
        return
    st.caption(
        f"{literal(data.dataset)}, {literal(score_words.split(data.split, data.split_seed, data.split_options))}"
    )
    structures.wrapped(table, digits=3)
