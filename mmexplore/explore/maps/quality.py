"""Class separation in an embedding: Davies-Bouldin and NMI, each beside permuted labels.

As in Fig. 5 of MMSA. Davies & Bouldin 1979: mean over classes of the worst ratio (s_i + s_j) / d_ij
of mean distances to the centroid and distance of centroids; here the *labels* are the clusters; lower is better. NMI:
mutual information of the labels with k-means clusters (k = number of classes), over the mean of the two entropies;
higher is better. Both are computed in the full space and on the picture, and again for permuted labels: a pretty
picture with nothing behind it scores as its permuted labels do.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mmexplore.datasets import Kind

if TYPE_CHECKING:
    import pandas as pd

MOST = 20_000
MOST_CATEGORIES = 20
Scores = tuple[float | None, ...]
_TERTILES = ("low", "middle", "high")


@dataclass(frozen=True)
class Classes:
    """Classes of molecules: ``codes`` (n,) int64 number ``names``, -1 where missing.

    ``how`` says in words how they were made.
    """

    codes: np.ndarray
    names: tuple[str, ...]
    how: str


@dataclass(frozen=True)
class Quality:
    """Class separation scores.

    Davies-Bouldin (lower is better) and NMI (0 to 1, higher is better), None where ``how`` says why.

    Without a suffix: in the full space; ``_2d``: on the map; ``_permuted``: mean over permuted labels.
    """

    how: str
    dbi: float | None = None
    nmi: float | None = None
    dbi_permuted: float | None = None
    nmi_permuted: float | None = None
    dbi_2d: float | None = None
    nmi_2d: float | None = None
    dbi_2d_permuted: float | None = None
    nmi_2d_permuted: float | None = None


def classes_of(values: np.ndarray, name: str, kind: Kind | str) -> Classes:
    """Classes from a column (n,): labels 0/1 as they are, texts as they are, numbers cut at their tertiles.

    ``kind`` is "classification", "regression" or "category" (of texts, the 20 most frequent).

    >>> classes_of(np.array([1.0, 2.0, 3.0, np.nan]), "logS", "regression").codes.tolist()
    [0, 1, 2, -1]
    """
    import pandas as pd

    if kind == "regression":
        return _tertiles(np.asarray(values, np.float64), name)
    if kind == "classification":
        labels = np.asarray(values, np.float64)
        known = np.unique(labels[np.isfinite(labels)])
        texts = tuple(f"{name} = {value:g}" for value in known)
        return Classes(_codes(labels, known), texts, f"classes are the labels of {name}")
    return _categories(pd.Series(np.asarray(values, dtype=object)), name)


def _categories(values: "pd.Series", name: str) -> Classes:
    import pandas as pd

    texts = values[values.notna()].astype(str).replace("", None).dropna()
    counts = texts.value_counts().sort_index().sort_values(ascending=False, kind="stable")
    kept = sorted(counts.index[:MOST_CATEGORIES])
    codes = pd.Categorical(texts.reindex(values.index), categories=kept).codes.astype(np.int64)
    left_out = f"; the {len(kept)} most frequent of {len(counts)}" if len(counts) > len(kept) else ""
    return Classes(codes, tuple(kept), f"classes are the values of {name}{left_out}")


def _codes(values: np.ndarray, known: np.ndarray) -> np.ndarray:
    codes = np.searchsorted(known, values) if len(known) else np.zeros(len(values), np.int64)
    return np.where(np.isfinite(values), codes, -1).astype(np.int64)


def _tertiles(values: np.ndarray, name: str) -> Classes:
    known = values[np.isfinite(values)]
    if not len(known):
        how = f"no molecule has a value of {name}" if name else "there are no labels"
        return Classes(np.full(len(values), -1), (), how)
    low, high = np.quantile(known, (1 / 3, 2 / 3))
    raw = np.where(np.isfinite(values), (values > low).astype(np.int64) + (values > high), -1)
    used = np.unique(raw[raw >= 0])
    names = tuple(_TERTILES[code] for code in used)
    how = f"classes are {name} cut at its tertiles {low:.4g} and {high:.4g}: {', '.join(names)}"
    return Classes(_codes(np.where(raw >= 0, raw, np.nan), used), names, how)


def quality(
    x: np.ndarray,
    xy: np.ndarray,
    classes: Classes,
    seed: int = 0,
    permutations: int = 20,
    other: Quality | None = None,
) -> Quality:
    """Class separation in ``x`` (n, d) and on ``xy`` (n, 2).

    Above 20,000 molecules on a seeded sample, as ``how`` says.

    The scores in ``x`` are taken from ``other``, another map of the same ``x``, if it was scored in the same way.
    """
    rows = np.flatnonzero((classes.codes >= 0) & _finite(x) & np.isfinite(xy).all(1))
    labeled = len(rows)
    rng = np.random.default_rng(seed)
    if labeled > MOST:
        rows = np.sort(rng.choice(rows, MOST, replace=False))
    codes = np.unique(classes.codes[rows], return_inverse=True)[1]
    groups = int(codes.max()) + 1 if len(codes) else 0
    if not 2 <= groups < len(rows):
        return Quality(f"not computed: {classes.how}, {_few(groups, len(rows))}")
    permuted = [rng.permutation(codes) for _ in range(permutations)]
    sample = f"{len(rows)} molecules" + (f" drawn from {labeled} with seed {seed}" if labeled > len(rows) else "")
    method = f"NMI against k-means, k = {groups}, best of 10 starts; permuted: mean of {permutations}"
    how = f"{classes.how}; {sample}; {method}"
    if other is not None and other.how == how:
        full: Scores = (other.dbi, other.nmi, other.dbi_permuted, other.nmi_permuted)
    else:
        full = _scores(x[rows].astype(np.float32), codes, permuted, seed)
    return Quality(how, *full, *_scores(xy[rows].astype(np.float32), codes, permuted, seed))


def _few(groups: int, rows: int) -> str:
    if groups < 2:
        return f"and two classes are needed where {rows} molecules show {groups}"
    return f"and {rows} molecules in {groups} classes leave nothing to compare"


def _finite(x: np.ndarray) -> np.ndarray:
    """Rows with a molecule behind them: finite numbers, or fingerprints with a bit."""
    return np.asarray(np.isfinite(x.sum(axis=1, dtype=np.float64)) if x.dtype.kind == "f" else x.any(axis=1))


def _scores(x: np.ndarray, codes: np.ndarray, permuted: list[np.ndarray], seed: int) -> Scores:
    if (x == x[0]).all():
        return (None,) * 4  # neither score is defined where all molecules lie at one point
    found = clusters(x, int(codes.max()) + 1, seed)
    scores = [(davies_bouldin(x, c), mutual_information(c, found)) for c in (codes, *permuted)]
    dbi, nmi = scores[0]
    means = np.mean(scores[1:], axis=0) if permuted else (np.nan, np.nan)
    return tuple(float(v) if np.isfinite(v) else None for v in (dbi, nmi, *means))


def clusters(x: np.ndarray, k: int, seed: int = 0) -> np.ndarray:
    """k-means labels (n,) of ``x`` (n, d), best of 10 seeded starts; centres come from at most 20,000 rows.

    Fewer clusters where there are fewer distinct rows; a row that is not finite is in none, -1.
    """
    from sklearn.cluster import KMeans

    finite = np.flatnonzero(_finite(x))
    rows = finite
    if len(rows) > MOST:
        rows = np.sort(np.random.default_rng(seed).choice(rows, MOST, replace=False))
    fitted = KMeans(min(k, len(rows)), n_init=10, random_state=seed).fit(x[rows].astype(np.float32))
    labels = np.full(len(x), -1)
    for start in range(0, len(finite), 65_536):
        part = finite[start : start + 65_536]
        labels[part] = fitted.predict(x[part].astype(np.float32))
    return labels


def davies_bouldin(x: np.ndarray, codes: np.ndarray) -> float:
    """Davies-Bouldin score of classes ``codes`` (n,) in ``x`` (n, d); lower is better."""
    from sklearn.metrics import davies_bouldin_score

    return float(davies_bouldin_score(x, codes))


def mutual_information(a: np.ndarray, b: np.ndarray) -> float:
    """Mutual information of two labelings over the mean of their entropies, 0 to 1."""
    from sklearn.metrics import normalized_mutual_info_score

    return float(normalized_mutual_info_score(a, b))
