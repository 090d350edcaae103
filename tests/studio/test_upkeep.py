"""A home is migrated, counted, backed up and brought back; names change, and one bad entry hides no other."""

import json
import shutil
import zipfile
from pathlib import Path

import pytest
from toy_models import card as a_run
from toy_models import save_model
from typer.testing import CliRunner

from mmexplore import studio
from mmexplore.cli.app import app
from mmexplore.runtime import seals
from mmexplore.runtime.errors import BadCheckpoint, BadRecipe, BadTable, Damaged, NotAvailable, Taken, UnknownName
from mmexplore.runtime.home import default_home, read_json, version_of, write_json

pytest_plugins = ("given_tables",)
pytestmark = pytest.mark.usefixtures("own_home")

MINE = "CCO ethanol\nCCN ethylamine\nCCCC butane\n"


def trained(home: Path, name: str) -> None:
    save_model(home / "runs" / name / "model")
    write_json(home / "runs" / name / "history.json", [{"epoch": 1.0}])


def told(*words: str) -> dict[str, object]:
    result = CliRunner().invoke(app, [*words, "--json"], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    found: dict[str, object] = json.loads(result.stdout)
    return found


def test_a_renamed_data_set_is_found_by_both_names(own_home: Path) -> None:
    before = studio.add_dataset(MINE, "Mine").digest
    assert told("datasets", "rename", "mine", "Kinase screen") == {"data": "kinase_screen", "was": "mine"}
    assert [e.name for e in studio.datasets() if e.source == "yours"] == ["kinase_screen"]
    assert studio.dataset("mine").digest == studio.dataset("kinase_screen").digest == before
    trained(own_home, "toy")
    chosen = studio.model("toy")
    assert chosen.card is not None
    data = chosen.card.data.model_copy(update={"name": "mine"})
    write_json(chosen.folder / "card.json", chosen.card.model_copy(update={"data": data}).model_dump(mode="json"))
    assert studio.model("toy").data == "kinase_screen"
    assert next(m for m in studio.models() if m.name == "toy").data == "kinase_screen"
    assert studio.add_dataset("CCCCO\nCCCN\n", "Mine").name == "mine_2"  # nothing takes over what "mine" leads to
    assert studio.dataset("mine").digest == before
    studio.add_dataset("CCO\nCCCN\n", "Other")
    with pytest.raises(Taken, match="another data set is called 'other' already"):
        studio.rename_dataset("kinase_screen", "Other")
    assert studio.rename_dataset("kinase_screen", "Mine") == "mine"
    assert told("datasets", "delete", "mine", "--yes") == {"deleted": "mine"}
    with pytest.raises(UnknownName):
        studio.dataset("kinase_screen")
    for shipped in ("solubility", "bace"):
        with pytest.raises(BadRecipe, match="came with the project or was published"):
            studio.remove_dataset(shipped)
        with pytest.raises(BadRecipe, match="came with the project or was published"):
            studio.rename_dataset(shipped, "x")


def test_a_renamed_model_is_found_by_its_title(own_home: Path) -> None:
    trained(own_home, "toy")
    trained(own_home, "other")
    assert told("models", "rename", "toy", "Best so far") == {"model": "toy", "title": "Best so far"}
    assert studio.model("Best so far").name == studio.model("toy").name == "toy"
    with pytest.raises(BadRecipe, match="another model is called 'Best so far' already"):
        studio.rename_model("other", "Best so far")
    assert told("models", "delete", "toy", "--yes") == {"deleted": "toy"}
    with pytest.raises(BadRecipe, match="came with the project"):
        studio.delete_model(next(m.name for m in studio.models() if m.shipped and m.card))


def test_what_is_backed_up_comes_back(own_home: Path, tmp_path: Path) -> None:
    before = studio.add_dataset(MINE, "Mine").digest
    trained(own_home, "toy")
    weights = (own_home / "runs" / "toy" / "model" / "weights.safetensors").read_bytes()
    packed = tmp_path / "kept.zip"
    made = told("home", "backup", str(packed))
    assert (made["datasets"], made["models"], made["skipped"]) == (["mine"], ["toy"], [])
    with pytest.raises(Taken, match="is there already"):
        studio.backup(packed)
    again = studio.restore(packed)
    assert (again.datasets, again.models, set(again.skipped)) == ((), (), {"mine", "toy"})
    shutil.rmtree(own_home)
    brought = told("home", "restore", str(packed))
    assert (brought["datasets"], brought["models"], brought["skipped"]) == (["mine"], ["toy"], [])
    assert studio.dataset("mine").digest == before
    assert (studio.model("toy").folder / "weights.safetensors").read_bytes() == weights
    assert not [path for path in own_home.iterdir() if path.name.startswith(".restoring")]


@pytest.mark.parametrize(
    ("name", "content"),
    [("../../outside.txt", "x"), ("runs/../../x/y", "x"), ("jobs/one/job.json", "{}"), ("/etc/x", "x"), ("runs/x", "")],
)
def test_a_zip_of_something_else_is_refused(name: str, content: str, tmp_path: Path) -> None:
    path = tmp_path / "odd.zip"
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr(name, content)
    with pytest.raises(BadTable, match="a backup holds data sets and models alone"):
        studio.restore(path)
    path.write_bytes(b"no zip")
    with pytest.raises(BadTable, match="is no zip that can be read"):
        studio.restore(path)
    with pytest.raises(NotAvailable, match="there is no file"):
        studio.restore(tmp_path / "none.zip")


def test_a_home_without_digests_is_sealed_and_its_models_stay_in_order(own_home: Path) -> None:
    studio.add_dataset(MINE, "Mine")
    trained(own_home, "first")
    trained(own_home, "second")
    order = [m.name for m in studio.models() if not m.shipped]
    for seal in [path for path in own_home.rglob(".*") if seals.is_seal(path)]:
        seal.unlink()
    (own_home / "version.json").unlink()
    times = {name: (own_home / "runs" / name).stat().st_mtime_ns for name in order}
    assert studio.migrate() == 1
    assert {name: (own_home / "runs" / name).stat().st_mtime_ns for name in order} == times
    assert version_of(default_home()) == 2
    history = own_home / "runs" / "first" / "history.json"
    history.write_text(history.read_text().replace("1.0", "7.0"))
    with pytest.raises(Damaged, match=r"history\.json is not what was written there"):
        studio.history("first")
    assert studio.migrate() == 2


def test_one_bad_entry_hides_no_other(own_home: Path) -> None:
    studio.add_dataset(MINE, "Mine")
    a_run(own_home, "good")
    yours, runs, jobs = own_home / "datasets" / "yours", own_home / "runs", own_home / "jobs"
    jobs.mkdir()
    for place, ending in ((yours, ".json"), (runs, ""), (jobs, "")):
        (place / f"nowhere{ending}").symlink_to(own_home / "gone")
    for name, content in (("list", "[]"), ("half", "{"), ("deep", "[" * 5000), ("odd", '{"title": 1}')):
        (yours / f"{name}.json").write_text(content)
    for place in (runs, jobs):
        (place / "a-file").write_text("")
    for name, text in (("odd", "[]"), ("cut", "{"), ("deep", "[" * 5000)):
        (runs / name / "model").mkdir(parents=True)
        (jobs / name).mkdir()
        (jobs / name / "job.json").write_text(text)
        for file in ("card.json", "recipe.json", "weights.safetensors"):
            (runs / name / "model" / file).write_text(text)
    read_json(yours / "mine.json")
    assert [e.name for e in studio.datasets() if e.source == "yours"] == ["mine"]
    assert [m.name for m in studio.models() if not m.shipped] == ["good"]
    assert studio.list_jobs() == []
    bad = {verb: {one["name"] for one in told(verb)["damaged"]} for verb in ("datasets", "models", "jobs")}
    assert bad["datasets"] == {"nowhere", "list", "half", "deep", "odd"}
    assert bad["models"] == bad["jobs"] == {"nowhere", "a-file", "odd", "cut", "deep"}
    with pytest.raises(BadCheckpoint, match="model 'odd' cannot be read"):
        studio.model("odd")


def test_bytes_are_those_on_the_disk(own_home: Path) -> None:
    studio.add_dataset(MINE, "Mine")
    counted = studio.count_bytes()
    whole = sum(path.stat().st_size for path in own_home.rglob("*") if path.is_file())
    assert sum(counted.values()) == whole
    assert counted["uploads"] == len(MINE)
    assert studio.known_bytes() == counted
