"""Colours as the map draws them, and the legend that says what they mean."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from mmexplore.explore.maps.colors import Color
from mmexplore.explore.maps.painting import MISSING, limits, paint

NUMBERS = st.lists(st.floats(-1e6, 1e6, width=32) | st.just(float("nan")), min_size=1, max_size=50)


@given(NUMBERS)
def test_a_scale_keeps_the_order_and_marks_what_is_missing(values: list[float]) -> None:
    numbers = np.array(values, np.float32)
    painted = paint(Color("x", numbers))
    missing = np.isnan(numbers)
    assert ((painted.codes == MISSING) == missing).all()
    order = np.argsort(numbers[~missing], kind="stable")
    assert (np.diff(painted.codes[~missing][order].astype(int)) >= 0).all()
    assert sum(entry.n for entry in painted.entries) == missing.sum()
    assert len(painted.palette) == 256


@given(st.lists(st.integers(-1, 19), min_size=1, max_size=60))
def test_categories_count_everything_once(codes: list[int]) -> None:
    values = np.array([np.nan if code < 0 else code for code in codes], np.float32)
    names = tuple(f"group {i}" for i in range(20))
    painted = paint(Color("group", values, names))
    assert sum(entry.n for entry in painted.entries) == len(codes)
    for entry in painted.entries:
        assert (painted.codes == entry.code).sum() == entry.n
        assert entry.name == (names[entry.code] if entry.code != MISSING else "not known")
    assert len(set(painted.palette[:20])) == 20


def test_a_few_outliers_do_not_take_the_scale_and_the_ends_say_so() -> None:
    values = np.concatenate([np.linspace(0, 1, 1000), [1000.0]]).astype(np.float32)
    assert limits(values)[1] < 2
    assert paint(Color("x", values)).ticks[-1].startswith("\u2265")
    assert paint(Color("x", values[:-1])).ticks == ("0", "0.5", "1")


def test_one_value_and_no_value_are_drawn_too() -> None:
    assert paint(Color("x", np.full(5, 3.0, np.float32))).ticks == ("3",)
    nothing = paint(Color("x", np.full(5, np.nan, np.float32)))
    assert nothing.ticks == ()
    assert (nothing.codes == MISSING).all()
