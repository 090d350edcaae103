"""Fusion analysis: what each modality says of each molecule, what-ifs, and an example to show a model by."""

from mmexplore.explore.explain import fusion
from mmexplore.explore.explain.fusion import Evaluation, FusionReport, ShownMolecule
from mmexplore.runtime.progress import Progress, silent
from mmexplore.studio.door import dataset, home, model


def fusion_report(model_name: str, data: str, task: str = "", progress: Progress = silent) -> FusionReport:
    """Fusion report of a model on a data set, from disk where it is there; ``task`` "": the model's first.

    Raises BadRecipe for a model that fuses nothing and UnknownName for a task that it does not predict.
    """
    return fusion.fusion_report(model(model_name), dataset(data), task, home=home(), progress=progress)


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
