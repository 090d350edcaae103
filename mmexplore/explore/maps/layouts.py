"""Layout methods: PCA, UMAP and t-SNE of a finite matrix, from our own exact neighbours and a PCA start; no torch.

PCA is scikit-learn's. UMAP (McInnes, Healy & Melville, arXiv:1802.03426) is umap-learn's graph and optimiser; t-SNE
(van der Maaten & Hinton 2008) openTSNE's, with its early exaggeration and learning rate n/12. Both start from PCA,
which keeps the global order and makes the picture depend on the seed only a little. umap-learn compiles for tens of
seconds at the first call of a process; :func:`warm` does that ahead, and the parts that it does not cache on disk
itself are cached as well.
"""

import io
import re
from functools import cache
from typing import Any

import numpy as np

from mmexplore.explore.neighbors.knn import neighbours
from mmexplore.runtime.progress import Progress, silent

FEWEST = 5


def pca(x: np.ndarray) -> np.ndarray:
    """The first two principal components of ``x`` (n, d), (n, 2) float32; missing ones are zero.

    scikit-learn's: the largest loading of each component is positive, so that the sign does not flip. Of no fewer rows
    than columns it decomposes the covariance, which costs one pass.
    """
    from sklearn.decomposition import PCA

    centered = x - x.mean(axis=0, dtype=np.float64).astype(x.dtype)  # else float32 covariances cancel
    size = max(float(centered.max()), -float(centered.min()))
    if not size > 0:
        return np.zeros((len(x), 2), np.float32)
    centered /= size
    found = PCA(min(2, *x.shape), svd_solver="covariance_eigh" if len(x) >= x.shape[1] else "full")
    xy = found.fit_transform(centered) * size
    xy[:, found.singular_values_ <= 1e-6 * found.singular_values_[0]] = 0
    return np.pad(xy, ((0, 0), (0, 2 - xy.shape[1]))).astype(np.float32)


def _standard(x: np.ndarray) -> np.ndarray:
    """Centred, rows of mean square length 1: neither method sees that, and float32 distances are exact there."""
    centered: np.ndarray = x - x.mean(axis=0, dtype=np.float64).astype(np.float32)
    centered /= max(float(centered.max()), -float(centered.min()), 1e-37)
    centered /= max(float(np.linalg.norm(centered)) / np.sqrt(len(x)), 1e-37)
    return centered


def _start(x: np.ndarray, seed: int, spread: float, noise: float) -> np.ndarray:
    """PCA with its first axis scaled to ``spread`` and a little seeded noise that parts identical molecules."""
    xy = pca(x).astype(np.float64)
    xy *= spread / max(float(np.abs(xy).max()), 1e-300)
    return xy + np.random.default_rng(seed).normal(scale=noise * spread, size=xy.shape)


@cache
def _umap() -> Any:
    """umap-learn's functions, with the compiled code kept on disk also where umap-learn does not ask for that."""
    from umap import layouts, umap_

    slow = (
        (layouts, "_nb_optimize_layout_euclidean_single_epoch"),
        (umap_, "smooth_knn_dist"),
        (umap_, "compute_membership_strengths"),
    )
    for module, name in slow:
        compiled: Any = getattr(module, name, None)
        if hasattr(compiled, "enable_caching") and not compiled.signatures:
            try:
                compiled.enable_caching()
            except RuntimeError:  # no folder of numba's can be written: compile each time
                break
    return umap_


def umap(x: np.ndarray, seed: int, k: int, min_distance: float = 0.1, progress: Progress = silent) -> np.ndarray:
    """UMAP of ``x`` (n >= 5, d) with ``k`` neighbours (a molecule counts as its own first), (n, 2) float32."""
    x, k = _standard(x), min(k, len(x))
    found = neighbours(x, k - 1, progress)
    progress("umap", 0, 1)
    lib = _umap()
    own = np.arange(len(x), dtype=np.int32)[:, None]
    indices = np.hstack([own, found.indices])
    distances = np.hstack([np.zeros((len(x), 1), np.float32), found.distances])
    graph = lib.fuzzy_simplicial_set(x, k, None, "euclidean", knn_indices=indices, knn_dists=distances)[0]
    a, b = lib.find_ab_params(1.0, min_distance)
    kept: np.ndarray = lib.simplicial_set_embedding(
        data=x, graph=graph, n_components=2, initial_alpha=1.0, a=a, b=b, gamma=1.0, negative_sample_rate=5,
        n_epochs=epochs(len(x)), init=_start(x, seed, 10.0, 1e-5).astype(np.float32),
        random_state=np.random.RandomState(seed), metric="euclidean", metric_kwds={}, densmap=False, densmap_kwds={},
        output_dens=False, parallel=False, verbose=False, tqdm_kwds=_tqdm(progress),
    )[0]  # fmt: skip
    return kept.astype(np.float32, copy=False)


def epochs(n: int) -> int:
    """Number of UMAP epochs, as umap-learn chooses it, for ``n`` molecules."""
    return 500 if n <= 10_000 else 200


class _Listener(io.TextIOBase):
    """The file that tqdm writes ``done/total`` to; hands it on, so that a job is followed and can be cancelled."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress

    def write(self, text: str) -> int:
        found = re.search(r"(\d+)/(\d+)", text)
        if found:
            self._progress("umap", int(found[1]), int(found[2]))
        return len(text)


def _tqdm(progress: Progress) -> dict[str, Any]:
    if progress is silent:
        return {"disable": True}
    return {"disable": False, "file": _Listener(progress), "bar_format": "{n_fmt}/{total_fmt}", "mininterval": 0.5}


def tsne(x: np.ndarray, seed: int, perplexity: float, progress: Progress = silent) -> np.ndarray:
    """t-SNE of ``x`` (n >= 5, d), (n, 2) float32; the perplexity is lowered to (n - 1) / 3 where there are few."""
    import openTSNE
    from openTSNE.affinity import PerplexityBasedNN
    from openTSNE.nearest_neighbors import PrecomputedNeighbors

    x, perplexity = _standard(x), min(perplexity, (len(x) - 1) / 3)
    found = neighbours(x, min(len(x) - 1, int(3 * perplexity)), progress)
    index = PrecomputedNeighbors(found.indices.astype(np.int64), found.distances.astype(np.float64))
    affinities = PerplexityBasedNN(perplexity=perplexity, knn_index=index, n_jobs=1, random_state=seed)
    done = 0

    def listen(_: int, __: float, ___: np.ndarray) -> None:
        nonlocal done
        done += 25
        progress("tsne", done, 750)

    exaggeration = 12 if len(x) >= 100 else 1  # it makes a few points collapse into one
    state = openTSNE.TSNEEmbedding(
        _start(x, seed, 1e-4, 1e-3), affinities, n_jobs=1, random_state=seed, callbacks=listen, callbacks_every_iters=25
    )
    state.optimize(n_iter=250, exaggeration=exaggeration, momentum=0.5, inplace=True)
    state.optimize(n_iter=500, momentum=0.8, inplace=True)
    return np.asarray(state, np.float32)


def warm() -> None:
    """Import and compile what UMAP needs, by a small map through the same code; for a background process."""
    umap(np.random.default_rng(0).normal(size=(64, 8)).astype(np.float32), 0, 15)
