"""How long does the smallest positive subgraph of a molecule take beside chemprop v2's notebook, with the same weights?

    python benchmarks/subgraphs.py [--n 20] [--model solubility-dmpnn]

Both others are our own writing of the published search (tree search as in chemprop's notebook: 10 walks, c_puct 10, 8
to 20 atoms), its fragments read from SMILES by chemprop's featuriser and scored by a chemprop ``MPNN`` with the weights
of our D-MPNN. ``notebook`` asks for the neighbours of a fragment as the notebook does: a data set, a loader of batches
of one (from larger ones it drops a single molecule) and a Lightning trainer. ``bare`` calls the model itself, one
molecule at a time and each SMILES once: what is left of the notebook without its trainer. ``ours`` is what the page
does: all fragments by masks (20 walks where they are more than 60,000), the best 50 again from their SMILES. Molecules:
drugs of 15 to 45 heavy atoms that the model calls positive, below the lower quartile of its labels. All take turns,
molecule by molecule; CPU seconds of one process with one thread.
"""

import os
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

os.environ["OMP_NUM_THREADS"] = "1"

import numpy as np
from record import Asked, record

from mmexplore import studio
from mmexplore.chem.fragments import fragment_smiles
from mmexplore.chem.peeling import Skeleton, skeleton
from mmexplore.explore.explain.mcts import walk
from mmexplore.explore.explain.scorer import FragmentModel
from mmexplore.explore.explain.search import LARGEST, RULES, SMALLEST, Rules, Search, Target
from mmexplore.explore.explain.subgraphs import fragment_model

NOTEBOOK_WALKS = 10
Score = Callable[[Sequence[str]], list[float]]


def chemprop_model(model: FragmentModel) -> tuple[Any, Any]:
    """chemprop's model with our weights, which gives z-scores, and its v1 featuriser."""
    import torch
    from chemprop.featurizers import MultiHotAtomFeaturizer, SimpleMoleculeMolGraphFeaturizer
    from chemprop.models import MPNN
    from chemprop.nn import BondMessagePassing, MeanAggregation, RegressionFFN

    ours = model.predictor
    net = MPNN(BondMessagePassing(d_v=133, d_e=14), MeanAggregation(), RegressionFFN(hidden_dim=300)).eval()
    net.message_passing.load_state_dict(ours.branches[0].state_dict())
    linear = [layer for layer in ours.fusion.head if isinstance(layer, torch.nn.Linear)]
    copies = [layer for layer in net.predictor.ffn.modules() if isinstance(layer, torch.nn.Linear)]
    for source, copy in zip(linear, copies, strict=True):
        copy.load_state_dict(source.state_dict())
    return net, SimpleMoleculeMolGraphFeaturizer(atom_featurizer=MultiHotAtomFeaturizer.v1())


def bare(net: Any, featurize: Any) -> Score:
    """One molecule at a time, each SMILES once."""
    import torch
    from chemprop.data import BatchMolGraph
    from rdkit import Chem

    @cache
    def score(smiles: str) -> float:
        with torch.inference_mode():
            return float(net(BatchMolGraph([featurize(Chem.MolFromSmiles(smiles))]))[0, 0])

    return lambda smiles: [score(text) for text in smiles]


def with_trainer(net: Any, featurize: Any) -> Score:
    """A data set, a loader and a Lightning trainer for each call."""
    import logging
    import warnings

    import torch
    from chemprop.data import MoleculeDatapoint, MoleculeDataset, build_dataloader
    from lightning.pytorch import Trainer

    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    warnings.filterwarnings("ignore")

    def score(smiles: Sequence[str]) -> list[float]:
        data = MoleculeDataset([MoleculeDatapoint.from_smi(text) for text in smiles], featurize)
        loader = build_dataloader(data, batch_size=1, num_workers=0, shuffle=False)
        quiet = {"logger": False, "enable_progress_bar": False, "enable_model_summary": False}
        with torch.inference_mode():
            parts = Trainer(accelerator="cpu", devices=1, **quiet).predict(net, loader)
        return torch.concat(parts)[:, 0].tolist()

    return score


def published(molecule: Skeleton, score: Score, model: FragmentModel, goal: Target) -> int:
    """The published search; atoms of the smallest positive fragment, 0 for none."""
    mean, spread = float(model.predictor.label_mean[0]), float(model.predictor.label_std[0])

    def level(masks: Sequence[int]) -> np.ndarray:
        smiles = [fragment_smiles(molecule, mask) for mask in masks]
        read = [text for text in smiles if text]
        known = dict(zip(read, score(read) if read else [], strict=True))
        values = np.array([known.get(text, np.nan) for text in smiles]) * spread + mean
        return np.asarray(np.nan_to_num(goal.level(values)))

    found = walk(molecule, level, walks=NOTEBOOK_WALKS, c_puct=RULES.c_puct, min_atoms=SMALLEST)
    sizes = [mask.bit_count() for mask, value in found.items() if value >= 0.5]
    return min([n for n in sizes if SMALLEST <= n <= LARGEST], default=0)


def ours(molecule: Skeleton, model: FragmentModel, goal: Target) -> tuple[int, bool]:
    """What the page does; atoms of the smallest, and whether there is none smaller."""
    search = Search(molecule, model.scorer(goal.task), goal, Rules(SMALLEST, LARGEST))
    best = search.best(goal)
    return best[0].n_atoms if best else 0, search.exact


def molecules(n: int, model: FragmentModel, goal: Target, seed: int = 0) -> list[str]:
    """Drugs that the model calls positive."""
    smiles = [str(s) for s in studio.dataset("chembl_drugs").smiles if "." not in s]
    drawn = np.random.default_rng(seed).permutation(len(smiles))
    chosen = [smiles[i] for i in drawn if 15 <= skeleton(smiles[i]).n_atoms <= 45][: 8 * n]
    positive = goal.reached(model.of_smiles(chosen)[:, 0])
    return [s for s, good in zip(chosen, positive, strict=True) if good][:n]


def main(n: int, name: str) -> None:
    model = fragment_model(studio.model(name))
    goal, how = studio.target(name, direction="below")
    net, featurize = chemprop_model(model)
    chosen = molecules(n, model, goal)
    z_scores = model.predictor.scale(torch_of(model.of_smiles(chosen))).flatten().tolist()
    worst = max(abs(a - b) for a, b in zip(bare(net, featurize)(chosen), z_scores, strict=True))
    ours(skeleton(chosen[0]), model, goal)  # the first product of a process takes longer
    took: dict[str, list[float]] = {"notebook": [], "bare": [], "ours": []}
    sizes: dict[str, list[int]] = {way: [] for way in took}
    exact = 0
    for smiles in chosen:
        molecule = skeleton(smiles)
        for way, make in (("notebook", with_trainer), ("bare", bare)):
            score, start = make(net, featurize), time.process_time()
            sizes[way].append(published(molecule, score, model, goal))
            took[way].append(time.process_time() - start)
        start = time.process_time()
        size, whole = ours(molecule, model, goal)
        took["ours"].append(time.process_time() - start)
        sizes["ours"].append(size)
        exact += whole
    rows = [_row(way, took, sizes) for way in took]
    rows[-1] |= {"exact": exact, "largest difference of z-scores": worst}
    question = f"How long does a minimum positive subgraph take, {len(chosen)} drugs, {goal.task} below {how}?"
    record("subgraphs", question, f"python benchmarks/subgraphs.py --n {n} --model {name}", rows)


def torch_of(values: np.ndarray) -> Any:
    import torch

    return torch.from_numpy(values)


def _row(way: str, took: dict[str, list[float]], sizes: dict[str, list[int]]) -> dict[str, Any]:
    """Seconds, how many times as long as ours, and whose smallest subgraph is smaller where both found one."""
    median, p90, most = np.percentile(took[way], [50, 90, 100]).tolist()
    pairs = [(a, b) for a, b in zip(sizes[way], sizes["ours"], strict=True) if a and b]
    return {
        "way": way,
        "median s": median,
        "p90 s": p90,
        "most s": most,
        "times ours": median / float(np.median(took["ours"])),
        "median of ratios": float(np.median(np.array(took[way]) / np.array(took["ours"]))),
        "found": sum(1 for size in sizes[way] if size),
        "larger than ours": sum(a > b for a, b in pairs),
        "smaller than ours": sum(a < b for a, b in pairs),
    }


def command_line() -> Asked:
    """What can be asked for."""
    asked = Asked(__doc__)
    asked.option("--n", 20, 1)
    asked.option("--model", "solubility-dmpnn", "solubility-dmpnn")
    return asked


if __name__ == "__main__":
    chosen = command_line().parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ.setdefault("MMEXPLORE_HOME", folder)
        main(chosen.n, chosen.model)
