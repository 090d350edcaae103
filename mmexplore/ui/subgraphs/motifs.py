"""A group's maximum common subgraph, its most frequent minimum positive subgraphs and their counter-examples, drawn."""

from typing import Any
from urllib.parse import urlencode

import numpy as np
import pandas as pd
import streamlit as st

from mmexplore import studio
from mmexplore.explore.explain.motifs import Motif, Support
from mmexplore.studio import Group, Motifs, Target
from mmexplore.ui.components import structures
from mmexplore.ui.components.drawings import Drawing, drawings, of_row, picked
from mmexplore.ui.components.words import left_out, literal
from mmexplore.ui.shell import address, session
from mmexplore.ui.shell.session import Choice

_AGAINST, _EXAMPLES = "subgraphs/against", "subgraphs/examples"
_MOST_DRAWN = 12


def show(choice: Choice, group: Group, goal: Target, found: Motifs) -> None:
    """Everything that was found in a group."""
    sample = "" if found.searched == found.members else f"; a sample of {found.searched:,} was searched"
    st.caption(literal(f"{found.members:,} molecules, {group.title} of {choice.data}, model {choice.model}{sample}"))
    if words := left_out(found.skipped, "among them"):
        st.caption(literal(words))
    _common(goal, found)
    st.subheader("Most frequent minimum positive subgraphs", anchor=False)
    sought = studio.goal_in_words(goal)
    words = f"{found.positive:,} of {found.searched:,} are positive ({sought}), {found.found:,} with a subgraph"
    st.caption(literal(f"{words} of 8 to 20 atoms that is positive by itself; equal fragments are counted together."))
    if not found.motifs:
        st.info("No molecule of this group has one. Seek the other side above, or another threshold.")
        return
    _table(found)
    _one(choice, goal, found)


def _common(goal: Target, found: Motifs) -> None:
    shared = found.common
    st.subheader("Maximum common subgraph", anchor=False)
    if not shared.smarts or found.common_support is None:
        nothing = f"Of {shared.compared} molecules compared, no {shared.share:.0%} have anything in common"
        late = f"Time ran out after {shared.seconds:.0f} s before anything common to {shared.share:.0%} was found"
        st.caption(f"{nothing if shared.complete else late}.")
        return
    picture, facts = st.columns([1, 3], gap="large", vertical_alignment="center")
    with picture:
        query = urlencode({"smiles": shared.example, "smarts": shared.smarts})
        words = f"{shared.n_atoms} atom{'s' if shared.n_atoms > 1 else ''}, on one that holds it"
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
    if support.known and found.known:
        holding, everyone = _share(support.positive, support.known), _share(found.active, found.known)
        lines.append(f"**Positive** by {literal(goal.task)}: {holding} of those that hold it, {everyone} of all")
    return lines


def _share(part: int, whole: int) -> str:
    """A share with its counts.

    >>> _share(3, 4)
    '75% (3 of 4)'
    """
    return f"{part / max(whole, 1):.0%} ({part:,} of {whole:,})"


def _frame(found: Motifs) -> pd.DataFrame:
    return pd.DataFrame([_row(one) for one in found.motifs])


def _row(one: Motif) -> dict[str, object]:
    support = one.support
    return {
        "smiles": one.smiles,
        "atoms": one.n_atoms,
        "smallest of": one.count,
        "in the group": support.inside / max(support.n, 1),
        "in the rest": support.outside / support.n_outside if support.n_outside else np.nan,
        "positive": support.positive / support.known if support.known else np.nan,
        "counter-examples": support.known - support.positive,
    }


def _table(found: Motifs) -> None:
    frame = _frame(found)
    shown = frame.rename(columns={"smiles": "SMILES"}).drop(columns="atoms")
    shown.insert(0, "fragment", structures.addresses(frame["smiles"]))
    share: Any = st.column_config.NumberColumn(format="percent")
    config = {"fragment": structures.column("fragment"), "in the group": share, "in the rest": share}
    config["smallest of"] = st.column_config.NumberColumn(help="molecules whose smallest positive subgraph it is")
    config["positive"] = st.column_config.NumberColumn(format="percent", help="of those that hold it, by the labels")
    config["counter-examples"] = st.column_config.NumberColumn(help="molecules that hold it and are not positive")
    structures.table(shown, config, most_px=480)
    about: dict[str, Any] = {"icon": ":material/download:", "on_click": "ignore"}
    with st.container(horizontal=True):
        st.download_button("CSV", studio.to_csv(frame), "motifs.csv", "text/csv", **about)
        st.download_button("SDF", lambda: studio.to_sdf(frame), "motifs.sdf", "chemical/x-mdl-sdfile", **about)


def _one(choice: Choice, goal: Target, found: Motifs) -> None:
    """One fragment: molecules that have it as their smallest, and those that hold it and are negative."""
    titles = {f"{n + 1}: {one.smiles}": one for n, one in enumerate(found.motifs)}
    words = "Examples and counter-examples of"
    one = titles[address.choose(st.selectbox, words, list(titles), key="motif", kind="the fragment")]
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{one.count:,} molecules whose smallest positive subgraph it is**", width="content")
        if one.rows:
            words = "Select these"
            args = (np.array(one.rows),)
            st.button(words, key="subgraphs/select", icon=":material/select_all:", on_click=session.select, args=args)
    _grid(choice, _EXAMPLES, one.rows, one.smiles)
    against = one.support.counter_examples
    st.markdown(f"**Counter-examples**: they hold it, and by their label are not {literal(studio.goal_in_words(goal))}")
    if not against:
        st.caption("None in this data set." if one.support.known else "No label is known of those that hold it.")
    _grid(choice, _AGAINST, against, one.smiles)


def _grid(choice: Choice, key: str, rows: tuple[int, ...], smarts: str) -> None:
    names = studio.dataset(choice.data).names
    shown = rows[:_MOST_DRAWN]
    cells = [Drawing(of_row(choice.data, r, smarts), str(names[r]) or f"Molecule {r + 1}", "", r) for r in shown]
    if cells:
        drawings(key, cells, lambda: _pick(key), width=130, height=96, current=session.current_row())
    if len(rows) > len(shown):
        st.caption(f"The first {len(shown)} of {len(rows):,}.")


def _pick(key: str) -> None:
    if (row := picked(key)) >= 0:
        session.choose_row(row)
