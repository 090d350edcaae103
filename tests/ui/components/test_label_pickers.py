"""Lists of many labels: a picker that says how many there are and how many more, and the wanted one first."""

import numpy as np
import pandas as pd
from streamlit.testing.v1 import AppTest

from mmexplore.datasets import Dataset, Report, Task
from mmexplore.ui.map.selection import balance

PATIENCE = 240


def test_few_labels_need_no_picker_and_many_say_how_many_more() -> None:
    def script(count: int) -> None:
        import streamlit as st

        from mmexplore.ui.components import widgets

        names = [f"task {n}" for n in range(count)]
        st.session_state["shown"] = widgets.labels_picker(names, "some")
        st.session_state["one"] = widgets.label_picker("Label", names, "one")

    few = AppTest.from_function(script, args=(3,), default_timeout=PATIENCE).run()
    assert not few.multiselect
    assert len(few.session_state["shown"]) == 3
    assert few.selectbox[0].label == "Label"
    many = AppTest.from_function(script, args=(617,), default_timeout=PATIENCE).run()
    assert len(many.session_state["shown"]) == 6
    assert [caption.value for caption in many.caption] == ["and 611 more"]
    assert many.selectbox[0].label == "Label (617)"
    many.multiselect[0].set_value(["task 3", "task 9", "task 600"]).run()
    assert many.session_state["shown"] == ["task 3", "task 9", "task 600"]
    assert [caption.value for caption in many.caption] == ["and 614 more"]


def test_the_chosen_label_stands_first_on_the_card_of_a_molecule_with_many() -> None:
    def script() -> None:
        from mmexplore.explore.neighbors.detail import Standing
        from mmexplore.ui.components import molecule

        molecule._standings(tuple(Standing(f"task{n}", "", label=n) for n in range(617)), "", "task600", "card")

    app = AppTest.from_function(script, default_timeout=PATIENCE).run()
    assert not app.exception
    first, *_ = [line for line in app.markdown[0].value.splitlines() if "task" in line]
    assert "task600" in first
    assert app.selectbox[0].label == "and 605 more values"
    app.selectbox[0].select("task77").run()
    first, *_ = [line for line in app.markdown[0].value.splitlines() if "task" in line]
    assert "task77" in first


def test_the_colored_label_stands_first_in_a_selections_balance() -> None:
    tasks = tuple(Task(f"task{n}", "classification") for n in range(9))
    texts, labels = np.array(["C", "CC", "CCC"], object), np.ones((3, 9), np.float32)
    nothing = pd.DataFrame(index=range(3))
    data = Dataset("toy", "Toy", "0", texts, texts, np.arange(3), labels, tasks, nothing, Report(3, 3))
    lines = balance(data, np.arange(3), first="task8")
    assert lines[0].startswith("**task8**")
    assert lines[-1] == "and 5 more labels in the table"
