"""Writes what a reader has mapped, where ``other_systems/without_posix.py`` holds it; run by test_other_systems.py."""

import os
from pathlib import Path

import numpy as np
import torch
from packed_records import assert_same, direct
from toy_models import a_dataset, save_model

from mmexplore.features.pool import Pool
from mmexplore.features.store import features
from mmexplore.models import embeddings
from mmexplore.models.embed import embed
from mmexplore.runtime.home import default_home, write_atomically
from mmexplore.training import resume
from mmexplore.training.resume import ResumeState

SMILES = ["C" * n + "O" for n in range(1, 30)]


def a_mapped_file_is_held() -> None:
    """Else the rest would prove nothing."""
    path = default_home().folder("trial") / "values.bin"
    write_atomically(path, bytes(8))
    held = np.memmap(path, "u1", "r")
    for act in (lambda: write_atomically(path, b"other"), path.unlink, lambda: os.truncate(path, 1)):
        try:
            act()
        except PermissionError:
            continue
        raise AssertionError("a mapped file was touched")
    del held
    write_atomically(path, b"other")


def records_begin_anew() -> None:
    reader, pool = features("graph2d", SMILES[:10], home=default_home()), Pool("graph2d", {}, home=default_home())
    features("graph2d", SMILES[:20], home=default_home())  # the same files grow
    former = pool.folder / pool.head().files
    (pool.folder / "head.json").write_text("{")
    assert_same(features("graph2d", SMILES, home=default_home()).take(np.arange(29)), direct("graph2d", SMILES))
    assert_same(reader.take(np.arange(10)), direct("graph2d", SMILES[:10]))
    assert former.is_dir()
    del reader
    features("graph2d", [*SMILES, "CCN"], home=default_home())
    assert not former.exists(), "nobody maps it any more"


def an_embedding_begins_anew() -> None:
    save_model(Path("model"))
    first = embed(Path("model"), a_dataset(), shard=10, home=default_home())
    values = first.view("dmpnn")
    kept = values.copy()
    (embeddings.place(Path("model"), a_dataset(), home=default_home()) / "head.json").write_text("{")
    second = embed(Path("model"), a_dataset(), shard=10, home=default_home())
    assert second.folder != first.folder
    assert (np.asarray(values) == kept).all()
    np.testing.assert_allclose(second.view("dmpnn"), kept, atol=1e-6)


def a_training_goes_on() -> None:
    model = torch.nn.Linear(3, 2)
    adam = torch.optim.Adam(model.parameters())
    weights = {name: values.clone() for name, values in model.state_dict().items()}
    Path("run").mkdir()
    resume.write(Path("run"), "key", ResumeState([{"loss": 1.0}], weights), model, adam)
    found, _ = resume.find(Path("run"), "key")
    resume.write(Path("run"), "key", found.state, model, adam)


if __name__ == "__main__":
    a_mapped_file_is_held()
    records_begin_anew()
    an_embedding_begins_anew()
    a_training_goes_on()
    print("written")
