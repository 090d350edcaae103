"""Colours as the map draws them: one byte a molecule into a palette of at most 256, and the words of its legend.

Categories take colours of Okabe and Ito (Color Universal Design, 2008), beyond eight those of Tol's muted scheme;
numbers take viridis (van der Walt and Smith 2015) without its ends, which vanish on a dark or a light ground.
"""

from dataclasses import dataclass

import numpy as np

from mmexplore.explore.maps.colors import Color

MISSING = 255
_LAST = 254  # codes 0 to 254 are the scale, 255 is missing
_UNKNOWN = "#9b9b9b"
_FEW = ("#0072b2", "#e69f00", "#009e73", "#d55e00", "#56b4e9", "#cc79a7", "#999933", "#7b5aa6")
_TWO = ("#0072b2", "#d55e00")
_MORE = ("#882255", "#44aa99", "#aa4499", "#117733", "#88ccee", "#ddcc77", "#332288", "#cc6677")
_MANY = (*_FEW, *_MORE, "#6f4c1f", "#b7a57a", "#5d8aa8", "#a3c1ad")
_VIRIDIS = ["440154", "482878", "3e4989", "31688e", "26828e", "1f9e89", "35b779", "6ece58", "b5de2b", "fde725"]


@dataclass(frozen=True)
class LegendEntry:
    """A line of the legend that selects its molecules when it is clicked."""

    name: str
    code: int
    n: int


@dataclass(frozen=True)
class Painting:
    """``codes`` uint8 (n,) number ``palette`` ("#rrggbb"); ``ticks`` label a scale; ``entries`` are clickable."""

    label: str
    codes: np.ndarray
    palette: tuple[str, ...]
    entries: tuple[LegendEntry, ...] = ()
    ticks: tuple[str, ...] = ()


def paint(color: Color) -> Painting:
    """A colour ready to be drawn.

    >>> from mmexplore.explore.maps.colors import Color
    >>> paint(Color("active", np.array([0, 1, 1, np.nan]), ("no", "yes"))).codes.tolist()
    [0, 1, 1, 255]
    """
    known = ~np.isnan(color.values)
    codes = np.full(len(known), MISSING, np.uint8)
    if color.categories:
        codes[known] = color.values[known].astype(np.uint8)
        return _of_categories(color, codes)
    if not known.any():
        return Painting(color.label, codes, _scale(), _missing(codes))
    low, high = limits(color.values[known])
    share = np.clip((color.values[known] - low) / (high - low or 1), 0, 1)
    codes[known] = np.round(share * _LAST).astype(np.uint8)
    return Painting(color.label, codes, _scale(), _missing(codes), _ticks(color.values[known], low, high))


def unknown(label: str, n: int) -> Painting:
    """Colours of ``n`` molecules of which nothing is known yet."""
    return Painting(label, np.full(n, MISSING, np.uint8), _scale())


def limits(values: np.ndarray, share: float = 0.005) -> tuple[float, float]:
    """Ends of a colour scale: the whole range, unless a few outliers would take most of it.

    >>> limits(np.array([0.0, 1.0, 2.0]))
    (0.0, 2.0)
    """
    lowest, low, high, highest = np.quantile(values.astype(np.float64), [0, share, 1 - share, 1])
    wide = highest - lowest > 1.5 * (high - low) and high > low
    return (float(low), float(high)) if wide else (float(lowest), float(highest))


def _of_categories(color: Color, codes: np.ndarray) -> Painting:
    names = color.categories
    palette = _TWO if len(names) <= 2 else _FEW if len(names) <= len(_FEW) else _MANY
    counts = np.bincount(codes, minlength=256)
    entries = tuple(LegendEntry(name, code, int(counts[code])) for code, name in enumerate(names) if counts[code])
    filled = [palette[i % len(palette)] for i in range(len(names))] + [_UNKNOWN] * (256 - len(names))
    return Painting(color.label, codes, tuple(filled), entries + _missing(codes))


def _missing(codes: np.ndarray) -> tuple[LegendEntry, ...]:
    n = int((codes == MISSING).sum())
    return (LegendEntry("not known", MISSING, n),) if n else ()


def _scale() -> tuple[str, ...]:
    at = np.linspace(0.04, 0.93, _LAST + 1) * (len(_VIRIDIS) - 1)
    stops = np.array([list(bytes.fromhex(stop)) for stop in _VIRIDIS], float)
    channels = [np.interp(at, np.arange(len(stops)), stops[:, channel]).round().astype(int) for channel in range(3)]
    return (*(f"#{r:02x}{g:02x}{b:02x}" for r, g, b in zip(*channels, strict=True)), _UNKNOWN)


def _ticks(values: np.ndarray, low: float, high: float) -> tuple[str, ...]:
    if low == high:
        return (short(low),)
    least, most = ("\u2264 " if values.min() < low else ""), ("\u2265 " if values.max() > high else "")
    return f"{least}{short(low)}", short((low + high) / 2), f"{most}{short(high)}"


def short(value: float) -> str:
    """A number to three digits, a label's or a prediction's, without a power of ten up to a million.

    >>> short(1281.0), short(-11.62), short(0.00262), short(2.5e7)
    ('1,281', '-11.6', '0.00262', '2.5e+07')
    """
    return f"{value:,.0f}" if 1000 <= abs(value) < 1_000_000 else f"{value:.3g}"
