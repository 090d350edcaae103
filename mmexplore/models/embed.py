"""Inference over a data set: every view and the predictions in one pass, in shards, resumable after a kill.

Importing this costs no torch, and neither does an embedding that is on disk already. Products are as exact as float32
(see :mod:`mmexplore.runtime.devices`): an embedding is shown to people and compared with others.
"""

import errno
import os
import uuid
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from filelock import FileLock

from mmexplore.datasets import Dataset
from mmexplore.features.of_dataset import features_of, structural
from mmexplore.features.store import Features
from mmexplore.models import embeddings
from mmexplore.models.embeddings import PREDICTIONS, Embedded, files_of, part_file, place, read, view_file
from mmexplore.models.ensembles import Ensemble, joined
from mmexplore.models.imported import Imported, embedded
from mmexplore.models.registry import Model
from mmexplore.runtime import seals
from mmexplore.runtime.errors import BadMolecule, BadTable, Damaged, NotAvailable, UnknownName
from mmexplore.runtime.files import sweep
from mmexplore.runtime.home import Home, write_atomically, write_json
from mmexplore.runtime.progress import Progress, silent

if TYPE_CHECKING:
    from mmexplore.nn.model import Prediction, Predictor
    from mmexplore.runtime.devices import Policy

SHARD = 8192
BASELINE_VIEW = "ecfp"
_BATCH = {"cpu": 256, "cuda": 4096, "mps": 256}
Arrays = dict[str, np.ndarray]


def embedding(model: Model, dataset: Dataset, progress: Progress = silent, *, home: Home) -> Embedded:
    """Embedding of a data set by a model, or the fingerprints that stand in its place. Raises like :func:`embed`.

    That of an ensemble is its members', one after the other. Imported vectors are those of one data set; of another
    one NotAvailable says so.
    """
    if isinstance(model, Imported):
        return embedded(model, dataset)
    if model.card is None:
        return baseline(dataset, progress, home=home)
    if isinstance(model, Ensemble):
        return joined([embedding(member, dataset, progress, home=home) for member in model.members])
    return embed(model.folder, dataset, progress, home=home)


def embed(
    model_folder: Path, dataset: Dataset, progress: Progress = silent, shard: int = SHARD, *, home: Home
) -> Embedded:
    """Every view and the predictions of a model for a data set, from disk where they are there, else computed and kept.

    Progress: ``featurize``, then ``embed`` by molecules. Killed or cancelled, the next call goes on after the last
    whole shard. Molecules that cannot be featurised get NaN. Raises BadCheckpoint, BadTable for no molecules,
    BadMolecule where none can be featurised, NotAvailable for a full disk.
    """
    folder = place(Path(model_folder), dataset, home=home)
    found = _sound(folder)
    if found is None:
        if not len(dataset):
            raise BadTable(f"{dataset.name!r} has no molecules to embed")
        with _disk(folder):
            folder.mkdir(parents=True, exist_ok=True)
            with FileLock(folder / "lock"):
                found = _sound(folder) or _compute(Path(model_folder), dataset, folder, shard, progress, home=home)
    return found


def _sound(folder: Path) -> Embedded | None:
    """The embedding in a folder, all of whose files are what was written; None unless it is whole."""
    try:
        if found := read(folder):
            found.verify()
        return found
    except (Damaged, OSError, ValueError):  # a file that is gone, or too short to be mapped
        return None


def _compute(
    model_folder: Path, dataset: Dataset, folder: Path, shard: int, progress: Progress, *, home: Home
) -> Embedded:
    from mmexplore.models import checkpoints
    from mmexplore.runtime import devices

    predictor = checkpoints.load(model_folder)
    wanted = predictor.recipe.modalities
    if predictor.recipe.apart and dataset.spectra is None:
        wanted = structural(wanted)
    described = {m: features_of(dataset, m, options, progress, home=home) for m, options in wanted.items()}
    run = Run(predictor, devices.decided(home=home), described, dataset.name)
    devices.apply(run.policy)
    run.predictor.to(run.policy.device)
    store = _Store(folder, len(dataset), run)
    while store.done < len(dataset):
        progress("embed", store.done, len(dataset))
        stop = min(store.done + shard, len(dataset))
        store.add(run.rows(store.done, stop), last=stop == len(dataset))
    progress("embed", len(dataset), len(dataset))
    found = read(folder)
    assert found is not None
    return found


class Run:
    """Inference run: a model on described molecules, the features of each modality it reads.

    ``name`` is what they are called.

    Raises BadMolecule where none could be described. Where views are made apart, a molecule has those whose modality
    describes it.
    """

    def __init__(self, predictor: "Predictor", policy: "Policy", described: dict[str, Features], name: str) -> None:
        self.predictor, self.policy = predictor, policy
        each = [{modality: found} for modality, found in described.items()]
        self._shares = each if predictor.recipe.apart else [described]
        self._ok = [np.logical_and.reduce([f.ok for f in share.values()]) for share in self._shares]
        self.ok = np.logical_or.reduce(self._ok)
        if not self.ok.any():
            why = next(reason for f in described.values() for reason in f.reasons().values())
            raise BadMolecule(f"no molecule of {name!r} can be described for this model: {why}")
        self._labels = np.empty((len(self.ok), 0), np.float32)
        self.parts: dict[str, list[int]] = {}
        self.widths: dict[str, int] = {}
        for share, ok in zip(self._shares, self._ok, strict=True):
            if ok.any():
                first = self._predicted(share, np.flatnonzero(ok)[:1])
                self.parts |= {part: list(values.shape[1:]) for part, values in first.parts.items()}
                self.widths |= {name: values.shape[1] for name, values in self._arrays(first).items()}
        if predictor.recipe.apart:  # which have one width, so that those of no molecule here are known, too
            self.widths |= dict.fromkeys(map(view_file, predictor.recipe.views), max(self.widths.values()))

    @property
    def tasks(self) -> list[str]:
        """Names of the predicted columns."""
        return [task.name for task in self.predictor.tasks]

    def rows(self, start: int, stop: int) -> Arrays:
        """Views and predictions of rows ``start`` to ``stop``, NaN where a molecule has no features."""
        values = {name: np.full((stop - start, width), np.nan, np.float32) for name, width in self.widths.items()}
        for share, ok in zip(self._shares, self._ok, strict=True):
            good = start + np.flatnonzero(ok[start:stop])
            if len(good):
                for name, computed in self._forward(share, good).items():
                    values[name][good - start] = computed
        return values

    def among(self, own: Arrays) -> Arrays:
        """Set views of all molecules from their own views; molecules without features stay NaN and out of it."""
        good = np.flatnonzero(self.ok)
        found = self.predictor.among({view: values[good] for view, values in own.items()})
        whole = {view: np.full((len(self.ok), values.shape[1]), np.nan, np.float32) for view, values in found.items()}
        for view, values in found.items():
            whole[view][good] = values
        return whole

    def _forward(self, share: dict[str, Features], rows: np.ndarray) -> Arrays:
        """Batches side by side, each on one thread: threads that share a batch wait for each other at every product."""
        import torch

        from mmexplore.runtime.devices import exactly

        size = _BATCH[self.policy.device]
        batches = [rows[start : start + size] for start in range(0, len(rows), size)]
        workers = min(self.policy.threads if self.policy.device == "cpu" else 1, len(batches))
        with (
            exactly(self.policy),
            ThreadPoolExecutor(workers, initializer=torch.set_num_threads, initargs=(1,)) as pool,
        ):
            parts = list(pool.map(lambda some: self._arrays(self._predicted(share, some)), batches))
        torch.set_num_threads(self.policy.threads)
        return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}

    def _predicted(self, share: dict[str, Features], rows: np.ndarray) -> "Prediction":
        import torch

        from mmexplore.nn.dataloader import batches

        with torch.inference_mode():
            made: Prediction = self.predictor(next(batches(share, self._labels, rows, len(rows))))
        return made

    def _arrays(self, made: "Prediction") -> Arrays:
        """Contents of the files, ``(rows, width)`` each, by name."""
        found = {view_file(view): values for view, values in made.views.items()}
        found[PREDICTIONS] = self.predictor.readable(made.outputs)
        found |= {part_file(part): values.flatten(1) for part, values in made.parts.items()}
        return {name: values.float().cpu().numpy() for name, values in found.items()}


class _Store:
    """The growing files of an embedding; ``done`` rows are whole and said so in ``head.json``."""

    def __init__(self, folder: Path, n: int, run: Run) -> None:
        self.run, self.widths, recipe = run, run.widths, run.predictor.recipe
        self.own = {view: run.widths[view_file(view)] for view in recipe.views if view not in recipe.set_views}
        views = {v: self.own[recipe.set_views.get(v, v)] for v in recipe.views}
        self.head = {
            "version": embeddings.VERSION,
            "n": n,
            "dtype": "float32",
            "dimensions": views,
            "tasks": run.tasks,
        }
        self.head |= {"parts": run.parts} if run.parts else {}
        self.head_file = folder / "head.json"
        before = embeddings.read_head(folder) or {}
        self.crc: dict[str, int] = before.get("crc", {})
        self.done: int = before["done"] if self._fits(before, files_of(folder, before)) else 0
        self.crc = self.crc if self.done else {}
        self.head["files"] = before.get("files", "") if self.done else uuid.uuid4().hex[:8]
        self.files = files_of(folder, self.head)
        self.files.mkdir(exist_ok=True)
        present = {self.head_file, folder / "lock", self.files, *(self.files / name for name in self.widths)}
        sweep(path for path in folder.iterdir() if path not in present and not seals.is_seal(path))

    def _fits(self, before: dict[str, Any], files: Path) -> bool:
        done = before.get("done")
        about = {k: v for k, v in before.items() if k not in ("files", "crc")}
        if not isinstance(done, int) or about != self.head | {"done": done}:
            return False
        wanted = {files / name: done * width * 4 for name, width in self.widths.items()}
        if not all(path.is_file() and path.stat().st_size >= size for path, size in wanted.items()):
            return False
        with suppress(Damaged):
            for path, size in wanted.items():
                seals.verify_grown(path, size, self.crc.get(path.name))
            return True
        return False

    def add(self, shard: Arrays, last: bool) -> None:
        """Append a shard behind the whole rows, then commit it; behind the last one come the set views."""
        for name, values in shard.items():
            path, start = self.files / name, self.done * self.widths[name] * 4
            content = np.ascontiguousarray(values).data
            if start and name not in self.crc:
                self.crc[name] = seals.crc_of(path, start)
            with path.open("r+b" if path.exists() else "wb") as file:
                file.seek(start)  # over what a killed process left behind the whole rows
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            self.crc[name] = zlib.crc32(content, self.crc.get(name, 0))
            seals.appended(path, start, start + content.nbytes, self.crc[name])
        self.done += len(shard[PREDICTIONS])
        if last:
            self._complete()
        write_json(self.head_file, self.head | {"done": self.done, "crc": self.crc})

    def _complete(self) -> None:
        """Views that a molecule has only among others."""
        own = {
            view: np.fromfile(self.files / view_file(view), np.float32, self.done * width).reshape(-1, width)
            for view, width in self.own.items()
        }
        for view, values in self.run.among(own).items():
            content = values.tobytes()
            self.crc[view_file(view)] = zlib.crc32(content)
            write_atomically(self.files / view_file(view), content, sealed=False)


@contextmanager
def _disk(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES):
            raise
        why = error.strerror
        raise NotAvailable(f"embeddings cannot be kept in {folder}: {why}; make room and start again") from None


@dataclass(frozen=True)
class Baseline(Embedded):
    """The ECFP baseline: one view ``ecfp`` of uint8 bits (n, 2048), unpacked from the feature store; no predictions."""

    features: Features | None = None

    def view(self, name: str) -> np.ndarray:
        """Bits 0/1 (n, 2048) uint8; a molecule without a fingerprint has none set. Raises UnknownName."""
        assert self.features is not None
        if name not in self.dimensions:
            raise UnknownName("view of the baseline", name, self.dimensions)
        bits = np.zeros((self.n, self.dimensions[name]), np.uint8)
        good = np.flatnonzero(self.features.ok)
        for start in range(0, len(good), SHARD):
            part = good[start : start + SHARD]
            bits[part] = np.unpackbits(self.features.take(part).columns["bits"], axis=1)
        return bits

    @property
    def missing(self) -> np.ndarray:
        """Rows (int64) that have no fingerprint."""
        assert self.features is not None
        return np.flatnonzero(~self.features.ok)


def baseline(dataset: Dataset, progress: Progress = silent, *, home: Home) -> Baseline:
    """Morgan fingerprints (radius 2, 2048 bits) as a model without weights, to be mapped beside others."""
    made = features_of(dataset, "fingerprint", progress=progress, home=home)
    return Baseline(Path(), len(dataset), {BASELINE_VIEW: 2048}, (), "uint8", features=made)
