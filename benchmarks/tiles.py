"""A library's map at ten million molecules: how long its tiles take, and how soon and how smoothly a browser draws it.

    python benchmarks/tiles.py [--rows 10000000] [--library FOLDER] [--frames 120]

Molecules, their predictions and their places are those of a built library (``--library``, by default that of
``benchmarks/library.py`` in ``--work``), copied until they are ``--rows``, each copy moved by a hundredth of the
map's spread. The tiles are made by ``library tiles`` in a process of its own. The browser is Chromium with WebGL in
software at 1,440 x 900; the first picture counts from the first address asked for of the tiles, so that it holds what
the server reads and verifies; frames are those that the browser asks for while the map is dragged.
"""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parents[1] / "tests")]

import numpy as np  # noqa: E402
import psutil  # noqa: E402
from browser import MAP, launch, middle, new_page, quiet, start_server  # noqa: E402
from placed_library import PREDICTED, crowded, placed  # noqa: E402
from playwright.sync_api import Page, sync_playwright  # noqa: E402
from record import Asked, record  # noqa: E402

from mmexplore.explore.library import tiles  # noqa: E402
from mmexplore.explore.library.build import FOLDER, Library  # noqa: E402

NAME = "copied"
ROOT = f"(window.drawnMap ??= {MAP}.querySelector('.molecule-map'))"
DRAWN = f"drawn => drawn.includes({ROOT}.dataset.drawn) && performance.now()"
ASKED = "performance.getEntriesByType('resource').find(e => e.name.includes('/tiles.json')).startTime"
DRAG = f"""async frames => {{
  const surface = {MAP}.querySelector(".surface"), box = surface.getBoundingClientRect();
  surface.setPointerCapture = () => {{}};
  const at = {{ pointerId: 1, isPrimary: true, altKey: true, bubbles: true, button: 0 }};
  let x = box.left + box.width / 2, step = 5;
  const y = box.top + box.height / 2, next = () => new Promise(done => requestAnimationFrame(done));
  surface.dispatchEvent(new PointerEvent("pointerdown", {{ ...at, clientX: x, clientY: y }}));
  const times = [];
  for (let k = 0; k < frames; k++) {{
    if (k % 40 === 20) step = -step;
    x += step;
    surface.dispatchEvent(new PointerEvent("pointermove", {{ ...at, clientX: x, clientY: y }}));
    times.push(await next());
  }}
  surface.dispatchEvent(new PointerEvent("pointerup", {{ ...at, clientX: x, clientY: y }}));
  return times;
}}"""


def main(asked: Any) -> None:
    home: Path = asked.work / f"tiles-{asked.rows}"
    target = Library(NAME, home / FOLDER / NAME)
    if not (target.folder / "library.json").is_file():
        placed(target.folder, shards(asked.library, asked.rows, asked.shard_rows))
    rows = [made(home, target), lasso(target)]
    process, server = start_server(home)
    try:
        with sync_playwright() as playwright:
            rows += walked(launch(playwright), server.url, asked.frames)
    finally:
        process.terminate()
    told = "drawn groups" if asked.library is None else "places of ZINC250k's molecules, copied and moved"
    question = f"How long do tiles of {asked.rows:,} molecules take ({told}), and how does a browser draw them?"
    record("tiles", question, f"python benchmarks/tiles.py --rows {asked.rows} --frames {asked.frames}", rows)


def shards(source: Path | None, rows: int, size: int) -> Iterator[dict[str, np.ndarray]]:
    """Shards of copies, or, where no library is named, of drawn groups."""
    if source is None:
        yield from crowded(rows, -(-rows // size))
        return
    real = Library("real", source)
    (number,) = [f"{model.name}: {model.tasks[0]}" for model in real.work.models]
    table = next(iter([real.columns(["map x", "map y", number, "smiles"])]))
    whole = [[np.asarray(part[name].to_numpy(zero_copy_only=False)) for name in part.column_names] for part in table]
    x, y, value, smiles = (np.concatenate([part[k] for part in whole]) for k in range(4))
    rng, spread = np.random.default_rng(0), 0.01 * float(np.nanstd(x) + np.nanstd(y)) / 2
    for start in range(0, rows, size):
        here = np.arange(start, min(start + size, rows))
        moved = rng.normal(0, spread, (2, len(here))) * (here >= len(x))
        row = here % len(x)
        places = {"x": (x[row] + moved[0]).astype("f4"), "y": (y[row] + moved[1]).astype("f4")}
        yield places | {"value": value[row].astype("f4"), "smiles": smiles[row]}


def made(home: Path, target: Library) -> dict[str, Any]:
    """Tiles made anew by the command line: seconds, the memory that it took at most, bytes, tiles."""
    shutil.rmtree(target.folder / "tiles", ignore_errors=True)
    command = [sys.executable, "-m", "mmexplore", "library", "tiles", NAME, "--json"]
    path = str(Path(__file__).resolve().parents[1])
    environment = os.environ | {"MMEXPLORE_HOME": str(home), "PYTHONPATH": path}
    started = time.perf_counter()
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE) as process:
        held = watched(process.pid)
        answer = process.communicate()[0]
    seconds = time.perf_counter() - started
    told = json.loads(answer)["tiles"]
    row = {"what": "tiles made", "molecules": told["placed"], "s": seconds, "tiles": told["tiles"][0]}
    row |= {"levels": len(told["tiles"]), "MB": told["bytes"] / 1e6}
    return row | held


def watched(pid: int) -> dict[str, float]:
    """The most memory that a process has until it ends: its own, and with the files that it maps."""
    own = whole = 0.0
    with suppress(psutil.Error):
        process = psutil.Process(pid)
        while process.status() != psutil.STATUS_ZOMBIE:
            now = process.memory_info()
            own, whole = max(own, now.rss - getattr(now, "shared", 0)), max(whole, now.rss)
            time.sleep(0.05)
    return {"MB of memory": own / 1e6, "MB with mapped files": whole / 1e6}


def lasso(target: Library) -> dict[str, Any]:
    """A circle of a quarter of the map's width, counted, the second time: files are verified once."""
    found = tiles.stored(target, "")
    assert found is not None
    left, bottom, right, top = np.array([tile.box for tile in found.tiles(0)]).T
    turn = np.linspace(0, 2 * np.pi, 200, endpoint=False)
    mid_x, mid_y, radius = (
        np.average((left + right) / 2),
        np.average((bottom + top) / 2),
        (right.max() - left.min()) / 8,
    )
    outline = np.stack([mid_x + radius * np.cos(turn), mid_y + radius * np.sin(turn)], 1).tolist()
    found.inside([outline], 10_000)
    started = time.perf_counter()
    inside = found.inside([outline], 10_000)
    about = {"molecules": inside.count, "tiles": inside.looked}
    return {"what": "lasso counted, its first 10,000 rows named", "s": time.perf_counter() - started} | about


def walked(browser: Any, url: str, frames: int) -> list[dict[str, Any]]:
    """The map opened, dragged and zoomed into, in two colors."""
    rows = []
    for by in ("density", PREDICTED):
        page, _ = new_page(browser, url)
        page.goto(f"{url}/healthz")
        page.goto(f"{url}/?map-of=library: {NAME}&library-colour={by}")
        page.wait_for_selector(".molecule-map")
        first = page.wait_for_function(DRAWN, arg=["density", "points"], polling="raf").json_value()
        rest = page.wait_for_function(DRAWN, arg=["points"], polling="raf").json_value()
        asked = page.evaluate(ASKED)
        quiet(page)
        rows.append({"what": f"first picture, by {by}", "s": (first - asked) / 1e3})
        rows.append({"what": f"its points at rest, by {by}", "s": (rest - asked) / 1e3, "molecules": drawn(page)})
        rows.append({"what": f"dragged, whole map, by {by}"} | dragged(page, frames))
        x, y, *_ = middle(page.locator(".molecule-map .surface"))
        page.mouse.move(x, y)
        for zoom in (4, 16, 64):
            started = page.evaluate("performance.now()")
            page.mouse.wheel(0, -np.log(4) / 0.002)
            page.wait_for_function(DRAWN, arg=["density", "some"], polling="raf")
            rest = page.wait_for_function(DRAWN, arg=["points"], polling="raf").json_value()
            rows.append(
                {
                    "what": f"points at rest, {zoom} times closer, by {by}",
                    "s": (rest - started) / 1e3,
                    "molecules": drawn(page),
                }
            )
            rows.append({"what": f"dragged, {zoom} times closer, by {by}"} | dragged(page, frames))
            page.wait_for_function(DRAWN, arg=["points"], polling="raf")
        rows.append({"what": f"memory after that, by {by}"} | memory())
        page.close()
    return rows


def drawn(page: Page) -> int:
    return int(page.locator(".molecule-map").get_attribute("data-points") or 0)


def dragged(page: Page, frames: int) -> dict[str, float]:
    """Frames a second while the map is dragged, and the longest wait for one."""
    times = np.array(page.evaluate(DRAG, frames)) / 1e3
    return {
        "frames a second": (len(times) - 1) / (times[-1] - times[0]),
        "longest ms": float(np.diff(times).max()) * 1e3,
    }


def memory() -> dict[str, float]:
    """Resident memory of the tab's process, the largest of its kind, and of the one that draws for all tabs."""
    found: dict[str, float] = {}
    for process in psutil.Process().children(recursive=True):
        words = " ".join(process.cmdline())
        for kind in ("renderer", "gpu-process"):
            if f"--type={kind}" in words:
                found[kind] = max(found.get(kind, 0.0), process.memory_info().rss / 1e6)
    return {"MB, the tab": found.get("renderer", 0.0), "MB, what draws": found.get("gpu-process", 0.0)}


def command_line() -> Asked:
    """What can be asked for."""
    asked = Asked(__doc__)
    asked.option("--rows", 10_000_000, 20_000)
    asked.option("--shard-rows", 100_000, 10_000)
    asked.option("--frames", 120, 8)
    asked.add_argument(
        "--library", type=Path, help="a built library with a map; default: that of benchmarks/library.py"
    )
    asked.work_folder()
    return asked


if __name__ == "__main__":
    chosen = command_line().parse_args()
    if not chosen.smallest and chosen.library is None:
        chosen.library = chosen.work / "library" / "local-249455-10000"
    main(chosen)
