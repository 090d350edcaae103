"""Fragment scorer: a loaded model on thousands of them, sliced out of one packed graph or read from their SMILES.

A fragment within its molecule is the rows of the molecule's record that a mask keeps, so that a batch of fragments is a
few gathers and never a loop over atoms: its atoms keep the degree, hydrogens and aromaticity that they have in the
whole. That works for models whose every branch reads ``graph2d``; pictures, conformers and texts have no atoms to drop.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from mmexplore.chem.peeling import Skeleton
from mmexplore.datasets import Task
from mmexplore.explore.explain.search import Scorer
from mmexplore.explore.neighbors.query import loaded
from mmexplore.features.featurize import featurize
from mmexplore.features.packing import Packed
from mmexplore.nn.dataloader import Batch, collate
from mmexplore.nn.graphs.features import GATE
from mmexplore.runtime import devices
from mmexplore.runtime.cache import cached
from mmexplore.runtime.errors import BadRecipe, UnknownName
from mmexplore.runtime.registry import MODALITIES

if TYPE_CHECKING:
    from torch import Tensor

ATOMS_AT_ONCE = 2048
"""Atoms of a batch: its messages stay in a CPU's cache."""
_SMILES_AT_ONCE = 256
_GRAPH = "graph2d"


class FragmentModel:
    """Fragment scorer of a model that predicts. Raises BadRecipe for one that predicts nothing."""

    def __init__(self, folder: Path) -> None:
        import torch

        self._torch = torch
        self.predictor = loaded(folder)
        if not self.predictor.tasks:
            raise BadRecipe(f"{folder.name!r} was trained without labels: it predicts nothing that could be explained")
        self.policy = devices.policy()
        self.predictor.to(self.policy.device)
        self.modalities = self.predictor.recipe.modalities

    @property
    def tasks(self) -> tuple[Task, ...]:
        """Predicted tasks."""
        return self.predictor.tasks

    @property
    def reads_masks(self) -> bool:
        """Whether atoms can be left out of what it reads."""
        return set(self.modalities) == {_GRAPH}

    def scorer(self, task: str, branch: str = "") -> Scorer:
        """Scorer of one task; of a late fusion's ``branch``, what that adds (w p, before the sum). UnknownName."""
        names = [known.name for known in self.tasks]
        if task not in names:
            raise UnknownName("task of this model", task, names)
        if branch and branch not in (there := self.predictor.recipe.summands):
            raise UnknownName("branch of a late fusion", branch, there)
        column = names.index(task)
        by_mask = (lambda of, masks: self.of_masks(of, masks, branch)[:, column]) if self.reads_masks else None
        return Scorer(lambda smiles: self.of_smiles(smiles, branch)[:, column], by_mask)

    def of_masks(self, molecule: Skeleton, masks: Sequence[int], branch: str = "") -> np.ndarray:
        """Probabilities or values in original units ``(n, tasks)`` of sets of a molecule's atoms."""
        record = _record(molecule.smiles, tuple(sorted(self.modalities[_GRAPH].items())))
        kept = bits(masks, molecule.n_atoms)
        values = np.empty((len(kept), len(self.tasks)))
        for rows in _by_size(kept):
            values[rows] = self._predicted({_GRAPH: sliced(record, kept[rows])}, len(rows), branch)
        return values

    def of_smiles(self, smiles: Sequence[str], branch: str = "") -> np.ndarray:
        """The same of fragments as molecules of their own; NaN for what a modality cannot describe."""
        values = np.full((len(smiles), len(self.tasks)), np.nan)
        for start in range(0, len(smiles), _SMILES_AT_ONCE):
            part = smiles[start : start + _SMILES_AT_ONCE]
            chunks = {name: featurize(MODALITIES[name](**options), part) for name, options in self.modalities.items()}
            good = np.flatnonzero(np.logical_and.reduce([chunk.ok for chunk in chunks.values()]))
            if len(good):
                packed = {name: chunk.take(MODALITIES[name].columns, good).packed for name, chunk in chunks.items()}
                values[start + good] = self._predicted(packed, len(good), branch)
        return values

    def integrated_gradients(self, smiles: str, task: str, steps: int = 32) -> np.ndarray | None:
        """Integrated gradients (atoms,) of an output, a logit or a z-score, from atoms without features.

        Sundararajan, Taly and Yan 2017, arXiv:1703.01365, summed over an atom's features: along the straight way the
        features of all atoms are multiplied by one factor, by which the output is derived at ``steps`` midpoints. What
        else a model reads stays as it is. They add up to the output less that without atom features. None for a model
        that reads no ``graph2d``, or cannot describe the molecule. ``smiles`` is canonical, and numbers the atoms.
        """
        if _GRAPH not in self.modalities:
            return None
        torch, same = self._torch, np.zeros(steps, np.int64)
        chunks = {name: featurize(MODALITIES[name](**options), [smiles]) for name, options in self.modalities.items()}
        if not all(chunk.ok.all() for chunk in chunks.values()):
            return None
        packed = {name: chunk.take(MODALITIES[name].columns, same).packed for name, chunk in chunks.items()}
        records = {name: collate(one, name) for name, one in packed.items()}
        atoms = len(records[_GRAPH].columns["atoms"]) // steps
        factors = torch.repeat_interleave((torch.arange(steps) + 0.5) / steps, atoms)
        gate = factors.to(self.policy.device).requires_grad_()
        records[_GRAPH].columns[GATE] = gate
        column = [known.name for known in self.tasks].index(task)
        batch = Batch(records, torch.empty(steps, 0), torch.arange(steps))
        with devices.exactly(self.policy), torch.enable_grad():
            outputs = self.predictor(batch).outputs[:, column]
            (slopes,) = torch.autograd.grad(outputs.float().sum(), gate)
        shares: np.ndarray = slopes.reshape(steps, atoms).mean(0).cpu().double().numpy()
        return shares

    def _predicted(self, packed: dict[str, Packed], n: int, branch: str) -> np.ndarray:
        torch = self._torch
        records = {name: collate(one, name) for name, one in packed.items()}
        batch = Batch(records, torch.empty(n, 0), torch.arange(n))
        with devices.exactly(self.policy), torch.inference_mode():
            made = self.predictor.predict(batch) if not branch else self._added(batch, branch)
        values: np.ndarray = made.cpu().double().numpy()
        return values

    def _added(self, batch: Batch, branch: str) -> "Tensor":
        parts, number = self.predictor(batch).parts, self.predictor.recipe.summands.index(branch)
        added: Tensor = parts["w"][:, number, None] * parts["p"][:, number]
        return added


def bits(masks: Sequence[int], n_atoms: int) -> np.ndarray:
    """Bit masks as bool ``(n, atoms)``.

    >>> bits([5, 2], 3).astype(int).tolist()
    [[1, 0, 1], [0, 1, 0]]
    """
    size = -(-n_atoms // 8)
    packed = np.frombuffer(b"".join(mask.to_bytes(size, "little") for mask in masks), np.uint8).reshape(-1, size)
    return np.unpackbits(packed, axis=1, count=n_atoms, bitorder="little").astype(bool)


def sliced(record: Packed, kept: np.ndarray) -> Packed:
    """Packed subgraphs of one molecule's ``graph2d`` record, end to end, a row of ``kept`` ``(n, atoms)`` each."""
    ends = record.columns["ends"]
    fragment, atoms = np.nonzero(kept)
    owner, bonds = np.nonzero(kept[:, ends[:, 0]] & kept[:, ends[:, 1]])
    numbered = kept.cumsum(1) - 1  # an atom's number within its fragment
    columns = {name: record.columns[name][atoms] for name in ("atoms", "mass")}
    columns["bonds"] = record.columns["bonds"][bonds]
    columns["ends"] = numbered[owner[:, None], ends[bonds]].astype(ends.dtype)
    counts = {"atoms": fragment, "bonds": owner}
    return Packed(len(kept), columns, {axis: np.bincount(rows, minlength=len(kept)) for axis, rows in counts.items()})


def _by_size(kept: np.ndarray) -> Iterator[np.ndarray]:
    """Rows by size, cut into batches of about as many atoms."""
    sizes = kept.sum(1)
    order = np.argsort(sizes, kind="stable")
    cuts = np.flatnonzero(np.diff(np.cumsum(sizes[order]) // ATOMS_AT_ONCE)) + 1
    yield from (part for part in np.split(order, cuts) if len(part))


@cached(64)
def _record(smiles: str, options: tuple[tuple[str, object], ...]) -> Packed:
    return featurize(MODALITIES[_GRAPH](**dict(options)), [smiles]).packed
