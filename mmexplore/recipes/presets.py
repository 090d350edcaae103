"""Ready recipes by name: the published models as the papers give them, and the same cut short for a first look.

:func:`preset` gives recipes that learn labels, :func:`pretraining` those that learn without.
"""

from collections.abc import Callable
from functools import cache, partial
from typing import Any

from mmexplore.recipes import baseline_presets, target_presets
from mmexplore.recipes.recipe import Branch, Data, FusionConfig, PretrainingConfig, Recipe, Training
from mmexplore.runtime.errors import UnknownName

SHIPPED_MMSA, SHIPPED_MMFRL = "mmsa", "mmfrl"
"""The shipped pre-trained models that recipes begin with."""
MMFRL_MODALITIES = ("smiles", "nmr_spectrum", "image", "fingerprint", "nmr_peaks")
"""What the replicas of MMFRL's graph encoder learn from, and are named by."""
CEILING, PATIENCE = 100, 15
"""Epochs at most, and epochs without a better validation, of whatever is trained until it settles."""
VECTORS = {"descriptors": "descriptor_mlp", "fingerprint": "fingerprint_mlp", "foundation": "foundation_mlp"}
"""Modalities that are a row of numbers, each with its small encoder."""
_SMALL: dict[str, dict[str, Any]] = {"image": {"side_px": 64}, "graph3d": {"conformers": 1, "mmff": "off"}}


def _gin() -> Recipe:
    """MMSA's downstream model (section V-A) from scratch: five GIN layers of 256, linear head, 100 epochs at 1e-3."""
    return Recipe(
        name="gin",
        branches=(Branch(encoder="gin"),),
        fusion=FusionConfig(options={"hidden_layers": 0}),
        training=Training(epochs=100, learning_rate=1e-3),
    )


def _dmpnn() -> Recipe:
    """MMFRL's model without pre-training: D-MPNN of 300, one hidden layer of 300, Noam schedule, 100 epochs."""
    return Recipe(
        name="dmpnn",
        branches=(Branch(encoder="dmpnn"),),
        fusion=FusionConfig(options={"hidden_layers": 1, "hidden_size": 300}),
        training=Training(epochs=100, batch_size=256, schedule="noam"),
    )


def _mmsa() -> Recipe:
    """MMSA fine-tuned as the paper does it: the pre-trained GIN alone, with a linear head."""
    return _gin().model_copy(
        update={"name": "mmsa", "branches": (Branch(encoder="gin", name="graph2d", start=SHIPPED_MMSA),)}
    )


def _mmsa_unified() -> Recipe:
    """MMSA's three branches and their unified embedding, fine-tuned together; this project's addition."""
    return Recipe(
        name="mmsa_unified",
        branches=tuple(b.model_copy(update={"start": SHIPPED_MMSA}) for b in _three_branches(_SMALL)),
        fusion=FusionConfig(name="unified", start=SHIPPED_MMSA, options={"standardise": True}),
        training=Training(epochs=100, learning_rate=1e-3),
    )


def _replicas(*names: str) -> tuple[Branch, ...]:
    return tuple(Branch(encoder="dmpnn", name=name, start=SHIPPED_MMFRL) for name in names)


def _frozen_replicas() -> tuple[Branch, ...]:
    return tuple(branch.model_copy(update={"frozen": True}) for branch in _replicas(*MMFRL_MODALITIES))


def _mmfrl_one(name: str) -> Recipe:
    """The replica that one modality taught (or, ``early``, several together), fine-tuned alone as MMFRL does it."""
    return _dmpnn().model_copy(
        update={"name": f"mmfrl_{name}", "data": Data(split="scaffold_balanced"), "branches": _replicas(name)}
    )


def _mmfrl_intermediate() -> Recipe:
    """MMFRL's intermediate fusion (equation 8): five replicas, 5 x 300 to 300, linear head, 100 epochs."""
    fused = {"name": "mmfrl_intermediate", "branches": _replicas(*MMFRL_MODALITIES)}
    return _mmfrl_one("early").model_copy(update=fused | {"fusion": FusionConfig(name="intermediate")})


def _mmfrl_late() -> Recipe:
    """MMFRL's late fusion (equations 9 to 11): five replicas, each with a readout and a gate of its own, 50 epochs."""
    late = _mmfrl_intermediate()
    training = late.training.model_copy(update={"epochs": 50})
    return late.model_copy(update={"name": "mmfrl_late", "fusion": FusionConfig(name="late"), "training": training})


def _vectors(name: str) -> Recipe:
    """A small network over descriptors, fingerprint counts or a foundation model's fingerprint alone."""
    branch = Branch(encoder=VECTORS[name], name=name)
    return _dmpnn().model_copy(update={"name": name, "branches": (branch,)})


def _with_vectors(fusion: str) -> Recipe:
    """Five replicas of MMFRL beside descriptors and fingerprint counts, fused; this project's addition."""
    names = {"descriptors": "descriptors", "fingerprint": "counts"}  # a replica is called fingerprint
    vectors = tuple(Branch(encoder=VECTORS[kind], name=name) for kind, name in names.items())
    fused = {"name": f"all_{fusion}", "branches": _replicas(*MMFRL_MODALITIES) + vectors}
    return _mmfrl_one("early").model_copy(update=fused | {"fusion": FusionConfig(name=fusion)})


_PRESETS: dict[str, Callable[[], Recipe]] = {
    "dmpnn": _dmpnn,
    "gin": _gin,
    "mmsa": _mmsa,
    "mmsa_unified": _mmsa_unified,
    "mmfrl_intermediate": _mmfrl_intermediate,
    "mmfrl_late": _mmfrl_late,
    **{f"mmfrl_{name}": partial(_mmfrl_one, name) for name in (*MMFRL_MODALITIES, "early")},
    **{name: partial(_vectors, name) for name in VECTORS},
    "all_intermediate": partial(_with_vectors, "intermediate"),
    "all_late": partial(_with_vectors, "late"),
    **baseline_presets.ready(_frozen_replicas),
}


def preset_names() -> tuple[str, ...]:
    """Names that :func:`preset` knows."""
    return tuple(_PRESETS)


def preset(name: str, *, quick: bool = False, settled: bool = False) -> Recipe:
    """A ready recipe; ``quick`` shortens it to 20 epochs that stop early, ``settled`` trains it until it settles.

    Baselines have no epochs and are the same in every version. Raises UnknownName.

    >>> preset("gin").branches[0].encoder
    'gin'
    """
    if name not in _PRESETS:
        raise UnknownName("recipe", name, _PRESETS)
    recipe = _made(name)
    if not recipe.predicts_by_fusion or not (quick or settled):
        return recipe
    if settled:
        return until_it_settles(recipe)
    training = recipe.training.model_copy(update={"epochs": 20, "patience": 5, "batch_size": 64})
    return recipe.model_copy(update={"training": training})


@cache
def _made(name: str) -> Recipe:
    return _PRESETS[name]()


def until_it_settles(recipe: Recipe) -> Recipe:
    """The one rule under which trained networks are compared: a ceiling of epochs, and patience with the validation.

    Batches of 64, as most sets have a thousand molecules; the score that is watched stays the recipe's.
    """
    training = recipe.training.model_copy(update={"epochs": CEILING, "patience": PATIENCE, "batch_size": 64})
    return recipe.model_copy(update={"training": training})


def _three_branches(features: dict[str, dict[str, Any]]) -> tuple[Branch, ...]:
    """2D graph, image and 3D graph, by the names of their modalities, these with options."""
    return (
        Branch(encoder="gin", name="graph2d"),
        Branch(encoder="resnet", name="image", start="hub:microsoft/resnet-18", features=features.get("image", {})),
        Branch(encoder="comenet", name="graph3d", features=features.get("graph3d", {})),
    )


def _pretrain_mmsa() -> Recipe:
    """MMSA's pre-training (section V-A): three modalities, 100,000 molecules, 30 epochs, batch 128, 1e-3.

    The paper draws them from GEOM-Drugs, which is not to be had without a download by hand: ``data.dataset`` takes it.
    """
    return Recipe(
        name="mmsa",
        data=Data(dataset="zinc250k", molecules=100_000, split="random", fractions=(0.9, 0.05, 0.05)),
        branches=_three_branches({}),
        pretraining=PretrainingConfig(name="mmsa"),
        training=Training(epochs=30, batch_size=128, learning_rate=1e-3),
    )


def _section_v_g(recipe: Recipe) -> Recipe:
    """The paper's section V-G prints lambda 0.7 and alpha 0.2."""
    settings = ["pretraining.options.alignment_weight=0.7", "pretraining.options.memory_weight=0.2"]
    return recipe.with_settings(settings)


def _steady(recipe: Recipe) -> Recipe:
    """Features and norms that cannot collapse (docs/decisions.md says how the printed ones do)."""
    options = {"standardise": "true", "detach_targets": "true", "norms": "per_dimension"}
    return recipe.with_settings(f"pretraining.options.{name}={value}" for name, value in options.items())


def _quick(recipe: Recipe) -> Recipe:
    """What learns most in five epochs: steady, small pictures, one conformer as it was embedded, hyperedges of two."""
    small = _steady(recipe.model_copy(update={"branches": _three_branches(_SMALL)}))
    settings = ["pretraining.options.neighbours=2", "branches.0.options.dropout=0"]
    return small.with_settings([*settings, "training.epochs=5", "training.schedule=noam", "training.warmup_epochs=1"])


def _pretrain_mmfrl() -> Recipe:
    """MMFRL's pre-training (appendix D.1): five replicas and one for early fusion, 200 epochs, batch 256, Adam 1e-3."""
    return Recipe(
        name="mmfrl",
        data=Data(dataset="nmrshiftdb2", split="random", fractions=(0.9, 0.05, 0.05)),
        branches=tuple(Branch(encoder="dmpnn", name=name) for name in (*MMFRL_MODALITIES, "early")),
        pretraining=PretrainingConfig(name="relational"),
        training=Training(epochs=200, batch_size=256, learning_rate=1e-3),
    )


def _released_code(recipe: Recipe) -> Recipe:
    """What MMFRL's published code does where it differs from the paper."""
    settings = ["pretraining.options.transposed=true", "training.weight_decay=0.001", "training.batch_size=128"]
    return recipe.with_settings(settings)


def _quick_mmfrl(recipe: Recipe) -> Recipe:
    """Sharper relations, which tell more in fewer steps, and ten epochs."""
    return recipe.with_settings(["pretraining.options.temperature=0.1", "training.epochs=10"])


def _pretrain_joint() -> Recipe:
    """Spectra and structures in one space: MMFRL's NMR branch and its graph encoder; held-out scaffolds are the test.

    How they are joined is this project's own: MMFRL relates each branch to itself.
    """
    structure = Branch(encoder="dmpnn", name="structure", options={"depth": 4, "readout": "sum"})
    spectrum = Branch(encoder="spectrum_cnn", name="spectrum")
    return Recipe(
        name="joint",
        data=Data(dataset="nmrshiftdb2", split="scaffold"),
        branches=(structure, spectrum),
        pretraining=PretrainingConfig(name="joint"),
        training=Training(epochs=60, batch_size=256, learning_rate=1e-3, schedule="noam"),
    )


def _quick_joint(recipe: Recipe) -> Recipe:
    """A spectrum as the sum of its peaks, which is quicker to run and to learn, a narrower graph, and 30 epochs."""
    structure = Branch(encoder="dmpnn", name="structure", options={"depth": 4, "readout": "sum", "hidden_size": 256})
    spectrum = Branch(encoder="spectrum_peaks", name="spectrum")
    return recipe.model_copy(update={"branches": (structure, spectrum)}).with_settings(["training.epochs=30"])


_PRETRAININGS: dict[str, Callable[[], Recipe]] = {
    "mmsa": _pretrain_mmsa,
    "mmfrl": _pretrain_mmfrl,
    "joint": _pretrain_joint,
    **target_presets.TARGETS,
}
_VERSIONS: dict[str, dict[str, Callable[[Recipe], Recipe]]] = {
    "mmsa": {"paper": lambda recipe: recipe, "quick": _quick, "V-G": _section_v_g, "steady": _steady},
    "mmfrl": {"paper": lambda recipe: recipe, "quick": _quick_mmfrl, "released code": _released_code},
    "joint": {"paper": lambda recipe: recipe, "quick": _quick_joint},
    **{name: dict(target_presets.VERSIONS) for name in target_presets.TARGETS},
}


def pretraining_names() -> tuple[str, ...]:
    """Names that :func:`pretraining` knows."""
    return tuple(_PRETRAININGS)


def versions(name: str) -> tuple[str, ...]:
    """Versions of a pre-training: "paper" as published, "steady" without its collapse, "quick" for a first look, ..."""
    return tuple(_VERSIONS[name])


def pretraining(name: str, version: str = "paper") -> Recipe:
    """A ready recipe that learns without labels. Raises UnknownName.

    >>> pretraining("mmsa").views
    ('graph2d', 'image', 'graph3d', 'unified', 'structure-aware', 'memory-aligned')
    """
    if name not in _PRETRAININGS:
        raise UnknownName("pre-training", name, _PRETRAININGS)
    if version not in _VERSIONS[name]:
        raise UnknownName("version", version, _VERSIONS[name])
    return _VERSIONS[name][version](_PRETRAININGS[name]())
