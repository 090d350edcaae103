"""Labels of a map: at each density peak what its molecules have in common, as a structure.

Candidates are the scaffolds and ring systems that most of them have, and their maximum common subgraph: of all of them
where they are few, else of a sample. The one that tells the peak best from the rest of the map is its label: the
largest difference between the share that holds it there and elsewhere. It has to be in more of the peak than chance
puts there: the hypergeometric test, corrected (Bonferroni) for all structures that might have been a label at all
peaks, as a candidate is read off the peak that it is tested at. A peak that nothing tells from the rest has no label.
"""

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from rdkit import Chem

from mmexplore.chem import molecules
from mmexplore.chem.fragments import fragment_smiles, ring_systems_each
from mmexplore.chem.peeling import mask_of, skeleton
from mmexplore.chem.row_by_row import REFUSALS
from mmexplore.chem.standardize import scaffolds
from mmexplore.datasets import Dataset
from mmexplore.datasets.search import holders
from mmexplore.explore.explain.motifs import common_subgraph, sample
from mmexplore.explore.maps.storage import MapFile
from mmexplore.explore.regions.density import WIDTHS, Peak, peaks
from mmexplore.runtime.cache import FileVersion, cached, version
from mmexplore.runtime.errors import MmexploreError
from mmexplore.runtime.home import read_json, write_json
from mmexplore.runtime.progress import Progress, silent

FEW = 25
"""Of so many molecules the common subgraph is that of all of them; of more, that of a seeded sample."""
FEWEST = 6
HELD, TELLS = 0.5, 0.3
"""A label is held by half of the molecules of its peak at least, and by so much more of them than of the rest."""
LEVEL = 0.01
"""Of maps whose places mean nothing, so many have a label at all."""
_MOST = (12, 24, 36, 48)
_SAMPLE, _SECONDS = 8, 1.5
_CANDIDATES, _LOOKED_AT, _AT_ONCE = 3, 60, 100
VERSION = 2


@dataclass(frozen=True)
class MapLabel:
    """Label of a map at a place in data units, for zooms of about 2 ** ``level`` and more.

    ``smiles`` is drawn, ``smarts`` found: ``inside`` of the ``n`` molecules at the peak (``rows``) hold it, and
    ``outside`` of the ``n_outside`` others. ``p``: by chance, corrected for all that was looked at.
    """

    x: float
    y: float
    level: int
    smiles: str
    smarts: str
    rows: tuple[int, ...]
    inside: int
    n: int
    outside: int
    n_outside: int
    p: float


def of_places(dataset: Dataset, xy: np.ndarray, progress: Progress = silent) -> tuple[MapLabel, ...]:
    """Labels of molecules at places (n, 2), the coarse ones first."""
    found = _peaks(xy)
    if not found:
        return ()
    smiles = [str(text) for text in dataset.smiles]
    known = _scaffolds(smiles, found, progress)
    counted = [Counter(filter(None, (known[row] for row in peak.rows.tolist()))) for peak in found]
    rings = _rings(counted, progress)
    candidates = []
    for number, (peak, frequent) in enumerate(zip(found, counted, strict=True)):
        progress("common parts", number, len(found))
        candidates.append(_candidates(smiles, frequent, rings, peak))
    every = sorted({smarts for some in candidates for smarts in some.values()})
    held = dict(zip(every, holders(smiles, every, progress), strict=True))
    placed = np.isfinite(xy).all(1)
    looked_at = (len(every) + len(set(known.values()))) * len(found)
    made = [_labels(peak, some, held, placed, looked_at) for peak, some in zip(found, candidates, strict=True)]
    return _each_once(made)


def _peaks(xy: np.ndarray) -> list[Peak]:
    """Peaks of all levels; one of the same molecules as a coarser one would say the same again."""
    found: dict[bytes, Peak] = {}
    for level in range(len(WIDTHS)):
        for peak in peaks(xy, level, _fewest(xy, level))[: _MOST[level]]:
            found.setdefault(peak.rows.tobytes(), peak)
    return list(found.values())


def _fewest(xy: np.ndarray, level: int) -> int:
    return max(FEWEST, int(0.01 * len(xy) / 2**level))


def _scaffolds(smiles: Sequence[str], found: Sequence[Peak], progress: Progress) -> dict[int, str]:
    rows = sorted({int(row) for peak in found for row in peak.rows})
    return dict(zip(rows, (one or "" for one in scaffolds([smiles[row] for row in rows], progress)), strict=True))


def _rings(counted: Sequence[Counter[str]], progress: Progress) -> dict[str, list[str]]:
    """Ring systems of the scaffolds that are looked at."""
    wholes = sorted({whole for some in counted for whole, _ in some.most_common(_LOOKED_AT)})
    made: list[list[str]] = []
    for start in range(0, len(wholes), _AT_ONCE):
        progress("ring systems", start, len(wholes))
        made += ring_systems_each(wholes[start : start + _AT_ONCE])
    return dict(zip(wholes, made, strict=True))


def _candidates(
    smiles: Sequence[str], counted: Counter[str], rings: dict[str, list[str]], peak: Peak
) -> dict[str, str]:
    """What may be a peak's label: the SMILES that is drawn, and the SMARTS that finds it."""
    rows = peak.rows.tolist()
    parts: Counter[str] = Counter()
    for whole, count in counted.most_common(_LOOKED_AT):
        for ring in rings[whole]:
            parts[ring] += count
    frequent = [one for some in (counted, parts) for one, n in some.most_common(_CANDIDATES) if n >= len(rows) / 4]
    drawn = {one: smarts for one in frequent if (smarts := _smarts(one))}
    chosen = [smiles[rows[number]] for number in sample(len(rows), len(rows) if len(rows) <= FEW else _SAMPLE, 0)]
    try:
        shared = common_subgraph(chosen, seconds=_SECONDS)
        if shared.smarts and (part := _drawn(shared.smarts, shared.example)):
            drawn.setdefault(part, shared.smarts)
    except REFUSALS:  # an odd molecule of the sample costs the common part alone
        pass
    return drawn


def _smarts(smiles: str) -> str:
    mol = Chem.MolFromSmiles(smiles)
    return str(Chem.MolToSmarts(mol)) if mol is not None else ""


def _drawn(smarts: str, example: str) -> str:
    """SMILES of the part of a molecule that matches a pattern, "" where it is none by itself."""
    whole = skeleton(example)
    return fragment_smiles(whole, mask_of(whole.mol.GetSubstructMatch(molecules.pattern(smarts))))


def _labels(
    peak: Peak, some: dict[str, str], held: dict[str, np.ndarray], placed: np.ndarray, looked_at: int
) -> list[MapLabel]:
    """Labels that a peak may have, the one that tells most first."""
    from scipy.stats import hypergeom  # it takes longer to import than a page has

    n, total = len(peak.rows), int(placed.sum())
    rows, found = tuple(peak.rows.tolist()), []
    for drawn, smarts in some.items():
        inside, held_by = int(held[smarts][peak.rows].sum()), int((held[smarts] & placed).sum())
        tells = inside / n - (held_by - inside) / max(total - n, 1)
        p = min(1.0, float(hypergeom.sf(inside - 1, total, held_by, n)) * looked_at)
        if inside / n >= HELD and tells >= TELLS and p <= LEVEL:
            counts = (inside, n, held_by - inside, total - n, p)
            label = MapLabel(peak.x, peak.y, peak.level, drawn, smarts, rows, *counts)
            found.append(((tells, len(drawn), drawn), label))
    return [label for _, label in sorted(found, key=lambda one: one[0], reverse=True)]


def _each_once(made: Sequence[Sequence[MapLabel]]) -> tuple[MapLabel, ...]:
    """One label a peak, the one that tells most of those that no peak before it has: a structure names one region.

    A peak whose best label says again what a coarser one says of the same molecules has none.
    """
    kept: list[MapLabel] = []
    for some in made:
        names = {known.smiles: set(known.rows) for known in kept}
        best = some[0] if some else None
        if best is None or len(set(best.rows) & names.get(best.smiles, set())) > len(best.rows) / 2:
            continue
        kept += [one for one in some if one.smiles not in names][:1]
    return tuple(kept)


def keep(made: Sequence[MapLabel], dataset: Dataset, shown: MapFile, folder: Path) -> None:
    """Keep the labels of a map in a folder of maps; where the home cannot be written, they are only not kept."""
    try:
        write_json(_file(dataset, shown, folder), [asdict(one) for one in made])
    except (OSError, MmexploreError):
        return


def stored(dataset: Dataset, shown: MapFile, folders: Sequence[Path]) -> tuple[MapLabel, ...] | None:
    """Labels of a map that were kept in one of these folders, None where they were not, or not whole."""
    for folder in folders:
        try:
            return _read(version(_file(dataset, shown, folder)))
        except (OSError, ValueError, KeyError, TypeError):
            continue
    return None


@cached(16)
def _read(file: FileVersion) -> tuple[MapLabel, ...]:
    return tuple(MapLabel(**one | {"rows": tuple(one["rows"])}) for one in read_json(file.path))


def _file(dataset: Dataset, shown: MapFile, folder: Path) -> Path:
    """Name of the file: all that labels are made from."""
    content = hashlib.sha256(f"{VERSION} {dataset.digest} ".encode() + np.ascontiguousarray(shown.xy).tobytes())
    return folder / "labels" / f"{shown.path.stem}-{content.hexdigest()[:24]}.json"
