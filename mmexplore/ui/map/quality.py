"""Map quality: two scores, each beside what classes dealt at random would get, and the share of doubtful places."""

from functools import partial

import numpy as np
import streamlit as st

from mmexplore import studio
from mmexplore.studio import Classes, MapFile, Quality, Trust
from mmexplore.ui.components import waits
from mmexplore.ui.components.words import METHOD_TITLES, literal
from mmexplore.ui.map import coloring, state
from mmexplore.ui.shell import session
from mmexplore.ui.shell.session import Choice

_HELP = """How well molecules of one class lie together and classes lie apart, as in Fig. 5 of the MMSA paper. The
classes are what the map is coloured by; numbers are cut into thirds.

**Davies-Bouldin** (lower is better, 0 is ideal): how wide the classes are, compared with the distance between them.

**NMI** (higher is better, 0 to 1): the molecules are grouped by k-means without looking at the classes; this says how
much the groups tell about the classes.

**Test** are the molecules whose labels the model has not seen, and what to judge it by; **train** those that it learned
from, which flatter.

**Full space** is what the model learned; **on the map** is what two dimensions leave of it.

**Permuted** is the median score where the classes are dealt to the same molecules at random, 20 times: a map that
scores no better than that shows nothing about these classes, however pretty it is."""
_TRUST_HELP = """A layout makes clumps of anything. The columns of the view are permuted one by one, which leaves
nothing of what they say together, and the result is laid out anew by the same method, five times. A molecule of this
map whose neighbours are those of the full space no more often than there is doubtful; Benjamini and Hochberg's rule
keeps the share of wrongly trusted ones at 5 %. The switch "Trust fog" fades the doubtful ones; the colour "trust" shows
both kinds."""
_SCORES = (("dbi", "Davies-Bouldin", "\u2193", "lower is better"), ("nmi", "NMI", "\u2191", "higher is better"))


def quality_panel(
    choice: Choice, shown: MapFile, color: str, classes: Classes | None, tested: Trust | None = None
) -> None:
    """Both scores by what the map is coloured by, test part first; and the share of doubtful places, where known."""
    st.markdown("##### Quality of the picture", help=_HELP, anchors=False)
    _scores(choice, shown, color, classes)
    if tested is not None:
        _doubtful(shown, tested)


def trust(choice: Choice, shown: MapFile, method: str, *, wanted: bool) -> Trust | None:
    """Trust of the map, None where it is not known; one that is ``wanted`` a job computes, with a bar and a cancel."""
    found = studio.stored_trust(shown, choice.model, choice.data, choice.view)
    if found is not None or not wanted or not state.is_final(shown, method):
        return found

    def is_there() -> bool:
        return studio.stored_trust(shown, choice.model, choice.data, choice.view) is not None

    start = partial(studio.start_trust, choice.model, choice.data, choice.view, shown.method, shown.seed)
    what, lost = "The fog comes once each place is tested", "The places were not tested."
    waits.made_beside(f"trust-job/{shown.digest}", start, what, lost, is_there)
    return None


def _doubtful(shown: MapFile, tested: Trust) -> None:
    """The share of doubtful places, how they were found, and the way to select them."""
    rows = np.flatnonzero(tested.doubtful)
    with st.container(horizontal=True, vertical_alignment="center"):
        share = f"**{tested.share:.1%} of the places on the {METHOD_TITLES[shown.method]} map are doubtful**"
        st.markdown(f"{share} ({len(rows):,} of {tested.tested:,})", width="content", help=_TRUST_HELP)
        if len(rows):
            st.button("Select these", key="select-doubtful", on_click=session.select, args=(rows,))
    st.caption(literal(f"{tested.how[:1].upper()}{tested.how[1:]}."))


def _scores(choice: Choice, shown: MapFile, color: str, classes: Classes | None) -> None:
    if not state.is_scored(shown) or classes is None:
        st.caption("The scores are being computed." if classes else "The scores follow once the colours are there.")
        return
    scores = coloring.quality(choice, shown, classes)
    if scores is None:
        coloring.wait_for_quality(choice, shown, choice, color, classes)
        return
    title = METHOD_TITLES[shown.method]
    parts = _parts(scores)
    rows = ["| | " + " | ".join(parts) + " |", "|:--|" + "--:|" * len(parts)]
    for score, name, _, better in _SCORES:
        for suffix, where in (("", "full space"), ("_2d", f"{title} map")):
            values = [getattr(part, f"{score}{suffix}") for part in parts.values()]
            shuffled = [getattr(part, f"{score}{suffix}_permuted") for part in parts.values()]
            rows += [
                _row(f"**{name}**, {where}{'' if suffix else f' ({better})'}", *values, bold=True),
                _row("&emsp;permuted labels", *shuffled),
            ]
    st.markdown("\n".join(rows))
    st.caption(literal("\n\n".join(_words(scores, title))))


def _parts(scores: Quality) -> dict[str, Quality]:
    """Parts by their titles, the test part first; all molecules last."""
    parts = {"Test": scores.test, "Train": scores.train, "All": scores}
    return {name: part for name, part in parts.items() if part}


def _words(scores: Quality, title: str) -> list[str]:
    """Sentences on how the first part stands to shuffled labels, and on what the scores were computed."""
    name, first = next(iter(_parts(scores).items()))
    said = {}
    for score, label, _, _ in _SCORES:
        for suffix, where in (("", "in full space"), ("_2d", f"on the {title} map")):
            verdict = studio.in_words(getattr(first, f"{score}{suffix}_beaten"), first.shuffles)
            said[f"{label} {where}"] = verdict or "not defined"
    part = "On the test part" if name == "Test" else "Over all molecules"
    if len(set(said.values())) == 1:
        words = [f"{part} all four scores are {next(iter(said.values()))}."]
    else:
        words = [f"{part}: {'; '.join(f'{what} is {verdict}' for what, verdict in said.items())}."]
    if first.dbi is None and first.dbi_2d is None:
        words = []
    return [
        *words,
        *([] if scores.test else [f"No test part: {scores.no_test}."]),
        f"{first.how[:1].upper()}{first.how[1:]}.",
    ]


def small_quality(scores: Quality | None) -> None:
    """The same numbers in little, for one map of several; what they were computed on is said once, elsewhere."""
    if scores is None:
        st.caption("The scores are being computed.")
        return
    part = scores.test or scores
    rows = ["| | Full | perm. | Map | perm. |", "|:--|--:|--:|--:|--:|"]
    for score, name, way, _ in _SCORES:
        values = [getattr(part, f"{score}{of}") for of in ("", "_permuted", "_2d", "_2d_permuted")]
        rows.append(_row(f"{name.replace('Davies-Bouldin', 'DBI')} {way} {'test' if scores.test else 'all'}", *values))
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
