"""Molecules: their cards, tables, details, shapes and hyperedge neighbors."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from mmexplore.chem import differing as differences
from mmexplore.chem import molecules as chemistry
from mmexplore.chem.standardize import scaffolds
from mmexplore.datasets import Dataset, tables
from mmexplore.explore import molecules
from mmexplore.explore.explain import viewer_script
from mmexplore.explore.molecules import MoleculeCard
from mmexplore.explore.neighbors import detail as details
from mmexplore.explore.neighbors import hyperedges
from mmexplore.explore.neighbors.detail import Detail
from mmexplore.explore.neighbors.hyperedges import HyperedgeNeighbors
from mmexplore.explore.neighbors.spaces import MoleculeRef
from mmexplore.models import predictions as known
from mmexplore.runtime.cache import cached
from mmexplore.runtime.deadline import each, within
from mmexplore.runtime.errors import BadTable
from mmexplore.runtime.home import write_atomically
from mmexplore.studio.door import dataset, home, model, training_data

if TYPE_CHECKING:
    import pandas as pd

    from mmexplore.explore.explain.shape3d import Shape


def depict(
    smiles: str,
    width: int = 250,
    height: int = 200,
    highlight: Iterable[int] = (),
    dark: bool = False,
    smarts: str = "",
    faint: bool = False,
) -> str:
    """Drawing of a molecule as SVG, with atoms of these numbers, or of the first match of a SMARTS, highlighted.

    ``faint``: the others are pale.

    Raises BadMolecule, and TooLong at the deadline.
    """
    return within(chemistry.depict, smiles, width, height, [int(i) for i in highlight], dark, smarts, faint)


def differing(one: str, other: str) -> tuple[list[int], list[int], bool]:
    """Differing atoms of two molecules (:func:`mmexplore.chem.differing.differing`). Raises BadMolecule, TooLong."""
    here, there, whole = within(differences.differing, one, other)
    return here, there, whole


def predictions(model_name: str, data: str) -> "pd.DataFrame | None":
    """Known predictions of a model on a data set: columns ``split`` and one a task; None if nothing yet.

    Rows are in the data set's order. Classification: probabilities; regression: the label's unit.
    """
    return known.predictions(model(model_name), dataset(data), home=home())


def molecule_card(data: str, row: int, model_name: str = "") -> MoleculeCard:
    """Molecule card of a row, with labels and, where known, predictions. Raises BadRecipe beyond the last row."""
    chosen = model(model_name) if model_name else None
    return molecules.molecule_card(dataset(data), row, chosen, home=home())


def table_of(data: str, rows: Sequence[int] | np.ndarray, model_name: str = "") -> "pd.DataFrame":
    """Molecule table of rows of a data set: name, SMILES, labels, predictions, other columns."""
    chosen = model(model_name) if model_name else None
    return molecules.table_of(dataset(data), rows, chosen, home=home())


def sdf_of(data: str, rows: Sequence[int] | np.ndarray, model_name: str = "") -> str:
    """SDF text of rows, with the table's columns as properties."""
    return to_sdf(table_of(data, rows, model_name))


def to_sdf(table: "pd.DataFrame") -> str:
    """SDF text of a table of molecules (:func:`mmexplore.chem.molecules.to_sdf`).

    What cannot be laid out before the deadline has its atoms at 0 and no stereo marks. Raises BadMolecule, and TooLong
    where many cannot.
    """
    return chemistry.to_sdf(table, _mol_blocks)


def _mol_blocks(smiles: Sequence[str]) -> list[tuple[str, str]]:
    found = each(chemistry.mol_blocks, smiles)
    return [within(chemistry.mol_blocks, [s], False)[0] if f is None else f for s, f in zip(smiles, found, strict=True)]


def common_scaffold(data: str, rows: Sequence[int] | np.ndarray, most: int = 500) -> tuple[str, int]:
    """The most frequent scaffold among (at most ``most`` of) the rows, and how many share it; ("", 0) if acyclic.

    A molecule whose scaffold is not found before the deadline has none. Raises TooLong where many are such.
    """
    return _common_scaffold(dataset(data), tuple(map(int, rows[:most])))


@cached(256)
def _common_scaffold(table: Dataset, rows: tuple[int, ...]) -> tuple[str, int]:
    found = each(scaffolds, [str(smiles) for smiles in table.smiles[list(rows)]], workers=0)
    return max(Counter(filter(None, found)).items(), key=lambda known: known[1], default=("", 0))


def detail(query: MoleculeRef, model_name: str, view: str) -> Detail:
    """Molecule detail under a model. One that is in no data set is run through it now, before the deadline."""
    chosen = model(model_name).view(view)
    source = dataset(query.data) if query.row >= 0 else None
    return details.detail(query, chosen, source, training_data(chosen.model), home=home())


@cached(128)
def shape(smiles: str) -> "Shape":
    """One conformer, kept between calls. Raises BadMolecule, and TooLong at the deadline."""
    from mmexplore.explore.explain import shape3d

    return shape3d.of_values(within(shape3d.values, smiles))


def fetch_viewer() -> Path:
    """3Dmol.js on this machine, fetched if it is not here. Raises NotAvailable."""
    return viewer_script.fetch(home=home())


def viewer_path() -> Path:
    """Path of 3Dmol.js once it was fetched."""
    return viewer_script.path(home=home())


def has_hyperedges(model_name: str) -> bool:
    """Whether the model has hyperedges and a memory to show."""
    return hyperedges.has_hyperedges(model(model_name))


def hyperedge_neighbors(model_name: str, data: str, row: int) -> HyperedgeNeighbors | None:
    """A molecule's hyperedge and memory anchors among a data set; None before the model has embedded it."""
    return hyperedges.hyperedge_neighbors(model(model_name), dataset(data), row, home=home())


def check_file(path: Path) -> None:
    """Whether :func:`write_table` could write there. Raises BadTable."""
    if path.suffix.lower() != ".sdf":
        tables.check(path)
    elif not path.parent.is_dir():
        raise BadTable(f"there is no folder {str(path.parent)!r} to write {path.name!r} to")


def write_table(path: Path, table: "pd.DataFrame", sdf: Callable[[], str] | None = None) -> Path:
    """Write a table of molecules as CSV, TSV, Parquet, Excel or SDF, by the ending of its name. Raises BadTable."""
    check_file(path)
    if path.suffix.lower() != ".sdf":
        return tables.write(path, table)
    write_atomically(path, sdf() if sdf else to_sdf(table), sealed=False)
    return path
