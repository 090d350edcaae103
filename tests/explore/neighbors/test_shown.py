"""Pictures and conformers through the shipped models: planted ones are found, dealt ones are not."""

import base64
from io import BytesIO

import numpy as np
import pytest
from PIL import Image as Picture
from rdkit import Chem
from rdkit.Chem.rdDistGeom import EmbedMolecule

from mmexplore import studio
from mmexplore.chem.molecules import parse
from mmexplore.explore.neighbors import shown
from mmexplore.explore.neighbors.query import embed_few
from mmexplore.features.modalities.graph3d import Graph3D
from mmexplore.features.modalities.image import Image, drawn, line_width, redrawn
from mmexplore.runtime.errors import BadRecipe, UnknownName
from mmexplore.runtime.home import Home

SMILES = ["CC(=O)Nc1ccc(O)cc1", "c1ccc2ccccc2c1", "CCCCCC(C)O", "O=C1CCCCC1Cl", "CCOC(=O)c1ccccc1", "C1CCNCC1"]


def png(smiles: str, side: int = 300, ground: int = 255) -> bytes:
    file, pixels = BytesIO(), drawn(parse(smiles), side)
    whole = np.full((side + 90, side + 40, 3), ground, np.uint8)
    whole[60 : 60 + side, 25 : 25 + side] = pixels if ground else 255 - pixels
    Picture.fromarray(whole).save(file, "PNG")
    return file.getvalue()


def places(kind: shown.Kind, contents: list[bytes]) -> np.ndarray:
    view = shown.view_for(kind, studio.model(shown.USUAL[kind]))
    return shown.embedded(view.model.folder, view.name, kind, [shown.read(kind, one).content for one in contents])


def own(kind: shown.Kind) -> np.ndarray:
    """Places of the molecules as a data set has them."""
    view = shown.view_for(kind, studio.model(shown.USUAL[kind]))
    return embed_few(view.model.folder, SMILES, home=studio.home()).views[view.name]


def nearest(looks: np.ndarray, there: np.ndarray) -> list[int]:
    unit = [one / np.linalg.norm(one, axis=-1, keepdims=True) for one in (looks, there)]
    return (unit[0] @ unit[1].T).max(1).argmax(1).tolist()


class TestPictures:
    @pytest.mark.parametrize("about", [{}, {"side": 120}, {"ground": 0}])
    def test_a_picture_lies_at_its_molecule(self, about: dict[str, int]) -> None:
        found = places("picture", [png(smiles, **about) for smiles in SMILES])
        assert nearest(found, own("picture")) == list(range(len(SMILES)))

    def test_a_turned_or_mirrored_picture_does_too(self) -> None:
        def turned(smiles: str, number: int) -> bytes:
            file, image = BytesIO(), Picture.fromarray(drawn(parse(smiles), 300))
            image = image.rotate(30 + 50 * number, fillcolor="white", expand=True)
            (image.transpose(Picture.Transpose.FLIP_LEFT_RIGHT) if number % 2 else image).save(file, "PNG")
            return file.getvalue()

        found = nearest(places("picture", [turned(s, i) for i, s in enumerate(SMILES)]), own("picture"))
        assert np.mean(np.array(found) == np.arange(len(SMILES))) > 0.8

    def test_it_is_drawn_as_large_and_with_lines_as_wide_as_rdkit_s(self) -> None:
        for smiles in SMILES:
            wanted, made = drawn(parse(smiles), 64), redrawn(shown.pictures.picture(png(smiles, 400)), 64)
            assert abs(line_width(made) - line_width(wanted)) < 0.75
            sizes = [np.ptp(np.nonzero(one.min(2) < 128), axis=1).max() for one in (wanted, made)]
            assert abs(sizes[0] - sizes[1]) <= 3

    def test_the_likest_of_six_looks_counts(self) -> None:
        assert len(Image(side_px=64).seen(shown.pictures.picture(png(SMILES[0])))) == 6


class TestConformers:
    def block(self, smiles: str, seed: int, *, hydrogens: bool = True) -> bytes:
        made = Chem.AddHs(parse(smiles))
        EmbedMolecule(made, randomSeed=seed)
        return str(Chem.MolToMolBlock(made if hydrogens else Chem.RemoveHs(made))).encode()

    @pytest.mark.release
    def test_another_conformer_lies_at_its_molecule(self) -> None:
        found = places("conformer", [self.block(smiles, 77) for smiles in SMILES])
        assert nearest(found, own("conformer")) == list(range(len(SMILES)))

    @pytest.mark.release
    def test_numbering_hydrogens_turns_and_moves_change_nothing(self) -> None:
        made = Chem.AddHs(parse(SMILES[0]))
        EmbedMolecule(made, randomSeed=5)
        rng = np.random.default_rng(0)
        order = rng.permutation(made.GetNumAtoms()).tolist()
        moved = Chem.RenumberAtoms(made, order)
        turn = np.linalg.qr(rng.normal(size=(3, 3)))[0]
        turn *= np.sign(np.linalg.det(turn))
        xyz = moved.GetConformer().GetPositions() @ turn + 5
        for number, place in enumerate(xyz.tolist()):
            moved.GetConformer().SetAtomPosition(number, place)
        ways = [Chem.MolToMolBlock(one).encode() for one in (made, moved, Chem.RemoveHs(made))]
        found = places("conformer", ways)[:, 0]
        np.testing.assert_allclose(found[1:], found[[0, 0]], atol=5e-3)

    def test_the_record_of_our_own_conformer_is_ours(self) -> None:
        made = Chem.AddHs(parse("CCO"))
        ours = Graph3D(conformers=1, mmff="off")
        assert ours._embedded(made) == 0
        given, kept = ours.placed(made), ours.record_as_read(parse("CCO"))
        assert {name: values.shape for name, values in given.items()} == {n: v.shape for n, v in kept.items()}
        np.testing.assert_allclose(given["positions"], kept["positions"], atol=1e-5)

    def test_hydrogens_are_set_for_a_model_that_reads_them(self) -> None:
        bare = shown.conformer_files.molecule(self.block("CCO", 3, hydrogens=False).decode())
        assert len(Graph3D(hydrogens=True).placed(bare)["atoms"]) == 9


class TestKept:
    def test_what_was_shown_comes_back_by_its_name_alone(self) -> None:
        home = Home(studio.home().path / "kept")
        asked = shown.read("picture", png(SMILES[0]))
        name = shown.keep(asked, home=home)
        assert shown.keep(asked, home=home) == name
        assert shown.kept("picture", name, home=home) == asked
        for kind, other in (("conformer", name), ("picture", "../" + name), ("picture", "0" * 16)):
            with pytest.raises(UnknownName):
                shown.kept(kind, other, home=home)
        (home / "shown" / name).write_text('{"kind": "picture"}')
        with pytest.raises(UnknownName):
            shown.kept("picture", name, home=home)

    def test_the_oldest_are_forgotten(self, monkeypatch: pytest.MonkeyPatch) -> None:
        home = Home(studio.home().path / "forgotten")
        monkeypatch.setattr(shown, "MOST_KEPT", 2)
        asked = [shown.ShownQuery("picture", base64.b64encode(bytes([number])).decode()) for number in range(4)]
        names = [shown.keep(one, home=home) for one in asked]
        assert len(list((home / "shown").iterdir())) == 2
        assert [shown.kept("picture", name, home=home) for name in names[2:]] == asked[2:]


def test_models_without_the_branch_are_told_of_those_that_have_it() -> None:
    with pytest.raises(BadRecipe, match="'target-image' does"):
        shown.view_for("picture", studio.model("solubility-dmpnn"))
    with pytest.raises(BadRecipe, match="'mmsa' does"):
        shown.view_for("conformer", studio.model("target-image"))
    assert shown.view_for("picture", studio.model("mmsa")).name == "image"
