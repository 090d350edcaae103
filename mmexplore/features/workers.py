"""Featurization over worker processes: chunks of SMILES go there as they are and come back as ``npz``.

RDKit holds the interpreter's lock, so that featurising in threads gains nothing.
"""

import base64
import io
import json
from collections.abc import Generator, Sequence
from contextlib import closing
from typing import Any

import numpy as np

from mmexplore.features.featurize import Chunk, featurize, join, refused
from mmexplore.features.packing import Packed
from mmexplore.runtime.deadline import within
from mmexplore.runtime.registry import MODALITIES
from mmexplore.runtime.workers import WORKERS, Died


def featurised(
    modality: str, options: dict[str, Any], chunks: Sequence[Sequence[str]], workers: int
) -> Generator[tuple[int, Chunk], None, None]:
    """Number and content of each chunk as it is done. Closing the iterator ends the work.

    A molecule that kills its process is refused with that reason. Raises RuntimeError with the trace from there.
    """
    settings = {"modality": modality, "options": options}
    with closing(WORKERS.ask("mmexplore.features.workers:featurise_chunk", chunks, settings, workers)) as results:
        for number, answers in results:
            yield number, join([_read(answer, modality) for answer in answers])


def hurried(modality: str, options: dict[str, Any], smiles: str) -> Chunk:
    """Chunk of one molecule that a visitor gave, made before the deadline. Raises TooLong."""
    return _unpacked(base64.b64decode(within(featurise_text, smiles, modality, options)))


def featurise_text(smiles: str, modality: str, options: dict[str, Any]) -> str:
    """The share of a worker with a deadline: the chunk of one SMILES as text."""
    return base64.b64encode(featurise_chunk([smiles], modality, options)).decode()


def featurise_chunk(smiles: Sequence[str], modality: str, options: dict[str, Any]) -> bytes:
    """A worker's share: the chunk of these SMILES as ``npz``."""
    return _packed(featurize(MODALITIES[modality](**options), smiles))


def _read(answer: bytes | Died, modality: str) -> Chunk:
    if isinstance(answer, Died):
        return refused(MODALITIES[modality].columns, f"the process that read {answer.item!r} died twice of it")
    return _unpacked(answer)


def _packed(chunk: Chunk) -> bytes:
    file = io.BytesIO()
    columns = {f"column {name}": values for name, values in chunk.packed.columns.items()}
    counts = {f"counts {axis}": values for axis, values in chunk.packed.counts.items()}
    reasons = np.frombuffer(json.dumps(list(chunk.reasons.items()), allow_nan=False).encode(), np.uint8)
    arrays: dict[str, Any] = {"ok": chunk.ok, "reasons": reasons} | columns | counts
    np.savez(file, **arrays)
    return file.getvalue()


def _unpacked(content: bytes) -> Chunk:
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        columns = {k.removeprefix("column "): arrays[k] for k in arrays if k.startswith("column ")}
        counts = {k.removeprefix("counts "): arrays[k] for k in arrays if k.startswith("counts ")}
        ok, reasons = arrays["ok"], dict(json.loads(arrays["reasons"].tobytes()))
    return Chunk(Packed(len(ok), columns, counts), ok, reasons)
