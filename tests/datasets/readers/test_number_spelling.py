"""How people write numbers: commas, points, groups, qualifiers; one rule for every delimiter."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmexplore.datasets.readers import numbers


def values(cells, **others):
    changed, notes = numbers.respelled({"x": list(cells), **others})
    return numbers.read(changed.get("x", list(cells))).values.tolist(), notes


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (["0,05", "1,15", "2,25"], [0.05, 1.15, 2.25]),
        (["1.250,5", "2.000,0", "999,9", "10.000,0"], [1250.5, 2000.0, 999.9, 10000.0]),
        (["1,250.5", "999.9", "12,000"], [1250.5, 999.9, 12000.0]),
        (["1,250", "980", "12,000"], [1250, 980, 12000]),
        (["1,250", "12,500", "125,000"], [1250, 12500, 125000]),
        (["1,250,000", "3"], [1250000, 3]),
        (["1.250.000", "3"], [1250000, 3]),
        (["1 250,5", "3,25"], [1250.5, 3.25]),
        (["1'250.5", "3.25"], [1250.5, 3.25]),
        (["1\u00a0250", "3"], [1250, 3]),
        (["0,125", "0,250"], [0.125, 0.25]),
        (["1,5", "2.5", "3"], [1.5, 2.5, 3]),
        (["−1,5", "2,5"], [-1.5, 2.5]),
        (["1,5e-3", "2,5E3"], [0.0015, 2500]),
        (["1.5", "2.25"], [1.5, 2.25]),
        (["1.250", "2.375"], [1.25, 2.375]),
        ([">1,5", "<2,5", "~3"], [1.5, 2.5, 3]),
    ],
)
def test_a_column_is_read_as_it_shows(cells, expected):
    assert values(cells)[0] == expected


def test_other_columns_show_what_a_column_does_not():
    assert values(["1.250", "2.375"], other=["1,5", "2,5"])[0] == [1250, 2375]
    assert values(["1,250", "2,375"], other=["1.5", "2.5"])[0] == [1250, 2375]
    assert values(["1,250", "2,375"], other=["1,5", "2,5"])[0] == [1.25, 2.375]


def test_text_is_left_as_it_is_and_each_reading_is_noted():
    texts = {
        "name": ["1,2-dichloroethane", "a, b"],
        "cas": ["50-00-0", "64-17-5"],
        "y": ["1,5", "2,5"],
        "z": ["1", "2"],
    }
    changed, notes = numbers.respelled(texts)
    assert changed == {"y": ["1.5", "2.5"]}
    assert notes == ["column 'y': decimal commas were read as points"]


@settings(max_examples=100, deadline=None)
@given(st.lists(st.floats(-99_999, 99_999).map(lambda x: round(x, 2)), min_size=3, max_size=8))
def test_either_locale_comes_back(given_):
    english = [f"{x:,.2f}" for x in given_]
    german = [text.translate(str.maketrans(",.", ".,")) for text in english]
    for cells in (english, german, [f"{x:.2f}" for x in given_], [f"{x:.2f}".replace(".", ",") for x in given_]):
        assert np.allclose(values(cells)[0], given_)


def test_a_blank_behind_a_qualifier_is_no_thousand():
    assert numbers.respelled({"y": ["≥ 10", "<4", "ca. 5"]}) == ({}, [])


def test_qualifiers_are_beside_their_numbers():
    found = numbers.read([">10", "< 4", ">=3", "≤2", "~5", "=6", "'>' 7", "7", "x", ""])
    assert found.values[:8].tolist() == [10, 4, 3, 2, 5, 6, 7, 7]
    assert found.qualifiers.tolist() == [">", "<", ">=", "<=", "~", "", ">", "", "", ""]
    assert found.odd == {"x": [8]}
