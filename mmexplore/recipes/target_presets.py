"""Ready recipes of the encoders that teach MMFRL's graph encoder: SMILES, 13C spectrum and image (its table C.1)."""

from collections.abc import Callable, Mapping
from functools import partial

from mmexplore.recipes.recipe import Branch, Data, PretrainingConfig, Recipe, Training

_BIG_TRANSFORMER = {"layers": 6, "heads": 12, "hidden_size": 768, "dimension": 768}
_TARGETS: dict[str, tuple[Branch, str, Training]] = {
    "smiles": (
        Branch(encoder="smiles_transformer", name="smiles", options=_BIG_TRANSFORMER, features={"max_length": 300}),
        "masked_smiles",
        Training(epochs=30, batch_size=128, learning_rate=1e-4, schedule="noam"),
    ),
    "spectrum": (
        Branch(encoder="spectrum_cnn", name="nmr_spectrum", options={"dimension": 768}),
        "autoencoder",
        Training(epochs=50, batch_size=128),
    ),
    "image": (Branch(encoder="picture_cnn", name="image"), "autoencoder", Training(epochs=30, batch_size=128)),
}


def _paper(name: str) -> Recipe:
    branch, pretraining, training = _TARGETS[name]
    data = Data(dataset="nmrshiftdb2", split="random", fractions=(0.9, 0.05, 0.05))
    chosen = PretrainingConfig(name=pretraining)
    return Recipe(name=name, data=data, branches=(branch,), pretraining=chosen, training=training)


def _quick(recipe: Recipe) -> Recipe:
    """The encoder's own, smaller sizes, pictures of 64 pixels, five epochs."""
    (branch,) = recipe.branches
    features = {"side_px": 64} if branch.reads == "image" else {}
    small = Branch(encoder=branch.encoder, name=branch.name, features=features)
    shorter = {"epochs": 5, "batch_size": 64, "learning_rate": 1e-3, "warmup_epochs": 0.5}
    training = recipe.training.model_copy(update=shorter)
    return recipe.model_copy(update={"branches": (small,), "training": training})


TARGETS: Mapping[str, Callable[[], Recipe]] = {name: partial(_paper, name) for name in _TARGETS}
"""By name, the sizes that the paper names; how they are trained is our choice, for it takes them ready-made."""
VERSIONS: Mapping[str, Callable[[Recipe], Recipe]] = {"paper": lambda recipe: recipe, "quick": _quick}
"""Versions of each."""
