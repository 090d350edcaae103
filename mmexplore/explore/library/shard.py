"""A shard of a library, in to out: the one pure function that every engine maps over a list of shards.

An input shard becomes a table of standardised molecules, in the order of their lines: fingerprint, descriptors, views
and predictions of models, a place on a map; and a table of what was rejected, each row with its line. Or columns are
added to such a table as a table of their own, a layer. Both are written to a temporary name and renamed. What is made
depends on the shard and the :class:`Work` alone, in batches of a fixed size on one thread, so that whoever makes it,
wherever, however often, makes the same bytes.
"""

import hashlib
import io
import json
import os
import platform
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mmexplore import __version__
from mmexplore.chem import descriptors, molecules
from mmexplore.chem.fingerprints import BITS, ecfp4
from mmexplore.chem.row_by_row import each
from mmexplore.chem.standardize import standardised, standardize_all
from mmexplore.datasets import tables
from mmexplore.runtime import seals
from mmexplore.runtime.errors import BadMolecule, MmexploreError, NotAvailable
from mmexplore.runtime.home import write_atomically

if TYPE_CHECKING:
    import pyarrow as pa

    from mmexplore.features.store import Features
    from mmexplore.nn.model import Predictor
    from mmexplore.runtime.devices import Policy

SHARDS, REJECTED, LAYERS = "shards", "rejected", "layers"
BATCH = 1_024
"""So many molecules go through a model at once: part of what the bytes depend on."""
FINGERPRINT = "fingerprint"
PROPERTIES = tuple(name for name in molecules.DESCRIPTORS if name != "QED")
"""Descriptors in a library; QED takes RDKit twice as long as all others together."""
VECTORS = ("float32", "float16", "int8")
"""How vectors are kept; int8 with a scale for each molecule."""
_FORMAT = 1
_ABOUT = b"mmexplore"


@dataclass(frozen=True)
class ModelMember:
    """One network: the folder of its model, and the digest that this has to have."""

    folder: str
    digest: str


@dataclass(frozen=True)
class ModelPart:
    """A model's part in a library: its ``members`` (one, or an ensemble's), and its columns.

    ``views`` by name with their width, ``tasks`` that it predicts, none where it is asked for its views alone.
    """

    name: str
    members: tuple[ModelMember, ...]
    views: dict[str, int] = field(default_factory=dict)
    tasks: tuple[str, ...] = ()


@dataclass(frozen=True)
class MapPart:
    """Map that molecules are placed on: the column of vectors, and a file of vectors ``x`` with their places ``xy``.

    ``name``: how the columns of coordinates begin.
    """

    column: str
    file: str
    digest: str
    name: str = "map"


@dataclass(frozen=True)
class Work:
    """What is made of each shard, in values that JSON can say.

    ``layer`` "" makes shards of input; a layer's name makes columns of shards. ``rdkit`` and ``version`` (of this
    package) are those of whoever asked: a worker with others refuses.
    """

    salts: str = "strip"
    models: tuple[ModelPart, ...] = ()
    map: MapPart | None = None
    vectors: str = VECTORS[0]
    device: str = "cpu"
    layer: str = ""
    rdkit: str = ""
    version: str = __version__
    smiles: str = ""

    @cached_property
    def digest(self) -> str:
        """Digest of all that the bytes depend on but the shard itself."""
        told = self.plain()
        for model in told["models"]:
            model["members"] = [member["digest"] for member in model["members"]]
        told["map"] = told["map"] and {**told["map"], "file": ""}
        told |= {"format": _FORMAT, "batch": BATCH, "version": ""}
        return hashlib.sha256(json.dumps(told, sort_keys=True, allow_nan=False).encode()).hexdigest()[:32]

    def plain(self) -> dict[str, Any]:
        """The same as plain values."""
        return asdict(self)

    @staticmethod
    def of_plain(told: dict[str, Any]) -> "Work":
        """Work of what :meth:`plain` gives."""
        models = tuple(
            ModelPart(
                **one | {"members": tuple(ModelMember(**m) for m in one["members"]), "tasks": tuple(one["tasks"])}
            )
            for one in told["models"]
        )
        return Work(**told | {"models": models, "map": MapPart(**told["map"]) if told["map"] else None})


def folder_of(library: Path, layer: str = "") -> Path:
    """Folder of the shards, or of a layer's."""
    return library / LAYERS / layer if layer else library / SHARDS


def rejected_of(library: Path, layer: str = "") -> Path:
    """Folder of what was rejected on the way there."""
    return library / REJECTED / (layer or SHARDS)


def vector_column(model: str, view: str) -> str:
    """Name of the column of a view.

    >>> vector_column("solubility-dmpnn", "dmpnn")
    'solubility-dmpnn@dmpnn'
    """
    return f"{model}@{view}"


def is_done(path: Path, source: str, work: Work) -> bool:
    """Whether a shard is there, whole, and made by this work of an input of this digest."""
    return seals.is_sound(path) and made_of(path) == {"input": source, "work": work.digest}


def made_of(path: Path) -> dict[str, str]:
    """What the footer of a shard says it was made of: digests of its input and of the work; none where it has none.

    The footer alone is read, and not again while the file is the same: no word of the rest of it.
    """
    import pyarrow.parquet as pq

    try:
        held = path.stat()
        state = (held.st_ino, held.st_mtime_ns, held.st_size)
        if (known := _footers.get(path)) is None or known[0] != state:
            told = (pq.read_schema(path).metadata or {}).get(_ABOUT, b"{}")
            known = _footers[path] = (state, json.loads(told))
    except (OSError, ValueError):  # pyarrow raises children of these
        return {}
    return known[1]


_footers: dict[Path, tuple[tuple[int, int, int], dict[str, str]]] = {}


def identity(path: Path) -> str:
    """Digest of a shard by what it was made of. Raises Damaged, OSError."""
    return identity_of(made_of(seals.verify(path)))


def identity_of(told: dict[str, str]) -> str:
    """Digest of what a shard was made of."""
    return hashlib.sha256(f"{told.get('input')} {told.get('work')}".encode()).hexdigest()[:32]


def made(items: Sequence[str], library: str, work: dict[str, Any], careful: bool = False) -> bytes:
    """A worker's share: the shard of one name, made and written; a report of it as JSON.

    A mistake of the user's is told as ``refused``, anything else raises. ``careful``: structures are standardised in
    processes of their own, so that one which brings RDKit down is rejected.
    """
    (name,) = items
    started = time.process_time()
    try:
        report = _Making(Path(library), Work.of_plain(work), careful).shard(name)
    except MmexploreError as mistake:
        report = {"refused": str(mistake)}
    about: dict[str, Any] = {"shard": name, "pid": os.getpid(), "host": platform.node(), "held_mb": _held_megabytes()}
    about["processor_seconds"] = round(time.process_time() - started, 3)
    return json.dumps(about | report, allow_nan=False).encode()


def _held_megabytes() -> int:
    """Resident memory of this process once the shard is written."""
    import psutil

    return round(float(psutil.Process().memory_info().rss) / 1e6)


class _Making:
    """One shard in hand: its stages with the seconds that each took."""

    def __init__(self, library: Path, work: Work, careful: bool) -> None:
        self._library, self._work, self._careful = library, work, careful
        self._seconds: dict[str, float] = {}
        self._rejected: list[tuple[int, str, str, str, str]] = []

    def shard(self, name: str) -> dict[str, Any]:
        """Make it and write it; what is to be told of it."""
        import pyarrow as pa

        _check(self._work)
        if layer := self._work.layer:
            path = folder_of(self._library) / f"{name}.parquet"
            known = _read(path)
            source, rows, columns = identity(path), known.num_rows, self._added(known)
        else:
            known = _read(self._library / "input" / f"{name}.parquet")
            source, rows = _input_digest(known), known.num_rows
            kept = self._standardised(known)
            columns = {name: kept[name] for name in kept.column_names} | self._described(kept) | self._added(kept)
        with self._stage("write"):
            self._write(rejected_of(self._library, layer) / f"{name}.parquet", self._refusals(), {})
            told = {"input": source, "work": self._work.digest}
            self._write(folder_of(self._library, layer) / f"{name}.parquet", pa.table(columns), told)
        seconds = {stage: round(took, 4) for stage, took in self._seconds.items()}
        return {"rows": rows, "rejected": len(self._rejected), "seconds": seconds}

    def _standardised(self, known: "pa.Table") -> "pa.Table":
        """Molecules that can be read, and mean one: line, name, smiles."""
        import pyarrow as pa

        from mmexplore.datasets.readers.rows import Read
        from mmexplore.explore.batch_prediction import refusal

        lines, drawn, names, why = (known[name].to_pylist() for name in ("line", "structure", "name", "refused"))
        texts = [text if "\n" in text else text.strip() for text in drawn]
        salts: Any = self._work.salts
        with self._stage("standardise"):
            if self._careful:
                outcomes = standardize_all(texts, salts, workers=2)
            else:
                outcomes = [standardised(text, salts) for text in texts]
        kept: list[tuple[int, str, str]] = []
        for line, text, name, refused, outcome in zip(lines, texts, names, why, outcomes, strict=True):
            if words := refusal(Read(line, [], refused), text, outcome):
                self._rejected.append((line, name, text[:1_000], "structure", words))
            else:
                kept.append((line, name, outcome.smiles))
        schema = pa.schema([("line", pa.int64()), ("name", pa.string()), ("smiles", pa.string())])
        columns = list(zip(*kept, strict=True)) or [(), (), ()]
        return pa.table([pa.array(c, kind.type) for c, kind in zip(columns, schema, strict=True)], schema=schema)

    def _described(self, kept: "pa.Table") -> dict[str, "pa.Array"]:
        """Fingerprints, null where there is none, and descriptors."""
        import pyarrow as pa

        smiles = kept["smiles"].to_pylist()
        with self._stage("fingerprint"):
            bits, _ = each(smiles, ecfp4)
            packed = [None if one is None else one.tobytes() for one in bits]
        columns = {FINGERPRINT: pa.array(packed, pa.binary(BITS // 8))}
        with self._stage("describe"):
            rows = descriptors.rows(smiles, PROPERTIES)
            for number, name in enumerate(PROPERTIES):
                columns[name] = pa.array([row[number] for row in rows], pa.float32())
        return columns

    def _added(self, known: "pa.Table") -> dict[str, "pa.Array"]:
        """Columns of the models and of the map."""
        smiles, lines = known["smiles"].to_pylist(), known["line"].to_pylist()
        columns: dict[str, pa.Array] = {}
        vectors: dict[str, np.ndarray] = {}
        for model in self._work.models:
            whole = self.through(model, smiles, lines)
            for view, width in model.views.items():
                column = vector_column(model.name, view)
                vectors[column] = whole[view].reshape(len(smiles), width)
                columns[column] = fixed_lists(vectors[column], self._work.vectors)
                if self._work.vectors == "int8":
                    columns[scale_column(column)] = _numbers(scales(vectors[column]))
            for number, task in enumerate(model.tasks):
                columns[f"{model.name}: {task}"] = _numbers(whole["predictions"][:, number])
                if len(model.members) > 1:
                    columns[f"{model.name}: {task}, std"] = _numbers(whole["spread"][:, number])
        if self._work.map:
            column = self._work.map.column
            x = vectors[column] if column in vectors else scaled(known, column)
            with self._stage("place"):
                xy = _placed(x, self._library, self._work.map)
            columns |= {f"{self._work.map.name} {axis}": _numbers(xy[:, i]) for i, axis in enumerate("xy")}
        return columns

    def through(self, model: ModelPart, smiles: list[str], lines: list[int]) -> dict[str, np.ndarray]:
        """Views, predictions and their spread of all molecules, NaN where the model has none."""
        wanted = dict(model.views) | ({"predictions": len(model.tasks)} if model.tasks else {})
        spread = {"spread": len(model.tasks)} if len(model.members) > 1 and model.tasks else {}
        whole = {name: np.full((len(smiles), width), np.nan, np.float32) for name, width in (wanted | spread).items()}
        refused: dict[int, str] = {}
        for start in range(0, len(smiles), BATCH):
            batch = smiles[start : start + BATCH]
            described: dict[str, Features] = {}
            each_member = [self._one(Path(member.folder), batch, described) for member in model.members]
            for view in model.views:
                whole[view][start : start + BATCH] = np.concatenate([one[view] for one in each_member], axis=1)
            if model.tasks:
                from mmexplore.models import ensembles

                several = [one["predictions"] for one in each_member]
                whole["predictions"][start : start + BATCH] = ensembles.mean(several)
                if spread:
                    whole["spread"][start : start + BATCH] = ensembles.spread(several)
            for found in described.values():
                refused |= {start + row: why for row, why in found.reasons().items() if start + row not in refused}
        lost = sorted(refused)
        self._rejected += [(lines[row], "", smiles[row], model.name, refused[row]) for row in lost]
        return whole

    def _one(self, folder: Path, batch: list[str], described: dict[str, "Features"]) -> dict[str, np.ndarray]:
        """What one network makes of a batch; ``described`` keeps what it reads for the next one."""
        from mmexplore.explore.neighbors.query import loaded, read_of_structures
        from mmexplore.features.store import unkept
        from mmexplore.models.embed import Run
        from mmexplore.models.embeddings import PREDICTIONS, view_file
        from mmexplore.runtime import devices

        predictor = loaded(folder)
        known: dict[str, Features] = {}
        with self._stage("featurise"):
            for modality, options in read_of_structures(predictor.recipe).items():
                key = json.dumps([modality, options], sort_keys=True, default=str, allow_nan=False)
                described[key] = described.get(key) or unkept(modality, batch, options)
                known[modality] = described[key]
        with self._stage("embed"):
            policy = _policy(self._work.device)
            devices.apply(policy)
            try:
                values = Run(predictor.to(policy.device), policy, known, "the shard").rows(0, len(batch))
            except BadMolecule:  # none of them can be described
                return _nothing(predictor, len(batch))
        own = [view for view in predictor.recipe.views if view not in predictor.recipe.set_views]
        return {view: values[view_file(view)] for view in own} | {"predictions": values[PREDICTIONS]}

    def _refusals(self) -> "pa.Table":
        import pyarrow as pa

        schema = pa.schema(
            [("line", pa.int64()), *((name, pa.string()) for name in ("name", "structure", "of", "reason"))]
        )
        columns = list(zip(*self._rejected, strict=True)) or [()] * 5
        return pa.table([pa.array(c, kind.type) for c, kind in zip(columns, schema, strict=True)], schema=schema)

    def _write(self, path: Path, table: "pa.Table", told: dict[str, str]) -> None:
        import pyarrow.parquet as pq

        content = io.BytesIO()
        kept = table.replace_schema_metadata({_ABOUT: json.dumps(told, sort_keys=True, allow_nan=False)})
        pq.write_table(kept, content, compression="zstd", use_dictionary=False, row_group_size=16_384)
        write_atomically(path, content.getvalue())

    @contextmanager
    def _stage(self, name: str) -> Iterator[None]:
        started = time.perf_counter()
        yield
        self._seconds[name] = self._seconds.get(name, 0.0) + time.perf_counter() - started


def fixed_lists(x: np.ndarray, kind: str = VECTORS[0]) -> "pa.Array":
    """Vectors (n, d) as an Arrow array of fixed-size lists, null where one is not finite; of int8 in their scales.

    >>> fixed_lists(np.array([[1, 2], [np.nan, 0]], np.float32)).to_pylist()
    [[1.0, 2.0], None]
    >>> fixed_lists(np.array([[1, -2]], np.float32), "int8").to_pylist()
    [[64, -127]]
    """
    import pyarrow as pa

    lost = ~np.isfinite(x).all(1)
    whole = np.where(lost[:, None], 0, x)
    values = np.rint(whole / scales(whole)[:, None]).astype(np.int8) if kind == "int8" else whole.astype(kind)
    return pa.FixedSizeListArray.from_arrays(pa.array(values.ravel()), x.shape[1], mask=pa.array(lost))


def scales(x: np.ndarray) -> np.ndarray:
    """Scale (n,) float32 of each vector in int8: its largest number over 127, 1 for a vector of zeros."""
    largest = np.abs(x).max(1, initial=0)
    return np.where(largest == 0, 1, largest / 127).astype(np.float32)


def scale_column(column: str) -> str:
    """Name of the column of scales beside a column of vectors in int8."""
    return f"{column}, scale"


def scaled(table: "pa.Table", column: str) -> np.ndarray:
    """Vectors (n, d) float32 of a table's column, by their scales where it has some; NaN where there is none."""
    x = matrix(table[column])
    if (name := scale_column(column)) in table.column_names:
        x *= table[name].to_numpy()[:, None]
    return x


def matrix(column: "pa.ChunkedArray | pa.Array") -> np.ndarray:
    """Vectors (n, d) float32 of such an array, those of int8 by their directions alone; NaN where there is none."""
    import pyarrow as pa

    whole = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    width = whole.type.list_size
    flat = np.asarray(whole.values, np.float32)[whole.offset * width : (whole.offset + len(whole)) * width]
    x: np.ndarray = np.array(flat).reshape(len(whole), width)
    x[np.asarray(whole.is_null())] = np.nan
    return x


def _numbers(values: np.ndarray) -> "pa.Array":
    import pyarrow as pa

    return pa.array(values.astype(np.float32), pa.float32(), mask=~np.isfinite(values))


def _nothing(predictor: "Predictor", n: int) -> dict[str, np.ndarray]:
    """In place of each view and of the predictions, what spreads over any width: no number."""
    names = [*predictor.recipe.views, "predictions"]
    return {name: np.full((n, width), np.nan, np.float32) for name, width in _widths(predictor, names).items()}


def _widths(predictor: "Predictor", names: Sequence[str]) -> dict[str, int]:
    from mmexplore.explore.neighbors.query import read_of_structures
    from mmexplore.features.store import unkept
    from mmexplore.models.embed import Run
    from mmexplore.models.embeddings import PREDICTIONS, view_file

    read = read_of_structures(predictor.recipe)
    known = {modality: unkept(modality, ["CCO"], options) for modality, options in read.items()}
    widths = Run(predictor, _policy("cpu"), known, "ethanol").widths
    files = {name: PREDICTIONS if name == "predictions" else view_file(name) for name in names}
    return {name: widths[file] for name, file in files.items() if file in widths}


def widths(folder: Path, views: Sequence[str]) -> dict[str, int]:
    """Numbers a molecule in each view of the model in a folder, which goes through it once. Raises BadMolecule."""
    from mmexplore.explore.neighbors.query import loaded

    return _widths(loaded(folder), views)


def embedded(part: ModelPart, smiles: list[str]) -> dict[str, np.ndarray]:
    """Views of a model's part, in full precision, here and now."""
    return _Making(Path(), Work(), False).through(part, smiles, list(range(len(smiles))))


def _policy(device: str) -> "Policy":
    """Full precision on one thread, so that nothing is left to a timing."""
    from dataclasses import replace

    from mmexplore.runtime import devices

    return replace(devices.policy(device, "float32"), threads=1)


def _check(work: Work) -> None:
    """Raises NotAvailable where this process is not what the work was planned with."""
    import rdkit

    for what, here, planned in (("RDKit", rdkit.__version__, work.rdkit), ("mmexplore", __version__, work.version)):
        if here != planned:
            raise NotAvailable(
                f"the worker on {platform.node()} has {what} {here}, and the library is made with {planned}; "
                "install the same version on every machine"
            )
    from mmexplore.models import checkpoints

    for model in work.models:
        for member in model.members:
            if (found := checkpoints.digest(Path(member.folder))) != member.digest:
                raise NotAvailable(
                    f"the worker on {platform.node()} has another model {model.name!r} at {member.folder} ({found}, "
                    f"and {member.digest} is meant); copy the model's folder to the same place on every machine"
                )


def _read(path: Path) -> "pa.Table":
    """Table of a sealed file. Raises Damaged, and NotAvailable where this machine does not see it."""
    try:
        return tables.arrow(seals.read(path))
    except FileNotFoundError:
        raise NotAvailable(
            f"{platform.node()} sees no {path}; the library has to lie on a disk that every worker shares"
        ) from None


def _input_digest(known: "pa.Table") -> str:
    """Digest of the rows of an input shard, as its manifest has it."""
    rows = list(zip(*(known[name].to_pylist() for name in ("line", "structure", "name", "refused")), strict=True))
    return hashlib.sha256(json.dumps(rows, allow_nan=False).encode()).hexdigest()[:32]


def _placed(x: np.ndarray, library: Path, on: MapPart) -> np.ndarray:
    """Places (n, 2) float32 on a map, NaN for who has no vector."""
    from mmexplore.explore.maps.project import place

    marks = _landmarks(str(library / on.file), on.digest)
    return np.concatenate(
        [place(x[i : i + BATCH], marks["x"], marks["xy"]) for i in range(0, len(x), BATCH)]
        or [np.empty((0, 2), np.float32)]
    )


_marks: dict[tuple[str, str], dict[str, np.ndarray]] = {}


def _landmarks(file: str, digest: str) -> dict[str, np.ndarray]:
    """Vectors and places that a map is made of; the last one is kept. Raises NotAvailable for another content."""
    if (file, digest) not in _marks:
        try:
            content = seals.read(Path(file))
        except OSError:
            raise NotAvailable(f"{platform.node()} sees no {file}; a shared disk has to hold the library") from None
        if hashlib.sha256(content).hexdigest()[:32] != digest:
            raise NotAvailable(f"{file} is another map than the library is made with; build it again")
        with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
            _marks.clear()
            _marks[file, digest] = {name: arrays[name] for name in ("x", "xy")}
    return _marks[file, digest]
