"""Structures in tables: a column of addresses that the server answers with drawings."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import streamlit as st

if TYPE_CHECKING:
    import pandas as pd

ROW_PX = 96
WIDTH_PX, HEIGHT_PX = 150, 92


def address(smiles: str) -> str:
    """Address of a structure's drawing, in the colours of the page's theme."""
    base = str(st.get_option("server.baseUrlPath") or "").strip("/")
    dark = "&dark=1" if st.context.theme.type == "dark" else ""
    size = f"&width={WIDTH_PX}&height={HEIGHT_PX}"
    return f"{f'/{base}' if base else ''}/depict.svg?smiles={quote(smiles, safe='')}{size}{dark}"


def addresses(smiles: Iterable[str]) -> list[str]:
    """One address a structure."""
    return [address(str(text)) for text in smiles]


def column(title: str = "structure") -> Any:
    """The column of a table that holds such addresses."""
    return st.column_config.ImageColumn(title, width=WIDTH_PX + 10)


def table(frame: "pd.DataFrame", config: Mapping[str, Any], most_px: int = 560) -> None:
    """A table whose rows are high enough for drawings."""
    height = min(most_px, 40 + ROW_PX * len(frame))
    about: dict[str, Any] = {"hide_index": True, "placeholder": "–", "column_config": config}
    st.dataframe(frame, row_height=ROW_PX, height=height, **about)


def in_space(key: str) -> bool:
    """Whether a structure is to be shown in 3D; draws the switch."""
    ways = ["Drawing", "3D"]
    about: dict[str, Any] = {"default": ways[0], "required": True, "label_visibility": "collapsed"}
    return bool(st.segmented_control("Shown as", ways, key=key, **about) == ways[1])
