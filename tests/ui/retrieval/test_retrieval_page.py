"""The Retrieval page without a browser: what it says in each state, and what a click on a hit does."""

from pathlib import Path

import pytest
from screens import PAGES, PATIENCE, shown
from streamlit.testing.v1 import AppTest

from mmexplore import studio
from mmexplore.runtime.errors import NotAvailable
from mmexplore.runtime.jobs.folder import Job
from mmexplore.studio import ViewRef
from mmexplore.ui.components.hit_lists import HitColumn
from mmexplore.ui.retrieval import page as retrieval_page

pytest_plugins = ("screens",)
MODEL, DATA = "solubility-dmpnn", "freesolv"


@pytest.fixture(scope="module", autouse=True)
def embedded(home: Path) -> None:
    for model in (MODEL, f"untrained:{MODEL}"):
        studio.embed(model, DATA)


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[HitColumn]:
    """The columns that the page drew last."""
    found: list[HitColumn] = []

    def draw(key: str, columns: list[HitColumn], on_pick: object) -> None:
        found[:] = columns

    def absent() -> Path:
        raise NotAvailable("no network")

    monkeypatch.setattr(retrieval_page, "hit_lists", draw)
    monkeypatch.setattr(studio, "fetch_viewer", absent)
    return found


def page(**query: str) -> AppTest:
    app = AppTest.from_file(str(PAGES / "3_Retrieval.py"), default_timeout=PATIENCE)
    app.session_state["chosen"] = retrieval_page.Choice(DATA, MODEL, "dmpnn")
    for key, value in query.items():
        app.query_params[key] = value
    app.run()
    assert not app.exception
    return app


def test_without_a_query_it_says_what_to_do(drawn: list[HitColumn]) -> None:
    app = page()
    assert "There is no query yet" in shown(app)
    assert drawn == []
    next(b for b in app.button if b.label == "Show an example").click().run()
    assert not app.exception
    assert app.session_state["row"] >= 0
    assert len(drawn) == 3
    known = studio.predictions(MODEL, "solubility")
    app.session_state["chosen"], app.session_state["row"] = retrieval_page.Choice("solubility", MODEL, "dmpnn"), -1
    next(b for b in app.run().button if b.label == "Show an example").click().run()
    assert known is not None
    assert known["split"][app.session_state["row"]] == "test"


def test_nothing_is_embedded_before_it_is_asked_for(drawn: list[HitColumn], monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[str] = []

    def start(model: str, _: str) -> Job:
        started.append(model)
        words = ("embed", (), "embedding", "maps", "running", "embed", 3, 10, None, {}, "", 0.0, 0.0, True)
        return Job("20260101-000000-embed-ab13", *words, Path("none"))  # type: ignore[arg-type]

    monkeypatch.setattr(studio, "start_embedding", start)
    monkeypatch.setattr(studio, "job", lambda id: start("again", DATA))
    assert "There is no query yet" in shown(page(among="chembl_samples"))
    assert started == []
    page(among="chembl_samples", below="Agreement with ECFP")
    assert {MODEL, f"untrained:{MODEL}"} <= set(started)


def test_the_way_back_does_not_lead_to_where_one_is(drawn: list[HitColumn]) -> None:
    app = page(row="3")
    app.session_state["retrieval-trail"] = [(DATA, 268), (DATA, 3)]
    assert [b.label for b in app.run().button if b.label.startswith("Back to")] == ["Back to cyclohexane"]


def test_the_current_molecule_is_the_query(drawn: list[HitColumn]) -> None:
    app = page(row="268")
    assert "cyclohexane" in shown(app)
    assert [column.title for column in drawn] == ["ECFP", "dmpnn, untrained", "dmpnn"]
    for column in drawn:
        assert "cyclohexane" not in [hit.name for hit in column.hits]
        assert len(column.hits) == 6
    assert "shared with ECFP" in drawn[2].text


def test_a_typed_molecule_a_name_and_junk(drawn: list[HitColumn]) -> None:
    app = page(query="CC(=O)Nc1cccc(O)c1")
    assert "the typed molecule" in shown(app)
    app.text_input(key="query").set_value("aniline").run()
    assert "aniline**, the query" in shown(app)
    app.text_input(key="query").set_value("C1CC").run()
    assert not app.exception
    assert "unclosed ring" in app.warning[0].value
    assert "There is no query yet" not in shown(app)


def test_molecules_that_tie_are_said_to_tie(drawn: list[HitColumn]) -> None:
    page(query="C" * 30)
    found = studio.hits(studio.query_of(DATA, "C" * 30), studio.ECFP, DATA, 6)
    assert (f"{found.tied:,} molecules tie at" in drawn[0].text) == bool(found.tied)
    page(query="[He]")
    assert "641 molecules tie at 0.0000, shown by row" in drawn[0].text


def test_filters(drawn: list[HitColumn]) -> None:
    page(row="3", smarts="c1ccccc1")
    data = studio.dataset(DATA)
    assert all("c1" in data.smiles[hit.row] for column in drawn for hit in column.hits)
    app = page(row="3", smarts="c1cc")
    assert "unclosed ring" in app.warning[0].value
    assert "Hits are not filtered" in app.warning[0].value
    app.multiselect(key="properties").set_value(["molecular weight"]).run()
    assert "within the ranges" not in shown(app)
    app.number_input(key="molecular-weight-from").set_value(1e5).run()
    assert not app.exception
    assert "passes the filters" in drawn[0].message


def test_a_click_on_a_hit_makes_it_the_current_molecule(
    drawn: list[HitColumn], monkeypatch: pytest.MonkeyPatch
) -> None:
    app = page(row="268")
    hit = drawn[0].hits[1].row
    monkeypatch.setattr(retrieval_page, "picked", lambda key: hit)

    def click() -> None:
        from mmexplore.ui.retrieval import page as drawn_page

        drawn_page._pick()

    chosen: list[int] = []
    monkeypatch.setattr(retrieval_page.session, "choose_row", chosen.append)
    monkeypatch.setattr(retrieval_page.session, "current_row", lambda: 268)
    state = {key: app.session_state[key] for key in ("hit-lists/of", "chosen")}
    monkeypatch.setattr(retrieval_page.st, "session_state", state)
    click()
    assert chosen == [hit]
    assert state["retrieval-trail"] == [(DATA, 268)]


def test_agreement_and_pairs(drawn: list[HitColumn]) -> None:
    app = AppTest.from_file(str(PAGES / "3_Retrieval.py"), default_timeout=PATIENCE)
    app.session_state["chosen"] = retrieval_page.Choice(DATA, MODEL, "dmpnn")
    app.session_state["row"] = 268
    app.session_state["below"] = "Agreement with ECFP"
    app.run()
    assert not app.exception
    assert "Over 200 queries drawn from freesolv with seed 0" in shown(app).replace("\\", "")
    assert "| dmpnn, untrained |" in shown(app)
    assert "| dmpnn |" in shown(app)
    app.query_params["below"] = "Near and far"
    app.run()
    assert not app.exception
    assert "pairs that ECFP puts among the nearest" in shown(app)


@pytest.mark.slow
def test_an_embedding_that_is_not_there_is_made_by_a_job(
    drawn: list[HitColumn], monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[tuple[str, str]] = []

    def start(model: str, data: str) -> Job:
        started.append((model, data))
        words = ("embed", (), f"embedding of {data}", "maps", "running", "embed", 3, 10, None, {}, "", 0.0, 0.0, True)
        return Job("20260101-000000-embed-ab12", *words, Path("none"))  # type: ignore[arg-type]

    monkeypatch.setattr(studio, "start_embedding", start)
    monkeypatch.setattr(studio, "job", lambda id: start("again", DATA))
    page(row="268", among="chembl_samples")
    assert started[:2] == [(f"untrained:{MODEL}", "chembl_samples"), (MODEL, "chembl_samples")]
    assert drawn[0].hits
    assert "being made" in drawn[1].message


@pytest.mark.parametrize("panel", [studio.ECFP, ViewRef("untrained:a", "late"), ViewRef("b", "late")])
def test_titles(panel: ViewRef) -> None:
    from mmexplore.ui.retrieval.state import title

    assert (
        title(panel) == {"ecfp": ("ECFP", ""), "untrained:a": ("late, untrained", "a"), "b": ("late", "b")}[panel.model]
    )
