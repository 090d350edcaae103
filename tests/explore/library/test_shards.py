"""A library's shards: nothing is lost, each is what its rows and the work make it, and what did not change stays."""

import json
from dataclasses import replace
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from library_data import HARD, REFUSED, ROWS, VIEW, built, content, planned, serially, sources
from rdkit import Chem
from rdkit.Chem.rdFingerprintGenerator import GetMorganGenerator
from toy_models import SMILES, TASKS, save_model

from mmexplore.explore.library import build, engines, planning, shard
from mmexplore.explore.library.build import Library
from mmexplore.explore.library.shard import FINGERPRINT, Work, matrix
from mmexplore.explore.library.sources import LibrarySource
from mmexplore.explore.maps.project import place
from mmexplore.explore.neighbors.query import embed_few
from mmexplore.models.registry import ecfp_view
from mmexplore.runtime.errors import BadRecipe, BadTable, Cancelled, NotAvailable
from mmexplore.runtime.home import Home
from mmexplore.runtime.progress import silent


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("libraries")


@pytest.fixture(scope="module")
def whole(here: Path) -> Library:
    return built(here, here / "whole", sources(here / "source"))


def rows(library: Library, *names: str) -> pa.Table:
    return pa.concat_tables(library.columns(list(names)))


def test_every_row_is_kept_or_rejected_with_its_line(whole: Library) -> None:
    kept = rows(whole, "line", "name", "smiles").to_pylist()
    files = sorted(whole.folder.glob("rejected/shards/*.parquet"))
    refused = pa.concat_tables(pq.read_table(path) for path in files).to_pylist()
    assert (len(kept), len(refused)) == (ROWS - REFUSED, REFUSED)
    assert [row["smiles"] for row in kept[-len(SMILES) - 1 :][:22]] == [Chem.CanonSmiles(s) for s in SMILES[50:]]
    by_line = {row["line"]: row for row in refused}
    first = 2 + len(SMILES) - 50  # a header is line 1
    assert [by_line[first + i]["structure"] for i in range(REFUSED)] == list(HARD[:REFUSED])
    assert "unclosed ring" in by_line[first]["reason"]
    assert by_line[first]["name"] == f"number {len(SMILES) - 50}"
    assert kept[len(SMILES) - 50]["smiles"] == "CCN(CC)CC"


def test_columns_are_what_the_model_and_rdkit_say_of_each_molecule_alone(whole: Library, here: Path) -> None:
    smiles = rows(whole, "smiles")["smiles"].to_pylist()
    names = [f"model: {task.name}" for task in TASKS]
    table = rows(whole, VIEW, FINGERPRINT, "molecular weight", "map x", "map y", *names)
    found = embed_few(here / "model", smiles, home=Home(here))
    np.testing.assert_allclose(matrix(table[VIEW]), found.views["dmpnn"], atol=1e-5)
    made = np.stack([table[name].to_numpy() for name in names], 1)
    np.testing.assert_allclose(made, found.predictions, atol=1e-5)
    generator = GetMorganGenerator(radius=2, fpSize=2048)
    for text, bits in zip(smiles, table[FINGERPRINT].to_pylist(), strict=True):
        expected = generator.GetFingerprintAsNumPy(Chem.MolFromSmiles(text))
        assert (np.unpackbits(np.frombuffer(bits, np.uint8)) == expected).all()
    drawn = np.random.default_rng(0).random((50, 16), np.float32)
    xy = np.stack([table["map x"].to_numpy(), table["map y"].to_numpy()], 1)
    np.testing.assert_allclose(xy, place(found.views["dmpnn"], drawn, drawn[:, :2]), atol=1e-4)
    assert table.schema.field(VIEW).type == pa.list_(pa.float32(), 16)


def test_the_same_bytes_again_wherever_a_library_lies(whole: Library, here: Path, tmp_path: Path) -> None:
    again = built(here, tmp_path / "again", here / "source")
    assert content(again.folder) == content(whole.folder)


def test_only_what_changed_is_made_again(here: Path, tmp_path: Path) -> None:
    source = sources(tmp_path / "source")
    target = built(here, tmp_path / "library", source)
    before = {path: path.stat().st_ino for path in target.folder.glob("shards/*.parquet")}
    built(here, target.folder, source)
    assert {path: path.stat().st_ino for path in before} == before
    lines = (source / "below" / "a.smi").read_text().splitlines()
    (source / "below" / "a.smi").write_text("\n".join([*lines[:-1], "CCCCCCCCCCCC"]) + "\n")
    (source / "0.smi").write_text("CCO\n")  # stands before all others, and moves none of them
    built(here, target.folder, source)
    changed = [path for path, inode in before.items() if path.stat().st_ino != inode]
    assert len(changed) == 1
    assert len(list(target.folder.glob("shards/*.parquet"))) == len(before) + 1
    (source / "0.smi").unlink()
    built(here, target.folder, source)
    assert set(target.folder.glob("shards/*.parquet")) == set(before)
    changed[0].write_bytes(changed[0].read_bytes()[:-9] + b"somewhere")
    built(here, target.folder, source)
    pq.read_table(changed[0])


def test_a_run_that_is_stopped_goes_on(whole: Library, here: Path, tmp_path: Path) -> None:
    target = Library("toy", tmp_path / "library")
    work = planned(here, target)

    def stops(stage: str, done: int, total: int, /, **_: float) -> None:
        if stage == "build" and done >= 40:
            raise Cancelled("enough")

    with pytest.raises(Cancelled):
        build.build(target, str(here / "source"), 20, work, serially, stops)
    told = build.status(target)
    assert 0 < told["stages"][0]["rows"] < ROWS == told["stages"][0]["of_rows"]
    assert told["stages"][0]["seconds_left"] > 0
    done = build.build(Library("toy", target.folder), str(here / "source"), 20, work, serially, silent)
    assert done.kept > 0
    assert content(target.folder) == content(whole.folder)


def test_a_worker_with_another_rdkit_or_model_refuses(whole: Library, here: Path, tmp_path: Path) -> None:
    (name, *_), work = whole.done(), whole.work
    other = replace(work, rdkit="2019.03.1")
    told = json.loads(shard.made([name], str(whole.folder), other.plain()))
    assert "RDKit" in told["refused"]
    assert "2019.03.1" in told["refused"]
    save_model(tmp_path / "model", seed=3)
    member = replace(work.models[0].members[0], folder=str(tmp_path / "model"))
    moved = replace(work, models=(replace(work.models[0], members=(member,)),))
    assert "another model" in json.loads(shard.made([name], str(whole.folder), moved.plain()))["refused"]
    assert Work.of_plain(json.loads(json.dumps(work.plain()))) == work
    with pytest.raises(NotAvailable, match=r"2019\.03\.1"):
        build.build(Library("toy", tmp_path / "out"), str(here / "source"), 20, other, serially, silent)


def test_a_shard_that_a_process_dies_of_is_tried_carefully_and_then_told(here: Path, tmp_path: Path) -> None:
    target = Library("toy", tmp_path / "library")
    work, tried = planned(here, target), []

    def dying(names: list[str], library: str, work: Work, careful: bool) -> engines.Made:
        tried.append((len(names), careful))
        first, *rest = names
        yield first, None
        yield from serially(rest, library, work, careful)

    with pytest.raises(NotAvailable, match="1 of 5 shards failed"):
        build.build(target, str(here / "source"), 20, work, dying, silent)
    assert tried == [(5, False), (1, True)]
    assert len(build.status(target)["stages"][0]["failed"]) == 1
    build.build(Library("toy", target.folder), str(here / "source"), 20, work, serially, silent)
    assert build.status(target)["stages"][0]["failed"] == {}


def test_layers_add_columns_and_only_to_a_whole_library(here: Path, tmp_path: Path) -> None:
    target = built(here, tmp_path / "library", sources(tmp_path / "source"))
    save_model(here / "other", seed=5)
    from mmexplore.models.registry import model

    part = planning.model_part(model(str(here / "other"), home=Home(here)), with_views=False)
    done = build.add(target, planning.work([part], layer="predict other"), serially, silent)
    assert done.made == len(target.parts)
    assert build.add(target, planning.work([part], layer="predict other"), serially, silent).made == 0
    target = Library("toy", target.folder)
    smiles = rows(target, "smiles")["smiles"].to_pylist()
    made = rows(target, "other: logS")["other: logS"].to_numpy()
    expected = embed_few(here / "other", smiles, home=Home(here)).predictions[:, 1]
    np.testing.assert_allclose(made, expected, atol=1e-5)
    on = planning.map_of_sample(target, VIEW, "pca", 30, 0, silent)
    build.add(target, planning.work((), on, layer=on.name), serially, silent)
    target = Library("toy", target.folder)
    xy = rows(target, f"{on.name} x", f"{on.name} y")
    assert np.isfinite(xy[f"{on.name} x"].to_numpy()).all()
    assert {one["stage"] for one in build.status(target)["stages"]} == {"build", "predict other", on.name}
    next(target.folder.glob("shards/*.parquet")).unlink()
    with pytest.raises(NotAvailable, match="build it first"):
        build.add(target, planning.work([part], layer="predict other"), serially, silent)


def test_a_source_may_lie_where_fsspec_leads(whole: Library, here: Path, tmp_path: Path) -> None:
    import fsspec

    memory = fsspec.filesystem("memory")
    for path in (here / "source").rglob("*.*"):
        memory.pipe(f"/molecules/{path.relative_to(here / 'source')}", path.read_bytes())
    target = Library("toy", tmp_path / "library")
    build.build(target, "memory://molecules", 20, planned(here, target), serially, silent)
    assert content(target.folder) == content(whole.folder)
    for nothing, words in (("memory://nothing", "nothing at"), (str(tmp_path / "no"), "nothing at")):
        with pytest.raises(BadTable, match=words):
            build.build(target, nothing, 20, planned(here, target), serially, silent)
    with pytest.raises(NotAvailable, match="cannot be opened"):
        build.build(target, "nowhere://x", 20, planned(here, target), serially, silent)


def test_a_source_may_lie_on_a_server(whole: Library, here: Path, tmp_path: Path) -> None:
    """Whose files are brought here one by one, as those of an object store."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

    answers = partial(Quiet, directory=str(here / "source"))
    with ThreadingHTTPServer(("127.0.0.1", 0), answers) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_address[1]}"
        target = Library("toy", tmp_path / "library")
        build.build(target, f"{url}/b.csv", 20, planned(here, target), serially, silent)
        found = LibrarySource(f"{url}/b.csv")
        server.shutdown()
    expected = {name: held for name, held in content(whole.folder).items() if "/b-" in name}
    assert list(content(target.folder).values()) == list(expected.values())
    with pytest.raises(NotAvailable, match=r"b\.csv cannot be brought here"):
        found.local(found.files[0], tmp_path)


def test_status_counts_what_is_of_this_input_and_whole(here: Path, tmp_path: Path) -> None:
    library = built(here, tmp_path / "library", here / "source", mapped=False)
    first, second, *_ = sorted(library.folder.glob("shards/*.parquet"))

    def told(**how: bool) -> tuple[int, list[str]]:
        (stage,) = build.status(Library("toy", library.folder), **how)["stages"]
        return stage["shards"], stage["damaged"]

    n = len(library.parts)
    assert told(verify=True) == (n, [])
    sound, refused = first.read_bytes(), library.folder / "rejected" / "shards" / second.name
    first.write_bytes(sound[:100] + bytes([sound[100] ^ 1]) + sound[101:])
    assert told() == (n, [])  # a footer says nothing of the rest
    assert told(verify=True) == (n - 1, [first.name])
    first.write_bytes(sound[:-9])
    refused.write_bytes(b"PAR1")
    assert told() == (n - 2, [first.name, f"rejected/{second.name}"])
    built(here, library.folder, here / "source", mapped=False)
    assert told(verify=True) == (n, [])
    first.unlink()
    first.write_bytes(second.read_bytes())  # of other molecules
    assert told() == (n - 1, [])


@pytest.mark.parametrize(("kind", "arrow", "off"), [("float16", pa.float16(), 2**-11), ("int8", pa.int8(), 1 / 254)])
def test_vectors_are_kept_in_fewer_bytes_and_off_by_half_a_step(
    kind: str, arrow: pa.DataType, off: float, whole: Library, here: Path, tmp_path: Path
) -> None:
    target = built(here, tmp_path / "library", here / "source", vectors=kind)
    held = pa.concat_tables(target.columns([name for name in target.schema() if name.startswith(VIEW)]))
    assert held.schema.field(VIEW).type == pa.list_(arrow, 16)
    x = matrix(rows(whole, VIEW)[VIEW])
    assert (np.abs(shard.scaled(held, VIEW) - x) <= 1.001 * off * np.abs(x).max(1, keepdims=True)).all()
    on = planning.map_of_sample(target, VIEW, "pca", 30, 0, silent)
    build.add(target, planning.work((), on, layer=on.name), serially, silent)
    assert np.isfinite(rows(Library("toy", target.folder), f"{on.name} x")[f"{on.name} x"].to_numpy()).all()


def test_what_has_no_place_in_a_library_is_refused_before_any_work(here: Path) -> None:
    with pytest.raises(BadRecipe, match="fingerprints are in every library"):
        planning.model_part(ecfp_view().model)
    with pytest.raises(BadRecipe, match="salts"):
        planning.work((), salts="some")
    with pytest.raises(BadRecipe, match="float32, float16 or int8"):
        planning.work((), vectors="int4")
    with pytest.raises(BadRecipe, match="address"):
        engines.engine("local", 0, "ray://somewhere")
