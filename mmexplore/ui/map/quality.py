"""Map quality in two scores, each beside the value that labels dealt at random would get."""

import streamlit as st

from mmexplore.studio import MapFile
from mmexplore.ui.components.words import literal
from mmexplore.ui.map import state

_HELP = """How well molecules of one class lie together and classes lie apart, as in Fig. 5 of the MMSA paper.

**Davies-Bouldin** (lower is better, 0 is ideal): how wide the classes are, compared with the distance between them.

**NMI** (higher is better, 0 to 1): the molecules are grouped by k-means without looking at the classes; this says how
much the groups tell about the classes.

**Full space** is what the model learned; **on the map** is what two dimensions leave of it.

**Permuted** is the score when the class labels are dealt to the molecules at random: a map that scores no better than
that shows nothing about these classes, however pretty it is."""


def quality_panel(shown: MapFile) -> None:
    """Both scores, in the full space and on the map, with what they were computed on."""
    scores = shown.quality
    st.markdown("##### Quality of the picture", help=_HELP, anchors=False)
    if not state.is_scored(shown):
        st.caption("The scores are being computed.")
        return
    title = state.TITLES[shown.method]
    rows = [
        f"| | Full space | {title} map |",
        "|:--|--:|--:|",
        _row("**Davies-Bouldin** :small[lower is better]", scores.dbi, scores.dbi_2d, bold=True),
        _row("&emsp;permuted labels", scores.dbi_permuted, scores.dbi_2d_permuted),
        _row("**NMI** :small[higher is better]", scores.nmi, scores.nmi_2d, bold=True),
        _row("&emsp;permuted labels", scores.nmi_permuted, scores.nmi_2d_permuted),
    ]
    st.markdown("\n".join(rows))
    st.caption(f":small[{literal(scores.how)}]")


def small_quality(shown: MapFile) -> None:
    """The same numbers in little, for one map of several; what they were computed on is said once, elsewhere."""
    scores = shown.quality
    if not state.is_scored(shown):
        st.caption("The scores are being computed.")
        return
    rows = [
        f"| | Full | perm. | {state.TITLES[shown.method]} | perm. |",
        "|:--|--:|--:|--:|--:|",
        _row("DBI \u2193", scores.dbi, scores.dbi_permuted, scores.dbi_2d, scores.dbi_2d_permuted),
        _row("NMI \u2191", scores.nmi, scores.nmi_permuted, scores.nmi_2d, scores.nmi_2d_permuted),
    ]
    st.markdown("\n".join(rows), help=_HELP)


def _row(name: str, *values: float | None, bold: bool = False) -> str:
    texts = [number(value) for value in values]
    return "| " + " | ".join([name, *(f"**{text}**" if bold else text for text in texts)]) + " |"


def number(value: float | None) -> str:
    """Two or three telling digits.

    >>> number(7.913), number(0.0312), number(None)
    ('7.91', '0.031', '–')
    """
    if value is None:
        return "\u2013"
    return f"{value:.2f}" if abs(value) >= 1 else f"{value:.3f}"
