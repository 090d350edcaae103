"""Lists of peaks in the spellings of papers, tables and people, and what is none said in words."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmexplore.datasets.readers.peak_lists import MOST_PEAKS, peak_file, peak_list
from mmexplore.runtime.errors import BadTable, MmexploreError

TWO = ([77.2, 128.5], [-1, -1])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("128.5, 77.2", TWO),
        ("128.5 77.2", TWO),
        ("128.5; 77.2;", TWO),
        ("128.5\n77.2\n", TWO),
        ("128.5\t77.2", TWO),
        ("128,5; 77,2", TWO),
        ("128,5, 77,2", TWO),
        ("128,5 77,2", TWO),
        ("128.5 ppm, 77.2 ppm", TWO),
        ("128.5 (2C), 77.2 (C-4)", TWO),
        ("13C NMR (101 MHz, CDCl3) δ 128.5, 77.2.", TWO),
        ("13C{1H} NMR (CDCl3, 100.6 MHz): δ = 128.5 (d, J = 245.3 Hz), 77.2 (t, J = 32 Hz) ppm", TWO),
        ("¹³C δ (ppm) 128.5, 77.2", TWO),
        ("ppm,atom,pattern\n128.5,3,x\n77.2,1,y\n", TWO),
        ("shift;intensity\n128,5;1\n77,2;2", TWO),
        ("128.5 d, 77.2", ([77.2, 128.5], [-1, 1])),
        ("128.5 (d), 77.2 (s)", ([77.2, 128.5], [0, 1])),
        ("128.5 d 77.2 CH2", ([77.2, 128.5], [2, 1])),
        ("128.5 (CH, C-4), 77.2 (q)", ([77.2, 128.5], [3, 1])),
        ("77.2 CH3; 128.5 Cq", ([77.2, 128.5], [3, 0])),
        ("128.5;0.0D;3|77.2;0.0CH3;0|", ([77.2, 128.5], [3, 1])),
        ("ppm,multiplicity\n128.5,CH\n77.2,CH2", ([77.2, 128.5], [2, 1])),
        ("ppm\tmultiplicity 128.5\tCH 77.2\tCH2", ([77.2, 128.5], [2, 1])),  # lines that a box has joined
        ("shift (ppm)\t 128.5 77.2", TWO),
        ("128.5\td\n77.2\ts", ([77.2, 128.5], [0, 1])),
        ("-2.5, 0", ([-2.5, 0.0], [-1, -1])),
        ("128, 77, 55", ([55.0, 77.0, 128.0], [-1] * 3)),
    ],
)
def test_a_list_is_read_as_it_is_meant(text: str, expected: tuple[list[float], list[int]]) -> None:
    found = peak_list(text)
    assert (found.ppm.tolist(), found.hydrogens.tolist()) == expected
    assert peak_list(found.text).ppm.tolist() == expected[0]
    assert peak_list(found.text).hydrogens.tolist() == expected[1]


@pytest.mark.parametrize("text", ["", "  \n", "c1ccccc1", "CCO", "peaks", "128.5, abc", "1e400", "128.5, 7000", "nan",
                                  "<img src=x>", "12.3.4", "128.5 banana bread", "ppm,atom\nx,1\n",
                                  "ppm\tintensity 128.5\t0.3"])  # fmt: skip
def test_junk_is_one_sentence(text: str) -> None:
    with pytest.raises(BadTable) as told:
        peak_list(text)
    assert "\n" not in str(told.value)
    assert any(words in str(told.value) for words in ("would do", "lie between"))


def test_there_is_an_end_to_a_list() -> None:
    with pytest.raises(BadTable, match=f"{MOST_PEAKS} is the most"):
        peak_list(" ".join(["10.5"] * (MOST_PEAKS + 1)))
    with pytest.raises(BadTable, match="the most that is read"):
        peak_list("1" * 1_000_000)


@given(st.text(max_size=60))
def test_any_text_is_a_list_or_a_sentence(text: str) -> None:
    try:
        found = peak_list(text)
    except MmexploreError:
        return
    assert len(found) > 0
    assert np.isfinite(found.ppm).all()


def test_a_file_is_read(tmp_path: Path) -> None:
    file = tmp_path / "peaks.txt"
    file.write_text("128.5 d\n77.2\n", encoding="utf-8")
    assert peak_file(file).ppm.tolist() == [77.2, 128.5]
    with pytest.raises(BadTable, match="no file"):
        peak_file(tmp_path / "none.txt")
