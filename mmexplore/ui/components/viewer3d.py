"""3D viewer of a molecule: by py3Dmol with 3Dmol.js from a route of ours, or by plotly where that script cannot be had.

viewer3d.show(smiles, "key", highlight=(0, 3))      # atoms in the order of this SMILES
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st

from mmexplore import studio
from mmexplore.runtime.cache import cached
from mmexplore.runtime.errors import MmexploreError, NotAvailable, TooLong
from mmexplore.ui.components.component_scripts import address
from mmexplore.ui.components.words import literal
from mmexplore.ui.server import blobs

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from mmexplore.explore.explain.shape3d import Shape

_COLORS = {
    "H": "#d9d9d9", "C": "#7f7f7f", "N": "#3f6fd8", "O": "#e0362c", "F": "#5aa83c", "Cl": "#2fa32f", "Br": "#9c3b22",
    "I": "#7b3fa0", "S": "#d4b020", "P": "#e08620", "B": "#e6a08c",
}  # fmt: skip
_OTHER, _LIT = "#c25fb0", "#00c4b3"
_HALO = {"radius": 0.62, "alpha": 0.5}  # round an atom, which keeps its element's colour
_HYDROGEN_PX, _HEAVY_PX = 7, 13
_STYLE = """<style>
body { margin: 0; background: transparent; }
.viewer3d { box-sizing: border-box; overflow: hidden; border: 1px solid #80808066; border-radius: 0.5rem; }
</style>"""


def show(smiles: str, key: str, highlight: Iterable[int] = (), height: int = 320) -> None:
    """Draw one conformer, hydrogens and all; a molecule that has none is answered by a sentence."""
    try:
        with st.spinner("Making a conformer ..."):
            found = studio.shape(smiles)
    except MmexploreError as mistake:
        st.caption(literal(mistake))
        if isinstance(mistake, TooLong):  # maybe of a busy machine
            st.button("Try again", key=f"{key}/again", icon=":material/refresh:")
        return
    if not found.there:
        st.caption(f"There is no conformer of this molecule to show ({literal(found.how)}).")
        return
    atoms = [int(atom) for atom in highlight]
    if script := _script():
        words = f"One conformer of {smiles} in 3D"
        framed = blobs.publish_page(page(found.block, tuple(atoms), address(script), height))
        st.iframe(address(framed), height=height, alt=words)
    else:
        config: dict[str, Any] = {"displaylogo": False}
        st.plotly_chart(ball_and_stick(found, atoms, height), key=f"{key}/plotly", config=config)
    st.caption(f"One conformer by ETKDGv3 and fifty steps of MMFF94, {literal(found.how)}. Drag turns it.")


def _script() -> str:
    """The path of 3Dmol.js on this server, "" where it is not here and cannot be fetched."""
    try:
        with st.spinner("Fetching the 3D viewer, once ..."):
            return f"viewer3d/{studio.fetch_viewer().name}"
    except NotAvailable:
        return ""


@cached(64)
def page(block: str, atoms: tuple[int, ...], script: str, height: int) -> str:
    """The page inside the frame, HTML; ``script`` is the address of 3Dmol.js. The same page draws nothing anew."""
    import py3Dmol

    # 3Dmol fits a molecule to the height alone, so that a frame that is higher than wide would cut it.
    view = py3Dmol.view(width="100%", height=f"min({height - 2}px, 100vw - 2px)", js=script)
    view.setBackgroundColor("white", 0)
    view.addModel(block, "sdf", {"keepH": True})
    view.setStyle({}, {"stick": {"radius": 0.13}, "sphere": {"scale": 0.24}})
    for x, y, z in _places(block, atoms):
        view.addSphere({"center": {"x": x, "y": y, "z": z}, "color": _LIT} | _HALO)
    view.zoomTo()
    view.zoom(0.85)
    return f"{_STYLE}<div class='viewer3d'>{view.write_html()}</div>"


def _places(block: str, atoms: tuple[int, ...]) -> list[tuple[float, ...]]:
    """Coordinates of atoms by their numbers in a mol block, in angstrom."""
    lines = block.splitlines()[4:]
    return [tuple(float(lines[atom][10 * axis : 10 * axis + 10]) for axis in range(3)) for atom in atoms]


def ball_and_stick(shape: "Shape", highlight: Iterable[int] = (), height: int = 320) -> "go.Figure":
    """Bonds as lines (a gap between each two), atoms as balls in the usual colours; lit atoms in a halo."""
    import plotly.graph_objects as go

    lit = sorted(set(highlight))
    colours = [_COLORS.get(name, _OTHER) for name in shape.elements]
    sizes = [_HYDROGEN_PX if name == "H" else _HEAVY_PX for name in shape.elements]
    ends = shape.bonds[:, :2].astype(int)
    gaps = np.full((len(ends), 1, 3), np.nan)
    lines = np.concatenate([shape.xyz[ends], gaps], axis=1).reshape(-1, 3)
    figure = go.Figure()
    stick = {"color": "#8c8c8c", "width": 7}
    figure.add_scatter3d(x=lines[:, 0], y=lines[:, 1], z=lines[:, 2], mode="lines", line=stick, hoverinfo="skip")
    balls = {"size": sizes, "color": colours, "line": {"width": 0}}
    if lit:
        x, y, z = shape.xyz[lit].T
        halo = {"size": 2 * _HEAVY_PX, "color": _LIT, "opacity": _HALO["alpha"], "line": {"width": 0}}
        figure.add_scatter3d(x=x, y=y, z=z, mode="markers", marker=halo, hoverinfo="skip")
    x, y, z = shape.xyz.T
    figure.add_scatter3d(x=x, y=y, z=z, mode="markers", marker=balls, text=list(shape.elements), hoverinfo="text")
    hidden: dict[str, Any] = {axis: {"visible": False} for axis in ("xaxis", "yaxis", "zaxis")}
    figure.update_layout(scene={"aspectmode": "data", **hidden}, showlegend=False, height=height)
    return figure.update_layout(margin=dict.fromkeys("lrtb", 0))
