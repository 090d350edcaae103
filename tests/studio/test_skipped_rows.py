"""The law of bad rows: what a data set holds that cannot be read changes no answer about the others, and is named.

Tables of former versions, and published ones, hold SMILES that standardising made unreadable. Two data sets are asked
the same: one with such rows among the others, one without them.
"""

import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fused_models import saved
from toy_models import save_model
from typer.testing import CliRunner

from mmexplore import studio
from mmexplore.cli.app import app
from mmexplore.datasets import Dataset, catalog, splits, storage
from mmexplore.datasets.curation import digest
from mmexplore.recipes.presets import preset
from mmexplore.runtime.errors import BadMolecule
from mmexplore.runtime.home import Home, write_atomically

BAD = {0: "c1cccc1", 7: "C1CC", 20: "c1cccc1C", 43: "[Xx]"}
GOOD, MIXED = "good", "mixed"
N = 40
SETTINGS = ["training.epochs=1", "training.batch_size=16", "training.device=cpu", "training.precision=float32"]
TINY = ["branches.0.options.hidden_size=8", "branches.0.options.depth=2", "fusion.options.hidden_size=8"]
Told = dict[str, Any]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A home with both data sets, and two models that were taught nothing."""
    place = Home(tmp_path_factory.mktemp("mixed"))
    rng = np.random.default_rng(0)
    ends = ("O", "N", "C(=O)O", "c1ccccc1", "Cl", "C1CCNCC1", "c1ccncc1", "C1CC1", "C1CCOC1", "c1ccoc1", "c1ccsc1")
    texts = [f"{'C' * length}{end}" for length in range(1, 5) for end in ends][:N]
    values = rng.normal(size=N).round(3)
    rows = [f"{text},n{i},{value},{int(value > 0)}" for i, (text, value) in enumerate(zip(texts, values, strict=True))]
    mixed = list(rows)
    for row in BAD:
        mixed.insert(row, f"{'C' * (20 + row)},bad{row},99,1")
    with studio.at_home(place), pytest.MonkeyPatch.context() as patch:
        patch.setenv("MMEXPLORE_HOME", str(place.path))
        for name, table in ((GOOD, rows), (MIXED, mixed)):
            path = place.path / f"{name}.csv"
            path.write_text("smiles,name,y,active\n" + "\n".join(table) + "\n")
            made = catalog.add(path, name, targets=["y"], home=place)
            if name == MIXED:
                spoil(made, place)
        save_model(place.path / "runs" / "toy" / "model")
        saved(place.path, "late", "late", ("one", "other"))
        yield place.path


def spoil(made: Dataset, place: Home) -> None:
    """The table as a former version left it: some of its SMILES cannot be read."""
    smiles = made.smiles.copy()
    for row, text in BAD.items():
        smiles[row] = text
    (folder,) = [
        path.parent
        for path in (place / "datasets").glob("*/card.json")
        if json.loads(path.read_text())["digest"] == made.digest
    ]
    storage.write(folder, replace(made, smiles=smiles, digest=digest(smiles, made.labels, made.tasks)))


def asked(verb: list[str], data: str) -> Told:
    done = CliRunner().invoke(app, [*verb, "--data", data, "--json"], catch_exceptions=False)
    assert done.exit_code == 0, done.stderr
    found: Told = json.loads(done.stdout, parse_constant=lambda word: pytest.fail(f"{word} in JSON"))
    return found


def rows_of_good(rows: list[int]) -> list[int]:
    """Rows of the mixed data set as rows of the one without the bad ones."""
    return [row - sum(bad < row for bad in BAD) for row in rows]


def same(verb: list[str], *, but: tuple[str, ...] = ()) -> tuple[Told, Told]:
    """Answers on both data sets, without what names them or took time; the bad rows are named in one alone."""
    without = {"data", "file", "seconds", "molecules_per_second", "model", "skipped", *but}
    one, other = asked(verb, GOOD), asked(verb, MIXED)
    assert one["skipped"] == []
    named = {(entry["row"], entry["line"]) for entry in other["skipped"]}
    assert named <= {(row, row + 2) for row in BAD}
    assert all(entry["reason"] for entry in other["skipped"])
    return ({k: v for k, v in one.items() if k not in without}, {k: v for k, v in other.items() if k not in without})


def all_named(told: Told) -> bool:
    return [entry["row"] for entry in told["skipped"]] == sorted(BAD)


@pytest.mark.parametrize(("model", "method"), [("ecfp", "pca"), ("ecfp", "tsne"), ("toy", "pca")])
def test_a_map(home: Path, model: str, method: str) -> None:
    one, other = same(["map", "--model", model, "--method", method], but=("n", "how_test", "how_train"))
    assert other == pytest.approx(one)
    view = studio.view_of(model)
    good, mixed = (studio.stored_map(model, data, view, method) for data in (GOOD, MIXED))
    assert good is not None
    assert mixed is not None
    assert np.flatnonzero(~np.isfinite(mixed.xy).all(1)).tolist() == sorted(BAD)
    np.testing.assert_allclose(np.delete(mixed.xy, sorted(BAD), 0), good.xy, rtol=1e-4, atol=1e-4)
    assert all_named(asked(["map", "--model", model, "--method", method], MIXED))
    by_cluster = [studio.color(model, data, view, "cluster").values for data in (GOOD, MIXED)]
    assert np.isnan(by_cluster[1][sorted(BAD)]).all()
    np.testing.assert_array_equal(np.delete(by_cluster[1], sorted(BAD)), by_cluster[0])


def test_old_maps_put_what_has_no_place_into_no_cluster(home: Path) -> None:
    """Former versions counted it to the first cluster."""
    asked(["map", "--model", "toy", "--method", "pca"], MIXED)
    (path,) = (home / "maps").glob(f"{studio.model('toy').digest}-{studio.dataset(MIXED).digest}/*-clusters.npy")
    before, former = path.read_bytes(), io.BytesIO()
    np.save(former, np.maximum(np.load(path), 0).astype(np.uint8))
    write_atomically(path, former.getvalue())
    try:
        assert np.isnan(studio.color("toy", MIXED, studio.view_of("toy"), "cluster").values[sorted(BAD)]).all()
    finally:
        write_atomically(path, before)


@pytest.mark.parametrize("name", ["descriptor: logP", "descriptor: QED", "y"])
def test_a_color(home: Path, name: str) -> None:
    one, other = (studio.color("ecfp", data, "ecfp", name).values for data in (GOOD, MIXED))
    np.testing.assert_array_equal(np.delete(other, sorted(BAD)), one)
    assert np.isnan(other[sorted(BAD)]).all() or name == "y"


@pytest.mark.parametrize("rule", ["scaffold", "scaffold_balanced", "random"])
def test_a_split(home: Path, rule: str) -> None:
    good, mixed = (studio.dataset(data) for data in (GOOD, MIXED))
    one, other = (splits.split(table.smiles, rule, 3, (0.5, 0.25, 0.25)) for table in (good, mixed))
    for part in ("train", "validation", "test"):
        assert rows_of_good(getattr(other, part).tolist()) == getattr(one, part).tolist()
        assert not set(getattr(other, part)) & set(BAD)
    tables = [studio.split_table(table, rule, 3, (0.5, 0.25, 0.25)) for table in (good, mixed)]
    assert tables[0].equals(tables[1])


def test_what_the_data_page_tells(home: Path) -> None:
    good, mixed = (studio.dataset(data) for data in (GOOD, MIXED))
    assert studio.property_table(mixed).reset_index(drop=True).equals(studio.property_table(good))
    assert studio.summarize(mixed).n_scaffolds == studio.summarize(good).n_scaffolds
    assert list(mixed.unreadable) == sorted(BAD)
    everything = studio.sdf_of(MIXED, np.arange(len(mixed)))
    assert everything.count("$$$$") == len(mixed)
    assert everything.count("> <not drawn>") == len(BAD)
    assert studio.common_scaffold(MIXED, range(len(mixed))) == studio.common_scaffold(GOOD, range(len(good)))


def test_an_embedding(home: Path, tmp_path: Path) -> None:
    import pandas as pd

    tables = {}
    for data in (GOOD, MIXED):
        told = asked(["embed", "--model", "toy", "--out", str(tmp_path / f"{data}.parquet")], data)
        assert [one["row"] for one in told["skipped"]] == (sorted(BAD) if data == MIXED else [])
        tables[data] = pd.read_parquet(tmp_path / f"{data}.parquet").filter(like="e")
    kept = tables[MIXED].drop(index=sorted(BAD)).reset_index(drop=True)
    numbers = [table.select_dtypes("number").to_numpy() for table in (kept, tables[GOOD])]
    np.testing.assert_allclose(numbers[0], numbers[1], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("query", ["n5", "Cc1ccccc1O"])
def test_hits_of_a_query(home: Path, query: str) -> None:
    verb = ["retrieve", "--model", "toy", "--query", query, "--k", "6", "--agreement", "12"]
    one, other = same(verb, but=("agreement",))
    for space, hits in other["hits"].items():
        assert rows_of_good([hit["row"] for hit in hits]) == [hit["row"] for hit in one["hits"][space]]
        assert [h["similarity"] for h in hits] == pytest.approx([h["similarity"] for h in one["hits"][space]], abs=1e-5)
    assert all_named(asked(verb, MIXED))
    agreements = [asked(verb, data)["agreement"]["dmpnn"]["overlap"] for data in (GOOD, MIXED)]
    assert agreements[1] == pytest.approx(agreements[0])


def test_a_query_that_cannot_be_read_is_named(home: Path) -> None:
    done = CliRunner().invoke(app, ["retrieve", "--model", "toy", "--query", "bad7", "--data", MIXED])
    assert isinstance(done.exception, BadMolecule)
    assert "row 7 of mixed (line 9)" in str(done.exception)
    assert "unclosed ring" in str(done.exception)


@pytest.mark.parametrize("group", [["--label", "y", "--class", "low"], ["--label", "y", "--class", "high"]])
def test_what_a_group_has_in_common(home: Path, group: list[str]) -> None:
    one, other = same(["common", "--share", "0.5", *group])
    assert other == one


def test_what_a_cluster_has_in_common(home: Path) -> None:
    one, other = same(["common", "--model", "toy", "--cluster", "1", "--share", "0.5"])
    assert other == one


@pytest.mark.slow
def test_motifs_of_a_group(home: Path) -> None:
    verb = ["motifs", "--model", "toy", "--label", "y", "--class", "high", "--task", "logS", "--direction", "above"]
    one, other = same([*verb, "--threshold", "-50", "--most", "10"], but=("motifs", "common"))
    assert other == one
    assert other["searched"] == 10
    told = asked([*verb, "--threshold", "-50", "--most", "10"], MIXED)
    assert {entry["row"] for entry in told["skipped"]} == set(BAD)


def test_a_file_of_smiles_loses_only_its_bad_lines(home: Path, tmp_path: Path) -> None:
    path = tmp_path / "group.smi"
    path.write_text("CCO\nc1cccc1\nCCCO\nnonsense\n")
    told = CliRunner().invoke(app, ["common", "--smiles-file", str(path), "--json"], catch_exceptions=False)
    found = json.loads(told.stdout)
    assert (found["n"], found["n_atoms"]) == (2, 3)
    assert [(one["row"], one["line"]) for one in found["skipped"]] == [(-1, 2), (-1, 4)]


def test_a_fusion(home: Path) -> None:
    one, other = same(["fusion", "--model", "late"])
    assert [row["smiles"] for row in other["rows"]] == [row["smiles"] for row in one["rows"]]
    for mine, theirs in zip(other["rows"], one["rows"], strict=True):
        assert mine["prediction"] == pytest.approx(theirs["prediction"], abs=1e-5)
    assert other["n"] == one["n"] == N
    assert all_named(asked(["fusion", "--model", "late"], MIXED))


@pytest.mark.parametrize("rule", ["random"])
def test_a_training(home: Path, rule: str, tmp_path: Path) -> None:
    import pandas as pd

    recipe = preset("dmpnn").with_settings([*SETTINGS, *TINY, f"data.split={rule}", "data.fractions=[0.6,0.2,0.2]"])
    made = {}
    for data in (GOOD, MIXED):
        mine = recipe.with_settings([f"data.dataset={data}"])
        check = studio.check_training(mine)
        assert not check.refusals
        assert [one.row for one in check.skipped] == (sorted(BAD) if data == MIXED else [])
        model = studio.train(mine, tmp_path / data)
        assert model.card is not None
        made[data] = model.card
        assert [one.row for one in studio.trained_without(str(tmp_path / data))] == [one.row for one in check.skipped]
    assert made[MIXED].split == made[GOOD].split
    assert made[MIXED].metrics["test"] == pytest.approx(made[GOOD].metrics["test"], rel=1e-4)
    tables = [pd.read_parquet(tmp_path / data / "predictions.parquet") for data in (GOOD, MIXED)]
    kept = tables[1].drop(index=sorted(BAD)).reset_index(drop=True)
    assert (kept["split"] == tables[0]["split"]).all()
    np.testing.assert_allclose(kept["y"], tables[0]["y"], rtol=1e-3, atol=1e-4)


def test_a_subgraph_of_what_cannot_be_read_is_one_sentence(home: Path) -> None:
    done = CliRunner().invoke(app, ["subgraph", "--model", "toy", "--smiles", "c1cccc1"])
    assert isinstance(done.exception, BadMolecule)


def test_a_molecule_that_breaks_a_featurizer_costs_itself_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever RDKit raises: here a modality that fails in RDKit's own way on one of three."""
    from mmexplore.features.featurize import featurize
    from mmexplore.features.modalities.fingerprint import Fingerprint

    whole = Fingerprint.record

    def picky(self: Fingerprint, molecule: Any) -> Any:
        if molecule.GetNumAtoms() == 2:
            raise RuntimeError("Pre-condition Violation\n\tno ring info")
        return whole(self, molecule)

    monkeypatch.setattr(Fingerprint, "record", picky)
    found = featurize(Fingerprint(), ["CCO", "CC", "C1CC"])
    assert found.ok.tolist() == [True, False, False]
    assert "Pre-condition Violation no ring info" in found.reasons[1]
