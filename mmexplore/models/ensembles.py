"""Ensembles: several trained models of one recipe, data set and split, that differ in the seed of their weights.

What an ensemble predicts is the mean over its members, and their standard deviation is its spread. Its views are its
members' side by side: each seed has axes of its own, so that their mean says nothing, while distances in the joined
space are those that the members see, averaged. It is a folder among the runs that names its members, with a card of its
own whose scores are those of the mean; it is a :class:`~mmexplore.models.registry.Model` wherever one is named, and
what needs a single network's weights refuses it by :func:`single`. Nothing here imports torch.
"""

import hashlib
import io
import logging
import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from mmexplore.datasets import Dataset
from mmexplore.datasets.tables import frame
from mmexplore.models import calibration, embeddings, imported, metrics, registry
from mmexplore.models.calibration import Calibration
from mmexplore.models.checkpoints import CARD, Card
from mmexplore.models.embeddings import Embedded
from mmexplore.models.imported import Imported
from mmexplore.models.registry import Model
from mmexplore.recipes.recipe import MOST_BYTES, UNSEEDED, Recipe
from mmexplore.runtime import files
from mmexplore.runtime.cache import FileVersion, cached, changed, version
from mmexplore.runtime.errors import BadCheckpoint, BadRecipe, Damaged, UnknownName
from mmexplore.runtime.home import Home, read_json, write_atomically, write_json

FILE, EXPECTED, FORMAT = registry.ENSEMBLE, "expected.json", 1
FEWEST, MOST = 2, 50
_PREDICTIONS = "predictions.parquet"
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Ensemble(Model):
    """Ensemble of trained models, its ``members``; ``recipe`` is the first one's, ``card`` that of their mean."""

    members: tuple[Model, ...] = ()

    @property
    def digest(self) -> str:
        """Digest of the members' weights and recipes."""
        return hashlib.sha256(" ".join(member.digest for member in self.members).encode()).hexdigest()[:16]

    @property
    def megabytes(self) -> float:
        """Size of the members on disk."""
        return sum(member.megabytes for member in self.members)


@dataclass(frozen=True)
class Joined(Embedded):
    """Embedding by an ensemble: those of its members, read as one."""

    members: tuple[Embedded, ...] = ()

    @property
    def digest(self) -> str:
        """Digest of the members' files."""
        return " ".join(member.digest for member in self.members)

    def view(self, name: str) -> np.ndarray:
        """The members' views side by side (n, members * d) float32. Raises UnknownName, Damaged."""
        return np.concatenate([member.view(name) for member in self.members], axis=1)

    @property
    def predictions(self) -> np.ndarray:
        """Mean over the members (n, tasks) float32: probabilities, or values in the label's unit."""
        return mean([member.predictions for member in self.members]).astype(np.float32)

    @property
    def spread(self) -> np.ndarray:
        """Standard deviation over the members (n, tasks) float32."""
        return spread([member.predictions for member in self.members]).astype(np.float32)

    @property
    def missing(self) -> np.ndarray:
        """Rows (int64) that could not be featurised."""
        return np.unique(np.concatenate([member.missing for member in self.members]))

    def verify(self) -> None:
        """Read all files once."""
        for member in self.members:
            member.verify()


def mean(predictions: Sequence[np.ndarray]) -> np.ndarray:
    """Prediction of an ensemble from its members' predictions, each (n, tasks): their mean, float64."""
    return np.asarray(np.mean(np.stack(predictions).astype(np.float64), axis=0))


def spread(predictions: Sequence[np.ndarray]) -> np.ndarray:
    """Spread of an ensemble: the standard deviation of its members' predictions, float64 (n, tasks)."""
    return np.asarray(np.std(np.stack(predictions).astype(np.float64), axis=0))


def joined(members: Sequence[Embedded]) -> Joined:
    """The embeddings of one data set by an ensemble's members, as one."""
    first = members[0]
    dimensions = {view: sum(member.dimensions[view] for member in members) for view in first.dimensions}
    return Joined(first.folder, first.n, dimensions, first.tasks, members=tuple(members))


def stored(model: Model, dataset: Dataset, *, home: Home) -> Embedded | None:
    """Stored embedding of a data set by a model or an ensemble; None unless it is there and whole.

    Imported vectors raise NotAvailable for another data set than theirs: nothing could make them.
    """
    if isinstance(model, Imported):
        return imported.embedded(model, dataset)
    if not isinstance(model, Ensemble):
        return embeddings.read(embeddings.place(model.folder, dataset, home=home))
    found = [stored(member, dataset, home=home) for member in model.members]
    whole = [one for one in found if one is not None]
    return joined(whole) if len(whole) == len(model.members) else None


def single(model: Model, what: str) -> Model:
    """The model, where it is one and no ensemble; ``what`` is what wants that. Raises BadRecipe."""
    if isinstance(model, Ensemble):
        raise BadRecipe(
            f"{model.name!r} is an ensemble of {len(model.members)} models, and {what} one model alone: name one of "
            f"its members ({', '.join(member.name for member in model.members[:5])})"
        )
    return model


def models(*, home: Home) -> list[Model]:
    """All models: shipped ones, ensembles, trained ones, newest first, imported embeddings, then the baseline."""
    known = registry.models(home=home)
    runs = sorted(registry.run_folders(home=home), key=changed, reverse=True)
    found: list[Model] = [ensemble for ensemble in (_found(run, home=home) for run in runs) if ensemble]
    shipped = [model for model in known if model.shipped and model.card]
    return [*shipped, *found, *known[len(shipped) : -1], *imported.models(home=home), known[-1]]


def damaged(*, home: Home) -> dict[str, str]:
    """Ensembles that are none any more, by name: why not."""
    found = {}
    for run in registry.run_folders(home=home):
        if (run / FILE).is_file():
            try:
                _read(run, home=home)
            except BadCheckpoint as error:
                found[run.name] = str(error)
    return found


def model(name: str, *, home: Home) -> Model:
    """The model or ensemble of that name, at that path, or else of that title; ``untrained:`` one: its twin.

    An ensemble's untrained twin is that of its first member. Raises UnknownName or BadCheckpoint.
    """
    if name.startswith(registry.UNTRAINED):
        bare = model(name.removeprefix(registry.UNTRAINED), home=home)
        first = bare.members[0] if isinstance(bare, Ensemble) else bare
        twin = registry.model(registry.UNTRAINED + first.name, home=home)
        return replace(twin, name=registry.UNTRAINED + bare.name, title=f"{bare.title}, untrained")
    if found := called(name, home=home) or _in(Path(name).expanduser(), home=home):
        return found
    try:
        return registry.model(name, home=home)
    except UnknownName:
        every = models(home=home)
        if titled := [one for one in every if one.title == name]:
            return titled[0]
        raise UnknownName("model", name, [one.name for one in every]) from None


def called(name: str, *, home: Home) -> Model | None:
    """The model or ensemble that goes by this name; no path and no title leads to one. Raises BadCheckpoint."""
    if not registry.may_be_a_name(name):
        return None
    return _in(home.place("runs") / name, home=home) or registry.called(name, home=home)


def _in(folder: Path, *, home: Home) -> Model | None:
    """The ensemble or the imported embedding of a folder, None where it holds neither."""
    if not folder.is_dir():
        return None
    if (folder / FILE).is_file():
        return _read(folder, home=home)
    return imported.read(folder, home=home) if (folder / imported.FILE).is_file() else None


def make(title: str, members: Sequence[Model], folder: Path, *, home: Home) -> Ensemble:
    """Make an ensemble of trained models in a folder, or anew where it lies there already.

    Its scores, and the coverage of its intervals, are those of the members' mean on the rows of the split that they
    share; members that came from elsewhere, without predictions of their training, have none. Raises BadRecipe for
    models that are no ensemble: see :func:`check`.
    """
    check(members)
    if not any(_predictions_of(member) for member in members):
        return _joined_in(folder, members, _card(title, members, _digest(members), {}, {}), home=home)
    tables = [_predicted(member) for member in members]
    first = members[0]
    assert first.card is not None
    assert first.recipe is not None
    names = [task.name for task in first.card.data.tasks]
    kinds = tuple(task.kind for task in first.card.data.tasks)
    every = [table[names].to_numpy(np.float64) for table in tables]
    middle, apart = mean(every), spread(every)
    table = tables[0].copy()
    table[names] = middle.astype(np.float32)
    for number, name in enumerate(names):
        table[f"spread: {name}"] = apart[:, number].astype(np.float32)
    truth = table[[f"truth: {name}" for name in names]].to_numpy(np.float64)
    rows = {part: np.flatnonzero(table["split"] == part) for part in ("validation", "test")}
    scored = {part: r for part, r in rows.items() if np.isfinite(truth[r]).any()}
    found = {part: metrics.scores(kinds, truth[r], middle[r]) for part, r in scored.items()}
    per_task = {part: metrics.per_task(kinds, truth[r], middle[r]) for part, r in scored.items()}
    each = {part: metrics.named(names, one) for part, one in per_task.items()}
    calibrated = _calibration(members, middle, apart, rows["validation"], truth)
    digests = _digest(members)
    card = _card(title, members, digests, found, each)
    if calibrated is not None:
        calibration.write(folder, card.data.tasks, calibrated, digests)
        covered = calibrated.coverage(card.data.tasks, truth[rows["test"]], middle[rows["test"]], apart[rows["test"]])
        card = card.model_copy(update={"coverage": covered})
    content = io.BytesIO()
    table.to_parquet(content, index=False)
    write_atomically(folder / _PREDICTIONS, content.getvalue())
    return _joined_in(folder, members, card, home=home)


def _joined_in(folder: Path, members: Sequence[Model], card: Card, *, home: Home) -> Ensemble:
    named = [Path(os.path.relpath(member.folder, folder)).as_posix() for member in members]
    write_json(folder / FILE, {"format": FORMAT, "members": named, "card": card.model_dump(mode="json")})
    return _read(folder, home=home)


def check(members: Sequence[Model]) -> None:
    """Whether models are an ensemble. Raises BadRecipe, which says how they differ."""
    if not FEWEST <= len(members) <= MOST:
        raise BadRecipe(f"an ensemble has {FEWEST} to {MOST} members, and {len(members)} came")
    first = single(members[0], "an ensemble's member is")
    if first.card is None or first.recipe is None or not first.card.data.tasks or first.card.untrained:
        raise BadRecipe(f"an ensemble is made of models that predict labels, and {first.name!r} does not")
    here = _apart_from_seeds(first.recipe)
    for other in members[1:]:
        single(other, "an ensemble's member is")
        if other.card is None or other.recipe is None or _apart_from_seeds(other.recipe) != here:
            raise BadRecipe(
                f"an ensemble's members are of one recipe, and {other.name!r} is of another than {first.name!r}"
            )
        if other.card.data.digest != first.card.data.digest or other.card.data.tasks != first.card.data.tasks:
            raise BadRecipe(
                f"an ensemble's members have learned the same labels, and {other.name!r} others than {first.name!r}"
            )
        if _split(other.card) != _split(first.card):
            raise BadRecipe(
                f"an ensemble's members share one split, and {other.name!r} has seed {other.card.split.seed} where "
                f"{first.name!r} has {first.card.split.seed}: train both with one split seed"
            )
    seeds = [member.card.seed for member in members if member.card]
    if len(set(seeds)) < len(seeds):
        raise BadRecipe(f"an ensemble's members have seeds of their own, and {', '.join(map(str, seeds))} came")


def _apart_from_seeds(recipe: Recipe) -> dict[str, Any]:
    """What recipes that differ in seeds, device or name alone have in common."""
    values = recipe.model_dump(mode="json", exclude={"name": True, "data": {"split_seed"}})
    return values | {"training": {k: v for k, v in values["training"].items() if k not in _OWN}}


_OWN = ("seed", "device", "devices", "nodes")


def _split(card: Card) -> tuple[str, int, tuple[int, int, int]]:
    """What tells one split from another: some rules have no seed."""
    return card.split.rule, 0 if card.split.rule in UNSEEDED else card.split.seed, card.split.sizes


def rename(chosen: Ensemble, title: str) -> None:
    """Give an ensemble another title."""
    assert chosen.card is not None
    values = read_json(chosen.folder / FILE, MOST_BYTES)
    card = chosen.card.model_copy(update={"name": title})
    write_json(chosen.folder / FILE, values | {"card": card.model_dump(mode="json")})


def delete(name: str, *, home: Home) -> None:
    """Delete an ensemble, damaged ones too; its members stay. Raises BadRecipe for one that is not among the runs."""
    folder = registry.runs_folder(home=home) / name
    if Path(name).name != name or not (folder / FILE).is_file():
        raise BadRecipe(f"{name!r} lies elsewhere; only ensembles among the models trained here can be deleted")
    files.patiently(lambda: shutil.rmtree(folder))


def expect(title: str, members: Sequence[Path], *, home: Home) -> Path:
    """Run folder of an ensemble that waits for its members to be trained, each into its model's folder.

    The one that waits for the same already, where there is one.
    """
    runs = registry.runs_folder(home=home)
    named = [Path(os.path.relpath(member, runs / "any")).as_posix() for member in members]
    for run in sorted(runs.iterdir()):
        if _expected(run)[1] == named:
            return run
    folder = registry.new_run(title, home=home)
    write_json(folder / EXPECTED, {"title": title, "members": named})
    return folder


def complete(folder: Path, *, home: Home) -> Ensemble | None:
    """The ensemble in a run folder, made now where all the models that it waited for are trained; None before.

    What turns out to be no ensemble is told in the log.
    """
    title, named = _expected(folder)
    places = [Path(os.path.normpath(folder / one)) for one in named]
    found = [registry.at(place, home=home) for place in places if finished(place)]
    members = [one for one in found if one is not None]
    if not members or len(members) < len(places):
        return None
    try:
        return make(title, members, folder, home=home)
    except BadRecipe as error:
        _log.warning("%s is no ensemble: %s", title, error)
        return None


def completed_by(member: Path, *, home: Home) -> None:
    """Make the ensembles that waited for this model last."""
    for run in registry.run_folders(home=home):
        if any(Path(os.path.normpath(run / one)) == Path(os.path.normpath(member)) for one in _expected(run)[1]):
            complete(run, home=home)


def _expected(folder: Path) -> tuple[str, list[str]]:
    """Title of an ensemble, and the members that it waits for; none where it waits for nothing."""
    try:
        told = read_json(folder / EXPECTED)
        return str(told["title"]), [str(one) for one in told["members"]]
    except (OSError, ValueError, KeyError, TypeError):
        return "", []


def finished(place: Path) -> bool:
    """Whether a training into a model's folder has ended."""
    return (place / CARD).is_file() and not (place.parent / "resume").is_dir()


def _found(folder: Path, *, home: Home) -> Ensemble | None:
    try:
        return _read(folder, home=home) if (folder / FILE).is_file() else None
    except BadCheckpoint:
        return None


def _read(folder: Path, *, home: Home) -> Ensemble:
    """The ensemble in a folder. Raises BadCheckpoint where it, or a member, is not what it was."""
    try:
        card, named = _record(version(folder / FILE))
    except Damaged as error:
        raise BadCheckpoint(str(error)) from None
    except (OSError, ValueError, KeyError, TypeError) as error:  # pydantic's errors are children of ValueError
        first = " ".join(str(error).split())[:300]
        raise BadCheckpoint(f"{folder / FILE} is no ensemble of this version: {first}") from None
    members = tuple(_member(folder, one, home=home) for one in named)
    if _digest(members) != card.weights_sha256:
        raise BadCheckpoint(f"a member of ensemble {folder.name!r} was trained anew since; make the ensemble again")
    first_one = members[0]
    name = folder.name if folder.parent == registry.runs_folder(home=home) else str(folder)
    return Ensemble(name, card.name, folder, False, first_one.views, first_one.recipe, card, members=members)


@cached(256)
def _record(file: FileVersion) -> tuple[Card, tuple[str, ...]]:
    values: Any = read_json(file.path, MOST_BYTES)
    if values["format"] != FORMAT:
        raise ValueError(f"it has format {values['format']!r}, and this version reads format {FORMAT}")
    named = tuple(str(one) for one in values["members"])
    if len(named) < FEWEST:
        raise ValueError(f"it names {len(named)} members")
    return Card.model_validate(values["card"]), named


def _digest(members: Sequence[Model]) -> str:
    weights = [f"{one.card.weights_sha256} {one.card.seed}" for one in members if one.card]
    return hashlib.sha256(" ".join(weights).encode()).hexdigest()


def _member(folder: Path, path: str, *, home: Home) -> Model:
    place = Path(os.path.normpath(folder / path))
    found = registry.at(place, home=home)
    if found is None:
        gone = place.parent.name if place.name == "model" else place.name
        raise BadCheckpoint(f"member {gone!r} of ensemble {folder.name!r} is gone or damaged; make the ensemble again")
    return found


def _predicted(member: Model) -> Any:
    """The predictions that a training left, with its split and labels."""
    if place := _predictions_of(member):
        return frame(place.read_bytes())
    raise BadRecipe(f"{member.name!r} has no predictions of its training beside it, which an ensemble is scored by")


def _predictions_of(member: Model) -> Path | None:
    places = (member.folder / _PREDICTIONS, member.folder.parent / _PREDICTIONS)
    return next((place for place in places if place.is_file()), None)


def _calibration(
    members: Sequence[Model], middle: np.ndarray, apart: np.ndarray, validation: np.ndarray, truth: np.ndarray
) -> Calibration | None:
    """The members' calibration rows, which they share, with the mean and spread of what they predict there."""
    each = [calibration.calibration(member) for member in members]
    found = [one for one in each if one is not None]
    if len(found) < len(members):
        return None
    if any(not np.array_equal(one.truth, found[0].truth, equal_nan=True) for one in found):
        return Calibration(found[0].kinds, truth[validation], middle[validation], apart[validation], apart=False)
    predicted = [one.prediction for one in found]
    clean = all(one.apart for one in found)
    return Calibration(found[0].kinds, found[0].truth, mean(predicted), spread(predicted), clean)


def _card(
    title: str,
    members: Sequence[Model],
    digests: str,
    scores: dict[str, metrics.Scores],
    per_task: dict[str, dict[str, metrics.Scores]],
) -> Card:
    cards = [member.card for member in members if member.card]
    seeds = ", ".join(str(card.seed) for card in cards)
    update = {
        "name": title,
        "metrics": scores,
        "per_task": per_task,
        "weights_sha256": digests,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "seconds": sum(card.seconds for card in cards),
        "parameters": sum(card.parameters for card in cards),
        "peak_megabytes": max(card.peak_megabytes for card in cards),
        "epochs_run": sum(card.epochs_run for card in cards),
        "encoder_epochs": sum(card.encoder_epochs for card in cards),
        "notes": (f"the mean over {len(cards)} models with seeds {seeds}", *cards[0].notes),
    }
    return cards[0].model_copy(update=update)
