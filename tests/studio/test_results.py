"""Papers' tables beside ours: nothing is lost or mixed up, and what is said of the protocols is true of the files."""

import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from screens import page, shown

from mmexplore.studio import results
from mmexplore.ui.components.words import literal

pytest_plugins = ("screens",)
PAPER = {
    "paper": "A paper",
    "metric": {"bace": "ROC-AUC %", "esol": "RMSE"},
    "I": {"none": {"bace": 70.0, "esol": 1.5}, "theirs": {"bace": 80.5}},
    "tables": {
        "I": {"title": "A title", "results": {"ours": {"dmpnn": "none"}}, "commands": ["python benchmarks/lasso.py"],
              "comparable": True, "same": "all", "differs": "nothing"},
    },
}  # fmt: skip
ROWS = [
    {"data": "bace", "metric": "ROC-AUC", "model": "dmpnn", "mean": 0.75, "std": 0.01, "seeds": [0.74, 0.76]},
    {"data": "bace", "metric": "ROC-AUC", "model": "another", "mean": 0.1, "std": 0.01, "seeds": [0.1, 0.1]},
    {"data": "esol", "metric": "RMSE", "model": "dmpnn", "mean": 1.25, "std": None, "seeds": [1.25]},
]


@pytest.fixture
def benchmarks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of one paper and one result, which a test may change."""
    about = json.loads((results.BENCHMARKS / "results" / "lasso.json").read_text())
    for name, values in (("papers/p.json", PAPER), ("results/ours.json", about | {"name": "ours", "rows": ROWS})):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text(json.dumps(values))
    monkeypatch.setattr(results, "BENCHMARKS", tmp_path)
    return tmp_path


def test_our_figures_stand_beside_the_papers_in_its_unit(benchmarks: Path) -> None:
    (table,) = results.paper_tables()["p"]
    found = table.figures.set_index(["variant", "data"])
    assert found.loc[("none", "bace"), ["paper", "ours", "spread", "seeds"]].tolist() == [70.0, 75.0, 1.0, 2]
    assert found.loc[("none", "esol"), ["paper", "ours"]].tolist() == [1.5, 1.25]
    assert np.isnan(found.loc[("none", "esol"), "spread"])
    assert found.loc[("theirs", "bace"), "paper"] == 80.5
    assert np.isnan(found.loc[("theirs", "bace"), "ours"])
    assert len(found) == 3
    assert [result.name for result in table.measured] == ["ours"]


def test_a_variant_of_ours_that_the_paper_lacks_gets_a_row(benchmarks: Path) -> None:
    paper = json.loads(json.dumps(PAPER))
    paper["tables"]["I"]["results"] = {"ours": {}}
    (benchmarks / "papers/p.json").write_text(json.dumps(paper))
    (table,) = results.paper_tables()["p"]
    found = table.figures.set_index(["variant", "data"])
    assert found.loc[("dmpnn", "bace"), "ours"] == 75.0
    assert np.isnan(found.loc[("dmpnn", "bace"), "paper"])


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
        assert all((table.same, table.differs, table.commands))
        for command in table.commands:
            script = re.match(r"python benchmarks/(\w+\.py)", command)
            assert script
            assert (results.BENCHMARKS / script[1]).is_file()


def test_every_result_says_where_it_comes_from() -> None:
    for result in results.measured_results().values():
        assert len(result.rows)
        assert all((result.question, result.command, result.commit, result.date, result.machine, result.versions))


class TestPage:
    def test_tables_and_measurements_are_there(self, empty_home: Path) -> None:
        app = page("7_Results.py")
        assert not app.exception
        assert len(app.dataframe) >= len(results.paper_tables()) + 1
        assert literal("arXiv:2505.05877") in shown(app)

    @pytest.mark.slow
    def test_every_table_can_be_chosen(self, empty_home: Path) -> None:
        app = page("7_Results.py")
        for title in app.selectbox(key="results/mmsa").options:
            app.selectbox(key="results/mmsa").select(title).run()
            assert not app.exception

    def test_what_is_not_measured_says_how(self, benchmarks: Path) -> None:
        shutil.rmtree(benchmarks / "results")
        app = page("7_Results.py")
        assert not app.exception
        assert [code.value for code in app.code] == ["python benchmarks/lasso.py"]
        assert "Not measured here yet" in shown(app)
