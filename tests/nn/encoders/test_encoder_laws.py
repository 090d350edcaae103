"""Laws of every encoder and every fusion: a new file is under them the moment it exists."""

import numpy as np
import pytest
import torch
from packed_records import MEASURED, made_up_spectra
from torch import Tensor

from mmexplore.features.store import features
from mmexplore.nn.dataloader import Records, collate
from mmexplore.nn.encoders import Encoder
from mmexplore.nn.fusions import Fusion
from mmexplore.recipes.recipe import parse
from mmexplore.runtime.home import default_home
from mmexplore.runtime.registry import ENCODERS, FUSIONS, MODALITIES

SMILES = [
    "CC(=O)Oc1ccccc1C(=O)O",
    "C",
    "[Na+].[Cl-]",
    "C[C@H](N)C(=O)O",
    "C/C=C/C#N",
    "[Xe]",
    "CC(=O)[O-].[K+]",
    "O=S(=O)(c1ccc(Br)cc1)N1CCOCC1",
]
UNORDERED = {"atoms", "bonds", "points"}  # axes whose rows stand in no order of their own


def records_of(modality: str, smiles: list[str]) -> Records:
    if modality in MEASURED:
        return collate(made_up_spectra(modality, smiles), modality)
    return collate(features(modality, smiles, home=default_home()).take(np.arange(len(smiles))), modality)


LARGE = {"resnet"}


@pytest.fixture(params=[pytest.param(n, marks=pytest.mark.slow if n in LARGE else ()) for n in ENCODERS.names()])
def encoder(request: pytest.FixtureRequest) -> Encoder:
    torch.manual_seed(0)
    built: Encoder = ENCODERS[request.param](**ENCODERS.validated(request.param, {}))
    return built


def shuffled(records: Records, modality: str, seed: int) -> Records:
    """The same molecules with their atoms, bonds and points in another order within each molecule."""
    rng = np.random.default_rng(seed)
    columns, new_row = dict(records.columns), {}
    for axis in [a for a in records.owner if a in UNORDERED]:
        owner = records.owner[axis]
        order = np.lexsort((rng.random(len(owner)), owner.numpy()))
        new_row[axis] = torch.from_numpy(np.argsort(order))
        for name, column in MODALITIES[modality].columns.items():
            if column.axis == axis:
                columns[name] = columns[name][torch.from_numpy(order)]
    for name, column in MODALITIES[modality].columns.items():
        if column.points_into:
            columns[name] = new_row[column.points_into][columns[name]]
    return Records(records.n, columns, records.counts, records.owner)


def test_an_embedding_has_the_stated_width(encoder: Encoder) -> None:
    found = encoder.eval()(records_of(encoder.reads, SMILES))
    assert found.shape == (len(SMILES), encoder.dimension)
    assert found.dtype == torch.float32
    assert torch.isfinite(found).all()


def test_an_embedding_does_not_depend_on_its_neighbours(encoder: Encoder) -> None:
    encoder.eval()
    together = encoder(records_of(encoder.reads, SMILES))
    for number, smiles in enumerate(SMILES):
        alone = encoder(records_of(encoder.reads, [smiles]))
        torch.testing.assert_close(alone[0], together[number], atol=3e-6, rtol=1e-5)
    turned = encoder(records_of(encoder.reads, SMILES[::-1]))
    torch.testing.assert_close(turned.flip(0), together, atol=3e-6, rtol=1e-5)


def test_an_embedding_does_not_depend_on_the_order_of_atoms_and_bonds(encoder: Encoder) -> None:
    records = records_of(encoder.reads, SMILES)
    expected = encoder.eval()(records)
    for seed in range(3):
        torch.testing.assert_close(encoder(shuffled(records, encoder.reads, seed)), expected, atol=3e-6, rtol=1e-5)


def test_molecules_differ(encoder: Encoder) -> None:
    found = encoder.eval()(records_of(encoder.reads, SMILES))
    apart = torch.cdist(found, found) + torch.eye(len(SMILES))
    assert apart.min() > 1e-4


def test_every_parameter_of_an_encoder_receives_a_gradient(encoder: Encoder) -> None:
    encoder.train()
    found = encoder(records_of(encoder.reads, SMILES))
    (found * torch.linspace(-1, 1, found.numel()).view_as(found)).sum().backward()
    assert [name for name, p in encoder.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0] == []


@pytest.mark.parametrize("smiles", [["C"], ["[Na+].[Cl-]"], ["C", "[Xe]", "O"]])
def test_batches_without_bonds_train(encoder: Encoder, smiles: list[str]) -> None:
    found = encoder.train()(records_of(encoder.reads, smiles))
    found.square().sum().backward()
    assert torch.isfinite(found).all()


# ---- fusions ---------------------------------------------------------------------------------------------------


@pytest.fixture(params=FUSIONS.names())
def fusion(request: pytest.FixtureRequest) -> tuple[Fusion, dict[str, Tensor]]:
    """A fusion with as many branches as it takes, and embeddings for it."""
    torch.manual_seed(0)
    several = {"branches": [{"encoder": "gin", "name": n} for n in "ab"], "fusion": {"name": request.param}}
    try:
        parse(several)
        widths = {"a": 12, "b": 7}
    except Exception:
        widths = {"a": 12}
    built: Fusion = FUSIONS[request.param](widths, 3, **FUSIONS.validated(request.param, {}))
    return built, {name: torch.randn(5, width, requires_grad=True) for name, width in widths.items()}


def test_every_branch_influences_the_output(fusion: tuple[Fusion, dict[str, Tensor]]) -> None:
    model, embeddings = fusion
    found = model.eval()(embeddings)
    assert found.outputs.shape == (5, 3)
    for task in range(3):
        gradients = torch.autograd.grad(found.outputs[:, task].sum(), list(embeddings.values()), retain_graph=True)
        assert all(g.abs().sum() > 0 for g in gradients)


def test_every_parameter_of_a_fusion_receives_a_gradient(fusion: tuple[Fusion, dict[str, Tensor]]) -> None:
    model, embeddings = fusion
    model.train()(embeddings).outputs.square().sum().backward()
    assert [name for name, p in model.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0] == []


def test_a_fusion_makes_the_views_it_states(fusion: tuple[Fusion, dict[str, Tensor]]) -> None:
    model, embeddings = fusion
    found = model.eval()(embeddings)
    name = type(model).__name__.lower()
    assert tuple(found.views) == FUSIONS.attribute(name, "views")
    assert all(len(view) == 5 for view in found.views.values())


def test_a_molecule_of_a_fusion_does_not_depend_on_its_neighbours(fusion: tuple[Fusion, dict[str, Tensor]]) -> None:
    model, embeddings = fusion
    together = model.eval()(embeddings).outputs
    alone = model({name: e[2:3] for name, e in embeddings.items()}).outputs
    torch.testing.assert_close(alone[0], together[2])
