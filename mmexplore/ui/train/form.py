"""The Train page's form: presets, the recipe with data sets that are here, and seeds."""

from typing import Any

import streamlit as st

from mmexplore import studio
from mmexplore.recipes import presets
from mmexplore.recipes.recipe import BY_STRUCTURE, UNSEEDED, Recipe, parse
from mmexplore.runtime.errors import MmexploreError
from mmexplore.runtime.home import parse_json
from mmexplore.ui.components import widgets
from mmexplore.ui.components.widgets import Draw, Field
from mmexplore.ui.components.words import literal
from mmexplore.ui.shell import address
from mmexplore.ui.train import plan
from mmexplore.ui.train.plan import RunPlan
from mmexplore.ui.train.recipe_form import recipe_form

VERSIONS = {
    "quick": "cut short for a first look",
    "paper": "as published",
    "settled": "until the validation score stops improving, 100 epochs at most",
    "steady": "as published, with features and norms that cannot collapse",
    "released code": "as the published code does it where it differs from the paper",
    "V-G": "lambda and alpha as section V-G of the paper prints them",
}
_LEARN = {"labels": "train or fine-tune on a data set's labels", "without labels": "pre-train encoders on molecules"}
_KEEP: dict[str, Any] = {"persist_state": "session"}
_EACH = -1
_TAKEN = "train/taken"


def draw(data: str) -> RunPlan:
    """Draw the form, beginning with a data set, and return what it asks for. Raises BadRecipe, UnknownName."""
    if (taken := st.session_state.get(_TAKEN)) is not None:
        name, start, key = _taken(*taken)
        data = start.data.dataset
        called = f"{data} {name} tuned"
    else:
        name, version, start = _preset()
        start = start.model_copy(update={"data": start.data.model_copy(update={"dataset": data})})
        kind = "pretraining" if start.pretrains else "preset"
        key = f"train/{kind}/{name}/{version}/{data}"
        called = f"{data} {name}"
    left, right = st.columns([3, 2])
    title = left.text_input("Name of the run", called, max_chars=80, key=f"{key}/title", **_KEEP)
    help_ = "one run each, queued on the device: 0, 1, 2 or 0-4; several on one split make an ensemble"
    typed = right.text_input("Seeds", str(start.training.seed), max_chars=80, key=f"{key}/seeds", help=help_, **_KEEP)
    recipe = recipe_form(start, key, _INSTEAD | _undrawn(start, key))
    split = recipe.data.split
    seeded = st.session_state.get(f"{key}/data.split_seed") is None
    each = split == "kfold" and st.session_state.get(f"{key}/data.fold") == _EACH
    chosen = plan.seeds(typed)
    one_split = seeded and len(chosen) > 1 and split not in UNSEEDED and not each
    if one_split and not recipe.pretrains:
        words = "scores over several splits; then they are no ensemble"
        one_split = not right.toggle("Each seed draws its own split", key=f"{key}/own-splits", help=words, **_KEEP)
    folds = tuple(range(recipe.data.folds)) if each else ()
    return RunPlan(recipe, name, title.strip() or called, chosen, seeded, one_split, folds)


def take(recipe: Recipe, source: str) -> None:
    """Have the form begin with a recipe of no preset, in place of one; ``source`` says where it is from."""
    st.session_state[_TAKEN] = (recipe.model_dump_json(), source)
    if recipe.data.split not in UNSEEDED:  # an empty field would have the run's seed draw the split
        st.session_state[f"{_key_of(recipe)}/data.split_seed"] = recipe.data.split_seed


def _key_of(recipe: Recipe) -> str:
    return f"train/taken/{recipe.digest}"


def _taken(text: str, source: str) -> tuple[str, Recipe, str]:
    """Preset that a taken recipe's line for the shell begins with, the recipe, and the key of its form."""
    recipe = parse(parse_json(text))
    with st.container(horizontal=True, vertical_alignment="center"):
        st.info(literal(f"Settings of {source}."), icon=":material/tune:")
        st.button("Back to the presets", on_click=_leave, icon=":material/undo:")
    names = presets.preset_names()
    return recipe.name if recipe.name in names else names[0], recipe, _key_of(recipe)


def _leave() -> None:
    st.session_state.pop(_TAKEN, None)


_OF_SPLIT = {
    "split_seed": BY_STRUCTURE,
    "fractions": (*BY_STRUCTURE, "time"),
    "split_column": ("column", "time"),
    "split_file": ("file",),
    "cluster_similarity": ("cluster", "kfold"),
    "folds": ("kfold",),
    "fold": ("kfold",),
    "folds_by": ("kfold",),
}


_OF_LABELS = (
    "data.targets", "data.calibration", "training.watch", "training.class_weights", "training.positive_weights",
    "training.task_weights",
)  # fmt: skip
_OF_LAYERS = ("start", "frozen", "options.layers", "options.dimension", "options.dropout")


def _undrawn(start: Recipe, key: str) -> dict[str, Draw | None]:
    """Fields that say nothing beside what is chosen: they keep their values, and are not drawn."""

    def now(path: str, begin: Any) -> Any:
        return st.session_state.get(f"{key}/{path}", begin)

    split = now("data.split", start.data.split)
    away = [f"data.{name}" for name, rules in _OF_SPLIT.items() if split not in rules] + ["data.tuned"]
    if split == "kfold" and now("data.folds_by", start.data.folds_by) != "cluster":
        away.append("data.cluster_similarity")
    if now("training.schedule", start.training.schedule) == "constant":
        away.append("training.warmup_epochs")
    for number, branch in enumerate(start.branches if start.baseline.name else ()):
        path = f"branches.{number}"
        if branch.options.get("layers") == 0 and now(f"{path}.encoder", branch.encoder) == branch.encoder:
            away += [f"{path}.{name}" for name in _OF_LAYERS]  # the numbers themselves are read
    if start.pretrains:
        away += _OF_LABELS
        return dict.fromkeys(away)
    away.append("data.molecules")
    if now("training.class_weights", start.training.class_weights) != "given":
        away.append("training.positive_weights")
    return dict.fromkeys(away)


def _preset() -> tuple[str, str, Recipe]:
    """Name, version and recipe of what was chosen to begin with."""
    row = st.container(horizontal=True)
    help_ = "; ".join(f"{learn}: {what}" for learn, what in _LEARN.items())
    about: dict[str, Any] = {"required": True, "default": "labels", "help": help_, "kind": "what to learn"}
    labels = address.choose(row.segmented_control, "Learn", list(_LEARN), key="train/learn", **about)
    kind = "preset" if labels != "without labels" else "pretraining"
    names = presets.preset_names() if kind == "preset" else presets.pretraining_names()
    words = "; ".join(f"{name}: {_first_line(_ready(kind, name, 'paper'))}" for name in names)
    about = {"key": f"train/{kind}", "kind": "the preset", "help": words, "width": 184}
    name = address.choose(row.selectbox, "Preset", names, **about)
    if (fitted := _ready(kind, name, "paper")).stacks or fitted.baseline.name:  # at once: there is nothing to cut short
        return name, "paper", fitted
    versions = ("quick", "paper", "settled") if kind == "preset" else presets.versions(name)
    about = {"kind": "the version", "help": "; ".join(f"{v}: {VERSIONS[v]}" for v in versions), "width": 120}
    begin = versions.index("quick")
    version = address.choose(row.selectbox, "Version", versions, key=f"train/{kind}/version", index=begin, **about)
    return name, version, _ready(kind, name, version)


def _ready(kind: str, name: str, version: str) -> Recipe:
    if kind == "preset":
        return presets.preset(name, quick=version == "quick", settled=version == "settled")
    return presets.pretraining(name, version)


def _first_line(recipe: Recipe) -> str:
    learned = recipe.predicts_by_fusion or recipe.pretrains
    return f"{recipe.in_words}, {recipe.training.epochs} epochs" if learned else recipe.in_words


def _dataset(field: Field) -> str:
    """A data set that is here; one that the recipe names by path stays choosable."""
    here = studio.available()
    names = here if field.value in here else [field.value, *here]
    return str(st.selectbox("Dataset", names, names.index(field.value), **field.about))


def _targets(field: Field) -> tuple[str, ...]:
    """Label columns of the chosen data set; none chosen means all."""
    data = str(_now(field, "data.dataset"))
    try:
        tasks = [task.name for task in studio.dataset(data).tasks]
    except MmexploreError:
        tasks = []
    begin = [name for name in field.value if name in tasks]
    about = field.about | {"key": f"{field.key}/{data}"}
    every = f"all {len(tasks):,}; type to find one" if len(tasks) > widgets.MOST_LABELS else "all"
    return tuple(st.multiselect("Targets", tasks, begin, placeholder=every, **about))


def _without(field: Field) -> tuple[str, ...]:
    """Data sets that are here, and those that the recipe names by path."""
    names = list(dict.fromkeys([*studio.available(), *field.value]))
    return tuple(st.multiselect("Without the molecules of", names, field.value, placeholder="none", **field.about))


def _split_seed(field: Field) -> int:
    """Empty: the run's seed draws the split too, of several runs the first one's, unless each is to have its own."""
    low, high = widgets.bounds(field.info, step=1)
    about = field.about | {"help": "empty: the run's seed draws the split too (scaffold has none)"}
    typed = st.number_input("Split seed", low, high, None, 1, placeholder="the run's", **about)
    return int(field.value if typed is None else typed)


def _split_column(field: Field) -> str:
    """One of the data set's own columns: of parts, or of dates and numbers."""
    data, by_time = str(_now(field, "data.dataset")), _now(field, "data.split") == "time"
    try:
        names = studio.split_columns(data, dates=by_time)
    except MmexploreError:
        names = []
    about = field.about | {"key": f"{field.key}/{data}/{by_time}"}
    index = names.index(field.value) if field.value in names else _likely(names, by_time=by_time)
    words = "choose one" if names else "none in this data set"
    chosen = st.selectbox(field.label, names, index, placeholder=words, **about)
    return str(chosen or "")


def _likely(names: list[str], *, by_time: bool) -> int | None:
    """The column that is called like what it is to be; else the first of parts, and no time, which may be a label."""
    words = ("date", "year", "time", "month") if by_time else ("split", "part", "set", "fold")
    called = [place for place, name in enumerate(names) if any(word in name.lower() for word in words)]
    return called[0] if called else 0 if names and not by_time else None


def _split_file(field: Field) -> str:
    """A file that is uploaded and kept, so that a run can read it again; the recipe has its place."""
    given = st.file_uploader(field.label, key=field.key, help=field.info.description)
    if given is None:
        return str(field.value)
    return str(studio.keep_split_file(given.name, given.getvalue()))


def _fold(field: Field) -> int:
    """One fold, or each in turn."""
    count = int(_now(field, "data.folds"))
    words = {_EACH: f"each in turn, {count} runs"} | {number: f"fold {number + 1}" for number in range(count)}
    about = field.about | {"help": "a cross-validation trains a model a fold; several seeds repeat it"}
    chosen = st.selectbox("Test fold", list(words), 0, format_func=lambda n: words.get(n, ""), **about)
    return max(int(chosen), 0)


def _now(field: Field, path: str) -> Any:
    """What stands in a field of the same form that was drawn before."""
    return st.session_state[field.key.removesuffix(field.path) + path]


def _as_it_is(field: Field) -> Any:
    return field.value


_INSTEAD: dict[str, Draw | None] = {
    "name": _as_it_is,
    "training.seed": _as_it_is,
    "data.dataset": _dataset,
    "data.targets": _targets,
    "data.without": _without,
    "data.split_seed": _split_seed,
    "data.split_column": _split_column,
    "data.split_file": _split_file,
    "data.fold": _fold,
}
