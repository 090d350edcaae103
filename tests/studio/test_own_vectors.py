"""Vectors of one's own beside a model's: round trip, maps, search, what needs an encoder, the probe, upkeep."""

import json
from pathlib import Path

import numpy as np
import pytest
from sklearn.linear_model import RidgeCV
from sklearn.metrics import root_mean_squared_error
from sklearn.preprocessing import StandardScaler
from toy_models import save_model
from typer.testing import CliRunner

from mmexplore import studio
from mmexplore.cli.app import app
from mmexplore.datasets import splits
from mmexplore.explore.maps.panels import ECFP
from mmexplore.models import bootstrap
from mmexplore.runtime.errors import BadMolecule, BadRecipe, NotAvailable
from mmexplore.studio import ViewRef

pytest_plugins = ("given_tables",)
pytestmark = pytest.mark.usefixtures("own_home")
ENDS = ("O", "N", "C(=O)O", "c1ccccc1", "Cl", "S(C)(=O)=O")
SMILES = [f"{'C' * length}{end}" for length in range(1, 10) for end in ENDS]
MINE = "smiles,logS\n" + "".join(f"{s},{i * 37 % 11 / 3 - len(s)}\n" for i, s in enumerate(SMILES))


def told(*words: str) -> dict[str, object]:
    result = CliRunner().invoke(app, [*words, "--json"], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    found: dict[str, object] = json.loads(result.stdout)
    return found


@pytest.fixture
def table() -> studio.Dataset:
    return studio.add_dataset(MINE, "Mine", targets=["logS"])


def own(table: studio.Dataset, folder: Path, width: int = 3, **about: str) -> studio.Imported:
    x = np.random.default_rng(0).normal(size=(len(table), width)).astype(np.float32)
    x[:, 0] = table.labels[:, 0]
    np.save(folder / "x.npy", x)
    return studio.import_embedding(folder / "x.npy", table.name, about.get("title", "Own"))


def test_what_embed_wrote_comes_back_with_the_same_neighbors(
    own_home: Path, table: studio.Dataset, tmp_path: Path
) -> None:
    save_model(own_home / "runs" / "toy" / "model")
    view = studio.view_of("toy")
    studio.write_embedding("toy", table.name, view, tmp_path / "e.parquet")
    made = told("embeddings", "import", str(tmp_path / "e.parquet"), "--data", table.name, "--name", "Back")
    assert (made["with_vector"], made["by"]) == (len(table), "smiles")
    query = studio.query_of_row(table.name, 3)
    mine, theirs = (studio.hits(query, ViewRef(*one), table.name, 8) for one in (("back", "vectors"), ("toy", view)))
    np.testing.assert_array_equal(mine.rows, theirs.rows)
    np.testing.assert_array_equal(mine.similarity, theirs.similarity)


def test_it_shows_where_no_encoder_is_needed_and_says_why_elsewhere(table: studio.Dataset, tmp_path: Path) -> None:
    made = own(table, tmp_path)
    shown = studio.compute_map(made.name, table.name, "vectors", "pca")
    assert np.isfinite(shown.xy).all()
    here = ViewRef(made.name, "vectors")
    assert studio.standard_panels(made.name, "vectors") == (ECFP, here)
    assert studio.lacking([here], table.name) == []
    assert studio.agreement(here, table.name, 3, 10).k == 3
    assert any("disagreement" in name for name in studio.color_names(made.name, table.name, "vectors"))
    with pytest.raises(BadMolecule, match="embed another one"):
        studio.place_on(studio.query_of(table.name, "c1ccncc1CCCl"), here, table.name, shown.xy)
    with pytest.raises(BadRecipe, match="was imported"):
        studio.predict(made.name, table.name, tmp_path / "p.csv")
    assert studio.explained_tasks(made.name) == ()
    assert not studio.predicts(made.name)
    other = studio.add_dataset("CCCCO\nCCCN\nCCCCl\n", "Other")
    with pytest.raises(NotAvailable, match="alone"):
        studio.compute_map(made.name, other.name, "vectors", "pca")
    assert studio.imported_embeddings(other.name) == []
    assert studio.skipped(made.name, other.name) == ()


def test_the_probe_is_that_of_scikit_learn_on_the_same_splits(table: studio.Dataset, tmp_path: Path) -> None:
    made = own(table, tmp_path)
    found = studio.probe(ViewRef(made.name, "vectors"), table.name, rule="random", seeds=3)
    (task,) = found.tasks
    x = np.load(tmp_path / "x.npy").astype(float)
    expected, ratios = [], []
    for seed in range(3):
        parts = splits.split(table.smiles, "random", seed)
        learned = np.union1d(parts.train, parts.validation)
        scale = StandardScaler().fit(x[learned])
        line = RidgeCV(alphas=np.logspace(-2, 5, 15)).fit(scale.transform(x[learned]), table.labels[learned, 0])
        guess = line.predict(scale.transform(x[parts.test]))
        expected.append(root_mean_squared_error(table.labels[parts.test, 0], guess))
        ratios.append(len(parts.test) / len(learned))
    np.testing.assert_allclose(task.view, expected, rtol=1e-3, atol=1e-4)
    assert task.test is not None
    assert task.test.difference < 0  # the label stands in the vectors
    assert task.test == bootstrap.over_seeds("rmse", task.view, task.ecfp, overlap=float(np.mean(ratios)))
    assert studio.stored_probe(ViewRef(made.name, "vectors"), table.name, rule="random", seeds=3) == found
    with pytest.raises(BadRecipe, match="ECFP itself"):
        studio.probe(ECFP, table.name)


def test_overlapping_splits_widen_the_interval() -> None:
    first, second = [1.0, 1.2, 0.9, 1.1], [0.8, 0.9, 0.9, 0.7]
    plain, corrected = (bootstrap.over_seeds("rmse", first, second, overlap=ratio) for ratio in (0.0, 0.25))
    assert plain is not None
    assert corrected is not None
    gaps = np.subtract(first, second)
    assert (corrected.high - corrected.low) / (plain.high - plain.low) == pytest.approx((0.5 / 0.25) ** 0.5)
    assert corrected.difference == plain.difference == pytest.approx(gaps.mean())
    assert corrected.p > plain.p


def test_it_is_renamed_saved_deleted_and_brought_back_like_a_model(table: studio.Dataset, tmp_path: Path) -> None:
    made = own(table, tmp_path)
    with pytest.raises(BadRecipe, match="already"):
        own(table, tmp_path)
    told("embeddings", "rename", made.name, "Better")
    assert studio.model("Better").name == made.name
    studio.rename_dataset(table.name, "Screen")
    assert [one.data for one in studio.imported_embeddings()] == ["screen"]
    studio.backup(tmp_path / "b.zip", models=[made.name])
    told("embeddings", "delete", "Better", "--yes")
    assert told("embeddings", "list") == {"embeddings": []}
    assert studio.restore(tmp_path / "b.zip").models == (made.name,)
    assert studio.embed(made.name, "screen").view("vectors").shape == (len(table), 3)
