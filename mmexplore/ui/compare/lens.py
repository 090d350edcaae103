"""Modality lens: one map under a slider through two to six views, and who changes its neighbors most on the way.

The browser moves the points by itself; where the slider comes to rest it says so, and the list below is of that way.
"""

import math
from functools import partial

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from mmexplore import studio
from mmexplore.explore.maps.lens import NEIGHBORS
from mmexplore.explore.maps.painting import Painting
from mmexplore.runtime.errors import MmexploreError
from mmexplore.studio import FEWEST_PANELS, MOST_PANELS, Lens, Movers, SearchResult, ViewRef
from mmexplore.ui.compare import state
from mmexplore.ui.components import waits
from mmexplore.ui.components.drawings import Drawing, drawings, of_row, picked
from mmexplore.ui.components.molecule_map import Shown, Stops, event, mask, molecule_map
from mmexplore.ui.components.words import METHOD_TITLES, literal
from mmexplore.ui.map import controls, events
from mmexplore.ui.map.controls import Controls
from mmexplore.ui.map.selection import selection_table
from mmexplore.ui.map.side import map_side
from mmexplore.ui.server import asked as served
from mmexplore.ui.server import blobs
from mmexplore.ui.shell import address, session
from mmexplore.ui.shell.session import Choice

_MAP, _AT, _STOPS, _PLACES = "lens-map", "at", "lens-stops", "lens-places"
_A_PAGE = 4


def lens_page(
    title: DeltaGenerator, choice: Choice, asked: Controls, painting: Painting, found: SearchResult | None
) -> None:
    """All below the controls of the Map page, and its title."""
    panels = _panels(choice)
    data = studio.dataset(choice.data)
    title.title(f"{len(data):,} molecules of {literal(data.title)}", anchor=False)
    lens, mistake = _lens(panels, choice.data, asked)
    if lens is not None:
        state.put_in_order(lens.stops)  # the list, the address and the slider have one order
    state.answer_link(state.panels(choice))
    _picker(lens.stops if lens is not None else panels)
    with st.container():  # always there, so that the map keeps its place, and with it its zoom and its tool
        controls.found_line(found)
        if mistake:
            st.warning(f"{literal(mistake)}. Choose other stops.", icon=":material/search_off:")
    if mistake:
        return
    moved, meanwhile = None, st.container()
    if lens is not None:
        at = _at(len(lens.stops))
        moved = [studio.movers(lens, way, choice.data) for way in range(len(lens.stops) - 1)]
        with title:
            _words(lens)
    if lens is None or moved is None or any(each is None for each in moved):
        with meanwhile:
            _wait(panels, choice, asked)
    if lens is None:
        st.info("The lens appears as soon as each of its maps is there.", icon=":material/hourglass_top:")
        return
    picture, side = st.container(key="stacks-map").columns([13, 7], gap="medium")
    with picture:
        _draw(lens, moved or [], at, choice, painting, found)
    with side:
        map_side(found.smarts if found else "")
    way = min(int(at), len(lens.stops) - 2)
    if moved and (some := moved[way]) is not None:
        _movers(lens, way, some, choice.data)
    selection_table()


def forget_address() -> None:
    """Take the slider's place out of the URL where no lens is shown; it comes back with the next one."""
    address.keep(_AT, None)


def _lens(panels: tuple[ViewRef, ...], data: str, asked: Controls) -> tuple[Lens | None, str]:
    """The lens as soon as its maps are there; and why there can be none."""
    try:
        for panel in panels:
            studio.view_of(served.model(panel.model), panel.view)
        return studio.lens(panels, data, asked.method, asked.seed), ""
    except MmexploreError as mistake:
        return None, str(mistake)


def _panels(choice: Choice) -> tuple[ViewRef, ...]:
    """The stops: those of the comparison, at first all views of the model where it has several."""
    first = studio.panels_of(choice.model)
    if not state.are_chosen() and len(first) >= FEWEST_PANELS:
        state.replace(first)
    return tuple(dict.fromkeys(state.panels(choice).values()))


def _picker(shown: tuple[ViewRef, ...]) -> None:
    """The picker of the stops, in the slider's order once that is known."""
    offered = [ViewRef(model.name, view) for model in studio.models() for view in model.views]
    options = list(dict.fromkeys((*shown, *offered)))
    st.session_state[_STOPS] = list(shown)
    with st.popover(f"{len(shown)} stops", icon=":material/linear_scale:", help="Which views the lens goes through"):
        st.multiselect(
            "Stops",
            options,
            key=_STOPS,
            format_func=_name,
            max_selections=MOST_PANELS,
            on_change=_chosen,
            help="Two to six views; they are put into the order in which the maps move least",
        )


def _chosen() -> None:
    """Take other stops; fewer than two change nothing."""
    stops: list[ViewRef] = st.session_state[_STOPS]
    if len(stops) >= FEWEST_PANELS:
        state.replace(stops)


def _name(panel: ViewRef) -> str:
    return panel.view if panel.view == panel.model else f"{panel.view} of {panel.model}"


def _names(lens: Lens) -> tuple[str, ...]:
    """Names of the stops: their views', with the model's where two are called alike."""
    views = [stop.view for stop in lens.stops]
    return tuple(stop.view if views.count(stop.view) == 1 else _name(stop) for stop in lens.stops)


def _at(stops: int) -> float:
    """Where the slider stands, as the address says."""
    came = address.arriving(_AT)
    if came is not None or (address.went_back() and _AT not in st.query_params):
        wanted = _number(came or "0")
        st.session_state[_AT] = wanted if 0 <= wanted <= stops - 1 else 0.0
        if not 0 <= wanted <= stops - 1:
            address.tell(_AT, address.lacking("the place on the slider", came or "", "0", "is not on it"))
    at = min(max(float(st.session_state.get(_AT, 0.0)), 0.0), stops - 1.0)
    address.keep(_AT, f"{at:.2f}")
    address.answer(_AT, at)
    return at


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan


def _words(lens: Lens) -> None:
    of = "" if lens.method == "pca" else f", seed {lens.seed}"
    length = f"Procrustes distances from stop to stop sum to {sum(lens.way.distances):.2f}"
    st.caption(
        literal(f"{len(lens.stops)} maps by {METHOD_TITLES[lens.method]}{of}, in the order in which they move least"),
        help=literal(f"{length}. Each map is turned onto the one before; sizes are made alike."),
    )


def _wait(panels: tuple[ViewRef, ...], choice: Choice, asked: Controls) -> None:
    """Have what is missing computed by a job, and show how far it is."""
    key = "/".join(("lens-job", choice.data, asked.method, str(asked.seed), state.written(panels)))
    asks = panels, choice.data, asked.method, asked.seed
    had = studio.lens(*asks) is not None

    def is_more_there() -> bool:
        return not had and studio.lens(*asks) is not None

    what = "Who moves most is being computed" if had else "The maps of the lens are being computed"
    waits.made_beside(key, partial(studio.start_lens, *asks), what, "The lens was not finished.", is_more_there)


def _draw(
    lens: Lens,
    moved: list[Movers | None],
    at: float,
    choice: Choice,
    painting: Painting,
    found: SearchResult | None,
) -> None:
    rows, n = session.selection(), len(painting.codes)
    points = tuple(blobs.published(("lens", lens.digest, str(k)), xy.tobytes) for k, xy in enumerate(lens.way.xy))
    lit = tuple(blobs.publish(mask(each.rows if each else np.array([], np.int64), n)) for each in moved)
    st.session_state[_PLACES] = lens.way.xy
    events.drawn(_MAP, painting.codes, lens.way.xy[0])
    names = _names(lens)
    what = Shown(
        title=f"{n:,} molecules of {choice.data}, a lens through {', '.join(names)}, coloured by {painting.label}",
        data=choice.data,
        model=choice.model,
        points=points[0],
        painting=painting,
        codes=blobs.publish(painting.codes.tobytes()),
        selected=blobs.publish(mask(rows, n)) if len(rows) else "",
        found=blobs.publish(mask(found.rows, n)) if found else "",
        current=session.current_row(),
        lens=Stops(names, points, lit, at),
    )
    molecule_map(_MAP, what, _happened)


def _happened() -> None:
    """The slider came to rest; or something was drawn, which means the places where it stood then."""
    action = event(_MAP)
    if not action:
        return
    places = st.session_state.get(_PLACES, ())
    if "at" in action and len(places) >= FEWEST_PANELS:
        at = float(action["at"])
        st.session_state[_AT] = at if math.isfinite(at) else 0.0
        codes = events.codes_of(_MAP)
        if codes is not None:
            events.drawn(_MAP, codes, studio.between(places, st.session_state[_AT]))
    events.happened(_MAP)


def _movers(lens: Lens, way: int, moved: Movers, data: str) -> None:
    """Who changes its neighbors most on a way: each with its nearest in the view it leaves and the one it enters."""
    names = _names(lens)
    one, other = names[way], names[way + 1]
    st.subheader(f"Who moves most from {literal(one)} to {literal(other)}", anchor=False)
    if not len(moved.rows):
        st.caption("Nobody: each molecule has the same ten nearest in both.")
        return
    st.caption(
        literal(
            f"The {len(moved.rows)} molecules that share the fewest of their ten nearest in the full spaces of {one} "
            f"and {other}; they are lit while the slider is between these stops"
        )
    )
    _download(lens, way, moved, data)
    pages = -(-len(moved.rows) // _A_PAGE)
    page = int(address.number(st.pagination, pages, key="movers-page", kind="page")) if pages > 1 else 1
    table = studio.dataset(data)
    for number in range((page - 1) * _A_PAGE, min(page * _A_PAGE, len(moved.rows))):
        places = st.columns([1, 3, 3], gap="medium")
        row = int(moved.rows[number])
        cells = (
            (f"{_kept(moved.change[number])} of {NEIGHBORS} stay near", [row]),
            (f"near it in {one}", moved.near_from[number].tolist()),
            (f"near it in {other}", moved.near_to[number].tolist()),
        )
        for side, (place, (label, rows)) in enumerate(zip(places, cells, strict=True)):
            with place:
                key = f"mover-{number}-{side}"
                shown = [
                    Drawing(of_row(data, each), str(table.names[each]) or f"Molecule {each + 1}", label, each)
                    for each in rows
                ]
                drawings(key, shown, partial(_pick, key), width=110, height=84, current=session.current_row())


def _kept(change: float) -> int:
    """How many of a molecule's nearest are the same in both views, from the Jaccard distance of the two lists.

    >>> [_kept(change) for change in (1.0, 1 - 1 / 19, 0.0)]
    [0, 1, 10]
    """
    alike = 1 - change
    return round(2 * NEIGHBORS * alike / (1 + alike))


def _pick(key: str) -> None:
    if (row := picked(key)) >= 0:
        session.choose_row(row)


def _download(lens: Lens, way: int, moved: Movers, data: str) -> None:
    def csv() -> bytes:
        import pandas as pd

        table = studio.dataset(data)
        near = {"near from": moved.near_from, "near to": moved.near_to}
        columns = {name: [" ".join(map(str, table.smiles[each])) for each in rows] for name, rows in near.items()}
        about = {"name": table.names[moved.rows], "smiles": table.smiles[moved.rows], "change": moved.change}
        stops = {"from": str(_name(lens.stops[way])), "to": str(_name(lens.stops[way + 1]))}
        return studio.to_csv(pd.DataFrame(about | stops | columns, index=moved.rows), "row").encode()

    st.download_button("CSV", csv, f"{data}-movers.csv", "text/csv", icon=":material/download:", on_click="ignore")
