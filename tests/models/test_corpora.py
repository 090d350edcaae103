"""What pre-trainings see of the sets that models are judged on: made anew, nothing; cards count what shipped ones saw.

Those that were made when their corpora still held some say in their cards how many of which set.
"""

import gzip
import importlib
import json
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from rdkit import Chem

from mmexplore.chem.inchi_keys import skeletons
from mmexplore.datasets import catalog
from mmexplore.datasets.published import PUBLISHED
from mmexplore.models import registry
from mmexplore.models.registry import Model
from mmexplore.recipes.recipe import Recipe
from mmexplore.runtime.home import default_home
from mmexplore.runtime.progress import silent
from mmexplore.training.data import prepare

JUDGED = [name for name, one in PUBLISHED.items() if name != "zinc250k"]
TARGETS = ("target-smiles", "target-spectrum", "target-image")
EACH, OWN = 6, 40


@pytest.fixture
def make(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The script that makes the shipped models."""
    monkeypatch.syspath_prepend(Path(__file__).parents[2] / "checkpoints")
    return importlib.import_module("make")


def invented(number: int, of: int) -> str:
    """A molecule that no real set holds; another for each pair of numbers."""
    return f"{'C' * (number + 1)}[Si](C)(C){'C' * (of + 1)}Cl"


def marked(smiles: str) -> str:
    """The same structure with an isotope that it did not have."""
    mol = Chem.MolFromSmiles(smiles)
    mol.GetAtomWithIdx(0).SetIsotope(13)
    return str(Chem.MolToSmiles(mol))


@pytest.fixture
def stand_ins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Small files in place of every public one, corpora that hold molecules of them all; what is judged, as keys."""
    monkeypatch.setenv("MMEXPLORE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("MMEXPLORE_DATA_DIR", str(tmp_path))
    taken = []
    for number, name in enumerate(JUDGED):
        molecules, row = [invented(i, number) for i in range(EACH)], PUBLISHED[name]
        columns = [row.smiles, *(["one", "two"] if row.targets is None else map(json.dumps, row.targets))]
        labels = ["1" if i % 2 else "0" for i in range(EACH)]
        lines = [",".join([one, *[label] * (len(columns) - 1)]) for one, label in zip(molecules, labels, strict=True)]
        (tmp_path / row.file.removesuffix(".gz")).write_text("\n".join([",".join(columns), *lines]) + "\n")
        taken += molecules
    taken += [str(catalog.load(name, home=default_home()).smiles[0]) for name in ("freesolv", "solubility")]
    corpus = [marked(one) for one in taken] + [invented(i, 40) for i in range(OWN)]
    for name in ("zinc250k", "chembl_78k"):
        (tmp_path / f"{name}.smi.gz").write_bytes(gzip.compress("\n".join(corpus).encode()))
    records = [
        {"nmrshiftdb2 ID": str(n), "SMILES": one, "Spectrum 13C 0": "20.5;0.0Q;0|"} for n, one in enumerate(corpus)
    ]
    (tmp_path / "nmrshiftdb2_13C.jsonl").write_text("".join(json.dumps(one) + "\n" for one in records))
    return set(skeletons(taken)) - {None}


@pytest.mark.release
@pytest.mark.parametrize("name", [*TARGETS, "mmsa"])
def test_no_molecule_of_a_downstream_set_is_in_a_corpus_as_it_is_made(
    name: str, stand_ins: set[str], make: ModuleType, tmp_path: Path
) -> None:
    recipe: Recipe = make.recipe(make.SHIPPED[name], tmp_path)
    recipe = recipe.model_copy(update={"branches": recipe.branches[:1]})  # conformers choose no molecules
    dataset = catalog.load(recipe.data.dataset, home=default_home())
    sets = [catalog.load(other, home=default_home()) for other in recipe.data.without]
    made = prepare(recipe, dataset, silent, without=sets, home=default_home())
    rows = np.concatenate(list(made.parts.values()))
    assert len(rows) == OWN
    assert not set(skeletons(map(str, dataset.smiles[rows]))) & stand_ins
    assert len(set(skeletons(map(str, dataset.smiles[dataset.readable]))) & stand_ins) == len(stand_ins)


def test_every_pretraining_that_models_begin_with_is_made_without_every_set_that_has_labels(
    stand_ins: set[str], make: ModuleType, tmp_path: Path
) -> None:
    known = catalog.entries(home=default_home())
    labeled = {one.name for one in known if one.source in ("embedded", "moleculenet") and one.tasks}
    assert labeled >= {*JUDGED, "freesolv", "solubility"}
    pretrained = [one for name, one in make.SHIPPED.items() if one.pretrains and name != make.JOINT]
    assert {one.pretrains for one in pretrained} == {"mmsa", "mmfrl", "smiles", "spectrum", "image"}
    assert all(set(make.recipe(one, tmp_path).data.without) == labeled for one in pretrained)


def shipped() -> list[Model]:
    known = registry.models(home=default_home())
    return [one for one in known if one.shipped and one.recipe and one.recipe.pretrains]


def seen(sets: dict[str, list[str]], corpus: list[str]) -> dict[str, int]:
    """Molecules of each set that are in a corpus, by the first blocks of their InChIKeys."""
    known = set(skeletons(corpus)) - {None}
    return {name: sum(key in known for key in skeletons(smiles)) for name, smiles in sets.items()}


def test_a_molecule_is_known_again_whatever_its_stereo_and_isotopes() -> None:
    corpus = ["C[C@@H](N)C(=O)O", "CCO", "CCN", "c1cccc1"]
    assert seen({"some": ["C[C@H](N)C(=O)O", "[13CH3]CO", "CCC", "c1cccc1"]}, corpus) == {"some": 2}


def test_every_shipped_pretraining_counts_what_it_has_seen_of_sets_that_models_here_are_judged_on() -> None:
    judged = {one.data for one in registry.models(home=default_home()) if one.shipped and one.card} - {""}
    judged = {one.name for one in catalog.entries(home=default_home()) if one.name in judged and one.tasks}
    assert judged >= {"solubility", "freesolv", "bace"}
    assert {"mmfrl", "mmsa"} <= {model.name for model in shipped()}
    assert not any(
        any(model.card.overlap.values()) for model in shipped() if model.card and model.name in ("mmfrl", *TARGETS)
    )
    for model in shipped():
        assert model.card is not None
        assert judged <= model.card.overlap.keys(), model.name
        notes = " ".join(note for note in model.card.notes if note.startswith("its corpus holds"))
        assert all((f" of {name}" in notes) == (count > 0) for name, count in model.card.overlap.items())


@pytest.mark.release
@pytest.mark.timeout(3600)  # all of a corpus and of eight published sets are standardised
def test_no_molecule_of_the_real_small_sets_is_left_in_the_real_corpus(real_data: Path, make: ModuleType) -> None:
    """As published on the one side, as they are learned from on the other."""
    overlap = importlib.import_module("overlap")
    names = [name for name in make.judged(5_000) if name != "malaria"]
    assert {"freesolv", "esol", "bace", "bbbp"} <= set(names)
    corpus = overlap.left("nmrshiftdb2", tuple(names))
    assert len(corpus) > 25_000
    assert seen({name: overlap.published(name) for name in names}, corpus) == dict.fromkeys(names, 0)


@pytest.mark.release
@pytest.mark.parametrize("name", ["mmfrl"])
def test_no_more_molecules_of_a_downstream_set_are_in_a_corpus_than_its_card_says(
    name: str, real_data: Path, make: ModuleType
) -> None:
    script = importlib.import_module("overlap")
    card = registry.model(name, home=default_home()).card
    assert card is not None
    corpus = script.corpus(name)
    sets = {data: script.published(data) for data in ("freesolv", "solubility", "bace")}
    assert seen(sets, corpus) == {data: card.overlap[data] for data in sets}
