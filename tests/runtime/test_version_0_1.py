"""A home of version 0.1: all of it is read as it lies, what was left half way goes on, and links lead where they did.

``tests/homes/README.md`` says how the home was made. Links that name a file are not promised.
"""

import importlib.metadata
import json
import zipfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from safetensors import safe_open
from screens import PATIENCE, shown
from streamlit.testing.v1 import AppTest
from working_jobs import until

from mmexplore import studio
from mmexplore.datasets import curation
from mmexplore.explore.explain import group_motifs, storage
from mmexplore.models import checkpoints, embed
from mmexplore.runtime.errors import UnknownName
from mmexplore.runtime.home import default_home, read_json
from mmexplore.runtime.jobs import client
from mmexplore.studio import Group, Job, Rules, ViewRef
from mmexplore.training import resume
from mmexplore.ui.shell import navigation, uploads
from mmexplore.ui.train import view as training_view

SAMPLE = Path(__file__).parents[1] / "homes" / "version_0_1.zip"
DATA, SMALL, LATE, PRETRAINED, WARM = (
    "kept_sample",
    "small-d-mpnn",
    "späte-fusion-1-2",
    "pre-trained-replicas",
    "warm-start",
)
TWIN = f"untrained:{SMALL}"
DIGESTS = {DATA: "0edcd97ea2e5c844", "pasted": "f7e24cb526e61093"}
EMBEDDED = [(SMALL, DATA), (SMALL, "pasted"), (TWIN, DATA), (LATE, DATA), (PRETRAINED, DATA)]
MAPS = [
    (SMALL, "dmpnn", "umap", 0),
    (SMALL, "dmpnn", "umap", 7),
    (SMALL, "dmpnn", "pca", 0),
    (TWIN, "dmpnn", "pca", 0),
    (LATE, "fingerprint", "pca", 0),
    (PRETRAINED, "fingerprint", "pca", 0),
    ("ecfp", "ecfp", "pca", 0),
]
SOLUBLE, CLUSTER = Group(label="soluble", value="1"), Group(cluster=1, view="dmpnn")
MOTIFS = [(SOLUBLE, "class 0"), (SOLUBLE, "class 1"), (CLUSTER, "class 1")]
ENDED = {
    "Half way": "failed",
    "Stopped": "cancelled",
    "import of No molecules": "failed",
}


@pytest.fixture
def old(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """That home, unpacked where it says that it stood, with no shipped models beside it."""
    home = tmp_path / "home"
    with zipfile.ZipFile(SAMPLE) as packed:
        packed.extractall(home)
    for path in (home / "jobs").glob("*/*.json"):
        text = path.read_text(encoding="utf-8")
        path.write_text(text.replace("{home}", json.dumps(str(home))[1:-1]), encoding="utf-8")
    monkeypatch.setenv("MMEXPLORE_HOME", str(home))
    monkeypatch.setattr("mmexplore.models.registry.SHIPPED", tmp_path / "none")
    made_with = read_json(home / "runs" / SMALL / "model" / "card.json")["versions"]["rdkit"]
    version = importlib.metadata.version  # a newer RDKit means another standardising, whatever version of ours left it
    monkeypatch.setattr(importlib.metadata, "version", lambda name: made_with if name == "rdkit" else version(name))
    return home


@pytest.fixture
def read_only(old: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """That home where nothing may be computed: no standardising, no model at work, no fragments, no job."""

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("this is in the home already")

    for module, name in (
        (curation, "curate"),
        (embed, "_compute"),
        (checkpoints, "save_untrained"),
        (group_motifs, "explain"),
        (client, "start"),
    ):
        monkeypatch.setattr(module, name, refuse)
    return old


def files(home: Path) -> dict[str, tuple[int, int]]:
    """What lies in a home, with the time of its last change and its size; locks left out."""
    found = (p for p in home.rglob("*") if p.is_file() and "lock" not in p.name)
    return {p.relative_to(home).as_posix(): (p.stat().st_mtime_ns, p.stat().st_size) for p in found}


def holds(now: Any, then: Any) -> bool:
    """Whether all that was written then is there now; fields that came later may stand beside it."""
    if isinstance(then, dict):
        return all(key in now and holds(now[key], value) for key, value in then.items())
    if isinstance(then, list):
        return len(now) == len(then) and all(map(holds, now, then))
    return bool(now == then)


class TestHome:
    def test_data_sets_load_as_they_were(self, read_only: Path) -> None:
        before = files(read_only)
        own = {entry.name: entry for entry in studio.datasets() if entry.source == "yours"}
        assert {name: entry.title for name, entry in own.items()} == {DATA: "Kept sample", "pasted": "Pasted"}
        assert {name: studio.dataset(name).digest for name in own} == DIGESTS
        report = studio.dataset(DATA).report
        told = (report.read, report.kept, len(report.merged), len(report.standardised), len(report.rejected))
        assert told == (44, 42, 1, 1, 1)
        assert {path.name for path in uploads.waiting()} == {"kept.csv", "none.csv", "waiting.csv"}
        assert files(read_only).items() >= before.items()

    def test_models_are_listed_with_what_was_measured(self, read_only: Path) -> None:
        titles = {model.name: model.title for model in studio.models() if model.card}
        assert titles == {
            SMALL: "Small D-MPNN",
            LATE: "Späte Fusion 1/2",
            PRETRAINED: "Pre-trained replicas",
            WARM: "Warm start",
        }
        for name in titles:
            kept = read_only / "runs" / name
            model = studio.model(name)
            assert model.card is not None
            assert holds(model.card.model_dump(mode="json"), read_json(kept / "model" / "card.json"))
            assert model.recipe is not None
            assert holds(model.recipe.model_dump(mode="json"), read_json(kept / "model" / "recipe.json"))
            assert studio.history(name).reset_index().to_dict("records") == read_json(kept / "history.json")
            assert checkpoints.load(model.folder).tasks == model.card.data.tasks
            if not model.recipe.pretrains:
                predicted = pd.read_parquet(kept / "predictions.parquet")[["split", "soluble"]]
                pd.testing.assert_frame_equal(studio.predictions(name, DATA), predicted)
        assert studio.summands(LATE) == ("smiles", "fingerprint")
        assert studio.model(TWIN).folder.parent == read_only / "untrained"

    @pytest.mark.parametrize(("name", "data"), EMBEDDED)
    def test_embeddings_are_read(self, read_only: Path, name: str, data: str) -> None:
        found = studio.embed(name, data)
        folder = read_only / "embeddings" / found.folder.name
        for view in studio.model(name).views:
            x = np.asarray(found.view(view))
            assert x.shape == (len(studio.dataset(data)), 16)
            assert x.tobytes() == (folder / f"view-{view}.bin").read_bytes()
        assert not studio.lacking([ViewRef(name, studio.model(name).views[0])], data)

    def test_a_late_fusion_is_told(self, read_only: Path) -> None:
        report = studio.fusion_report(LATE, DATA)
        truth = studio.predictions(LATE, DATA)
        assert truth is not None
        told = studio.readable(report, report.prediction)
        np.testing.assert_allclose(told, truth["soluble"].to_numpy()[report.rows], atol=1e-5)

    @pytest.mark.parametrize(("name", "view", "method", "seed"), MAPS)
    def test_maps_are_the_same(self, read_only: Path, name: str, view: str, method: str, seed: int) -> None:
        found = studio.compute_map(name, DATA, view, method, seed)
        assert found.path.parent.parent == read_only / "maps"
        np.testing.assert_array_equal(found.xy, pd.read_parquet(found.path)[["x", "y"]].to_numpy())
        told = read_json(found.path.with_suffix(".json"))
        assert (found.quality.nmi, found.quality.dbi) == (told["quality"]["nmi"], told["quality"]["dbi"])
        clusters = np.load(found.path.with_name(f"{view}-clusters.npy"), allow_pickle=False)
        sizes = Counter(studio.color(name, DATA, view, "cluster").values.tolist())
        assert sorted(sizes.values()) == sorted(Counter(clusters.tolist()).values())

    @pytest.mark.parametrize(("group", "direction"), MOTIFS)
    def test_motifs_and_kept_subgraphs_are_read(self, read_only: Path, group: Group, direction: str) -> None:
        goal, _ = studio.target(SMALL, direction=direction)
        assert (
            studio.stored_motifs(SMALL, DATA, group, goal) is None
        )  # by other sizes of parts, and not beside the rest
        jobs = [job for job in studio.list_jobs() if job.verb == "motifs"]
        result = next(
            job.result
            for job in jobs
            if job.result and (job.result["group"], job.result["direction"]) == (group.title, direction)
        )
        kept = storage.folder(studio.model(SMALL).digest, goal, Rules(8, 20), "fragment", home=default_home())
        known = [storage.load(kept, str(smiles)) for smiles in studio.dataset(DATA).smiles]
        assert "motifs" in result
        assert sum(one is not None for one in known) == len(list(kept.iterdir())) > 0

    def test_jobs_are_listed_with_their_ends(self, read_only: Path) -> None:
        jobs = studio.list_jobs()
        verbs = {"import": 2, "train": 5, "pretrain": 1, "map": 6, "embed": 1, "motifs": 3}
        assert Counter(job.verb for job in jobs) == verbs
        assert {job.title: job.state for job in jobs if job.state != "done"} == ENDED
        for job in jobs:
            assert (job.result is not None) == (job.state == "done")
            if job.verb in studio.TRAINING_VERBS:
                recipe = studio.recipe_of(job)
                assert recipe is not None
                told = job.done if job.title == "Half way" else recipe.training.epochs
                assert len(studio.job_history(job)) == told or job.title == "Stopped"

    def test_models_data_sets_and_jobs_are_renamed_and_deleted(self, old: Path) -> None:
        studio.rename_model(WARM, "Renamed")
        assert studio.model(WARM).title == "Renamed"
        studio.delete_model(LATE)
        assert LATE not in {model.name for model in studio.models()}
        assert not (old / "runs" / LATE).exists()
        studio.remove_dataset("pasted")
        with pytest.raises(UnknownName):
            studio.dataset("pasted")
        ended = training("Stopped")
        studio.forget_job(ended.id)
        assert ended.id not in {job.id for job in studio.list_jobs()}


def training(title: str) -> Job:
    return next(job for job in studio.list_jobs() if job.title == title)


@pytest.mark.release
@pytest.mark.parametrize("title", ["Half way", "Stopped"])
def test_a_training_goes_on_where_it_was_left(old: Path, title: str) -> None:
    left = training(title)
    name = training_view.run_name(left)
    with safe_open(old / "runs" / name / "resume" / resume.FILE, "pt") as file:
        before = json.loads(file.metadata()["about"])["history"]
    assert 3 <= len(before) < 60
    job = studio.restart_job(left.id)
    until(lambda: not studio.job(job.id).active)
    ended = studio.job(job.id)
    assert ended.state == "done", ended.message + ended.log_tail()
    epochs = [event.done for event in client.events(ended, home=default_home()) if "train_loss" in event.values]
    assert epochs == list(range(len(before) + 1, 61))
    after = studio.history(name).reset_index()
    assert after["epoch"].tolist() == list(range(1, 61))
    assert after.head(len(before)).to_dict("records") == before
    model = studio.model(name)
    assert (model.title, model.card and model.card.epochs_run) == (title, 60)


@pytest.fixture
def link(old: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., AppTest]:
    """The app as a link of 0.1 opens it, page and address; nothing may be started or made again for it."""

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a link starts no work where all is there")

    monkeypatch.setattr(client, "start", refuse)
    monkeypatch.setattr(curation, "curate", refuse)
    monkeypatch.setattr(embed, "_compute", refuse)

    def opened(page: str, **address: str) -> AppTest:
        files = navigation.pages()
        asked = next(path for path in files if navigation.title(path) == page)
        order = [asked, *(path for path in files if path != asked)]
        with monkeypatch.context() as patch:  # AppTest opens the first page
            patch.setattr(navigation, "pages", lambda: order)
            frame = Path(navigation.__file__).with_name("visit.py")
            app = AppTest.from_file(str(frame), default_timeout=PATIENCE)
            for key, value in address.items():
                app.query_params[key] = value
            app.run()
        assert not app.exception
        return app

    return opened


Opened = Callable[..., AppTest]
HERE = {"data": DATA, "model": SMALL, "view": "dmpnn"}


def chosen(app: AppTest) -> dict[str, object]:
    return {key: app.sidebar.selectbox(key=key).value for key in ("data", "model", "view")}


class TestLinks:
    @pytest.mark.parametrize(
        "asked",
        [
            HERE,
            {"data": DATA, "model": LATE, "view": "fingerprint"},
            {"data": DATA, "model": TWIN, "view": "dmpnn"},
            {"data": DATA, "model": "ecfp", "view": "ecfp"},
        ],
    )
    def test_data_set_model_and_view(self, link: Opened, asked: dict[str, str]) -> None:
        app = link("Map", **asked, method="PCA")
        assert chosen(app) == asked
        assert "42 molecules of Kept sample" in shown(app)
        assert f"View {asked['view']} of model" in shown(app)

    def test_method_colour_search_and_molecule(self, link: Opened) -> None:
        app = link("Map", **HERE, method="UMAP", colour="prediction: soluble", search="ethanol", row="18")
        assert app.segmented_control(key="method").value == "umap"
        assert app.selectbox(key="colour").value == "prediction: soluble"
        assert app.text_input(key="search").value == "ethanol"
        assert "1 name is 'ethanol'; " in shown(app)
        assert app.session_state["row"] == 18
        assert "UMAP, seed 0" in shown(app)

    @pytest.mark.parametrize("colour", ["cluster", "split of the model", "error: soluble", "descriptor: logP"])
    def test_colours(self, link: Opened, colour: str) -> None:
        assert link("Map", **HERE, colour=colour).selectbox(key="colour").value == colour

    def test_a_comparison(self, link: Opened) -> None:
        panels = f"ecfp@ecfp,{SMALL}@dmpnn,{TWIN}@dmpnn,sp%C3%A4te-fusion-1-2@fingerprint"
        app = link("Map", **HERE, compare="true", panels=panels, method="PCA", seed="7")
        assert app.toggle(key="compare").value
        assert app.number_input(key="seed").value == 7
        assert list(app.session_state["panels"].values()) == [
            ViewRef("ecfp", "ecfp"),
            ViewRef(SMALL, "dmpnn"),
            ViewRef(TWIN, "dmpnn"),
            ViewRef(LATE, "fingerprint"),
        ]
        assert app.query_params["panels"] in (panels, [panels])

    def test_a_model_and_a_molecule_that_a_link_asks_for(self, link: Opened) -> None:
        app = link("Map", use=PRETRAINED, molecule="3", method="PCA")
        assert chosen(app) == {"data": DATA, "model": PRETRAINED, "view": "fingerprint"}
        assert app.session_state["row"] == 3

    def test_fusion(self, link: Opened) -> None:
        app = link("Fusion", data=DATA, model=LATE, view="fingerprint", row="2")
        assert chosen(app)["model"] == LATE
        assert app.session_state["row"] == 2
        assert app.title[0].value == "Fusion"

    def test_retrieval(self, link: Opened) -> None:
        address = {"query": "caffeine", "among": "pasted", "hits": "3", "smarts": "O", "properties": "logP"}
        bounds = {"logP-from": "-5", "logP-to": "5"}
        app = link("Retrieval", **HERE, **address, **bounds, spaces="ECFP")
        assert app.text_input(key="query").value == "caffeine"
        assert app.selectbox(key="among").value == "pasted"
        assert app.number_input(key="hits").value == 3
        assert app.text_input(key="smarts").value == "O"
        assert app.multiselect(key="spaces").value == ["ecfp@ecfp"]
        assert app.multiselect(key="properties").value == ["logP"]
        assert (app.number_input(key="logP-from").value, app.number_input(key="logP-to").value) == (-5, 5)

    def test_subgraphs_of_a_typed_and_of_the_current_molecule(self, link: Opened) -> None:
        app = link("Subgraphs", **HERE, smiles="CC(=O)Nc1ccc(O)cc1")
        assert app.text_input(key="smiles").value == "CC(=O)Nc1ccc(O)cc1"
        assert "paracetamol" in shown(app)
        app = link("Subgraphs", **HERE, row="18", of="molecule")
        assert "caffeine" in shown(app)

    def test_subgraphs_of_the_selection(self, link: Opened) -> None:
        app = link("Subgraphs", **HERE, of="selection")
        assert app.session_state["subgraphs"] == "A group"

    @pytest.mark.parametrize(
        ("title", "end"), [("Half way", "failed"), ("Stopped", "cancelled"), ("Warm start", "done")]
    )
    def test_a_training(self, link: Opened, title: str, end: str) -> None:
        app = link("Train", **HERE, job=training(title).id)
        assert f"**{title}**" in shown(app)
        assert end in shown(app)

    def test_no_training(self, link: Opened) -> None:
        assert "**Half way**" not in shown(link("Train", **HERE, job="none"))

    @pytest.mark.parametrize("name", list(DIGESTS))
    def test_a_data_set(self, link: Opened, name: str) -> None:
        app = link("Data", data=name)
        assert chosen(app)["data"] == name
        assert studio.dataset(name).title in shown(app)

    def test_results(self, link: Opened) -> None:
        assert link("Results", **HERE).title[0].value == "Results"
