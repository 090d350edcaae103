"""Reference pages made while the site is built: the command line from typer's own help, the API from docstrings."""

import re
from typing import Any

import typer
from griffe import Extension, Object
from typer.cli import get_docs_for_click

MARK = "<!-- the command line -->"
ROLE = re.compile(r":(?:\w+:)?\w+:`~?([^`]+)`")


def on_page_markdown(markdown: str, **_: Any) -> str:
    """A page that holds the mark gets the help of every verb in its place."""
    return markdown.replace(MARK, command_line()) if MARK in markdown else markdown


def command_line() -> str:
    """Markdown of ``mmexplore --help`` and of each verb's, one heading a verb."""
    from mmexplore.cli.app import app

    command = typer.main.get_command(app)
    return get_docs_for_click(obj=command, ctx=typer.Context(command), name="mmexplore").replace("\n# ", "\n## ")


class Roles(Extension):
    """Docstrings of the package as Markdown: ``:func:`name``` is read as code."""

    def on_object(self, *, obj: Object, **_: Any) -> None:
        """Rewrite the docstring of each object that was loaded."""
        if obj.docstring:
            obj.docstring.value = ROLE.sub(r"`\1`", obj.docstring.value)
