"""Plugin registry: a family is a folder, a member a file in it, and both are known by name before anything is imported.

The module ``encoders/gin.py`` holds the class whose lower-case name is ``gin``; that is the whole registration.
Names and options are read from the source text, so a form or a recipe can list encoders without importing torch.
"""

import ast
import importlib
import importlib.util
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin

from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model

from mmexplore.runtime.errors import BadRecipe, UnknownName


@dataclass(frozen=True)
class Range:
    """Search range of a number, both ends included; it stands in the field's annotation beside its bounds.

    ``log``: drawn on a logarithmic scale; ``kind``: of tasks for which alone the field says something, "" for both.
    """

    low: float
    high: float
    log: bool = False
    kind: str = ""


@dataclass(frozen=True)
class OneOf:
    """Search range of a choice, or of a number that takes some values alone; ``kind`` as in :class:`Range`."""

    values: tuple[Any, ...]
    kind: str = ""


_NAMES_IN_SIGNATURES: dict[str, Any] = {"Annotated": Annotated, "Literal": Literal, "Field": Field}
_NAMES_IN_SIGNATURES |= {t.__name__: t for t in (int, float, bool, str, Range, OneOf)}


class Family:
    """Plugin family: the members of one folder, by file name.

    >>> MODALITIES.names()[:2]
    ('carbon_environments', 'chiral_fingerprint')
    >>> BASELINES["doubled"]
    Traceback (most recent call last):
    mmexplore.runtime.errors.UnknownName: no baseline is called 'doubled'; there are: boosting, forest, ridge, svm
    """

    def __init__(self, kind: str, package: str) -> None:
        self.kind = kind
        self.package = package

    @cached_property
    def _folder(self) -> Path:
        spec = importlib.util.find_spec("mmexplore")
        assert spec is not None
        assert spec.submodule_search_locations
        return Path(spec.submodule_search_locations[0]).joinpath(*self.package.split(".")[1:])

    def names(self) -> tuple[str, ...]:
        """File names of the members, sorted; imports nothing."""
        return _members(self._folder)

    def __contains__(self, name: object) -> bool:
        return name in self.names()

    def __getitem__(self, name: str) -> Any:
        """The member's class; imports its module. Raises UnknownName."""
        self._check(name)
        module = importlib.import_module(f"{self.package}.{name}")
        return next(v for k, v in vars(module).items() if k.lower() == name.replace("_", "") and isinstance(v, type))

    def options(self, name: str) -> type[BaseModel]:
        """The keyword options of a member's ``__init__`` as a pydantic model, read without importing it."""
        self._check(name)
        return _options(self._folder / f"{name}.py", name)

    def validated(self, name: str, options: dict[str, Any]) -> dict[str, Any]:
        """The options with their types and bounds checked and defaults filled in. Raises BadRecipe."""
        if not isinstance(options, dict):
            raise BadRecipe(f"the options of {self.kind} {name!r} are values by name, and {str(options)[:80]!r} came")
        try:
            return self.options(name)(**options).model_dump()
        except ValidationError as error:
            first = error.errors()[0]
            came = "" if first["type"] == "extra_forbidden" else f", and {first['input']!r} came"
            known = ", ".join(self.options(name).model_fields) or "none"
            raise BadRecipe(
                f"{self.kind} {name!r}, option {'.'.join(map(str, first['loc']))!r}: {first['msg']}{came}; "
                f"its options are: {known}"
            ) from None

    def attribute(self, name: str, attribute: str) -> Any:
        """A literal class attribute of a member (such as an encoder's ``reads``), read without importing it."""
        self._check(name)
        for statement in _member_class(self._folder / f"{name}.py", name).body:
            if isinstance(statement, ast.AnnAssign) and statement.value and ast.unparse(statement.target) == attribute:
                return ast.literal_eval(statement.value)
        raise AttributeError(f"{self.kind} {name!r} states no {attribute!r}")

    def _check(self, name: str) -> None:
        if name not in self.names():
            raise UnknownName(self.kind, name, self.names())


@cache
def _members(folder: Path) -> tuple[str, ...]:
    return tuple(sorted(p.stem for p in folder.glob("[!_]*.py")))


@cache
def _member_class(path: Path, name: str) -> ast.ClassDef:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    wanted = name.replace("_", "")
    return next(n for n in tree.body if isinstance(n, ast.ClassDef) and n.name.lower() == wanted)


@cache
def _options(path: Path, name: str) -> type[BaseModel]:
    methods = [n for n in _member_class(path, name).body if isinstance(n, ast.FunctionDef) and n.name == "__init__"]
    fields: dict[str, Any] = {}
    for method in methods:
        for argument, default in zip(method.args.kwonlyargs, method.args.kw_defaults, strict=True):
            if default is None or argument.annotation is None:
                continue  # given by the program (dimensions, tasks), not by the user
            source = compile(ast.Expression(argument.annotation), str(path), "eval")
            annotation = eval(source, {"__builtins__": {}}, _NAMES_IN_SIGNATURES)  # our own source text
            fields[argument.arg] = (annotation, ast.literal_eval(default))
    return create_model(name, __config__=ConfigDict(frozen=True, extra="forbid"), **fields)


def choices(annotation: Any) -> tuple[Any, ...]:
    """The members of a Literal, also inside Annotated; empty for anything else.

    >>> choices(Annotated[Literal["mean", "sum"], "readout"])
    ('mean', 'sum')
    """
    if get_origin(annotation) is Annotated:
        return choices(get_args(annotation)[0])
    return get_args(annotation) if get_origin(annotation) is Literal else ()


MODALITIES = Family("modality", "mmexplore.features.modalities")
ENCODERS = Family("encoder", "mmexplore.nn.encoders")
FUSIONS = Family("fusion", "mmexplore.nn.fusions")
BASELINES = Family("baseline", "mmexplore.nn.baselines")
PRETRAININGS = Family("pre-training", "mmexplore.nn.pretraining")
