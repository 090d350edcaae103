"""The components' scripts as ES modules: the browser fetches each from this server, at its place below this folder."""

import hashlib
from functools import cache
from pathlib import Path, PurePosixPath

HERE = Path(__file__).parent


@cache
def scripts() -> tuple[str, dict[str, bytes]]:
    """All modules by their path below this folder, and a digest that is part of their address."""
    files = {path.relative_to(HERE).as_posix(): path.read_bytes() for path in sorted(HERE.rglob("*.js"))}
    return hashlib.sha256(b"".join(files.values())).hexdigest()[:16], files


def address(path: str) -> str:
    """The browser's address of one of our routes, wherever the server is mounted."""
    import streamlit as st  # a notebook reads components without it

    base = str(st.get_option("server.baseUrlPath") or "").strip("/")
    return f"/{base}/{path}" if base else f"/{path}"


def start(script: Path, meanwhile: str = "") -> str:
    """The lines with which Streamlit starts a component: they import its module and hand everything on.

    ``meanwhile`` is done while the module comes; ``load(name)`` imports one that lies beside it.
    """
    folder = address((PurePosixPath("scripts") / scripts()[0] / script.parent.relative_to(HERE).as_posix()).as_posix())
    return (
        f"const load = name => import(new URL(`{folder}/${{name}}`, location.origin).href);\n"
        "export default async function (component) {\n"
        f"  {meanwhile}\n"
        f"  return (await load('{script.name}')).default(component);\n"
        "}\n"
    )
