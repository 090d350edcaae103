"""Pictures and conformers as queries on the Retrieval page, without a browser: files, hits, links, mistakes."""

import pytest
from rdkit import Chem
from rdkit.Chem.Draw import rdMolDraw2D
from rdkit.Chem.rdDistGeom import EmbedMolecule
from screens import PAGES, PATIENCE, shown
from streamlit.testing.v1 import AppTest

from mmexplore import studio
from mmexplore.ui.components.hit_lists import HitColumn
from mmexplore.ui.retrieval import page as retrieval_page

pytest_plugins = ("screens",)
DATA = "freesolv"
PHENOL = "Oc1ccccc1"


def png() -> bytes:
    canvas = rdMolDraw2D.MolDraw2DCairo(300, 200)
    rdMolDraw2D.PrepareAndDrawMolecule(canvas, Chem.MolFromSmiles(PHENOL))
    canvas.FinishDrawing()
    return bytes(canvas.GetDrawingText())


def sdf() -> bytes:
    made = Chem.AddHs(Chem.MolFromSmiles(PHENOL))
    EmbedMolecule(made, randomSeed=9)
    return f"{Chem.MolToMolBlock(made)}$$$$\n{Chem.MolToMolBlock(made)}$$$$\n".encode()


@pytest.fixture(scope="module", autouse=True)
def embedded(home: object) -> None:
    studio.embed("target-image", DATA)


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[HitColumn]:
    """The columns that the page drew last."""
    found: list[HitColumn] = []
    monkeypatch.setattr(
        retrieval_page, "hit_lists", lambda _key, columns, _pick: found.__setitem__(slice(None), columns)
    )
    return found


def page(by: str, **query: str) -> AppTest:
    app = AppTest.from_file(str(PAGES / "3_Retrieval.py"), default_timeout=PATIENCE)
    app.session_state["chosen"] = retrieval_page.Choice(DATA, "solubility-dmpnn", "dmpnn")
    for key, value in {"query-by": by, **query}.items():
        app.query_params[key] = value
    app.run()
    assert not app.exception
    return app


def test_without_a_file_it_says_what_to_do(drawn: list[HitColumn]) -> None:
    assert "PNG with one drawn structure" in shown(page("Picture"))
    assert "SDF of one molecule" in shown(page("Conformer"))
    assert drawn == []


def test_a_picture_is_found_and_its_link_leads_back(drawn: list[HitColumn]) -> None:
    app = page("Picture")
    app.file_uploader(key="picture/given").set_value(("phenol.png", png(), "image/png")).run()
    assert not app.exception
    assert [column.title for column in drawn] == ["image"]
    assert drawn[0].text.startswith("target-image, cosine")
    assert "phenol" in {hit.name for hit in drawn[0].hits}
    assert "drawings compares how pictures look" in shown(app)
    name = app.query_params["picture"]
    first = [hit.row for hit in drawn[0].hits]
    drawn.clear()
    assert "the server keeps this file" in shown(page("Picture", picture=name))
    assert [hit.row for hit in drawn[0].hits] == first


def test_a_link_whose_file_is_gone_says_so(drawn: list[HitColumn]) -> None:
    for name in ("0123456789abcdef", "../../etc/passwd"):
        app = page("Picture", picture=name)
        assert "which this server does not keep; nothing is shown instead" in " ".join(w.value for w in app.warning)
        assert drawn == []


def test_what_is_no_picture_is_told(drawn: list[HitColumn]) -> None:
    app = page("Picture")
    app.file_uploader(key="picture/given").set_value(("x.png", b"\xff\xd8\xff", "image/png")).run()
    assert not app.exception
    assert "a JPEG came" in " ".join(w.value for w in app.warning)
    assert drawn == []


@pytest.mark.release
def test_a_conformer_stands_beside_its_own_structure(drawn: list[HitColumn]) -> None:
    studio.embed("mmsa", DATA)
    app = page("Conformer")
    app.file_uploader(key="conformer/given").set_value(("x.sdf", sdf(), "chemical/x-mdl-sdfile")).run()
    assert not app.exception
    assert [column.title for column in drawn] == ["graph3d", "ECFP"]
    assert drawn[1].hits[0].name == "phenol"
    assert "phenol" in {hit.name for hit in drawn[0].hits}
    assert "2 records" in shown(app)
