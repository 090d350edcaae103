"""Pre-training as a whole: molecules in, a model with its views out; and models that start from it."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from interrupted import killed_after, part, weights
from safetensors.torch import load_file
from toy_models import few

from mmexplore import studio
from mmexplore.explore.neighbors import hyperedges
from mmexplore.models import checkpoints, embed
from mmexplore.models.registry import model
from mmexplore.nn.model import Predictor
from mmexplore.recipes import presets
from mmexplore.recipes.recipe import Recipe, parse
from mmexplore.runtime.errors import BadRecipe, NotAvailable, UnknownName
from mmexplore.runtime.home import default_home, read_json
from mmexplore.training import warm_start
from mmexplore.training.train import train

pytestmark = pytest.mark.slow

SMALL = {
    "gin": {"layers": 2, "hidden_size": 16},
    "resnet": {},
    "comenet": {"layers": 1, "hidden_size": 16, "dimension": 16},
}
FEATURES = {"resnet": {"side_px": 32}, "comenet": {"conformers": 2, "mmff": "off"}}
NAMES = {"gin": "graph2d", "resnet": "image", "comenet": "graph3d"}


def recipe_of(*encoders: str, epochs: int = 2, **options: object) -> Recipe:
    branches = [
        {"encoder": e, "name": NAMES[e], "options": SMALL[e], "features": FEATURES.get(e, {})} for e in encoders
    ]
    return parse(
        {
            "data": {"split": "random"},
            "branches": branches,
            "pretraining": {"name": "mmsa", "options": {"dimension": 16, "neighbours": 4, "anchors": 6} | options},
            "training": {"epochs": epochs, "batch_size": 16, "device": "cpu", "precision": "float32"},
        }
    )


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run folder with a model of all three modalities."""
    folder = tmp_path_factory.mktemp("mmsa")
    train(recipe_of("gin", "resnet", "comenet"), few(), folder, name="small MMSA", home=default_home())
    return folder


@pytest.mark.release
def test_a_pretraining_leaves_a_model_with_an_honest_card(run: Path) -> None:
    chosen = model(str(run), home=default_home())
    assert chosen.card is not None
    assert chosen.card.data.tasks == ()
    assert chosen.views == ("graph2d", "image", "graph3d", "unified", "structure-aware", "memory-aligned")
    assert chosen.card.metrics.keys() == {"validation", "test"}
    terms = {"contrastive", "reconstruction_within", "reconstruction_across", "memory", "geometry", "properties"}
    assert terms | {"loss", "spread", "spread_structure"} == chosen.card.metrics["test"].keys()
    history = read_json(run / "history.json")
    assert len(history) == 2
    assert {f"{part}_{term}" for part in ("train", "validation") for term in terms} <= history[0].keys()
    assert not (run / "predictions.parquet").exists()
    assert not (run / "resume").exists()


@pytest.mark.release
def test_the_loss_falls(tmp_path: Path) -> None:
    train(recipe_of("gin", epochs=15), few(), tmp_path, home=default_home())
    losses = [epoch["train_loss"] for epoch in read_json(tmp_path / "history.json")]
    assert losses[-1] < 0.9 * losses[0]


@pytest.mark.release
def test_a_killed_pretraining_goes_on_to_the_same_weights(tmp_path: Path) -> None:
    """Conformers, negatives and dropout are drawn as in an uninterrupted one."""
    killed, whole = tmp_path / "killed", tmp_path / "whole"
    chosen = recipe_of("gin", "comenet", epochs=4)
    killed_after(2, chosen, killed)
    card = train(chosen, part(), killed, home=default_home())
    assert any(note.startswith("went on after epoch") for note in card.notes)
    train(chosen, part(), whole, home=default_home())
    for name, value in weights(whole).items():
        torch.testing.assert_close(weights(killed)[name], value, atol=1e-5, rtol=1e-4)


def test_an_embedding_has_every_view(run: Path) -> None:
    found = embed.embed(run / "model", few(), home=default_home())
    assert found.dimensions == dict.fromkeys(model(str(run), home=default_home()).views, 16)
    assert found.predictions.shape == (40, 0)
    for view in found.views:
        assert np.isfinite(found.view(view)).all()
        assert np.std(found.view(view), axis=0).max() > 0
    predictor = checkpoints.load(run / "model")
    for view, values in predictor.among({"unified": np.array(found.view("unified"))}).items():
        np.testing.assert_allclose(found.view(view), values, atol=1e-5)


@pytest.mark.release
def test_shards_do_not_matter_to_views_among_others(run: Path, tmp_path: Path, monkeypatch) -> None:
    whole = {
        v: np.array(embed.embed(run / "model", few(), home=default_home()).view(v))
        for v in ("structure-aware", "memory-aligned")
    }
    monkeypatch.setenv("MMEXPLORE_HOME", str(tmp_path))
    parts = embed.embed(run / "model", few(), shard=7, home=default_home())
    for view, values in whole.items():
        np.testing.assert_allclose(parts.view(view), values, atol=1e-5)


@pytest.mark.parametrize("small", [True, False], ids=["all hyperedges", "its own alone"])
def test_kin_are_hyperedges_and_the_strongest_anchors(run: Path, monkeypatch: pytest.MonkeyPatch, small: bool) -> None:
    if not small:
        monkeypatch.setattr(hyperedges, "_ALL_HYPEREDGES", 0)
    data, chosen = few(), model(str(run), home=default_home())
    found = embed.embed(run / "model", data, home=default_home())
    kin = hyperedges.hyperedge_neighbors(chosen, data, 5, home=default_home())
    assert kin is not None
    predictor = checkpoints.load(run / "model")
    c = np.array(found.view("unified"))
    edges = predictor.pretraining.hyperedges(c)
    assert edges[5, 0] == 5
    assert set(list(kin.near)[: kin.members]) == set(edges[5, 1:].tolist())
    assert list(kin.near) == np.argsort(np.linalg.norm(c - c[5], axis=1))[1 : len(kin.near) + 1].tolist()
    assert len(kin.near) == hyperedges.NEAR
    assert set(kin.hosts) == (set(np.flatnonzero((edges == 5).any(1)).tolist()) - {5} if small else set())
    for others in (kin.near, kin.hosts):
        assert list(others.values()) == sorted(others.values())
        assert others == pytest.approx({m: float(np.linalg.norm(c[m] - c[5])) for m in others}, abs=1e-5)
    z = torch.from_numpy(np.array(found.view("structure-aware")))
    shares = predictor.pretraining.memory.activations(z).detach().numpy()
    assert [a.number for a in kin.anchors] == np.argsort(-shares[5], kind="stable")[:3].tolist()
    assert [a.share for a in kin.anchors] == pytest.approx(sorted(shares[5])[:-4:-1], rel=1e-4)
    assert kin.anchors[0].typical[0] == shares[:, kin.anchors[0].number].argmax()
    assert kin.anchors_in_all == 6


def test_a_model_without_memory_or_without_an_embedding_has_no_kin(run: Path) -> None:
    assert hyperedges.hyperedge_neighbors(model("ecfp", home=default_home()), few(), 0, home=default_home()) is None
    assert (
        hyperedges.hyperedge_neighbors(
            model(str(run), home=default_home()), replace(few(), digest="never embedded"), 0, home=default_home()
        )
        is None
    )


# ---- starting from it ------------------------------------------------------------------------------------------


def fine_tuning(start: object, encoder: str = "gin", name: str = "graph2d", **options: object) -> Recipe:
    branch = {"encoder": encoder, "name": name, "start": str(start), "options": SMALL["gin"] | options}
    training = {"epochs": 1, "learning_rate": 1e-9, "device": "cpu", "precision": "float32"}
    return parse({"data": {"split": "random"}, "branches": [branch], "training": training})


@pytest.mark.parametrize("name", ["graph2d", "another name"])
@pytest.mark.release
def test_a_branch_starts_with_the_weights_of_the_pretrained_one(run: Path, tmp_path: Path, name: str) -> None:
    card = train(fine_tuning(run, name=name), few(), tmp_path, home=default_home())
    before, after = load_file(run / "model" / "weights.safetensors"), weights(tmp_path)
    learned = [k for k in after if k.startswith("branches.0.") and "running" not in k and "num_batches" not in k]
    assert learned
    for key in learned:
        torch.testing.assert_close(after[key], before[key], atol=1e-6, rtol=1e-5)
    assert f"branch {name!r} started from {run}, branch 'graph2d'" in card.notes


@pytest.mark.release
def test_the_unified_embedding_is_fine_tuned_from_the_whole_model(run: Path) -> None:
    values = recipe_of("gin", "resnet", "comenet").model_dump(mode="json")
    for branch in values["branches"]:
        branch["start"] = str(run)
    values["pretraining"] = {}
    values["fusion"] = {"name": "unified", "start": str(run), "options": {"dimension": 16}}
    predictor = Predictor(parse(values), few().tasks)
    notes = warm_start.begin(predictor, home=default_home())
    assert any("fusion started from" in note for note in notes)
    whole = checkpoints.load(run / "model").pretraining.latent.state_dict()
    for name, value in predictor.fusion.latent.state_dict().items():
        assert torch.equal(value, whole[name])


def test_what_cannot_be_started_from_is_named(run: Path, tmp_path: Path) -> None:
    with pytest.raises(BadRecipe, match="cannot start from"):
        train(fine_tuning(run, hidden_size=24), few(), tmp_path / "wider", home=default_home())
    wrong = parse({"data": {"split": "random"}, "branches": [{"encoder": "dmpnn", "start": str(run)}]})
    with pytest.raises(BadRecipe, match=r"has no one branch.*graph2d \(gin\)"):
        train(wrong, few(), tmp_path / "other", home=default_home())


def test_a_start_that_is_not_here_is_named_before_any_work(tmp_path: Path) -> None:
    absent = fine_tuning("no such model")
    with pytest.raises(UnknownName, match="no model is called 'no such model'"):
        train(absent, few(), tmp_path / "run", home=default_home())
    with pytest.raises(UnknownName, match="no model is called 'no such model'"):
        studio.start_training(absent, "a run")
    assert not (tmp_path / "run").exists()


@pytest.mark.release
def test_published_weights_out_of_reach_are_noted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def unreachable(self: object, name: str) -> None:
        raise NotAvailable(f"{name} could not be reached")

    monkeypatch.setattr("mmexplore.nn.encoders.resnet.ResNet.from_hub", unreachable)
    chosen = recipe_of("resnet", epochs=1).with_settings(["branches.0.start=hub:microsoft/resnet-18"])
    card = train(chosen, few(), tmp_path, home=default_home())
    expected = "branch 'image' started from random weights: microsoft/resnet-18 could not be reached"
    assert expected in card.notes


def test_too_few_molecules_are_refused_in_words(tmp_path: Path) -> None:
    data = few()
    nine = replace(data, smiles=data.smiles[:9], labels=data.labels[:9], digest="nine")
    with pytest.raises(BadRecipe, match="9 molecules"):
        train(recipe_of("gin"), nine, tmp_path, home=default_home())


def test_presets_are_the_papers_hyper_parameters() -> None:
    chosen = presets.pretraining("mmsa")
    assert [b.encoder for b in chosen.branches] == ["gin", "resnet", "comenet"]
    options, training = chosen.pretraining.options, chosen.training
    assert (options["alignment_weight"], options["memory_weight"]) == (0.6, 0.5)
    assert (options["neighbours"], options["anchors"], options["dimension"]) == (10, 128, 256)
    assert (training.epochs, training.batch_size, training.learning_rate) == (30, 128, 1e-3)
    assert chosen.modalities["graph3d"]["conformers"] == 5
    other = presets.pretraining("mmsa", "V-G").pretraining.options
    assert (other["alignment_weight"], other["memory_weight"]) == (0.7, 0.2)


@pytest.mark.release
def test_the_shell_pretrains(tmp_path: Path) -> None:
    settings = ['branches=[{"encoder": "gin", "name": "graph2d", "options": {"layers": 1, "hidden_size": 8}}]']
    settings += ["pretraining.options.prediction_loss=false", "training.epochs=1", "data.split=random"]
    words = [word for setting in settings for word in ("--set", setting)]
    molecules = tmp_path / "some.smi"
    molecules.write_text("\n".join(few().smiles.tolist()))
    command = [sys.executable, "-m", "mmexplore", "pretrain", "mmsa", "--data", str(molecules), *words]
    command += ["--out", str(tmp_path / "run"), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert answer["model"] == str(tmp_path / "run")
    assert answer["metrics"]["validation"]["loss"] > 0
