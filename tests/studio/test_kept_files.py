"""A flipped bit or a cut end in any kind of kept file gives the same numbers or a sentence, never other numbers."""

import random
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from toy_models import a_dataset, save_model

from mmexplore.datasets import Spectra, storage
from mmexplore.explore.explain import storage as explanations
from mmexplore.explore.explain.search import Subgraph, Target
from mmexplore.explore.explain.storage import Explained
from mmexplore.explore.maps import color_choices, colors, compute
from mmexplore.features import store
from mmexplore.models import checkpoints, embed, predictions
from mmexplore.models.registry import model
from mmexplore.runtime.errors import MmexploreError
from mmexplore.runtime.home import Home, read_json, write_atomically, write_json
from mmexplore.runtime.jobs import folder as job_folder
from mmexplore.runtime.jobs.reporters import JobProgress
from mmexplore.training import resume

TRIES = 10
Answer = Callable[[], Any]


def table(home: Home) -> Answer:
    whole, n = a_dataset(), 72
    peaks = Spectra(np.arange(n, dtype=np.float32), np.arange(n, dtype=np.int32), np.ones(n, np.int64))
    whole = replace(whole, spectra=peaks, labels=np.arange(2.0 * n, dtype=np.float32).reshape(n, 2))
    storage.write(home / "datasets" / "one", whole)

    def answer() -> Any:
        found = storage.read(home / "datasets" / "one", "toy", "Toy")
        assert found is None or found.spectra is not None
        return found and (found.smiles.tolist(), found.labels.tolist(), found.spectra.ppm.tolist(), found.report)

    return answer


def rows(home: Home) -> Answer:
    """What became of each row that was read."""
    told = pd.DataFrame({"line": np.arange(72), "status": ["kept"] * 72, "y": np.arange(72.0)})
    storage.write_rows(home / "datasets" / "one", told)

    def answer() -> Any:
        found = storage.read_rows(home / "datasets" / "one", list(told))
        return None if found is None else found.to_dict("list")

    return answer


def features(home: Home) -> Answer:
    smiles = a_dataset().smiles.tolist()

    def answer() -> Any:
        found = store.features("graph2d", smiles, home=home)
        return {name: values.tolist() for name, values in found.take(np.arange(len(smiles))).columns.items()}

    return answer


def embedding(home: Home) -> Answer:
    save_model(home / "runs" / "toy" / "model")

    def answer() -> Any:
        found = embed.embed(home / "runs" / "toy" / "model", a_dataset(), shard=30, home=home)
        return np.asarray(found.view("dmpnn")).tolist(), np.asarray(found.predictions).tolist()

    return answer


def map_and_clusters(home: Home) -> Answer:
    table, chosen = a_dataset(), model("ecfp", home=home).view()

    def answer() -> Any:
        found = compute.compute_map(chosen, table, "pca", home=home)
        return found.xy.tolist(), found.quality, compute.clusters(chosen, table, home=home).tolist()

    return answer


def disagreement(home: Home) -> Answer:
    folder = home / "runs" / "toy" / "model"
    save_model(folder)
    view, table = model("toy", home=home).view(), a_dataset()
    embed.embed(folder, table, home=home)

    def answer() -> Any:
        return color_choices.color(view, table, "disagreement with ecfp", home=home).values.tolist()

    return answer


def subgraph(home: Home) -> Answer:
    where = home / "subgraphs" / "one"
    found = Explained("CCO", (0, 1, 2), Target("logS", 0.5), 0.7, "fragment", (Subgraph((0, 1), "CC", 0.6, 0.5),))
    explanations.keep(where, found)
    return lambda: explanations.load(where, "CCO")


def descriptors(home: Home) -> Answer:
    few = a_dataset(["CCO", "CCN", "c1ccccc1"])
    return lambda: colors.descriptors(few, home=home).to_numpy().tolist()


def run(home: Home) -> Answer:
    folder = home / "runs" / "toy" / "model"
    save_model(folder)
    _, card = checkpoints.read(folder)
    told = {"data": card.data.model_copy(update={"digest": a_dataset().digest})}
    with_data = card.model_copy(update=told).model_dump_json()
    write_atomically(folder / "card.json", with_data)
    frame = pd.DataFrame({"split": ["test"] * 72, "active": np.arange(72.0), "logS": np.arange(72.0)})
    write_atomically(folder.parent / "predictions.parquet", frame.to_parquet(index=False))
    write_json(folder.parent / "history.json", [{"epoch": 1.0, "train_loss": 0.5}])

    def answer() -> Any:
        weights = {name: v.tolist() for name, v in checkpoints.load(folder).state_dict().items()}
        found = predictions.predictions(model("toy", home=home), a_dataset(), home=home)
        assert found is not None
        return weights, checkpoints.read(folder), found.to_numpy().tolist(), read_json(folder.parent / "history.json")

    return answer


def interrupted(home: Home) -> Answer:
    net = torch.nn.Linear(3, 2)
    optimizer = torch.optim.Adam(net.parameters())
    net(torch.ones(1, 3)).sum().backward()
    optimizer.step()
    state = resume.ResumeState([{"epoch": 1.0}], {name: v.detach().clone() for name, v in net.state_dict().items()}, 1)
    resume.write(home / "runs" / "half" / "resume", "key", state, net, optimizer)

    def answer() -> Any:
        found, _ = resume.find(home / "runs" / "half" / "resume", "key")
        return found and ({name: v.tolist() for name, v in found.tensors.items()}, found.state.history)

    return answer


def job(home: Home) -> Answer:
    folder = home / "jobs" / "one"
    asked = {"id": "one", "verb": "train", "arguments": ["a"], "title": "t", "device": "cpu", "created": 1.0}
    write_json(folder / "job.json", asked)
    progress = JobProgress(folder)
    for epoch in (1, 2):
        progress("train", epoch, 2, train_loss=1 / epoch)
    write_json(folder / "result.json", {"metrics": 0.25})
    progress.mark("done")

    def answer() -> Any:
        job_folder._ended.clear()  # as another process would
        found = job_folder.read(folder)
        events = job_folder.read_events(folder)
        told = found.state == "done" and found.result and len(events) == 2
        return (found, found.result, [replace(event, end=0) for event in events]) if told else None

    return answer


def _hurt(path: Path, dice: random.Random) -> None:
    """In a file of another inode, as some readers have the old one mapped."""
    content = bytearray(path.read_bytes())
    place = dice.randrange(len(content))
    if dice.random() < 0.3:
        content = content[:place]
    else:
        content[place] ^= 1 << dice.randrange(8)
    with suppress(PermissionError):  # where what is mapped cannot be replaced it stays whole
        path.unlink()
        path.write_bytes(bytes(content))


@pytest.mark.parametrize(
    "kind",
    [table, rows, features, embedding, map_and_clusters, disagreement, subgraph, descriptors, run, interrupted, job],
)
def test_damage_is_mended_or_said(kind: Callable[[Home], Answer], tmp_path: Path) -> None:
    home, dice = Home(tmp_path / "home"), random.Random(1)
    answer = kind(home)
    right = answer()
    assert right is not None
    for _ in range(TRIES):
        kept = [p for p in sorted(home.path.rglob("*")) if p.is_file() and p.stat().st_size and p.suffix != ".lock"]
        whole = {path: path.read_bytes() for path in kept}
        _hurt(hurt := dice.choice(kept), dice)
        try:
            found = answer()
        except MmexploreError:
            found = None
        assert found is None or repr(found) == repr(right), hurt
        if found is None:  # it was said: what cannot be made anew is brought back
            for path, content in whole.items():
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
