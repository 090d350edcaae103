"""Maps on disk: whole or absent, seen before they are scored, never made twice."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from mmexplore.explore.maps import project, quality
from mmexplore.explore.maps.project import make
from mmexplore.explore.maps.quality import classes_of
from mmexplore.explore.maps.storage import UNSCORED, stored
from mmexplore.runtime.errors import Cancelled

SHAPES = [(300, 12), (20, 40), (600, 600), (7, 7), (50, 1), (3, 5)]


def clustered(n: int = 300, d: int = 20, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Ten clusters, in a plane of which no two linear components can part them."""
    rng = np.random.default_rng(seed)
    codes = rng.integers(0, 10, n)
    return (3 * rng.normal(size=(10, d))[codes] + rng.normal(size=(n, d))).astype(np.float32), codes


def test_a_map_is_kept_and_found_again(tmp_path: Path) -> None:
    x, codes = clustered(80)
    classes = classes_of(codes.astype(str), "kind", "category")
    made = make(x, classes, tmp_path / "here", view="gin/late 1", method="pca", seed=2)
    found = stored([tmp_path / "nowhere", tmp_path / "here"], "gin/late 1", "pca", 2)
    assert found is not None
    assert (found.xy == made.xy).all()
    assert (found.path, found.quality, found.parameters) == (made.path, made.quality, made.parameters)
    assert (found.view, found.method, found.seed) == ("gin/late 1", "pca", 2)
    assert stored([tmp_path / "here"], "gin/late 1", "pca") is None
    assert stored([tmp_path / "here"], "gin/late 1", "umap", 2) is None


def test_half_a_map_is_no_map(tmp_path: Path) -> None:
    x, _ = clustered(60)
    classes = classes_of(np.full(60, np.nan), "logS", "regression")
    made = make(x, classes, tmp_path, view="gin", method="pca")
    about = made.path.with_suffix(".json")
    whole, text = made.path.read_bytes(), about.read_text()
    for content, said in ((whole[:-9], text), (whole + b"1", text), (whole, text[:-9]), (whole, "{}"), (whole, "[]")):
        made.path.write_bytes(content)
        about.write_text(said)
        assert stored([tmp_path], "gin", "pca") is None
    make(x, classes, tmp_path, view="gin", method="pca")
    assert stored([tmp_path], "gin", "pca") is not None
    about.unlink()
    assert stored([tmp_path], "gin", "pca") is None


def test_seeds_methods_and_views_do_not_share_a_file(tmp_path: Path) -> None:
    x, _ = clustered(30)
    classes = classes_of(np.full(30, np.nan), "logS", "regression")
    for view, seed in (("gin", 0), ("gin", 1), ("dmpnn", 0), ("..", 0), ("a/b", 0), ("gin-pca", 0)):
        made = make(x, classes, tmp_path, view=view, method="pca", seed=seed)
        assert made.path.parent == tmp_path
    assert len(list(tmp_path.glob("*.parquet"))) == 6


def test_maps_need_no_torch() -> None:
    code = "import sys, mmexplore.models.embed, mmexplore.explore.maps.project as _; "
    code += "print({'torch', 'umap', 'sklearn'} & {*sys.modules})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


@pytest.mark.slow
def test_a_map_can_be_seen_before_it_is_scored(tmp_path: Path) -> None:
    x, codes = clustered(60)
    classes = classes_of(codes.astype(str), "kind", "category")

    def stop(stage: str, done: int, total: int, /, **_: float) -> None:
        if stage == "quality":
            raise Cancelled("stopped")

    with pytest.raises(Cancelled):
        make(x, classes, tmp_path, view="gin", method="pca", progress=stop)
    assert stored([tmp_path], "gin", "pca") is None
    early = stored([tmp_path], "gin", "pca", unscored=True)
    made = make(x, classes, tmp_path, view="gin", method="pca")
    assert early is not None
    assert (early.xy == made.xy).all()
    assert early.quality == UNSCORED
    both = [stored([tmp_path], "gin", "pca", unscored=u) for u in (True, False)]
    assert [found.quality for found in both if found] == [made.quality] * 2


@pytest.mark.release
def test_the_full_space_is_scored_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    x, codes = clustered(60)
    classes = classes_of(codes.astype(str), "kind", "category")
    first = make(x, classes, tmp_path, view="gin", method="pca").quality
    alone = make(x, classes, tmp_path / "other", view="gin", method="tsne").quality
    wide: list[int] = []
    clusters = quality.clusters
    monkeypatch.setattr(quality, "clusters", lambda x, k, seed: wide.append(x.shape[1]) or clusters(x, k, seed))
    second = make(x, classes, tmp_path, view="gin", method="tsne").quality
    assert wide == [2]
    assert second == alone
    assert (second.dbi, second.nmi_permuted) == (first.dbi, first.nmi_permuted)
    make(x, classes_of(codes % 2, "odd", "classification"), tmp_path, view="gin", method="umap")
    assert wide == [2, 20, 2]


@pytest.mark.slow
def test_what_is_there_is_not_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    x, codes = clustered(60)
    classes = classes_of(codes.astype(str), "kind", "category")
    first = make(x, classes, tmp_path, view="gin", method="tsne", perplexity=5.0)
    made: list[str] = []
    monkeypatch.setattr(project, "project", lambda x, *_, **__: made.append("laid out") or x[:, :2])
    monkeypatch.setattr(project, "quality", lambda *_, **__: made.append("scored") or first.quality)
    again = make(x, classes, tmp_path, view="gin", method="tsne", perplexity=5.0)
    assert (again.created, again.quality) == (first.created, first.quality)
    assert made == []
    make(x, classes_of(codes % 2, "odd", "classification"), tmp_path, view="gin", method="tsne", perplexity=5.0)
    assert made == ["scored"]
    make(x, classes, tmp_path, view="gin", method="tsne", perplexity=6.0)
    assert made == ["scored", "laid out", "scored"]
