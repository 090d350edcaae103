"""Papers' tables beside ours: nothing is lost or mixed up, and what is said of the protocols is true of the files."""

import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from screens import page, shown

from mmexplore.studio.scores import results
from mmexplore.studio.scores.results import DIFFERS, SAME, STATES, TEST, TRAINING, Protocol, compared
from mmexplore.ui.components.words import literal
from mmexplore.ui.results.page import wide

pytest_plugins = ("screens",)
PAPER = {
    "paper": "A paper",
    "metric": {"bace": "ROC-AUC %", "esol": "RMSE"},
    "protocol": {"data": "MoleculeNet", "split": "scaffold", "seeds": 2, "epochs": 100, "pre-training molecules": 7},
    "scratch": ["none"],
    "I": {"none": {"bace": 70.0, "esol": 1.5}, "theirs": {"bace": 80.5}},
    "spread": {"I": {"none": {"bace": 0.6}}},
    "tables": {
        "I": {"title": "A title", "results": {"ours": {"dmpnn": "none"}}, "commands": ["python benchmarks/lasso.py"]},
    },
}
PROTOCOL = {"data": "MoleculeNet", "split": "scaffold", "epochs": {"bace": 100, "esol": 30}}  # fmt: skip
ROWS = [
    {"data": "bace", "metric": "ROC-AUC", "model": "dmpnn", "mean": 0.75, "std": 0.0141, "seeds": [0.74, 0.76]},
    {"data": "bace", "metric": "ROC-AUC", "model": "another", "mean": 0.1, "std": 0.01, "seeds": [0.1, 0.1]},
    {"data": "esol", "metric": "RMSE", "model": "dmpnn", "mean": 1.25, "std": None, "seeds": [1.25]},
]


@pytest.fixture
def benchmarks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of one paper and one result, which a test may change."""
    about = json.loads((results.BENCHMARKS / "results" / "lasso.json").read_text())
    for name, values in (
        ("papers/p.json", PAPER),
        ("results/ours.json", about | {"name": "ours", "protocol": PROTOCOL, "rows": ROWS}),
    ):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text(json.dumps(values))
    monkeypatch.setattr(results, "BENCHMARKS", tmp_path)
    return tmp_path


def test_our_figures_stand_beside_the_papers_in_its_unit(benchmarks: Path) -> None:
    (table,) = results.paper_tables()["p"]
    found = table.figures.set_index(["variant", "data"])
    assert found.loc[("none", "bace"), ["paper", "ours", "seeds"]].tolist() == [70.0, 75.0, 2]
    assert found.loc[("none", "bace"), "spread"] == pytest.approx(np.std([74, 76], ddof=1))
    assert found.loc[("none", "bace"), "each"] == (74.0, 76.0)
    assert found.loc[("none", "esol"), ["paper", "ours"]].tolist() == [1.5, 1.25]
    assert np.isnan(found.loc[("none", "esol"), "spread"])
    assert found.loc[("theirs", "bace"), "paper"] == 80.5
    assert np.isnan(found.loc[("theirs", "bace"), "ours"])
    assert len(found) == 3
    assert found.loc[("none", "bace"), ["paper spread", "state", "differences"]].tolist() == [0.6, SAME, ""]
    assert found.loc[("none", "esol"), "state"] == TRAINING
    assert found.loc[("none", "esol"), "differences"] == "seeds 1 (paper: 2); epochs 30 (paper: 100)"
    assert found.loc[("theirs", "bace"), "state"] == ""
    assert [result.name for result in table.measured] == ["ours"]


def test_a_variant_of_ours_that_the_paper_lacks_gets_a_row(benchmarks: Path) -> None:
    paper = json.loads(json.dumps(PAPER))
    paper["tables"]["I"]["results"] = {"ours": {}}
    (benchmarks / "papers/p.json").write_text(json.dumps(paper))
    (table,) = results.paper_tables()["p"]
    found = table.figures.set_index(["variant", "data"])
    assert found.loc[("dmpnn", "bace"), "ours"] == 75.0
    assert np.isnan(found.loc[("dmpnn", "bace"), "paper"])


def test_rows_of_single_seeds_are_gathered_and_the_baseline_stands_beside_them(benchmarks: Path) -> None:
    """Seed 19 counts in no mean, the baseline's is over the same seeds, and a data set's rows are of one result."""
    scores = {"dmpnn": {3: 80.0, 4: 84.0, 19: 99.0}, "boosting": {3: 88.0, 4: 90.0, 5: 10.0, 19: 97.0}}
    rows = [
        {"data": "bace", "metric": "ROC-AUC %", "variant": variant, "seed": seed, "score": score}
        for variant, each in scores.items()
        for seed, score in each.items()
    ]
    about = json.loads((benchmarks / "results/ours.json").read_text())
    (benchmarks / "results/single.json").write_text(json.dumps(about | {"name": "single", "rows": rows}))
    paper = json.loads(json.dumps(PAPER))
    paper["tables"]["I"]["results"] = {"single": {"dmpnn": "none"}, "ours": {"dmpnn": "none"}}
    (benchmarks / "papers/p.json").write_text(json.dumps(paper))
    (table,) = results.paper_tables()["p"]
    found = table.figures.set_index(["variant", "data"])
    columns = ["ours", "seeds", "each", "marked", "baseline"]
    assert found.loc[("none", "bace"), columns].tolist() == [82.0, 2, (80.0, 84.0), 99.0, 89.0]
    assert found.loc[("none", "esol"), "ours"] == 1.25


def test_without_results_the_papers_figures_remain(benchmarks: Path) -> None:
    shutil.rmtree(benchmarks / "results")
    (table,) = results.paper_tables()["p"]
    assert table.figures["paper"].notna().sum() == 3
    assert not table.figures["ours"].notna().any()
    assert table.measured == ()


@pytest.mark.parametrize("name", sorted(path.stem for path in results.BENCHMARKS.glob("papers/*.json")))
def test_a_papers_file_is_whole(name: str) -> None:
    for table in results.paper_tables()[name]:
        assert table.figures["metric"].notna().all()
        assert table.commands
        assert set(table.figures["state"]) <= {*STATES, ""}
        paired = table.figures["paper"].notna() & table.figures["ours"].notna()
        assert ((table.figures["state"] != "") == paired).all()
        assert ((table.figures["differences"] == "") == table.figures["state"].isin(["", SAME])).all()
        for command in table.commands:
            script = re.match(r"python benchmarks/(\w+\.py)", command)
            assert script
            assert (results.BENCHMARKS / script[1]).is_file()


@given(
    st.dictionaries(st.sampled_from([*TEST, "seeds", "epochs"]), st.integers(0, 2)),
    st.dictionaries(st.sampled_from([*TEST, "seeds", "epochs"]), st.integers(0, 2)),
)
def test_one_rule_says_what_may_be_compared(theirs: dict[str, int], ours: dict[str, int]) -> None:
    state, words = compared(theirs, ours)
    apart = {name for name in theirs | ours if theirs.get(name) != ours.get(name)}
    assert {word.split()[0] for word in words} == apart
    assert state == (DIFFERS if apart & set(TEST) else TRAINING if apart else SAME)


def test_a_row_without_pretraining_is_not_compared_by_it() -> None:
    protocol = Protocol({"seeds": 3, "pre-training epochs": 9}, ("none",), {"late": {"seeds": 5, "split": "random"}})
    assert protocol.of("none", "bace") == {"seeds": 3}
    assert protocol.of("late", "bace") == {"seeds": 5, "pre-training epochs": 9, "split": "random"}


def test_mmfrls_row_without_pretraining_is_of_another_split() -> None:
    for table in results.paper_tables()["mmfrl"]:
        rows = table.figures[
            table.figures["variant"].isin(["No pre-training", "DMPNN"]) & (table.figures["state"] != "")
        ]
        assert len(rows)
        assert (rows["state"] == DIFFERS).all()
        assert rows["differences"].str.contains("digit for digit").all()


def test_figures_are_rounded_from_what_was_measured_and_fit_the_page() -> None:
    for tables in results.paper_tables().values():
        for table in tables:
            for data, rows in table.figures.groupby("data"):
                texts = wide(rows)
                assert texts.shape[1] <= 2
                for _, row in rows.iterrows():
                    digits = 1 if row["metric"].endswith("%") else 3
                    if not np.isnan(row["ours"]):
                        shown = texts.loc[row["variant"], (f"{data}, {row['metric']}", "here")]
                        assert float(shown.split()[0]) == round(row["ours"], digits)


def test_every_result_says_where_it_comes_from() -> None:
    for result in results.measured_results().values():
        assert len(result.rows)
        assert all((result.question, result.command, result.commit, result.date, result.machine, result.versions))


class TestPage:
    def test_tables_and_measurements_are_there(self, empty_home: Path) -> None:
        app = page("8_Results.py")
        assert not app.exception
        tables = [one for one in app.markdown if one.value.startswith("| variant |")]
        assert len(tables) >= len(results.paper_tables())
        assert literal("arXiv:2505.05877") in shown(app)

    @pytest.mark.release
    def test_every_table_can_be_chosen(self, empty_home: Path) -> None:
        app = page("8_Results.py")
        for title in app.selectbox(key="results/mmsa").options:
            app.selectbox(key="results/mmsa").select(title).run()
            assert not app.exception

    def test_what_is_not_measured_says_how(self, benchmarks: Path) -> None:
        shutil.rmtree(benchmarks / "results")
        app = page("8_Results.py")
        assert not app.exception
        assert [code.value for code in app.code] == ["python benchmarks/lasso.py"]
        assert "Not measured here yet" in shown(app)
