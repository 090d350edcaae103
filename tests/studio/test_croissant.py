"""A data set written as Parquet and Croissant: the reference package finds no fault, and reads it back."""

import hashlib
import json
from pathlib import Path

import mlcroissant
import numpy as np
import pandas as pd
from typer.testing import CliRunner

from mmexplore import studio
from mmexplore.cli.app import app
from mmexplore.studio import Entry

pytest_plugins = ("screens",)
TABLE = 'smiles,name,"pIC50, nM",active,=note\nCCO,ethanol,5.5,1,=1+1\nCCN,,,0,é\nc1ccccc1,"b\'enzene",-3.25,,\n'


def written(data: str, place: Path) -> tuple[dict, pd.DataFrame]:
    done = CliRunner().invoke(app, ["datasets", "describe", data, "--croissant", str(place), "--json"])
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert told["molecules"] == len(studio.dataset(data))
    assert [one["task"] for one in told["labels"]] == [task.name for task in studio.dataset(data).tasks]
    return json.loads(Path(told["croissant"]).read_text(encoding="utf-8")), pd.read_parquet(told["file"])


def test_the_reference_package_reads_it_back(empty_home: Path, tmp_path: Path) -> None:
    mine = tmp_path / "mine.csv"
    mine.write_text(TABLE, encoding="utf-8")
    name = studio.add_dataset(mine, "Mine, all of them").name
    told, table = written(name, tmp_path / "out")
    (file,) = told["distribution"]
    assert file["sha256"] == hashlib.sha256((tmp_path / "out" / file["contentUrl"]).read_bytes()).hexdigest()
    assert list(table["smiles"]) == studio.dataset(name).smiles.tolist()

    read = mlcroissant.Dataset(jsonld=tmp_path / "out" / "croissant.json")
    assert not list(read.metadata.ctx.issues.errors)
    records = list(read.records("molecules"))
    for column in table:
        read_back = [row[f"molecules/{'_'.join(column.split())}"] for row in records]
        for ours, theirs in zip(table[column], read_back, strict=True):
            assert pd.isna(ours) or ours == (theirs.decode() if isinstance(theirs, bytes) else theirs)
    kinds = {field["source"]["extract"]["column"]: field["dataType"] for field in told["recordSet"][0]["field"]}
    assert kinds["smiles"] == "sc:Text"
    assert {kinds[task.name] for task in studio.dataset(name).tasks} == {"sc:Float"}


def test_a_published_set_tells_its_license_and_its_source(empty_home: Path, tmp_path: Path) -> None:
    told, table = written("freesolv", tmp_path / "out")
    entry: Entry = next(one for one in studio.datasets() if one.name == "freesolv")
    assert (told.get("license", ""), told.get("url", "")) == (entry.licence, entry.url)
    assert told["conformsTo"] == "http://mlcommons.org/croissant/1.0"
    np.testing.assert_array_equal(table["expt"], studio.dataset("freesolv").labels[:, 0])
