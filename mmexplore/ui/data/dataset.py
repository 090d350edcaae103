"""One data set on the Data page: its report, labels, scaffolds, properties, splits and molecules, a tab each.

Only the open tab is computed, and what takes longer than a second is kept for the next look.
"""

from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from mmexplore import studio
from mmexplore.recipes.recipe import BY_STRUCTURE, UNSEEDED, Data
from mmexplore.runtime.errors import MmexploreError
from mmexplore.studio import Dataset, Entry
from mmexplore.ui.components import charts, model_links, score_words, structures, waits, widgets
from mmexplore.ui.components.words import left_out, literal
from mmexplore.ui.data import added_rows, compared, vectors
from mmexplore.ui.shell import address, backups, session, tabs

_MANY = 20_000
_FIT = 3  # labels that have room beside a structure and its SMILES
_WITH_UNITS = {"molecular weight": "molecular weight (g/mol)", "TPSA": "TPSA (Å²)"}
_SCORE = st.column_config.NumberColumn(format="%.4g")


TAB = "part"


def read(name: str) -> Dataset:
    """The data set; its first reading in a session shows how far it is. Raises NotAvailable, BadTable."""
    seen = st.session_state.setdefault("data/seen", set())
    place = st.container()  # there in each run: what moves down by a bar is drawn anew, and an open popover shuts
    if name not in seen:
        with place, waits.bar(f"Reading {name}") as progress:
            studio.dataset(name, progress)
        seen.add(name)
    return studio.dataset(name)


def show(entry: Entry, dataset: Dataset) -> None:
    """Draw the data set under tabs."""
    head, buttons = st.columns([1, 2], vertical_alignment="bottom")
    head.subheader(literal(dataset.title))
    if entry.source == "yours":
        with buttons, st.container(horizontal=True, horizontal_alignment="right"):
            backups.save(data=entry.name)
            added_rows.form(entry)
            _rename(entry)
            _remove(entry)
        added_rows.result(entry)
    tasks = f"{len(dataset.tasks)} label column{'s' if len(dataset.tasks) != 1 else ''}"
    facts = [f"{len(dataset):,} molecules", tasks, f"digest {dataset.digest[:12]}"]
    st.caption(literal(", ".join([entry.name, *facts, *([f"licence: {entry.licence}"] if entry.licence else [])])))
    here = {tabs.PREDICT_TABS: tabs.A_TABLE, tabs.PREDICT_FROM: tabs.A_DATA_SET, tabs.PREDICT_SET: entry.name}
    model = session.choice().model
    model_links.predict_here(model, f"Predict this data set with {model}", **here)
    panels = {
        "Report": report,
        "Labels": labels,
        "Scaffolds": scaffolds,
        "Properties": properties,
        "Split": split,
        "Molecules": molecules,
        "Compare": compared.show,
        "Vectors": vectors.show,
    }
    for panel, tab in zip(panels.values(), address.tabs(list(panels), TAB), strict=True):
        if tab.open:
            with tab:
                panel(dataset)


def _rename(entry: Entry) -> None:
    with st.popover("Rename", icon=":material/edit:"), st.form(f"data/rename/{entry.name}", border=False):
        st.text("Its name is made from the title. Models and jobs that name it by the old one still find it.")
        key = f"data/title/{entry.name}"
        st.text_input("New title", entry.title, max_chars=80, key=key)
        st.form_submit_button("Rename", on_click=_renamed, args=(entry.name, key))


def _renamed(name: str, key: str) -> None:
    try:
        new = studio.rename_dataset(name, str(st.session_state[key]))
    except (MmexploreError, OSError) as error:
        st.toast(literal(error), icon=":material/error:")
        return
    st.session_state.pop("upload/made", None)
    st.session_state["data"] = new


def _remove(entry: Entry) -> None:
    with st.popover("Remove", icon=":material/delete:"):
        st.text(
            f"Remove {entry.title}, its file and what was computed of it from this machine? Models trained on it stay."
        )
        about: dict[str, Any] = {"type": "primary", "on_click": _removed, "args": (entry.name,)}
        st.button("Remove this data set", key=f"data/remove/{entry.name}", **about)


def _removed(name: str) -> None:
    try:
        studio.remove_dataset(name)
    except (MmexploreError, OSError) as error:
        st.toast(literal(error), icon=":material/error:")
        return
    st.session_state.pop("upload/made", None)
    st.session_state["data"] = studio.first_choice()[0]


def report(dataset: Dataset) -> None:
    """Curation report: what became of every source row."""
    found = dataset.report
    lists = {"merged": found.merged, "standardised": found.standardised, "rejected": found.rejected}
    cells = st.columns(5)
    cells[0].metric("Rows read", f"{found.read:,}")
    cells[1].metric("Molecules kept", f"{found.kept:,}")
    for cell, (name, remarks) in zip(cells[2:], lists.items(), strict=True):
        cell.metric(name.capitalize(), f"{len(remarks):,}")
    for note in found.notes:
        st.text(note)
    if len(dataset) <= _MANY and (words := left_out(dataset.skipped(dataset.unreadable), "readable by RDKit")):
        st.text(words)
    for name, remarks in lists.items():
        if remarks:
            table = pd.DataFrame([(r.line, r.text, r.reason) for r in remarks], columns=["line", "text", "reason"])
            _remarks(f"{len(remarks):,} {name}", table, f"{dataset.name}-{name}.csv", expanded=name == "rejected")


def _remarks(title: str, table: pd.DataFrame, file: str, *, expanded: bool) -> None:
    with st.expander(title, expanded=expanded):
        st.dataframe(table, hide_index=True, height=min(320, 40 + 36 * len(table)))
        st.download_button("Download as CSV", lambda: studio.to_csv(table), file, "text/csv", on_click="ignore")


def labels(dataset: Dataset) -> None:
    """Balance of two classes, counts of more, distribution of numbers."""
    if not dataset.tasks:
        st.info("This data set has no label columns: it can be mapped and searched, but nothing can be trained on it.")
        return
    table = studio.label_table(dataset)
    config: dict[str, Any] = dict.fromkeys(("share positive", "lowest", "mean", "highest"), _SCORE)
    config["kind"] = st.column_config.TextColumn(width=100)
    structures.fitting(table, list(map(str, table)), config=config)
    if (two := charts.has_two_classes(table)).any():
        charts.show(charts.label_balance(table), f"{dataset.name}-labels", "data/labels")
    measured = {task.name: (i, task) for i, task in enumerate(dataset.tasks) if not two[i]}
    if measured:
        names = list(measured)
        name = names[0]
        if len(names) > 1:
            name = address.choose(widgets.label_picker, "Label", names, key="histogram", kind="the label")
        number, task = measured[name]
        words = f"{task.name} ({task.unit})" if task.unit else task.name
        draw = charts.histogram if task.kind == "regression" else charts.class_counts
        figure = draw(dataset.labels[:, number], f"{task.name}, {dataset.title}", words)
        charts.show(figure, f"{dataset.name}-{number}", "data/label")


def scaffolds(dataset: Dataset) -> None:
    """The most frequent Bemis-Murcko scaffolds."""
    if not _wanted(dataset, "Count the scaffolds", per_second=4000):
        return
    with st.spinner("Finding scaffolds…"):
        found = studio.summarize(dataset)
    rings = len(dataset) - found.acyclic
    st.caption(f"{found.n_scaffolds:,} scaffolds in {rings:,} molecules with rings; {found.acyclic:,} have none.")
    table = found.scaffolds.assign(share=found.scaffolds["molecules"] / max(1, len(dataset)))
    table.insert(0, "structure", structures.addresses(table["scaffold"]))
    config = {"structure": structures.column(), "share": st.column_config.NumberColumn(format="percent")}
    structures.table(table, config)


def properties(dataset: Dataset) -> None:
    """Histograms of descriptors."""
    with st.spinner("Computing descriptors…"):
        table = studio.property_table(dataset).rename(columns=_WITH_UNITS)
    drawn = f"{len(table):,} drawn at random from " if len(table) < len(dataset) else ""
    st.caption(f"RDKit descriptors of {drawn}{len(dataset):,} molecules")
    charts.show(charts.properties(table), f"{dataset.name}-properties", "data/properties")
    quantiles = table.describe(percentiles=[0.05, 0.5, 0.95]).T.drop(columns="count")
    structures.wrapped(quantiles.rename_axis("property").reset_index())


def split(dataset: Dataset) -> None:
    """How a rule and a seed would divide it."""
    left, middle, right = st.columns(3)
    rule = address.choose(left.selectbox, "Split", BY_STRUCTURE, key="rule", kind="the split", help=_SPLIT_HELP)
    about: dict[str, Any] = {"key": "split-seed", "kind": "the seed", "disabled": rule in UNSEEDED}
    seed = address.whole(middle, "Seed", 0, 10_000, 0, **about)
    about = {"key": "train-share", "kind": "a share", "help": "validation and test share the rest"}
    train = address.number(right.slider, "Train", 0.5, 0.95, 0.8, 0.05, **about)
    rest = round((1 - train) / 2, 6)
    shown = widgets.labels_picker([task.name for task in dataset.tasks], f"labels-{dataset.name}")
    with st.spinner("Splitting…"):
        try:
            table = studio.split_table(dataset, rule, seed, (round(1 - 2 * rest, 6), rest, rest), tuple(shown))
        except MmexploreError as error:
            st.warning(literal(error))
            return
    structures.wrapped(table)
    if len(table.columns) > 2:
        title = f"{dataset.name}-{score_words.split(rule, seed)}".replace(" ", "-")
        charts.show(charts.split_balance(table), title, "data/split")


_SPLIT_HELP = Data.model_fields["split"].description


def molecules(dataset: Dataset) -> None:
    """The first rows with their drawings."""
    count = address.whole(st, "Rows", 10, 500, 30, step=10, key="rows", kind="a number of rows")
    names = [task.name for task in dataset.tasks]
    shown = widgets.labels_picker(names, f"labels-{dataset.name}")
    table = studio.table_of(dataset.name, np.arange(min(count, len(dataset))))
    table = table.drop(columns=[name for name in names if name not in shown and name in table])
    table.insert(0, "structure", structures.addresses(table["smiles"]))
    table.insert(0, "line", dataset.lines[table.index])
    config: dict[str, Any] = {"structure": structures.column()}
    config |= {task.name: _SCORE for task in dataset.tasks}
    fit = ["line", "structure", "name", "smiles", *shown[:_FIT]]
    structures.table(table, config, fit=fit, switch="molecules")
    st.caption("line: where the molecule stands in the source, as a text editor counts")


def _wanted(dataset: Dataset, label: str, per_second: int) -> bool:
    """Asks before what takes more than a few seconds."""
    if len(dataset) <= _MANY:
        return True
    key = f"data/{label}/{dataset.digest}"
    if st.session_state.get(f"{key}/done"):
        return True
    about = f"{label} of {len(dataset):,} molecules (about {len(dataset) / per_second:.0f} s)"
    return st.button(about, key=key, on_click=_remember, args=(f"{key}/done",))


def _remember(key: str) -> None:
    st.session_state[key] = True
