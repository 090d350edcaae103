"""The box for a molecule: what was typed comes out, and what was drawn goes in."""

import pytest
from screens import PATIENCE
from streamlit.testing.v1 import AppTest


def _box() -> None:
    import streamlit as st

    from mmexplore.ui.components.smiles_box import structure_text

    st.text(repr(structure_text("Molecule", "mol")))


def box(typed: str = "") -> AppTest:
    app = AppTest.from_function(_box, default_timeout=PATIENCE).run()
    if typed:
        app.text_input(key="mol").set_value(typed).run()
    assert not app.exception
    return app


@pytest.mark.parametrize("typed", ["", "OCC", " aspirin ", "[#6]", "C1CC"])
def test_what_was_typed_comes_out_as_it_stands(typed: str) -> None:
    assert box(typed).text[0].value == repr(typed.strip())


def test_what_was_drawn_goes_into_the_box_and_closes_the_editor() -> None:
    app = box("CCO")
    app.session_state["mol/drawn"] = "c1ccccc1O"
    app.run()
    assert app.text_input(key="mol").value == "c1ccccc1O"
    assert app.text[0].value == "'c1ccccc1O'"
    assert app.session_state["mol/editor"] is False


def test_without_the_editor_the_box_stands_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mmexplore.ui.components.smiles_box.EDITOR", "no_such_module")
    assert box("CCO").text[0].value == "'CCO'"
