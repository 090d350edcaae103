"""Labels of a molecule in words."""

from dataclasses import replace

from mmexplore import studio
from mmexplore.ui.components.molecule import label_of


def test_a_label_in_the_thousands_is_written_out() -> None:
    table = studio.dataset("freesolv")
    labels = table.labels.copy()
    labels[0, 0], labels[1, 0] = 2001.0, -3.456
    name = table.tasks[0].name
    assert label_of(replace(table, labels=labels), 0) == f"{name} 2,001"
    assert label_of(replace(table, labels=labels), 1) == f"{name} -3.46"
