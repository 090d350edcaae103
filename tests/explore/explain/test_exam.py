"""The exam of explanations: labels are the rule's, a model that knows the rule passes, parts are swapped whole."""

from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from planted import MODERATE, SMALL, connected
from rdkit import Chem
from toy_models import save_model

from mmexplore import studio
from mmexplore.chem.peeling import Skeleton, mask_of, numbers, skeleton
from mmexplore.explore.explain import exam, subgraphs
from mmexplore.explore.explain.exam import CHANCE, GROUPS, KINDS, TRUTH, WHOLE, Question, Rule
from mmexplore.explore.explain.scorer import FragmentModel
from mmexplore.explore.explain.search import Scorer
from mmexplore.models.registry import Model

DATA = "solubility"
AMIDE, HALIDE, ESTER, ETHER = (
    (name, GROUPS[name]) for name in ("an amide", "an aryl halide", "an ester or acid", "an aryl ether or phenol")
)
RULES = (
    Rule("a group", *AMIDE),
    Rule("two groups together", *ESTER, *ETHER),
    Rule("a group unless another", *AMIDE, *HALIDE),
)
NAMES = [rule.kind for rule in RULES]


def knows(rule: Rule) -> SimpleNamespace:
    """A model that knows a rule and nothing else: 0.9 where it holds, else 0.1, whichever way it is asked."""

    def of_smiles(smiles: Sequence[str]) -> np.ndarray:
        return np.array([[0.9 if rule.holds(Chem.MolFromSmiles(text)) else 0.1] for text in smiles])

    def by_mask(molecule: Skeleton, masks: Sequence[int]) -> np.ndarray:
        held = [
            [mask_of(match) for match in molecule.mol.GetSubstructMatches(Chem.MolFromSmarts(smarts))] if smarts else []
            for smarts in (rule.group, rule.other)
        ]
        there = np.array([[any(m & mask == m for m in one) for one in held] for mask in masks])
        return np.where(rule.labels(there[:, 0], there[:, 1]), 0.9, 0.1)

    scorer = Scorer(lambda smiles: of_smiles(smiles)[:, 0], by_mask)
    known = {"of_smiles": of_smiles, "scorer": lambda task, branch="": scorer, "reads_masks": True}
    return SimpleNamespace(**known, integrated_gradients=lambda smiles, task: None)


@pytest.mark.parametrize("rule", RULES, ids=NAMES)
def test_labels_are_the_rules_and_questions_are_held_back(rule: Rule) -> None:
    table = studio.dataset(DATA)
    made = exam.paper(table, rule, 12)
    mols = [Chem.MolFromSmiles(text) for text in made.dataset.smiles]
    assert made.dataset.labels[:, 0].tolist() == [float(rule.holds(mol)) for mol in mols]
    assert 0.3 < made.dataset.labels.mean() < 0.7
    flat = [Chem.MolToSmiles(mol, isomericSmiles=False) for mol in mols]
    asked = [Chem.CanonSmiles(question.smiles, useChiral=False) for question in made.questions]
    assert len(set(asked)) == len(asked)
    assert not set(asked) & set(flat)
    assert 3 <= len(made.questions) <= 12
    groups = [Chem.MolFromSmarts(smarts) for smarts in (rule.group, rule.other) if smarts]
    negative = [mol for mol, label in zip(mols, made.dataset.labels[:, 0], strict=True) if not label]
    assert np.mean([any(mol.HasSubstructMatch(group) for group in groups) for mol in negative]) > 0.3 or len(groups) < 2
    for question in made.questions:
        mol = skeleton(question.smiles).mol
        assert rule.holds(mol)
        assert set(question.atoms) >= set(mol.GetSubstructMatch(groups[0]))
    again = exam.paper(table, rule, 12)
    assert (again.questions, again.dataset.digest) == (made.questions, made.dataset.digest)
    assert exam.paper(table, rule, 12, seed=1).questions != made.questions


def test_rules_are_drawn_from_what_the_molecules_hold() -> None:
    found, missing = exam.rules_of(studio.dataset(DATA))
    assert [rule.kind for rule in found] == list(KINDS)
    assert not missing
    other, _ = exam.rules_of(studio.dataset(DATA), seed=1)
    assert other != found
    few, why = exam.rules_of(studio.dataset("freesolv"), ["two groups together"])
    assert len(few) + len(why) == 1


@pytest.mark.parametrize("rule", RULES, ids=NAMES)
@pytest.mark.release
def test_a_model_that_knows_the_rule_passes(rule: Rule, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subgraphs, "fragment_model", lambda _: knows(rule))
    found = exam.graded(Model(rule.kind, "", Path(), False, ()), exam.paper(studio.dataset(DATA), rule, 8))
    grades = {grade.explanation: grade for grade in found.grades}
    assert found.called == found.positive == grades[WHOLE].molecules
    assert grades[TRUTH].auroc == 1.0
    assert grades[TRUTH].hits == grades[TRUTH].molecules
    if grades[TRUTH].deleted:
        assert grades[TRUTH].deletion == pytest.approx(0.8)
    else:  # a carbon taken out of an aromatic ring leaves nothing readable
        assert rule.kind == "two groups together"
    small = grades[WHOLE]
    assert small.answered
    assert small.hits >= 0.8 * small.answered  # a ring cut off its neighbor may hold a group that the molecule has not
    assert small.exact >= 0.8 * small.answered
    assert small.auroc > grades[CHANCE].auroc
    assert small.deletion >= grades[CHANCE].deletion
    if small.replaced:
        assert small.replacement > 0.4  # what is put in its place has no such group, but the joint may make one


@settings(max_examples=25, deadline=None)
@given(st.sampled_from([*SMALL, *MODERATE]), st.integers(0, 10**6))
def test_a_swapped_part_is_gone_and_the_rest_is_whole(smiles: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    molecule = skeleton(smiles)
    masks = [mask for mask in molecule.fragments(10_000) or [] if mask != molecule.whole]
    atoms = numbers(masks[int(rng.integers(len(masks)))])
    library = exam.parts_of([*SMALL, *MODERATE])
    made = exam.swaps(molecule, atoms, library, rng)
    assert len(made) <= exam.SWAPS
    assert len(set(made)) == len(made)
    rest = [atom for atom in range(molecule.n_atoms) if atom not in atoms]
    for text in made:
        mol = Chem.MolFromSmiles(text)
        assert Chem.MolToSmiles(mol) == text != molecule.smiles
        assert connected(mol, range(mol.GetNumAtoms()))
        kept = Chem.MolFragmentToSmarts(molecule.mol, rest, isomericSmarts=False)
        assert all(mol.HasSubstructMatch(Chem.MolFromSmarts(one)) for one in kept.split("."))


def test_parts_of_a_rule_are_never_put_in() -> None:
    library = exam.parts_of([*SMALL, *MODERATE], Rule("a group", "a sulfonyl group", GROUPS["a sulfonyl group"]))
    assert library[1]
    assert library[2]
    query = Chem.MolFromSmarts(GROUPS["a sulfonyl group"])
    assert not any(Chem.MolFromSmiles(text).HasSubstructMatch(query) for one in library.values() for text in one)


def test_marks_of_known_answers() -> None:
    molecule, question = skeleton("CC(=O)Nc1ccc(O)cc1"), Question("CC(=O)Nc1ccc(O)cc1", (1, 2, 3))
    perfect = exam._marks(molecule, question, exam._of_atoms((1, 2, 3), molecule.n_atoms))
    assert (perfect["auroc"], perfect["hit"]) == (1.0, True)
    none = exam._marks(molecule, question, exam._of_atoms((), molecule.n_atoms))
    assert (none["auroc"], none["hit"], none["exact"]) == (0.5, False, False)
    wide = exam._marks(molecule, question, exam._of_atoms(range(8), molecule.n_atoms))
    assert wide["hit"]
    assert not wide["exact"]
    assert wide["auroc"] == pytest.approx((1 + 3 / 8) / 2)  # true positives, and true negatives of eight


@pytest.mark.parametrize("encoder", ["dmpnn", "gin"])
def test_integrated_gradients_add_up_and_know_no_order(encoder: str, tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    predictor = save_model(tmp_path / "m", encoder=encoder)
    model, smiles = FragmentModel(tmp_path / "m"), Chem.CanonSmiles("CC(=O)Nc1ccc(O)cc1")
    shares = model.integrated_gradients(smiles, "logS", steps=400)
    assert shares is not None
    assert len(shares) == 11
    from mmexplore.features.featurize import featurize
    from mmexplore.nn.dataloader import Batch, collate
    from mmexplore.nn.graphs.features import GATE
    from mmexplore.runtime.registry import MODALITIES

    ends = []
    for factor in (0.0, 1.0):
        records = collate(featurize(MODALITIES["graph2d"](), [smiles]).packed, "graph2d")
        records.columns[GATE] = torch.full((11,), factor)
        with torch.no_grad():
            ends.append(float(predictor(Batch({"graph2d": records}, torch.empty(1, 0), torch.arange(1))).outputs[0, 1]))
    assert shares.sum() == pytest.approx(ends[1] - ends[0], abs=2e-3)
    plain = model.of_smiles([smiles])[0, 1]
    assert ends[1] * 2.0 - 3.0 == pytest.approx(plain, abs=1e-3)  # a gate of ones changes nothing
    ranks = list(Chem.CanonicalRankAtoms(Chem.MolFromSmiles(smiles), breakTies=False))
    for one in set(ranks):
        assert np.ptp(shares[np.array(ranks) == one]) < 1e-5


@pytest.mark.release
def test_an_exam_is_sat_kept_and_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MMEXPLORE_HOME", str(tmp_path))
    save_model(tmp_path / "runs" / "toy" / "model")
    assert studio.stored_exam("toy", DATA, molecules=4, epochs=2) is None
    made = studio.exam("toy", DATA, kinds=KINDS[:1], molecules=4, epochs=2)
    assert studio.stored_exam("toy", DATA, kinds=KINDS[:1], molecules=4, epochs=2) == made
    assert made.rules[0].learned > 100
    assert studio.trust_in_words(made)
    assert not [path for path in (tmp_path / "subgraphs" / "exams").iterdir() if path.is_dir()]
