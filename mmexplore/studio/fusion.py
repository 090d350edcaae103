"""Fusion analysis: what each modality adds to a prediction, what-ifs, missing modalities, and an example to show."""

import numpy as np

from mmexplore.explore.explain import fusion, missing, subsets
from mmexplore.explore.explain.contributions import Absent, check_absent
from mmexplore.explore.explain.fusion import Evaluation, FusionReport, ShownMolecule
from mmexplore.explore.explain.missing import MissingModalities
from mmexplore.explore.explain.subsets import Contributions
from mmexplore.explore.neighbors import spaces
from mmexplore.models.ensembles import Ensemble
from mmexplore.runtime.errors import BadRecipe, NotAvailable
from mmexplore.runtime.jobs import client
from mmexplore.runtime.jobs.folder import Job
from mmexplore.runtime.progress import Progress, silent
from mmexplore.studio.door import check_names, dataset, home, model, training_data


def fusion_report(model_name: str, data: str, task: str = "", progress: Progress = silent) -> FusionReport:
    """Fusion report of a model on a data set, from disk where it is there; ``task`` "": the model's first.

    Raises BadRecipe for a model that fuses nothing and UnknownName for a task that it does not predict.
    """
    chosen = model(model_name)
    return fusion.fusion_report(chosen, dataset(data), task, training_data(chosen), home=home(), progress=progress)


def contributions(
    model_name: str, data: str, task: str = "", absent: Absent = "mean", progress: Progress = silent
) -> Contributions:
    """Contributions of a fusion's modalities to its predictions of a data set, in the label's unit.

    A late fusion and a stack add them up by themselves; of other fusions they are Shapley values over subsets of the
    modalities, which takes torch once and is kept. Raises like :func:`fusion_report`, and UnknownName for ``absent``.
    """
    report, chosen = fusion_report(model_name, data, task, progress), model(model_name)
    learned = training_data(chosen)
    return subsets.contributions(chosen, dataset(data), report, learned, absent, home=home(), progress=progress)


def stored_contributions(model_name: str, data: str, task: str = "", absent: Absent = "mean") -> Contributions | None:
    """Contributions as far as they are had at once; None where :func:`start_contributions` has to make them."""
    report, chosen = fusion_report(model_name, data, task), model(model_name)
    return subsets.stored(chosen, dataset(data), report, training_data(chosen), absent, home=home())


def contributions_of(model_name: str, smiles: str, task: str = "", absent: Absent = "mean") -> Contributions:
    """Contributions of a fusion's modalities to its prediction of one canonical SMILES, in the label's unit.

    Measured from the model's training molecules. Imports torch where the fusion does not add up. Raises BadRecipe for a
    model that fuses nothing and for an ensemble, NotAvailable where its training molecules are not here or not embedded
    yet, BadMolecule, TooLong.
    """
    chosen = model(model_name)
    if isinstance(chosen, Ensemble):
        words = f"{model_name} is an ensemble, and each of its members has contributions of its own; choose a member"
        raise BadRecipe(words)
    fusion.task_number(chosen, task)
    learned = training_data(chosen)
    if learned is None:
        raise NotAvailable(
            f"the training molecules of {model_name} are not here, and contributions are measured from them"
        )
    if fusion.shipped_report(chosen, learned, task) is None and not spaces.is_ready(chosen, learned, home=home()):
        raise NotAvailable(f"{model_name} has not embedded {learned.name} yet, which contributions are measured from")
    report = fusion.fusion_report(chosen, learned, task, learned, home=home())
    if len(rows := np.flatnonzero(report.smiles == smiles)) and report.w.shape[1]:
        return subsets.additive(report, absent).row(int(rows[0]))
    few = spaces.through_model(chosen, smiles, home=home())
    return subsets.of_molecule(chosen, smiles, few, report, learned, absent, home=home())


def start_contributions(model_name: str, data: str, task: str = "", absent: Absent = "mean") -> Job:
    """Contributions job: have them computed by a job, or the job that is at it already, in the lane of the maps."""
    check_names(data, model_name)
    check_absent(absent)
    arguments = ["--model", model_name, "--data", data, "--absent", absent, *(["--task", task] if task else [])]
    title = f"what each modality of {model_name} adds on {data}"
    return client.start_once("fusion", arguments, device="maps", title=title, home=home())


def missing_modalities(
    model_name: str, data: str, task: str = "", absent: Absent = "mean", progress: Progress = silent
) -> MissingModalities:
    """Missing-modality stress test: the test score of a fusion against the share of its modalities that are absent.

    With what each of them adds, and its interval. Raises like :func:`contributions`, and NotAvailable where the data
    set has no labels to score by.
    """
    report = fusion_report(model_name, data, task, progress)
    return stress(contributions(model_name, data, task, absent, progress), report, model_name, data)


def stress(found: Contributions, report: FusionReport, model_name: str, data: str) -> MissingModalities:
    """Missing-modality stress test from contributions that are there; NotAvailable where nothing can be scored."""
    against = fusion_evaluation(report, model_name, data)
    if against is None:
        raise NotAvailable(
            f"{data!r} has no labels of {report.task!r} to score by, or too few; choose a data set that has some"
        )
    return missing.stress(found, report, against)


def has_report(model_name: str, data: str, task: str = "") -> bool:
    """Whether a model came with its fusion report on a data set, so that it need not embed that first."""
    return fusion.shipped_report(model(model_name), dataset(data), task) is not None


def shown_molecule(model_name: str, data: str) -> ShownMolecule | None:
    """Shown molecule of a model: one whose deciding part is visibly a part of it. None where none was sought."""
    return fusion.shown(model(model_name), dataset(data))


def example(model_name: str, data: str, least: float) -> int:
    """Example molecule for a demonstration.

    A molecule to show a model by: of the test part, measured and predicted at ``least`` or more, predicted within
    half a standard deviation of the labels; of those the one with most atoms. -1 where there is none.
    """
    return fusion.example(model(model_name), dataset(data), least, home=home())


def fusion_evaluation(report: FusionReport, model_name: str, data: str) -> Evaluation | None:
    """Evaluation labels; None where the data set has none of this task, or too few to be scored."""
    return fusion.evaluate(report, model(model_name), dataset(data), home=home())
