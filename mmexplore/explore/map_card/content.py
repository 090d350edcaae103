"""Content of a map card: what the file holds, as plain values and as bytes; the same map makes the same."""

import hashlib
import json
import shlex
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from mmexplore import __version__
from mmexplore.chem.drawings import UNIT, Drawing, drawings
from mmexplore.datasets import Dataset
from mmexplore.explore.maps import color_choices
from mmexplore.explore.maps.painting import Painting, paint
from mmexplore.explore.maps.quality import Quality
from mmexplore.explore.maps.storage import MapFile
from mmexplore.explore.maps.trust import Trust
from mmexplore.explore.molecules import fact_columns
from mmexplore.explore.regions import density
from mmexplore.explore.regions.labels import MapLabel
from mmexplore.models.exchange import model_card
from mmexplore.models.registry import View
from mmexplore.runtime.errors import MmexploreError
from mmexplore.runtime.home import Home, as_json
from mmexplore.runtime.progress import Progress, silent
from mmexplore.runtime.provenance import versions

MOST = 50_000
"""So many molecules a card holds: a browser reads it whole."""
_MOST_COLORS, _MOST_FACTS = 24, 24
_SCORES = (("Davies-Bouldin", "dbi", "lower is better"), ("NMI", "nmi", "higher is better"))


@dataclass(frozen=True)
class CardContent:
    """Content of a map card: ``about`` in plain values, ``parts`` as bytes by their names."""

    about: dict[str, Any]
    parts: dict[str, bytes]


def content(
    view: View,
    dataset: Dataset,
    shown: MapFile,
    quality: Quality,
    labels: Sequence[MapLabel] = (),
    trust: Trust | None = None,
    progress: Progress = silent,
    *,
    home: Home,
) -> CardContent:
    """Content of the card of a map. Raises MmexploreError above ``MOST`` molecules."""
    check(dataset)
    smiles = [str(text) for text in dataset.smiles]
    made = drawings([*smiles, *(one.smiles for one in labels)], progress)
    colors = _colors(view, dataset, home=home)
    facts = [
        {"label": one.label, "unit": one.unit, "values": [float(f"{v:.3g}") for v in one.values]}
        for one in fact_columns(dataset, view.model, home=home)[:_MOST_FACTS]
    ]
    packed, texts = pack(made)
    words = {"names": [str(name) for name in dataset.names], "smiles": smiles, "facts": facts, "atoms": texts}
    parts = {
        "points": shown.xy.astype("<f4").tobytes(),
        "contours": density.lines(shown).astype("<f4").tobytes(),
        "codes": b"".join(painting.codes.tobytes() for _, painting in colors),
        "rows": np.array([row for one in labels for row in one.rows], "<u4").tobytes(),
        "words": json.dumps(as_json(words), ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode(),
        "drawings": packed,
    }
    about = _about(view, dataset, shown, quality, trust)
    about["unit"] = UNIT
    about["labels"] = [_label(one) for one in labels]
    about["colors"] = [_color(name, painting) for name, painting in colors]
    return CardContent(as_json(about), parts)


def check(dataset: Dataset) -> None:
    """Whether a card holds so many molecules. Raises MmexploreError."""
    if (n := len(dataset)) > MOST:
        raise MmexploreError(f"a map card holds up to {MOST:,} molecules, and {n:,} came; a part of them would do")


def pack(made: Sequence[Drawing]) -> tuple[bytes, list[str]]:
    """Packed drawings as bytes, and the texts that their atoms name by number.

    Planes one after the other: atoms and bonds of each drawing; of atoms the steps in x and y from the atom before, and
    the text; of bonds the begin, how far the end is from it, and the kind. Numbers of two bytes come as all low bytes
    and then all high ones, of which a packer makes more.
    """
    texts = sorted({text for one in made for text in one[2]})
    number = {text: k for k, text in enumerate(texts)}
    planes: list[list[int]] = [[], [], [], [], [], [], []]
    kinds = bytearray()
    for xs, ys, written, begins, ends, own in made:
        planes[0].append(len(xs))
        planes[1].append(len(begins))
        planes[2] += np.diff(xs, prepend=0).tolist() if xs else []
        planes[3] += np.diff(ys, prepend=0).tolist() if ys else []
        planes[4] += [number[text] for text in written]
        planes[5] += begins
        planes[6] += [end - begin for begin, end in zip(begins, ends, strict=True)]
        kinds += bytes(own)
    return b"".join(_low_and_high(plane) for plane in planes) + bytes(kinds), texts


def _low_and_high(plane: Sequence[int]) -> bytes:
    both = np.array(plane, np.int64).astype(np.uint16)
    return (both & 255).astype(np.uint8).tobytes() + (both >> 8).astype(np.uint8).tobytes()


def _colors(view: View, dataset: Dataset, *, home: Home) -> list[tuple[str, Painting]]:
    """Colors that are there or quickly made, labels first."""
    names = [
        name
        for name in color_choices.color_names(view, dataset, home=home)
        if color_choices.is_quick(view, dataset, name, home=home)
    ]
    return [(name, paint(color_choices.color(view, dataset, name, home=home))) for name in names[:_MOST_COLORS]]


def _color(name: str, painting: Painting) -> dict[str, Any]:
    known = {key: getattr(painting, key) for key in ("label", "ticks", "palette")}
    return {"name": name, "entries": [asdict(one) for one in painting.entries]} | known


def _label(one: MapLabel) -> dict[str, Any]:
    names = ("x", "y", "level", "smiles", "inside", "n", "outside", "n_outside")
    return {name: getattr(one, name) for name in names} | {"rows": len(one.rows)}


def _about(view: View, dataset: Dataset, shown: MapFile, quality: Quality, trust: Trust | None) -> dict[str, Any]:
    model, n = view.model, len(dataset)
    words = ["mmexplore", "map", "--model", model.name, "--data", dataset.name, "--view", view.name]
    words += ["--method", shown.method, "--seed", str(shown.seed), "--card", f"{dataset.name}-map.html"]
    card = model_card.text(model.recipe, model.card) if model.recipe and model.card else ""
    made = versions()
    return {
        "title": f"{n:,} molecules of {dataset.title}",
        "data": {"name": dataset.name, "digest": dataset.digest, "rows": n},
        "model": {"name": model.name, "digest": model.digest, "card": card.partition("\n---\n")[2].strip()},
        "map": {
            "view": view.name,
            "method": shown.method,
            "seed": shown.seed,
            "parameters": shown.parameters,
            "created": shown.created,
            "digest": hashlib.sha256(np.ascontiguousarray(shown.xy).tobytes()).hexdigest(),
            "placed": int(np.isfinite(shown.xy).all(1).sum()),
        },
        "scores": _scores(quality),
        "how": [part.how for part in _parts(quality).values()] + ([trust.how] if trust else []),
        "doubtful": trust.share if trust else None,
        "command": shlex.join(words),
        "made": {"mmexplore": __version__, "rdkit": made["rdkit"], "python": made["python"]},
    }


def _parts(quality: Quality) -> dict[str, Quality]:
    found = {"test part": quality.test, "training part": quality.train, "all molecules": quality}
    return {name: part for name, part in found.items() if part}


def _scores(quality: Quality) -> list[dict[str, Any]]:
    keys = {"full": "{}", "full_permuted": "{}_permuted", "map": "{}_2d", "map_permuted": "{}_2d_permuted"}
    return [
        {"score": name, "better": better, "part": where}
        | {of: getattr(part, form.format(key)) for of, form in keys.items()}
        for where, part in _parts(quality).items()
        for name, key, better in _SCORES
    ]
