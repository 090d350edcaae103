"""Activity cliffs of a data set: pairs that are near in structure and far in a label.

Near is a Tanimoto similarity of ECFP4, found exactly among all pairs, or a matched pair
(:mod:`mmexplore.chem.matched_pairs`). Far is the plain difference of the label, or the structure-activity landscape
index, the difference over 1 - similarity (SALI, Guha and Van Drie 2008, doi:10.1021/ci7004093), which has no bound
where a fingerprint cannot tell two molecules apart.
"""

import io
import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, astuple, dataclass
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np

from mmexplore.chem import matched_pairs
from mmexplore.chem.fingerprints import Tanimoto
from mmexplore.chem.matched_pairs import MatchedPair
from mmexplore.datasets import Dataset, tables
from mmexplore.explore.cliffs.transformations import Transformation, changes, oriented, transformations
from mmexplore.explore.explain.storage import digest
from mmexplore.runtime import seals
from mmexplore.runtime.cache import cached
from mmexplore.runtime.deadline import each
from mmexplore.runtime.errors import BadRecipe, MmexploreError, UnknownName
from mmexplore.runtime.home import Home, read_json, write_atomically, write_json
from mmexplore.runtime.progress import Progress, silent

LEAST = 0.7
"""Tanimoto of ECFP4 from which two molecules are near unless another is asked for."""
MOST_KEPT = 2_000
"""So many cliffs by SALI and so many by difference are kept; all are counted."""
SHUFFLES = 20
INLINE_ROWS = 10_000
"""Near pairs of so many molecules are found while a page waits, once their matched pairs are there."""
Near = Literal["both", "ecfp", "matched"]
NEAR: tuple[Near, ...] = get_args(Near)
By = Literal["SALI", "difference"]
_VERSION = 1
_AT_ONCE, _REPORT = 200, 256
_COLUMNS = ("a", "b", "part_a", "part_b", "constant")


@dataclass(frozen=True)
class Cliff:
    """Activity cliff: row ``b`` has the higher label, by ``gap``; ``similarity`` is Tanimoto's of ECFP4.

    ``part_a`` and ``part_b`` are what differs in a matched pair and ``constant`` what does not, as SMILES with open
    ends; "" where the two are none. Of more than two classes ``gap`` is 1, and the order means nothing.
    """

    a: int
    b: int
    gap: float
    similarity: float
    part_a: str = ""
    part_b: str = ""
    constant: str = ""

    @property
    def sali(self) -> float:
        """Structure-activity landscape index, in the label's unit; infinite where the similarity is 1."""
        return self.gap / (1 - self.similarity) if self.similarity < 1 else math.inf


@dataclass(frozen=True)
class Cliffs:
    """Cliffs of a label of a data set, by SALI, the steepest first.

    ``near`` pairs are near, ``matched`` of them matched; ``count`` are cliffs: they differ by ``gap`` at least, in the
    label's ``unit``. ``permuted``: the median count where the labels are dealt to the same molecules at random.
    ``transformations`` are of all matched pairs whose labels are known. ``labeled`` molecules have a label and can be
    read; ``uncut`` of them could not be cut into parts in time.
    """

    task: str
    unit: str
    kind: str
    by: Near
    least: float
    gap: float
    labeled: int
    near: int
    matched: int
    count: int
    permuted: float
    cliffs: tuple[Cliff, ...]
    transformations: tuple[Transformation, ...]
    uncut: int = 0

    def ranked(self, by: By) -> tuple[Cliff, ...]:
        """Cliffs by SALI or by the plain difference, the largest first; ties by similarity, then by row."""
        if by == "SALI":
            return self.cliffs
        return tuple(sorted(self.cliffs, key=lambda one: (-one.gap, -one.similarity, one.a, one.b)))


def task_number(dataset: Dataset, task: str = "") -> int:
    """Number of a label, the first for "". Raises UnknownName, and BadRecipe for a data set without labels."""
    names = [one.name for one in dataset.tasks]
    if not names:
        raise BadRecipe(f"{dataset.name} has no labels, and cliffs are steps of a label; another data set would do")
    if task and task not in names:
        raise UnknownName("label of this data set", task, names)
    return names.index(task) if task else 0


def usual_gap(dataset: Dataset, number: int) -> float:
    """Difference from which a pair is a cliff unless another is asked for: one standard deviation; of classes 1."""
    if dataset.tasks[number].kind == "classification":
        return 1.0
    values = dataset.labels[:, number].astype(np.float64)
    known = values[np.isfinite(values)]
    return float(known.std()) if len(known) else 0.0


def find(
    dataset: Dataset,
    space: Tanimoto,
    task: str = "",
    near: Near = "both",
    least: float = LEAST,
    gap: float | None = None,
    *,
    home: Home,
    progress: Progress = silent,
) -> Cliffs:
    """Cliffs of a label, kept on disk; ``gap`` None: :func:`usual_gap`. ``space`` holds the fingerprints of all rows.

    Raises BadRecipe for bounds that mean nothing, UnknownName.
    """
    asked = _asked(dataset, task, near, least, gap)
    if found := _read(_file(dataset, asked, home=home)):
        return found
    values, usable = _values(dataset, asked["number"], space)
    matched, uncut = matched_of(dataset, home=home, progress=progress)
    there = set(usable.tolist())
    matched = [one for one in matched if one.a in there and one.b in there]
    nothing = np.empty(0, np.int64)
    close = _near(space, usable, least, progress) if near != "matched" else (nothing, nothing)
    made = _made(dataset, space, values, asked, close, matched if near != "ecfp" else [], matched, uncut)
    write_json(_file(dataset, asked, home=home), asdict(made))
    return made


def stored(
    dataset: Dataset, task: str = "", near: Near = "both", least: float = LEAST, gap: float | None = None, *, home: Home
) -> Cliffs | None:
    """Cliffs that were found before, None else. Raises like :func:`find`."""
    return _read(_file(dataset, _asked(dataset, task, near, least, gap), home=home))


def _asked(dataset: Dataset, task: str, near: Near, least: float, gap: float | None) -> dict[str, Any]:
    number = task_number(dataset, task)
    if near not in NEAR:
        raise UnknownName("kind of near pair", near, NEAR)
    if not 0.2 <= least <= 1:
        raise BadRecipe(f"near is a Tanimoto similarity from 0.2 to 1, and {least:g} came")
    gap = usual_gap(dataset, number) if gap is None else gap
    if not (math.isfinite(gap) and gap >= 0):
        raise BadRecipe(f"a cliff is a difference of the label of 0 or more, and {gap:g} came")
    return {"number": number, "near": near, "least": float(least), "gap": float(gap)}


def _values(dataset: Dataset, number: int, space: Tanimoto) -> tuple[np.ndarray, np.ndarray]:
    """Labels (n,), and the rows that have one and can be compared, ascending."""
    values = dataset.labels[:, number].astype(np.float64)
    usable = np.flatnonzero(np.isfinite(values) & space.usable)
    return values, usable


def _near(space: Tanimoto, usable: np.ndarray, least: float, progress: Progress) -> tuple[np.ndarray, np.ndarray]:
    """All pairs of rows at least so similar, int64 each, the first row the smaller one."""
    some = np.zeros(len(space.usable), bool)
    some[usable] = True
    firsts, seconds = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
    for done, row in enumerate(usable.tolist()):
        if done % _REPORT == 0:
            progress("near pairs", done, len(usable))
        others = np.flatnonzero(space.near(row, row + 1, least) & some[row + 1 :]) + row + 1
        firsts.append(np.full(len(others), row))
        seconds.append(others)
    progress("near pairs", len(usable), len(usable))
    return np.concatenate(firsts), np.concatenate(seconds)


@cached(2)
def matched_of(dataset: Dataset, *, home: Home, progress: Progress = silent) -> tuple[list[MatchedPair], int]:
    """Matched pairs of a data set, kept on disk, and how many rows could not be cut in time."""
    import pandas as pd

    path = matched_file(dataset, home=home)
    try:
        table = tables.frame(seals.read(path))
        found = [MatchedPair(*row) for row in table[list(_COLUMNS)].itertuples(index=False, name=None)]
        return found, int(table.attrs["uncut"])
    except (OSError, ValueError, KeyError, TypeError):
        found, uncut = _matched(dataset, progress)
    table = pd.DataFrame([astuple(one) for one in found], columns=list(_COLUMNS))
    table.attrs["uncut"] = uncut
    content = io.BytesIO()
    table.to_parquet(content)
    write_atomically(path, content.getvalue())
    return found, uncut


def matched_file(dataset: Dataset, *, home: Home) -> Path:
    """Path of the matched pairs of a data set; they are what takes long."""
    return home / "cliffs" / f"pairs-{digest(_VERSION, dataset.digest)}.parquet"


def _matched(dataset: Dataset, progress: Progress) -> tuple[list[MatchedPair], int]:
    texts = [str(text) for text in dataset.smiles]
    parts: list[list[tuple[str, str, str]] | None] = []
    for start in range(0, len(texts), _AT_ONCE):
        progress("matched pairs", start, len(texts))
        some = texts[start : start + _AT_ONCE]
        cut = each(matched_pairs.all_cuts, some, at_once=20, most_late=len(some))
        parts += cut
    progress("matched pairs", len(texts), len(texts))
    return matched_pairs.matched(texts, parts), sum(of is None for of in parts)


def _made(
    dataset: Dataset,
    space: Tanimoto,
    values: np.ndarray,
    asked: dict[str, Any],
    near: tuple[np.ndarray, np.ndarray],
    kept: Sequence[MatchedPair],
    matched: Sequence[MatchedPair],
    uncut: int,
) -> Cliffs:
    task, number = dataset.tasks[asked["number"]], asked["number"]
    ordered = task.kind == "regression" or dataset.has_two_classes(number)
    all_a, all_b = _joined(near, kept)
    found = _gap(values, ordered)(all_a, all_b)
    is_cliff = _is_cliff(found, asked["gap"])
    parts = {(one.a, one.b): one for one in kept}
    a, b, found = all_a[is_cliff], all_b[is_cliff], found[is_cliff]
    similarity = _similarity(space, a, b)
    with np.errstate(divide="ignore"):
        sali = np.where(similarity < 1, found / (1 - similarity), np.inf)
    steep = np.lexsort((b, a, -found, -sali))
    large = np.lexsort((b, a, -similarity, -found))
    chosen = np.zeros(len(a), bool)
    chosen[steep[:MOST_KEPT]] = chosen[large[:MOST_KEPT]] = True
    cliffs = tuple(_cliff(values, ordered, a[i], b[i], similarity[i], parts) for i in steep if chosen[i])
    moves = changes([oriented(one) for one in matched], values) if ordered else {}
    return Cliffs(
        task.name,
        task.unit,
        task.kind,
        asked["near"],
        asked["least"],
        asked["gap"],
        labeled=int((np.isfinite(values) & space.usable).sum()),
        near=len(all_a),
        matched=len(kept),
        count=len(a),
        permuted=_permuted(values, ordered, all_a, all_b, asked["gap"]),
        cliffs=cliffs,
        transformations=transformations(moves, values, dataset.has_two_classes(number)),
        uncut=uncut,
    )


def _joined(near: tuple[np.ndarray, np.ndarray], matched: Sequence[MatchedPair]) -> tuple[np.ndarray, np.ndarray]:
    """Near and matched pairs, each once, ascending."""
    more = np.array([(one.a, one.b) for one in matched], np.int64).reshape(-1, 2)
    both = np.unique(np.concatenate([np.stack(near, 1), more]), axis=0)
    return both[:, 0], both[:, 1]


def _gap(values: np.ndarray, ordered: bool) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
    if ordered:
        return lambda a, b: np.abs(values[a] - values[b])
    return lambda a, b: (values[a] != values[b]).astype(np.float64)


def _is_cliff(gaps: np.ndarray, least: float) -> np.ndarray:
    found: np.ndarray = (gaps > 0) & (gaps >= least * (1 - 1e-9))
    return found


def _permuted(values: np.ndarray, ordered: bool, a: np.ndarray, b: np.ndarray, gap: float) -> float:
    """Median number of cliffs among the same pairs where the labels are dealt anew."""
    known = np.flatnonzero(np.isfinite(values))
    counts = []
    for seed in range(SHUFFLES):
        dealt = values.copy()
        dealt[known] = np.random.default_rng(seed).permutation(values[known])
        counts.append(int(_is_cliff(_gap(dealt, ordered)(a, b), gap).sum()))
    return float(np.median(counts))


def _similarity(space: Tanimoto, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    found = np.empty(len(a))
    for row in np.unique(a).tolist():
        here = slice(*np.searchsorted(a, [row, row + 1]))  # they ascend
        found[here] = space.exact(space.words[:, row], b[here])
    return found


def _cliff(
    values: np.ndarray,
    ordered: bool,
    a: int,
    b: int,
    similarity: float,
    parts: dict[tuple[int, int], MatchedPair],
) -> Cliff:
    one = parts.get((int(a), int(b)))
    part_a, part_b, constant = (one.part_a, one.part_b, one.constant) if one else ("", "", "")
    if values[a] > values[b]:
        a, b, part_a, part_b = b, a, part_b, part_a
    gap = float(abs(values[b] - values[a])) if ordered else 1.0
    return Cliff(int(a), int(b), gap, float(similarity), part_a, part_b, constant)


def _file(dataset: Dataset, asked: dict[str, Any], *, home: Home) -> Path:
    return home / "cliffs" / f"{digest(_VERSION, dataset.digest, asked)}.json"


def _read(path: Path) -> Cliffs | None:
    try:
        told = read_json(path)
        cliffs = tuple(Cliff(**one) for one in told["cliffs"])
        moves = tuple(Transformation.of(one) for one in told["transformations"])
        return Cliffs(**told | {"cliffs": cliffs, "transformations": moves})
    except (OSError, ValueError, KeyError, TypeError, MmexploreError):
        return None
