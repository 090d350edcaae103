"""``python -m mmexplore import``: a file of molecules standardised and kept, with what became of each of its rows."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from mmexplore import studio
from mmexplore.chem.file_endings import FORMATS
from mmexplore.cli.answer import JobFolder, Json, Values, answer
from mmexplore.runtime.errors import BadRecipe
from mmexplore.runtime.progress import Progress

_KINDS = ("classification", "regression")
_HELP = {
    "--qualifiers": "of values such as >10: drop them, take the bound, or classes by the threshold",
    "--salts": "strip (the parent, neutral) or keep",
    "--duplicates": "merge or keep the same molecule twice",
}


def import_file(
    file: Annotated[Path, typer.Argument(help=f"{FORMATS}, plain, gzipped or zipped")],
    name: Annotated[str, typer.Option("--name", help="what to call it")] = "",
    smiles: Annotated[str | None, typer.Option("--smiles", help="column of structures")] = None,
    names: Annotated[str | None, typer.Option("--names", help="column of names")] = None,
    label: Annotated[
        list[str] | None, typer.Option("--label", help="label column, or COLUMN:classification|regression; repeatable")
    ] = None,
    unit: Annotated[str, typer.Option("--unit", help="of the labels; for --log M, mM, uM, nM or pM")] = "",
    log: Annotated[bool, typer.Option("--log", help="take -log10 of the labels in mol/L: nM to pIC50")] = False,
    threshold: Annotated[float | None, typer.Option("--threshold", help="1 from here on, 0 below")] = None,
    qualifiers: Annotated[str | None, typer.Option("--qualifiers", help=_HELP["--qualifiers"])] = None,
    salts: Annotated[str | None, typer.Option("--salts", help=_HELP["--salts"])] = None,
    duplicates: Annotated[str | None, typer.Option("--duplicates", help=_HELP["--duplicates"])] = None,
    sheet: Annotated[str | None, typer.Option("--sheet", help="of an Excel workbook")] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="replace a data set of yours of that name")] = False,
    out: Annotated[
        Path | None, typer.Option("--out", help="table of every row read: .csv, .tsv, .parquet, .xlsx")
    ] = None,
    append: Annotated[str, typer.Option("--append", help="add the rows to this data set of yours instead")] = "",
    options: Annotated[str, typer.Option("--options", hidden=True)] = "{}",
    as_json: Json = False,
    job: JobFolder = None,
) -> None:
    """Bring a file of molecules: standardise it, keep it as a data set and report on each row."""

    def work(progress: Progress) -> Values:
        if append:
            return appended(file, append, progress)
        targets, kinds = _labels(label)
        said: Values = {
            "smiles": smiles,
            "name": names,
            "targets": targets,
            "kinds": kinds or None,
            "unit": unit or None,
        }
        said |= {"log": log or None, "threshold": threshold, "sheet": sheet}
        said |= {"qualifiers": _one_of("--qualifiers", qualifiers, ("drop", "bound", "classes"))}
        said |= {"salts": _one_of("--salts", salts, ("strip", "keep"))}
        said |= {"duplicates": _one_of("--duplicates", duplicates, ("merge", "keep"))}
        chosen: Any = json.loads(options) | {key: value for key, value in said.items() if value is not None}
        if out is not None:
            studio.check_table(out)
        title = name or file.name.split(".")[0] or file.name
        known = studio.known_dataset(file, **chosen)
        added = studio.add_dataset(file, title, progress=progress, overwrite=overwrite, **chosen)
        notes = list(added.report.notes)
        if known == added.name:
            notes.append(f"this file was here already with these choices, as {known!r}; it was not kept twice")
        elif added.name != (asked := studio.dataset_name(title)):
            notes.append(
                f"the name {asked!r} is taken, so it is called {added.name!r}; --overwrite replaces one of yours"
            )
        return _answer(added, notes, out)

    answer(work, as_json, job, shown=None if append else _shown)


def _answer(added: studio.Dataset, notes: list[str], out: Path | None) -> Values:
    report = added.report
    counts = {"read": report.read, "kept": report.kept, "merged": len(report.merged)}
    counts |= {"standardised": len(report.standardised), "rejected": len(report.rejected)}
    labels = [{"name": task.name, "kind": task.kind} for task in added.tasks]
    columns = {"smiles": report.smiles_column, "name": report.name_column, "labels": labels}
    values: Values = {"data": added.name, "report": counts, "columns": columns, "notes": notes}
    return values | {"file": None if out is None else str(studio.write_rows(added.name, out))}


def _shown(values: Values) -> Values:
    """For people: labels as words, each note in a line of its own."""
    columns = values["columns"]
    labels = [f"{label['name']} ({label['kind']})" for label in columns["labels"]]
    rows = {"data": values["data"], "report": values["report"], "molecules from": columns["smiles"]}
    rows |= {"names from": columns["name"] or "none", "labels": labels}
    rows |= {f"note {number}": note for number, note in enumerate(values["notes"], 1)}
    return rows | ({"file": values["file"]} if values["file"] else {})


def _labels(given: list[str] | None) -> tuple[list[str] | None, dict[str, str]]:
    """Columns, and the kinds that were said after a colon; a colon may belong to a column's name.

    >>> _labels(["y:regression", "a:b"])
    (['y', 'a:b'], {'y': 'regression'})
    """
    if given is None:
        return None, {}
    columns, kinds = [], {}
    for text in given:
        column, _, kind = text.rpartition(":")
        if column and kind in _KINDS:
            columns.append(column)
            kinds[column] = kind
        else:
            columns.append(text)
    return columns, kinds


def _one_of(flag: str, given: str | None, known: tuple[str, ...]) -> str | None:
    if given is not None and given not in known:
        raise BadRecipe(f"{flag} takes {', '.join(known)}, and {given!r} came")
    return given


def appended(file: Path, name: str, progress: Progress) -> Values:
    """What ``import FILE --append NAME`` answers."""
    made, report = studio.append(name, file, progress=progress)
    whole = made.report
    counts = {"read": whole.read, "kept": whole.kept, "merged": len(whole.merged)}
    counts |= {"standardised": len(whole.standardised), "rejected": len(whole.rejected)}
    return {"data": made.name, "report": counts, "appended": asdict(report), "notes": list(whole.notes)}
