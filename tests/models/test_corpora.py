"""What shipped pre-trainings have seen of the sets that models are judged on: their cards count it, and this holds it.

The rule is none at all. The corpora of today hold some, so each card says how many of which set.
"""

import importlib
from pathlib import Path

import pytest

from mmexplore.chem.inchi_keys import skeletons
from mmexplore.datasets import catalog
from mmexplore.models import registry
from mmexplore.models.registry import Model
from mmexplore.runtime.home import default_home


def shipped() -> list[Model]:
    known = registry.models(home=default_home())
    return [one for one in known if one.shipped and one.recipe and one.recipe.pretrains]


def seen(smiles: list[str], corpus: list[str]) -> int:
    """Molecules that are in a corpus, by the first blocks of their InChIKeys."""
    known = set(skeletons(corpus)) - {None}
    return sum(key in known for key in skeletons(smiles))


def test_a_molecule_is_known_again_whatever_its_stereo_and_isotopes() -> None:
    corpus = ["C[C@@H](N)C(=O)O", "CCO", "CCN", "c1cccc1"]
    assert seen(["C[C@H](N)C(=O)O", "[13CH3]CO", "CCC", "c1cccc1"], corpus) == 2


def test_every_shipped_pretraining_counts_what_it_has_seen_of_sets_that_models_here_are_judged_on() -> None:
    judged = {one.data for one in registry.models(home=default_home()) if one.shipped and one.card} - {""}
    judged = {one.name for one in catalog.entries(home=default_home()) if one.name in judged and one.tasks}
    assert judged >= {"solubility", "freesolv", "bace"}
    assert {"mmfrl", "mmsa"} <= {model.name for model in shipped()}
    for model in shipped():
        assert model.card is not None
        assert judged <= model.card.overlap.keys(), model.name
        notes = " ".join(model.card.notes)
        assert all((f" of {name}" in notes) == (count > 0) for name, count in model.card.overlap.items())


@pytest.mark.release
@pytest.mark.parametrize("name", ["mmfrl"])
def test_no_more_molecules_of_a_downstream_set_are_in_a_corpus_than_its_card_says(
    name: str, real_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(Path(__file__).parents[2] / "checkpoints")
    script = importlib.import_module("overlap")
    card = registry.model(name, home=default_home()).card
    assert card is not None
    corpus = script.published(card.data.name)
    for data in ("freesolv", "solubility", "bace"):
        assert seen(script.published(data), corpus) == card.overlap[data]
