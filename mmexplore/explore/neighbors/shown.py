"""Shown queries: a picture of a structure, or one of its conformers, ranks the molecules of any data set.

The picture goes through the branch of a model that reads drawings, the conformer through one that reads shapes; the
molecules of the data set are where that branch has put RDKit's drawings, or ETKDG's conformers, of them. A picture is
looked at in several ways, of which the likest counts. What was shown is kept under a short name of its content, so that
a link leads to it again.
"""

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from mmexplore.datasets import Dataset
from mmexplore.datasets.readers import conformer_files, pictures
from mmexplore.explore import hurried
from mmexplore.explore.neighbors.query import loaded
from mmexplore.explore.neighbors.retrieval import HitList, ranked
from mmexplore.models.registry import Model, View
from mmexplore.runtime.errors import BadRecipe, UnknownName
from mmexplore.runtime.home import Home, keep_newest, write_atomically

Kind = Literal["picture", "conformer"]
KINDS: tuple[Kind, ...] = ("picture", "conformer")
READS: dict[Kind, str] = {"picture": "image", "conformer": "graph3d"}
USUAL: dict[Kind, str] = {"picture": "target-image", "conformer": "mmsa"}
"""The shipped model that finds most of each (``benchmarks/queries.py``)."""
TRUST: dict[Kind, str] = {
    "picture": "An auto-encoder of RDKit's drawings compares how pictures look, and reads no atoms: of pictures in "
    "other styles it had 68 to 76 % first and 95 % among ten of 36,489 molecules; turned, 56 % first; laid out by "
    "another program, 19 % first.",
    "conformer": "MMSA's 3D branch compares shapes: of other conformers it had 76 to 82 % first and 98 to 99 % among "
    "ten of 36,489 molecules, where the structure that the file holds anyway has 98 % first by ECFP.",
}
"""How far to trust each with its usual model, in a sentence (``benchmarks/queries.py``)."""
MOST_KEPT = 500
"""Of more than so many the oldest are forgotten."""


@dataclass(frozen=True)
class ShownQuery:
    """Shown query: a picture, a PNG without margins in base 64, or a conformer, a mol block and its structure.

    ``told``: what is to be said of the file.
    """

    kind: Kind
    content: str
    smiles: str = ""
    told: tuple[str, ...] = ()

    @property
    def png(self) -> bytes:
        """The picture as PNG."""
        return base64.b64decode(self.content)


def read(kind: Kind, content: bytes) -> ShownQuery:
    """Shown query of a file's bytes. Raises BadMolecule, TooLong."""
    if kind == "picture":
        return ShownQuery(kind, base64.b64encode(pictures.to_png(pictures.picture(content))).decode())
    found = conformer_files.conformer(content)
    return ShownQuery(kind, found.block, found.smiles, found.told)


def keep(shown: ShownQuery, *, home: Home) -> str:
    """Keep a shown query; returns the name that :func:`kept` finds it by, 16 hex digits."""
    content = json.dumps(asdict(shown), allow_nan=False).encode()
    path = home.folder("shown") / _name(content)
    if not path.is_file():
        write_atomically(path, content, sealed=False)  # its name is its digest
        keep_newest(path.parent, MOST_KEPT)
    return path.name


def kept(kind: Kind, name: str, *, home: Home) -> ShownQuery:
    """Shown query that was kept under a name. Raises UnknownName where none of this kind is."""
    mine = len(name) == 16 and all(sign in "0123456789abcdef" for sign in name)
    try:
        content = (home / "shown" / name).read_bytes() if mine else b""
    except OSError:
        content = b""
    if not content or _name(content) != name or (told := json.loads(content))["kind"] != kind:
        raise UnknownName(kind, name, ())
    return ShownQuery(kind, told["content"], told["smiles"], tuple(told["told"]))


def _name(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]


def view_for(kind: Kind, model: Model) -> View:
    """The view of a model that can read a picture, or a conformer. Raises BadRecipe for a model without one."""
    branches = model.recipe.branches if model.recipe else ()
    name = next((branch.name for branch in branches if branch.reads == READS[kind]), "")
    if not name:
        what = "pictures" if kind == "picture" else "conformers"
        raise BadRecipe(f"{model.name!r} reads no {what}; {USUAL[kind]!r} does, as does a model with such a branch")
    return model.view(name)


def looks(shown: ShownQuery, view: View) -> np.ndarray:
    """Places of a shown query in a view, float32 (looks, width). Raises TooLong, BadMolecule."""
    return np.array(hurried.within(view.model, looks_values, view.name, shown.kind, shown.content), np.float32)


def looks_values(folder: str, _name: str, branch: str, kind: Kind, content: str) -> list[list[float]]:
    """The share of a model's process: the places of a query."""
    found: list[list[float]] = embedded(Path(folder), branch, kind, [content])[0].tolist()
    return found


def embedded(folder: Path, branch: str, kind: Kind, contents: list[str]) -> np.ndarray:
    """Places of some shown queries by one branch, float32 (n, looks, width). Imports torch. Raises BadMolecule."""
    import torch

    from mmexplore.features.packing import pack
    from mmexplore.nn.dataloader import collate
    from mmexplore.runtime.registry import MODALITIES

    predictor, modality = loaded(folder), READS[kind]
    own = next(one for one in predictor.recipe.branches if one.name == branch)
    member = MODALITIES[modality](**own.features)
    if kind == "picture":
        each = [member.seen(pictures.from_png(base64.b64decode(content))) for content in contents]
    else:
        each = [[member.placed(conformer_files.molecule(content))] for content in contents]
    records = collate(pack(member.columns, [record for some in each for record in some]), modality)
    with torch.inference_mode():
        found: np.ndarray = predictor.alone(branch, records).float().cpu().numpy()
    return found.reshape(len(contents), -1, found.shape[1])


def hits(
    shown: ShownQuery,
    view: View,
    dataset: Dataset,
    k: int,
    smarts: str = "",
    within: Mapping[str, tuple[float, float]] | None = None,
    *,
    home: Home,
) -> HitList:
    """The ``k`` molecules of a data set most like what was shown, by a view that reads it; ties by row.

    Raises NotAvailable before the model has embedded the data set, BadMolecule, UnknownName for a property.
    """
    return ranked(looks(shown, view), view, dataset, k, smarts, within, home=home)
