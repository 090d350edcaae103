"""Feature store: records of a modality, made once per molecule and kept, memory-mapped.

The key of a record is the canonical SMILES, the modality, its version and its options, so that data sets share their
molecules and a new option never meets old records. See :mod:`mmexplore.features.pool` for what lies on the disk.
"""

import copy
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import closing
from typing import Any

import numpy as np

from mmexplore.features.featurize import Chunk, featurize
from mmexplore.features.modalities import Column
from mmexplore.features.packing import Packed, gather
from mmexplore.features.pool import Head, Pool, Writer, content_keys
from mmexplore.features.workers import featurised, hurried
from mmexplore.runtime import processes
from mmexplore.runtime.errors import BadMolecule
from mmexplore.runtime.home import Home
from mmexplore.runtime.progress import Progress, silent
from mmexplore.runtime.registry import MODALITIES
from mmexplore.runtime.workers import WORKERS

TRIAL_SECONDS = 0.3
"""So long the work is done here, to see how long the rest would take."""
START_SECONDS = 2.0
"""A rest of so many seconds is worth starting processes for."""
_AT_ONCE = 16
_MOST_WORKERS = 32  # each holds about 100 MB
Made = Generator[tuple[np.ndarray, Chunk], None, None]


class Features:
    """Features: records of ``n`` molecules in the order asked for.

    ``columns`` are packed values (the pool's memory maps), ``rows`` int64 (n,) each molecule's row there, ``ok`` bool
    (n,) whether the modality could describe it.
    """

    def __init__(
        self,
        kinds: Mapping[str, Column],
        columns: Mapping[str, np.ndarray],
        stops: Mapping[str, np.ndarray],
        ok: np.ndarray,
        why: Callable[[], dict[int, str]],
        rows: np.ndarray,
        smiles: np.ndarray,
    ) -> None:
        """``kinds`` describe the columns; ``stops`` by axis, ``ok`` and ``why`` are those of all packed records."""
        self.columns, self.rows, self.ok = dict(columns), rows, np.asarray(ok[rows])
        self._kinds, self._why, self._smiles = kinds, why, smiles
        self._values = {name: np.asarray(values) for name, values in columns.items()}
        self._stops = {axis: np.asarray(stop) for axis, stop in stops.items()}

    def __len__(self) -> int:
        return len(self.rows)

    def take(self, indices: np.ndarray) -> Packed:
        """Records of these molecules (numbers 0 to n - 1, repeats allowed). Raises BadMolecule for one without."""
        indices = np.asarray(indices, np.int64)
        if not self.ok[indices].all():
            first = int(indices[~self.ok[indices]][0])
            raise BadMolecule(f"molecule {first}, {self._smiles[first]!r}, has no record: {self.reasons()[first]}")
        return gather(self._kinds, self._values, self._stops, self.rows[indices])

    def with_gaps(self) -> "Features":
        """The same, where a molecule without a record has one without rows (of zeros in columns without an axis)."""
        gapless = copy.copy(self)
        gapless.ok = np.ones_like(self.ok)
        return gapless

    def reasons(self) -> dict[int, str]:
        """Why molecules have no record, by their number."""
        why = self._why()
        return {int(i): why[int(self.rows[i])] for i in np.flatnonzero(~self.ok)}

    @classmethod
    def of(
        cls, kinds: Mapping[str, Column], packed: Packed, why: dict[int, str], smiles: Sequence[str] | np.ndarray
    ) -> "Features":
        """Those of packed records in memory, in their order; ``why`` molecules have none."""
        stops = {axis: np.cumsum(counts) for axis, counts in packed.counts.items()}
        every = np.arange(packed.n)
        ok = ~np.isin(every, list(why))
        return cls(kinds, packed.columns, stops, ok, lambda: why, every, np.asarray(smiles, object))


def unkept(modality: str, smiles: Sequence[str], options: Mapping[str, Any] | None = None) -> Features:
    """Records of canonical SMILES, at least one, made here and now and not kept. Raises UnknownName, BadRecipe."""
    member = MODALITIES[modality](**MODALITIES.validated(modality, dict(options or {})))
    chunk = featurize(member, smiles)
    return Features.of(member.columns, chunk.packed, chunk.reasons, smiles)


def features(
    modality: str,
    smiles: Sequence[str] | np.ndarray,
    options: Mapping[str, Any] | None = None,
    progress: Progress = silent,
    workers: int | None = None,
    *,
    home: Home,
    typed: bool = False,
) -> Features:
    """Records of canonical SMILES; what the store has not is made first, in ``workers`` processes (None: the cores).

    ``typed``: a visitor gave them, and each is made before the deadline. Raises UnknownName, BadRecipe for options,
    TooLong, and Cancelled from ``progress``: then what is done stays.
    """
    chosen = MODALITIES.validated(modality, dict(options or {}))
    pool, smiles = Pool(modality, chosen, home=home), list(map(str, smiles))
    keys = content_keys(smiles)
    head = pool.head()
    while ((rows := pool.find(head, keys)) < 0).any():
        absent = np.flatnonzero(rows < 0)
        absent = absent[np.sort(np.unique(keys[absent], axis=0, return_index=True)[1])]
        lacking = [smiles[i] for i in absent]
        made = _hurried(modality, chosen, lacking) if typed else _made(modality, chosen, lacking, workers or _cores())
        _keep(made, keys[absent], Writer(pool, head), progress)
        head = pool.head()
    return _found(pool, head, rows, np.asarray(smiles, object))


def _found(pool: Pool, head: Head, rows: np.ndarray, smiles: np.ndarray) -> Features:
    columns = {name: pool.column(head, name) for name in pool.columns}
    stops = {axis: pool.stops(head, axis) for axis in pool.axes}
    return Features(pool.columns, columns, stops, pool.ok(head), lambda: pool.reasons(head), rows, smiles)


def _cores() -> int:
    return min(processes.cores(), _MOST_WORKERS)


def _made(modality: str, options: dict[str, Any], smiles: list[str], workers: int) -> Made:
    """Chunks as they are done, each with the numbers of its molecules: the first ones here, a long rest by workers."""
    member, done, spent = MODALITIES[modality](**options), 0, 0.0
    while done < len(smiles):
        if workers > 1 and _is_long(done, len(smiles), spent, WORKERS.idle() >= workers):
            yield from _by_workers(modality, options, smiles, done, workers)
            return
        start = time.perf_counter()
        chunk = featurize(member, smiles[done : done + _AT_ONCE])
        spent += time.perf_counter() - start
        yield np.arange(done, done + len(chunk.ok)), chunk
        done += len(chunk.ok)


def _hurried(modality: str, options: dict[str, Any], smiles: list[str]) -> Made:
    for number, text in enumerate(smiles):
        yield np.array([number]), hurried(modality, options, text)


def _is_long(done: int, total: int, spent: float, warm: bool) -> bool:
    return spent > TRIAL_SECONDS and spent / done * (total - done) > (TRIAL_SECONDS if warm else START_SECONDS)


def _by_workers(modality: str, options: dict[str, Any], smiles: list[str], done: int, workers: int) -> Made:
    size = min(max((len(smiles) - done) // (8 * workers), 128), 1024)
    places = [np.arange(i, min(i + size, len(smiles))) for i in range(done, len(smiles), size)]
    chunks = [[smiles[i] for i in place] for place in places]
    with closing(featurised(modality, options, chunks, workers)) as results:
        yield from ((places[i], chunk) for i, chunk in results)


def _keep(made: Made, keys: np.ndarray, writer: Writer, progress: Progress) -> None:
    done = 0
    progress("featurise", done, len(keys))
    with closing(made):
        try:
            for place, chunk in made:
                writer.add(keys[place], chunk)
                done += len(place)
                progress("featurise", done, len(keys))
        finally:
            writer.commit()
