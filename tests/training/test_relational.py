"""MMFRL as a whole: replicas learn relations, fused models start from them, and a fusion says what it did."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from interrupted import killed_after, part, weights
from measured_data import with_spectra
from safetensors.torch import load_file
from scipy import special
from sklearn.metrics.pairwise import cosine_similarity
from sklearn.preprocessing import QuantileTransformer
from toy_models import few, save_model

from mmexplore import studio
from mmexplore.features.of_dataset import features_of
from mmexplore.models import embed
from mmexplore.models.registry import model
from mmexplore.nn.dataloader import Records
from mmexplore.nn.model import Predictor
from mmexplore.nn.pretraining.relational import Relational
from mmexplore.nn.signals.quantiles import LEVELS
from mmexplore.recipes import presets
from mmexplore.recipes.recipe import Recipe, parse
from mmexplore.runtime.errors import BadRecipe, NotAvailable, UnknownName
from mmexplore.runtime.home import default_home, read_json
from mmexplore.training import teachers, warm_start
from mmexplore.training.data import prepare
from mmexplore.training.train import train

SMALL = {"depth": 2, "hidden_size": 16}
TRAINING = {"batch_size": 16, "device": "cpu", "precision": "float32"}


def pretraining(target: Path, *names: str, epochs: int = 2, **options: object) -> Recipe:
    branches = [{"encoder": "dmpnn", "name": name, "options": SMALL} for name in names]
    options = {f"{lesson}_target": str(target) for lesson in ("smiles", "image", "nmr_spectrum")} | options
    return parse(
        {
            "data": {"split": "random"},
            "branches": branches,
            "pretraining": {"name": "relational", "options": options},
            "training": TRAINING | {"epochs": epochs},
        }
    )


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model whose one view is what a branch learns from."""
    folder = tmp_path_factory.mktemp("target")
    save_model(folder / "model", seed=5)
    return folder


@pytest.fixture(scope="module")
def run(target: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three replicas and the early one."""
    folder = tmp_path_factory.mktemp("mmfrl")
    train(
        pretraining(target, "smiles", "image", "fingerprint", "early"),
        few(),
        folder,
        name="small MMFRL",
        home=default_home(),
    )
    return folder


# ---- pre-training ----------------------------------------------------------------------------------------------


def test_replicas_leave_one_model_with_a_view_each(run: Path) -> None:
    chosen = model(str(run), home=default_home())
    assert chosen.views == ("smiles", "image", "fingerprint", "early")
    assert chosen.card is not None
    assert chosen.card.metrics["validation"].keys() == {"loss", "smiles", "image", "fingerprint", "early"}
    found = embed.embed(run / "model", few(), home=default_home())
    for view in found.views:
        assert np.isfinite(found.view(view)).all()
        assert np.std(found.view(view), axis=0).max() > 0


@pytest.mark.release
def test_what_is_learned_comes_near_to_the_targets(target: Path, tmp_path: Path) -> None:
    train(
        pretraining(target, "smiles", "fingerprint", "early", epochs=40, temperature=0.1),
        few(),
        tmp_path,
        home=default_home(),
    )
    history = read_json(tmp_path / "history.json")
    for name in ("smiles", "fingerprint", "early"):
        assert 0 < history[-1][f"train_{name}"] < 0.5 * history[0][f"train_{name}"]


@pytest.mark.release
def test_descriptors_teach_a_replica(target: Path, tmp_path: Path) -> None:
    train(pretraining(target, "descriptors", epochs=40, temperature=0.1), few(), tmp_path, home=default_home())
    history = read_json(tmp_path / "history.json")
    assert 0 < history[-1]["train_descriptors"] < 0.5 * history[0]["train_descriptors"]


def test_descriptors_relate_molecules_as_scikit_learns_quantiles_do() -> None:
    """The target of a batch: softmax of cosines of normal scores, the quantiles those of the training molecules."""
    made = features_of(studio.dataset("freesolv"), "rdkit_descriptors", home=default_home())
    rows = np.arange(LEVELS)
    learned, batch = (made.take(some).columns["values"] for some in (rows, np.arange(600, 610)))
    chosen = Relational({"descriptors": 4}, temperature=0.1)
    chosen.learn_scales({"rdkit_descriptors": made}, rows)
    records = {"rdkit_descriptors": Records(10, {"values": torch.from_numpy(batch)}, {}, {})}
    loss = chosen.losses({"descriptors": torch.zeros(10, 4)}, records)
    scale = QuantileTransformer(n_quantiles=LEVELS, output_distribution="normal", subsample=None)
    scores = scale.fit(learned.astype(np.float64)).transform(batch.astype(np.float64)).clip(-3, 3)
    t = special.softmax(cosine_similarity(scores) / 0.1, axis=1)
    uniform = np.full((10, 10), 1 / 10)
    assert float(loss["descriptors"]) == pytest.approx(special.rel_entr(t, uniform).sum(1).mean(), rel=2e-3)


def test_peaks_may_have_a_temperature_of_their_own() -> None:
    """What peaks have learned goes by it, molecules by the other; without it they have one."""
    counts = torch.tensor([3, 3])
    owner = {"peaks": torch.tensor([0, 0, 0, 1, 1, 1])}
    columns = {"atom": torch.tensor([0, 1, 2, 0, 1, 2]), "ppm": torch.tensor([10.0, 20, 80, 11, 30, 90])}
    records = {
        "graph2d": Records(2, {}, {"atoms": counts}, {}),
        "nmr_peaks": Records(2, columns, {"peaks": counts}, owner),
        "fingerprint": Records(2, {"bits": torch.tensor([[1, 2], [1, 0]], dtype=torch.uint8)}, {}, {}),
    }
    torch.manual_seed(0)
    z = {"nmr_peaks": torch.randn(6, 4), "fingerprint": torch.randn(2, 4)}

    def terms(**options: float) -> dict[str, float]:
        chosen = Relational({"nmr_peaks": 4, "fingerprint": 4}, **options)
        return {name: float(value) for name, value in chosen.losses(z, records).items()}

    one, sharp, both = terms(), terms(temperature=0.1), terms(temperature=1.0, peak_temperature=0.1)
    assert both["nmr_peaks"] == pytest.approx(sharp["nmr_peaks"])
    assert both["fingerprint"] == pytest.approx(one["fingerprint"])
    assert one["nmr_peaks"] != pytest.approx(sharp["nmr_peaks"])


@pytest.mark.release
def test_a_killed_pretraining_goes_on_to_the_same_weights(target: Path, tmp_path: Path) -> None:
    killed, whole = tmp_path / "killed", tmp_path / "whole"
    chosen = pretraining(target, "smiles", "fingerprint", epochs=4)
    killed_after(2, chosen, killed)
    card = train(chosen, part(), killed, home=default_home())
    assert any(note.startswith("went on after epoch") for note in card.notes)
    train(chosen, part(), whole, home=default_home())
    for name, value in weights(whole).items():
        torch.testing.assert_close(weights(killed)[name], value, atol=1e-5, rtol=1e-4)


def test_a_replica_learns_the_same_beside_others_as_alone(target: Path, tmp_path: Path) -> None:
    """Losses are independent: another branch changes nothing but the random numbers that weights are drawn with."""
    first = pretraining(target, "fingerprint", epochs=2)
    both = pretraining(target, "fingerprint", "smiles", epochs=2)
    train(first, few(), tmp_path / "alone", home=default_home())
    train(both, few(), tmp_path / "beside", home=default_home())
    last = [read_json(tmp_path / run / "history.json")[-1]["train_fingerprint"] for run in ("alone", "beside")]
    assert last[0] == pytest.approx(last[1], rel=1e-4)


def test_a_target_is_the_models_view_and_its_encoder_never_runs_again(target: Path, monkeypatch) -> None:
    chosen, data = pretraining(target, "smiles"), few()
    made = prepare(chosen, data, lambda *_, **__: None, home=default_home())
    expected = embed.embed(target / "model", data, home=default_home()).view("dmpnn")
    rows = np.array([3, 0, 3])
    np.testing.assert_array_equal(made.features["target:smiles"].take(rows).columns["z"], expected[rows])
    monkeypatch.setattr("mmexplore.models.checkpoints.load", None)
    again = teachers.read("smiles", str(target), data, home=default_home())
    np.testing.assert_array_equal(again.values, expected)
    bits = teachers.read("smiles", "ecfp", data, home=default_home()).take(rows).columns["z"]
    assert bits.shape == (3, 2048)


@pytest.mark.release
def test_peaks_teach_molecules_that_have_them_and_leave_the_others_to_other_branches(tmp_path: Path) -> None:
    known = with_spectra(few())
    spectra = replace(known.spectra, atom=known.spectra.atom.copy())
    spectra.atom[spectra.counts[:20].sum() :] = -1
    chosen = pretraining(tmp_path, "nmr_peaks", "fingerprint", epochs=30, peak_offset=1.0, temperature=0.1)
    card = train(chosen, replace(known, spectra=spectra), tmp_path, home=default_home())
    assert sum(card.split.sizes) == 40
    history = read_json(tmp_path / "history.json")
    assert 0 < history[-1]["train_nmr_peaks"] < 0.8 * history[0]["train_nmr_peaks"]
    spectra.atom[:] = -1
    with pytest.raises(BadRecipe, match="no molecule whose peaks are assigned"):
        train(chosen, replace(known, spectra=spectra), tmp_path / "none", home=default_home())
    with pytest.raises(BadRecipe, match="has no measured spectra"):
        train(chosen, few(), tmp_path / "unmeasured", home=default_home())


def test_a_target_that_is_not_here_costs_no_work(tmp_path: Path) -> None:
    with pytest.raises(NotAvailable, match="'smiles' is taught by model"):
        train(pretraining(tmp_path / "nowhere", "smiles"), few(), tmp_path / "run", home=default_home())
    assert not (tmp_path / "run").exists()


def test_presets_are_the_papers_hyper_parameters() -> None:
    paper, code = presets.pretraining("mmfrl"), presets.pretraining("mmfrl", "released code")
    assert [b.name for b in paper.branches] == [*presets.MMFRL_MODALITIES, "early"]
    assert {b.encoder for b in paper.branches} == {"dmpnn"}
    assert paper.branches[0].options == {"depth": 3, "hidden_size": 300, "dropout": 0.0, "readout": "mean"}
    assert (paper.training.epochs, paper.training.batch_size, paper.training.learning_rate) == (200, 256, 1e-3)
    assert (paper.training.weight_decay, paper.pretraining.options["transposed"]) == (0, False)
    assert (paper.pretraining.options["peak_offset"], paper.pretraining.options["peak_scale"]) == (1e-5, 10)
    assert (code.training.weight_decay, code.training.batch_size) == (1e-3, 128)
    assert code.pretraining.options["transposed"]
    late, fused = presets.preset("mmfrl_late"), presets.preset("mmfrl_intermediate")
    assert (fused.training.epochs, late.training.epochs, late.training.schedule) == (100, 50, "noam")
    assert fused.data.split == late.data.split == presets.preset("mmfrl_image").data.split == "scaffold_balanced"
    assert fused.views == (*presets.MMFRL_MODALITIES, "fused")


# ---- fused models that start from it ---------------------------------------------------------------------------


def fused(start: Path, fusion: str, epochs: int = 1, rate: float = 1e-3, **options: object) -> Recipe:
    names = ("smiles", "image", "fingerprint")
    branches = [{"encoder": "dmpnn", "name": name, "options": SMALL, "start": str(start)} for name in names]
    return parse(
        {
            "data": {"split": "random"},
            "branches": branches,
            "fusion": {"name": fusion, "options": options},
            "training": TRAINING | {"epochs": epochs, "learning_rate": rate},
        }
    )


@pytest.fixture(scope="module", params=["late", "intermediate"])
def fused_run(request: pytest.FixtureRequest, run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp(request.param)
    options = {"intermediate": {"dimension": 16}, "late": {}}[request.param]
    train(fused(run, request.param, epochs=3, **options), few(), folder, name=request.param, home=default_home())
    return folder


def test_every_branch_starts_from_the_replica_of_its_name(run: Path) -> None:
    predictor = Predictor(fused(run, "late"), few().tasks)
    notes = warm_start.begin(predictor, home=default_home())
    before = load_file(run / "model" / "weights.safetensors")
    for number, name in enumerate(("smiles", "image", "fingerprint")):
        assert f"branch {name!r} started from {run}, branch {name!r}" in notes
        assert torch.equal(predictor.branches[number].W_h.weight, before[f"branches.{number}.W_h.weight"])


@pytest.mark.release
def test_a_fusion_says_what_it_did(fused_run: Path) -> None:
    data, chosen = studio.dataset("solubility"), model(str(fused_run), home=default_home())
    assert chosen.recipe is not None
    found = studio.fusion_report(str(fused_run), "solubility")
    assert found.modalities == ("smiles", "image", "fingerprint")
    assert found.task == data.tasks[0].name
    stored = embed.embed(fused_run / "model", data, home=default_home()).predictions[found.rows, 0]
    if chosen.recipe.fusion.name == "late":
        assert found.scale == "z-score"
        np.testing.assert_allclose(found.prediction, (found.w * found.p).sum(1), atol=1e-6)
        np.testing.assert_allclose(found.prediction * found.std + found.mean, stored, atol=1e-5)
        assert found.w.shape == found.p.shape == (len(data), 3)
        assert (found.w.std(0) > 0).all()
        off = studio.what_if(found.w, found.p, [0, 1, 1])
        np.testing.assert_allclose(off, found.prediction - found.w[:, 0] * found.p[:, 0], atol=1e-9)
        assert found.alike.names == ("smiles", "image", "fingerprint")
    else:
        assert (found.scale, found.w.shape) == ("value", (len(data), 0))
        np.testing.assert_array_equal(found.prediction, stored.astype(float))
        assert found.alike.names == ("smiles", "image", "fingerprint", "fused")


@pytest.mark.release
def test_shards_do_not_matter_to_what_is_told(run: Path, tmp_path: Path, monkeypatch) -> None:
    train(fused(run, "late"), few(), tmp_path / "run", home=default_home())
    whole = np.array(embed.embed(tmp_path / "run" / "model", few(), home=default_home()).part("p"))
    monkeypatch.setenv("MMEXPLORE_HOME", str(tmp_path / "home"))
    made = embed.embed(tmp_path / "run" / "model", few(), shard=7, home=default_home())
    assert made.parts == {"w": (3,), "p": (3, 1)}
    np.testing.assert_allclose(made.part("p"), whole, atol=1e-5)
    with pytest.raises(UnknownName, match="no part of this model's fusion is called 'q'; there are: p, w"):
        made.part("q")


def test_a_model_that_fuses_nothing_is_refused_in_words(run: Path, target: Path, fused_run: Path) -> None:
    for name in ("ecfp", str(run), str(target)):
        with pytest.raises(BadRecipe, match="fuses nothing"):
            studio.fusion_report(name, "solubility")
    with pytest.raises(UnknownName, match="is called 'no such task'"):
        studio.fusion_report(str(fused_run), "solubility", "no such task")


@pytest.mark.release
def test_the_shell_tells_of_a_fusion(fused_run: Path) -> None:
    command = [sys.executable, "-m", "mmexplore", "fusion", "--model", str(fused_run), "--data", "solubility", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert answer["modalities"] == ["smiles", "image", "fingerprint"]
    assert len(answer["rows"]) == answer["n"] == 1282
    pairs = {(pair["view"], pair["other"]) for pair in answer["similarities"]}
    if answer["fusion"] == "late":
        for row in answer["rows"]:
            total = sum(row["w"][name] * row["p"][name] for name in answer["modalities"])
            assert row["prediction"] == pytest.approx(total, abs=1e-6)
            assert row["prediction_in_unit"] == pytest.approx(row["prediction"] * answer["std"] + answer["mean"])
        assert len(pairs) == 3
    else:
        assert {("smiles", "fused"), ("image", "fused"), ("fingerprint", "fused")} <= pairs
        assert answer["rows"][0].keys() == {
            "smiles", "prediction", "prediction_in_unit", "w", "p", "contributions",
        }  # fmt: skip
