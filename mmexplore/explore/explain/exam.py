"""Exam of explanations: a rule is planted in real molecules, a model learns it, and each is asked for its atoms.

Which atoms decide is known only where somebody made the labels (McCloskey et al., PNAS 2019, 116, 11624;
Sanchez-Lengeling et al., NeurIPS 2020). Three kinds of rules: a group; two groups together; a group unless another one
is there. Graded is a molecule that was not trained on, holds the group once and is called positive by the model. An
explanation can be no better than what the model learned, so the model's own score on the rule stands beside.

Besides the atoms: what the prediction loses when the part is deleted, and when it is swapped for another part of the
training molecules that has not the planted group, which leaves a plausible molecule.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from rdkit import Chem, rdBase
from rdkit.Chem import Mol

from mmexplore.chem.fragments import fragment_smiles
from mmexplore.chem.peeling import Skeleton, mask_of, numbers, skeleton
from mmexplore.datasets import Dataset, Task
from mmexplore.datasets.search import containing
from mmexplore.explore.explain import subgraphs
from mmexplore.explore.explain.mcts import walk
from mmexplore.explore.explain.search import LARGEST, RULES, SMALLEST, Target, consensus
from mmexplore.explore.explain.storage import Explained, digest
from mmexplore.models.registry import Model
from mmexplore.runtime.cache import cached
from mmexplore.runtime.errors import BadRecipe
from mmexplore.runtime.home import with_nan
from mmexplore.runtime.progress import Progress, silent

if TYPE_CHECKING:
    from mmexplore.explore.explain.scorer import FragmentModel

Kind = Literal["a group", "two groups together", "a group unless another"]
KINDS: tuple[Kind, ...] = ("a group", "two groups together", "a group unless another")
GROUPS = {
    "an amide": "[CX3](=O)[NX3]",
    "an ester or acid": "[CX3](=O)[OX2]",
    "a hydroxyl group on a chain": "[CX4][OX2H]",
    "an aryl ether or phenol": "c[OX2]",
    "an aryl halide": "c[F,Cl,Br,I]",
    "an alkyl amine": "[CX4][NX3;!$(NC=O);!$(NS=O)]",
    "a sulfonyl group": "S(=O)=O",
    "a nitro group": "[N+](=O)[O-]",
    "a nitrile": "C#N",
    "a ketone": "[#6][CX3](=O)[#6]",
    "an alkyl ether": "[CX4][OX2][CX4]",
    "an alkyl halide": "[CX4][F,Cl,Br,I]",
    "an aromatic nitrogen ring": "n1ccccc1",
}
"""What is planted, by name: groups of two atoms or more, that a chemist would name."""
TASK = "planted"
FEWEST, MOST_ATOMS = 10, 45
"""Atoms of a molecule of the exam."""
WALKS = 10
"""Walks of chemprop's search, as its notebook has them."""
SWAPS = 5
"""Replacements that are drawn for one part."""
WHOLE, AGREED, TREE, GRADIENTS, CHANCE, TRUTH = (
    "smallest part",
    "consensus of the modalities",
    "chemprop's search",
    "integrated gradients",
    "a random part",
    "the planted atoms",
)
_LEARNED, _NEAR = 600, 0.5
_LEAST_SHARE, _LEAST_ROWS = 0.04, 30
_LIBRARY = 300


@dataclass(frozen=True)
class Rule:
    """Planted rule: what makes a molecule positive. ``group`` and ``other`` are SMARTS, with their names."""

    kind: Kind
    name: str
    group: str
    other_name: str = ""
    other: str = ""

    @property
    def words(self) -> str:
        """Rule in words."""
        joint = {"a group": "", "two groups together": " with ", "a group unless another": " without "}[self.kind]
        return f"{self.name}{joint}{self.other_name}"

    def labels(self, group: np.ndarray, other: np.ndarray) -> np.ndarray:
        """Labels from which molecules hold the group and the other one, bool."""
        if self.kind == "a group":
            return group
        made: np.ndarray = group & (other if self.kind == "two groups together" else ~other)
        return made

    def holds(self, mol: Mol) -> bool:
        """Whether a molecule is positive."""
        there = [mol.HasSubstructMatch(Chem.MolFromSmarts(s)) if s else False for s in (self.group, self.other)]
        return bool(self.labels(*np.array(there)[:, None])[0])

    def atoms(self, mol: Mol) -> tuple[int, ...]:
        """Atoms that make a positive molecule so; none where it holds a group of the rule more than once."""
        wanted = (self.group, self.other) if self.kind == "two groups together" else (self.group,)
        found = [mol.GetSubstructMatches(Chem.MolFromSmarts(smarts)) for smarts in wanted]
        if not self.holds(mol) or any(len(matches) != 1 for matches in found):
            return ()
        return tuple(sorted({atom for (match,) in found for atom in match}))


@dataclass(frozen=True)
class Question:
    """Exam question: a molecule, by its canonical SMILES, and the atoms that decide."""

    smiles: str
    atoms: tuple[int, ...]


@dataclass(frozen=True)
class Paper:
    """Exam paper of one rule: what a model learns it from, and what it is asked then, of molecules held back."""

    rule: Rule
    dataset: Dataset
    questions: tuple[Question, ...]


@dataclass(frozen=True)
class Answer:
    """Answer of an explanation: a part, and a weight of each atom. No part: it found none."""

    atoms: tuple[int, ...]
    weights: np.ndarray


@dataclass(frozen=True)
class Grade:
    """Grade of one explanation over the molecules of a rule; shares and means, NaN where nothing was measured.

    ``auroc`` over the atoms of each molecule, their mean (no answer: one half); ``hits``: parts that hold all the
    planted atoms; ``exact``: hits as small as a part can be with them (of weighted atoms: the best are the planted
    ones). ``deletion``: what the positive probability loses without the part, mean, of ``deleted`` molecules of which
    something readable is left; ``replacement``: the same with other parts in its place, of ``replaced`` molecules.
    """

    explanation: str
    molecules: int
    answered: int
    auroc: float
    hits: int
    exact: int
    deletion: float
    deleted: int
    replacement: float
    replaced: int


@dataclass(frozen=True)
class RuleGrades:
    """Grades of a rule: ``words``; ``learned`` molecules taught it, ``auroc`` of the model's predictions on those held
    back and ``called`` of the ``positive`` questions it calls positive: of others nothing is explained."""

    kind: Kind
    words: str
    learned: int
    auroc: float
    positive: int
    called: int
    grades: tuple[Grade, ...]


@dataclass(frozen=True)
class Exam:
    """Exam of a recipe: its ``model`` or name, the data set whose molecules were used, and the grades by rule."""

    model: str
    data: str
    rules: tuple[RuleGrades, ...]
    seconds: float = 0.0
    skipped: tuple[str, ...] = field(default=())

    def total(self, explanation: str) -> tuple[int, int]:
        """Hits of an explanation over all rules, and of how many molecules."""
        found = [grade for rule in self.rules for grade in rule.grades if grade.explanation == explanation]
        return sum(grade.hits for grade in found), sum(grade.molecules for grade in found)


def trust_in_words(found: Exam) -> str:
    """How far to trust a model's subgraphs, in two sentences.

    >>> grades = [Grade(WHOLE, 10, 9, 0.8, 7, 3, 0.5, 9, 0.4, 5), Grade(CHANCE, 10, 9, 0.5, 2, 0, 0.1, 9, 0.1, 5)]
    >>> rule = RuleGrades("a group", "an amide", 300, 0.99, 12, 10, tuple(grades))
    >>> trust_in_words(Exam("m", "d", (rule,)))[:87]
    'Of 10 molecules in which a rule was planted, the smallest part held the planted atoms i'
    """
    hits, n = found.total(WHOLE)
    chance, _ = found.total(CHANCE)
    if not n:
        return "The model learned none of the planted rules, so nothing can be said of its subgraphs."
    words = f"Of {n} molecules in which a rule was planted, the smallest part held the planted atoms in {hits} "
    words += f"({hits / n:.0%}), a random part of the same size in {chance} ({chance / n:.0%})."
    ratio = hits / n
    if hits <= chance + 2 * np.sqrt(n * max(chance / n * (1 - chance / n), 0.01)):
        return f"{words} That is no better than chance: do not trust this kind of model's subgraphs on such molecules."
    if ratio >= 0.8:
        return f"{words} On such molecules its subgraphs can mostly be trusted."
    return f"{words} About one in {max(2, round(1 / max(1 - ratio, 1e-9)))} misses: take a subgraph as a hint to test."


def rules_of(dataset: Dataset, kinds: Iterable[Kind] = KINDS, seed: int = 0) -> tuple[list[Rule], list[str]]:
    """Rules that a data set's molecules can be labelled by, one a kind, and what no rule was found for, in words."""
    held = {name: _holding(dataset, smarts) for name, smarts in GROUPS.items()}
    able = _able(dataset)
    names = np.random.default_rng(seed).permutation(list(GROUPS)).tolist()
    pairs = list(combinations(names, 2))
    choices: dict[Kind, list[tuple[str, str]]] = {
        "a group": [(name, "") for name in names],
        "two groups together": pairs,
        "a group unless another": pairs + [(b, a) for a, b in pairs],
    }
    found, missing = [], []
    for kind in kinds:
        scored = [(_balance(_rule(kind, *one), held, able), number, one) for number, one in enumerate(choices[kind])]
        worth, _, best = max(scored, key=lambda known: (known[0], -known[1]))
        if worth < 0:
            missing.append(f"{kind}: too few molecules of {dataset.name} hold such groups")
        else:
            found.append(_rule(kind, *best))
    return found, missing


def _rule(kind: Kind, name: str, other: str) -> Rule:
    return Rule(kind, name, GROUPS[name], other, GROUPS.get(other, ""))


def _balance(rule: Rule, held: Mapping[str, np.ndarray], able: np.ndarray) -> float:
    """How well a rule divides the molecules, in ten steps, so that the order drawn decides; -1 where it cannot be."""
    none = np.zeros(len(able), bool)
    group, other = held[rule.name], held.get(rule.other_name, none)
    labels = rule.labels(group, other)[able]
    both = (group & other)[able]
    if (
        rule.kind == "two groups together"
        and min((group & ~other)[able].sum(), (other & ~group)[able].sum()) < _LEAST_ROWS
    ):
        return -1.0
    if rule.kind == "a group unless another" and both.sum() < _LEAST_ROWS:
        return -1.0
    share = labels.mean() if len(labels) else 0.0
    if share < _LEAST_SHARE or 2 * labels.sum() < 3 * _LEAST_ROWS:  # a third may be asked about
        return -1.0
    return round(10 * min(share, 0.3))


@cached(64)
def _holding(dataset: Dataset, smarts: str) -> np.ndarray:
    found = np.zeros(len(dataset), bool)
    found[containing(dataset, Chem.MolFromSmarts(smarts), chirality=False)] = True
    return found


@cached(4)
def _able(dataset: Dataset) -> np.ndarray:
    """Molecules of one part and of a size to be asked about, bool."""
    able = np.zeros(len(dataset), bool)
    for row in dataset.readable.tolist():
        text = str(dataset.smiles[row])
        if "." not in text and "*" not in text and len(text) < 200:
            atoms = Chem.MolFromSmiles(text).GetNumAtoms()
            able[row] = FEWEST <= atoms <= MOST_ATOMS
    return able


def paper(dataset: Dataset, rule: Rule, molecules: int, seed: int = 0) -> Paper:
    """Exam paper: molecules with planted labels, half of them positive, and as many held back as are asked for.

    Half of the negative ones hold a group of the rule where there are such, so that no shorter rule will do. Raises
    BadRecipe where too few are positive.
    """
    rng, able = np.random.default_rng(seed), _able(dataset)
    group = _holding(dataset, rule.group)
    other = _holding(dataset, rule.other) if rule.other else np.zeros(len(dataset), bool)
    labels = rule.labels(group, other)
    positive = rng.permutation(np.flatnonzero(able & labels))
    asked: list[Question] = []
    flat: dict[int, str] = {}
    held_back: set[str] = set()  # the same molecule, or its mirror image, may have a row of its own
    for row in positive.tolist():
        molecule = skeleton(str(dataset.smiles[row]))
        flat[row] = str(Chem.MolToSmiles(molecule.mol, isomericSmiles=False))
        atoms = rule.atoms(molecule.mol) if len(asked) < min(molecules, len(positive) // 3) else ()
        if atoms and flat[row] not in held_back:
            asked.append(Question(molecule.smiles, atoms))
            held_back.add(flat[row])
    kept = [row for row, text in flat.items() if text not in held_back][: _LEARNED // 2]
    near = rng.permutation(np.flatnonzero(able & ~labels & (group | other)))[: int(_NEAR * len(kept))]
    rest = rng.permutation(np.flatnonzero(able & ~labels & ~group & ~other))[: len(kept) - len(near)]
    if len(asked) < 3 or len(kept) < _LEAST_ROWS or len(near) + len(rest) < _LEAST_ROWS:
        raise BadRecipe(
            f"too few molecules of {dataset.name!r} hold {rule.words}, or do not; another data set would do"
        )
    rows = np.sort(np.concatenate([kept, near, rest]).astype(np.int64))
    planted = replace(
        dataset,
        name=f"{dataset.name}-planted",
        title=f"{dataset.title}, planted: {rule.words}",
        digest=digest(dataset.digest, rule.kind, rule.group, rule.other, molecules, seed),
        smiles=dataset.smiles[rows],
        names=dataset.names[rows],
        lines=dataset.lines[rows],
        labels=labels[rows].astype(np.float32)[:, None],
        tasks=(Task(TASK, "classification"),),
        extra=dataset.extra.iloc[rows].reset_index(drop=True),
        spectra=None,
    )
    return Paper(rule, planted, tuple(asked))


def graded(model: Model, given: Paper, seed: int = 0, auroc: float = np.nan, progress: Progress = silent) -> RuleGrades:
    """Grades of each explanation of a model that has learned a paper's rule; imports torch.

    ``auroc``: the model's, on molecules held back.
    """
    loaded, goal = subgraphs.fragment_model(model), Target(TASK, "class 1", 0.5)
    library = parts_of([str(s) for s in given.dataset.smiles[:_LIBRARY]], given.rule)
    scores = loaded.of_smiles([question.smiles for question in given.questions])[:, 0]
    called = [one for one, score in zip(given.questions, scores, strict=True) if score >= goal.threshold]
    marks: dict[str, list[tuple[Answer, dict[str, float]]]] = {}
    for number, question in enumerate(called):
        progress("explain", number, len(called))
        rng = np.random.default_rng((seed, number))
        molecule = skeleton(question.smiles)
        for name, answer in answers(model, loaded, molecule, question, goal, rng).items():
            effects = _effects(loaded, molecule, answer.atoms, library, rng)
            marks.setdefault(name, []).append((answer, _marks(molecule, question, answer) | effects))
    progress("explain", len(called), len(called))
    grades = tuple(_grade(name, told) for name, told in marks.items())
    learned = len(given.dataset)
    return RuleGrades(given.rule.kind, given.rule.words, learned, auroc, len(given.questions), len(called), grades)


def answers(
    model: Model,
    loaded: "FragmentModel",
    molecule: Skeleton,
    question: Question,
    goal: Target,
    rng: np.random.Generator,
) -> dict[str, Answer]:
    """What each explanation answers of one molecule, by name."""
    n = molecule.n_atoms
    found = subgraphs.explain(model, molecule.smiles, goal, count=1)
    made = {WHOLE: _of_part(found, n)}
    size = len(made[WHOLE].atoms) or len(question.atoms)
    branches = {}
    for name in subgraphs.summands(model):
        branches[name] = _of_part(subgraphs.explain_summand(model, name, molecule.smiles, goal.task), n)
        made[f"branch {name}"] = branches[name]
    if branches:
        counts = np.sum([one.weights for one in branches.values()], axis=0)
        told = {name: one.atoms for name, one in branches.items() if one.atoms}
        made[AGREED] = Answer(consensus(told), counts)
    made[TREE] = _of_atoms(published(molecule, loaded, goal), n)
    if (shares := loaded.integrated_gradients(molecule.smiles, goal.task)) is not None:
        made[GRADIENTS] = Answer(tuple(sorted(np.argsort(-shares, kind="stable")[:size].tolist())), shares)
    made[CHANCE] = _of_atoms(_random_part(molecule, size, rng), n)
    made[TRUTH] = _of_atoms(question.atoms, n)
    return made


def published(molecule: Skeleton, loaded: "FragmentModel", goal: Target) -> tuple[int, ...]:
    """Atoms that chemprop's notebook finds: 10 walks over fragments read from SMILES, the smallest of 8 to 20 atoms."""
    scorer = loaded.scorer(goal.task)
    known: dict[str, float] = {}

    def level(masks: Sequence[int]) -> np.ndarray:
        texts = [fragment_smiles(molecule, mask) for mask in masks]
        new = [text for text in dict.fromkeys(texts) if text and text not in known]
        if new:
            known.update(zip(new, scorer.fragments(new).tolist(), strict=True))
        values = np.array([known.get(text, np.nan) for text in texts])
        levels: np.ndarray = np.nan_to_num(goal.level(goal.score(values)))
        return levels

    found = walk(molecule, level, walks=WALKS, c_puct=10.0, min_atoms=SMALLEST)
    able = [m for m, value in found.items() if value >= goal.threshold and SMALLEST <= m.bit_count() <= LARGEST]
    return tuple(numbers(min(able, key=lambda m: (m.bit_count(), -found[m], m)))) if able else ()


@cached(4)
def _parts(smiles: str) -> list[int]:
    """Parts that peeling reaches, as masks; none where there are too many to list."""
    return skeleton(smiles).fragments(20_000) or []


def _random_part(molecule: Skeleton, size: int, rng: np.random.Generator) -> tuple[int, ...]:
    """A part that peeling reaches, of that size or the next one that there is."""
    masks = _parts(molecule.smiles) or [state.atoms for state in molecule.roots()]
    sizes = np.array([mask.bit_count() for mask in masks])
    nearest = sizes[np.argmin(np.abs(sizes - size))]
    return tuple(numbers(masks[int(rng.choice(np.flatnonzero(sizes == nearest)))]))


def _of_part(found: Explained, n: int) -> Answer:
    return _of_atoms(found.subgraphs[0].atoms if found.subgraphs else (), n)


def _of_atoms(atoms: Iterable[int], n: int) -> Answer:
    chosen = tuple(sorted(atoms))
    weights = np.zeros(n)
    weights[list(chosen)] = 1.0
    return Answer(chosen, weights)


def _marks(molecule: Skeleton, question: Question, answer: Answer) -> dict[str, float]:
    """AUROC over atoms, whether the part holds the planted atoms, and whether it is as small as can be."""
    from sklearn.metrics import roc_auc_score

    truth = np.zeros(molecule.n_atoms)
    truth[list(question.atoms)] = 1
    auroc = float(roc_auc_score(truth, answer.weights)) if 0 < truth.sum() < len(truth) else np.nan
    hit = set(question.atoms) <= set(answer.atoms)
    if len(np.unique(answer.weights)) > 2:  # weighted atoms: no part has to be peeled
        best = np.argsort(-answer.weights, kind="stable")[: len(question.atoms)]
        return {"auroc": auroc, "hit": hit, "exact": set(best.tolist()) == set(question.atoms)}
    return {"auroc": auroc, "hit": hit, "exact": hit and len(answer.atoms) <= _least(molecule, question.atoms)}


def _least(molecule: Skeleton, atoms: tuple[int, ...]) -> int:
    """Size of the smallest part within the limits of the search that holds these atoms as they are.

    An aromatic one is in a ring that is there whole: what is left of a broken ring is another group.
    """
    low, high = RULES.sizes(molecule.n_atoms)
    wanted = mask_of(atoms)
    rings = [mask_of(ring) for ring in molecule.mol.GetRingInfo().AtomRings()]
    aromatic = [a for a in atoms if molecule.mol.GetAtomWithIdx(a).GetIsAromatic()]
    around = [[ring for ring in rings if ring >> atom & 1] for atom in aromatic]
    able = [m for m in _parts(molecule.smiles) if m & wanted == wanted and low <= m.bit_count() <= high]
    sizes = [m.bit_count() for m in able if all(any(ring & m == ring for ring in one) for one in around)]
    return min(sizes, default=molecule.n_atoms)


def _effects(
    loaded: "FragmentModel",
    molecule: Skeleton,
    atoms: tuple[int, ...],
    library: Mapping[int, Sequence[str]],
    rng: np.random.Generator,
) -> dict[str, float]:
    """What the probability loses without a part, and with others in its place; NaN where that cannot be."""
    if not atoms or len(atoms) == molecule.n_atoms:
        return {"deletion": np.nan, "replacement": np.nan}
    rest = fragment_smiles(molecule, molecule.whole & ~mask_of(atoms))
    swapped = swaps(molecule, atoms, library, rng)
    texts = [molecule.smiles, *([rest] if rest else []), *swapped]
    values = loaded.of_smiles(texts)[:, 0]
    lost = values[0] - values
    others = lost[len(lost) - len(swapped) :]
    others = others[np.isfinite(others)]
    replaced = float(others.mean()) if len(others) else np.nan
    return {"deletion": float(lost[1]) if rest else np.nan, "replacement": replaced}


def parts_of(smiles: Iterable[str], rule: Rule | None = None) -> dict[int, list[str]]:
    """Parts of molecules by their number of cut bonds, one or two, each a SMILES with ``[*:1]``, ``[*:2]``.

    Single bonds outside rings are cut, as for matched pairs (Hussain and Rea 2010, doi:10.1021/ci900450m). Those that
    hold the group of a rule are left out.
    """
    from rdkit.Chem import rdMMPA

    unwanted = Chem.MolFromSmarts(rule.group) if rule else None
    found: dict[int, set[str]] = {1: set(), 2: set()}
    for text in smiles:
        mol = Chem.MolFromSmiles(text)
        if mol is None or mol.GetNumAtoms() > MOST_ATOMS:
            continue
        for cuts in (1, 2):
            for core, chains in rdMMPA.FragmentMol(
                mol, minCuts=cuts, maxCuts=cuts, maxCutBonds=20, resultsAsMols=False
            ):
                found[cuts].update([core] if cuts == 2 else chains.split("."))
    kept = {}
    for cuts, texts in found.items():
        mols = {text: Chem.MolFromSmiles(text) for text in sorted(filter(None, texts))}
        kept[cuts] = [t for t, m in mols.items() if m and not (unwanted and m.HasSubstructMatch(unwanted))]
    return kept


def swaps(
    molecule: Skeleton, atoms: Iterable[int], library: Mapping[int, Sequence[str]], rng: np.random.Generator
) -> list[str]:
    """Plausible replacements: the molecule with other parts in the place of one, canonical SMILES.

    Up to SWAPS parts of the library of about the same size, at most three atoms larger or smaller. None for a part that
    hangs on the rest by more than two bonds, or by one that is not single or lies in a ring.
    """
    mol, inside = molecule.mol, set(atoms)
    cut = [b for b in mol.GetBonds() if len({b.GetBeginAtomIdx(), b.GetEndAtomIdx()} & inside) == 1]
    if not 1 <= len(cut) <= 2 or any(b.IsInRing() or b.GetBondType() != Chem.BondType.SINGLE for b in cut):
        return []
    pieces = Chem.FragmentOnBonds(mol, [b.GetIdx() for b in cut], dummyLabels=[(k, k) for k in range(1, len(cut) + 1)])
    for atom in pieces.GetAtoms():
        if atom.GetAtomicNum() == 0:
            atom.SetAtomMapNum(atom.GetIsotope())
            atom.SetIsotope(0)
    groups = Chem.GetMolFrags(pieces)
    kept = [number for number, group in enumerate(groups) if not inside & set(group)]
    separate = Chem.GetMolFrags(pieces, asMols=True)
    rest = [separate[number] for number in kept]
    texts = library.get(len(cut), ())
    made: list[str] = []
    for number in rng.permutation(len(texts)).tolist():
        part = Chem.MolFromSmiles(texts[number])
        if abs(part.GetNumAtoms() - len(cut) - len(inside)) <= 3 and (text := _joined(rest, part)):
            made += [text] if text != molecule.smiles and text not in made else []
        if len(made) == SWAPS:
            break
    return made


def _joined(rest: Sequence[Mol], part: Mol) -> str:
    """The molecule of some parts whose dummy atoms of one number meet; "" for none."""
    whole = part
    for one in rest:
        whole = Chem.CombineMols(whole, one)
    with rdBase.BlockLogs():
        try:
            made = Chem.MolFromSmiles(Chem.MolToSmiles(Chem.molzip(whole)))  # read anew: a center may be none any more
            text = str(Chem.MolToSmiles(made)) if made else ""
            return "" if "*" in text or "." in text else text
        except (ValueError, RuntimeError):
            return ""


def _grade(name: str, told: Sequence[tuple[Answer, Mapping[str, Any]]]) -> Grade:
    marks = [marks for _, marks in told]
    lost = {key: [one[key] for one in marks if np.isfinite(one[key])] for key in ("auroc", "deletion", "replacement")}
    mean = {key: float(np.mean(values)) if values else np.nan for key, values in lost.items()}
    return Grade(
        name,
        len(marks),
        sum(bool(answer.atoms) for answer, _ in told),
        mean["auroc"],
        sum(bool(one["hit"]) for one in marks),
        sum(bool(one["exact"]) for one in marks),
        mean["deletion"],
        len(lost["deletion"]),
        mean["replacement"],
        len(lost["replacement"]),
    )


def of_values(told: dict[str, Any]) -> Exam:
    """Exam from its plain values."""
    rules = []
    for rule in told["rules"]:
        grades = tuple(Grade(**with_nan(one)) for one in rule["grades"])
        rules.append(RuleGrades(**with_nan(rule) | {"grades": grades}))
    return Exam(**told | {"rules": tuple(rules), "skipped": tuple(told["skipped"])})
