"""The lasso against the textbook loop, the box against its definition."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmexplore.explore.maps.lasso import in_box, inside
from mmexplore.runtime.errors import MmexploreError

GRID = st.integers(-4, 4).map(lambda v: v / 2)
REAL = st.floats(-5, 5, allow_subnormal=False).map(lambda v: float(np.float32(v)))
POLYGON = st.lists(st.tuples(GRID, GRID), min_size=3, max_size=12) | st.lists(
    st.tuples(REAL, REAL), min_size=3, max_size=12
)
POINTS = st.lists(st.tuples(GRID, GRID) | st.tuples(REAL, REAL), max_size=20)


def even_odd(polygon: list[tuple[float, float]], x: float, y: float) -> bool:
    """Crossings of a ray to the right, edge by edge; an edge holds its lower end."""
    crossings = 0
    for (x0, y0), (x1, y1) in zip(polygon, polygon[1:] + polygon[:1], strict=True):
        (ax, ay), (bx, by) = ((x0, y0), (x1, y1)) if y0 <= y1 else ((x1, y1), (x0, y0))
        if ay <= y < by and x < ax + (bx - ax) * ((y - ay) / (by - ay)):
            crossings += 1
    return crossings % 2 == 1


@given(POLYGON, POINTS)
def test_lasso_is_the_even_odd_rule(polygon: list[tuple[float, float]], points: list[tuple[float, float]]) -> None:
    xy = np.array(points, np.float32).reshape(-1, 2)
    assert inside(polygon, xy).tolist() == [even_odd(polygon, x, y) for x, y in points]


@given(POLYGON, POINTS)
def test_lasso_may_start_at_any_corner_and_run_either_way(
    polygon: list[tuple[float, float]], points: list[tuple[float, float]]
) -> None:
    xy = np.array(points, np.float32).reshape(-1, 2)
    assert (inside(polygon, xy) == inside(polygon[2:] + polygon[:2], xy)).all()
    assert (inside(polygon, xy) == inside(polygon[::-1], xy)).all()


def test_tiles_share_no_point_and_leave_none_out() -> None:
    grid = np.stack(np.meshgrid(np.linspace(0, 2, 9)[:-1], np.linspace(0, 2, 9)[:-1]), -1).reshape(-1, 2)
    tiles = [[(x, y), (x + 1, y), (x + 1, y + 1), (x, y + 1)] for x in (0, 1) for y in (0, 1)]
    assert (sum(inside(tile, grid).astype(int) for tile in tiles) == 1).all()


def test_a_molecule_without_a_place_is_in_no_selection() -> None:
    xy = np.array([[np.nan, np.nan], [0.5, np.nan], [0.5, 0.5]])
    assert inside([(0, 0), (1, 0), (1, 1), (0, 1)], xy).tolist() == [False, False, True]
    assert in_box(xy, 1, 1, 0, 0).tolist() == [False, False, True]


@pytest.mark.parametrize("polygon", [[(0, 0), (1, 1)], [], [(0, 0, 0)] * 4, [(0, 0), (1, np.nan), (2, 2)]])
def test_no_lasso(polygon: list[tuple[float, ...]]) -> None:
    with pytest.raises(MmexploreError, match="three or more"):
        inside(polygon, np.zeros((3, 2)))


@given(POINTS, REAL, REAL, REAL, REAL)
def test_box(points: list[tuple[float, float]], x0: float, y0: float, x1: float, y1: float) -> None:
    xy = np.array(points, np.float64).reshape(-1, 2)
    wanted = [min(x0, x1) <= x <= max(x0, x1) and min(y0, y1) <= y <= max(y0, y1) for x, y in points]
    assert in_box(xy, x0, y0, x1, y1).tolist() == wanted
