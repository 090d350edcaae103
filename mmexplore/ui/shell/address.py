"""Address of a page: it holds what is shown, so that a link, a reload and Back bring the same picture back.

Widgets bind their values to it themselves (``bind="query-params"``); :func:`choose`, :func:`several`, :func:`number`,
:func:`whole`, :func:`toggle` and :func:`tabs` do that, and say it where a link asks for what there is not. What no
widget holds, and what means nothing without another choice, comes and goes by :func:`arriving` and :func:`keep`. Back
and forward are runs of their own (:func:`went_back`): they take everything from the address, also what is missing
there. ``history.js`` sees to it that each gesture is a step back.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from contextvars import ContextVar
from functools import cache
from pathlib import Path
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator
from streamlit.runtime.scriptrunner import get_script_run_ctx

from mmexplore.ui.components.words import literal

_NOTES, _SEEN, _HELD = "address/notes", "address/seen", "address/held"
_LONGEST = 80
_place: ContextVar[DeltaGenerator | None] = ContextVar("place", default=None)
_history = st.components.v2.component("history", js=Path(__file__).with_name("history.js").read_text(encoding="utf-8"))


def steps() -> None:
    """Have the browser keep one step of its history a gesture, and run the page again when its theme changes.

    And have it read the scripts of elements while nobody waits.
    """
    _history(key="history", data=_scripts(), on_theme_change=lambda: None)


_ELEMENTS = (
    "PlotlyChart", "DataFrame", "Slider", "Spinner", "StreamlitSyntaxHighlighter", "Multiselect", "NumberInput",
    "Metric", "DownloadButton", "Progress", "ProgressBar",
)  # fmt: skip
"""Elements of the pages behind the first one, the slowest first."""


@cache
def _scripts() -> list[str]:
    """File names of Streamlit's scripts of these elements, of those that there are."""
    folder = Path(st.__file__).with_name("static") / "static" / "js"
    return [path.name for name in _ELEMENTS for path in sorted(folder.glob(f"{name}.*.js"))]


def went_back() -> bool:
    """Whether this run is there because the visitor went back or forward: the address alone counts."""
    context = get_script_run_ctx(suppress_warning=True)
    return context is not None and context.is_history_navigation


def arriving(name: str) -> str | None:
    """What the address holds under a name, if a link or Back brought it; None for what this page has put there."""
    came = st.query_params.get(name)
    return None if came is None or came == _seen().get(name) else str(came)


def keep(name: str, text: str | None) -> None:
    """Have the address hold a text under a name, None for nothing; for names that no widget is bound to."""
    _see(name, text)
    if text is None:
        if name in st.query_params:
            del st.query_params[name]
    elif st.query_params.get(name) != text:
        st.query_params[name] = text


def is_held(name: str) -> bool:
    """Whether a widget or a part of the page, as it was drawn last, has a name in the address."""
    return name in st.session_state.get(_HELD, ())


def renamed(key: str, current: Callable[[str], str]) -> None:
    """Have a link that names something by a former name lead to what is called otherwise now; before its widget."""
    came, again = arriving(key), f"address/renamed/{key}"
    if came and (now := current(came)) != came:
        st.session_state[key], _seen()[key], st.session_state[again] = now, came, True
    elif st.session_state.pop(again, False) and key in st.session_state:
        st.session_state[key] = st.session_state[key]  # of what is set after its first run Streamlit tells the address


def choose(widget: Callable[..., Any], label: str, options: Sequence[Any], *, key: str, kind: str, **about: Any) -> Any:
    """A widget with options, bound to the address; ``kind`` is what a link is told that asks for none of them."""
    title: Callable[[Any], str] = about.get("format_func", str)
    titles = [title(option) for option in options]
    asked = unknown(key, titles)
    value = widget(label, options, key=key, bind="query-params", **about)
    shown = "" if value is None else title(value)
    _see(key, shown)
    if asked:
        tell(key, lacking(kind, asked[0], shown))
    answer(key, shown)
    return value


def several(
    label: str, options: Sequence[str], default: Sequence[str] | None = None, *, key: str, kind: str, **about: Any
) -> list[str]:
    """Some of several options, bound to the address, where they go by their titles or by themselves."""
    title: Callable[[Any], str] = about.get("format_func", str)
    asked = unknown(key, [*map(title, options), *options])
    picked = list(st.multiselect(label, options, default, key=key, bind="query-params", **about))
    shown = ", ".join(map(title, picked))
    if asked:
        tell(key, lacking(kind, asked[0], shown))
    answer(key, shown)
    return picked


def number(widget: Callable[..., Any], label: Any, *bounds: Any, key: str, kind: str, **about: Any) -> Any:
    """A widget of a number, or of a span of two, bound to the address; a link that asks for another is told so."""
    came = st.query_params.get_all(key)
    fresh = bool(came) and " to ".join(came) != _seen().get(key)
    value = widget(label, *bounds, key=key, bind="query-params", **about)
    _see(key, " to ".join(came))
    values = value if isinstance(value, tuple) else () if value is None else (value,)
    shown = " to ".join(f"{one:.10g}" for one in values)
    if fresh and _numbers(came) != [float(one) for one in values]:
        tell(key, lacking(kind, " to ".join(came), shown, "is not offered"))
    answer(key, shown)
    return value


def whole(place: Any, label: str, low: int, high: int, first: int, *, key: str, kind: str, **about: Any) -> int:
    """A whole number in a box, bound to the address.

    Streamlit is given decimals, as it fails on a link that asks a box of whole numbers for infinity.
    """
    step, bounds = float(about.pop("step", 1)), (float(low), float(high), float(first))
    given = float(number(place.number_input, label, *bounds, step, "%.0f", key=key, kind=kind, **about))
    shown = math.floor(given + 0.5)  # as the box shows it
    if given != shown:
        tell(key, f"{kind[:1].upper()}{kind[1:]} is whole, and {given:g} came; {shown} is shown instead.")  # also typed
        answer(key, shown)
    return shown


def toggle(label: str, on: bool = False, *, key: str, place: Any = st, **about: Any) -> bool:
    """A switch, bound to the address, where it is true or false."""
    asked = [came for came in unknown(key, ()) if came.lower() not in ("true", "false")]  # as Streamlit reads it
    value = bool(place.toggle(label, on, key=key, bind="query-params", **about))
    shown = str(value).lower()
    _see(key, shown)
    if asked:
        tell(key, lacking(f"{label!r} as", asked[0], shown, "is neither true nor false"))
    answer(key, shown)
    return value


def _numbers(texts: Iterable[str]) -> list[float]:
    """Numbers of an address, none where one of them is no number."""
    try:
        return [float(text) for text in texts]
    except ValueError:
        return []


def tabs(labels: Sequence[str], key: str) -> Sequence[Any]:
    """Tabs that stand in the address."""
    asked = unknown(key, labels)
    made = st.tabs(list(labels), key=key, bind="query-params", on_change="rerun")
    shown = str(st.session_state.get(key) or labels[0])
    _see(key, shown)
    if asked:
        tell(key, lacking("the tab", asked[0], shown))
    answer(key, shown)
    return made


def unknown(key: str, titles: Iterable[str]) -> list[str]:
    """Texts that a link has under a key, and that are none of these titles."""
    known = set(titles)
    return [came for came in st.query_params.get_all(key) if came and came not in known and came != _seen().get(key)]


def lacking(kind: str, asked: str, shown: str, why: str = "is not here") -> str:
    """The sentence about a name in a link that nothing here goes by.

    >>> lacking("the data set", "nope", "solubility")
    "The link asks for the data set 'nope', which is not here; solubility is shown instead."
    """
    name = repr(asked if len(asked) <= _LONGEST else f"{asked[: _LONGEST - 3]}...")
    return f"The link asks for {kind} {name}, which {why}; {shown or 'nothing'} is shown instead."


def notes_here() -> None:
    """Keep this place of the page, which begins here, for what links ask for in vain."""
    _place.set(st.container())
    st.session_state[_HELD] = set()


def tell(name: str, sentence: str) -> None:
    """Have a sentence about a name in the address shown by :func:`answer`."""
    st.session_state.setdefault(_NOTES, {})[name] = (sentence, None)


def answer(name: str, shown: object, *, here: bool = False) -> None:
    """Show the sentence about a name as long as the same is shown as when it was told.

    It stands on top of the page, or ``here``: a part of the page that runs alone draws nothing outside itself.
    """
    notes: dict[str, tuple[str, object]] = st.session_state.get(_NOTES, {})
    if name not in notes:
        return
    sentence, then = notes[name]
    if then not in (None, shown):
        del notes[name]
        return
    notes[name] = (sentence, shown)
    with (None if here else _place.get()) or st.container():
        st.warning(literal(sentence), icon=":material/search_off:")


def _see(name: str, text: str | None) -> None:
    _seen()[name] = text
    st.session_state.setdefault(_HELD, set()).add(name)


def _seen() -> dict[str, str | None]:
    """What stood in the address at the end of the last run, as far as this page has put it there."""
    seen: dict[str, str | None] = st.session_state.setdefault(_SEEN, {})
    return seen
