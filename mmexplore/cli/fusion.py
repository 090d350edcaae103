"""``python -m mmexplore fusion``: what each modality says of each molecule and adds, and what is without some."""

import math
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from mmexplore import studio
from mmexplore.cli.answer import DataName, JobFolder, Json, ModelName, Values, answer
from mmexplore.runtime.errors import BadRecipe, UnknownName
from mmexplore.runtime.home import write_atomically
from mmexplore.runtime.progress import Progress


def fusion(
    model: ModelName,
    data: DataName,
    task: Annotated[str, typer.Option("--task", help="which prediction; default: the model's first")] = "",
    absent: Annotated[
        studio.Absent,
        typer.Option("--absent", help="what stands in for an absent modality: its training mean, or zero"),
    ] = "mean",
    without: Annotated[
        list[str] | None, typer.Option("--without", metavar="MODALITY", help="what would be without it, repeatable")
    ] = None,
    stress: Annotated[
        bool, typer.Option("--stress", help="scores where modalities are missing, and what each one adds")
    ] = False,
    out: Annotated[
        Path | None, typer.Option("--out", help="CSV file of the scores of --stress, a row a subset")
    ] = None,
    as_json: Json = False,
    job: JobFolder = None,
) -> None:
    """What each modality says of each molecule and adds to its prediction, and how alike their embeddings are.

    Contributions add up to the prediction from "start", in the label's unit; of classes in logits.
    """

    def work(progress: Progress) -> Values:
        found = studio.fusion_report(model, data, task, progress)
        kept = _kept(found, without or [])
        added = studio.contributions(model, data, task, absent, progress)
        about: Values = {"model": model, "data": data, "task": found.task, "fusion": found.fusion, "scale": found.scale}
        about |= {"unit": found.unit, "mean": found.mean, "std": found.std, "n": len(found.rows)}
        about |= {"absent": absent, "start": added.start, "start_is": added.start_is}
        about |= {"contributions_in": added.unit, "contributions_by": added.by, "turned": list(found.turned)}
        if job:  # a page reads what was kept
            return about
        if stress or out:
            tested = studio.stress(added, found, model, data)
            about |= _stress(tested)
            if out:
                write_atomically(out, studio.to_csv(tested.subsets), sealed=False)
                about |= {"file": str(out)}
        return (
            about
            | {"modalities": list(found.modalities), "similarities": _pairs(found.alike)}
            | {"rows": _rows(found, added, kept if without else None)}
            | {"skipped": [asdict(one) for one in studio.skipped(model, data)]}
        )

    answer(work, as_json, job)


def _kept(found: studio.FusionReport, without: list[str]) -> list[bool]:
    for name in without:
        if name not in found.modalities:
            raise UnknownName("modality of this model", name, found.modalities)
    return [name not in without for name in found.modalities]


def _stress(found: studio.MissingModalities) -> Values:
    """``missing`` a row a number of absent modalities, ``subsets`` a row a subset, ``added`` a row a modality."""
    about = {"metric": found.metric, "unit": found.unit, "part": found.part, "n": found.n, "exact": found.exact}
    added = []
    for one in found.added:
        row: Values = {"modality": one.modality}
        for name, (value, low, high) in (("gain", one.gain), ("toward", one.toward)):
            row |= {name: value, f"{name}_low": low, f"{name}_high": high}
        added.append(row)
    tables = {"missing": found.curve.to_dict("records"), "subsets": found.subsets.to_dict("records")}
    return {"judged": about, "added": added} | tables


def _rows(found: studio.FusionReport, added: studio.Contributions, kept: list[bool] | None) -> list[Values]:
    """One row a molecule; ``w`` and ``p`` by modality, empty where the fusion has no such parts.

    ``prediction`` is on the report's scale, ``prediction_in_unit`` a value in the label's unit, or a probability.
    ``contributions`` by modality, and ``without``, the prediction with the modalities that are ``kept`` alone, are in
    the label's unit, of classes in logits.
    """
    names = found.modalities
    in_unit = studio.readable(found, found.prediction)
    columns = (found.smiles, found.prediction.tolist(), in_unit.tolist(), found.w.tolist(), found.p.tolist())
    rows: list[Values] = []
    for smiles, prediction, value, w, p in zip(*columns, strict=True):
        parts = {"w": dict(zip(names, w, strict=False)), "p": dict(zip(names, p, strict=False))}
        rows.append({"smiles": str(smiles), "prediction": prediction, "prediction_in_unit": value, **parts})
    for row, values in zip(rows, added.values.tolist(), strict=True):
        row["contributions"] = dict(zip(names, values, strict=True))
    if kept is not None:
        if (left := added.of(kept)) is None:
            raise BadRecipe(
                f"of {len(names)} modalities not every subset is tried; leave out one alone, or all but one"
            )
        for row, value in zip(rows, left.tolist(), strict=True):
            row["without"] = value
    return rows


def _pairs(alike: studio.Similarities) -> list[Values]:
    pairs = [(i, j) for i in range(len(alike.names)) for j in range(i)]
    found: list[Values] = []
    for i, j in pairs:
        about = {"view": alike.names[j], "other": alike.names[i], "cosine": _known(alike.cosine[i, j])}
        apart = float(alike.disagreement[i, j])
        found.append({**about, "cka": float(alike.cka[i, j]), "disagreement": apart, "neighbours": alike.k})
    return found


def _known(value: float) -> float | None:
    return None if math.isnan(value) else float(value)
