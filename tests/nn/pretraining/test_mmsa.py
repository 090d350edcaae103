"""MMSA's pre-training: its sum of losses by hand, and every switch of the paper's ablations.

The losses themselves are held against numpy in ``test_modality_losses.py`` and ``test_structure_awareness.py``.
"""

import numpy as np
import pytest
import torch
from torch import Tensor

from mmexplore.features.store import Features, features
from mmexplore.nn.dataloader import Records, collate
from mmexplore.nn.geometry.conformers import geometry_labels, one_conformer
from mmexplore.nn.losses.hypergraph import hyperedges
from mmexplore.nn.pretraining.mmsa import MMSA
from mmexplore.recipes import presets
from mmexplore.recipes.recipe import Branch, PretrainingConfig, Recipe
from mmexplore.runtime.home import default_home
from mmexplore.runtime.registry import PRETRAININGS

SMILES = ["CCO", "CC(=O)Oc1ccccc1C(=O)O", "c1ccncc1", "CCN(CC)CC", "O=C(O)c1ccccc1", "CC(C)Cc1ccc(C)cc1", "ClCCl", "C"]
WIDTHS = {"graph2d": 6, "image": 9, "graph3d": 6}


@pytest.fixture(scope="module")
def targets() -> dict[str, Features]:
    return {name: features(name, SMILES, home=default_home()) for name in ("descriptors", "graph3d")}


@pytest.fixture(scope="module")
def records(targets: dict[str, Features]) -> dict[str, Records]:
    every = np.arange(len(SMILES))
    return {name: collate(found.take(every), name) for name, found in targets.items()}


def embeddings(names: tuple[str, ...] = ("graph2d", "image", "graph3d")) -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(5)
    every = {n: torch.randn(len(SMILES), width, generator=generator) for n, width in WIDTHS.items()}
    return {n: every[n] for n in names}


def built(targets: dict[str, Features], names: tuple[str, ...] = ("graph2d", "image", "graph3d"), **options) -> MMSA:
    torch.manual_seed(0)
    given = PRETRAININGS.validated("mmsa", {"dimension": 6, "neighbours": 3, "anchors": 5} | options)
    model = MMSA({n: WIDTHS[n] for n in names}, **given)
    model.learn_scales(targets, np.arange(len(SMILES)))
    return model.eval()


def losses(model: MMSA, records: dict[str, Records], names=("graph2d", "image", "graph3d"), seed: int = 1) -> dict:
    torch.manual_seed(seed)
    return {k: float(v) for k, v in model.losses(embeddings(names), model.chosen(records)).items()}


def test_the_loss_is_the_blend_of_its_terms(targets, records) -> None:
    """Equations 7, 14 and 15."""
    found = losses(built(targets, alignment_weight=0.7, memory_weight=0.2), records)
    reconstruction = found["reconstruction_within"] + found["reconstruction_across"]
    alignment = 0.7 * found["contrastive"] + 0.3 * reconstruction
    awareness = 0.2 * found["memory"] + 0.8 * (found["geometry"] + found["properties"])
    assert found["loss"] == pytest.approx(alignment + awareness, rel=1e-6)


def test_the_prediction_loss_is_equation_13(targets, records) -> None:
    model, chosen = built(targets), {}
    found = losses(model, records)
    e = embeddings()
    with torch.no_grad():
        x = [e["graph2d"], model.latent.projections[1](e["image"]), e["graph3d"]]
        c = torch.stack([torch.tanh(f[0](v)) for f, v in zip(model.latent.encoders, x, strict=True)]).mean(0)
        z = model.structure(c)
        aligned = (z @ model.memory.anchors.T).softmax(1) @ model.memory.anchors
        raw = targets["descriptors"].take(np.arange(len(SMILES))).columns["values"].astype(np.float64)
        properties = (raw - raw.mean(0)) / raw.std(0)
        every = torch.ones(len(SMILES), 8, dtype=torch.bool)
        geometry, known = geometry_labels(one_conformer(records["graph3d"], random=False), 20)
        for name, head, goal, counted in (
            ("properties", model.property_head, torch.from_numpy(properties).float(), every),
            ("geometry", model.geometry_head, geometry, known),
        ):
            errors = [np.abs((head(v) - goal).numpy())[counted.numpy()].mean() for v in (z, aligned)]
            chosen[name] = sum(errors)
    assert found["properties"] == pytest.approx(chosen["properties"], rel=1e-5)
    assert found["geometry"] == pytest.approx(chosen["geometry"], rel=1e-5)


@pytest.mark.parametrize(
    ("switch", "terms"),
    [
        ("contrastive_loss", {"contrastive"}),
        ("reconstruction_loss", {"reconstruction_within", "reconstruction_across"}),
        ("memory_loss", {"memory"}),
        ("prediction_loss", {"geometry", "properties"}),
    ],
)
def test_a_loss_that_is_off_is_gone_and_the_others_stay(targets, records, switch: str, terms: set[str]) -> None:
    whole = losses(built(targets), records)
    without = losses(built(targets, **{switch: False}), records)
    assert whole.keys() - without.keys() == terms
    assert all(without[k] == pytest.approx(whole[k]) for k in without.keys() - {"loss"})
    weights = {"contrastive": 0.6, "reconstruction_within": 0.4, "reconstruction_across": 0.4}
    lost = sum(weights.get(k, 0.5) * whole[k] for k in terms)
    assert without["loss"] == pytest.approx(whole["loss"] - lost, rel=1e-5)


def test_without_a_geometry_label_no_conformer_is_asked_for(targets, records) -> None:
    found = losses(built(targets, geometry="none"), records)
    assert losses(built(targets), records).keys() - found.keys() == {"geometry"}
    alone = Recipe(branches=(Branch(encoder="gin"),), pretraining=PretrainingConfig(name="mmsa"))
    off, kept = (alone.with_settings([f"pretraining.options.geometry={label}"]) for label in ("none", "distances"))
    assert (off.teachers.keys(), kept.teachers.keys()) == ({"descriptors"}, {"descriptors", "graph3d"})
    assert "graph3d" not in kept.with_settings(["pretraining.options.prediction_loss=false"]).teachers


def changed(one: dict[str, float], other: dict[str, float]) -> set[str]:
    assert one.keys() == other.keys()
    return {k for k in one if one[k] != pytest.approx(other[k], rel=1e-6)} - {"loss"}


AWARE = {"memory", "geometry", "properties"}
STRUCTURE = AWARE | {"spread_structure"}


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"structure": "graph"}, STRUCTURE),
        ({"neighbours": 5}, STRUCTURE),
        ({"metric": "inner"}, STRUCTURE),
        ({"negatives": "all"}, {"contrastive"}),
        ({"within_weight": 0.9}, {"reconstruction_within", "reconstruction_across"}),
        ({"similarity": "cosine"}, AWARE),
        ({"alignment_weight": 0.7}, set()),
        ({"memory_weight": 0.2}, set()),
        ({"detach_targets": True}, set()),
        ({"norms": "per_dimension"}, {"reconstruction_within", "reconstruction_across", "memory"}),
    ],
)
def test_a_choice_changes_what_it_should_and_nothing_else(targets, records, options: dict, expected: set[str]) -> None:
    assert changed(losses(built(targets), records), losses(built(targets, **options), records)) == expected


def test_norms_per_dimension_are_root_mean_squares_and_mean_squares(targets, records) -> None:
    printed, other = losses(built(targets), records), losses(built(targets, norms="per_dimension"), records)
    assert other["memory"] == pytest.approx(printed["memory"] / 6)
    assert other["reconstruction_within"] == pytest.approx(printed["reconstruction_within"] / 6**0.5)


def test_geometry_may_be_a_histogram_of_distances(targets, records) -> None:
    model = built(targets, geometry="distances")
    assert "geometry" in losses(model, records)
    assert model.geometry_head[-1].out_features != built(targets).geometry_head[-1].out_features


@pytest.mark.parametrize("names", [("graph2d",), ("image",), ("graph2d", "image"), ("graph2d", "graph3d")])
def test_any_subset_of_modalities_learns(targets, records, names: tuple[str, ...]) -> None:
    """One modality alone has nothing to contrast and nothing across (section V-E)."""
    found = losses(built(targets, names), records, names)
    assert np.isfinite(list(found.values())).all()
    assert (found["contrastive"] == 0) == (len(names) == 1)
    assert (found["reconstruction_across"] == 0) == (len(names) == 1)


def test_detached_targets_pull_no_encoder(targets, records) -> None:
    only = {"contrastive_loss": False, "memory_loss": False, "prediction_loss": False}
    pulls = []
    for detach in (False, True):
        e = {name: x.requires_grad_() for name, x in embeddings().items()}
        model = built(targets, detach_targets=detach, **only)
        model.latent.encoders.requires_grad_(False)
        with torch.no_grad():
            for encode in model.latent.encoders:
                encode[0].weight.zero_()  # the latent says nothing of x, so only the target can pull it
        model.losses(e, model.chosen(records))["loss"].backward()
        pulls.append([float(x.grad.abs().sum()) for x in e.values()])
    assert min(pulls[0]) > 0
    assert max(pulls[1]) == 0


def test_every_parameter_and_every_branch_receives_a_gradient(targets, records) -> None:
    e = {name: x.requires_grad_() for name, x in embeddings().items()}
    model = built(targets).train()
    model.losses(e, model.chosen(records))["loss"].backward()
    assert [name for name, p in model.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0] == []
    assert all(x.grad.abs().sum() > 0 for x in e.values())


def test_standardised_features_have_unit_variance_and_cannot_shrink(targets) -> None:
    model = built(targets, standardise=True).train()
    for scale in (1.0, 0.1):
        x = model.latent.features({name: scale * e for name, e in embeddings().items()})
        for feature in x[::2]:
            assert feature.mean(0).abs().max() < 1e-4
            assert float(feature.var(0, unbiased=False).min()) > 0.8


def test_views_are_the_latent_embeddings_and_their_mean(targets) -> None:
    model, e = built(targets), embeddings()
    found = model(e)
    assert tuple(found) == ("graph2d", "image", "graph3d", "unified")
    torch.testing.assert_close(found["unified"], (found["graph2d"] + found["image"] + found["graph3d"]) / 3)
    assert found["image"].abs().max() <= 1  # tanh


def test_views_among_others_are_equations_9_and_11_over_the_whole_set(targets) -> None:
    model = built(targets)
    c = model(embeddings())["unified"].detach()
    found = model.among({"unified": c.numpy()})
    members = hyperedges(c, 3)
    h = np.zeros((len(c), len(c)))
    for edge, rows in enumerate(members.tolist()):
        h[rows, edge] = 1
    scale = np.diag(h.sum(1) ** -0.5)
    z = np.maximum(scale @ h @ h.T @ scale @ c.numpy() / 3 @ model.structure.weight.detach().numpy(), 0)
    np.testing.assert_allclose(found["structure-aware"], z, atol=1e-5)
    np.testing.assert_allclose(found["memory-aligned"], model.memory(torch.from_numpy(z).float()).detach(), atol=1e-5)
    assert (model.hyperedges(c.numpy()) == members.numpy()).all()


def test_the_same_conformer_is_embedded_and_predicted(targets, records) -> None:
    model = built(targets).train()
    chosen = model.chosen(records)["graph3d"]
    again = one_conformer(chosen, random=True)
    torch.testing.assert_close(again.columns["positions"], chosen.columns["positions"])


def test_the_spread_falls_to_zero_on_a_collapse(targets, records) -> None:
    model = built(targets)
    same = {name: x[:1].expand_as(x) for name, x in embeddings().items()}
    assert float(model.losses(same, model.chosen(records))["spread"]) == pytest.approx(0, abs=1e-6)
    assert losses(model, records)["spread"] > 0.001


def test_geometry_of_no_branch_is_read_off_one_conformer_and_else_off_the_branch_s_own() -> None:
    alone = presets.pretraining("mmsa").with_settings(['branches=[{"encoder": "gin"}]'])
    assert set(alone.teachers) == {"descriptors", "graph3d"}
    assert (alone.teachers["graph3d"]["conformers"], alone.teachers["graph3d"]["mmff"]) == (1, "off")
    both = presets.pretraining("mmsa")
    assert both.teachers["graph3d"] == both.modalities["graph3d"]
    assert both.teachers["graph3d"]["conformers"] == 5
