"""Trust of a map: whether each molecule's neighbors on the map are its neighbors in the full space, tested by chance.

A molecule's score is the share of its ``k`` nearest on the map that are among its ``k`` nearest in the full space. What
a layout makes of data without structure is told by laying out anew, with the same method, the same table whose columns
were each permuted by themselves: every column keeps its values, and nothing of what they say together is left. Rows of
such a table are alike by construction, so that the scores of all of them are drawn from the one null distribution that
a molecule's score is compared with: p = (1 + null scores at least as high) / (1 + null scores). Benjamini and Hochberg
(1995) turn these into q, below which the share of false discoveries is expected to lie. A molecule with q above
``LEVEL`` is doubtful: its place may be the layout's invention. The idea is scDEED's (Xia, Lee and Li, Nature
Communications 15, 2024), here with one statistic and a controlled share of false discoveries. No torch.
"""

import hashlib
import io
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mmexplore.explore.maps.project import matrix, project
from mmexplore.explore.maps.storage import MapFile
from mmexplore.explore.neighbors.agreement import overlap
from mmexplore.explore.neighbors.knn import nearest, neighbours
from mmexplore.runtime import seals
from mmexplore.runtime.cache import FileVersion, cached, version
from mmexplore.runtime.errors import MmexploreError
from mmexplore.runtime.home import write_atomically
from mmexplore.runtime.progress import Progress, silent

LEVEL = 0.05
NEIGHBORS = 30
SHUFFLES = 5
MOST = 20_000
"""Above so many molecules neighbors are counted among a seeded sample, and that is what is laid out anew."""
VERSION = 1
_FEWEST = 10


@dataclass(frozen=True)
class Trust:
    """Trust of a map.

    Each float32 (n,), NaN where a molecule has no place: ``overlap``, the share of its ``k`` nearest on the map that
    are its nearest in the full space; ``p``; ``q``, which controls the false discovery rate. ``chance`` is the median
    overlap in ``shuffles`` maps of permuted columns.
    """

    overlap: np.ndarray
    p: np.ndarray
    q: np.ndarray
    k: int
    shuffles: int
    chance: float
    seed: int

    @property
    def doubtful(self) -> np.ndarray:
        """Molecules, bool (n,), whose place says no more than one in a map of permuted columns."""
        found: np.ndarray = self.q > LEVEL
        return found

    @property
    def tested(self) -> int:
        """Number of molecules that were tested: those that have a place."""
        return int(np.isfinite(self.q).sum())

    @property
    def share(self) -> float:
        """Share of doubtful molecules among those tested."""
        return float(self.doubtful.sum() / self.tested) if self.tested else float("nan")

    @property
    def how(self) -> str:
        """How it was tested, in words."""
        return (
            f"{self.k} nearest neighbours of {self.tested:,} molecules on the map and in the full space, against "
            f"{self.shuffles} maps laid out anew from permuted columns (median overlap there {self.chance:.2f}); "
            f"doubtful where the false discovery rate would exceed {LEVEL:.0%}"
        )


def trust(
    x: np.ndarray,
    xy: np.ndarray,
    method: str,
    seed: int = 0,
    *,
    k: int = NEIGHBORS,
    shuffles: int = SHUFFLES,
    progress: Progress = silent,
) -> Trust:
    """Trust of the map ``xy`` (n, 2) of ``x`` (n, d) that was laid out by ``method``.

    Raises MmexploreError below ten molecules with a place, UnknownName for a method.
    """
    x = matrix(x)
    placed = np.flatnonzero(np.isfinite(x).all(1) & np.isfinite(xy).all(1))
    if len(placed) < _FEWEST:
        raise MmexploreError(
            f"places are tested on maps of {_FEWEST} molecules or more, and {len(placed)} have a place"
        )
    chance = np.random.default_rng(seed)
    among = placed if len(placed) <= MOST else np.sort(chance.choice(placed, MOST, replace=False))
    k = min(k, (len(among) - 1) // 4 or 1)
    shared = _overlaps(x[placed], xy[placed], np.searchsorted(placed, among), k, progress)
    null = []
    for number in range(shuffles):
        permuted = chance.permuted(x[among], axis=0)
        again = project(permuted, method, seed + 1 + number, progress=_numbered(progress, number, shuffles))
        whole = np.arange(len(among))
        null.append(_overlaps(permuted, again, whole, k, silent))
    drawn = np.concatenate(null)
    p = p_values(shared, drawn)
    values = np.full((3, len(x)), np.nan, np.float32)
    values[:, placed] = shared, p, benjamini_hochberg(p)
    progress("permuted maps", 100 * shuffles, 100 * shuffles)
    return Trust(values[0], values[1], values[2], k, shuffles, float(np.median(drawn)), seed)


def p_values(scores: np.ndarray, null: np.ndarray) -> np.ndarray:
    """One-sided p of each score (n,) among null scores (m,): (1 + those at least as high) / (1 + m), float64.

    >>> p_values(np.array([0.1, 0.9]), np.array([0.1, 0.2, 0.3])).tolist()
    [1.0, 0.25]
    """
    ordered = np.sort(null)
    above = len(ordered) - np.searchsorted(ordered, scores, "left")
    found: np.ndarray = (1 + above) / (1 + len(ordered))
    return found


def benjamini_hochberg(p: np.ndarray) -> np.ndarray:
    """q of each p (n,), float64: the least false discovery rate at which it counts as a discovery.

    >>> benjamini_hochberg(np.array([0.01, 0.04, 0.03])).round(3).tolist()
    [0.03, 0.04, 0.04]
    """
    from scipy.stats import false_discovery_control  # it takes longer to import than a page has

    found: np.ndarray = false_discovery_control(p, method="bh")
    return found


def _overlaps(x: np.ndarray, xy: np.ndarray, among: np.ndarray, k: int, progress: Progress) -> np.ndarray:
    """Share of the ``k`` nearest of ``among`` on the map that are so in the full space, for each row, float64."""
    if len(among) == len(x):
        return overlap(neighbours(x, k, progress).indices, neighbours(xy, k).indices)
    shared = np.empty(len(x))
    inside = np.zeros(len(x), bool)
    inside[among] = True
    shared[among] = overlap(neighbours(x[among], k, progress).indices, neighbours(xy[among], k).indices)
    rest = np.flatnonzero(~inside)
    shared[rest] = overlap(nearest(x[rest], x[among], k, progress).indices, nearest(xy[rest], xy[among], k).indices)
    return shared


def _numbered(progress: Progress, number: int, total: int) -> Progress:
    """Progress over all maps of permuted columns: each counts a hundred."""

    def told(_: str, done: int, of: int, /, **_values: float) -> None:
        progress("permuted maps", 100 * number + int(100 * done / max(of, 1)), 100 * total)

    return told if progress is not silent else silent


def keep(made: Trust, shown: MapFile, folder: Path) -> None:
    """Keep the trust of a map in a folder of maps; where the home cannot be written, it is only not kept."""
    content = io.BytesIO()
    np.savez_compressed(
        content, overlap=made.overlap, p=made.p, q=made.q, numbers=np.array([made.k, made.shuffles, made.chance])
    )
    try:
        write_atomically(_file(shown, folder), content.getvalue())
    except (OSError, MmexploreError):
        return


def stored(shown: MapFile, folders: list[Path]) -> Trust | None:
    """Trust of a map that was kept in one of these folders, None where it was not, or not whole."""
    for folder in folders:
        try:
            values, (k, shuffles, chance) = _read(version(_file(shown, folder)))
        except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile):
            continue
        if all(value.shape == (len(shown.xy),) for value in values):
            return Trust(values[0], values[1], values[2], int(k), int(shuffles), chance, shown.seed)
    return None


@cached(8)
def _read(file: FileVersion) -> tuple[list[np.ndarray], tuple[float, float, float]]:
    with np.load(io.BytesIO(seals.read(file.path)), allow_pickle=False) as kept:
        k, shuffles, chance = kept["numbers"].tolist()
        return [kept[name] for name in ("overlap", "p", "q")], (k, shuffles, chance)


@cached(32)
def _file(shown: MapFile, folder: Path) -> Path:
    """Name of the file: all that the test is made from but the view's numbers, which the folder stands for."""
    content = hashlib.sha256(f"{VERSION} {shown.seed} {NEIGHBORS} {SHUFFLES}".encode())
    content.update(np.ascontiguousarray(shown.xy).tobytes())
    return folder / "trust" / f"{shown.path.stem}-{content.hexdigest()[:24]}.npz"
