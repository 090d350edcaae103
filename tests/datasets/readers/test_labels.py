"""Labels: kinds, units, logarithms, thresholds and qualifiers, against reading cell by cell."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmexplore.datasets.readers import labels
from mmexplore.datasets.readers.labels import LabelRule
from mmexplore.runtime.errors import BadRecipe, BadTable


def read(cells, extra=None, **rule):
    frame = pd.DataFrame({"y": list(cells)} | (extra or {}), dtype=str)
    return labels.read(frame, LabelRule("y", **rule), np.arange(2, len(frame) + 2))


def listed(label):
    return [None if math.isnan(value) else round(value, 6) for value in label.values]


CENSORED = ["5.2", ">10", "<4", "6.1", "~5", "7"]


def test_a_qualifier_is_kept_beside_its_number_and_the_user_chooses():
    dropped, bound, cut = read(CENSORED), read(CENSORED, qualifiers="bound"), read(CENSORED, threshold=6)
    assert listed(dropped) == [5.2, None, None, 6.1, None, 7]
    assert listed(bound) == [5.2, 10, 4, 6.1, 5, 7]
    assert listed(cut) == [0, 1, 0, 1, 0, 1]
    assert dropped.beside["y qualifier"] == ["", ">", "<", "", "~", ""]
    assert dropped.beside["y (as given)"] == CENSORED
    assert "3 values with a qualifier (lines 3, 4, 6)" in " ".join(dropped.notes)
    assert (dropped.task.kind, cut.task.kind) == ("regression", "classification")


@settings(max_examples=100, deadline=None)
@given(
    rows=st.lists(st.tuples(st.sampled_from(["", ">", "<", ">=", "<="]), st.integers(-9, 9)), min_size=1, max_size=10),
    threshold=st.integers(-9, 9),
)
def test_a_class_is_given_only_where_every_number_that_a_cell_allows_is_in_it(rows, threshold):
    allowed = {
        "": lambda x, v: x == v,
        ">": lambda x, v: x > v,
        "<": lambda x, v: x < v,
        ">=": lambda x, v: x >= v,
        "<=": lambda x, v: x <= v,
    }
    grid = np.arange(-12, 12.5, 0.5)
    found = read([f"{sign}{value}" for sign, value in rows], threshold=threshold)
    for (sign, value), made in zip(rows, found.values, strict=True):
        classes = {bool(x >= threshold) for x in grid if allowed[sign](x, value)}
        assert (np.isnan(made) and len(classes) == 2) or classes == {bool(made)}


@pytest.mark.parametrize(
    ("unit", "value", "expected"),
    [("M", "1", 0), ("mM", "1", 3), ("uM", "1", 6), ("µM", "10", 5), ("nM", "10", 8), ("pM", "1", 12)],
)
def test_a_logarithm_knows_its_unit(unit, value, expected):
    assert listed(read([value, "3"], unit=unit, log=True))[0] == expected


def test_a_logarithm_turns_qualifiers_and_leaves_out_what_has_none():
    found = read([">10000", "<1", "0", "-5", "100"], unit="nM", log=True, qualifiers="bound")
    assert listed(found) == [5, 9, None, None, 7]
    assert found.beside["y qualifier"] == ["<", ">", "", "", ""]
    assert listed(read([">10000", "<1", "100"], unit="nM", log=True, threshold=6)) == [0, 1, 1]


def test_a_unit_stands_in_the_name_or_has_to_be_said():
    frame = pd.DataFrame({"IC50 (nM)": ["100", "10"]})
    assert listed(labels.read(frame, LabelRule("IC50 (nM)", log=True), np.array([2, 3]))) == [7, 8]
    with pytest.raises(BadRecipe, match=r"M, mM, µM \(uM\), nM, pM"):
        read(["1", "2"], log=True)
    for odd in ("furlong", "mg/mL", "mm", "%"):
        with pytest.raises(BadRecipe, match="understood are M, mM"):
            read(["1", "2"], unit=odd, log=True)


def test_relation_and_units_of_a_row_belong_to_its_value():
    extra = {"rel": ["'='", "'>'", "<", "="], "units": ["nM", "uM", "nM", "%"]}
    found = read(["5", "2", "7", "9"], extra, relation="rel", units="units", qualifiers="bound")
    assert listed(found) == [5, 2000, 7, None]
    assert found.beside["y qualifier"] == ["", ">", "<", ""]
    assert any("other units" in note and "%" in note for note in found.notes)


def test_columns_of_signs_and_units_are_found_by_their_names():
    frame = pd.DataFrame(
        {
            "Standard Relation": ["'='", "'>'"], "Standard Value": ["1", "2"], "Standard Units": ["nM", "nM"],
            "pChEMBL Value": ["9", "8"],
        }
    )  # fmt: skip
    assert labels.relation_of(frame, "Standard Value") == "Standard Relation"
    assert labels.units_of(frame, "Standard Value") == "Standard Units"
    assert labels.relation_of(frame, "pChEMBL Value") is None
    assert labels.relation_of(pd.DataFrame({"op": ["<", ""], "IC50": ["1", "2"]}), "IC50") == "op"


@pytest.mark.parametrize(
    ("cells", "expected", "note"),
    [
        (["1", "2", "2", "1"], [0, 1, 1, 0], "1 was read as 0, 2 as 1"),
        (["-1", "1", "1"], [0, 1, 1], "-1 was read as 0"),
    ],
)
def test_two_values_are_two_classes(cells, expected, note):
    found = read(cells)
    assert (listed(found), found.task.kind) == (expected, "classification")
    assert note in found.notes[0]
    assert listed(read(cells, kind="regression")) == [float(c) for c in cells]


def test_few_whole_numbers_are_asked_about():
    assert labels.undecided(pd.Series(["0", "1", "2"] * 3)) == [0, 1, 2]
    for cells in (["0", "1"] * 3, ["0.5", "1", "2"] * 3, [str(i) for i in range(10)], [">1", "2", "3"] * 3):
        assert labels.undecided(pd.Series(cells)) == []


def test_words_are_classes_where_that_is_said():
    found = read(["high", "low", "", "medium", "low"], kind="classification")
    assert listed(found) == [0, 1, None, 2, 1]
    assert "'high' is 0, 'low' is 1, 'medium' is 2" in found.notes[0]
    with pytest.raises(BadTable, match="holds no numbers; the first cell says 'high'"):
        read(["high", "low"], kind="regression")
    with pytest.raises(BadTable, match="at most 20"):
        read([f"w{i}" for i in range(30)], kind="classification")


@pytest.mark.parametrize(
    "rule",
    [
        {"qualifiers": "classes"},
        {"kind": "classification", "log": True, "unit": "nM"},
        {"kind": "regression", "threshold": 5.0},
        {"threshold": float("nan")},
    ],
)
def test_what_cannot_be_followed_is_refused(rule):
    with pytest.raises(BadRecipe):
        read(["1", "2"], **rule)
