"""Clouds of points for the tests of geometry, and the plain loops that they are checked with."""

import math

import numpy as np
import torch
from scipy.spatial.transform import Rotation

from mmexplore.features.store import features
from mmexplore.nn.dataloader import Records, collate
from mmexplore.nn.geometry.atom_pairs import STRAIGHT
from mmexplore.runtime.home import default_home

CUTOFF = 4.0


def clouds(seed: int = 0) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    return [rng.normal(size=(n, 3)) * 1.6 for n in (3, 9, 1, 12, 2)]


def angle(one: np.ndarray, other: np.ndarray) -> float:
    return math.atan2(np.linalg.norm(np.cross(one, other)), one @ other)


def dihedral(before: np.ndarray, axis: np.ndarray, after: np.ndarray) -> tuple[float, float]:
    """From one half plane to the other about the axis, and how much of it counts where it is hardly one."""
    one, other = np.cross(axis, before), np.cross(axis, after)
    found = math.atan2(np.cross(one, other) @ axis / np.linalg.norm(axis), one @ other)
    sines = [math.sin(angle(axis, x)) for x in (before, after)]
    return found, math.prod(s / math.hypot(s, STRAIGHT) for s in sines)


def looped(x: np.ndarray, cutoff: float) -> dict[tuple[int, int], np.ndarray]:
    """Distance, cos theta, sin theta cos phi, sin theta sin phi, cos tau of each pair, by loops."""
    near = {i: sorted((np.linalg.norm(x[j] - x[i]), j) for j in range(len(x)) if j != i) for i in range(len(x))}
    near = {i: [j for d, j in of_i if d < cutoff] for i, of_i in near.items()}
    found = {}
    for i, j in [(a, b) for a, of_a in near.items() for b in of_a]:
        edge, n0, n1 = x[j] - x[i], near[i][0], (near[i] + [None, None])[1]
        theta, cos_phi, sin_phi = angle(-edge, x[n0] - x[i]), 0.0, 0.0
        if n1 is not None and j not in (n0, n1):
            phi, _ = dihedral(x[n0] - x[i], edge, x[n1] - x[i])
            sine = math.sin(angle(edge, x[n1] - x[i]))
            counts = sine / math.hypot(sine, STRAIGHT)
            cos_phi, sin_phi = counts * math.cos(phi), counts * math.sin(phi)
        mine, yours = ([k for k in near[a][:2] if k != b] for a, b in ((i, j), (j, i)))
        cos_tau = 0.0
        if mine and yours:
            tau, counts = dihedral(x[mine[0]] - x[i], edge, x[yours[0]] - x[j])
            cos_tau = counts * math.cos(tau)
        sin = math.sin(theta)
        found[i, j] = np.array([np.linalg.norm(edge), math.cos(theta), sin * cos_phi, sin * sin_phi, cos_tau])
    return found


def records_of(smiles: list[str], **options: object) -> Records:
    return collate(features("graph3d", smiles, options, home=default_home()).take(np.arange(len(smiles))), "graph3d")


def placed(shapes: list[np.ndarray]) -> Records:
    """Records, already picked, of atoms at these places."""
    counts = torch.tensor([len(shape) for shape in shapes])
    owner = torch.arange(len(shapes)).repeat_interleave(counts)
    positions = torch.from_numpy(np.concatenate(shapes)).float().view(-1, 3)
    columns = {"atoms": torch.full((len(owner),), 6, dtype=torch.uint8), "positions": positions}
    columns["made"] = torch.zeros(len(shapes), dtype=torch.uint8)
    return Records(len(shapes), columns, {"atoms": counts}, {"atoms": owner})


def moved(records: Records, seed: int) -> Records:
    """Each molecule turned and shifted by its own rotation and step."""
    rng = np.random.default_rng(seed)
    turns = torch.from_numpy(Rotation.random(records.n, rng=rng).as_matrix())[records.owner["atoms"]]
    steps = torch.from_numpy(rng.normal(size=(records.n, 3)))[records.owner["atoms"]]
    positions = (turns @ records.columns["positions"].double()[:, :, None])[..., 0] + steps
    columns = records.columns | {"positions": positions.to(records.columns["positions"].dtype)}
    return Records(records.n, columns, records.counts, records.owner)
