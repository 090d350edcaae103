"""The box for a molecule: canonical SMILES out, a sentence for junk, and what was drawn goes in."""

import pytest
from streamlit.testing.v1 import AppTest


def _box() -> None:
    import streamlit as st

    from mmexplore.ui.components.smiles_box import smiles_box

    st.text(repr(smiles_box("Molecule", "mol")))


def box(typed: str = "") -> AppTest:
    app = AppTest.from_function(_box, default_timeout=60).run()
    if typed:
        app.text_input(key="mol").set_value(typed).run()
    assert not app.exception
    return app


@pytest.mark.parametrize(("typed", "found"), [("", "None"), ("OCC", "'CCO'"), (" C1=CC=CC=C1 ", "'c1ccccc1'")])
def test_canonical_smiles(typed: str, found: str) -> None:
    app = box(typed)
    assert app.text[0].value == found
    assert not app.warning


@pytest.mark.parametrize("typed", ["C1CC", "hello", "<script>alert(1)</script>", "C C"])
def test_junk_is_a_sentence(typed: str) -> None:
    app = box(typed)
    assert app.text[0].value == "None"
    assert "cannot read SMILES" in app.warning[0].value


def test_what_was_drawn_goes_into_the_box_and_closes_the_editor() -> None:
    app = box("CCO")
    app.session_state["mol/drawn"] = "c1ccccc1O"
    app.run()
    assert app.text_input(key="mol").value == "c1ccccc1O"
    assert app.text[0].value == "'Oc1ccccc1'"
    assert app.session_state["mol/editor"] is False


def test_without_the_editor_the_box_stands_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mmexplore.ui.components.smiles_box.EDITOR", "no_such_module")
    assert box("CCO").text[0].value == "'CCO'"
