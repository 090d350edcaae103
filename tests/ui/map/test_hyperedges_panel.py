"""The panel of a molecule's kin without a browser: what it says in each state, and what a click does."""

from pathlib import Path

import pytest
from screens import PATIENCE, shown
from streamlit.testing.v1 import AppTest

from mmexplore import studio
from mmexplore.explore.neighbors.hyperedges import Anchor, HyperedgeNeighbors
from mmexplore.ui.map import hyperedges

pytest_plugins = ("screens",)

KIN = HyperedgeNeighbors({3: 0.5, 7: 1.25}, 1, {8: 0.75}, (Anchor(4, 0.25, (9, 2)), Anchor(0, 0.125, (1,))), 128)


def _panel() -> None:
    from mmexplore.ui.map.hyperedges import hyperedge_panel as draw

    draw()


@pytest.fixture
def drawn(empty_home: Path, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, list[tuple[int, str]]]]:
    """What the panel draws: the key of each grid, its rows and the words under them."""
    found: list[tuple[str, list[tuple[int, str]]]] = []

    def drawings(key: str, molecules: list, on_pick: object, **_: object) -> None:
        assert on_pick
        found.append((key, [(m.row, m.text) for m in molecules]))

    monkeypatch.setattr(hyperedges, "drawings", drawings)
    monkeypatch.setattr(studio, "has_hyperedges", lambda model: True)
    monkeypatch.setattr(studio, "hyperedge_neighbors", lambda model, data, row: KIN)
    return found


def panel(row: int = 5) -> AppTest:
    app = AppTest.from_function(_panel, default_timeout=PATIENCE)
    app.session_state["row"] = row
    app.run()
    assert not app.exception
    return app


def test_hyperedge_and_anchors_are_drawn_with_their_words(drawn: list) -> None:
    said = shown(panel())
    assert "the first makes its hyperedge" in said
    assert "in whose hyperedge it is" in said
    assert "of 128" in said
    assert dict(drawn) == {
        "hyperedge": [(3, "distance 0.5"), (7, "distance 1.25")],
        "hosts": [(8, "distance 0.75")],
        "anchors": [(9, "anchor 4: 25.0%"), (2, "anchor 4: 25.0%"), (1, "anchor 0: 12.5%")],
    }


@pytest.mark.parametrize(
    ("hosts", "said", "drawings"),
    [({}, "", 0), ({row: row / 10 for row in range(10, 30)}, "the 9 nearest of 20", 9)],
)
def test_of_many_hosts_the_nearest_are_drawn(
    drawn: list, monkeypatch: pytest.MonkeyPatch, hosts: dict[int, float], said: str, drawings: int
) -> None:
    monkeypatch.setattr(
        studio, "hyperedge_neighbors", lambda model, data, row: HyperedgeNeighbors({3: 0.5}, 1, hosts, KIN.anchors, 128)
    )
    words = shown(panel())
    assert "embedding; its hyperedge" in words
    assert said in words
    assert ("whose hyperedge" in words) == bool(hosts)
    assert len(dict(drawn).get("hosts", [])) == drawings


@pytest.mark.parametrize(
    ("row", "found", "said"),
    [
        (-1, KIN, "Click a molecule"),
        (5, HyperedgeNeighbors({}, 0, {}, (), 128), "could not be embedded"),
    ],
)
def test_a_panel_without_kin_says_why(
    drawn: list, monkeypatch: pytest.MonkeyPatch, row: int, found: HyperedgeNeighbors | None, said: str
) -> None:
    monkeypatch.setattr(studio, "hyperedge_neighbors", lambda model, data, row: found)
    assert said in shown(panel(row))
    assert not drawn


def test_kin_of_an_unembedded_set_is_made_by_a_job(drawn: list, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[list[str], str]] = []
    monkeypatch.setattr("mmexplore.ui.components.waits.embedded", lambda models, data: asked.append((models, data)))
    monkeypatch.setattr(studio, "hyperedge_neighbors", lambda model, data, row: None)
    panel(5)
    assert len(asked) == 1
    assert not drawn


def test_a_model_without_memory_has_no_panel(drawn: list, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(studio, "has_hyperedges", lambda model: False)
    assert shown(panel()) == ""


def test_a_click_makes_a_molecule_the_current_one(drawn: list, monkeypatch: pytest.MonkeyPatch) -> None:
    chosen: list[int] = []
    monkeypatch.setattr(hyperedges, "picked", lambda key: 7 if key == "hyperedge" else -1)
    monkeypatch.setattr("mmexplore.ui.shell.session.choose_row", chosen.append)
    for key in ("hyperedge", "anchors"):
        hyperedges._pick(key)
    assert chosen == [7]
    assert set(chosen) <= set(KIN.near)
