"""The table of models on the Train page, and what can be done with the chosen ones."""

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import streamlit as st

from mmexplore import studio
from mmexplore.models.registry import Model
from mmexplore.runtime.errors import MmexploreError
from mmexplore.ui.components import charts, model_links, score_words, structures
from mmexplore.ui.components.words import literal
from mmexplore.ui.shell import address, backups
from mmexplore.ui.train import coverage, foreign, model_details, runs_table, score_panel

_SCORE = st.column_config.NumberColumn(format="%.4g", width=52)
_COLUMNS: dict[str, Any] = {
    "name": None,
    "model": st.column_config.TextColumn(width=190),
    "recipe": st.column_config.TextColumn(width=120),
    "data": st.column_config.TextColumn(width=72),
    "split": st.column_config.TextColumn(width=150),
    "seeds": st.column_config.TextColumn(width=64),
    "score": st.column_config.TextColumn(width=76, help="\u2193: lower is better; \u2191: higher is better"),
    "test": _SCORE,
    "validation": _SCORE,
    "baseline": st.column_config.NumberColumn(format="%.4g", width=62),
    "to the baseline": st.column_config.TextColumn(width=92),
    "± test": _SCORE,
    "± validation": _SCORE,
    "megabytes": st.column_config.NumberColumn("size", format="%.1f MB"),
}
_FIT = ("model", "data", "split", "score", "test", "baseline", "to the baseline")
"""Columns that fit a page of 1,024 pixels."""
_CHOSEN, _TURN = "models", "models/turn"
_GROUPS_FIT = ("recipe", "data", "split", "score", "seeds", "test", "± test", "baseline", "to the baseline")


def show(models: Sequence[Model]) -> None:
    """Draw the table of models, and the chosen ones below it."""
    for name, why in studio.damaged_models().items():
        st.warning(literal(f"Left out: model {name}: {why}"))
    table = runs_table.table(models).reset_index()
    if table.empty:
        st.info("No model is here yet. Choose a recipe above and start a training: it will appear in this table.")
        _brought_in()
        return
    st.caption("Each score belongs to the split beside it. Choose a line for its details, several to compare them.")
    every = address.toggle("All columns", key="every")
    names = list(table["name"])
    turn, first = _arrived(names)
    about: dict[str, Any] = {"hide_index": True, "column_config": _COLUMNS, "key": f"runs/{len(table)}/{turn}"}
    about["column_order"] = None if every else _FIT
    about["selection_default"] = {"selection": {"rows": [names.index(name) for name in first if name in names]}}
    chosen = st.dataframe(table, on_select="rerun", selection_mode="multi-row", placeholder="–", **about).selection.rows
    address.keep(_CHOSEN, ",".join(quote(names[row], safe="") for row in chosen) or None)
    address.answer(_CHOSEN, tuple(chosen))
    _over_seeds(models)
    _brought_in()
    by_name = {model.name: model for model in models}
    members = [by_name[names[row]] for row in chosen]
    if len(members) == 1:
        show_one(members[0])
    elif members:
        _several(members)


def _brought_in() -> None:
    """Boxes for what was made elsewhere or before."""
    with st.container(horizontal=True):
        with st.popover("Bring back a backup", icon=":material/restore_page:"):
            backups.bring_back("models")
        with st.popover("Bring in a model", icon=":material/move_to_inbox:"):
            foreign.take_in()


def _arrived(names: Sequence[str]) -> tuple[int, list[str]]:
    """How often a link or Back has chosen models, and which the last one chose."""
    asked = address.arriving(_CHOSEN)
    if asked is not None or (address.went_back() and _CHOSEN not in st.query_params):
        wanted = [unquote(name) for name in asked.split(",")] if asked else []
        for name in [name for name in wanted if name not in names][:1]:
            shown = ", ".join(other for other in wanted if other in names) or "none"
            address.tell(_CHOSEN, address.lacking("the model", name, shown))
        st.session_state[_TURN] = (st.session_state.get(_TURN, (0, []))[0] + 1, wanted)
    known: tuple[int, list[str]] = st.session_state.get(_TURN, (0, []))
    return known


def _over_seeds(models: Sequence[Model]) -> None:
    groups = runs_table.over_seeds(models)
    if len(groups):
        st.markdown("**The same recipe over several seeds:** mean ± sample standard deviation over the runs")
        st.dataframe(groups, hide_index=True, placeholder="–", column_config=_COLUMNS, column_order=_GROUPS_FIT)


def show_one(model: Model) -> None:
    """One model: what can be done with it, its scores, pictures and facts."""
    with st.container(border=True):
        st.markdown(f"**{literal(model.title)}**")
        with st.container(horizontal=True, vertical_alignment="center"):
            model_links.link(model.name)
            model_links.predict_link(model.name)
            _export(model)
            if not isinstance(model, studio.Ensemble):
                with st.popover("Write for another program", icon=":material/output:"):
                    foreign.write_out(model)
            if not model.shipped:
                backups.save(model=model.name)
                _rename(model)
                _delete([model])
        if isinstance(model, studio.Ensemble):
            st.caption(literal("Ensemble of " + ", ".join(member.title for member in model.members)))
        score_panel.show(model)
        coverage.show(model)
        model_details.pictures(model)
        model_details.facts(model)


def _several(members: Sequence[Model]) -> None:
    with st.container(border=True):
        trained = [model for model in members if not model.shipped]
        with st.container(horizontal=True):
            if trained:
                _delete(trained)
            _join(members)
        structures.wrapped(runs_table.scores(_with_baselines(members)).rename_axis("score").reset_index())
        for model in members:
            if (test := studio.baseline_test(model.name)) is not None:
                st.caption(literal(f"{model.title}: {score_panel.test_words(test)} to the baseline."))
        splits = {(m.card.data.digest, score_words.split_of(m.card)) for m in members if m.card}
        if len(splits) > 1:
            st.caption("These models were scored on different molecules: their scores are not comparable.")
        histories = {runs_table.unique_title(m, members): studio.history(m.name) for m in members}
        columns = list(dict.fromkeys(str(name) for table in histories.values() for name in table))
        if not columns:
            st.caption("None of these models kept its curves.")
            return
        best = next((n for n in columns if n.startswith("validation_")), columns[0])
        about: dict[str, Any] = {"index": columns.index(best), "format_func": score_words.title, "kind": "the curve"}
        column = address.choose(st.selectbox, "Curve", columns, key="curve", **about)
        charts.show(charts.compare(histories, column, score_words.title(column)), f"compare-{column}", "compare")


def _with_baselines(members: Sequence[Model]) -> list[Model]:
    """The models, and the baselines on their splits that are not among them."""
    found = {model.name: model for model in members}
    for model in members:
        if (other := studio.baseline_of(model.name)) is not None:
            found.setdefault(other.name, other)
    return list(found.values())


def _join(members: Sequence[Model]) -> None:
    """Offer to make one ensemble of models that are of one recipe, data set and split."""
    try:
        studio.check_ensemble([model.name for model in members])
    except MmexploreError:
        return
    with st.popover("Make an ensemble", icon=":material/layers:"):
        first = members[0].title.partition(", seed ")[0]
        title = st.text_input("Name", first, max_chars=80, key="join/" + "/".join(model.name for model in members))
        if st.button(f"Join these {len(members)} models", type="primary"):
            _try(lambda: studio.make_ensemble(title.strip() or first, [model.name for model in members]), "made")


def _export(model: Model) -> None:
    def content() -> bytes:
        with tempfile.TemporaryDirectory() as where:
            return studio.export_model(model.name, Path(where)).read_bytes()

    about: dict[str, Any] = {"on_click": "ignore", "icon": ":material/download:"}
    st.download_button("Export", content, f"{model.name}.zip", "application/zip", f"export/{model.name}", **about)


def _rename(model: Model) -> None:
    with st.popover("Rename", icon=":material/edit:"), st.form(f"rename/{model.name}", border=False):
        title = st.text_input("Name", model.title, max_chars=80)
        if st.form_submit_button("Rename"):
            _try(lambda: studio.rename_model(model.name, title), "renamed")


def _delete(models: Sequence[Model]) -> None:
    what = "this model" if len(models) == 1 else f"these {len(models)} models"
    with st.popover("Delete", icon=":material/delete:"):
        st.markdown(f"Delete {what} with predictions and curves? This cannot be undone.")
        for model in models[:10]:
            st.text(f"{model.title} ({model.name})")
        if any(isinstance(model, studio.Ensemble) for model in models):
            st.caption("The members of an ensemble stay.")
        key = "delete/" + "/".join(model.name for model in models)
        if st.button(f"Delete {what}", type="primary", key=key):
            _try(lambda: _delete_all(models), "deleted")


def _delete_all(models: Sequence[Model]) -> None:
    for model in models:
        studio.delete_model(model.name)


def _try(work: Callable[[], object], done: str) -> None:
    try:
        work()
    except (MmexploreError, OSError) as error:
        st.error(literal(error))
        return
    st.toast(done)
    st.rerun()
