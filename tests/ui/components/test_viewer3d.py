"""A molecule in space: the conformer, the figure without 3Dmol.js, and how that script comes to this machine."""

import hashlib
import io
import tarfile
from pathlib import Path

import numpy as np
import pytest
from rdkit import Chem
from screens import PATIENCE
from starlette.applications import Starlette
from starlette.testclient import TestClient
from streamlit.testing.v1 import AppTest

from mmexplore.explore.explain import viewer_script
from mmexplore.explore.explain.shape3d import shape
from mmexplore.runtime.errors import BadMolecule, NotAvailable
from mmexplore.runtime.home import default_home
from mmexplore.ui.components import viewer3d
from mmexplore.ui.server.routes import routes


class TestShape:
    @pytest.mark.parametrize("smiles", ["CCO", "c1ccncc1C(=O)[O-]", "C[C@H](N)C(=O)O", "[Na+].[Cl-]"])
    def test_atoms_stand_in_the_order_of_the_smiles_and_bonds_are_rdkits(self, smiles: str) -> None:
        found, full = shape(smiles), Chem.AddHs(Chem.MolFromSmiles(smiles))
        assert found.elements == tuple(atom.GetSymbol() for atom in full.GetAtoms())
        assert len(found.bonds) == full.GetNumBonds()
        for a, b, _ in found.bonds:
            assert 0.8 < np.linalg.norm(found.xyz[int(a)] - found.xyz[int(b)]) < 2.2
        again = Chem.MolFromMolBlock(found.block, removeHs=False)
        np.testing.assert_allclose(again.GetConformer().GetPositions(), found.xyz, atol=1e-3)
        assert Chem.MolToSmiles(Chem.RemoveHs(again)) == Chem.CanonSmiles(smiles)

    def test_what_cannot_be_embedded_has_no_shape(self) -> None:
        found = shape("C" * 120)
        assert not found.there
        assert "too large" in found.how

    def test_junk(self) -> None:
        with pytest.raises(BadMolecule):
            shape("C1CC")


def test_the_figure_has_a_ball_an_atom_and_a_stick_a_bond() -> None:
    found = shape("CCO")
    figure = viewer3d.ball_and_stick(found, highlight=(2,))
    sticks, halo, balls = figure.data
    assert len(balls.x) == 9
    assert np.isnan(np.array(sticks.x, float)).sum() == len(found.bonds) == 8
    assert (halo.x[0], halo.y[0], halo.z[0]) == tuple(found.xyz[2])
    assert len(set(balls.marker.color)) == 3  # carbon, oxygen, hydrogen: what is lit keeps its colour
    assert halo.marker.size > max(balls.marker.size)
    assert len(viewer3d.ball_and_stick(found).data) == 2


JMOL = "f00000 8f8fff ffc832 ffa500 0000ff 228b22 808090 00ff00 a52a2a a020f0 daa520 ff1493 ffc0cb b22222 c8c8c8 ffffff"
"""Colours of elements in 3Dmol.js, https://3dmol.org."""


@pytest.mark.parametrize("color", [*viewer3d._COLORS.values(), viewer3d._OTHER, *(f"#{one}" for one in JMOL.split())])
def test_the_highlight_is_no_elements_colour(color: str) -> None:
    lit, element = (np.array(list(bytes.fromhex(one[1:])), float) for one in (viewer3d._LIT, color))
    assert np.linalg.norm(lit - element) > 90


def test_the_page_in_the_frame_asks_our_route_alone() -> None:
    html = viewer3d.page(shape("CCO").block, (2,), "/viewer3d/3Dmol.js", 320)
    assert html.count("loadScriptAsync('/viewer3d/3Dmol.js')") == 1
    assert "://" not in html
    x, y, z = shape("CCO").xyz[2].round(4).tolist()
    assert f'"center": {{"x": {x}, "y": {y}, "z": {z}}}' in html
    assert "height: min(318px, 100vw - 2px)" in html  # a frame that is higher than wide cuts nothing
    assert "addSphere" not in viewer3d.page(shape("CCO").block, (), "/viewer3d/3Dmol.js", 320)
    assert viewer3d.page(shape("CCO").block, (2,), "/viewer3d/3Dmol.js", 320) is html


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> bytes:
    """A package that holds a script, in the data folder, under the right checksum; no network."""
    script, kept = b"window.$3Dmol = {};", io.BytesIO()
    with tarfile.open(fileobj=kept, mode="w:gz") as files:
        member = tarfile.TarInfo(viewer_script.MEMBER)
        member.size = len(script)
        files.addfile(member, io.BytesIO(script))
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / viewer_script.PACKAGE).write_bytes(kept.getvalue())
    monkeypatch.setenv("MMEXPLORE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("MMEXPLORE_DATA_DIR", str(folder))
    monkeypatch.setattr(viewer_script, "SHA256", hashlib.sha256(kept.getvalue()).hexdigest())
    monkeypatch.setattr(viewer_script, "URL", "http://localhost:9/3dmol.tgz")
    monkeypatch.setattr(viewer_script, "_failed_at", [-1e9])
    return script


class TestScript:
    def test_it_is_taken_from_the_data_folder_and_served(self, package: bytes) -> None:
        client = TestClient(Starlette(routes=routes()))
        name = viewer_script.path(home=default_home()).name
        assert client.get(f"/viewer3d/{name}").status_code == 404
        assert viewer_script.fetch(home=default_home()).read_bytes() == package
        assert client.get(f"/viewer3d/{name}").content == package
        assert client.get("/viewer3d/other.js").status_code == 404

    def test_another_file_under_its_name_is_not_taken(self, package: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(viewer_script, "SHA256", "0" * 64)
        with pytest.raises(NotAvailable, match=r"3Dmol\.js could not be fetched"):
            viewer_script.fetch(home=default_home())
        with pytest.raises(NotAvailable, match="a moment ago"):
            viewer_script.fetch(home=default_home())
        assert not viewer_script.path(home=default_home()).exists()


def _viewer() -> None:
    import streamlit as st

    from mmexplore.ui.components import viewer3d as drawn

    drawn.show(st.session_state["smiles"], "here")


@pytest.mark.parametrize(
    ("smiles", "said"),
    [("CCO", "One conformer by ETKDGv3"), ("C" * 120, "There is no conformer"), ("C1CC", "unclosed")],
)
def test_the_viewer_in_words(smiles: str, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def absent() -> Path:
        raise NotAvailable("no network")

    monkeypatch.setattr("mmexplore.studio.fetch_viewer", absent)
    app = AppTest.from_function(_viewer, default_timeout=PATIENCE)
    app.session_state["smiles"] = smiles
    app.run()
    assert not app.exception
    assert said in app.caption[0].value.replace("\\", "")
