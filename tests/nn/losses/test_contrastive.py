"""Equations 5 and 6 against plain numpy, and the values that they must take where those are known."""

import math

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from mmexplore.nn.losses.contrastive import contrastive_loss, reconstruction_loss


def some(count: int, n: int = 6, width: int = 5, seed: int = 0) -> list[Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return [torch.randn(n, width, generator=generator, dtype=torch.float64) for _ in range(count)]


def cosine(a: np.ndarray, b: np.ndarray) -> float:
    return float(a @ b / np.linalg.norm(a) / np.linalg.norm(b))


def equation_5(c: list[np.ndarray], others: np.ndarray) -> float:
    """As printed, with the negatives of molecule ``l`` taken from ``others[l]`` (several: their exponentials add)."""
    count, n = len(c), len(c[0])
    total = 0.0
    for i in range(count):
        for j in range(count):
            if i == j:
                continue
            for row in range(n):
                positive = math.exp(cosine(c[i][row], c[j][row]))
                negative = sum(
                    math.exp(cosine(c[i][row], c[i][o])) + math.exp(cosine(c[i][row], c[j][o])) for o in others[row]
                )
                total -= math.log(positive / (positive + negative)) / n
    return 2 / (count * (count + 1)) * total


@pytest.mark.parametrize("count", [2, 3, 4])
def test_contrast_against_every_other_molecule_is_equation_5(count: int) -> None:
    c = some(count)
    others = np.array([[o for o in range(6) if o != row] for row in range(6)])
    found = contrastive_loss(c, negatives="all")
    assert float(found) == pytest.approx(equation_5([x.numpy() for x in c], others))


@pytest.mark.parametrize("count", [2, 3])
def test_contrast_against_one_other_molecule_is_equation_5(count: int) -> None:
    """Of two molecules the other one is the only choice; of more, each has one that is not itself."""
    c = some(count, n=2)
    assert float(contrastive_loss(c)) == pytest.approx(equation_5([x.numpy() for x in c], np.array([[1], [0]])))


def test_the_one_other_molecule_is_never_the_molecule_itself() -> None:
    """Orthogonal molecules: with itself as a negative the loss would differ."""
    c = [torch.eye(8, dtype=torch.float64)] * 3
    expected = math.log((math.e + 2) / math.e)
    for seed in range(20):
        torch.manual_seed(seed)
        assert float(contrastive_loss(c)) == pytest.approx(expected)


def test_perfect_alignment_against_opposite_negatives() -> None:
    c = [torch.tensor([[1.0, 0.0], [-1.0, 0.0]])] * 3
    assert float(contrastive_loss(c)) == pytest.approx(math.log(1 + 2 * math.exp(-2)))


def test_equal_embeddings_give_the_logarithm_of_three() -> None:
    assert float(contrastive_loss([torch.ones(7, 4)] * 3)) == pytest.approx(math.log(3))


@pytest.mark.parametrize(("count", "n"), [(1, 5), (3, 1)])
def test_one_modality_or_one_molecule_has_nothing_to_contrast(count: int, n: int) -> None:
    assert float(contrastive_loss(some(count, n))) == 0.0


def test_contrast_does_not_depend_on_lengths() -> None:
    c = some(3)
    found = []
    for lengths in (1.0, torch.rand(6, 1, dtype=torch.float64) + 0.1):
        torch.manual_seed(1)
        found.append(float(contrastive_loss([x * lengths for x in c])))
    assert found[0] == pytest.approx(found[1])


def decoders(count: int, width: int = 5) -> list[nn.Linear]:
    torch.manual_seed(3)
    return [nn.Linear(width, width).double() for _ in range(count)]


@pytest.mark.parametrize("count", [2, 3])
@pytest.mark.parametrize("tau", [0.0, 0.3, 1.0])
def test_reconstruction_is_equation_6(count: int, tau: float) -> None:
    x, c, psi = some(count), some(count, seed=1), decoders(count)
    plain = [(p.weight.detach().numpy(), p.bias.detach().numpy()) for p in psi]
    within = across = 0.0
    for i in range(count):
        for j in range(count):
            if i == j:
                continue
            own = c[i].numpy() @ plain[i][0].T + plain[i][1]
            others = c[j].numpy() @ plain[i][0].T + plain[i][1]
            within += tau * np.linalg.norm(x[i].numpy() - own, axis=1).mean() / count
            across += (1 - tau) * np.linalg.norm(x[i].numpy() - others, axis=1).mean() / count
    found = reconstruction_loss(x, c, psi, tau)
    assert [float(part) for part in found] == pytest.approx([within, across])


def test_one_modality_is_reconstructed_within_itself_only() -> None:
    x, c, psi = some(1), some(1, seed=1), decoders(1)
    within, across = reconstruction_loss(x, c, psi, 0.5)
    assert float(within) == pytest.approx(0.5 * float((x[0] - psi[0](c[0])).norm(dim=1).mean()))
    assert float(across) == 0.0


def test_an_exact_reconstruction_has_a_finite_gradient() -> None:
    x = [torch.ones(3, 5, requires_grad=True)]
    within, _ = reconstruction_loss(x, [torch.ones(3, 5)], [nn.Identity()], 0.5)
    within.backward()
    assert torch.isfinite(x[0].grad).all()
