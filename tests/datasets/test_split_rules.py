"""Splits by column, file, time, cluster and fold: every row once, nothing learned and tested, in any order."""

import tracemalloc
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from rdkit.Chem import MolFromSmiles
from rdkit.Chem.rdFingerprintGenerator import GetMorganGenerator
from rdkit.DataStructs import BulkTanimotoSimilarity
from rdkit.ML.Cluster import Butina
from toy_models import a_dataset

from mmexplore.chem.fingerprints import tanimoto_of
from mmexplore.chem.standardize import scaffolds
from mmexplore.datasets import Dataset, Task
from mmexplore.datasets.splits import Division, SplitRule, divide, split
from mmexplore.datasets.splits.clusters import butina
from mmexplore.datasets.splits.folds import folded
from mmexplore.datasets.splits.nearest import nearest_training, similarities
from mmexplore.recipes.recipe import SPLITS, Data, parse
from mmexplore.runtime.errors import BadRecipe

ENDS = ("O", "N", "c1ccccc1", "C1CCCC1", "C1CCNCC1", "c1ccncc1", "S(C)(=O)=O", "C(=O)O")
MOLECULES = [f"{'C' * n}{end}" for n in range(1, 9) for end in ENDS]


def table(smiles: list[str] | None = None, **columns: object) -> Dataset:
    made = a_dataset(smiles or MOLECULES)
    n = len(made)
    labels = np.arange(n, dtype=np.float32)[:, None]
    names = np.array([f"m{row}" for row in range(n)], dtype=object)
    extra = pd.DataFrame(columns, index=range(n))
    return replace(made, names=names, labels=labels, tasks=(Task("y", "regression"),), extra=extra, name="mine")


def rows(found: Division) -> list[int]:
    return np.concatenate([found.split.train, found.split.validation, found.split.test]).tolist()


def parts_by_smiles(data: Dataset, rule: SplitRule) -> dict[str, set[str]]:
    found = divide(data, rule).split
    return {part: set(data.smiles[getattr(found, part)]) for part in ("train", "validation", "test")}


def shuffled(data: Dataset, seed: int) -> Dataset:
    order = np.random.default_rng(seed).permutation(len(data))
    return replace(
        data, smiles=data.smiles[order], names=data.names[order], labels=data.labels[order],
        extra=data.extra.iloc[order].reset_index(drop=True), digest=f"shuffled {seed}",
    )  # fmt: skip


N = len(MOLECULES)
PARTS = [("train", "valid", "test")[min(row % 7, 2)] for row in range(N)]
RULES = {
    "column": SplitRule("column", column="part"),
    "time": SplitRule("time", column="year"),
    "cluster": SplitRule("cluster", seed=3),
    "kfold": SplitRule("kfold", seed=3, fold=1),
    "kfold by scaffold": SplitRule("kfold", seed=3, folds=3, fold=1, folds_by="scaffold"),
    "kfold by cluster": SplitRule("kfold", seed=3, folds=3, fold=1, folds_by="cluster"),
}


def whole() -> Dataset:
    return table(part=PARTS, year=[1990 + row % 23 for row in range(N)])


@pytest.mark.parametrize("name", RULES)
def test_every_row_is_in_one_part_whatever_the_order_of_the_rows(name: str) -> None:
    data = whole()
    found = divide(data, RULES[name])
    assert sorted(rows(found)) == list(range(N))
    assert found.left_out == {}
    expected = parts_by_smiles(data, RULES[name])
    for seed in (1, 2):
        assert parts_by_smiles(shuffled(data, seed), RULES[name]) == expected


def test_the_recipe_knows_every_rule_and_says_what_each_was_told() -> None:
    assert set(SPLITS) == set(Data.model_fields["split"].annotation.__args__)  # type: ignore[union-attr]
    assert Data(split="time", split_column="year").split_options == "by 'year'"
    with pytest.raises(BadRecipe, match="fold is one of 3, 0 to 2"):
        parse({"data": {"split": "kfold", "folds": 3, "fold": 3}})


def test_digests_of_recipes_hold_that_name_none_of_the_later_fields() -> None:
    values = parse({}).model_dump(mode="json")
    later = ("split_column", "split_file", "cluster_similarity", "folds", "fold", "folds_by", "tuned")
    old = values | {"data": {k: v for k, v in values["data"].items() if k not in later}}
    assert parse(old).digest == parse(values).digest != parse({"data": {"split": "kfold", "fold": 1}}).digest


class TestColumn:
    def test_parts_are_those_of_the_column_however_they_are_spelt(self) -> None:
        spelt = {"train": " Training", "valid": "val", "test": "TEST"}
        found = divide(table(part=[spelt[part] for part in PARTS]), RULES["column"]).split
        for part, name in (("train", "train"), ("validation", "valid"), ("test", "test")):
            assert getattr(found, part).tolist() == [row for row in range(N) if PARTS[row] == name]

    @pytest.mark.parametrize(
        ("cells", "sentence"),
        [
            (["train", "test"] * (N // 2), "names no molecule for valid"),
            (["train", "holdout"] * (N // 2), "says 'holdout' (32 rows with no part's name, first line 1)"),
            ([""] * N, "names no molecule for train and valid and test"),
            ([0, 1] * (N // 2), "says '0'"),
        ],
    )
    def test_what_names_no_parts_is_one_sentence(self, cells: list[object], sentence: str) -> None:
        with pytest.raises(BadRecipe) as refused:
            divide(table(part=cells), RULES["column"])
        assert sentence in str(refused.value)
        assert "\n" not in str(refused.value)

    def test_a_column_that_is_not_there(self) -> None:
        with pytest.raises(BadRecipe, match="no column 'where' to split by; there are: part"):
            divide(whole(), SplitRule("column", column="where"))
        with pytest.raises(BadRecipe, match="needs the name of a column"):
            divide(whole(), SplitRule("column"))

    def test_molecules_without_a_part_are_left_out_and_told(self) -> None:
        cells = ["", *PARTS[1:]]
        found = divide(table(part=cells), RULES["column"])
        assert sorted(rows(found)) == list(range(1, N))
        assert found.left_out == {0: "no part in column 'part'"}
        assert "1 molecule is in no part: left out (line 0: no part in column 'part')" in found.notes

    def test_a_molecule_on_both_sides_is_told(self) -> None:
        smiles = [*MOLECULES[:-1], MOLECULES[0]]
        cells = ["train", *PARTS[1:-1], "test"]
        (told,) = divide(table(smiles, part=cells), RULES["column"]).notes
        assert told == "1 molecule of the test part is in another part, too: the test score flatters"


class TestTime:
    @settings(max_examples=40, deadline=None)
    @given(st.lists(st.integers(1990, 2005), min_size=N, max_size=N))
    def test_what_is_tested_is_later_than_what_was_learned(self, years: list[int]) -> None:
        data = table(year=years)
        if len(set(years)) < 3:
            return
        found = divide(data, RULES["time"]).split
        at = [np.array(years)[part] for part in (found.train, found.validation, found.test)]
        assert at[0].max() < at[1].min()
        assert at[1].max() < at[2].min()

    @pytest.mark.parametrize(
        "write",
        [str, lambda d: d.strftime("%Y-%m-%d"), lambda d: d.strftime("%d.%m.%Y"), lambda d: d.strftime("%m/%d/%Y")],
    )
    def test_dates_are_read_as_they_are_written(self, write: object) -> None:
        days = pd.date_range("2019-01-07", periods=N, freq="13D")
        found = divide(table(day=[write(day) for day in days]), SplitRule("time", column="day")).split  # type: ignore[operator]
        assert found.train.tolist() == list(range(len(found.train)))
        assert found.test.tolist() == list(range(N - len(found.test), N))
        assert abs(len(found.train) - 0.8 * N) <= 1

    def test_dates_that_can_be_read_in_two_ways_are_refused(self) -> None:
        cells = [f"{1 + row % 12:02d}/{1 + row % 11:02d}/2020" for row in range(N)]
        with pytest.raises(BadRecipe, match="day and month cannot be told apart; write them as 2021-04-03"):
            divide(table(day=cells), SplitRule("time", column="day"))

    def test_molecules_without_a_date_are_left_out_and_told(self) -> None:
        cells = ["", "soon", *(f"{2000 + row}-01-01" for row in range(N - 2))]
        found = divide(table(day=cells), SplitRule("time", column="day"))
        assert sorted(rows(found)) == list(range(2, N))
        assert "2 molecules are in no part: left out (line 0: no date in column 'day'; line 1: 'soon'" in found.notes[0]

    @pytest.mark.parametrize(
        ("cells", "sentence"),
        [
            ([2020.0] * N, "has 1 different date"),
            (["soon"] * N, "holds no dates"),
            ([""] * N, "all its cells are empty"),
        ],
    )
    def test_what_has_no_dates_is_one_sentence(self, cells: list[object], sentence: str) -> None:
        with pytest.raises(BadRecipe, match=sentence):
            divide(table(day=cells), SplitRule("time", column="day"))

    def test_a_label_can_be_the_time(self) -> None:
        found = divide(table(), SplitRule("time", column="y")).split
        assert found.test.min() > found.validation.max()


class TestFile:
    def place(self, folder: Path, lines: list[str]) -> SplitRule:
        path = folder / "parts.csv"
        path.write_text("\n".join(lines) + "\n")
        return SplitRule("file", file=str(path))

    @pytest.mark.parametrize("by", ["names", "smiles", "another spelling", "registry"])
    def test_molecules_are_met_by_names_or_structures(self, tmp_path: Path, by: str) -> None:
        data = table(registry=[1000 + row for row in range(N)])
        told = {
            "names": data.names,
            "smiles": data.smiles,
            "another spelling": [f"{end}{'C' * n}" if end in "ON" else s for s, (n, end) in zip(
                data.smiles, [(n, end) for n in range(1, 9) for end in ENDS], strict=True)],
            "registry": data.extra["registry"],
        }[by]  # fmt: skip
        lines = [f"{key},{part},7" for key, part in zip(told, PARTS, strict=True)]
        found = divide(data, self.place(tmp_path, ["key,set,other", *reversed(lines)]))
        assert found.split.test.tolist() == [row for row in range(N) if PARTS[row] == "test"]
        assert found.left_out == {}

    def test_what_the_file_does_not_name_is_left_out_and_told(self, tmp_path: Path) -> None:
        lines = [f"m{row},{PARTS[row]}" for row in range(N - 2)]
        found = divide(table(), self.place(tmp_path, ["name,part", *lines, "stranger,train"]))
        assert sorted(found.left_out) == [N - 2, N - 1]
        assert any("1 of 63 molecules of split file 'parts.csv' are not in 'mine'" in note for note in found.notes)

    @pytest.mark.parametrize(
        ("lines", "sentence"),
        [
            (["name,part", "m1,train", "m2,test"], "names no molecule for valid"),
            (["name,part", "m1,train", "m1,test"], "puts 'm1' into two parts"),
            (["name,part", "m1,train", "m2,late", "m3,valid"], "says 'late'"),
            (["name,part", "x1,train", "x2,test", "x3,valid"], "names no molecule of 'mine'"),
            (["name,year", "m1,2020", "m2,2021"], "one that says train, valid or test"),
        ],
    )
    def test_what_is_no_split_is_one_sentence(self, tmp_path: Path, lines: list[str], sentence: str) -> None:
        with pytest.raises(BadRecipe) as refused:
            divide(table(), self.place(tmp_path, lines))
        assert sentence in str(refused.value)
        assert "\n" not in str(refused.value)

    def test_a_file_that_is_not_there(self, tmp_path: Path) -> None:
        with pytest.raises(BadRecipe, match="there is no file"):
            divide(table(), SplitRule("file", file=str(tmp_path / "none.csv")))
        with pytest.raises(BadRecipe, match="needs a file"):
            divide(table(), SplitRule("file"))


class TestClusters:
    @pytest.mark.parametrize("similarity", [0.2, 0.35, 0.5, 0.7])
    def test_clusters_are_those_of_rdkits_butina(self, similarity: float) -> None:
        texts = sorted(MOLECULES)
        prints = [GetMorganGenerator(radius=2, fpSize=2048).GetFingerprint(MolFromSmiles(s)) for s in texts]
        apart = [1 - s for row in range(1, N) for s in BulkTanimotoSimilarity(prints[row], prints[:row])]
        theirs = Butina.ClusterData(apart, N, 1 - similarity + 1e-9, isDistData=True)
        ours = butina(texts, similarity)
        assert {frozenset(np.flatnonzero(ours == number).tolist()) for number in np.unique(ours)} == {
            frozenset(cluster) for cluster in theirs
        }

    def test_clusters_stay_whole_and_the_seed_moves_them(self) -> None:
        of_row = butina(MOLECULES, 0.5)
        at = {seed: split(MOLECULES, "cluster", seed, similarity=0.5) for seed in (0, 1)}
        for found in at.values():
            homes = [set(of_row[part].tolist()) for part in (found.train, found.validation, found.test)]
            assert sum(map(len, homes)) == len(set.union(*homes))
        assert at[0].test.tolist() != at[1].test.tolist()

    def test_one_cluster_is_refused(self) -> None:
        alike = [f"{'C' * n}O" for n in range(8, 30)]
        with pytest.raises(BadRecipe, match="finds one cluster: all 22 molecules"):
            split(alike, "cluster", similarity=0.2)

    def test_what_cannot_be_read_is_in_no_cluster(self) -> None:
        assert butina(["CCO", "C1CC", "CCO"]).tolist() == [0, -1, 0]

    @pytest.mark.release
    def test_memory_grows_with_the_molecules_and_not_with_their_pairs(self) -> None:
        many = [f"{'C' * (1 + n % 37)}{ENDS[n % 8]}.{'N' * (1 + n % 41)}" for n in range(3_000)]
        tracemalloc.start()
        butina(many, 0.3)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < len(set(many)) ** 2  # a byte a pair


class TestFolds:
    @settings(max_examples=30, deadline=None)
    @given(st.integers(2, 8), st.integers(0, 3), st.integers(0, 4))
    def test_each_molecule_is_tested_once(self, folds: int, seed: int, twice: int) -> None:
        smiles = [*MOLECULES, *MOLECULES[:twice]]
        found = [split(smiles, "kfold", seed, folds=folds, fold=fold) for fold in range(folds)]
        assert sorted(np.concatenate([one.test for one in found]).tolist()) == list(range(len(smiles)))
        for one in found:
            learned = {smiles[row] for row in [*one.train, *one.validation]}
            assert not learned & {smiles[row] for row in one.test}
            assert not {smiles[row] for row in one.train} & {smiles[row] for row in one.validation}
            assert sorted([*one.train, *one.validation, *one.test]) == list(range(len(smiles)))
        sizes = [len({smiles[row] for row in one.test}) for one in found]
        assert max(sizes) - min(sizes) <= 1

    @pytest.mark.parametrize("by", ["scaffold", "cluster"])
    def test_no_scaffold_or_cluster_is_learned_and_tested(self, by: str) -> None:
        of_row = np.array(scaffolds(MOLECULES)) if by == "scaffold" else butina(MOLECULES)
        for seed in range(3):
            found = [split(MOLECULES, "kfold", seed, folds=3, fold=fold, folds_by=by) for fold in range(3)]
            assert sorted(np.concatenate([one.test for one in found]).tolist()) == list(range(N))
            for one in found:
                parts = [set(of_row[rows].tolist()) for rows in (one.train, one.validation, one.test)]
                assert sum(map(len, parts)) == len(set.union(*parts))

    @settings(max_examples=60, deadline=None)
    @given(st.lists(st.integers(0, 30), min_size=12, max_size=60), st.integers(2, 4), st.integers(0, 3))
    def test_whole_groups_fill_folds_evenly(self, drawn: list[int], folds: int, seed: int) -> None:
        groups = np.array([0, 1, 2, 3, *drawn])
        assume(np.bincount(groups).max() * 2 < len(groups))  # else a fold's rest may be one group
        texts = [f"{'C' * (1 + row)}O" for row in range(len(groups))]
        fractions = (0.6, 0.2, 0.2)
        found = [folded(texts, seed, folds, fold, fractions, groups) for fold in range(folds)]
        sizes = [len(test) for _, _, test in found]
        assert sum(sizes) == len(groups)
        assert max(sizes) - min(sizes) <= np.bincount(groups).max()
        assert all(train and validation for train, validation, _ in found)
        order = np.random.default_rng(seed).permutation(len(groups))
        again = folded([texts[row] for row in order], seed, folds, 0, fractions, 100 - groups[order])
        assert [sorted(order[part].tolist()) for part in again] == [sorted(part) for part in found[0]]

    def test_fewer_scaffolds_than_folds(self) -> None:
        with pytest.raises(BadRecipe, match=r"5 different scaffolds or more, and 2 .* or fold by molecule"):
            split(["CCO", "CCN", "CCC", "CCCC", "Cc1ccccc1", "c1ccccc1"], "kfold", folds_by="scaffold")

    def test_another_seed_is_another_cross_validation(self) -> None:
        at = [split(MOLECULES, "kfold", seed, fold=0).test.tolist() for seed in (0, 0, 1)]
        assert at[0] == at[1] != at[2]

    def test_fewer_molecules_than_folds(self) -> None:
        with pytest.raises(
            BadRecipe, match="5 folds need 5 different molecules or more, and 2 different molecules came"
        ):
            split(["CCO", "CCN", "CCO"], "kfold")
        with pytest.raises(BadRecipe, match="0 to 4, and 5 came"):
            split(MOLECULES, "kfold", fold=5)


class TestNearestTraining:
    def test_similarities_are_rdkits(self) -> None:
        train, test = np.arange(0, N, 2), np.arange(1, N, 2)
        prints = [GetMorganGenerator(radius=2, fpSize=2048).GetFingerprint(MolFromSmiles(s)) for s in MOLECULES]
        theirs = [max(BulkTanimotoSimilarity(prints[row], [prints[other] for other in train])) for row in test]
        assert similarities(MOLECULES, train, test) == pytest.approx(theirs, abs=1e-6)
        found = nearest_training(MOLECULES, train, test)
        assert found is not None
        assert (found.lower, found.median, found.upper) == pytest.approx(tuple(np.quantile(theirs, (0.25, 0.5, 0.75))))
        assert sum(found.counts) == found.molecules == len(test)

    def test_a_test_part_of_training_molecules_is_at_one(self) -> None:
        found = nearest_training(MOLECULES, np.arange(N), np.arange(5))
        assert found is not None
        assert (found.median, found.counts[-1]) == (1.0, 5)

    def test_scaffold_parts_lie_farther_than_random_ones(self) -> None:
        far, near = (split(MOLECULES, rule, fractions=(0.6, 0.2, 0.2)) for rule in ("scaffold", "random"))
        medians = [np.median(similarities(MOLECULES, one.train, one.test)) for one in (far, near)]
        assert medians[0] < medians[1]

    def test_nothing_that_can_be_read_is_no_distance(self) -> None:
        assert nearest_training(["C1CC", "CCO"], np.array([0]), np.array([1])) is None
        assert not tanimoto_of(["C1CC"]).usable.any()
