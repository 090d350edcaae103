"""Pictures as queries: one drawing is read alike whatever it stands on, and what is none is told in a sentence."""

import zlib
from io import BytesIO

import numpy as np
import pytest
from PIL import Image
from rdkit import Chem
from rdkit.Chem.Draw import rdMolDraw2D

from mmexplore.datasets.readers import pictures
from mmexplore.datasets.readers.pictures import picture
from mmexplore.runtime.errors import BadMolecule


def drawn(smiles: str = "CC(=O)Nc1ccc(O)cc1") -> Image.Image:
    canvas = rdMolDraw2D.MolDraw2DCairo(240, 200)
    canvas.drawOptions().useBWAtomPalette()
    rdMolDraw2D.PrepareAndDrawMolecule(canvas, Chem.MolFromSmiles(smiles))
    canvas.FinishDrawing()
    return Image.open(BytesIO(canvas.GetDrawingText())).convert("L")


def png(image: Image.Image) -> bytes:
    file = BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


def on_paper(image: Image.Image, ground: tuple[int, ...], ink: tuple[int, ...], mode: str) -> Image.Image:
    """The drawing with its strokes in one colour and its ground in another."""
    dark = 1 - np.asarray(image)[..., None] / 255
    return Image.fromarray((dark * np.array(ink) + (1 - dark) * np.array(ground)).astype(np.uint8), mode)


def framed(image: Image.Image) -> Image.Image:
    whole = Image.new("L", (500, 400), 255)
    whole.paste(image, (210, 60))
    pixels = np.array(whole)
    pixels[:3], pixels[-3:], pixels[:, :3], pixels[:, -3:] = 0, 0, 0, 0
    return Image.fromarray(pixels)


def speckled(image: Image.Image) -> Image.Image:
    whole = Image.new("L", (400, 300), 255)
    whole.paste(image, (90, 50))
    pixels = np.array(whole)
    pixels[10, 10] = pixels[290, 390] = 0
    return Image.fromarray(pixels)


GROUNDS = {
    "transparent, dark strokes": lambda d: on_paper(d, (0, 0, 0, 0), (0, 0, 0, 255), "RGBA"),
    "transparent, light strokes": lambda d: on_paper(d, (255, 255, 255, 0), (255, 255, 255, 255), "RGBA"),
    "dark": lambda d: on_paper(d, (20, 22, 30), (240, 240, 240), "RGB"),
    "paper": lambda d: on_paper(d, (240, 232, 215), (40, 40, 45), "RGB"),
    "16 bits": lambda d: Image.fromarray(np.asarray(d).astype(np.uint16) * 257),
    "palette": lambda d: d.convert("P"),
    "one bit": lambda d: d.convert("1", dither=Image.Dither.NONE),
    "margin and frame": framed,
    "specks": speckled,
}


@pytest.mark.parametrize("ground", GROUNDS)
def test_a_drawing_is_read_alike_on_every_ground(ground: str) -> None:
    plain, found = picture(png(drawn())), picture(png(GROUNDS[ground](drawn())))
    assert np.abs(np.subtract(plain.shape, found.shape)).max() <= 4
    height, width = np.minimum(plain.shape, found.shape)[:2]
    dark = [one[:height, :width].min(2) < 128 for one in (plain, found)]
    best = max((dark[0] & np.roll(dark[1], (y, x), (0, 1))).sum() for y in (-1, 0, 1) for x in (-1, 0, 1))
    assert best > 0.85 * dark[0].sum()


def test_hues_outlive_a_dark_ground() -> None:
    found = picture(png(on_paper(drawn(), (0, 0, 0), (255, 40, 40), "RGB")))
    inked = found[found.min(2) < 100]
    assert inked[:, 0].mean() > 200
    assert inked[:, 1].mean() < 100


def test_a_large_drawing_loses_no_line() -> None:
    large = Image.new("L", (1500, 1200), 255)
    large.paste(0, (50, 600, 1450, 601))
    large.paste(0, (750, 50, 751, 1150))
    found = picture(png(large))
    assert max(found.shape[:2]) <= pictures.LONGEST_SIDE
    assert (found.min(2) < 128).any(0).all()
    assert (found.min(2) < 128).any(1).all()


@pytest.mark.parametrize("smiles", ["CC", "C", "O=C=O", "ClCl"])
def test_a_single_bond_and_a_label_are_drawings(smiles: str) -> None:
    assert max(picture(png(drawn(smiles))).shape[:2]) > 20


def test_what_was_read_is_kept_as_it_is() -> None:
    found = picture(png(drawn()))
    assert (pictures.from_png(pictures.to_png(found)) == found).all()


def huge() -> bytes:
    """A picture whose head says that it is huge, and that holds next to nothing."""
    content = bytearray(png(Image.new("L", (8, 8), 255)))
    content[16:24] = (200_000).to_bytes(4, "big") * 2
    content[29:33] = zlib.crc32(content[12:29]).to_bytes(4, "big")
    return bytes(content)


def blot() -> Image.Image:
    y, x = np.mgrid[:200, :200] - 100
    return Image.fromarray(np.where(x * x + y * y < 60 * 60, 30, 250).astype(np.uint8))


REFUSED = {
    b"": "no picture came",
    b"\xff\xd8\xff\xe0 jfif": "a JPEG came",
    b'<?xml version="1.0"?><svg/>': "an SVG came",
    b"hello": "no picture came",
    b"\x89PNG\r\n\x1a\n" + bytes(40): "damaged",
    png(drawn())[:-400]: "damaged",
    png(Image.new("L", (300, 200), 255)): "nothing is drawn",
    png(Image.new("RGBA", (300, 200), (0, 0, 0, 0))): "nothing is drawn",
    png(blot()): "no drawing of a structure",
    b"\x89PNG\r\n\x1a\n" + bytes(pictures.MOST_BYTES): "bytes or more",
    huge(): "200,000 x 200,000 pixels",
}


@pytest.mark.parametrize("content", REFUSED, ids=REFUSED.values())
def test_what_is_no_drawing_is_told(content: bytes) -> None:
    with pytest.raises(BadMolecule, match=REFUSED[content]):
        picture(content)
