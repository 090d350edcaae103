"""Checkpoint folder: weights.safetensors, recipe.json, card.json. No pickle: a folder from anywhere is safe to read.

A README.md beside them tells people what they are; a folder is as whole without it.

The card is written last and holds the digest of the weights, so a folder with a card is whole, and a folder that was
damaged or put together from two is refused. :func:`read` imports no torch: screens list models at once.
"""

import hashlib
import math
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError

from mmexplore.datasets import Task
from mmexplore.datasets.splits.nearest import NearestTraining
from mmexplore.models.calibration import Coverage
from mmexplore.models.exchange import model_card
from mmexplore.recipes.recipe import MOST_BYTES, Recipe, parse
from mmexplore.runtime import provenance, seals
from mmexplore.runtime.cache import FileVersion, cached, version
from mmexplore.runtime.errors import BadCheckpoint, BadRecipe, Damaged, UnknownName
from mmexplore.runtime.files import whole_or_gone
from mmexplore.runtime.home import read_json, write_atomically, write_json

if TYPE_CHECKING:
    from mmexplore.nn.model import Predictor

FORMAT: Literal[1] = 1
WEIGHTS, RECIPE, CARD = "weights.safetensors", "recipe.json", "card.json"
_NO_WEIGHTS = (2).to_bytes(8, "little") + b"{}"  # a safetensors file that holds nothing


def _finite_only(found: Any) -> Any:
    """Scores that are numbers; former versions wrote what was none as null."""
    return {k: v for k, v in found.items() if _is_finite(v)} if isinstance(found, dict) else found


def _is_finite(value: Any) -> bool:
    return value is not None and not (isinstance(value, float) and not math.isfinite(value))


Scores = Annotated[dict[str, float], BeforeValidator(_finite_only)]
"""Scores by name, each finite: what cannot be computed is left out."""
Amount = Annotated[float, BeforeValidator(lambda value: value if _is_finite(value) else 0.0)]
"""A measured number, 0 where it could not be."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class DataUsed(_Part):
    """Training data of a model: ``rows`` molecules, the tasks that were trained, and the digest of what it held."""

    name: str
    digest: str
    rows: int
    tasks: tuple[Task, ...]


class SplitUsed(_Part):
    """Split of a training: rule, seed, and molecules in train, validation and test.

    Scores of different rules are not comparable. ``calibration``: how many of the validation part chose no epoch;
    ``options``: what the rule was told besides, in words; ``digest`` of the molecules of its parts; ``nearest``: how
    like the training part the test part is. Version 0.1 kept none of these four.
    """

    rule: str
    seed: int
    sizes: tuple[int, int, int]
    calibration: int = 0
    options: str = ""
    digest: str = ""
    nearest: NearestTraining | None = None


class Card(_Part):
    """Model card: what a model says of itself.

    ``metrics`` and ``per_task`` are by part (validation, test), the second then by task; ``seconds`` the training's,
    ``epochs_run`` those done, ``best_epoch`` the one whose weights were kept (from 1), ``encoder_epochs`` passes of all
    encoders that learned, together: what recipes are compared at; ``coverage`` of the test part by intervals or sets,
    a task each.
    ``untrained``: the weights are those that the recipe's seed draws, and the folder holds none. ``overlap``: of a
    shipped pre-training how many molecules of each set that models are judged on were in its corpus, without labels.
    """

    format: Literal[1] = FORMAT
    name: str
    data: DataUsed
    split: SplitUsed
    seed: int
    metrics: dict[str, Scores]
    per_task: dict[str, dict[str, Scores]] = {}
    coverage: tuple[Coverage, ...] = ()
    epochs_run: int
    best_epoch: int
    encoder_epochs: int = 0
    seconds: Amount
    molecules_per_second: Amount = 0.0
    peak_megabytes: Amount = 0.0
    parameters: int = 0
    numerics: str = ""
    weights_sha256: str = ""
    created: str = ""
    commit: str = ""
    versions: dict[str, str] = {}
    machine: str = ""
    notes: tuple[str, ...] = ()
    untrained: bool = False
    overlap: dict[str, int] = {}


def save(folder: Path, predictor: "Predictor", recipe: Recipe, card: Card) -> Card:
    """Write the three files; returns the card with date, code, machine and weights' digest filled in."""
    from safetensors.torch import save as to_bytes

    weights = to_bytes({k: v.detach().cpu().contiguous() for k, v in predictor.state_dict().items()})
    facts = {
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "parameters": sum(p.numel() for p in predictor.parameters()),
        "commit": provenance.commit(),
        "versions": provenance.versions(),
        "machine": card.machine or provenance.machine(),
    }
    (folder / CARD).unlink(missing_ok=True)
    return write(folder, weights, recipe, card.model_copy(update=facts))


def write(folder: Path, weights: bytes, recipe: Recipe, card: Card) -> Card:
    """Write the three files from a safetensors file's content; returns the card with its digest filled in."""
    card = card.model_copy(update={"weights_sha256": hashlib.sha256(weights).hexdigest()})
    with whole_or_gone(folder):
        write_atomically(folder / WEIGHTS, weights)
        write_json(folder / RECIPE, recipe.model_dump(mode="json"))
        if not card.untrained:
            write_readme(folder, recipe, card)
        write_json(folder / CARD, card.model_dump(mode="json"))
    return card


def write_readme(folder: Path, recipe: Recipe, card: Card) -> None:
    """Write the model card that people and hubs read."""
    write_atomically(folder / model_card.README, model_card.text(recipe, card).encode(), sealed=False)


def digest(folder: Path) -> str:
    """Model digest: sixteen hex digits of weights and recipe. Raises BadCheckpoint where they cannot be read."""
    try:
        return _digest(version(folder / WEIGHTS), seals.read(folder / RECIPE))
    except Damaged as error:
        raise BadCheckpoint(str(error)) from None
    except OSError as error:
        raise BadCheckpoint(f"{folder} is not a model: {error.strerror or error}") from None


@cached(64)
def _digest(weights: FileVersion, recipe: bytes) -> str:
    with weights.path.open("rb") as file:
        return hashlib.sha256(hashlib.file_digest(file, "sha256").digest() + recipe).hexdigest()[:16]


def read(folder: Path) -> tuple[Recipe, Card]:
    """Recipe and card of a model folder, without its weights. Raises BadCheckpoint."""
    folder = Path(folder)
    for name in (CARD, RECIPE, WEIGHTS):
        if not (folder / name).is_file():
            raise BadCheckpoint(f"{folder} is no model folder: {name} is missing; it needs {WEIGHTS}, {RECIPE}, {CARD}")
    return _recipe(folder), _card(folder)


def save_untrained(folder: Path, recipe: Recipe, tasks: tuple[Task, ...]) -> None:
    """Untrained checkpoint, a folder without weights: :func:`load` draws them from the recipe's seed.

    Costs no torch, and is small.
    """
    seed = recipe.training.seed
    card = Card(
        name="untrained",
        data=DataUsed(name="", digest="", rows=0, tasks=tasks),
        split=SplitUsed(rule="none", seed=0, sizes=(0, 0, 0)),
        seed=seed,
        metrics={},
        epochs_run=0,
        best_epoch=0,
        seconds=0.0,
        notes=(f"nothing was trained: the weights are those that seed {seed} draws",),
        untrained=True,
    )
    write(folder, _NO_WEIGHTS, recipe.model_copy(update={"name": "untrained"}), card)


def load(folder: Path) -> "Predictor":
    """The model in a folder, on the CPU, in evaluation mode. Raises BadCheckpoint."""
    from safetensors import SafetensorError
    from safetensors.torch import load as from_bytes

    from mmexplore.nn.model import Predictor

    recipe, card = read(folder)
    content = (Path(folder) / WEIGHTS).read_bytes()
    if card.weights_sha256 and hashlib.sha256(content).hexdigest() != card.weights_sha256:
        raise BadCheckpoint(
            f"{Path(folder) / WEIGHTS} is not what its card names: it was damaged, or is another model's"
        )
    if card.untrained:
        return _fresh(recipe, card.data.tasks)
    predictor = Predictor(recipe, card.data.tasks)
    try:
        predictor.load_state_dict(from_bytes(content))
    except (SafetensorError, RuntimeError) as error:
        first = " ".join(str(error).split())[:300]
        raise BadCheckpoint(f"the weights in {folder} do not fit its recipe: {first}") from None
    return predictor.eval()


def _fresh(recipe: Recipe, tasks: tuple[Task, ...]) -> "Predictor":
    """The weights that a training of this recipe begins with."""
    import torch

    from mmexplore.nn.model import Predictor

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(recipe.training.seed)
        return Predictor(recipe, tasks).eval()


def _recipe(folder: Path) -> Recipe:
    try:
        return parse(read_json(folder / RECIPE, MOST_BYTES))
    except Damaged as error:
        raise BadCheckpoint(str(error)) from None
    except (OSError, ValueError, BadRecipe, UnknownName) as error:
        raise BadCheckpoint(f"{folder / RECIPE} is no recipe of this version: {error}") from None


def _card(folder: Path) -> Card:
    try:
        values = read_json(folder / CARD, MOST_BYTES)
        if isinstance(values, dict) and values.get("format") != FORMAT:
            raise BadCheckpoint(f"{folder} has format {values.get('format')!r}, and this version reads format {FORMAT}")
        return Card.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise BadCheckpoint(f"{folder / CARD} is no card of this version: {where}: {first['msg']}") from None
    except Damaged as error:
        raise BadCheckpoint(str(error)) from None
    except (OSError, ValueError, RecursionError) as error:
        raise BadCheckpoint(f"{folder / CARD} is not JSON: {error}") from None
