"""The box for a molecule: what was typed comes out, and what was drawn goes in."""

import re
from importlib.util import find_spec
from pathlib import Path

import pytest
from screens import PATIENCE
from streamlit.testing.v1 import AppTest

from mmexplore.ui.components import smiles_box


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


@pytest.mark.parametrize(
    ("drawn", "stands"),
    [
        ("C1=CC=CC=C1O", "Oc1ccccc1"),
        ("CCO>>CC=O", "CCO>>CC=O"),
        ("*CC", "*CC"),
        ("C1=CC=C([R1])C=C1", "C1=CC=C([R1])C=C1"),
    ],
)
def test_what_was_drawn_goes_into_the_box_and_closes_the_editor(drawn: str, stands: str) -> None:
    app = box("CCO")
    app.session_state["mol/drawn"] = drawn
    app.run()
    assert app.text_input(key="mol").value == stands
    assert app.text[0].value == repr(stands)
    assert app.session_state["mol/editor"] is False


def test_the_page_of_the_editor_names_files_of_the_installed_one() -> None:
    html = (Path(smiles_box.__file__).with_name("ketcher") / "index.html").read_text(encoding="utf-8")
    folder = Path(str(find_spec(smiles_box.EDITOR).origin)).parent / "frontend"  # type: ignore[union-attr]
    named = re.findall(r'(?:src|href)="(static/[^"]+)"', html)
    assert len(named) == 2
    assert all((folder / name).is_file() for name in named)


def test_without_the_editor_the_box_stands_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mmexplore.ui.components.smiles_box.EDITOR", "no_such_module")
    assert box("CCO").text[0].value == "'CCO'"
