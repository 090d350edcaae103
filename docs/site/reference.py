"""Reference pages made while the site is built: the command line from typer's own help, the API from docstrings."""

import importlib
import inspect
import re
from typing import Any

import typer
from griffe import Extension, Object
from typer.cli import get_docs_for_click

MARK, DOOR = "<!-- the command line -->", "<!-- the door -->"
FIRST = ["data", "training", "prediction", "evaluation", "maps", "molecules", "retrieval", "spaces", "fusion"]
BELOW, VALUES = "What works on answers", "Answers and constants"
ROLE = re.compile(r":(?:\w+:)?\w+:`~?([^`]+)`")


def on_page_markdown(markdown: str, **_: Any) -> str:
    """A page that holds a mark gets the help of every verb, or the whole Python API, in its place."""
    markdown = markdown.replace(MARK, command_line()) if MARK in markdown else markdown
    return markdown.replace(DOOR, door()) if DOOR in markdown else markdown


def command_line() -> str:
    """Markdown of ``mmexplore --help`` and of each verb's, one heading a verb."""
    from mmexplore.cli.app import app

    command = typer.main.get_command(app)
    return get_docs_for_click(obj=command, ctx=typer.Context(command), name="mmexplore").replace("\n# ", "\n## ")


def door() -> str:
    """Markdown of ``mmexplore.studio``: a section for each of its files, as its docstring says, then all else."""
    from mmexplore import studio

    sections: dict[str, list[str]] = {}
    for name in studio.__all__:
        made = getattr(studio, name)
        home, _, file = str(getattr(made, "__module__", "")).rpartition(".")
        below = BELOW if inspect.isfunction(made) else VALUES
        inside = inspect.isfunction(made) and home == studio.__name__
        sections.setdefault(file if inside else below, []).append(name)
    known = [*FIRST, *sorted(set(sections) - {*FIRST, BELOW, VALUES}), BELOW, VALUES]
    return "\n\n".join(section(file, sections[file]) for file in known if file in sections)


def section(file: str, names: list[str]) -> str:
    """Markdown of one section: its title, a word on it, and what mkdocstrings makes of each name."""
    title, words = file, ""
    if file not in (BELOW, VALUES):
        about = str(importlib.import_module(f"mmexplore.studio.{file}").__doc__).partition("\n\n")[0]
        title, _, words = ROLE.sub(r"`\1`", " ".join(about.split())).rstrip(".").partition(": ")
        words = f"{words[:1].upper()}{words[1:]}." if words else ""
    options = "    options: { show_root_heading: true, show_root_toc_entry: true, show_root_full_path: false }"
    entries = [f"::: mmexplore.studio.{name}\n{options}" for name in sorted(names, key=str.lower)]
    return "\n\n".join(filter(None, [f"## {title}", words, *entries]))


class Roles(Extension):
    """Docstrings of the package as Markdown: ``:func:`name``` is read as code."""

    def on_object(self, *, obj: Object, **_: Any) -> None:
        """Rewrite the docstring of each object that was loaded."""
        if obj.docstring:
            obj.docstring.value = ROLE.sub(r"`\1`", obj.docstring.value)
