"""Pictures of structures as people have them, PNG: cropped to what is drawn, dark on white, whatever they stood on.

Screenshots have margins and frames, exports a transparent or dark ground, scans a grey one, copies the noise of a JPEG.
Nothing is decoded before its size is known. What a picture means is not read here: that is left to a model.
"""

import warnings
from io import BytesIO

import numpy as np
from PIL import Image, UnidentifiedImageError
from scipy import ndimage

from mmexplore.runtime.errors import BadMolecule

MOST_BYTES = 8_000_000
MOST_PIXELS = 16_000_000
LONGEST_SIDE, SHORTEST_SIDE = 512, 12
"""Pixels of what is drawn: more are made fewer, of fewer nothing can be told."""

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_OTHERS = {b"\xff\xd8\xff": "a JPEG", b"GIF8": "a GIF", b"%PDF": "a PDF", b"BM": "a BMP", b"RIFF": "a WebP"}
_OTHERS |= {b"II*\0": "a TIFF", b"MM\0*": "a TIFF", b"<svg": "an SVG", b"<?xml": "an SVG", b"\x01\0\0\0": "a metafile"}
_FAINTEST = 40  # of 255: less is paper
_PART_OF_INK = 0.3  # of the darkest: less is noise
_FEWEST_PIXELS = 4  # of a stroke; less is a speck
_MOST_INK = 0.45  # of the drawing's rectangle, unless that is as narrow as a bond; more is a photograph


def picture(content: bytes) -> np.ndarray:
    """What is drawn in a PNG, uint8 ``(height, width, 3)``, dark on white, no margin, no side above LONGEST_SIDE.

    Raises BadMolecule for what is no PNG, too large, empty, or no drawing.
    """
    found = _on_white(_decoded(content))
    found = _reduced(found[_box(_mask(found))])
    mask = _without_specks(_without_frame(_mask(found)))
    if not mask.any():
        raise BadMolecule("nothing but a frame is drawn in the picture; one of a structure would do")
    found[~ndimage.binary_dilation(mask, iterations=2)] = 255
    box = _box(mask)
    found, mask = found[box], mask[box]
    if max(mask.shape) < SHORTEST_SIDE:
        raise BadMolecule(
            f"what is drawn is {mask.shape[1]} x {mask.shape[0]} pixels large; {SHORTEST_SIDE} or more would do"
        )
    if mask.mean() > _MOST_INK and min(mask.shape) > 0.3 * max(mask.shape):
        raise BadMolecule(
            f"{mask.mean():.0%} of the picture is dark, which no drawing of a structure is; one of lines would do"
        )
    return found


def to_png(pixels: np.ndarray) -> bytes:
    """A picture as PNG again."""
    file = BytesIO()
    Image.fromarray(pixels).save(file, "PNG", optimize=True)
    return file.getvalue()


def from_png(content: bytes) -> np.ndarray:
    """A picture that :func:`to_png` wrote, uint8 ``(height, width, 3)``."""
    return np.array(_decoded(content).convert("RGB"))


def _decoded(content: bytes) -> Image.Image:
    if len(content) > MOST_BYTES:
        raise BadMolecule(f"the picture has {len(content):,} bytes or more; {MOST_BYTES:,} at most would do")
    if not content.startswith(_SIGNATURE):
        head = content[:64].lstrip().lower() if content[:1] in b"< \n" else content
        what = next((name for sign, name in _OTHERS.items() if head.startswith(sign)), "no picture")
        raise BadMolecule(f"a PNG is wanted, and {what} came; the same saved as PNG would do")
    width, height = (int.from_bytes(content[place : place + 4], "big") for place in (16, 20))
    if width * height > MOST_PIXELS:
        most = f"{MOST_PIXELS // 10**6} million"
        raise BadMolecule(f"the picture has {width:,} x {height:,} pixels; {most} at most would do")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = Image.open(BytesIO(content), formats=("PNG",))
            found.load()
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError, UnidentifiedImageError) as mistake:
        why = (str(mistake) or type(mistake).__name__).splitlines()[0][:100]
        raise BadMolecule(f"the PNG is damaged or cut off ({why}); another copy of it would do") from None
    return found


def _on_white(found: Image.Image) -> np.ndarray:
    """RGB on a white ground, uint8 ``(height, width, 3)``, ink as dark as it gets black."""
    if found.mode.startswith("I"):  # 16 bits of grey, which PIL would cut off at 255
        gray = np.asarray(found).astype(np.int64)
        found = Image.fromarray((gray // 257 if gray.max() > 255 else gray).clip(0, 255).astype(np.uint8))
    whole = np.array(found.convert("RGBA"))
    pixels, alpha = whole[..., :3], whole[..., 3:]
    if (alpha < 255).any():
        behind = 0 if _is_light(pixels, alpha) else 255
        pixels = (pixels * (alpha / np.float32(255)) + behind * (1 - alpha / np.float32(255))).astype(np.uint8)
    ground = _ground(pixels)
    if int(ground.max()) + int(ground.min()) < 255:  # dark: lightness is turned round, and hues stay
        turn = 255 - pixels.max(2, keepdims=True).astype(np.int16) - pixels.min(2, keepdims=True)
        pixels = (pixels + turn).clip(0, 255).astype(np.uint8)
        ground = _ground(pixels)
    shades = np.arange(256) * 255 // np.maximum(ground.astype(int), 1)[:, None]
    pixels = np.stack([shades[i].clip(0, 255).astype(np.uint8)[pixels[..., i]] for i in range(3)], 2)
    ink = 255 - _lowest(pixels)
    counts = np.bincount(ink.ravel(), minlength=256)
    counts[0] = 0
    darkest = int(np.searchsorted(np.cumsum(counts), 0.995 * counts.sum()))
    if darkest < _FAINTEST:
        raise BadMolecule("nothing is drawn in the picture; one of a structure would do")
    darker = (255 - (255 - np.arange(256)) * 255 // darkest).clip(0, 255).astype(np.uint8)
    dark: np.ndarray = darker[pixels]
    return dark


def _is_light(pixels: np.ndarray, alpha: np.ndarray) -> bool:
    """Whether light strokes stand on a ground that is mostly transparent."""
    seen = alpha[..., 0] > 127
    return bool(seen.any() and seen.mean() < 0.5 and pixels[seen].mean() > 160)


def _ground(pixels: np.ndarray) -> np.ndarray:
    """The ground's colour: the median of the pixels, channel by channel."""
    step = max(1, int((pixels.shape[0] * pixels.shape[1] / 1e6) ** 0.5))
    found: np.ndarray = np.median(pixels[::step, ::step].reshape(-1, 3), 0).astype(np.uint8)
    return found


def _mask(pixels: np.ndarray) -> np.ndarray:
    found: np.ndarray = _lowest(pixels) < 255 * (1 - _PART_OF_INK)
    return found


def _lowest(pixels: np.ndarray) -> np.ndarray:
    """The darkest channel of each pixel; NumPy's own minimum over three numbers is ten times as slow."""
    found: np.ndarray = np.minimum(np.minimum(pixels[..., 0], pixels[..., 1]), pixels[..., 2])
    return found


def _box(mask: np.ndarray) -> tuple[slice, slice]:
    rows, columns = (np.flatnonzero(mask.any(axis)) for axis in (1, 0))
    return slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)


def _reduced(pixels: np.ndarray) -> np.ndarray:
    """The darkest of each square of pixels, so that a thin line outlives it."""
    factor = -(-max(pixels.shape) // LONGEST_SIDE)
    height, width = (-(-side // factor) * factor for side in pixels.shape[:2])
    padded = np.full((height, width, 3), 255, np.uint8)
    padded[: pixels.shape[0], : pixels.shape[1]] = pixels
    rows = np.minimum.reduce([padded[i::factor] for i in range(factor)])
    found: np.ndarray = np.minimum.reduce([rows[:, i::factor] for i in range(factor)])
    return found


def _without_frame(mask: np.ndarray) -> np.ndarray:
    """Without what runs all round."""
    edges = (mask[0], mask[-1], mask[:, 0], mask[:, -1])
    if min(mask.shape) < SHORTEST_SIDE or min(edge.mean() for edge in edges) < 0.9:
        return mask
    parts, _ = ndimage.label(mask, np.ones((3, 3)))
    found: np.ndarray = mask & (parts != parts[0, np.argmax(parts[0] > 0)])
    return found


def _without_specks(mask: np.ndarray) -> np.ndarray:
    parts, _ = ndimage.label(mask, np.ones((3, 3)))
    found: np.ndarray = mask & (np.bincount(parts.ravel()) >= _FEWEST_PIXELS)[parts]
    return found
