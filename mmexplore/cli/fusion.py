"""``python -m mmexplore fusion``: per-molecule coefficients, predictions and products, and how alike modalities are."""

import math
from dataclasses import asdict
from typing import Annotated

import typer

from mmexplore import studio
from mmexplore.cli.answer import DataName, JobFolder, Json, ModelName, Values, answer
from mmexplore.runtime.progress import Progress


def fusion(
    model: ModelName,
    data: DataName,
    task: Annotated[str, typer.Option("--task", help="which prediction; default: the model's first")] = "",
    as_json: Json = False,
    job: JobFolder = None,
) -> None:
    """What each modality says of each molecule, how much it counts, and how alike the modalities' embeddings are."""

    def work(progress: Progress) -> Values:
        found = studio.fusion_report(model, data, task, progress)
        about: Values = {"model": model, "data": data, "task": found.task, "fusion": found.fusion, "scale": found.scale}
        about |= {"unit": found.unit, "mean": found.mean, "std": found.std, "n": len(found.rows)}
        return (
            about
            | {"modalities": list(found.modalities), "similarities": _pairs(found.alike), "rows": _rows(found)}
            | {"skipped": [asdict(one) for one in studio.skipped(model, data)]}
        )

    answer(work, as_json, job)


def _rows(found: studio.FusionReport) -> list[Values]:
    """One row a molecule; ``w`` and ``p`` by modality, empty where the fusion has no such parts.

    ``prediction`` is on the report's scale, ``prediction_in_unit`` a value in the label's unit, or a probability.
    """
    names = found.modalities
    in_unit = studio.readable(found, found.prediction)
    columns = (found.smiles, found.prediction.tolist(), in_unit.tolist(), found.w.tolist(), found.p.tolist())
    rows: list[Values] = []
    for smiles, prediction, value, w, p in zip(*columns, strict=True):
        parts = {"w": dict(zip(names, w, strict=False)), "p": dict(zip(names, p, strict=False))}
        rows.append({"smiles": str(smiles), "prediction": prediction, "prediction_in_unit": value, **parts})
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
