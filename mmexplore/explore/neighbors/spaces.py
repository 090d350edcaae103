"""Search spaces: a data set as a view of a model, or ECFP, sees it; and where a molecule lies in it.

A space is there once its model has embedded the data set, which a job does.
"""

from dataclasses import dataclass

import numpy as np

from mmexplore.chem.fingerprints import Tanimoto
from mmexplore.datasets import Dataset, search
from mmexplore.explore.maps import project
from mmexplore.explore.neighbors import query
from mmexplore.explore.neighbors.knn import Neighbors, interpolate
from mmexplore.explore.neighbors.search import Cosine, Space, top
from mmexplore.features.pool import Pool, content_keys
from mmexplore.features.store import features
from mmexplore.models.embeddings import Embedded
from mmexplore.models.ensembles import Ensemble, stored
from mmexplore.models.imported import Imported, no_encoder
from mmexplore.models.registry import Model, View
from mmexplore.models.skipped import without
from mmexplore.runtime.cache import cached
from mmexplore.runtime.errors import BadMolecule, NotAvailable
from mmexplore.runtime.home import Home

INLINE_ROWS = 20_000
"""Fingerprints of so many molecules are made while a page waits."""


@dataclass(frozen=True)
class MoleculeRef:
    """Molecule reference: canonical ``smiles``, its name, and its ``row`` in ``data``, -1 where it is in none."""

    smiles: str
    name: str = ""
    data: str = ""
    row: int = -1


def query_of(dataset: Dataset, text: str) -> MoleculeRef:
    """Query molecule of a typed text (:func:`mmexplore.datasets.search.read`). Raises BadMolecule."""
    row, smiles = search.one_of(dataset, search.read(dataset, text))
    return query_of_row(dataset, row) if row >= 0 else MoleculeRef(smiles)


def query_of_row(dataset: Dataset, row: int) -> MoleculeRef:
    """Query molecule by its row in a data set."""
    return MoleculeRef(str(dataset.smiles[row]), str(dataset.names[row]), dataset.name, row)


def row_of(dataset: Dataset, asked: MoleculeRef) -> int:
    """The row of a molecule in a data set, the first one where its structure stands in several; -1 for none."""
    if asked.data == dataset.name and asked.row >= 0:
        return asked.row
    rows = np.flatnonzero(dataset.smiles == asked.smiles)
    return int(rows[0]) if len(rows) else -1


def is_ready(model: Model, dataset: Dataset, *, home: Home) -> bool:
    """Whether the spaces of a model are there; ECFP's are made while a page waits unless there are many molecules.

    No work could make those of imported vectors that are of another data set: :func:`space` says so.
    """
    if isinstance(model, Imported):
        return True
    if model.card:
        return stored(model, dataset, home=home) is not None
    if len(dataset) <= INLINE_ROWS:
        return True
    try:
        return _has_fingerprints(dataset, home=home)
    except NotAvailable:
        return False


@cached(16)
def _has_fingerprints(dataset: Dataset, *, home: Home) -> bool:
    """True once the feature store has them all, and then it is not asked again. Raises NotAvailable before."""
    pool = Pool("fingerprint", {}, home=home)
    if (pool.find(pool.head(), content_keys(dataset.smiles.tolist())) < 0).any():
        raise NotAvailable(f"the fingerprints of {dataset.name} are not made yet")
    return True


def space(view: View, dataset: Dataset, *, home: Home) -> Space:
    """Search space: the molecules of a data set as a view sees them.

    Raises NotAvailable before the model has embedded them.
    """
    if view.model.card is None and not isinstance(view.model, Imported):
        return _fingerprints(dataset, home=home)
    return _cosine(_embedded(view.model, dataset, home=home), view.name)


def _embedded(model: Model, dataset: Dataset, *, home: Home) -> Embedded:
    found = stored(model, dataset, home=home)
    if found is None:
        raise NotAvailable(f"{model.name} has not embedded {dataset.name} yet")
    return found


@cached(12)
def _cosine(found: Embedded, view: str) -> Cosine:
    return Cosine(np.asarray(found.view(view)))


@cached(3)
def _fingerprints(dataset: Dataset, *, home: Home) -> Tanimoto:
    made = features("fingerprint", dataset.smiles, home=home)
    good = np.flatnonzero(made.ok)
    bits = np.zeros((len(made), 256), np.uint8)
    bits[good] = made.take(good).columns["bits"]
    return Tanimoto(bits, made.ok)


def record_of(
    asked: MoleculeRef, view: View, dataset: Dataset, source: Dataset | None = None, *, home: Home
) -> np.ndarray:
    """Query record: the molecule as a view sees it, ready to be compared with those of ``dataset``, (1, width).

    A molecule of the data set has its record there, one of ``source`` in that set's embedding where there is one; any
    other is featurized and run through the model now. Raises NotAvailable like :func:`space`, BadMolecule for one that
    the view does not hold, with the reason.
    """
    there = space(view, dataset, home=home)
    if (row := row_of(dataset, asked)) >= 0:
        if not there.usable[row]:
            (left,) = without(view.model, dataset, np.array([row]), home=home)
            raise BadMolecule(
                f"row {row} of {dataset.name} (line {left.line}) is not in view {view.name}: {left.reason}"
            )
        return there.take(np.array([row]))
    if isinstance(view.model, Imported):
        raise BadMolecule(no_encoder(view.model))
    if view.model.card is None:
        bits = features("fingerprint", [asked.smiles], home=home, typed=True).take(np.array([0])).columns["bits"]
        return Tanimoto(bits).words.T
    return _through_model(asked, view, dataset, source, home=home)


def place_on(
    asked: MoleculeRef, view: View, dataset: Dataset, xy: np.ndarray, k: int = 5, *, home: Home
) -> tuple[float, float] | None:
    """Position of a molecule on a map ``xy`` (n, 2) of a data set: among its ``k`` nearest ones, None for nowhere.

    For a view as :func:`mmexplore.explore.maps.project.place` does it; for fingerprints the neighbors and distances
    are Tanimoto's. Raises NotAvailable like :func:`space`, BadMolecule.
    """
    there, record = space(view, dataset, home=home), record_of(asked, view, dataset, home=home)
    if isinstance(there, Cosine):
        placed = project.place(record, there.x, xy, k)[0]
    else:
        near = top(there, record, k, np.isfinite(xy).all(1))
        distances = (1 - near.similarity).astype(np.float32)
        placed = interpolate(Neighbors(near.rows.astype(np.int32), distances), xy)[0]
    return (float(placed[0]), float(placed[1])) if np.isfinite(placed).all() else None


@cached(64)
def through_model(model: Model, smiles: str, *, home: Home) -> query.Few:
    """Views and predictions of one molecule that is in no data set. Raises BadMolecule, and TooLong at the deadline."""
    if isinstance(model, Ensemble):
        return query.joined([through_model(member, smiles, home=home) for member in model.members])
    return query.embed_in_time(model, [smiles], home=home)


def _through_model(
    asked: MoleculeRef, view: View, dataset: Dataset, source: Dataset | None, *, home: Home
) -> np.ndarray:
    model = view.model
    assert model.recipe is not None
    joined = view.name in model.recipe.set_views
    if source is not None and asked.row >= 0 and not joined:
        known = stored(model, source, home=home)
        if known is not None:
            record = np.asarray(known.view(view.name)[asked.row : asked.row + 1])
            if np.isfinite(record).all():
                return record
    few = through_model(model, asked.smiles, home=home)
    if model.recipe.apart and not np.isfinite(few.views[view.name]).all():
        raise BadMolecule(f"view {view.name} is made of what was measured, and a structure alone came")
    if not joined:
        return few.views[view.name]
    return query.among(model.folder, few, _embedded(model, dataset, home=home), view.name)
