"""Labels of more than two classes are classes everywhere: each is counted, colored and named, none is a 0 or a 1."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmexplore import studio
from mmexplore.datasets import Dataset, Task, summary
from mmexplore.datasets.splits import SplitRule
from mmexplore.explore.comparison import compare
from mmexplore.explore.explain.groups import group_classes
from mmexplore.explore.maps import colors, scores
from mmexplore.explore.maps.painting import MISSING, paint
from mmexplore.runtime.home import default_home
from mmexplore.ui.components import charts
from mmexplore.ui.map.selection import balance

CODES = st.lists(st.sampled_from([0.0, 1.0, 2.0, 3.0, 7.0, -1.0, np.nan]), min_size=12, max_size=40).filter(
    lambda values: len({v for v in values if np.isfinite(v)}) > 2
)


def labelled(values: list[float], kind: str = "classification") -> Dataset:
    whole = studio.dataset("freesolv")
    n = len(values)
    return replace(
        whole,
        smiles=whole.smiles[:n],
        names=whole.names[:n],
        lines=whole.lines[:n],
        labels=np.array(values, np.float32)[:, None],
        tasks=(Task("kind", kind),),  # type: ignore[arg-type]
        extra=whole.extra.iloc[:n],
        digest=str(hash(tuple(map(str, values)))),
    )


@given(CODES)
def test_every_class_has_its_own_count_color_and_name(values: list[float]) -> None:
    data, known = labelled(values), sorted({v for v in values if np.isfinite(v)})
    names = [f"{value:g}" for value in known]
    counts = [values.count(value) for value in known]
    row = summary.label_table(data).iloc[0]
    assert row["classes"] == ", ".join(f"{name}: {count}" for name, count in zip(names, counts, strict=True))
    assert not {"positive", "share positive", "mean"} & set(summary.label_table(data).columns)
    shown = colors.of_label(data, 0)
    assert list(shown.categories) == names
    painted = paint(shown)
    assert [(entry.name, entry.n) for entry in painted.entries if entry.code != MISSING] == list(
        zip(names, counts, strict=True)
    )
    assert [shown.categories[code] if code != MISSING else "" for code in painted.codes] == [
        f"{value:g}" if np.isfinite(value) else "" for value in values
    ]
    assert list(group_classes(data)) == names
    assert len(scores.color_classes(data, "kind", shown).names) == len(names)
    (line,) = balance(data, np.arange(len(data)))
    assert "positive" not in line
    assert all(f"{name}: {count}" in line for name, count in zip(names, counts, strict=True))
    (bars,) = charts.class_counts(data.labels[:, 0], "t", "kind").data
    assert (list(bars.x), list(bars.y)) == (names, counts)


@given(CODES)
def test_no_prediction_of_two_classes_is_judged_by_them(values: list[float]) -> None:
    assert np.isnan(labelled(values).truth(0)).all()
    assert labelled(values, "regression").truth(0).tolist() == pytest.approx(values, nan_ok=True)


def test_a_split_tells_the_share_of_each_class() -> None:
    data = labelled([float(n % 3) for n in range(40)])
    table = summary.split_table(data, SplitRule("random"))
    shares = table[[f"kind = {n}: share" for n in range(3)]]
    assert shares.sum(axis=1).tolist() == pytest.approx([1, 1, 1])
    assert len(charts.split_balance(table).data) == 3


def test_two_classes_and_numbers_are_told_as_before() -> None:
    two = labelled([0.0, 1.0, np.nan] * 8)
    assert summary.label_table(two).iloc[0][["positive", "share positive"]].tolist() == [8, 0.5]
    assert colors.of_label(two, 0).categories == ("0", "1")
    assert colors.of_label(labelled([0.0] * 12), 0).categories == ("0", "1")
    assert colors.of_label(labelled([0.5, 1.5, 2.5] * 4, "regression"), 0).categories == ()


def test_balance_of_two_classes_leaves_others_out() -> None:
    many = summary.label_table(labelled([0.0, 1.0, 2.0] * 4))
    assert not charts.has_two_classes(many).any()
    assert charts.has_two_classes(summary.label_table(labelled([0.0, 1.0] * 6))).all()


def test_contradicting_classes_of_one_molecule_are_no_mean() -> None:
    before = labelled([0.0, 2.0, 1.0, 1.0] * 3)
    twice = replace(before, smiles=np.where(np.arange(12) < 2, before.smiles[0], before.smiles))
    found = compare(twice, before).table
    assert not found["kind before"].eq(1.0).any()


def test_a_class_of_many_is_a_group() -> None:
    from mmexplore.explore.explain.groups import Group, members

    data = labelled([float(n % 4) for n in range(24)])
    rows = members(None, data, Group(label="kind", value="2"), home=default_home()).rows
    assert rows.tolist() == list(range(2, 24, 4))
