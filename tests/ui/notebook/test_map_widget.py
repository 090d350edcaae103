"""The notebook's widget: what is selected goes both ways, what it cannot show is refused, the map asks and is told."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mmexplore import studio
from mmexplore.explore.map_card.scripts import ROOM, modules
from mmexplore.runtime.errors import NotAvailable, UnknownName
from mmexplore.ui.notebook import MapWidget

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def widget() -> MapWidget:
    return MapWidget()


@pytest.fixture(autouse=True)
def untouched(widget: MapWidget) -> None:
    widget.selection, widget.current, widget.color = (), -1, widget.colors[0]


def told(widget: MapWidget, **did: Any) -> None:
    """What the browser says of a visitor's gesture."""
    widget._handle_custom_msg({"did": did}, [])


def lit(widget: MapWidget) -> list[int]:
    """Rows that the browser is told to light up."""
    return np.flatnonzero(np.unpackbits(np.frombuffer(widget._selected, np.uint8))).tolist()


def test_it_shows_what_the_app_opens_on(widget: MapWidget) -> None:
    data, model, view, method = studio.first_choice()
    assert (widget.data, widget.model, widget.view, widget.method) == (data, model, view, method)
    stored = studio.stored_map(model, data, view, method)
    assert stored is not None
    np.testing.assert_array_equal(np.frombuffer(widget._points, np.float32).reshape(-1, 2), stored.xy)
    assert len(widget._codes) == len(stored.xy)


@pytest.mark.parametrize("rows", [(), [7], [9, 3, 3], np.array([5, 1]), range(1282)])
def test_what_is_selected_here_lights_up_there_and_comes_back_as_a_table(widget: MapWidget, rows: Any) -> None:
    widget.selection = rows
    assert widget.selection == tuple(sorted(set(map(int, rows)))) == tuple(lit(widget))
    assert bool(widget._shown["selected"]) == bool(len(rows))
    assert widget.selected.index.tolist() == list(widget.selection)
    assert widget.selected["smiles"].tolist() == studio.dataset(widget.data).smiles[list(widget.selection)].tolist()


@pytest.mark.parametrize("rows", [[-1], [10**6], [0.5], ["a"], [True], [[1], [2]]])
def test_rows_that_there_are_not_are_refused_and_change_nothing(widget: MapWidget, rows: Any) -> None:
    widget.selection = [4]
    with pytest.raises(NotAvailable):
        widget.selection = rows
    assert widget.selection == (4,)


def test_an_outline_means_the_molecules_within_it(widget: MapWidget) -> None:
    x, y = np.nanmedian(widget.xy, axis=0).tolist()
    far = 10 * float(np.nanmax(np.abs(widget.xy)))
    left = [[-far, -far], [x, -far], [x, far], [-far, far]]
    above = [[-far, y], [far, y], [far, far], [-far, far]]
    heard = []
    widget.observe(lambda change: heard.append(change["new"]), "selection")
    told(widget, kind="lasso", mode="replace", outline=left)
    assert widget.selection == tuple(np.flatnonzero(studio.inside(left, widget.xy)).tolist())
    told(widget, kind="box", mode="add", outline=above)
    both = studio.inside(left, widget.xy) | studio.inside(above, widget.xy)
    assert widget.selection == tuple(np.flatnonzero(both).tolist()) == heard[-1]
    told(widget, kind="clear")
    assert heard[-1] == ()


def test_a_click_chooses_and_with_shift_adds(widget: MapWidget) -> None:
    told(widget, kind="click", mode="replace", row=3)
    assert (widget.current, widget.selection, widget._shown["current"]) == (3, (), 3)
    told(widget, kind="click", mode="add", row=8)
    told(widget, kind="click", mode="add", row=2)
    assert (widget.current, widget.selection) == (3, (2, 8))


def test_each_line_of_the_legend_means_its_molecules(widget: MapWidget) -> None:
    widget.color = "split of the model"
    split = np.array(studio.predictions(widget.model, widget.data)["split"])  # type: ignore[index]
    entries = widget._shown["colour"]["entries"]
    assert len(entries) > 1
    for entry in entries:
        told(widget, kind="category", mode="replace", code=entry["code"])
        assert {str(name) for name in split[list(widget.selection)]} == {entry["name"]}
        assert len(widget.selection) == entry["n"]


def test_the_browser_hears_that_each_gesture_is_done_and_gets_only_new_bytes(
    widget: MapWidget, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[Any] = []
    sent: list[set[str]] = []
    monkeypatch.setattr(widget, "send", lambda content, buffers=None: said.append(content))
    monkeypatch.setattr(widget, "send_state", lambda key=None: sent.append(set(key or ())))
    told(widget, kind="clear")
    assert (said, sent) == ([{"done": True}], [])
    told(widget, kind="click", mode="add", row=2)
    assert said == [{"done": True}] * 2
    assert sent == [{"_selected", "_shown"}]


def test_a_color_that_there_is_not_is_refused(widget: MapWidget) -> None:
    with pytest.raises(UnknownName, match="color"):
        widget.color = "nothing"
    assert widget.color == widget.colors[0]
    before = widget._shown["colour"]
    widget.color = widget.colors[-1]
    assert widget._shown["colour"] != before


def test_cards_and_drawings_are_those_of_the_row(widget: MapWidget) -> None:
    said, _ = widget._answer("/card.json?data=x&model=y&row=5", [])
    card = studio.molecule_card(widget.data, 5, widget.model)
    assert said["status"] == 200
    facts = [list(fact) for fact in card.facts]
    assert json.loads(said["text"]) == {"name": card.name, "smiles": card.smiles, "facts": facts}
    said, _ = widget._answer("/depict.svg?data=x&model=y&row=5&dark=1&width=220&height=150", [])
    assert said == {"status": 200, "text": studio.depict(card.smiles, 220, 150, dark=True)}
    said, _ = widget._answer("/card.json?row=1000000", [])
    assert said["status"] == 400
    assert "rows 0 to" in said["text"]


def test_the_bundle_holds_what_it_imports_and_that_stands_first() -> None:
    found = modules(ROOM / "notebook/widget.js")
    names = list(found)
    assert names[-1] == "notebook/widget.js"
    assert "components/molecule_map/molecule_map.js" in names
    assert not any(name.startswith(("components/hit_lists", "components/drawings")) for name in names)
    seen: set[Path] = set()
    for name, text in found.items():
        imports = [line.split('"')[1] for line in text.splitlines() if line.startswith("import ")]
        assert {(ROOM / name).parent.joinpath(there).resolve() for there in imports} <= seen
        seen.add((ROOM / name).resolve())


@pytest.mark.release
def test_the_widget_imports_neither_streamlit_nor_torch() -> None:
    code = (
        "import sys\nfrom mmexplore.ui.notebook import MapWidget\nMapWidget().selection = [1]\n"
        "heavy = {'streamlit', 'plotly', 'torch', 'umap'} & set(sys.modules)\n"
        "sys.exit(f'imported: {heavy}' if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
