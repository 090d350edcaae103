"""Relations between molecules and between atoms, against numpy, RDKit and the theorem; and which branch learns what."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from rdkit import Chem, DataStructs
from rdkit.Chem.rdFingerprintGenerator import GetMorganGenerator
from torch.nn.functional import kl_div

from mmexplore.features.store import features
from mmexplore.models import registry
from mmexplore.nn.dataloader import Records
from mmexplore.nn.losses import relations
from mmexplore.nn.pretraining.relational import Relational
from mmexplore.recipes import pretraining_targets
from mmexplore.recipes.recipe import Recipe, parse
from mmexplore.runtime.errors import BadRecipe, NotAvailable
from mmexplore.runtime.home import default_home

SMILES = ["CCO", "CCN", "c1ccccc1", "CC(=O)Oc1ccccc1C(=O)O", "[Xe]", "CCO"]


def softmax(x: np.ndarray) -> np.ndarray:
    e = np.exp(x - x.max(1, keepdims=True))
    return e / e.sum(1, keepdims=True)


def cosine(z: np.ndarray) -> np.ndarray:
    unit = z / np.linalg.norm(z, axis=1, keepdims=True)
    return unit @ unit.T


def random(n: int, d: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(n, d)).astype(np.float32)


# ---- equations -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("temperature", [1.0, 0.1])
def test_the_loss_is_equations_1_to_3(temperature: float) -> None:
    z, goal = random(7, 5), random(7, 9, seed=1)
    t = softmax(cosine(goal.astype(float)) / temperature)
    d = softmax(cosine(z.astype(float)) / temperature)
    found_t = relations.target(relations.cosines(torch.from_numpy(goal)), temperature)
    log_d = relations.log_learned(torch.from_numpy(z), temperature)
    np.testing.assert_allclose(found_t, t, atol=1e-6)
    np.testing.assert_allclose(log_d.exp(), d, atol=1e-6)
    expected = -np.mean([sum(t[i, j] * np.log(d[i, j]) for j in range(7)) for i in range(7)])
    assert float(relations.cross_entropy(found_t, log_d)) == pytest.approx(expected, abs=1e-5)
    told = relations.cross_entropy(found_t, log_d) - relations.entropy(found_t)
    assert float(told) == pytest.approx((t * np.log(t / d)).sum(1).mean(), abs=1e-5)


@pytest.mark.slow
def test_the_theorem_gradient_descent_ends_where_what_is_learned_is_the_target() -> None:
    """Equations 4 and 5: over free similarities, and over embeddings wide enough to have any cosines."""
    torch.manual_seed(0)
    t = relations.target(relations.cosines(torch.randn(6, 4)))
    free = torch.zeros(6, 6, requires_grad=True)
    for _ in range(2000):
        (gradient,) = torch.autograd.grad(relations.cross_entropy(t, free.log_softmax(1)), free)
        free.data -= 6 * gradient
    torch.testing.assert_close(free.softmax(1), t, atol=1e-5, rtol=0)
    assert torch.equal(free.argsort(1), t.argsort(1))
    z = torch.randn(6, 12, requires_grad=True)
    optimizer = torch.optim.Adam([z], 0.02)
    for _ in range(1500):
        optimizer.zero_grad()
        relations.cross_entropy(t, relations.log_learned(z)).backward()
        optimizer.step()
    learned = relations.log_learned(z.detach())
    torch.testing.assert_close(learned.exp(), t, atol=1e-3, rtol=0)
    assert float(kl_div(learned, t, reduction="batchmean")) < 1e-4


@pytest.mark.slow
def test_the_transposed_term_pulls_to_the_symmetrised_target() -> None:
    """What the published code minimises has its optimum at (t_ij + t_ji) / (1 + sum_k t_ki)."""
    t = relations.target(torch.from_numpy(random(5, 5)))
    free = torch.zeros(5, 5, requires_grad=True)
    for _ in range(3000):
        log_d = free.log_softmax(1)
        loss = relations.cross_entropy(t, log_d) + relations.cross_entropy(t.T, log_d)
        (gradient,) = torch.autograd.grad(loss, free)
        free.data -= 2 * gradient
    torch.testing.assert_close(free.softmax(1), (t + t.T) / (1 + t.sum(0)[:, None]), atol=1e-4, rtol=0)


def test_the_gradient_through_cosines_is_autograds() -> None:
    """Whatever stands after them, symmetric or not."""
    z = torch.randn(7, 5, requires_grad=True)
    weights = torch.randn(7, 7)
    (found,) = torch.autograd.grad((weights * relations.cosines(z).exp()).sum(), z)
    unit = torch.nn.functional.normalize(z, dim=1)
    (expected,) = torch.autograd.grad((weights * (unit @ unit.T).exp()).sum(), z)
    torch.testing.assert_close(found, expected)


def test_tanimoto_is_rdkits() -> None:
    generator = GetMorganGenerator(radius=2, fpSize=2048)
    theirs = [generator.GetFingerprint(Chem.MolFromSmiles(s)) for s in SMILES]
    expected = np.array([DataStructs.BulkTanimotoSimilarity(one, theirs) for one in theirs])
    bits = torch.from_numpy(
        features("fingerprint", SMILES, home=default_home()).take(np.arange(len(SMILES))).columns["bits"]
    )
    np.testing.assert_allclose(relations.tanimoto(bits), expected, atol=1e-6)


@given(st.lists(st.integers(0, 255), min_size=4, max_size=4))
def test_tanimoto_is_that_of_sets(numbers: list[int]) -> None:
    packed = np.array(numbers, np.uint8).reshape(2, 2)
    one, other = (set(np.flatnonzero(np.unpackbits(row))) for row in packed)
    expected = len(one & other) / max(len(one | other), 1)
    assert float(relations.tanimoto(torch.from_numpy(packed))[0, 1]) == pytest.approx(expected, abs=1e-6)


def test_peaks_of_three_atoms_by_hand() -> None:
    """Equation C.5 for 10, 12 and 20 ppm: |difference| 2, 10 and 8."""
    ppm = torch.tensor([10.0, 12.0, 20.0])
    smooth = relations.peak_similarity(ppm, tau_1=1.0, tau_2=10.0)
    expected = [[10, 10 / 3, 10 / 11], [10 / 3, 10, 10 / 9], [10 / 11, 10 / 9, 10]]
    torch.testing.assert_close(smooth, torch.tensor(expected))
    np.testing.assert_allclose(relations.target(smooth)[0], softmax(np.array(expected[:1]))[0], atol=1e-6)
    as_published = relations.target(relations.peak_similarity(torch.tensor([10.0, 10.0, 10.01])))
    torch.testing.assert_close(as_published, torch.tensor([[0.5, 0.5, 0.0], [0.5, 0.5, 0.0], [0.0, 0.0, 1.0]]))


# ---- the pre-training ------------------------------------------------------------------------------------------


def records(n: int, seed: int = 0) -> dict[str, Records]:
    """Fingerprints, target embeddings, and graphs of three atoms of which some have a peak."""
    rng = np.random.default_rng(seed)

    def made(columns: dict[str, np.ndarray], counts: dict[str, np.ndarray]) -> Records:
        owner = {axis: torch.from_numpy(np.repeat(np.arange(n), c)) for axis, c in counts.items()}
        tensors = {name: torch.from_numpy(values) for name, values in columns.items()}
        return Records(n, tensors, {axis: torch.from_numpy(c) for axis, c in counts.items()}, owner)

    peaks = np.arange(n) % 3
    atom = np.concatenate([np.arange(count) for count in peaks])
    return {
        "fingerprint": made({"bits": rng.integers(0, 256, (n, 256), np.uint8)}, {}),
        "target:smiles": made({"z": random(n, 9, seed)}, {}),
        "target:image": made({"z": random(n, 4, seed + 1)}, {}),
        "graph2d": made({}, {"atoms": np.full(n, 3)}),
        "nmr_peaks": made({"atom": atom, "ppm": rng.random(peaks.sum()).astype(np.float32) * 200}, {"peaks": peaks}),
    }


def test_blended_targets_sum_to_one_and_are_the_weighted_sum() -> None:
    """Equations 6, 7 and appendix B.2."""
    given_ = records(6)
    options = {"weights": "smiles=0.5, image=0.2, fingerprint=0.3", "temperature": 0.3}
    goals = Relational(dict.fromkeys(("early", "smiles"), 8), **options)._goals(given_)
    singly = Relational(dict.fromkeys(("smiles", "image", "fingerprint"), 8), temperature=0.3)._goals(given_)
    torch.testing.assert_close(goals["early"].sum(1), torch.ones(6))
    expected = 0.5 * singly["smiles"] + 0.2 * singly["image"] + 0.3 * singly["fingerprint"]
    torch.testing.assert_close(goals["early"], expected)


def test_a_branch_learns_from_what_it_is_named_by_and_from_nothing_else() -> None:
    names = ("smiles", "fingerprint", "early", "nmr_peaks")
    loss, given_ = Relational(dict.fromkeys(names, 8)), records(9)
    assert loss.weights == {"smiles": 0.5, "fingerprint": 0.5}
    z = {name: torch.from_numpy(random(27 if name == "nmr_peaks" else 9, 8, i)) for i, name in enumerate(names)}
    found = loss.losses(z, given_)
    assert tuple(found) == ("loss", *names)
    goals = loss._goals(given_)
    for name in names[:3]:
        log_d = relations.log_learned(z[name])
        torch.testing.assert_close(found[name], kl_div(log_d, goals[name], reduction="batchmean"))
    alone = sum(
        float(Relational({name: 8}, weights="smiles=0.5,fingerprint=0.5").losses(z, given_)["loss"]) for name in names
    )
    assert float(found["loss"]) == pytest.approx(alone, abs=1e-5)


def test_a_peak_is_put_on_its_own_atom() -> None:
    given_ = records(9)
    z = torch.from_numpy(random(27, 8)).requires_grad_()
    Relational({"nmr_peaks": 8}).losses({"nmr_peaks": z}, given_)["loss"].backward()
    owner, atom = given_["nmr_peaks"].owner["peaks"], given_["nmr_peaks"].columns["atom"]
    touched = {int(i) for i in np.flatnonzero(np.abs(z.grad.numpy()).sum(1))}
    assert touched == {int(3 * o + a) for o, a in zip(owner, atom, strict=True)}
    expected_t = relations.target(relations.peak_similarity(given_["nmr_peaks"].columns["ppm"]))
    log_d = relations.log_learned(z.detach()[3 * owner + atom])
    found = Relational({"nmr_peaks": 8}).losses({"nmr_peaks": z}, given_)["nmr_peaks"]
    torch.testing.assert_close(found, kl_div(log_d, expected_t, reduction="batchmean"))


def test_many_peaks_are_sampled_and_none_is_no_loss() -> None:
    z, given_ = {"nmr_peaks": torch.from_numpy(random(27, 8)).requires_grad_()}, records(9)
    Relational({"nmr_peaks": 8}, peaks=4).losses(z, given_)["loss"].backward()
    assert int((z["nmr_peaks"].grad.abs().sum(1) > 0).sum()) == 4
    none = records(1)
    silent = {"nmr_peaks": torch.randn(3, 8, requires_grad=True)}
    found = Relational({"nmr_peaks": 8}).losses(silent, none)
    found["loss"].backward()
    assert float(found["loss"]) == 0
    assert torch.equal(silent["nmr_peaks"].grad, torch.zeros(3, 8))


# ---- which branch learns what ----------------------------------------------------------------------------------


def recipe(*names: str, encoder: str = "dmpnn", **options: object) -> Recipe:
    branches = [{"encoder": encoder, "name": name} for name in names]
    return parse({"branches": branches, "pretraining": {"name": "relational", "options": options}})


def test_only_what_some_branch_learns_is_read() -> None:
    chosen = recipe("image", "nmr_peaks", image_target="mine#view")
    assert pretraining_targets.frozen(chosen) == {"image": "mine#view"}
    assert set(pretraining_targets.teachers(chosen)) == {"nmr_peaks"}
    blended = recipe("early", weights="smiles=0.4,fingerprint=0.6,image=0")
    assert pretraining_targets.frozen(blended) == {"smiles": "target-smiles"}
    assert set(pretraining_targets.teachers(blended)) == {"fingerprint"}
    assert pretraining_targets.frozen(recipe("early")).keys() == {"smiles", "nmr_spectrum", "image"}
    assert pretraining_targets.frozen(parse({})) == {}


@pytest.mark.parametrize(
    ("weights", "words"),
    [
        ("smiles=0.5, image=0.6", "add up to 1"),
        ("smiles=1.5, image=-0.5", "not negative"),
        ("smiles=nan", "add up to 1"),
        ("smiles=a half, image=0.5", "read 'smiles=0.7"),
        ("nmr_peaks=1", "nmr_peaks=1"),
        ("smiles=0.5, smiles=0.5", "once"),
    ],
)
def test_weights_that_are_no_weights_are_refused(weights: str, words: str) -> None:
    with pytest.raises(BadRecipe, match=words):
        pretraining_targets.check(recipe("early", weights=weights))


def test_a_branch_that_learns_nothing_is_refused() -> None:
    with pytest.raises(BadRecipe, match="named by what teaches it: descriptors, early, fingerprint, image"):
        pretraining_targets.check(recipe("graph2d"))
    with pytest.raises(BadRecipe, match="encoder 'gin' tells nothing; there are: dmpnn"):
        pretraining_targets.check(recipe("nmr_peaks", encoder="gin"))
    pretraining_targets.check(recipe("fingerprint", encoder="gin"))


def test_a_target_that_is_not_here_is_named_before_any_work() -> None:
    with pytest.raises(NotAvailable, match=r"'smiles' is taught by model 'no such'.*no model is called 'no such'"):
        registry.check_starts(recipe("smiles", smiles_target="no such"), home=default_home())
    with pytest.raises(NotAvailable, match="no view of 'ecfp' is called 'x'"):
        registry.check_starts(recipe("smiles", smiles_target="ecfp#x"), home=default_home())
    registry.check_starts(recipe("smiles", smiles_target="ecfp"), home=default_home())
