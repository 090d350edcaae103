"""Molecule image: RDKit's drawing, kept as horizontal strokes of ink: some 4 kB at 224 pixels in place of 150.

MMSA (section V-A) and IEM show RDKit's drawing of 224 x 224 pixels to a ResNet. The drawing is canonical: atoms in the
order of the canonical SMILES, RDKit's own coordinates, its canonical orientation. A pixel that is not white takes one
byte, a hue of ``PALETTE`` and how much of it covers the white ground in fifteenths, so that a whole batch is painted
by one scatter (:mod:`mmexplore.nn.signals.images`). At 224 pixels the worst channel of a pixel with ink is off RDKit's
own colour by 0.013 of the range in the mean and by less than 0.04 in 99 of 100; where two elements' colours meet it
may be off by 0.3.
"""

from functools import cache
from io import BytesIO
from typing import Annotated, ClassVar

import numpy as np
from PIL import Image as Picture
from pydantic import Field
from rdkit.Chem import Mol
from rdkit.Chem.Draw import rdMolDraw2D
from rdkit.Chem.rdDepictor import Compute2DCoords
from scipy.ndimage import minimum_filter, rotate

from mmexplore.chem.molecules import reread
from mmexplore.features.modalities import Column, Modality, Record
from mmexplore.runtime.errors import BadMolecule

PALETTE = (
    (0.0, 0.0, 0.0),  # carbon, hydrogen, most metals
    (0.0, 0.0, 1.0),  # nitrogen
    (1.0, 0.0, 0.0),  # oxygen
    (0.2, 0.8, 0.8),  # fluorine
    (1.0, 0.5, 0.0),  # phosphorus
    (0.8, 0.8, 0.0),  # sulfur
    (0.0, 0.8, 0.0),  # chlorine
    (0.5, 0.3, 0.1),  # bromine
    (0.63, 0.12, 0.94),  # iodine
    (0.0, 0.0, 0.5),  # half black, half blue: where a carbon's half of a bond meets a nitrogen's
    (0.5, 0.0, 0.0),  # and an oxygen's
    (0.4, 0.4, 0.0),  # and a sulfur's
    (0.0, 0.4, 0.0),  # and a chlorine's
    (0.1, 0.4, 0.4),  # and a fluorine's
    (0.5, 0.0, 0.5),  # nitrogen and oxygen
    (0.9, 0.4, 0.0),  # oxygen with phosphorus or sulfur
)
"""RGB of RDKit's colours (0 to 1), then of their mixtures; a hue's number stands in the high four bits of a pixel."""
LEVELS = 15
"""Coverage 0 (white) to 15 (the hue itself) stands in the low four bits."""

FILLED = 0.91
"""Of a side: the longer side of what RDKit draws."""
LINE_PX = 1.6
"""Width of RDKit's lines as :func:`line_width` finds it at 64 pixels a side."""
DARK = 180
"""Of 255: what is darker belongs to a stroke."""

_LONGEST_STROKE = 255


class Image(Modality):
    """Molecule image: a square drawing as strokes, from the top left row by row.

    ``side`` (): pixels a side. ``starts`` (strokes,): ``row * side + column`` of a stroke's first pixel; ``lengths``
    (strokes,): its pixels. ``ink`` (pixels,): ``16 * hue + coverage`` of each pixel in the order of the strokes.
    """

    version: ClassVar[int] = 1
    columns: ClassVar[dict[str, Column]] = {
        "side": Column("uint16"),
        "starts": Column("uint16", axis="strokes"),
        "lengths": Column("uint8", axis="strokes"),
        "ink": Column("uint8", axis="pixels"),
    }

    def __init__(
        self, *, side_px: Annotated[int, Field(ge=32, le=256, description="pixels a side of the drawing")] = 224
    ) -> None:
        self.side_px = side_px

    def record(self, molecule: Mol) -> Record:
        """The record, the same for every spelling. Raises BadMolecule."""
        return self.record_as_read(reread(molecule))

    def record_as_read(self, molecule: Mol) -> Record:
        """The record of a molecule read from canonical SMILES. Raises BadMolecule for one that RDKit cannot draw."""
        if molecule.GetNumAtoms() == 0:
            raise BadMolecule("a drawing needs at least one atom, and a molecule of 0 came")
        return strokes(drawn(molecule, self.side_px))

    def seen(self, pixels: np.ndarray) -> list[Record]:
        """Looks at a picture that was given, uint8 ``(height, width, 3)``, dark on white and without a margin.

        Each is drawn as RDKit draws, as large and with lines as wide: as it came, mirrored, and with its longest axis
        lying flat, as RDKit lays molecules, four ways round. Mirrored, it is the same molecule but for its wedges.
        """
        flat = laid_flat(pixels)
        ways = [pixels, pixels[:, ::-1], flat, flat[::-1], flat[:, ::-1], flat[::-1, ::-1]]
        return [strokes(redrawn(way, self.side_px)) for way in ways]


def drawn(molecule: Mol, side_px: int) -> np.ndarray:
    """RDKit's drawing, uint8 ``(side, side, 3)``; atoms in the order they come in. Raises BadMolecule."""
    flat = Mol(molecule)
    canvas = rdMolDraw2D.MolDraw2DCairo(side_px, side_px)
    try:
        Compute2DCoords(flat, canonOrient=True, forceRDKit=True)
        rdMolDraw2D.PrepareAndDrawMolecule(canvas, flat)
        canvas.FinishDrawing()
    except (RuntimeError, ValueError) as error:
        raise BadMolecule(f"RDKit cannot draw the molecule: {(str(error) or repr(error)).splitlines()[0]}") from None
    with Picture.open(BytesIO(canvas.GetDrawingText())) as picture:
        return np.array(picture.convert("RGB"))


def laid_flat(pixels: np.ndarray) -> np.ndarray:
    """A picture turned so that the longest axis of its ink lies flat, without a margin."""
    inked = pixels.min(2) < DARK
    if not inked.any():
        return pixels
    rows, columns = np.nonzero(inked)
    axis = np.linalg.eigh(np.cov(np.stack([columns, rows]), ddof=0))[1][:, 1]
    turned = rotate(pixels, np.degrees(np.arctan2(axis[1], axis[0])), (1, 0), order=1, cval=255)
    inked = turned.min(2) < DARK
    rows, columns = (np.flatnonzero(inked.any(axis)) for axis in (1, 0))
    found: np.ndarray = turned[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1] if len(rows) else pixels
    return found


def redrawn(pixels: np.ndarray, side_px: int) -> np.ndarray:
    """A given picture as large and with lines as wide as RDKit's drawings, uint8 ``(side, side, 3)``."""
    scale = FILLED * side_px / max(pixels.shape[:2])
    wider = LINE_PX / scale - line_width(pixels)
    if wider > 0:
        whole = int(wider)
        less, more = (minimum_filter(pixels, (size, size, 1)).astype(np.float32) for size in (whole + 1, whole + 2))
        pixels = (less + (more - less) * (wider - whole)).astype(np.uint8)
    height, width = (max(1, min(side_px, round(side * scale))) for side in pixels.shape[:2])
    method = Picture.Resampling.BOX if scale < 1 else Picture.Resampling.BILINEAR
    canvas = np.full((side_px, side_px, 3), 255, np.uint8)
    top, left = (side_px - height) // 2, (side_px - width) // 2
    resized = Picture.fromarray(np.ascontiguousarray(pixels)).resize((width, height), method)
    canvas[top : top + height, left : left + width] = np.asarray(resized)
    return canvas


def line_width(pixels: np.ndarray) -> float:
    """Width of a drawing's lines in pixels: twice the area of its ink over the length of its edge."""
    mask = np.pad(pixels.min(2) < 128, 1)
    edge = int((mask[1:] != mask[:-1]).sum() + (mask[:, 1:] != mask[:, :-1]).sum())
    return 2 * float(mask.sum()) / max(edge, 1)


def strokes(pixels: np.ndarray) -> Record:
    """Run-length encoding: the record of a drawing uint8 ``(side, side, 3)``."""
    side = len(pixels)
    codes = _codes(pixels.reshape(-1, 3))
    places = np.flatnonzero(codes)
    first = np.diff(places, prepend=-2) > 1
    first |= places % side % _LONGEST_STROKE == 0  # a stroke stays in its row, and its length in a byte
    number = np.flatnonzero(first)
    return {
        "side": np.array(side, np.uint16),
        "starts": places[number].astype(np.uint16),
        "lengths": np.diff(number, append=len(places)).astype(np.uint8),
        "ink": codes[places],
    }


def colours() -> np.ndarray:
    """Color palette: RGB of each of the 256 bytes that ``ink`` can hold, float32 ``(256, 3)``.

    White less coverage of what hues lack.

    >>> colours()[[0, 15, 31, 47]].tolist()  # white, black, blue, red
    [[1.0, 1.0, 1.0], [0.0, 0.0, 0.0], [0.0, 0.0, 1.0], [1.0, 0.0, 0.0]]
    """
    coverage = np.arange(LEVELS + 1)[:, None] / LEVELS
    table: np.ndarray = 1 - coverage * (1 - np.array(PALETTE))[:, None]
    return table.reshape(-1, 3).astype(np.float32)


def _codes(pixels: np.ndarray) -> np.ndarray:
    """The byte whose colour is nearest to each pixel ``(pixels, 3)``; 0 for all that is nearest to white."""
    packed = pixels.astype(np.uint32) @ np.array([1 << 16, 1 << 8, 1], np.uint32)
    inked = np.flatnonzero(packed != 0xFFFFFF)
    known, which = np.unique(packed[inked], return_inverse=True)
    rgb = np.stack([known >> 16, known >> 8 & 255, known & 255], 1) / 255
    table, lengths, numbers = _targets()
    nearest = numbers[np.argmin(lengths - 2 * rgb @ table.T, 1)]
    codes = np.zeros(len(pixels), np.uint8)
    codes[inked] = nearest[which]
    return codes


@cache
def _targets() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """What a pixel may become: colours, their squared lengths and bytes; white once."""
    numbers = np.flatnonzero(np.arange(256) % (LEVELS + 1) > 0)
    numbers = np.concatenate([[0], numbers]).astype(np.uint8)
    table = colours()[numbers].astype(float)
    return table, (table**2).sum(1), numbers
