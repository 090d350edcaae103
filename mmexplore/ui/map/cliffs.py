"""Cliffs on the Map: pairs near in structure and far in a label, as edges and as a list; what a model makes of one."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st

from mmexplore import studio
from mmexplore.explore.maps.painting import short
from mmexplore.runtime.cache import cached
from mmexplore.runtime.errors import BadMolecule, NotAvailable, UnknownName
from mmexplore.studio import Cliff, Cliffs, Dataset, Jump
from mmexplore.ui.components import structures, waits
from mmexplore.ui.components.drawings import Drawing, drawings, of_atoms, picked
from mmexplore.ui.components.smiles_box import structure_text
from mmexplore.ui.components.words import literal
from mmexplore.ui.shell import address, session
from mmexplore.ui.shell.session import Choice

if TYPE_CHECKING:
    import pandas as pd

MOST_EDGES = 200
MOST_LISTED = 500
_GROUPS_FIT = 3  # R groups that have room beside a molecule and its label: those with the most different parts
_A_PAGE, _ACROSS = 6, 3
_PAIR, _EDGES = "pair", "cliffs/edges"
_PAIRS, _CHANGES, _R_GROUPS = "Pairs", "Transformations", "R groups"
_NEAR = {"ECFP or matched": "both", "ECFP": "ecfp", "Matched pairs": "matched"}
_ORDERS = ("SALI", "difference")
_HELP = """Pairs of molecules that are near in structure and far in a label, joined by lines on the map. Near: alike by
ECFP, or equal but for one part (a matched pair). **SALI** is the difference over 1 - similarity."""
_SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@dataclass(frozen=True)
class ShownCliffs:
    """Cliffs as they are shown: in which order, and which of them is looked at."""

    found: Cliffs
    order: tuple[Cliff, ...]
    one: Cliff | None


def switch(choice: Choice) -> bool:
    """The switch of the cliffs; there is none where there is no label."""
    return bool(studio.dataset(choice.data).tasks) and address.toggle("Cliffs", key="cliffs", help=_HELP)


def shown(choice: Choice, on: bool) -> ShownCliffs | None:
    """Cliffs that are asked for; None while they are switched off, or a job is at them."""
    table = studio.dataset(choice.data)
    if not on:
        _forget()
        return None
    label, near, least, by = _controls(table)
    with st.spinner("Looking for cliffs ..."):
        found = studio.stored_cliffs(choice.data, label, near, least)  # type: ignore[arg-type]
    if found is None:
        start = partial(studio.start_cliffs, choice.data, label, near, least)  # type: ignore[arg-type]
        waits.made("/".join(("cliffs-job", table.digest, label, near, f"{least:g}")), start)
        return None
    order = found.ranked(by)  # type: ignore[arg-type]
    return ShownCliffs(found, order, _chosen(order))


def _controls(table: Dataset) -> tuple[str, str, float, str]:
    """Label, kind of nearness, least similarity and order, as they stand in the address."""
    names = [task.name for task in table.tasks]
    label = names[0]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        if len(names) > 1:
            label = address.choose(st.selectbox, "Label", names, key="cliff-label", kind="the label", width=200)
        about: dict[str, Any] = {"key": "cliff-near", "kind": "the pairs", "width": 170}
        near = _NEAR[address.choose(st.selectbox, "Near by", list(_NEAR), **about)]
        about = {"key": "cliff-least", "kind": "a Tanimoto similarity", "width": 180}
        least = studio.LEAST
        if near != "matched":
            least = address.number(st.slider, "Tanimoto at least", 0.4, 1.0, studio.LEAST, 0.05, **about)
        about = {"key": "cliff-by", "kind": "the order", "default": _ORDERS[0], "required": True}
        by = address.choose(st.segmented_control, "Steepest by", list(_ORDERS), **about)
    return label, near, float(least), str(by)


def _forget() -> None:
    st.session_state.pop(_EDGES, None)
    address.keep(_PAIR, None)


def _chosen(order: tuple[Cliff, ...]) -> Cliff | None:
    """The pair that the address or a click names, else the first."""
    came = address.arriving(_PAIR)
    if came is not None:
        st.session_state[_PAIR] = came
    elif address.went_back() and _PAIR not in st.query_params:
        st.session_state.pop(_PAIR, None)
    named = str(st.session_state.get(_PAIR, ""))
    one = next((cliff for cliff in order if _name(cliff) == named), None)
    if named and one is None and came:
        address.tell(_PAIR, address.lacking("the pair", named, "the first one" if order else ""))
    address.keep(_PAIR, _name(one) if one else None)
    one = one or next(iter(order), None)
    address.answer(_PAIR, _name(one) if one else "")
    return one


def _name(one: Cliff) -> str:
    return f"{one.a}-{one.b}"


def edges(now: ShownCliffs | None, xy: np.ndarray) -> tuple[tuple[tuple[int, int], ...], int]:
    """Pairs to be joined on a map, the steepest of those that have a place there, and which of them is looked at."""
    if now is None:
        return (), -1
    placed = np.isfinite(xy).all(1)
    drawn = [one for one in now.order if placed[one.a] and placed[one.b]][:MOST_EDGES]
    if now.one and now.one not in drawn and placed[now.one.a] and placed[now.one.b]:
        drawn.append(now.one)
    st.session_state[_EDGES] = [_name(one) for one in drawn]
    return tuple((one.a, one.b) for one in drawn), drawn.index(now.one) if now.one in drawn else -1


def clicked(number: int) -> None:
    """Look at the pair of an edge that was clicked."""
    names = st.session_state.get(_EDGES, [])
    if 0 <= number < len(names):
        _look(names[number])


def _look(name: str) -> None:
    st.session_state[_PAIR] = name
    address.keep(_PAIR, name)


def panel(choice: Choice, now: ShownCliffs) -> None:
    """Pairs, transformations and R groups, a tab each."""
    found = now.found
    st.subheader(f"Cliffs of {literal(found.task)}", anchor=False)
    st.caption(literal(_words(choice.data, found)))
    listed, changes, groups = address.tabs([_PAIRS, _CHANGES, _R_GROUPS], "cliff-tabs")
    if listed.open:
        with listed:
            _pairs(choice, now)
    if changes.open:
        with changes:
            _transformations(choice, found)
    if groups.open:
        with groups:
            _r_groups(choice, found.task)


def _words(data: str, found: Cliffs) -> str:
    unit = f" {found.unit}" if found.unit else ""
    apart = "another class" if found.kind == "classification" else f"{short(found.gap)}{unit} or more apart"
    close = {"ecfp": f"a Tanimoto of {found.least:g} or more", "matched": "a matched pair"}
    near = close.get(found.by, f"{close['ecfp']}, or {close['matched']}")
    kept = (
        f"; the {len(found.cliffs):,} of largest SALI or largest step are listed"
        if len(found.cliffs) < found.count
        else ""
    )
    late = f" {found.uncut:,} molecules could not be cut into parts in time." if found.uncut else ""
    return (
        f"{found.near:,} pairs of the {found.labeled:,} labelled molecules of {data} are near ({near}), "
        f"{found.count:,} of them {apart}{kept}. Were the labels dealt at random, {found.permuted:,.0f} would be "
        f"(median of 20 shuffles).{late}"
    )


def _pairs(choice: Choice, now: ShownCliffs) -> None:
    if now.one is None:
        st.info("No pair is like that. A lower Tanimoto, or another label, may show some.")
        return
    _one(choice, now.found, now.one)
    table, order = studio.dataset(choice.data), now.order
    pages, page = -(-len(order) // _A_PAGE), 1
    grid = st.container()
    if pages > 1:
        page = address.number(st.pagination, pages, key="cliff-page", kind="page", max_visible_pages=5)
    with grid:
        for start in range((page - 1) * _A_PAGE, min(page * _A_PAGE, len(order)), _ACROSS):
            for column, one in zip(st.columns(_ACROSS), order[start : start + _ACROSS], strict=False):
                with column, st.container(border=True, gap="xsmall"):
                    _cell(table, now, one)
    by = "SALI" if now.order == now.found.cliffs else "difference"
    table_of = partial(studio.cliff_table, now.found, choice.data, by)  # type: ignore[arg-type]
    sdf_of = partial(studio.cliffs_sdf, now.found, choice.data, by)  # type: ignore[arg-type]
    _downloads(f"{choice.data}-cliffs", table_of, sdf_of)


def _cell(table: Dataset, now: ShownCliffs, one: Cliff) -> None:
    st.markdown(_figures(now.found, one))
    key = f"cliff-{_name(one)}"
    drawings(key, _drawn(table, now.found, one), lambda: _pick(key), width=110, height=96)
    looked = one == now.one
    about: dict[str, Any] = {"key": f"{key}/look", "type": "tertiary", "icon": ":material/compare_arrows:"}
    st.button("Shown above" if looked else "Look at it", disabled=looked, on_click=_look, args=(_name(one),), **about)


def _figures(found: Cliffs, one: Cliff) -> str:
    unit = f" {literal(found.unit)}" if found.unit else ""
    steep = f"{one.sali:.3g}" if math.isfinite(one.sali) else "no bound"
    return f"**{short(one.gap)}{unit}** apart, Tanimoto **{one.similarity:.2f}**, SALI **{steep}**"


def _drawn(table: Dataset, found: Cliffs, one: Cliff) -> list[Drawing]:
    """Both molecules, the atoms that differ lit; the lower label first."""
    number = [task.name for task in table.tasks].index(found.task)
    lit = _lit(str(table.smiles[one.a]), str(table.smiles[one.b]))
    return [
        Drawing(
            of_atoms(str(table.smiles[row]), atoms),
            str(table.names[row]) or f"Molecule {row + 1}",
            f"{found.task} {short(float(table.labels[row, number]))}",
            row,
        )
        for row, atoms in zip((one.a, one.b), lit, strict=True)
    ]


@cached(512)
def _lit(one: str, other: str) -> tuple[list[int], list[int]]:
    """Atoms that differ; none where that takes too long."""
    try:
        here, there, _ = studio.differing(one, other)
    except BadMolecule:
        return [], []
    return here, there


def _pick(key: str) -> None:
    if (row := picked(key)) >= 0:
        session.choose_row(row)


def _one(choice: Choice, found: Cliffs, one: Cliff) -> None:
    """One pair: large, with what changes, and what the model makes of it."""
    table = studio.dataset(choice.data)
    picture, told = st.columns([3, 2], gap="large")
    with picture:
        key = "cliff-shown"
        drawings(key, _drawn(table, found, one), lambda: _pick(key), width=240, height=190)
        st.markdown(_figures(found, one))
        if one.part_a:
            st.caption(literal(f"Matched pair: {one.part_a} becomes {one.part_b} on {one.constant}"))
        rows = np.array([one.a, one.b])
        st.button(
            "Select both", key="cliff-select", icon=":material/select_all:", on_click=session.select, args=(rows,)
        )
    with told:
        _model(choice, found, one)


def _model(choice: Choice, found: Cliffs, one: Cliff) -> None:
    try:
        made = studio.jump(choice.model, choice.data, found.task, one.a, one.b)
    except (NotAvailable, UnknownName) as mistake:
        st.caption(literal(mistake))
        return
    if made is None:
        key = "/".join(("contributions-job", choice.model, studio.dataset(choice.data).digest, found.task))
        waits.made(key, partial(studio.start_contributions, choice.model, choice.data, found.task))
        return
    _jump(choice, found, one, made)


def _jump(choice: Choice, found: Cliffs, one: Cliff, made: Jump) -> None:
    unit = f" {made.unit}" if made.unit else ""
    measured = "" if found.kind == "classification" else f" of the measured {literal(f'{short(one.gap)}{unit}')}"
    step = literal(f"{made.predicted:+.3g}{unit}")
    st.markdown(f"**{literal(choice.model)}** predicts a step of **{step}**{measured}")
    st.caption(f"That is more than it puts between {made.apart:.0%} of random pairs of molecules.")
    if not made.modalities:
        return
    rows = [
        {
            "modality": part.modality,
            f"step{unit and f' ({made.unit})'}": f"{part.step:+.3g}",
            "share": "" if math.isnan(part.share) else f"{part.share:.0%}",
            "apart": f"{part.apart:.0%}",
            "verdict": part.verdict,
        }
        for part in made.modalities
    ]
    import pandas as pd

    structures.wrapped(pd.DataFrame(rows))
    shares = f"Shares are of the predicted step ({made.by}); apart: farther than so many random pairs."
    st.caption(literal(f"{_sentence(made)} {shares}"))


def _sentence(made: Jump) -> str:
    """Who tells the two apart and who does not."""
    by = {word: [part.modality for part in made.modalities if part.verdict == word] for word in ("separates", "blind")}
    separate = f"{_listed(by['separates'])} separate the two" if by["separates"] else "No modality separates the two"
    if len(by["separates"]) == 1:
        separate = separate.replace("separate ", "separates ")
    blind = f"; {_listed(by['blind'])} {'is' if len(by['blind']) == 1 else 'are'} blind to it" if by["blind"] else ""
    return f"{separate}{blind}."


def _listed(names: list[str]) -> str:
    """Names in a sentence.

    >>> _listed(["a"]), _listed(["a", "b", "c"])
    ('a', 'a, b and c')
    """
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _transformations(choice: Choice, found: Cliffs) -> None:
    moves = found.transformations
    if not moves:
        st.info("No part becomes another in three or more pairs that share no molecule, or the label has more classes.")
        return
    sure = sum(one.q < 0.05 for one in moves)
    st.caption(
        f"{len(moves):,} transformations in three or more groups of matched pairs; {sure:,} change the label surely (q "
        "below 0.05, corrected for all of them). Pairs that share a molecule count once, with their mean."
        + (f" The first {MOST_LISTED} are listed, the files hold all." if len(moves) > MOST_LISTED else "")
    )
    import pandas as pd

    change = f"mean change ({found.unit})" if found.unit else "mean change"
    frame = pd.DataFrame(
        {
            "from": structures.addresses(one.part_a for one in moves),
            "to": structures.addresses(one.part_b for one in moves),
            "pairs": [one.count for one in moves],
            "groups": [one.groups for one in moves],
            change: [one.mean for one in moves],
            "low": [one.low for one in moves],
            "high": [one.high for one in moves],
            "q": [one.q for one in moves],
            "up": [one.up for one in moves],
            "down": [one.down for one in moves],
        }
    ).head(MOST_LISTED)
    plain: Any = st.column_config.NumberColumn(format="%.3g")
    config = {"from": structures.column("from"), "to": structures.column("to")}
    config |= dict.fromkeys((change, "low", "high", "q"), plain)
    fit = [name for name in map(str, frame) if name not in ("groups", "up", "down")]
    structures.table(frame, config, most_px=480, fit=fit, switch="transformations")
    table_of = partial(studio.transformation_table, found)
    _downloads(f"{choice.data}-transformations", table_of, lambda: studio.to_sdf(table_of()))


def _r_groups(choice: Choice, task: str) -> None:
    rows = session.selection()
    if not len(rows):
        st.caption("Select some molecules on the map: they are told here by their parts around a common core.")
        return
    placeholder = "SMILES or SMARTS; empty: their most frequent scaffold"
    core = structure_text("Core", "core", bind="query-params", placeholder=placeholder)
    try:
        with st.spinner("Taking them apart ..."):
            found = studio.r_groups(choice.data, rows, core)
    except BadMolecule as mistake:
        st.warning(literal(mistake), icon=":material/search_off:")
        return
    table = studio.r_group_table(found, choice.data, rows, choice.model)
    left = found.of - len(found.numbers)
    apart = "" if found.aligned else " They are many: alike places of a symmetric core are not brought to agree."
    held = f"{len(table):,} of {found.of:,} selected molecules hold the core `{found.core}`"  # code can be copied
    st.caption(f"{held}; {left:,} do not.{apart}")
    import pandas as pd

    drawn = pd.DataFrame({"molecule": structures.addresses(table["smiles"])})
    config: dict[str, Any] = {"molecule": structures.column("molecule")}
    for name in found.names:
        drawn[name] = [structures.address(str(part)) if part else "" for part in table[name]]
        config[name] = structures.column(name)
    if task in table:
        drawn.insert(1, task, table[task].to_numpy())
    varied = sorted(found.names, key=lambda name: -table[name].nunique())[:_GROUPS_FIT]
    fit = [name for name in map(str, drawn) if name not in found.names or name in varied]
    structures.table(drawn, config, most_px=480, fit=fit, switch="r-groups")
    _downloads(f"{choice.data}-r-groups", lambda: table, lambda: studio.to_sdf(table))


def _downloads(name: str, table: "Callable[[], pd.DataFrame]", sdf: Callable[[], str]) -> None:
    about: dict[str, Any] = {"icon": ":material/download:", "on_click": "ignore"}
    with st.container(horizontal=True):
        st.download_button("CSV", lambda: studio.to_csv(table()).encode(), f"{name}.csv", "text/csv", **about)
        st.download_button("Excel", lambda: studio.table_bytes(table(), ".xlsx"), f"{name}.xlsx", _SHEET, **about)
        st.download_button("SDF", lambda: sdf().encode(), f"{name}.sdf", "chemical/x-mdl-sdfile", **about)
