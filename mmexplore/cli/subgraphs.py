"""Explanations from a shell: the verbs ``subgraph``, ``common``, ``motifs`` and ``exam``."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from mmexplore import studio
from mmexplore.cli.answer import DataName, Values, answer
from mmexplore.explore.explain.search import By
from mmexplore.runtime.errors import BadRecipe
from mmexplore.runtime.home import as_json as plain
from mmexplore.runtime.progress import Progress
from mmexplore.studio import Explained, Group, Rules

app = typer.Typer()

Json = Annotated[bool, typer.Option("--json", help="one JSON object on stdout, nothing else")]
Model = Annotated[str, typer.Option("--model", help="name of a model or its folder")]
Task = Annotated[str, typer.Option("--task", help="which label; default: the model's first")]
Direction = Annotated[str, typer.Option("--direction", help="class 1, class 0, above or below")]
Side = Annotated[str, typer.Option("--direction", help="class 1, class 0, above or below; default: the group's side")]
Threshold = Annotated[
    float | None, typer.Option("--threshold", help="default: 0.5, or a quartile of the training labels")
]
Cluster = Annotated[int, typer.Option("--cluster", help="number of a k-means cluster as the map shows it, from 1")]
View = Annotated[str, typer.Option("--view", help="whose clusters; default: the model's first view")]
Label = Annotated[str, typer.Option("--label", help="a label or column of the data set")]
Class = Annotated[str, typer.Option("--class", help="one of its classes; numbers have low, middle and high")]
SmilesFile = Annotated[Path | None, typer.Option("--smiles-file", help="SMILES, one a line, as the group")]
Share = Annotated[float, typer.Option("--share", min=0.1, max=1.0, help="of the group, that the common subgraph is in")]
JobFolder = Annotated[Path | None, typer.Option("--job", hidden=True)]


@app.command()
def subgraph(
    model: Model,
    smiles: Annotated[str, typer.Option("--smiles", help="the molecule")],
    task: Task = "",
    direction: Direction = "",
    threshold: Threshold = None,
    min_atoms: Annotated[int | None, typer.Option("--min-atoms", min=1, help="default: follows the molecule")] = None,
    max_atoms: Annotated[int | None, typer.Option("--max-atoms", min=1, help="default: follows the molecule")] = None,
    in_molecule: Annotated[
        bool, typer.Option("--in-molecule", help="let the score of the atoms in their molecule decide")
    ] = False,
    count: Annotated[int, typer.Option("--count", min=1, help="how many to list")] = 5,
    branch: Annotated[
        str, typer.Option("--branch", help="of a late fusion: what makes this branch add half of what it adds")
    ] = "",
    as_json: Json = False,
    job: JobFolder = None,
) -> None:
    """Find the smallest parts of a molecule that a model calls positive; atoms as the given SMILES counts them."""

    def work(progress: Progress) -> Values:
        goal, how = studio.target(model, task, direction, threshold)
        rules = Rules(min_atoms=min_atoms, max_atoms=max_atoms)
        by: By = "in molecule" if in_molecule else "fragment"
        asked = (smiles, goal, rules, by, count)
        if job is not None:  # of the page that asked, which takes it from there
            found = studio.explain_and_keep(model, *asked, branch, progress)
        elif branch:
            found = studio.explain_summand(model, branch, smiles, goal.task, rules, by, count)
        else:
            found = studio.explain(model, *asked, progress)
        return told(smiles.strip(), studio.beside_training(model, found), "" if branch else how)

    answer(work, as_json, job)


def told(smiles: str, found: Explained, how: str) -> Values:
    """Plain values of an explanation; ``how``: where its threshold comes from, in words."""
    goal = found.target
    parts = [
        {
            "atoms": sorted(found.order[atom] for atom in part.atoms),
            "smiles": part.smiles,
            "score": part.deciding(found.by),
            "n_atoms": part.n_atoms,
            "score_as_fragment": part.score,
            "score_in_molecule": part.score_in_molecule,
            "places": part.places,
            "nearest_training": part.nearest_smiles or None,
            "nearest_similarity": part.nearest,
        }
        for part in found.subgraphs
    ]
    about: dict[str, Any] = {"smiles": smiles, "score": found.score, "threshold": goal.threshold, "subgraphs": parts}
    about |= {"seconds": found.seconds, "task": goal.task, "direction": goal.direction, "threshold_is": how}
    about |= {"score_of": found.by, "exact": found.exact, "fragments": found.fragments, "note": found.note}
    values: Values = plain(about)
    return values


@app.command()
def common(
    model: Model = "",
    data: DataName = "",
    cluster: Cluster = 0,
    view: View = "",
    label: Label = "",
    value: Class = "",
    smiles_file: SmilesFile = None,
    share: Share = studio.SHARE,
    as_json: Json = False,
    job: JobFolder = None,
) -> None:
    """Find the maximum common subgraph of a group, and in how much of the group and of the rest it is."""

    def work(progress: Progress) -> Values:
        group = Group(cluster, view, label, value, str(smiles_file or ""))
        found, support, n = studio.common(model, data, group, share, progress)
        about = {"smarts": found.smarts, "n_atoms": found.n_atoms, "support": None, "support_outside": None, "n": n}
        if support:
            about["support"] = support.inside / max(support.n, 1)
            about["support_outside"] = support.outside / support.n_outside if support.n_outside else None
        rest = {"complete": found.complete, "compared": found.compared, "share": found.share, "seconds": found.seconds}
        values: Values = plain(about | rest | {"group": group.title, "skipped": [asdict(one) for one in found.skipped]})
        return values

    answer(work, as_json, job)


@app.command()
def motifs(
    model: Model,
    data: DataName,
    cluster: Cluster = 0,
    view: View = "",
    label: Label = "",
    value: Class = "",
    smiles_file: SmilesFile = None,
    task: Task = "",
    direction: Side = "",
    threshold: Threshold = None,
    most: Annotated[int, typer.Option("--most", min=1, help="search so many of the group")] = studio.MOST_SEARCHED,
    share: Share = studio.SHARE,
    as_json: Json = False,
    job: JobFolder = None,
) -> None:
    """Find the minimum positive subgraphs that tell a group from the rest of its data set, with counter-examples.

    Each with its odds ratio, 95 % interval and corrected p; as many of them as told tell it from the rest.
    """

    def work(progress: Progress) -> Values:
        group = Group(cluster, view, label, value, str(smiles_file or ""))
        goal, _ = studio.target(model, task, direction or studio.side(model, data, group, task), threshold)
        found = studio.group_motifs(model, data, group, goal, most, share, progress)
        values: Values = plain(asdict(found) | {"told": len(found.told)})
        return values | {"group": group.title, "task": goal.task, "direction": goal.direction}

    answer(work, as_json, job)


@app.command()
def exam(
    model: Annotated[str, typer.Option("--model", help="examine the recipe of this model")] = "",
    recipe: Annotated[str, typer.Option("--recipe", help="or a ready recipe, by its name")] = "",
    data: Annotated[str, typer.Option("--data", help="whose molecules; default: the model's own data set")] = "",
    molecules: Annotated[
        int, typer.Option("--molecules", min=3, max=500, help="ask about so many of each rule")
    ] = studio.EXAM_MOLECULES,
    epochs: Annotated[int, typer.Option("--epochs", min=1, max=500, help="of each training")] = studio.EXAM_EPOCHS,
    seed: Annotated[int, typer.Option("--seed", min=0, help="of rules, molecules and trainings")] = 0,
    as_json: Json = False,
    job: JobFolder = None,
) -> None:
    """Examine explanations: plant rules in real molecules, let a recipe learn them, and ask for their atoms."""

    def work(progress: Progress) -> Values:
        if bool(model) == bool(recipe):
            raise BadRecipe("one of --model and --recipe says what is examined, and the other is left out")
        if recipe and not data:
            raise BadRecipe("a recipe has no molecules of its own; name a data set, such as --data solubility")
        found = studio.exam(model, data, recipe, molecules=molecules, epochs=epochs, seed=seed, progress=progress)
        values: Values = plain(asdict(found) | {"trust": studio.trust_in_words(found)})
        return values

    answer(work, as_json, job, _shown)


def _shown(values: Values) -> Values:
    """A table for each rule."""
    tables = {f"{rule['kind']}: {rule['words']}": rule["grades"] for rule in values["rules"]}
    return {key: values[key] for key in ("model", "data", "trust")} | tables
