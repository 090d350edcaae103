"""An embedding is what the model says, whatever the shards and however often it was interrupted."""

import errno
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from rdkit import Chem
from rdkit.Chem.rdFingerprintGenerator import GetMorganGenerator
from toy_models import SMILES, a_dataset, save_model

from mmexplore.features.store import features
from mmexplore.models import embed as embedding
from mmexplore.models import embeddings
from mmexplore.models.embed import baseline, embed
from mmexplore.models.embeddings import Embedded
from mmexplore.nn.dataloader import batches
from mmexplore.runtime import devices
from mmexplore.runtime.errors import BadCheckpoint, BadMolecule, BadTable, Cancelled, NotAvailable, UnknownName
from mmexplore.runtime.home import default_home, write_atomically

SCRIPT = Path(__file__).parents[1] / "embedding_script.py"


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MMEXPLORE_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def model(tmp_path: Path) -> Path:
    save_model(tmp_path / "model")
    return tmp_path / "model"


class Ear:
    """Hears progress; stops at ``last`` molecules embedded if that is given."""

    def __init__(self, last: int | None = None) -> None:
        self.heard: list[tuple[str, int, int]] = []
        self.last = last

    def __call__(self, stage: str, done: int, total: int, /, **_: float) -> None:
        self.heard.append((stage, done, total))
        if stage == "embed" and self.last is not None and done >= self.last:
            raise Cancelled("stopped")

    @property
    def embedded(self) -> list[int]:
        return [done for stage, done, _ in self.heard if stage == "embed"]


@pytest.mark.parametrize("encoder", ["dmpnn", "gin"])
def test_an_embedding_is_what_the_model_says(tmp_path: Path, encoder: str) -> None:
    predictor, data = save_model(tmp_path / "model", encoder=encoder), a_dataset()
    found = embed(tmp_path / "model", data, home=default_home())
    packed = {"graph2d": features("graph2d", data.smiles, home=default_home())}
    batch = next(batches(packed, data.labels, np.arange(len(data)), len(data)))
    with torch.inference_mode():
        wanted, predicted = predictor(batch), predictor.predict(batch)
    assert found.views == (encoder,)
    assert found.view(encoder).dtype == found.predictions.dtype == np.float32
    np.testing.assert_allclose(found.view(encoder), wanted.views[encoder], atol=2e-6)
    np.testing.assert_allclose(found.predictions, predicted, atol=2e-6)
    assert ((found.predictions[:, 0] >= 0) & (found.predictions[:, 0] <= 1)).all()
    assert found.predictions[:, 1].mean() == pytest.approx(-3, abs=1)
    assert not len(found.missing)
    assert isinstance(found.view(encoder), np.memmap)
    with pytest.raises(UnknownName, match="there are"):
        found.view("comenet")


def test_shards_do_not_matter(model: Path, own_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one = embed(model, a_dataset(), home=default_home())
    monkeypatch.setenv("MMEXPLORE_HOME", str(own_home) + "2")
    ear = Ear()
    many = embed(model, a_dataset(), ear, shard=7, home=default_home())
    assert ear.embedded == [*range(0, 72, 7), 72]
    assert one.folder != many.folder
    np.testing.assert_allclose(one.view("dmpnn"), many.view("dmpnn"), atol=1e-6)
    np.testing.assert_allclose(one.predictions, many.predictions, atol=1e-6)


def test_what_is_there_is_not_computed_again(model: Path) -> None:
    first, ear = embed(model, a_dataset(), home=default_home()), Ear()
    again = embed(model, a_dataset(), ear, home=default_home())
    assert again == first
    assert ear.heard == []


def test_a_cancelled_embedding_goes_on_where_it_stopped(model: Path) -> None:
    with pytest.raises(Cancelled):
        embed(model, a_dataset(), Ear(last=30), shard=10, home=default_home())
    assert embeddings.read(embeddings.place(model, a_dataset(), home=default_home())) is None
    ear = Ear()
    found = embed(model, a_dataset(), ear, shard=10, home=default_home())
    assert ear.embedded == [30, 40, 50, 60, 70, 72]
    assert np.isfinite(found.view("dmpnn")).all()


def files(model: Path) -> Path:
    """Where the files of the model's embedding lie."""
    folder = embeddings.place(model, a_dataset(), home=default_home())
    return embeddings.files_of(folder, embeddings.read_head(folder) or {})


@pytest.mark.release
def test_a_killed_embedding_goes_on_where_it_stopped(
    model: Path, own_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = [sys.executable, str(SCRIPT), str(model), "10", "20"]
    path = os.pathsep.join(filter(None, [str(SCRIPT.parents[1]), os.environ.get("PYTHONPATH")]))
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": path}
    assert subprocess.run(command, env=environment, check=False).returncode == -signal.SIGKILL
    with (files(model) / embeddings.view_file("dmpnn")).open("ab") as file:
        file.write(b"half a shard that was not committed")
    ear = Ear()
    found = embed(model, a_dataset(), ear, shard=10, home=default_home())
    assert ear.embedded[0] == 20
    monkeypatch.setenv("MMEXPLORE_HOME", str(own_home) + "2")
    whole = embed(model, a_dataset(), shard=10, home=default_home())
    np.testing.assert_allclose(found.view("dmpnn"), whole.view("dmpnn"), atol=1e-6)
    np.testing.assert_allclose(found.predictions, whole.predictions, atol=1e-6)


@pytest.mark.parametrize("damage", ["head", "short", "foreign"])
def test_a_damaged_unfinished_embedding_is_begun_anew(model: Path, damage: str) -> None:
    with pytest.raises(Cancelled):
        embed(model, a_dataset(), Ear(last=30), shard=10, home=default_home())
    folder = embeddings.place(model, a_dataset(), home=default_home())
    if damage == "short":
        os.truncate(files(model) / embeddings.view_file("dmpnn"), 5)
    else:
        head = folder / "head.json"
        write_atomically(head, "{" if damage == "head" else head.read_text().replace('"dmpnn": 16', '"dmpnn": 17'))
    ear = Ear()
    embed(model, a_dataset(), ear, shard=40, home=default_home())
    assert ear.embedded == [0, 40, 72]


def test_other_weights_recipes_and_data_have_embeddings_of_their_own(model: Path, tmp_path: Path) -> None:
    data = a_dataset()
    folders = {
        embeddings.place(model, data, home=default_home()),
        embeddings.place(model, replace(data, digest="f" * 64), home=default_home()),
    }
    save_model(tmp_path / "other", seed=1)
    folders.add(embeddings.place(tmp_path / "other", data, home=default_home()))
    recipe_file = model / "recipe.json"
    write_atomically(recipe_file, recipe_file.read_text().replace('"epochs": 50', '"epochs": 51'))
    folders.add(embeddings.place(model, data, home=default_home()))
    assert len(folders) == 4


def test_molecules_without_features_are_nan_and_listed(model: Path) -> None:
    smiles = ["CCO", "not a molecule", "CCN", "CCC"]
    found = embed(model, a_dataset(smiles), shard=1, home=default_home())
    assert found.missing.tolist() == [1]
    assert np.isnan(found.view("dmpnn")[1]).all()
    assert np.isnan(found.predictions[1]).all()
    assert np.isfinite(found.view("dmpnn")[[0, 2, 3]]).all()
    alone = embed(model, a_dataset(["CCN"]), home=default_home())
    np.testing.assert_allclose(found.view("dmpnn")[2:3], alone.view("dmpnn"), atol=1e-6)


def test_nothing_to_embed_is_said(model: Path, tmp_path: Path) -> None:
    with pytest.raises(BadMolecule, match="no molecule of 'toy' can be described for this model: "):
        embed(model, a_dataset(["not a molecule", "nor this"]), home=default_home())
    with pytest.raises(BadTable, match="'toy' has no molecules to embed"):
        embed(model, a_dataset([]), home=default_home())
    with pytest.raises(BadCheckpoint, match="is not a model"):
        embed(tmp_path / "nowhere", a_dataset(), home=default_home())


def test_a_full_disk_is_said_and_what_is_done_stays(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write, calls = embedding.write_json, []

    def full(path: Path, value: object) -> None:
        calls.append(path)
        if len(calls) == 3:
            raise OSError(errno.ENOSPC, "No space left on device")
        write(path, value)

    monkeypatch.setattr(embedding, "write_json", full)
    with pytest.raises(NotAvailable, match="No space left on device; make room and start again"):
        embed(model, a_dataset(), shard=10, home=default_home())
    ear = Ear()
    found = embed(model, a_dataset(), ear, shard=10, home=default_home())
    assert ear.embedded[0] == 20
    assert np.isfinite(found.view("dmpnn")).all()


def test_stored_predictions_are_those_of_the_embedding(model: Path) -> None:
    data = a_dataset()
    assert embeddings.stored_predictions(model, data, home=default_home()) is None
    found = embed(model, data, home=default_home())
    table = embeddings.stored_predictions(model, data, home=default_home())
    assert table is not None
    assert list(table.columns) == ["active", "logS"]
    assert (table.to_numpy() == found.predictions).all()


def test_baseline_is_rdkits_fingerprint() -> None:
    data = a_dataset([*map(Chem.CanonSmiles, SMILES[:20]), "not a molecule"])
    found = baseline(data, home=default_home())
    generator = GetMorganGenerator(radius=2, fpSize=2048)
    wanted = np.stack([generator.GetFingerprintAsNumPy(Chem.MolFromSmiles(s)) for s in SMILES[:20]])
    assert isinstance(found, Embedded)
    assert found.views == ("ecfp",)
    assert found.view("ecfp").dtype == np.uint8
    assert (found.view("ecfp")[:20] == wanted).all()
    assert found.missing.tolist() == [20]
    assert found.predictions.shape == (21, 0)
    with pytest.raises(UnknownName):
        found.view("gin")


@pytest.mark.parametrize("encoder", ["dmpnn", "gin"])
def test_batches_side_by_side_keep_their_order(tmp_path: Path, encoder: str, monkeypatch: pytest.MonkeyPatch) -> None:
    save_model(tmp_path / "model", encoder=encoder)
    one = embed(tmp_path / "model", a_dataset(), home=default_home())
    before = torch.get_num_threads()
    monkeypatch.setenv("MMEXPLORE_HOME", str(tmp_path / "second"))
    monkeypatch.setattr(embedding, "_BATCH", {"cpu": 5})
    chosen = replace(devices.policy("cpu"), threads=3)
    monkeypatch.setattr(devices, "decided", lambda home: chosen)
    many = embed(tmp_path / "model", a_dataset(), shard=40, home=default_home())
    np.testing.assert_allclose(one.view(encoder), many.view(encoder), atol=1e-6)
    np.testing.assert_allclose(one.predictions, many.predictions, atol=1e-6)
    assert torch.get_num_threads() == 3
    torch.set_num_threads(before)
