"""Class separation in an embedding: Davies-Bouldin and NMI, each beside permuted labels.

As in Fig. 5 of MMSA. Davies & Bouldin 1979: mean over classes of the worst ratio (s_i + s_j) / d_ij
of mean distances to the centroid and distance of centroids; here the *labels* are the clusters; lower is better. NMI:
mutual information of the labels with k-means clusters (k = number of classes), over the mean of the two entropies;
higher is better. Both are computed in the full space and on the picture, and again for permuted labels: a pretty
picture with nothing behind it scores as its permuted labels do. A model has seen the labels of its training part, so
that these lie well apart there; what tells something of other molecules is the test part of its recorded split.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from mmexplore.datasets import Kind

if TYPE_CHECKING:
    import pandas as pd

MOST = 20_000
FEW = 30
"""Of fewer labelled molecules the scores say that they are few."""
MOST_CATEGORIES = 20
Scores = tuple[float | int | None, ...]
VERSION = 2  # 1 had means in place of medians, and no parts
PARTS = ("test", "train")
_FULL = ("dbi", "nmi", "dbi_permuted", "nmi_permuted", "dbi_beaten", "nmi_beaten")
_FLAT = ("dbi_2d", "nmi_2d", "dbi_2d_permuted", "nmi_2d_permuted", "dbi_2d_beaten", "nmi_2d_beaten")
_NOT = "not computed: "
_TERTILES = ("low", "middle", "high")


@dataclass(frozen=True)
class Classes:
    """Classes of molecules: ``codes`` (n,) int64 number ``names``, -1 where missing.

    ``how`` says in words how they were made.
    """

    codes: np.ndarray
    names: tuple[str, ...]
    how: str

    @cached_property
    def digest(self) -> str:
        """Digest of who is in which class, and how they were made."""
        return hashlib.sha256(f"{self.how} {self.names}".encode() + self.codes.tobytes()).hexdigest()


@dataclass(frozen=True)
class Quality:
    """Class separation scores.

    Davies-Bouldin (lower is better) and NMI (0 to 1, higher is better), None where ``how`` says why.

    Without a suffix: in the full space; ``_2d``: on the map; ``_permuted``: median over ``shuffles`` permutations of
    the labels; ``_beaten``: how many of these score worse. ``test`` and ``train`` are the same scores over these parts
    of the model's split alone; where there is none, ``no_test`` says why. ``version`` is that of the scoring.
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
    dbi_beaten: int | None = None
    nmi_beaten: int | None = None
    dbi_2d_beaten: int | None = None
    nmi_2d_beaten: int | None = None
    shuffles: int = 0
    test: "Quality | None" = None
    train: "Quality | None" = None
    no_test: str = ""
    version: int = 1

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> "Quality":
        """Class separation scores from what ``asdict`` made of them, or an earlier version of the project."""
        parts = {part: cls.of(values[part]) for part in PARTS if values.get(part)}
        return cls(**dict(values) | parts)

    def is_of(self, classes: "Classes") -> bool:
        """Whether these classes were scored, by the present rules."""
        how = self.how.removeprefix(_NOT)
        return self.version == VERSION and how.startswith((f"{classes.how}; ", f"{classes.how}, "))


@dataclass(frozen=True)
class RecordedSplit:
    """Recorded split of a model on a data set: ``parts`` (n,) texts, None where there is none, and ``why``."""

    parts: np.ndarray | None = None
    why: str = "no model was named whose split it could be"

    @cached_property
    def digest(self) -> str:
        """Digest of the parts, or why there are none."""
        return self.why if self.parts is None else hashlib.sha256("\n".join(map(str, self.parts)).encode()).hexdigest()


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
    split: RecordedSplit | None = None,
) -> Quality:
    """Class separation in ``x`` (n, d) and on ``xy`` (n, 2), over all molecules and over parts of the ``split``.

    Above 20,000 molecules on a seeded sample, as ``how`` says.

    The scores in ``x`` are taken from ``other``, another map of the same ``x``, if it was scored in the same way.
    """
    split = split or RecordedSplit()
    whole = _of_rows(x, xy, classes, "", seed, permutations, other)
    if split.parts is None:
        return replace(whole, no_test=split.why)
    scored = {}
    for part in PARTS:
        inside = Classes(np.where(split.parts == part, classes.codes, -1), classes.names, classes.how)
        known = getattr(other, part) if other else None
        scored[part] = _of_rows(x, xy, inside, f" of the {part} part", seed, permutations, known)
    return replace(whole, test=scored["test"], train=scored["train"])


def _of_rows(
    x: np.ndarray, xy: np.ndarray, classes: Classes, part: str, seed: int, permutations: int, other: Quality | None
) -> Quality:
    rows = np.flatnonzero((classes.codes >= 0) & _finite(x) & np.isfinite(xy).all(1))
    labeled = len(rows)
    rng = np.random.default_rng(seed)
    if labeled > MOST:
        rows = np.sort(rng.choice(rows, MOST, replace=False))
    codes = np.unique(classes.codes[rows], return_inverse=True)[1]
    groups = int(codes.max()) + 1 if len(codes) else 0
    if not 2 <= groups < len(rows):
        return Quality(f"{_NOT}{classes.how}, {_few(groups, len(rows), part)}", version=VERSION)
    permuted = [rng.permutation(codes) for _ in range(permutations)]
    drawn = f" drawn from {labeled} with seed {seed}" if labeled > len(rows) else ""
    method = f"NMI against k-means, k = {groups}, best of 10 starts; permuted: median of {permutations}"
    few = ", so few that chance alone may beat every shuffle" if len(rows) < FEW else ""
    how = f"{classes.how}; {len(rows)} molecules{part}{drawn}{few}; {method}"
    if other is not None and other.how == how and other.version == VERSION:
        full = tuple(getattr(other, name) for name in _FULL)
    else:
        full = _scores(x[rows].astype(np.float32), codes, permuted, seed)
    flat = _scores(xy[rows].astype(np.float32), codes, permuted, seed)
    scores: dict[str, Any] = dict(zip((*_FULL, *_FLAT), (*full, *flat), strict=True))
    return Quality(how, **scores, shuffles=permutations, version=VERSION)


def in_words(beaten: int | None, shuffles: int) -> str:
    """How a score stands among those of permuted labels, in words; "" where there is none.

    >>> in_words(20, 20), in_words(18, 20), in_words(10, 20)
    ('better than all 20 shuffles', 'better than 18 of 20 shuffles', 'no better than shuffled labels')
    """
    if beaten is None or not shuffles:
        return ""
    if beaten == shuffles:
        return f"better than all {shuffles} shuffles"
    return f"better than {beaten} of {shuffles} shuffles" if 2 * beaten > shuffles else "no better than shuffled labels"


def _few(groups: int, rows: int, part: str) -> str:
    if groups < 2:
        one = "are all of one class" if groups else "have no class"
        return f"and the {rows} molecules{part} {one}: scores want two"
    return f"and {rows} molecules{part} in {groups} classes leave nothing to compare"


def _finite(x: np.ndarray) -> np.ndarray:
    """Rows with a molecule behind them: finite numbers, or fingerprints with a bit."""
    return np.asarray(np.isfinite(x.sum(axis=1, dtype=np.float64)) if x.dtype.kind == "f" else x.any(axis=1))


def _scores(x: np.ndarray, codes: np.ndarray, permuted: list[np.ndarray], seed: int) -> Scores:
    """Davies-Bouldin and NMI, their medians for permuted labels, and how many of these are worse."""
    if (x == x[0]).all():
        return (None,) * 6  # neither score is defined where all molecules lie at one point
    found = clusters(x, int(codes.max()) + 1, seed)
    dbi, nmi = davies_bouldin(x, codes), mutual_information(codes, found)
    shuffled = np.array([(davies_bouldin(x, c), mutual_information(c, found)) for c in permuted]).reshape(-1, 2)
    medians = np.median(shuffled, axis=0) if permuted else (np.nan, np.nan)
    finite = [float(v) if np.isfinite(v) else None for v in (dbi, nmi, *medians)]
    return (*finite, int((shuffled[:, 0] > dbi).sum()), int((shuffled[:, 1] < nmi).sum()))


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
