"""Published SMILES models as teachers: each molecule as if alone, kept once, pickles and what is not there refused."""

from pathlib import Path

import numpy as np
import pytest
import torch
from tokenizers import Regex, Tokenizer, models, pre_tokenizers, processors
from transformers import PreTrainedTokenizerFast, RobertaConfig, RobertaModel

from mmexplore.datasets import catalog
from mmexplore.models import checkpoints
from mmexplore.models.registry import check_starts
from mmexplore.recipes import presets
from mmexplore.runtime.errors import BadRecipe, NotAvailable
from mmexplore.runtime.home import default_home
from mmexplore.training import hub
from mmexplore.training.train import train

SMILES = ["CCO", "C", "c1ccccc1CCN", "CC(=O)Oc1ccccc1C(=O)O", "N" * 100]
MARKS = ["<s>", "<pad>", "</s>", "<unk>"]


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as one of the hub looks: a small RoBERTa of random weights that reads letters."""
    folder = tmp_path_factory.mktemp("published")
    vocabulary = {mark: i for i, mark in enumerate([*MARKS, *"CNOcno()=123"])}
    letters = Tokenizer(models.WordLevel(vocabulary, unk_token="<unk>"))
    letters.pre_tokenizer = pre_tokenizers.Split(Regex("."), "isolated")
    letters.post_processor = processors.BertProcessing(("</s>", 2), ("<s>", 0))
    names = {"bos_token": "<s>", "pad_token": "<pad>", "eos_token": "</s>", "unk_token": "<unk>"}
    PreTrainedTokenizerFast(tokenizer_object=letters, **names).save_pretrained(folder)
    torch.manual_seed(0)
    config = RobertaConfig(
        vocab_size=40,
        hidden_size=12,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=24,
        max_position_embeddings=34,
        pad_token_id=1,
    )
    RobertaModel(config).save_pretrained(folder)
    return folder


def test_each_molecule_is_what_it_is_alone_and_long_ones_are_cut(published: Path) -> None:
    found = hub.embed(str(published), SMILES)
    assert found.shape == (len(SMILES), 12)
    for text, row in zip(SMILES, found, strict=True):
        np.testing.assert_allclose(hub.embed(str(published), [text])[0], row, atol=1e-5)
    network = RobertaModel.from_pretrained(published).eval()
    ids = torch.tensor([[0, 4, 4, 6, 2]])  # <s> C C O </s>
    np.testing.assert_allclose(found[0], network(ids).last_hidden_state[0, 0].detach(), atol=1e-5)


def test_a_replica_learns_from_it_and_it_runs_once(
    published: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MMEXPLORE_HOME", str(tmp_path / "home"))
    settings = ["data.dataset=freesolv", "training.epochs=1", f"pretraining.options.smiles_target=hub:{published}"]
    settings += ['branches=[{"encoder": "dmpnn", "name": "smiles", "options": {"hidden_size": 8}}]']
    recipe = presets.pretraining("mmfrl", "quick").with_settings(settings)
    card = train(recipe, catalog.load("freesolv", home=default_home()), tmp_path / "run", home=default_home())
    assert np.isfinite(card.metrics["validation"]["smiles"])
    assert checkpoints.load(tmp_path / "run" / "model").recipe.pretraining.options["smiles_target"].startswith("hub:")
    monkeypatch.setattr(hub, "embed", None)
    assert hub.embedded(str(published), catalog.load("freesolv", home=default_home()), home=default_home()).shape == (
        642,
        12,
    )


def test_what_cannot_be_read_is_one_sentence(published: Path, tmp_path: Path) -> None:
    with pytest.raises(NotAvailable, match="could not be read"):
        hub.embed(str(tmp_path / "nothing"), ["C"])
    pickled = tmp_path / "pickled"
    pickled.mkdir()
    for file in published.iterdir():
        if file.suffix == ".json":
            (pickled / file.name).write_bytes(file.read_bytes())
    torch.save(RobertaModel.from_pretrained(published).state_dict(), pickled / "pytorch_model.bin")
    with pytest.raises(NotAvailable, match="safetensors"):
        hub.embed(str(pickled), ["C"])


def test_only_smiles_are_taught_by_published_models() -> None:
    recipe = presets.pretraining("mmfrl", "quick").with_settings(["pretraining.options.image_target=hub:any"])
    with pytest.raises(BadRecipe, match="smiles alone"):
        check_starts(recipe, home=default_home())
