"""MMFRL's fusions against numpy (equations 8 to 11), and the numbers that tell of a fusion."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics.pairwise import cosine_similarity
from sklearn.neighbors import NearestNeighbors
from torch import Tensor, nn

from mmexplore.explore.explain import contributions
from mmexplore.nn.fusions import Fusion, present
from mmexplore.nn.fusions.intermediate import Intermediate
from mmexplore.nn.fusions.late import Late

WIDTHS = {"smiles": 12, "image": 7, "nmr_spectrum": 9, "fingerprint": 12, "nmr_peaks": 5}


def embeddings(n: int = 6) -> dict[str, Tensor]:
    torch.manual_seed(1)
    return {name: torch.randn(n, width, requires_grad=True) for name, width in WIDTHS.items()}


def by_hand(network: nn.Module, x: np.ndarray) -> np.ndarray:
    """Linear maps with ReLU between them."""
    layers = [layer for layer in network.modules() if isinstance(layer, nn.Linear)]
    for number, layer in enumerate(layers):
        x = x @ layer.weight.detach().numpy().T + layer.bias.detach().numpy()
        x = np.maximum(x, 0) if number < len(layers) - 1 else x
    return x


def test_intermediate_fusion_is_equation_8() -> None:
    torch.manual_seed(0)
    model, f = Intermediate(WIDTHS, 2, dimension=10), embeddings()
    found = model(f)
    joined = np.concatenate([f[name].detach().numpy() for name in WIDTHS], axis=1)
    fused = np.maximum(by_hand(model.reduce, joined), 0)
    np.testing.assert_allclose(found.views["fused"].detach(), fused, atol=1e-5)
    np.testing.assert_allclose(found.outputs.detach(), by_hand(model.head, fused), atol=1e-5)


@pytest.mark.parametrize("gates", ["free", "softmax"])
def test_late_fusion_is_equations_9_to_11(gates: str) -> None:
    torch.manual_seed(0)
    model, f = Late(WIDTHS, 2, gates=gates), embeddings()
    found = model(f)
    w = np.concatenate([by_hand(gate, f[n].detach().numpy()) for gate, n in zip(model.gates, WIDTHS, strict=True)], 1)
    if gates == "softmax":
        w = np.exp(w) / np.exp(w).sum(1, keepdims=True)
    p = np.stack([by_hand(r, f[n].detach().numpy()) for r, n in zip(model.readouts, WIDTHS, strict=True)], 1)
    np.testing.assert_allclose(found.parts["w"].detach(), w, atol=1e-5)
    np.testing.assert_allclose(found.parts["p"].detach(), p, atol=1e-5)
    np.testing.assert_allclose(found.outputs.detach(), np.einsum("nm,nmt->nt", w, p), atol=1e-5)
    reported = contributions.predictions(found.parts["w"].detach().numpy(), found.parts["p"].detach().numpy())
    np.testing.assert_allclose(reported, found.outputs.detach(), atol=1e-6)
    assert [layer.out_features for layer in model.gates[0] if isinstance(layer, nn.Linear)] == [100, 33, 1]


def test_every_modality_of_a_late_fusion_learns() -> None:
    """Two of them get nothing in the published code, whose sum leaves them out."""
    torch.manual_seed(0)
    model, f = Late(WIDTHS, 3), embeddings()
    model(f).outputs.square().sum().backward()
    for name, gate, readout in zip(WIDTHS, model.gates, model.readouts, strict=True):
        assert f[name].grad is not None
        assert (f[name].grad.abs().sum(1) > 0).all(), name
        for parameter in (*gate.parameters(), *readout.parameters()):
            assert parameter.grad is not None
            assert parameter.grad.abs().sum() > 0, name


@pytest.mark.parametrize("kind", [Intermediate, Late])
def test_the_order_of_branches_follows_the_recipe_and_not_the_batch(kind: type) -> None:
    model, f = kind(WIDTHS, 2), embeddings()
    shuffled = {name: f[name] for name in reversed(f)}
    assert torch.equal(model(f).outputs, model(shuffled).outputs)


@pytest.mark.parametrize(("rate", "modalities"), [(0.3, 5), (0.9, 2), (0.5, 1)])
def test_modality_dropout_leaves_one_at_least_and_the_expectation(rate: float, modalities: int) -> None:
    torch.manual_seed(0)
    drawn = present(torch.empty(200_000, modalities), rate)
    assert ((drawn > 0).sum(1) >= 1).all()
    torch.testing.assert_close(drawn.mean(0), torch.ones(modalities), atol=0.03, rtol=0)
    assert len(drawn.unique()) == (2 if modalities > 1 else 1)


@pytest.mark.parametrize(
    "make",
    [Intermediate, Late, lambda *a, **k: Late(*a, gates="softmax", **k)],
    ids=["intermediate", "late", "softmax"],
)
def test_modality_dropout_is_of_training_alone(make: type[Fusion]) -> None:
    torch.manual_seed(0)
    model, f = make(WIDTHS, 2, modality_dropout=0.5), embeddings()
    plain = make(WIDTHS, 2)
    plain.load_state_dict(model.state_dict())
    assert torch.equal(model.eval()(f).outputs, plain.eval()(f).outputs)
    assert not torch.equal(model.train()(f).outputs, model(f).outputs)
    assert torch.equal(plain.train()(f).outputs, plain(f).outputs)
    parts = model(f).parts
    if "w" in parts:
        assert (parts["w"] == 0).any()
        assert ((parts["w"] != 0).sum(1) >= 1).all()
    if getattr(model, "normalize", False):
        torch.testing.assert_close(parts["w"].sum(1), torch.ones(6))


def test_a_turned_branch_is_the_same_model() -> None:
    torch.manual_seed(0)
    model, f = Late(WIDTHS, 2), embeddings()
    before = model(f)
    signs = torch.tensor([1.0, -1.0, 1.0, -1.0, -1.0])
    model.turn(signs)
    after = model(f)
    assert torch.equal(after.outputs, before.outputs)
    assert torch.equal(after.parts["w"], before.parts["w"] * signs)
    assert torch.equal(after.parts["p"], before.parts["p"] * signs[:, None])


# ---- what is told of it ----------------------------------------------------------------------------------------


@given(st.integers(0, 1000), st.integers(1, 4), st.booleans())
def test_what_if_is_linear_in_every_factor(seed: int, modalities: int, several: bool) -> None:
    rng = np.random.default_rng(seed)
    w = rng.normal(size=(5, modalities)).astype(np.float32)
    p = rng.normal(size=(5, modalities, 2) if several else (5, modalities)).astype(np.float32)
    ones = np.ones(modalities)
    np.testing.assert_allclose(contributions.what_if(w, p, ones), contributions.predictions(w, p))
    np.testing.assert_allclose(contributions.products(w, p).sum(1), contributions.predictions(w, p))
    parts = [contributions.what_if(w, p, row) for row in np.eye(modalities)]
    np.testing.assert_allclose(sum(parts), contributions.predictions(w, p), atol=1e-12)
    np.testing.assert_allclose(contributions.what_if(w, p, 2 * ones), 2 * contributions.predictions(w, p), atol=1e-12)
    if not several:
        means = contributions.products(w, p).mean(0)
        np.testing.assert_allclose(contributions.what_if(w, p, 0 * ones, means), np.full(5, means.sum()), atol=1e-12)
        np.testing.assert_allclose(contributions.what_if(w, p, ones, means), contributions.predictions(w, p))


def test_similarities_are_what_they_say() -> None:
    rng = np.random.default_rng(0)
    x, narrow = rng.normal(size=(60, 8)).astype(np.float32), rng.normal(size=(60, 3)).astype(np.float32)
    turn, _ = np.linalg.qr(rng.normal(size=(8, 8)))
    views = {"a": x, "turned": (3 * x @ turn).astype(np.float32), "narrow": narrow}
    found = contributions.similarities(views, k=5)
    assert found.names == ("a", "turned", "narrow")
    np.testing.assert_allclose(np.diag(found.cosine), 1, atol=1e-6)
    expected = np.diag(cosine_similarity(views["a"], views["turned"])).mean()
    assert found.cosine[0, 1] == pytest.approx(expected, abs=1e-6)
    assert np.isnan(found.cosine[0, 2])
    np.testing.assert_allclose(found.cka, found.cka.T)
    assert found.cka[0, 1] == pytest.approx(1, abs=1e-6)
    assert found.cka[0, 2] < 0.5
    assert found.disagreement[0, 1] == pytest.approx(0, abs=1e-6)
    theirs = [NearestNeighbors(n_neighbors=6, metric="cosine").fit(v).kneighbors(v)[1][:, 1:] for v in (x, narrow)]
    overlap = [len({*a} & {*b}) / len({*a} | {*b}) for a, b in zip(*theirs, strict=True)]
    assert found.disagreement[0, 2] == pytest.approx(1 - np.mean(overlap), abs=1e-6)


def test_similarities_of_few_and_of_equal_molecules() -> None:
    one = contributions.similarities({"a": np.ones((1, 2)), "b": np.ones((1, 2))})
    assert one.k == 0
    assert (one.disagreement == 0).all()
    flat = contributions.similarities({"a": np.zeros((20, 2)), "b": np.ones((20, 2))})
    assert np.isfinite(flat.cosine).all()
    assert np.isfinite(flat.cka).all()


def test_of_many_molecules_a_seeded_sample_is_compared() -> None:
    rng = np.random.default_rng(0)
    views = {"a": rng.normal(size=(400, 4)), "b": rng.normal(size=(400, 4))}
    some, again, whole = (contributions.similarities(views, most=most) for most in (200, 200, 400))
    np.testing.assert_array_equal(some.cka, again.cka)
    assert some.cka[0, 1] != whole.cka[0, 1]
