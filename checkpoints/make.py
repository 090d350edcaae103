"""How the shipped models are made: trained, checked in half precision where asked, laid out as maps.

    python checkpoints/make.py NAME ...                  any of SHIPPED; those on embedded data need no network
    python checkpoints/make.py mmsa --work FOLDER        five hours on two cores; cut off, it goes on
    python checkpoints/make.py --show NAME ...           seconds: the molecule that a late fusion is shown by
    python checkpoints/make.py --report NAME ...         seconds: the fusion report of the model that the app opens on
    python checkpoints/make.py mmfrl --work FOLDER       an hour on one core, once its targets are made
    python checkpoints/make.py joint --work FOLDER       half an hour on one core, with its table of shifts

``mmsa`` wants ``MMEXPLORE_DATA_DIR`` with ZINC250k's and ChEMBL's SMILES, ``mmfrl`` with NMRShiftDB2's spectra and the
models ``target-smiles``, ``target-spectrum`` and ``target-image``; fine-tuned models want their own data. Nothing of
those files is kept but what the networks learned from them. A pre-training that models begin with takes no molecule
that is in a set which models are judged on, so all of those must be here, too.
"""

import argparse
import gzip
import json
import math
import os
import shutil
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
from halving import halve

from mmexplore import studio
from mmexplore.datasets import embedded
from mmexplore.datasets.published import PUBLISHED
from mmexplore.explore.explain import fusion, subgraphs
from mmexplore.explore.explain.search import Target
from mmexplore.explore.explain.storage import Explained
from mmexplore.explore.maps import project
from mmexplore.explore.maps.lens import NEIGHBOR_FOLDER
from mmexplore.explore.spectra import shift_table
from mmexplore.explore.spectra.peaks import ENVIRONMENTS, JOINT, TABLE
from mmexplore.features.of_dataset import features_of
from mmexplore.models import calibration, checkpoints
from mmexplore.models.exchange import model_card
from mmexplore.models.registry import Model, model
from mmexplore.recipes import presets
from mmexplore.recipes.presets import MMFRL_MODALITIES
from mmexplore.recipes.recipe import Recipe
from mmexplore.runtime.home import default_home, write_json
from mmexplore.studio.maps import FIRST_MODEL
from mmexplore.studio.prediction import ship_prediction
from mmexplore.training import checks
from mmexplore.ui.subgraphs import result

HERE = Path(__file__).parent
MOLECULES = {"zinc250k": 60_000, "chembl_78k": 40_000}
EVERY_METHOD = ("solubility-dmpnn", FIRST_MODEL)
"""Models that are shipped with maps by every method; others are mapped in seconds when it is asked for."""
FEWEST = 2
"""Molecules of each environment in the shipped table, at least: it holds means, and no molecule's own shifts."""


@dataclass(frozen=True)
class Made:
    """How one model is made: its recipe's preset, its data, its title, settings; ``pretrains``: that pre-training."""

    preset: str
    data: str
    title: str
    settings: tuple[str, ...] = ()
    pretrains: str = ""


_REPLICAS = json.dumps([{"encoder": "dmpnn", "name": name} for name in (*MMFRL_MODALITIES, "early", "descriptors")])
SHIPPED = {
    "mmsa": Made(
        "",
        "",
        "MMSA, pre-trained on 100,000 drug-like molecules",
        ("branches.1.start=", "training.epochs=8", "pretraining.options.geometry=distances"),
        pretrains="mmsa",
    ),
    "target-smiles": Made(
        "",
        "nmrshiftdb2",
        "SMILES target, a small transformer",
        ("branches.0.options.layers=3", "branches.0.options.hidden_size=96", "training.epochs=4"),
        pretrains="smiles",
    ),
    "target-spectrum": Made(
        "", "nmrshiftdb2", "13C spectrum target, an auto-encoder", ("training.epochs=12",), pretrains="spectrum"
    ),
    "target-image": Made("", "nmrshiftdb2", "Image target, an auto-encoder", ("training.epochs=4",), pretrains="image"),
    "mmfrl": Made(
        "",
        "nmrshiftdb2",
        "MMFRL, pre-trained on 28,807 molecules with NMR spectra",
        (
            f"branches={_REPLICAS}",
            "pretraining.options.temperature=1",
            "pretraining.options.peak_temperature=0.1",
            "training.batch_size=128",
            "training.epochs=60",
            "training.schedule=noam",
        ),
        pretrains="mmfrl",
    ),
    "joint": Made("", "nmrshiftdb2", "Joint, 13C spectra and structures in one space", (), pretrains="joint"),
}
_TITLES = {"freesolv": "FreeSolv", "bace": "BACE", "bbbp": "BBBP"}
_SHORT = {"stack_without_foundation": "stack"}
_JUDGED = {
    "boosting": ("boosting on counts and descriptors", ("solubility", "freesolv", "lipophilicity", "bace", "bbbp")),
    "svm": ("support vector machine on descriptors", ("solubility",)),
    "dmpnn": ("D-MPNN", ("solubility",)),
    "mmsa": ("fine-tuned MMSA", ("solubility", "freesolv", "bbbp")),
    "mmfrl_intermediate": ("intermediate fusion of MMFRL", ("solubility", "freesolv")),
    "all_late": ("late fusion of MMFRL, descriptors and counts", ("solubility", "freesolv", "lipophilicity")),
    "stack_without_foundation": ("stack of boosting and MMFRL", ("bace",)),
}
"""Presets that learn labels, each its title and its data sets: on one split of a set, until they settle."""
SHIPPED |= {
    f"{data}-{_SHORT.get(kind, kind.replace('_', '-'))}": Made(
        kind, data, f"{_TITLES.get(data, data.capitalize())}, {title}"
    )
    for kind, (title, sets) in _JUDGED.items()
    for data in sets
}


def recipe(made: Made, work: Path) -> Recipe:
    """The recipe of a shipped model."""
    if made.preset:
        about = (f"data.dataset={made.data}", "data.split=scaffold_balanced")
        return presets.preset(made.preset, settled=True).with_settings([*about, *made.settings])
    data, apart = made.data or sample(work), f"data.without={json.dumps(judged() if made.pretrains != JOINT else [])}"
    return presets.pretraining(made.pretrains, "quick").with_settings([f"data.dataset={data}", apart, *made.settings])


def judged(most_rows: float = math.inf) -> list[str]:
    """Names of the sets that models are judged on, those of the catalog that have labels; the smallest first."""
    rows = {one.name: one.rows or 0 for one in embedded.entries() if one.tasks}
    rows |= {name: one.rows for name, one in PUBLISHED.items() if one.targets is None or one.targets}
    return sorted((name for name in rows if rows[name] <= most_rows), key=rows.__getitem__)


def sample(work: Path, seed: int = 0) -> Path:
    """Molecules to pre-train on, drawn from the files as a file of their own in the work folder."""
    path, chosen = work / "druglike-100k.smi", []
    for name, count in MOLECULES.items():
        found = next(Path(os.environ["MMEXPLORE_DATA_DIR"]).rglob(f"{name}.smi.gz"))
        lines = gzip.decompress(found.read_bytes()).decode().split()
        rows = np.sort(np.random.default_rng(seed).permutation(len(lines))[:count])
        chosen += [lines[row] for row in rows]
    path.write_text("\n".join(chosen) + "\n")
    return path


def make(name: str, work: Path) -> None:
    """Train one model in the work folder, or go on with it, and write its folder here."""
    made, run = SHIPPED[name], work / name
    data = made.data or "solubility"
    trained = finished(run, recipe(made, work)) or studio.train(recipe(made, work), run, made.title)
    shutil.rmtree(HERE / name, ignore_errors=True)
    shutil.copytree(trained.folder, HERE / name)
    if (run / "history.json").is_file():
        shutil.copy(run / "history.json", HERE / name)
    call_by_name(HERE / name)
    if made.preset not in ("dmpnn", "boosting", "svm"):  # small, and told to the last digit
        print(name, "in half precision, largest change of a view or prediction:", halve(HERE / name, data))
    if made.preset:
        known = pd.read_parquet(run / "predictions.parquet")
        tasks = [task.name for task in studio.dataset(made.data).tasks]
        known[["split", *tasks]].to_parquet(HERE / name / "predictions.parquet")
    if name == JOINT:
        tabulate(name)
    elif not name.startswith("target-"):  # what a target is for is its relations; its maps are made when asked for
        lay_out(name, made.data if made.preset else "solubility")
    if made.preset.endswith("_late"):
        show_by(name, made.data)
        report_of(name, made.data)
    tidy(HERE / name)


def tidy(folder: Path) -> None:
    """Leave out locks, labels, the README that exports write anew, and what only comes before a map that is shipped."""
    for path in (*folder.rglob(".*"), folder / model_card.README, folder / calibration.FILE):
        path.unlink(missing_ok=True)
    if folder.name not in EVERY_METHOD:
        for path in folder.glob("maps/*/*-pca.*"):
            path.unlink()


def finished(run: Path, wanted: Recipe) -> Model | None:
    """A finished model of that recipe in a run's folder, None where there is none."""
    if not (run / "model" / checkpoints.CARD).is_file() or (run / "resume").is_dir():
        return None
    found = studio.model(str(run))
    return found if found.recipe and found.recipe.digest == wanted.digest else None


def tabulate(name: str) -> None:
    """The table of shifts beside the joint model, of the assigned peaks of the molecules that it was trained on."""
    chosen, table = studio.model(str(HERE / name)), studio.dataset("nmrshiftdb2")
    assert chosen.recipe is not None
    rows = checks.divide(chosen.recipe, table).split.train
    environments = features_of(table, ENVIRONMENTS, home=default_home())
    shift_table.fit(table, environments, rows, FEWEST).save(HERE / name / TABLE, sealed=False)


def call_by_name(folder: Path) -> None:
    """Call the file that a model was trained on by its own name: a path tells nobody else anything."""
    recipe, card = checkpoints.read(folder)
    name = Path(card.data.name).stem
    card = card.model_copy(update={"data": card.data.model_copy(update={"name": name})})
    weights = (folder / checkpoints.WEIGHTS).read_bytes()
    checkpoints.write(folder, weights, recipe.with_settings([f"data.dataset={name}"]), card)


def lay_out(name: str, data: str) -> None:
    """Maps of every view by every method, beside the model; only of data that come with installed packages."""
    if studio.model(name).shipped and data not in ("solubility", "freesolv"):
        return
    shipped, own = studio.map_folders(model(name, home=default_home()), studio.dataset(data))
    for view in studio.model(name).views:
        for method in project.METHODS:
            if method != "umap" and name not in EVERY_METHOD:
                continue
            print(name, view, method, studio.compute_map(name, data, view, method).quality)
    shutil.copytree(own, shipped, dirs_exist_ok=True)


def report_of(name: str, data: str) -> None:
    """Beside the model that the app opens on what it shows at once: fusion report; its map's labels, trust and lens."""
    first = studio.first_choice()
    if (data, name) != first[:2]:
        return
    fusion.ship_report(model(name, home=default_home()), studio.dataset(data), studio.fusion_report(name, data))
    shown = studio.compute_map(name, data, first[2], first[3])
    studio.compute_labels(shown, name, data)
    studio.compute_trust(shown, name, data, first[2])
    studio.compute_lens(studio.panels_of(name), data, first[3])
    shipped, own = studio.map_folders(model(name, home=default_home()), studio.dataset(data))
    for kind in ("labels", "trust", NEIGHBOR_FOLDER):
        shutil.copytree(own / kind, shipped / kind, ignore=shutil.ignore_patterns(".*"), dirs_exist_ok=True)


def show_by(name: str, data: str) -> None:
    """Seek the molecule that people are shown a late fusion by: its deciding part is visibly a part of it.

    Those that the model tells well, the largest first, on the lower side of the label before the upper one (what is
    hard to dissolve is larger): the first that has a smallest positive subgraph, which is never more than three
    quarters of it. All that the walk shows of it is kept, so that nobody waits for it.
    """
    chosen, table = model(name, home=default_home()), studio.dataset(data)
    task = table.tasks[0].name
    for direction in reversed(studio.DIRECTIONS[table.tasks[0].kind]):
        usual, _ = studio.target(name, task, direction)
        goal = replace(usual, threshold=round(usual.threshold, 2))  # as the page offers it
        for row in fusion.candidates(chosen, table, goal, home=default_home()):
            smiles = str(table.smiles[row])
            found = studio.explain(name, smiles, goal, count=result.MOST)
            if found.subgraphs:
                keep(chosen, name, smiles, (found, goal, usual))
                told = {"smiles": found.smiles, "direction": direction, "threshold": goal.threshold}
                told |= {"part": found.subgraphs[0].n_atoms, "atoms": len(found.order)}
                write_json(HERE / name / fusion.WALK, told, sealed=False)
                print(name, "is shown by", table.names[row], told)
                return
    print(name, "has no molecule whose deciding part is visibly a part")


def keep(chosen: Model, name: str, smiles: str, about: tuple[Explained, Target, Target]) -> None:
    """Keep what the walk shows of a molecule beside the model: its parts, each branch's, its prediction."""
    found, goal, usual = about
    shutil.rmtree(HERE / name / subgraphs.SHIPPED, ignore_errors=True)
    subgraphs.ship(chosen, studio.beside_training(name, found), result.MOST)
    for target in (goal, usual):  # the bench has thresholds as they are
        subgraphs.ship(chosen, studio.beside_training(name, studio.explain(name, smiles, target, count=1)), 1)
    for branch in studio.summands(name):
        part = studio.explain_summand(name, branch, smiles, goal.task)
        subgraphs.ship(chosen, studio.beside_training(name, part), 1, branch)
    ship_prediction(name, smiles)


def main() -> None:
    """Make the models that were named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="+", choices=SHIPPED)
    parser.add_argument("--show", action="store_true", help="only seek the molecules that late fusions are shown by")
    parser.add_argument("--report", action="store_true", help="only make what the app opens on beside the model")
    parser.add_argument("--work", type=Path, help="folder of the runs; default: a temporary one")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        work = asked.work or Path(temporary)
        work.mkdir(parents=True, exist_ok=True)
        for name in asked.names:
            if asked.show:
                show_by(name, SHIPPED[name].data)
            elif asked.report:
                report_of(name, SHIPPED[name].data)
            else:
                make(name, work)


if __name__ == "__main__":
    main()
