"""A group's motifs by enrichment with their counter-examples, and its maximum common subgraph, drawn."""

import math
from typing import Any
from urllib.parse import urlencode

import numpy as np
import pandas as pd
import streamlit as st

from mmexplore import studio
from mmexplore.explore.explain.motifs import Motif, Support, odds
from mmexplore.studio import Group, Motifs, Target
from mmexplore.ui.components import structures
from mmexplore.ui.components.drawings import Drawing, drawings, of_row, picked
from mmexplore.ui.components.words import left_out, literal
from mmexplore.ui.shell import address, session
from mmexplore.ui.shell.session import Choice

_FIT = ("fragment", "tells it", "odds ratio (95 %)", "corrected p", "in the group", "in the rest", "counter-examples")
_AGAINST, _EXAMPLES, _REST = "subgraphs/against", "subgraphs/examples", "subgraphs/rest"


def show(choice: Choice, group: Group, goal: Target, found: Motifs) -> None:
    """Everything that was found in a group."""
    sample = "" if found.searched == found.members else f"; a sample of {found.searched:,} was searched"
    st.caption(literal(f"{found.members:,} molecules, {group.title} of {choice.data}, model {choice.model}{sample}"))
    if words := left_out(found.skipped, "among them"):
        st.caption(literal(words))
    _verdict(goal, found)
    if found.motifs:
        _table(found)
        _one(choice, goal, found)
    _common(goal, found)


def _verdict(goal: Target, found: Motifs) -> None:
    """Whether a motif tells the group from the rest, in a sentence; none does is an answer."""
    st.subheader("Motifs that tell the group from the rest", anchor=False)
    sought = studio.goal_in_words(goal)
    words = f"{found.positive:,} of {found.searched:,} are positive ({sought}), {found.found:,} with a smallest part"
    st.caption(literal(f"{words} that is positive by itself. Equal parts of three atoms or more are one motif."))
    if not found.motifs:
        st.info("No molecule of this group has such a part. Seek the other side above, or another threshold.")
    elif not found.motifs[0].enrichment:
        st.info("The group is the whole data set: there is no rest that a motif could tell it from.")
    elif not found.told:
        most = found.tested
        st.info(
            f"**No motif tells this group from the rest.** {most:,} {'was' if most == 1 else 'were'} tested; none is "
            "in more of the group than chance would put there (5 % false discoveries allowed).",
            icon=":material/balance:",
        )
    else:
        st.markdown(f"**{len(found.told):,} of {found.tested:,} motifs tell this group from the rest.**")
    if len(found.motifs) < found.tested:
        st.caption(f"Shown are the first {len(found.motifs)}.")


def _common(goal: Target, found: Motifs) -> None:
    shared = found.common
    st.subheader("Maximum common subgraph", anchor=False)
    if not shared.smarts or found.common_support is None:
        nothing = f"Of {shared.compared} molecules compared, no {shared.share:.0%} have three atoms or more in common"
        late = f"Time ran out after {shared.seconds:.0f} s before anything common to {shared.share:.0%} was found"
        st.caption(f"{nothing if shared.complete else late}.")
        return
    picture, facts = st.columns([1, 3], gap="large", vertical_alignment="center")
    with picture:
        query = urlencode({"smiles": shared.example, "smarts": shared.smarts})
        words = f"{shared.n_atoms} atoms, on one that holds it"
        drawings("subgraphs/common", [Drawing(query, "", words)], width=220, height=150)
    with facts:
        for line in _support_lines(found.common_support, found, goal):
            st.markdown(line)
        st.code(shared.smarts, language=None, wrap_lines=True)
        ended = "" if shared.complete else "; time ran out, so there may be a larger one"
        sample = f"RDKit's FMCS over {shared.compared} molecules, {shared.share:.0%} of which hold it"
        st.caption(f"{sample}; rings match whole rings{ended}. {shared.seconds:.1f} s.")


def _support_lines(support: Support, found: Motifs, goal: Target) -> list[str]:
    inside = f"**In the group** {_share(support.inside, support.n)}"
    outside = f", **in the rest** {_share(support.outside, support.n_outside)}" if support.n_outside else ""
    lines = [inside + outside]
    if support.n_outside:
        lines.append(f"**Odds ratio** {odds_text(*odds(support.table))}")
    if support.known and found.known:
        holding, everyone = _share(support.positive, support.known), _share(found.active, found.known)
        lines.append(f"**Positive** by {literal(goal.task)}: {holding} of those that hold it, {everyone} of all")
    return lines


def _share(part: int, whole: int) -> str:
    """A share with its counts.

    >>> _share(3, 4), _share(3, 853), _share(0, 9)
    ('75% (3 of 4)', '0.4% (3 of 853)', '0% (0 of 9)')
    """
    share = part / max(whole, 1)
    return f"{share:.{int(0 < share < 0.1)}%} ({part:,} of {whole:,})"


def _frame(found: Motifs) -> pd.DataFrame:
    return pd.DataFrame([_row(one) for one in found.motifs])


def odds_text(ratio: float, low: float, high: float) -> str:
    """An odds ratio with its interval.

    >>> odds_text(8.72, 2.546, 134.6), odds_text(math.inf, 2.0, math.inf)
    ('8.7 (2.5 to 130)', '∞ (2 to ∞)')
    """
    if math.isnan(ratio):
        return "– (all or none hold it)"
    one, least, most = ("∞" if math.isinf(value) else _two_digits(value) for value in (ratio, low, high))
    return f"{one} ({least} to {most})"


def _two_digits(value: float) -> str:
    short = f"{value:.2g}"
    return f"{float(short):,.0f}" if value >= 10 else short


def _row(one: Motif) -> dict[str, object]:
    support, enriched = one.support, one.enrichment
    return {
        "smiles": one.smiles,
        "tells it": bool(enriched and enriched.told),
        "odds ratio": enriched.odds_ratio if enriched else np.nan,
        "from": enriched.low if enriched else np.nan,
        "to": enriched.high if enriched else np.nan,
        "corrected p": enriched.q if enriched else np.nan,
        "in the group": support.inside / max(support.n, 1),
        "in the rest": support.outside / support.n_outside if support.n_outside else np.nan,
        "counter-examples": support.outside,
        "positive": support.positive / support.known if support.known else np.nan,
        "not positive": support.known - support.positive,
        "smallest of": one.count,
        "atoms": one.n_atoms,
        "p": enriched.p if enriched else np.nan,
    }


def _table(found: Motifs) -> None:
    frame = _frame(found)
    shown = frame.rename(columns={"smiles": "SMILES"}).drop(columns=["atoms", "p", "odds ratio", "from", "to"])
    enriched = [one.enrichment for one in found.motifs]
    told = [odds_text(one.odds_ratio, one.low, one.high) if one else "–" for one in enriched]
    shown.insert(2, "odds ratio (95 %)", told)
    shown.insert(0, "fragment", structures.addresses(frame["smiles"]))
    share: Any = st.column_config.NumberColumn(format="percent")
    config = {"fragment": structures.column("fragment"), "in the group": share, "in the rest": share}
    config["smallest of"] = st.column_config.NumberColumn(help="molecules whose smallest positive subgraph it is")
    config["positive"] = st.column_config.NumberColumn(
        format="percent", help="of those that hold it, by the label or, without one, as predicted"
    )
    config["counter-examples"] = st.column_config.NumberColumn(help="molecules of the rest that hold it")
    config["not positive"] = st.column_config.NumberColumn(help="molecules that hold it and are not positive")
    config["tells it"] = st.column_config.CheckboxColumn(help="in more of the group than chance puts there")
    words = "Fisher's exact test, one-sided, without the molecule that the motif was read off; Benjamini-Hochberg"
    config["corrected p"] = st.column_config.NumberColumn(format="%.2g", help=words)
    words = "odds to hold it in the group over those in the rest, with the exact 95 % interval"
    config["odds ratio (95 %)"] = st.column_config.TextColumn(help=words)
    structures.table(shown, config, most_px=480, fit=_FIT, switch="motifs")
    about: dict[str, Any] = {"icon": ":material/download:", "on_click": "ignore"}
    with st.container(horizontal=True):
        st.download_button("CSV", studio.to_csv(frame), "motifs.csv", "text/csv", **about)
        st.download_button("SDF", lambda: studio.to_sdf(frame), "motifs.sdf", "chemical/x-mdl-sdfile", **about)


def _one(choice: Choice, goal: Target, found: Motifs) -> None:
    """One fragment: molecules of the group that hold it, and beside them those that speak against it."""
    titles = {f"{n + 1}: {one.smiles}": one for n, one in enumerate(found.motifs)}
    words = "Examples and counter-examples of"
    one = titles[address.choose(st.selectbox, words, list(titles), key="motif", kind="the fragment")]
    held = one.support
    inside, outside = st.container(key="stacks-motif-examples").columns(2, gap="large")
    with inside:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**In the group** {_share(held.inside, held.n)}", width="content")
            if one.rows:
                words, about = "Select these", f"the {one.count:,} molecules whose smallest positive part it is"
                args = (np.array(one.rows),)
                icon = ":material/select_all:"
                st.button(words, key="subgraphs/select", icon=icon, help=about, on_click=session.select, args=args)
        _grid(choice, _EXAMPLES, held.in_group, held.inside, one.smiles)
    with outside:
        st.markdown(f"**Counter-examples: in the rest** {_share(held.outside, held.n_outside)}")
        if not held.outside:
            st.caption("None in this data set.")
        _grid(choice, _REST, held.in_rest, held.outside, one.smiles)
    against = held.known - held.positive
    measured = goal.task in [task.name for task in studio.dataset(choice.data).tasks]
    of, by = ("**Against the model**", "label") if measured else ("**Against the motif**", "whole prediction")
    st.markdown(f"{of}: they hold it, and by their {by} are not {literal(studio.goal_in_words(goal))}")
    if not measured:
        st.caption(literal(f"{choice.data} has no label {goal.task}: positive here is what the model predicts to be."))
    if not against:
        st.caption("None in this data set." if held.known else "No label is known of those that hold it.")
    _grid(choice, _AGAINST, held.counter_examples, against, one.smiles)


def _grid(choice: Choice, key: str, shown: tuple[int, ...], count: int, smarts: str) -> None:
    names = studio.dataset(choice.data).names
    cells = [Drawing(of_row(choice.data, r, smarts), str(names[r]) or f"Molecule {r + 1}", "", r) for r in shown]
    if cells:
        drawings(key, cells, lambda: _pick(key), width=130, height=96, current=session.current_row())
    if count > len(shown):
        st.caption(f"The first {len(shown)} of {count:,}.")


def _pick(key: str) -> None:
    if (row := picked(key)) >= 0:
        session.choose_row(row)
