"""Recipe schema: everything about a model that a person may choose; form, flags and JSON are drawn from it.

Adding a hyper-parameter is adding a field here, or a keyword option to an encoder or a fusion. The published
models are recipes made of the same parts (``gin``: MMSA's downstream baseline, ``dmpnn``: MMFRL's without
pre-training), so that what is compared is the same kind of thing. A recipe with a pre-training describes learning
without labels: it has no fusion and no targets, and other recipes begin with what it left (``start``). One with a
baseline fits that at once to what frozen branches make of a molecule; one with a stack weighs whole models.
Ready ones are in :mod:`mmexplore.recipes.presets`.
"""

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from mmexplore.chem.file_endings import FORMATS
from mmexplore.runtime.errors import BadRecipe
from mmexplore.runtime.home import parse_json, read_json
from mmexplore.runtime.registry import BASELINES, ENCODERS, FUSIONS, MODALITIES, PRETRAININGS, OneOf, Range

APART = 0.5
"""Share of the validation part that chooses no epoch, unless a recipe says another."""
FEATURES = "features"
"""The view of what a baseline reads: its branches side by side."""

MOST_SEED = 2**32 - 1
MOST_WEIGHT = 1_000_000
MOST_BYTES = 4_000_000
MOST_BRANCHES, MOST_WEIGHTS = 16, 1_000_000_000
"""A recipe comes from anywhere: what is beyond these is refused before any memory is taken."""
_MOST_DEPTH, _MOST_VALUES, _MOST_CHARACTERS, _MOST_NUMBER = 20, 20_000, 10_000, 2**63


class Section(BaseModel):
    """A frozen part of a recipe; unknown keys are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


_SPLITS = "scaffold: deterministic, largest to train; scaffold_balanced: chemprop v1's seeded rule; random; cluster: "
_SPLITS += "seeded, Butina's clusters whole; kfold: one fold of a cross-validation; column, time: as a column of the "
_SPLITS += "data set says; file: as a file says"
UNSEEDED = ("scaffold", "column", "time", "file")
"""Splits that no seed changes."""
SPLITS = ("scaffold", "scaffold_balanced", "random", "cluster", "kfold", "column", "time", "file")
BY_STRUCTURE = ("scaffold", "scaffold_balanced", "random", "cluster", "kfold")
"""Splits that need nothing but structures."""


class Data(Section):
    """Which molecules, which labels, and how they are split."""

    dataset: Annotated[str, Field(description=f"name of a data set, or a path to a {FORMATS} file")] = "solubility"
    targets: Annotated[tuple[str, ...], Field(description="label columns; empty: the data set's own")] = ()
    without: Annotated[
        tuple[str, ...],
        Field(description="data sets whose molecules, told by the first block of an InChIKey, take no part"),
    ] = ()
    molecules: Annotated[
        int, Field(ge=0, description="molecules of a pre-training, drawn at random by the split's seed; 0: all")
    ] = 0
    split: Annotated[
        Literal["scaffold", "scaffold_balanced", "random", "cluster", "kfold", "column", "time", "file"],
        Field(description=_SPLITS),
    ] = "scaffold"
    split_seed: Annotated[int, Field(ge=0, le=MOST_SEED, description="seed of the split (scaffold has none)")] = 0
    fractions: Annotated[tuple[float, float, float], Field(description="train, validation, test")] = (0.8, 0.1, 0.1)
    split_column: Annotated[
        str, Field(description="column: the one that says train, valid or test; time: that of a date or a number")
    ] = ""
    split_file: Annotated[str, Field(description="file: a table of names or SMILES, and the part of each")] = ""
    cluster_similarity: Annotated[
        float, Field(gt=0, lt=1, description="cluster: Tanimoto (ECFP4) from which two molecules are neighbours")
    ] = 0.35
    folds: Annotated[int, Field(ge=2, le=100, description="kfold: parts, each of which is tested once")] = 5
    fold: Annotated[int, Field(ge=0, le=99, description="kfold: the part that is tested, from 0")] = 0
    folds_by: Annotated[
        Literal["molecule", "scaffold", "cluster"],
        Field(description="kfold: what stays in one fold; scaffold, cluster: new chemistry is tested"),
    ] = "molecule"
    calibration: Annotated[
        float, Field(ge=0, le=0.9, description="share of the validation part that chooses no epoch: for intervals")
    ] = APART
    tuned: Annotated[
        bool, Field(description="a search chose the settings by the validation part, but for its calibration rows")
    ] = False

    @model_validator(mode="after")
    def _fractions_add_up(self) -> Self:
        if abs(sum(self.fractions) - 1) > 1e-6 or min(self.fractions) <= 0:
            raise ValueError(f"fractions must be positive and add up to 1, and {self.fractions} came")
        return self

    @model_validator(mode="after")
    def _fold_is_one(self) -> Self:
        if self.split == "kfold" and self.fold >= self.folds:
            raise ValueError(f"fold is one of {self.folds}, 0 to {self.folds - 1}, and {self.fold} came")
        return self

    def drawn(self, rows: int) -> int:
        """How many take part of so many molecules.

        >>> Data(molecules=100).drawn(642), Data(molecules=100).drawn(40), Data().drawn(642)
        (100, 40, 642)
        """
        return min(self.molecules or rows, rows)

    @property
    def split_options(self) -> str:
        """What a split's rule was told besides seed and fractions, in words; "" where nothing.

        >>> Data(split="kfold", fold=2).split_options, Data().split_options
        ('fold 3 of 5', '')
        """
        words = {
            "column": f"{self.split_column!r}",
            "time": f"by {self.split_column!r}",
            "file": Path(self.split_file).name,
            "cluster": f"at {self.cluster_similarity:g}",
            "kfold": f"fold {self.fold + 1} of {self.folds}" + f" by {self.folds_by}" * (self.folds_by != "molecule"),
        }
        return words.get(self.split, "")


_START = "a pre-trained model to begin with; empty: random weights; hub:NAME: published weights of that name; "
_START += "chemprop:FILE: a checkpoint of chemprop 2, for a dmpnn or an mpnn"


class Branch(Section):
    """One encoder of the model; its name is the name of its view on the map."""

    encoder: Annotated[str, Field(description="which encoder")] = "gin"
    name: Annotated[str, Field(description="name of the view; empty: the encoder's")] = ""
    start: Annotated[str, Field(description=_START)] = ""
    frozen: Annotated[bool, Field(description="its weights stay as they begin; its embedding is computed once")] = False
    options: Annotated[dict[str, Any], Field(description="the encoder's own options")] = {}
    features: Annotated[dict[str, Any], Field(description="options of the modality that it reads")] = {}

    @model_validator(mode="before")
    @classmethod
    def _fill(cls, values: Any) -> Any:
        if not isinstance(values, dict):
            return values
        encoder = values.get("encoder", "gin")
        options = ENCODERS.validated(encoder, values.get("options", {}))
        features = MODALITIES.validated(ENCODERS.attribute(encoder, "reads"), values.get("features", {}))
        return values | {"name": values.get("name") or encoder, "options": options, "features": features}

    @property
    def reads(self) -> str:
        """The modality that its encoder reads."""
        return str(ENCODERS.attribute(self.encoder, "reads"))


class FusionConfig(Section):
    """How the branches become a prediction."""

    name: Annotated[str, Field(description="which fusion")] = "single"
    start: Annotated[str, Field(description="a pre-trained model whose fusing layers begin; empty: random")] = ""
    options: Annotated[dict[str, Any], Field(description="the fusion's own options")] = {}

    @model_validator(mode="before")
    @classmethod
    def _fill(cls, values: Any) -> Any:
        if not isinstance(values, dict):
            return values
        return values | {"options": FUSIONS.validated(values.get("name", "single"), values.get("options", {}))}


class PretrainingConfig(Section):
    """What the branches learn without labels."""

    name: Annotated[str, Field(description="which pre-training; empty: none, labels are learned")] = ""
    options: Annotated[dict[str, Any], Field(description="the pre-training's own options")] = {}

    @model_validator(mode="before")
    @classmethod
    def _fill(cls, values: Any) -> Any:
        if not isinstance(values, dict) or not values.get("name"):
            return values
        return values | {"options": PRETRAININGS.validated(values["name"], values.get("options", {}))}


class BaselineConfig(Section):
    """What is fitted at once to the frozen branches, in place of a fusion."""

    name: Annotated[str, Field(description="which baseline; empty: none, a network is trained")] = ""
    options: Annotated[dict[str, Any], Field(description="the baseline's own options")] = {}

    @model_validator(mode="before")
    @classmethod
    def _fill(cls, values: Any) -> Any:
        if not isinstance(values, dict) or not values.get("name"):
            return values
        return values | {"options": BASELINES.validated(values["name"], values.get("options", {}))}


class Training(Section):
    """How the weights are found."""

    epochs: Annotated[int, Field(ge=1, le=10_000, description="passes over the training set, at most")] = 50
    batch_size: Annotated[
        int, Field(ge=1, le=65_536, description="molecules a step"), OneOf((16, 32, 64, 128, 256))
    ] = 64
    learning_rate: Annotated[
        float, Field(gt=0, le=1, description="Adam's highest learning rate"), Range(1e-4, 1e-2, log=True)
    ] = 1e-3
    schedule: Annotated[
        Literal["constant", "noam"],
        Field(description="noam: linear warm-up from a tenth of the rate, then exponential decay to a tenth"),
        OneOf(("constant", "noam")),
    ] = "constant"
    warmup_epochs: Annotated[float, Field(ge=0, description="epochs of warm-up (noam)")] = 2.0
    weight_decay: Annotated[
        float,
        Field(ge=0, le=1, description="decoupled weight decay (AdamW); 0: Adam"),
        OneOf((0.0, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2)),
    ] = 0.0
    patience: Annotated[
        int, Field(ge=0, description="stop after so many epochs without a better validation; 0: never")
    ] = 0
    watch: Annotated[
        Literal["auto", "roc_auc", "pr_auc", "cross_entropy", "rmse", "mae"],
        Field(description="the validation score that chooses the weights; auto: roc_auc for classes, rmse for values"),
    ] = "auto"
    class_weights: Annotated[
        Literal["none", "balanced", "given"],
        Field(description="in the loss; balanced: both classes of a task weigh the same; given: as positive_weights"),
    ] = "none"
    positive_weights: Annotated[
        tuple[float, ...],
        Field(description="given: how much a label 1 weighs beside a label 0, one number or one a task"),
    ] = ()
    task_weights: Annotated[
        tuple[float, ...],
        Field(description="how much each task weighs in the loss, in the targets' order; empty: alike"),
    ] = ()
    seed: Annotated[int, Field(ge=0, le=MOST_SEED, description="seed of weights, order and dropout")] = 0
    device: Annotated[Literal["auto", "cpu", "cuda", "mps"], Field(description="where it runs")] = "auto"
    devices: Annotated[
        int, Field(ge=1, le=64, description="processes that share each batch, one a GPU, on every node")
    ] = 1
    nodes: Annotated[int, Field(ge=1, le=1024, description="machines, on which torchrun or SLURM starts them")] = 1
    precision: Annotated[
        Literal["auto", "float32", "bfloat16"],
        Field(description="auto: what the self-check found fast and exact enough"),
    ] = "auto"

    @model_validator(mode="after")
    def _weights_weigh(self) -> Self:
        for name in ("positive_weights", "task_weights"):
            weights = getattr(self, name)
            if any(not 0 < weight <= MOST_WEIGHT for weight in weights):
                raise ValueError(f"{name} are numbers above 0, {MOST_WEIGHT:,} at most, and {weights} came")
        if (self.class_weights == "given") != bool(self.positive_weights):
            raise ValueError(
                "class_weights 'given' go with positive_weights, such as 5, and "
                f"{self.class_weights!r} came with {self.positive_weights or 'none'}"
            )
        return self

    @property
    def processes(self) -> int:
        """How many processes share each batch."""
        return self.devices * self.nodes

    @property
    def weighs(self) -> bool:
        """Whether labels weigh differently in the loss."""
        return self.class_weights != "none" or bool(self.task_weights)


class Member(Section):
    """A model within a stack: what a recipe says of it beside data and seed, which are the stack's."""

    name: Annotated[str, Field(description="name of the member and of its view")]
    branches: tuple[Branch, ...] = (Branch(),)
    fusion: FusionConfig = FusionConfig()
    baseline: BaselineConfig = BaselineConfig()
    training: Training = Training()


class StackConfig(Section):
    """Late fusion of whole models, weighed by what they predict of training molecules that they have not seen."""

    members: Annotated[tuple[Member, ...], Field(description="models that are weighed, two or more")] = ()
    folds: Annotated[int, Field(ge=2, le=20, description="parts of the training set, each left out once")] = 5
    gates: Annotated[
        Literal["constant", "learned"], Field(description="a weight a member, or one of each molecule, learned")
    ] = "constant"
    shrinkage: Annotated[
        float, Field(ge=0, le=1, description="how far the weights are drawn from the fitted ones to equal ones")
    ] = 0.0


_SEEDS: Any = {"data": {"split_seed", "fold"}, "training": {"seed", "device", "devices", "nodes"}, "name": True}


class Recipe(Section):
    """A whole model: data, branches, and a fusion, a baseline or a pre-training, and training; or a stack of models."""

    name: str = "custom"
    data: Data = Data()
    branches: tuple[Branch, ...] = (Branch(),)
    fusion: FusionConfig = FusionConfig()
    pretraining: PretrainingConfig = PretrainingConfig()
    baseline: BaselineConfig = BaselineConfig()
    stack: StackConfig = StackConfig()
    training: Training = Training()

    @model_validator(mode="after")
    def _parts_fit(self) -> Self:
        if self.stacks:
            return self._members_fit()
        names = [branch.name for branch in self.branches]
        if not names:
            raise ValueError("a recipe needs a branch, or a stack two members or more, and none came")
        if len(set(names)) < len(names):
            raise ValueError(f"a recipe needs branches with names of their own, and {names} came")
        if self.pretrains and self.baseline.name:
            raise ValueError(f"a pre-training learns without labels, and baseline {self.baseline.name!r} came with it")
        if len(names) > MOST_BRANCHES:
            raise ValueError(f"a recipe has {MOST_BRANCHES} branches at most, and {len(names):,} came")
        if (weights := sum(_weights(branch.options) for branch in self.every_branch)) > MOST_WEIGHTS:
            raise ValueError(
                f"its layers and sizes make about {weights:,} weights, and {MOST_WEIGHTS:,} is the most that is made; "
                "fewer layers or a smaller hidden_size would do"
            )
        if self.predicts_by_fusion and self.fusion.name == "single" and len(names) > 1:
            raise ValueError(f"fusion 'single' takes one branch, and {len(names)} came: {', '.join(names)}")
        if self.baseline.name and FEATURES in names:
            raise ValueError(f"a baseline's own view is called {FEATURES!r}; give that branch another name")
        if self.pretrains and any(branch.frozen for branch in self.branches):
            raise ValueError("a pre-training teaches its branches, and a frozen one learns nothing: unfreeze it")
        return self._check_options()

    def _check_options(self) -> Self:
        for branch in self.every_branch:
            if self.modalities[branch.reads] != branch.features:
                raise ValueError(f"branches that read {branch.reads!r} must read it with the same options")
        return self

    def _members_fit(self) -> Self:
        names = [member.name for member in self.stack.members]
        if self.training.weighs:
            raise ValueError("a stack's members are weighed each by its own training section, and the stack's came")
        if self.branches or self.baseline.name or self.pretrains:
            raise ValueError("a stack is made of its members: it has no branches, baseline or pre-training of its own")
        if len(set(names)) < len(names) or len(names) < 2:
            raise ValueError(f"a stack needs two members or more with names of their own, and {names} came")
        for member in names:
            self.member(member)
        return self._check_options()

    @property
    def family(self) -> str:
        """Recipe family: what recipes that differ in seeds, fold, device or name alone have in common."""
        return self.model_dump_json(exclude=_SEEDS)

    @property
    def stacks(self) -> bool:
        """Whether it weighs whole models."""
        return bool(self.stack.members)

    @property
    def predicts_by_fusion(self) -> bool:
        """Whether its branches become a prediction by a fusion that is trained."""
        return not (self.stacks or self.pretrains or self.baseline.name)

    @property
    def every_branch(self) -> tuple[Branch, ...]:
        """Its branches, of a stack those of its members."""
        return (*self.branches, *(branch for member in self.stack.members for branch in member.branches))

    @property
    def parts(self) -> tuple[str, ...]:
        """Names of what is joined to one prediction: branches, or a stack's members."""
        return tuple(part.name for part in (self.stack.members if self.stacks else self.branches))

    @property
    def how(self) -> str:
        """What joins the parts: the name of the fusion or the baseline, or ``stack``."""
        return "stack" if self.stacks else self.baseline.name or self.fusion.name

    @property
    def learning_branches(self) -> int:
        """How many encoders a training step runs and changes."""
        return 0 if self.baseline.name else sum(not branch.frozen for branch in self.branches)

    @property
    def in_words(self) -> str:
        """Encoders, then what is fitted to them.

        >>> Recipe().in_words
        'gin'
        """
        if self.stacks:
            return "stack of " + ", ".join(self.parts)
        encoders = " + ".join(branch.encoder for branch in self.branches)
        return f"{self.baseline.name} on {encoders}" if self.baseline.name else encoders

    def member(self, name: str) -> "Recipe":
        """The recipe of a stack's member, on the stack's data and with its seed."""
        found = next(member for member in self.stack.members if member.name == name)
        training = found.training.model_copy(update={"seed": self.training.seed, "device": self.training.device})
        return Recipe(
            name=name,
            data=self.data,
            branches=found.branches,
            fusion=found.fusion,
            baseline=found.baseline,
            training=training,
        )

    @property
    def space(self) -> str:
        """The view that stands for the whole: what a baseline reads, what a fusion makes, else the last branch's."""
        return FEATURES if self.baseline.name else self.views[-1]

    @property
    def pretrains(self) -> bool:
        """Whether it learns without labels."""
        return bool(self.pretraining.name)

    @property
    def apart(self) -> bool:
        """Whether each view is made of its own branch alone, and a molecule has those whose branch can read it."""
        try:
            return self.pretrains and bool(PRETRAININGS.attribute(self.pretraining.name, "apart"))
        except AttributeError:
            return False

    @property
    def views(self) -> tuple[str, ...]:
        """Names of the embeddings that this model makes: its branches, then what its fusion or pre-training adds."""
        branches = self.parts
        if self.stacks:
            return branches
        if self.baseline.name:
            return (FEATURES, *branches)
        if not self.pretrains:
            return (*branches, *FUSIONS.attribute(self.fusion.name, "views"))
        return (*branches, *self._switched_on("views"))

    @property
    def set_views(self) -> dict[str, str]:
        """Views that a molecule has only among others, each with the view in which its neighbours are sought."""
        if not self.pretrains:
            return {}
        found: dict[str, str] = PRETRAININGS.attribute(self.pretraining.name, "set_views")
        return {view: basis for view, basis in found.items() if view in self.views}

    @property
    def summands(self) -> tuple[str, ...]:
        """Parts whose predictions, times their coefficients, add up to the model's (late fusion, stack); else none."""
        return self.parts if self.stacks or (self.predicts_by_fusion and self.fusion.name == "late") else ()

    @property
    def modalities(self) -> dict[str, dict[str, Any]]:
        """What has to be featurised to embed a molecule, each with its options, in the order of the branches."""
        return {branch.reads: branch.features for branch in self.every_branch}

    @property
    def teachers(self) -> dict[str, dict[str, Any]]:
        """What a pre-training reads besides to make its targets, each with its options."""
        if not self.pretrains:
            return {}
        own: dict[str, dict[str, Any]] = PRETRAININGS.attribute(self.pretraining.name, "target_features")
        return {
            m: self.modalities.get(m, MODALITIES.validated(m, own.get(m, {}))) for m in self._switched_on("targets")
        }

    def _switched_on(self, attribute: str) -> list[str]:
        """Keys of a pre-training's table whose options, as far as they name any, are on."""
        table: dict[str, str] = PRETRAININGS.attribute(self.pretraining.name, attribute)
        options = self.pretraining.options
        return [
            key for key, names in table.items() if all(options[one] not in (False, "none") for one in names.split())
        ]

    @property
    def digest(self) -> str:
        """Sixteen hex digits that change with any choice but the name."""
        text = json.dumps(_since_0_1(self.model_dump(mode="json", exclude={"name"})), sort_keys=True, allow_nan=False)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    @property
    def alone(self) -> "Recipe":
        """The same recipe for one process."""
        return self.model_copy(update={"training": self.training.model_copy(update={"devices": 1, "nodes": 1})})

    def with_settings(self, settings: Iterable[str]) -> "Recipe":
        """The recipe with ``section.field=value`` settings, as the CLI's ``--set`` gives them. Raises BadRecipe.

        >>> Recipe().with_settings(["training.epochs=3", "branches.0.options.layers=2"]).training.epochs
        3
        """
        values = self.model_dump(mode="json")
        for setting in settings:
            path, equals, text = setting.partition("=")
            if not equals:
                raise BadRecipe(f"a setting reads section.field=value, and {setting!r} came")
            _place(values, path.split("."), _parsed(text), setting)
        return parse(values)


def _since_0_1(values: dict[str, Any]) -> dict[str, Any]:
    """Fields that came after version 0.1 count only where they say something: digests of older recipes hold."""
    values = {k: v for k, v in values.items() if k not in ("baseline", "stack") or v.get("name") or v.get("members")}
    values["branches"] = [{k: v for k, v in b.items() if k != "frozen" or v} for b in values["branches"]]
    for section, kind in (("data", Data), ("training", Training)):
        fields = kind.model_fields
        values[section] = {
            k: v for k, v in values[section].items() if k not in _LATER or v != _plain(fields[k].default)
        }
    options = {k: v for k, v in values["fusion"]["options"].items() if k != "modality_dropout" or v}
    values["fusion"] = values["fusion"] | {"options": options}
    return values


_LATER = frozenset((
    "without", "molecules", "watch", "calibration", "tuned", "split_column", "split_file", "cluster_similarity",
    "folds", "fold", "folds_by", "class_weights", "positive_weights", "task_weights", "nodes",
))  # fmt: skip


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _parsed(text: str) -> Any:
    try:
        return parse_json(text)
    except ValueError:
        return text


def _place(values: Any, path: list[str], value: Any, setting: str) -> None:
    for step in path[:-1]:
        try:
            values = values[int(step)] if isinstance(values, list) else values[step]
        except (KeyError, IndexError, ValueError):
            raise BadRecipe(f"nothing is called {step!r} in {setting!r}; there are: {_known(values)}") from None
    if not isinstance(values, dict) or path[-1] not in values:
        raise BadRecipe(f"nothing is called {path[-1]!r} in {setting!r}; there are: {_known(values)}")
    values[path[-1]] = value


def _known(values: Any) -> str:
    return ", ".join(map(str, values if isinstance(values, dict) else range(len(values))))


def _weights(options: dict[str, Any]) -> int:
    """Weights of an encoder, roughly: squares of its width a layer, twelve in one with attention heads, else three."""
    sizes = [int(options.get(name, 0) or 0) for name in ("hidden_size", "dimension", "middle_size", "channels")]
    layers = max(int(options.get(name, 1) or 1) for name in ("layers", "depth"))
    return (12 if "heads" in options else 3) * layers * max(sizes) ** 2


def parse(values: Any) -> Recipe:
    """A recipe from plain values, with defaults filled in. Raises BadRecipe in one sentence."""
    _check_bounds(values)
    try:
        return Recipe.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        told = f"{_where(first['loc'])}: {first['msg'].removeprefix('Value error, ')}"
        if first["type"] != "value_error":  # a sentence of ours says what came
            told += f", and {_shortened(first['input'])} came"
        raise BadRecipe(told) from None


def _where(loc: tuple[int | str, ...]) -> str:
    """Where in a recipe something stands, the values of a list counted from 1.

    >>> _where(("data", "fractions", 2)), _where(("branches", 0, "name")), _where(())
    ('fractions, value 3 (data.fractions)', 'branches.0.name', 'recipe')
    """
    match loc:
        case (*_, str(name), int(number)):
            return f"{name.replace('_', ' ')}, value {number + 1} ({_where(loc[:-1])})"
    return ".".join(map(str, loc)) or "recipe"


def read(path: Path) -> Recipe:
    """The recipe in a JSON file. Raises BadRecipe."""
    try:
        return parse(read_json(path, MOST_BYTES))
    except (OSError, ValueError) as error:
        raise BadRecipe(f"{path} is no recipe: {getattr(error, 'strerror', None) or error}") from None


def _check_bounds(values: Any) -> None:
    """Raise BadRecipe for what nobody would write: it is walked without recursion, and nothing is made of it."""
    waiting, seen = [(values, 1)], 0
    while waiting:
        value, depth = waiting.pop()
        seen += 1
        if seen > _MOST_VALUES or depth > _MOST_DEPTH:
            raise BadRecipe(
                f"a recipe holds at most {_MOST_VALUES:,} values, {_MOST_DEPTH} deep in each other, and more came"
            )
        if isinstance(value, str) and len(value) > _MOST_CHARACTERS:
            raise BadRecipe(f"a text of {len(value):,} characters came; {_MOST_CHARACTERS:,} is the most in a recipe")
        if isinstance(value, int | float) and not abs(value) <= _MOST_NUMBER:  # NaN is not, either
            raise BadRecipe(f"a recipe's numbers are finite and at most {_MOST_NUMBER:,}, and {_shortened(value)} came")
        parts = [*value.keys(), *value.values()] if isinstance(value, dict) else value
        waiting += [(part, depth + 1) for part in parts] if isinstance(parts, list | tuple) else []


def _shortened(value: Any) -> str:
    text = "a whole number of many digits" if isinstance(value, int) and abs(value) > 10**60 else repr(value)
    return text if len(text) <= 200 else text[:197] + "..."
