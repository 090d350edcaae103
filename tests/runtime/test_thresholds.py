"""A number reaches itself, however it is stored, and no other number that is told apart as float32 does."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from mmexplore.explore.explain.search import Target
from mmexplore.runtime.thresholds import at_least, at_most

typed = st.integers(-10_000, 10_000).map(lambda number: number / 100)


@given(typed)
def test_a_number_reaches_itself_however_it_is_stored(number: float) -> None:
    for stored in (np.float32(number), float(np.float32(number)), number, np.array([number], np.float32)):
        assert np.all(at_least(stored, number))
        assert np.all(at_most(stored, number))


@given(typed, typed)
def test_other_numbers_keep_their_order(one: float, other: float) -> None:
    stored = np.array([one], np.float32)
    assert at_least(stored, other).tolist() == [one >= other]
    assert at_most(stored, other).tolist() == [one <= other]


def test_what_is_not_known_reaches_nothing() -> None:
    assert not at_least(np.nan, -1e30)
    assert not at_most(np.nan, 1e30)
    assert bool(at_least(5.0, -np.inf) & at_most(5.0, np.inf))


@given(typed, st.sampled_from(["above", "below"]))
def test_a_target_holds_the_molecule_that_lies_on_its_threshold(number: float, direction: str) -> None:
    goal = Target("logS", direction, number)  # type: ignore[arg-type]
    assert goal.reached(np.array(float(np.float32(number))))
    assert goal.reached(np.array([number], np.float32))
