"""The map in a notebook: a widget that shows a data set under a model and gives the selection back.

It wants ``pip install "mmexplore[notebook]"``. Neither Streamlit nor a server is needed, nor a network: the scripts are
those of the app's Map, carried by the widget.
"""

import hashlib
import json
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import numpy as np

from mmexplore import studio
from mmexplore.explore.maps.painting import paint
from mmexplore.runtime.errors import MmexploreError, NotAvailable, UnknownName
from mmexplore.ui.components.molecule_map import MapEvent, Shown, mask, plain, rows_meant
from mmexplore.ui.notebook.bundle import bundle

try:
    import anywidget
    import traitlets
    from anywidget.experimental import command
except ModuleNotFoundError as missing:
    raise NotAvailable(
        f"the map in a notebook needs the package {missing.name}, which is not installed here; "
        "pip install anywidget would bring it"
    ) from missing

if TYPE_CHECKING:
    import pandas as pd

_NOWHERE = -1


class MapWidget(anywidget.AnyWidget):
    """Map widget: the molecules of a data set in a view of a model, to be looked at, walked over and selected.

    ``model`` and ``data`` are names or paths; without them it shows what the app opens on. The map is read where it is
    kept, and computed and kept where not, which may take minutes. Raises UnknownName, NotAvailable, BadTable or
    BadCheckpoint, as :mod:`mmexplore.studio` does.

    A lasso, a box or a line of the legend selects, with Shift it adds, Escape clears; a click chooses one molecule.
    """

    selection = traitlets.Any(())
    """Selected rows of the data set, a tuple of ascending int; may be set. Raises NotAvailable for others."""

    current = traitlets.Int(_NOWHERE)
    """Row of the molecule that was clicked, -1 for none; may be set."""

    color = traitlets.Unicode()
    """What the points are colored by, one of :attr:`colors`; may be set. Raises UnknownName."""

    height = traitlets.Int(480).tag(sync=True)
    """Height of the map in pixels."""

    _esm = bundle()
    _shown = traitlets.Dict().tag(sync=True)
    _points = traitlets.Bytes().tag(sync=True)
    _codes = traitlets.Bytes().tag(sync=True)
    _selected = traitlets.Bytes().tag(sync=True)

    def __init__(
        self,
        model: str = "",
        data: str = "",
        *,
        view: str = "",
        method: str = "umap",
        seed: int = 0,
        color: str = "",
        height: int = 480,
    ) -> None:
        first_data, first_model, _, _ = studio.first_choice()
        self._home = studio.home()
        self.model = model or first_model
        self.data = data or (studio.model(self.model).data if model else first_data)
        self.view, self.method = studio.view_of(self.model, view), method
        self._map = studio.compute_map(self.model, self.data, self.view, method, seed)
        self.colors = tuple(studio.color_names(self.model, self.data, self.view))
        self._paint(self._known_color(color or self.colors[0]))
        super().__init__(height=height, color=color or self.colors[0])
        self._renew()
        self.observe(self._changed, ["selection", "current", "color"])
        self.on_msg(self._heard)

    @property
    def xy(self) -> np.ndarray:
        """Places of the molecules on the map, float32 (n, 2); NaN for those that the model cannot read."""
        return self._map.xy

    @property
    def selected(self) -> "pd.DataFrame":
        """Selected molecules, a row each: name, SMILES, labels, known predictions and the data set's other columns."""
        with studio.at_home(self._home):
            return studio.table_of(self.data, self.selection, self.model)

    @traitlets.validate("selection")
    def _rows(self, proposal: dict[str, Any]) -> tuple[int, ...]:
        came = np.asarray(proposal["value"])
        if came.size and (came.ndim != 1 or came.dtype.kind not in "iu"):
            raise NotAvailable(f"a selection is a list of row numbers, and {came.dtype} of shape {came.shape} came")
        rows = np.unique(came.astype(np.int64))
        if len(rows) and not 0 <= rows[0] <= rows[-1] < len(self.xy):
            wrong = rows[0] if rows[0] < 0 else rows[-1]
            raise NotAvailable(f"{self.data} has rows 0 to {len(self.xy) - 1}, and {wrong} came")
        return tuple(rows.tolist())

    @traitlets.validate("current")
    def _row(self, proposal: dict[str, Any]) -> int:
        row = int(proposal["value"])
        if not _NOWHERE <= row < len(self.xy):
            raise NotAvailable(f"{self.data} has rows 0 to {len(self.xy) - 1}, and {row} came")
        return row

    @traitlets.validate("color")
    def _one_of_colors(self, proposal: dict[str, Any]) -> str:
        return self._known_color(str(proposal["value"]))

    def _known_color(self, name: str) -> str:
        if name not in self.colors:
            raise UnknownName("color", name, self.colors)
        return name

    def _paint(self, name: str) -> None:
        with studio.at_home(self._home):
            self._painting = paint(studio.color(self.model, self.data, self.view, name))

    def _changed(self, change: dict[str, Any]) -> None:
        if change["name"] == "color":
            self._paint(change["new"])
        self._renew()

    def _renew(self) -> None:
        """Tell the browser what to show, in one message with the bytes that are new."""
        n, painting = len(self.xy), self._painting
        with self.hold_sync():
            self._points = np.ascontiguousarray(self.xy, np.float32).tobytes()
            self._codes = painting.codes.tobytes()
            self._selected = mask(np.array(self.selection), n) if self.selection else b""
            shown = Shown(
                title=f"{n:,} molecules of {self.data}, view {self.view}, coloured by {painting.label}",
                data=self.data,
                model=self.model,
                points="_points",
                painting=painting,
                codes="_codes",
                selected="_selected" if self.selection else "",
                current=self.current,
            )
            self._shown = plain(shown, self._address)

    def _address(self, trait: str) -> str:
        """Address of a trait's bytes, which names their content (kernel.js)."""
        return f"state:{trait}:{hashlib.sha256(getattr(self, trait)).hexdigest()[:32]}" if trait else ""

    def _heard(self, _: object, content: Any, __: object) -> None:
        """Do what a visitor's event asks for, and say that it is done: the map waits for that."""
        did: MapEvent | None = content.get("did")
        if did is None:
            return
        try:
            self._do(did)
        finally:
            self.send({"done": True})

    def _do(self, did: MapEvent) -> None:
        kind, mode = did["kind"], did.get("mode", "replace")
        if kind == "click" and mode == "replace":
            self.current = did["row"]
        elif kind == "clear":
            self.selection = ()
        else:
            rows = rows_meant(did, self._painting.codes, self.xy)
            self.selection = rows if mode == "replace" else np.union1d(np.array(self.selection, np.int64), rows)

    @command
    def _answer(self, asked: str, _: list[bytes]) -> tuple[dict[str, Any], list[bytes]]:
        """Answer what the app's server answers by the same addresses: a row's card, and its drawing."""
        try:
            with studio.at_home(self._home):
                return {"status": 200, "text": self._told(asked)}, []
        except MmexploreError as mistake:
            return {"status": 400, "text": str(mistake)}, []

    def _told(self, asked: str) -> str:
        address = urlsplit(asked)
        query = {name: values[-1] for name, values in parse_qs(address.query).items()}
        card = studio.molecule_card(self.data, int(query["row"]), self.model)
        if address.path == "/card.json":
            return json.dumps({"name": card.name, "smiles": card.smiles, "facts": card.facts}, allow_nan=False)
        return studio.depict(card.smiles, int(query["width"]), int(query["height"]), dark=query["dark"] == "1")
