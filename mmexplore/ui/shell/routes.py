"""HTTP routes of the server's own, beside Streamlit's: drawings, cards, published bytes, scripts, health.

    /depict.svg?data=&row= or ?smiles=   a molecule's drawing       /card.json?data=&model=&row=   what is known of it
    /blob/NAME.bin                       points, colours, masks     /scripts/DIGEST/PATH.js        components' modules
    /viewer3d/3Dmol-VERSION.js           what draws in space        /healthz                       {"status": "ok", ...}

They are plain functions, which Starlette runs in threads: drawing never holds up the event loop. What a user got wrong
is answered with 422 and the sentence; a browser may keep everything whose address names its content.
"""

import hashlib
import logging
from collections.abc import Callable
from functools import wraps

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from mmexplore import __version__
from mmexplore.runtime.cache import cached
from mmexplore.runtime.errors import BadRecipe, MmexploreError
from mmexplore.ui.shell import blobs

log = logging.getLogger(__name__)

_FOR_GOOD = "public, max-age=31536000, immutable"
_A_DAY = "private, max-age=86400"
_MOST_PX = 2000
Handler = Callable[[Request], Response]


def routes(base: str = "") -> list[Route]:
    """HTTP routes, all of them, below ``server.baseUrlPath``."""
    root = f"/{base.strip('/')}" if base.strip("/") else ""
    return [
        Route(f"{root}/depict.svg", depict),
        Route(f"{root}/card.json", card),
        Route(f"{root}/blob/{{name}}.bin", blob),
        Route(f"{root}/scripts/{{digest}}/{{name:path}}", script),
        Route(f"{root}/viewer3d/{{name}}", viewer3d),
        Route(f"{root}/healthz", healthz),
    ]


def _told(handler: Handler) -> Handler:
    """Users' mistakes become 422 with their sentence; ours go to the log and become 500 with another."""

    @wraps(handler)
    def answer(request: Request) -> Response:
        try:
            return handler(request)
        except MmexploreError as mistake:
            return PlainTextResponse(str(mistake), 422, headers={"Cache-Control": "no-store"})
        except Exception:
            log.exception("%s failed", request.url.path)
            return PlainTextResponse("something went wrong on the server; the log has the details", 500)

    return answer


@_told
def depict(request: Request) -> Response:
    """An SVG drawing of ``smiles``, or of a ``row`` of ``data``; ``atoms=0,1`` or ``smarts`` are highlighted."""
    asked = request.query_params
    smiles = asked.get("smiles") or _smiles(asked.get("data", ""), _number(request, "row", 0, 0, 10**9))
    width, height = _number(request, "width", 250, 20, _MOST_PX), _number(request, "height", 200, 20, _MOST_PX)
    svg = _drawn(smiles, width, height, asked.get("dark") == "1", asked.get("smarts", ""), asked.get("atoms", ""))
    return _tagged(request, svg.encode(), "image/svg+xml")


@_told
def card(request: Request) -> Response:
    """Name, SMILES, labels and predictions of one row as JSON."""
    from mmexplore import studio

    asked = request.query_params
    found = studio.molecule_card(asked.get("data", ""), _number(request, "row", 0, 0, 10**9), asked.get("model", ""))
    facts = [list(fact) for fact in found.facts]
    known = {"row": found.row, "name": found.name, "smiles": found.smiles, "line": found.line, "facts": facts}
    return JSONResponse(known, headers={"Cache-Control": "no-cache"})


def blob(request: Request) -> Response:
    """Bytes that a page published, uncompressed: they are numbers, and gzip costs more than the cable."""
    content = blobs.content(request.path_params["name"])
    if content is None:
        return PlainTextResponse("these bytes are not here any more; reload the page", 404)
    headers = {"Cache-Control": _FOR_GOOD, "Content-Encoding": "identity"}
    return Response(content, media_type="application/octet-stream", headers=headers)


def script(request: Request) -> Response:
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
    if request.path_params["name"] != path.name or not path.is_file():
        return PlainTextResponse("this script is not here", 404)
    return Response(path.read_bytes(), media_type="text/javascript", headers={"Cache-Control": _FOR_GOOD})


def healthz(_: Request) -> Response:
    """Says that the server is up, and which version it is."""
    return JSONResponse({"status": "ok", "version": __version__}, headers={"Cache-Control": "no-store"})


def _number(request: Request, name: str, default: int, least: int, most: int) -> int:
    came = request.query_params.get(name, "")
    if not came:
        return default
    if not came.isascii() or not came.isdigit() or not least <= int(came[:12]) <= most:
        raise BadRecipe(f"{name} is a whole number from {least:,} to {most:,}, and {came[:40]!r} came")
    return int(came)


def _smiles(data: str, row: int) -> str:
    from mmexplore import studio

    if not data:
        raise BadRecipe("nothing to draw came; give smiles=..., or data=... and row=...")
    table = studio.dataset(data)
    if row >= len(table):
        raise BadRecipe(f"{data} has rows 0 to {len(table) - 1}, and {row} came")
    return str(table.smiles[row])


@cached(2048)
def _drawn(smiles: str, width: int, height: int, dark: bool, smarts: str, atoms: str) -> str:
    from mmexplore.chem import molecules

    chosen = _atoms(atoms)
    if smarts and not chosen:
        match = molecules.parse(smiles).GetSubstructMatch(molecules.pattern(smarts))
        chosen = tuple(int(i) for i in match)
    return molecules.depict(smiles, width, height, highlight=chosen, dark=dark)


def _atoms(text: str) -> tuple[int, ...]:
    parts = [part for part in text.split(",") if part][:2000]
    if not all(part.isascii() and part.isdigit() and len(part) < 6 for part in parts):
        raise BadRecipe(f"atoms are whole numbers with commas between, and {text[:40]!r} came")
    return tuple(int(part) for part in parts)


def _tagged(request: Request, content: bytes, kind: str) -> Response:
    tag = f'"{hashlib.sha256(content).hexdigest()[:16]}"'
    headers = {"ETag": tag, "Cache-Control": _A_DAY if "smiles" in request.query_params else "private, max-age=300"}
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    security = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'"}
    return Response(content, media_type=kind, headers=headers | security | {"X-Content-Type-Options": "nosniff"})
