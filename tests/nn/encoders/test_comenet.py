"""ComENet against the same network edge by edge, its symmetries, and shapes without angles."""

import numpy as np
import pytest
import torch
from point_clouds import CUTOFF, clouds, looped, moved, placed, records_of
from torch import Tensor, nn

from mmexplore.nn.dataloader import Records
from mmexplore.nn.encoders.comenet import ComENet, GraphNorm, _Heard
from mmexplore.nn.geometry.atom_pairs import pairs
from mmexplore.nn.geometry.conformers import one_conformer
from mmexplore.nn.geometry.spherical_basis import Basis

SMILES = ["CC(=O)Oc1ccccc1C(=O)O", "C", "[Na+].[Cl-]", "C[C@H](N)C(=O)O", "O", "CC(=O)[O-].[K+]", "OCC(F)(Cl)Br"]


def in_double(records: Records) -> Records:
    columns = records.columns | {"positions": records.columns["positions"].double()}
    return Records(records.n, columns, records.counts, records.owner)


def plain(model: ComENet, shape: np.ndarray, numbers: Tensor) -> Tensor:
    """The embedding of one molecule, edge by edge, map by map."""
    basis, edges = Basis(3, 2, model.cutoff_angstrom).double(), looped(shape, model.cutoff_angstrom)
    functions = basis(
        pairs(torch.from_numpy(shape)[None], torch.ones(1, len(shape), dtype=torch.bool), model.cutoff_angstrom)
    )
    x = nn.functional.silu(model.atoms(numbers))
    for layer in model.layers:
        x, heard = nn.functional.silu(layer.entry(x)), []
        for convolution, f in zip(layer.convolutions, functions, strict=True):
            of_pair, rows = f.view(len(shape), -1, len(shape)), convolution.root(x)
            for i, j in edges:
                weight = convolution.wide(convolution.narrow(of_pair[i, :, j]))
                rows = rows.index_add(0, torch.tensor([i]), (convolution.rel.weight @ (weight * x[j]))[None])
            heard.append(nn.functional.silu(convolution.after(rows + convolution.rel.bias)))
        h = layer.joined(torch.cat(heard, 1)) + x
        for residual in layer.residual:
            h = nn.functional.silu(residual(h)) + h
        norm = layer.norm
        if len(shape) > 2:
            h = h - norm.mean_scale * h.mean(0)
            h = h / (h.square().mean(0) + norm.eps).sqrt()
        x = layer.exit(norm.weight * h + norm.bias)
    for output in model.outputs:
        x = nn.functional.silu(output(x))
    return model.last(x).mean(0)


def test_the_whole_network_is_what_its_docstrings_say() -> None:
    torch.manual_seed(0)
    model = ComENet(layers=2, hidden_size=12, middle_size=5, cutoff_angstrom=CUTOFF, dimension=7).double().eval()
    for name, parameter in model.named_parameters():
        if name.endswith(("bias", "mean_scale", "norm.weight")):
            nn.init.uniform_(parameter, 0.2, 1)
    records = in_double(placed(clouds()))
    records.columns["atoms"] = torch.randint(0, 119, records.columns["atoms"].shape).to(torch.uint8)
    found = model(records)
    for molecule in range(records.n):
        mine = records.owner["atoms"] == molecule
        expected = plain(model, records.columns["positions"][mine].numpy(), records.columns["atoms"][mine].int())
        torch.testing.assert_close(found[molecule], expected)


def test_the_adjoint_of_hearing_is_that_of_finite_differences() -> None:
    torch.manual_seed(0)
    shapes = ((2, 4, 3), (5, 3), (2, 4, 20))
    arguments = [torch.randn(*shape, dtype=torch.float64, requires_grad=True) for shape in shapes]
    assert torch.autograd.gradcheck(_Heard.apply, arguments)


def test_graph_norm_is_pygs_on_molecules_of_three_atoms_or_more() -> None:
    pyg = pytest.importorskip("torch_geometric.nn").GraphNorm(8)
    norm, counts = GraphNorm(8), torch.tensor([5, 3, 12])
    for mine, theirs in ((norm.weight, pyg.weight), (norm.bias, pyg.bias), (norm.mean_scale, pyg.mean_scale)):
        nn.init.uniform_(theirs, 0.3, 1)
        mine.data.copy_(theirs.data)
    owner, x = torch.arange(3).repeat_interleave(counts), torch.randn(20, 8)
    torch.testing.assert_close(norm(x, owner, counts), pyg(x, owner), atol=1e-5, rtol=1e-4)
    few, x = torch.tensor([1, 2]), torch.randn(3, 8)
    torch.testing.assert_close(norm(x, torch.tensor([0, 1, 1]), few), norm.weight * x + norm.bias)


@pytest.fixture
def model() -> ComENet:
    torch.manual_seed(0)
    return ComENet().eval()


def test_rotation_and_translation_change_nothing(model: ComENet) -> None:
    records = in_double(one_conformer(records_of(SMILES), False))
    model.double()
    for seed in range(3):
        torch.testing.assert_close(model(moved(records, seed)), model(records), atol=1e-7, rtol=0)


def test_a_mirror_image_is_another_molecule_unless_it_is_flat(model: ComENet) -> None:
    records = in_double(one_conformer(records_of([SMILES[3]]), False))
    model.double()
    mirror = torch.tensor([1.0, 1, -1])
    for flat, differs in ((1, True), (0, False)):
        positions = records.columns["positions"] * torch.tensor([1.0, 1, flat])
        one, other = (
            Records(1, records.columns | {"positions": p}, records.counts, records.owner)
            for p in (positions, positions * mirror)
        )
        for seed in range(2):
            apart = (model(moved(one, seed)) - model(moved(other, seed + 9))).abs().max()
            assert (apart > 1e-3) if differs else (apart < 1e-6)


def test_training_reads_any_conformer_and_evaluation_the_first(model: ComENet) -> None:
    records = records_of([SMILES[0]])
    assert torch.equal(model(records), model(one_conformer(records, False)))
    model.train()
    assert len({tuple(model(records)[0].tolist()) for _ in range(8)}) > 1


ODD = {
    "a point": [np.zeros((1, 3))],
    "two": [np.array([[0.0, 0, 0], [0, 0, 1.5]])],
    "two far apart": [np.array([[0.0, 0, 0], [0, 0, 50.0]])],
    "three edges": [np.array([[0.0, 0, 0], [0, 0, 1.5]]), np.zeros((1, 3))],
    "a line": [np.outer(np.arange(5.0), [1.0, 0, 0])],
    "a crooked line": [np.outer(np.arange(4.0), [1.0, 0.3, 0.7])],
    "a square": [np.array([[1.0, 1, 0], [1, -1, 0], [-1, -1, 0], [-1, 1, 0]])],
    "all in one place": [np.zeros((4, 3))],
    "points": [np.zeros((1, 3))] * 3,
}


@pytest.mark.parametrize("shapes", ODD.values(), ids=ODD.keys())
def test_odd_shapes_have_finite_embeddings_and_gradients(model: ComENet, shapes: list[np.ndarray]) -> None:
    records = placed(shapes)
    records.columns["positions"].requires_grad_()
    found = model.train()(records)
    assert torch.isfinite(found).all()
    found.square().sum().backward()
    assert all(torch.isfinite(p.grad).all() for p in model.parameters() if p.grad is not None)
    assert torch.isfinite(records.columns["positions"].grad).all()


def test_positions_have_the_gradient_of_finite_differences() -> None:
    torch.manual_seed(0)
    model = ComENet(layers=1, hidden_size=6, middle_size=4, dimension=3).double().eval()
    records = in_double(placed(clouds()[1:2]))

    def embedded(positions: Tensor) -> Tensor:
        return model(Records(1, records.columns | {"positions": positions}, records.counts, records.owner))

    assert torch.autograd.gradcheck(embedded, records.columns["positions"].requires_grad_())


@pytest.mark.parametrize("options", [{"num_spherical": 1}, {"num_radial": 6}, {"readout": "sum"}, {"output_layers": 0}])
def test_every_option_makes_a_network(options: dict[str, object]) -> None:
    found = ComENet(layers=1, hidden_size=16, dimension=5, **options)(records_of(SMILES))
    assert found.shape == (len(SMILES), 5)
    assert torch.isfinite(found).all()


def test_a_sum_is_a_mean_times_the_atoms(model: ComENet) -> None:
    records = records_of(SMILES)
    mean, model.readout = model(records), "sum"
    torch.testing.assert_close(model(records), mean * records.counts["atoms"][:, None])
