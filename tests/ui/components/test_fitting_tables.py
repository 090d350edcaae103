"""Tables of pages: words that wrap are shown as they stand, and columns that do not fit wait to be asked for."""

import pandas as pd
from screens import NASTY, PATIENCE
from streamlit.testing.v1 import AppTest

from mmexplore.ui.components.words import literal


def test_a_wrapped_table_shows_every_cell_as_it_stands() -> None:
    def script(words: str) -> None:
        import pandas as pd

        from mmexplore.ui.components import structures

        structures.wrapped(pd.DataFrame({words: [words, "a | b"], "n": [1282, 5], "x": [0.123456, float("nan")]}))

    app = AppTest.from_function(script, args=(NASTY,), default_timeout=PATIENCE).run()
    assert not app.exception
    head, sides, first, second = app.markdown[0].value.splitlines()
    assert head == f"| {literal(NASTY)} | n | x |"
    assert sides == "| :-- | --: | --: |"
    assert first == f"| {literal(NASTY)} | 1,282 | 0.1235 |"
    assert second == "| a \\| b | 5 |  |"


def test_columns_that_do_not_fit_come_when_asked_for() -> None:
    def script() -> None:
        import pandas as pd

        from mmexplore.ui.components import structures

        structures.fitting(pd.DataFrame({"a": ["x"], "b": [1], "c": [2]}), ("a", "c"), "some")

    app = AppTest.from_function(script, default_timeout=PATIENCE).run()
    assert list(app.dataframe[0].proto.column_order) == ["a", "c"]
    app.toggle(key="some-all").set_value(True).run()
    assert list(app.dataframe[0].proto.column_order) == ["a", "b", "c"]
    pd.testing.assert_frame_equal(app.dataframe[0].value, pd.DataFrame({"a": ["x"], "b": [1], "c": [2]}))
