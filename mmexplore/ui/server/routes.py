"""HTTP routes of the server's own, beside Streamlit's: drawings, cards, published bytes, scripts, health.

    /depict.svg?data=&row= or ?smiles=   a molecule's drawing       /card.json?data=&model=&row=   what is known of it
    /blob/NAME.bin                       points, colours, masks     /scripts/DIGEST/PATH.js        components' modules
    /tile.bin?library=&key=&level=&tile=   points of a tile         /raster.bin?library=&key=&level=   a density raster
    /tiles.json?library=&key=            a library's tiles
    /viewer3d/3Dmol-VERSION.js           what draws in space        /frame/NAME.html               a molecule in space
    /healthz                             {"status": "ok", ...}      / and /PAGE                    the app's pages

What works is a plain function, which Starlette runs in threads; what only looks is not, and answers however many others
wait. What is not here is answered with 404, all else that a user got wrong with 400, each with the sentence; a browser
may keep everything whose address names its content.
"""

import asyncio
import hashlib
import logging
import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import partial, wraps
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from mmexplore import __version__
from mmexplore.runtime import seals
from mmexplore.runtime.cache import cached
from mmexplore.runtime.deadline import HURRIED, seconds
from mmexplore.runtime.errors import BadRecipe, MmexploreError, NotAvailable, UnknownName
from mmexplore.ui.server import asked, blobs, guard
from mmexplore.ui.shell import navigation

if TYPE_CHECKING:
    import numpy as np

    from mmexplore.studio import TileSet

log = logging.getLogger(__name__)

_FOR_GOOD = "public, max-age=31536000, immutable"
_A_DAY = "private, max-age=86400"
_FRAME = (
    "default-src 'none'; script-src 'nonce-{}' 'self'; style-src 'unsafe-inline'; img-src data: blob:; "
    "connect-src 'self' blob: data:; worker-src blob:; base-uri 'none'; form-action 'none'"
)
_GRACE_SECONDS = 0.5
_DRAWERS = ThreadPoolExecutor(32, "drawings")
Handler = Callable[[Request], Response]


def routes(base: str = "") -> list[Route]:
    """HTTP routes, all of them, below ``server.baseUrlPath``."""
    root = f"/{base.strip('/')}" if base.strip("/") else ""
    return [
        Route(f"{root}/depict.svg", depict),
        Route(f"{root}/card.json", card),
        Route(f"{root}/blob/{{name}}.bin", blob),
        Route(f"{root}/tiles.json", tiles),
        Route(f"{root}/tile.bin", tile),
        Route(f"{root}/raster.bin", raster),
        Route(f"{root}/scripts/{{digest}}/{{name:path}}", script),
        Route(f"{root}/viewer3d/{{name}}", viewer3d),
        Route(f"{root}/frame/{{name}}.html", frame),
        Route(f"{root}/healthz", healthz),
        *(Route(f"{root}/{title}", page) for title in ("", *map(navigation.title, navigation.pages()))),
    ]


def _told(handler: Handler) -> Handler:
    """Users' mistakes become 404 or 400 with their sentence; ours go to the log and become 500 with another."""

    @wraps(handler)
    def answer(request: Request) -> Response:
        try:
            return handler(request)
        except MmexploreError as mistake:
            status = 404 if isinstance(mistake, UnknownName | NotAvailable) else 400
            return PlainTextResponse(_sendable(str(mistake)), status, headers={"Cache-Control": "no-store"})
        except Exception:
            log.exception("%s failed", request.url.path)
            return PlainTextResponse("something went wrong on the server; the log has the details", 500)

    return answer


def _sendable(words: str) -> str:
    return words.encode(errors="replace").decode()


async def depict(request: Request) -> Response:
    """An SVG drawing of ``smiles``, or of a ``row`` of ``data``; ``atoms=0,1`` or ``smarts`` are highlighted.

    ``faint=1``: the other atoms are pale.

    Drawings have threads of their own, and who waits for one is told so at the deadline. What the processes take to
    start does not count: a page asks for a drawing once, and would be left with an empty place.
    """
    work = partial(copy_context().run, _depicted, request)
    drawing = asyncio.get_running_loop().run_in_executor(_DRAWERS, work)
    cold = True
    while cold:
        cold = HURRIED.cold
        if (await asyncio.wait([drawing], timeout=seconds() + _GRACE_SECONDS))[0]:
            return drawing.result()
    drawing.cancel()
    words = "other structures keep the server busy; try again in a moment"
    return PlainTextResponse(words, 400, headers={"Cache-Control": "no-store"})


@_told
def _depicted(request: Request) -> Response:
    wanted = asked.read(request.query_params, asked.DRAWING)
    if not (smiles := wanted.pop("smiles")):
        smiles = _smiles(wanted)
    svg = _drawn(smiles, *(wanted[name] for name in ("width", "height", "atoms", "dark", "smarts", "faint")))
    return _tagged(request, svg.encode(), "image/svg+xml")


@_told
def card(request: Request) -> Response:
    """Name, SMILES, labels and predictions of one row as JSON."""
    from mmexplore import studio

    wanted = asked.read(request.query_params, asked.CARD)
    if wanted["library"]:
        found = studio.library_molecule(wanted["library"], wanted["row"], wanted["key"])
    elif wanted["data"]:
        _check_row(wanted["data"], wanted["row"])
        found = studio.molecule_card(wanted["data"], wanted["row"], wanted["model"])
    else:
        raise BadRecipe("no data set was named; give data=... and row=...")
    facts = [list(fact) for fact in found.facts]
    known = {"row": found.row, "name": found.name, "smiles": found.smiles, "line": found.line, "facts": facts}
    return JSONResponse(known, headers={"Cache-Control": "no-cache"})


async def blob(request: Request) -> Response:
    """Bytes that a page published, uncompressed: they are numbers, and gzip costs more than the cable."""
    content = blobs.content(request.path_params["name"])
    if content is None:
        return PlainTextResponse("these bytes are not here any more; reload the page", 404)
    headers = {"Cache-Control": _FOR_GOOD.replace("public", "private"), "Content-Encoding": "identity"}
    return Response(content, media_type="application/octet-stream", headers=headers)


@_told
def tiles(request: Request) -> Response:
    """Tiles of a library's map: how many points, the square they lie in, and the box of each tile by level."""
    made, _ = _tiles(request)
    known = {name: made.about[name] for name in ("n", "box", "levels", "rasters")}
    return JSONResponse(known, headers={"Cache-Control": _FOR_GOOD.replace("public", "private")})


@_told
def tile(request: Request) -> Response:
    """Points of a tile, 12 bytes each: x, y as float32, row as uint32; with ``colour`` a byte each, 255 for unknown."""
    made, wanted = _tiles(request)
    if color := wanted["colour"]:
        return _bytes(made.codes(wanted["level"], wanted["tile"], color))
    return _bytes(made.points(wanted["level"], wanted["tile"]))


@_told
def raster(request: Request) -> Response:
    """A raster, a byte a cell, the lowest row first: density on a logarithmic scale; with ``colour`` its mean codes."""
    made, wanted = _tiles(request)
    if color := wanted["colour"]:
        return _bytes(made.mean(wanted["level"], color))
    return _bytes(made.shade(wanted["level"]))


def _tiles(request: Request) -> "tuple[TileSet, dict[str, Any]]":
    from mmexplore import studio

    wanted = asked.read(request.query_params, asked.TILES)
    if not wanted["library"] or not wanted["key"]:
        raise BadRecipe("no tiles were named; give library=... and key=...")
    made = studio.library_tiles(wanted["library"], key=wanted["key"])
    if made is None:
        raise NotAvailable(f"these tiles of {wanted['library']!r} are not here any more; reload the page")
    return made, wanted


def _bytes(numbers: "np.ndarray") -> Response:
    headers = {"Cache-Control": _FOR_GOOD.replace("public", "private"), "Content-Encoding": "identity"}
    return Response(numbers.tobytes(), media_type="application/octet-stream", headers=headers)


async def script(request: Request) -> Response:
    """One of the components' ES modules; the digest in the address changes with any of them."""
    from mmexplore.ui.components.component_scripts import scripts

    content = scripts()[1].get(request.path_params["name"])
    if content is None:
        return PlainTextResponse("there is no such script", 404)
    return Response(content, media_type="text/javascript", headers={"Cache-Control": _FOR_GOOD})


def viewer3d(request: Request) -> Response:
    """3Dmol.js, where it was fetched; the version stands in its name."""
    from mmexplore import studio

    path = studio.viewer_path()
    if request.path_params["name"] != path.name or not seals.is_sound(path):
        return PlainTextResponse("this script is not here", 404)
    return Response(path.read_bytes(), media_type="text/javascript", headers={"Cache-Control": _FOR_GOOD})


async def frame(request: Request) -> Response:
    """A page that stands in a frame of ours; only its own scripts run, by a nonce that is new in each answer."""
    content = blobs.page(request.path_params["name"])
    if content is None:
        return PlainTextResponse("this is not here any more; reload the page", 404)
    nonce = secrets.token_urlsafe(16)
    headers = {"Content-Security-Policy": _FRAME.format(nonce), "Cache-Control": "no-store"}
    return HTMLResponse(content.replace("<script", f'<script nonce="{nonce}"'), headers=headers)


async def page(_: Request) -> Response:
    """Streamlit's page, with a word on where its server is: it would ask below the page first, in vain."""
    return HTMLResponse(guard.index(), headers={"Cache-Control": "no-cache"})


async def healthz(_: Request) -> Response:
    """Says that the server is up, and which version it is."""
    return JSONResponse({"status": "ok", "version": __version__}, headers={"Cache-Control": "no-store"})


def _smiles(wanted: dict[str, Any]) -> str:
    from mmexplore import studio

    data, row = wanted.pop("data"), wanted.pop("row")
    if library := wanted["library"]:
        return studio.library_molecule(library, row, wanted["key"]).smiles
    if not data:
        raise BadRecipe("nothing to draw came; give smiles=..., or data=... and row=...")
    _check_row(data, row)
    return str(studio.dataset(data).smiles[row])


def _check_row(data: str, row: int) -> None:
    from mmexplore import studio

    if row >= (n := len(studio.dataset(data))):
        raise NotAvailable(f"{data} has rows 0 to {n - 1}, and {row} came")


@cached(2048)
def _drawn(smiles: str, width: int, height: int, atoms: tuple[int, ...], dark: bool, smarts: str, faint: bool) -> str:
    from mmexplore import studio

    return studio.depict(smiles, width, height, atoms, dark, smarts, faint)


def _tagged(request: Request, content: bytes, kind: str) -> Response:
    tag = f'"{hashlib.sha256(content).hexdigest()[:16]}"'
    headers = {"ETag": tag, "Cache-Control": _A_DAY if "smiles" in request.query_params else "private, max-age=300"}
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    security = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'"}
    return Response(content, media_type=kind, headers=headers | security | {"X-Content-Type-Options": "nosniff"})
