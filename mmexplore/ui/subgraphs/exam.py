"""Exam of explanations: how often this kind of model's subgraphs find atoms that are known to decide."""

from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

import streamlit as st

from mmexplore import studio
from mmexplore.explore.explain.exam import RuleGrades
from mmexplore.runtime.errors import MmexploreError
from mmexplore.studio import Exam
from mmexplore.ui.components import follow_job, structures
from mmexplore.ui.components.words import duration, literal
from mmexplore.ui.shell import address
from mmexplore.ui.shell.session import Choice

if TYPE_CHECKING:
    import pandas as pd

_WHAT = """Rules are planted in molecules of {data}: a group, two groups together, a group unless another. A model by
the recipe of {model} learns each from new labels, and each explanation is asked, of molecules that were held back,
which atoms decide. Here that is known."""
_FIT = ("explanation", "AUROC over atoms", "holds the planted atoms", "exact", "lost by replacement")
_COLUMNS = {
    "explanation": None,
    "molecules": "graded: held back, positive, and called so by the model",
    "answered": "of which it named a part",
    "AUROC over atoms": "mean over the molecules; 0.5 is chance",
    "holds the planted atoms": "share of the molecules whose part holds them all",
    "exact": "share whose part is as small as can be with them; of weighted atoms, whose best are the planted ones",
    "lost by deletion": "what the probability of the planted class loses without the part, mean",
    "lost by replacement": "the same with other parts of the training molecules in its place, mean",
    "replaced": "molecules whose part can be swapped: it hangs by one or two single bonds outside rings",
}


def show(choice: Choice) -> None:
    """The settings, then the result, or the job that finds it."""
    st.markdown(literal(_WHAT.format(data=choice.data, model=choice.model)))
    row = st.container(key="pairs-exam")
    many, long = row.columns(2, vertical_alignment="bottom")
    about: dict[str, Any] = {"key": "exam-molecules", "kind": "a number of molecules", "step": 5}
    about["help"] = "held-back molecules of each rule that are asked about"
    molecules = address.whole(many, "Molecules a rule", 5, 200, studio.EXAM_MOLECULES, **about)
    about = {"key": "exam-epochs", "kind": "a number of epochs", "step": 10, "help": "of each of the trainings"}
    epochs = address.whole(long, "Epochs", 5, 200, studio.EXAM_EPOCHS, **about)
    asked = choice.model, choice.data, molecules, epochs
    found = studio.stored_exam(*asked)
    if found is not None:
        _result(found)
        return
    key = "/".join(("subgraphs/exam", *map(str, asked)))
    start = partial(studio.start_exam, *asked)
    job = follow_job.begun(key, start)
    if job is not None and job.active:
        follow_job.follow_one(job, partial(follow_job.bar_and_cancel, key))
        return
    if job is not None and job.state == "failed":
        st.error(literal(job.message), icon=":material/info:")
    st.caption("Minutes on a laptop, with one training a rule. An exam that was stopped goes on where it was.")
    if st.button("Sit the exam", key="subgraphs/sit", type="primary", icon=":material/school:"):
        st.session_state[key] = start().id
        st.rerun()


def trust(choice: Choice) -> None:
    """One line on how far to trust what is drawn: from the exam, where it was sat."""
    found = None
    with suppress(MmexploreError):
        found = studio.stored_exam(choice.model, choice.data)
    if found is not None:
        st.caption(literal(f"How far to trust it: {studio.trust_in_words(found)}"))
    else:
        usual = f"{studio.EXAM_MOLECULES} molecules a rule and {studio.EXAM_EPOCHS} epochs"
        st.caption(f"How far to trust it: this model has not yet sat the exam of {usual}, which the tab Exam holds.")


def _result(found: Exam) -> None:
    st.markdown(f"**{literal(studio.trust_in_words(found))}**")
    for number, rule in enumerate(found.rules):
        _rule(rule, f"exam-{number + 1}")
    for words in found.skipped:
        st.caption(literal(f"Not planted: {words}."))
    st.caption(
        literal(
            f"Recipe of {found.model}, molecules of {found.data}, {duration(found.seconds)}. Deletion leaves what no "
            "training molecule looks like; replacement leaves a plausible molecule without the planted group."
        )
    )
    import pandas as pd

    frame = pd.concat([_frame(rule).assign(rule=rule.words, kind=rule.kind) for rule in found.rules])
    about: dict[str, Any] = {"icon": ":material/download:", "on_click": "ignore"}
    st.download_button("CSV", studio.to_csv(frame), "exam.csv", "text/csv", **about)


def _rule(rule: RuleGrades, switch: str) -> None:
    st.subheader(literal(f"{rule.kind.capitalize()}: {rule.words}"), anchor=False)
    learned = f"ROC-AUC {rule.auroc:.2f}" if rule.auroc == rule.auroc else "not scored"
    words = f"{rule.learned:,} molecules taught it ({learned} on those held back); of {rule.positive} positive ones "
    st.caption(literal(f"{words}it calls {rule.called} positive, and these are asked about."))
    if not rule.grades:
        st.info("The model did not learn this rule: it calls none of them positive.")
        return
    config: dict[str, Any] = {}
    for name, told in _COLUMNS.items():
        if name in ("AUROC over atoms", "holds the planted atoms", "exact"):
            bar, text = st.column_config.ProgressColumn, "percent" if name != "AUROC over atoms" else "%.2f"
            config[name] = bar(help=told, format=text, min_value=0, max_value=1)
        elif name.startswith("lost"):
            config[name] = st.column_config.NumberColumn(help=told, format="%.2f")
        elif told:
            config[name] = st.column_config.NumberColumn(help=told)
    frame = _frame(rule)
    structures.fitting(frame, _FIT, switch, config)


def _frame(rule: RuleGrades) -> "pd.DataFrame":
    import pandas as pd

    rows = [
        {
            "explanation": one.explanation,
            "molecules": one.molecules,
            "answered": one.answered,
            "AUROC over atoms": one.auroc,
            "holds the planted atoms": one.hits / max(one.molecules, 1),
            "exact": one.exact / max(one.molecules, 1),
            "lost by deletion": one.deletion,
            "lost by replacement": one.replacement,
            "replaced": one.replaced,
        }
        for one in rule.grades
    ]
    return pd.DataFrame(rows)
