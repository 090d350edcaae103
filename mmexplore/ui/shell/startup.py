"""Server startup: the log from the start, a warm-up beside the first visit, a word for every failure."""

import gc
import logging
import sys
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import import_module
from typing import Any

import streamlit as st
from streamlit import config, net_util
from streamlit.components.v2 import manifest_scanner
from streamlit.web.server.server_util import get_url

from mmexplore.runtime import files, logs
from mmexplore.runtime.deadline import HURRIED
from mmexplore.runtime.errors import MmexploreError
from mmexplore.runtime.home import default_home
from mmexplore.ui.components.words import literal

log = logging.getLogger(__name__)
_MANY_MODULES = 20
_FIRST_VISIT_SECONDS = 5.0
_frozen = {"modules": 0}
_stands = threading.Event()


@asynccontextmanager
async def lifespan(_: Any) -> AsyncIterator[None]:
    """Start the log; have what the first page needs imported and read while the browser still opens."""
    logs.configure(logs.log_file(default_home()))
    _welcome()
    threading.Thread(target=warm_up, name="warm-up", daemon=True).start()
    yield


def _welcome() -> None:
    """Say where the app is, unless whoever started it does (``mmexplore app``)."""
    if "command-line" not in config.get_where_defined("logger.hideWelcomeMessage"):
        print(f"mmexplore is at {get_url(str(st.get_option('server.address') or 'localhost'))}", flush=True)


def warm_up() -> None:
    """Have imported and read what the page that the app opens on needs; no torch, which only jobs need.

    The processes that draw molecules come once that page stands, or nobody has come for it.
    """
    try:
        from mmexplore import studio

        with studio.at_home(default_home()):  # whoever will come
            _warm()
        keep_imports()
        _stands.wait(_FIRST_VISIT_SECONDS)
        HURRIED.warm()  # processes, which would take a core from what the first page waits for
    except MmexploreError as mistake:
        log.warning("the warm-up was cut short, and pages will read what they need themselves: %s", mistake)
    except Exception:
        log.exception("the warm-up failed; pages will read what they need themselves")


def _warm() -> None:
    from mmexplore import studio

    studio.migrate()
    data, model, view, method = studio.first_choice()
    studio.dataset(data)  # the slowest, and with it pandas
    for page in ("shell.frame", "map.page"):
        import_module(f"mmexplore.ui.{page}")
    from mmexplore.ui.map import state
    from mmexplore.ui.shell import session

    on = state.ground(session.Choice(data, model, view))
    state.best_map(on, method)
    state.painting(on, state.color_names(on)[0])


def stands() -> None:
    """A page stands: what was put off until then may begin."""
    _stands.set()
    keep_imports()


def keep_imports() -> None:
    """Keep what was imported by now out of the garbage collector's way: Streamlit collects after every run.

    It does nothing unless a good deal is new, as after the first visit of a page that needs scikit-learn.
    """
    if len(sys.modules) > _frozen["modules"] + _MANY_MODULES:
        gc.collect()
        gc.freeze()
        _frozen["modules"] = len(sys.modules)


def stay_home() -> None:
    """Have Streamlit ask nobody what the address of this machine is: it would, of a foreign origin or an open host.

    Nor look through the metadata of all packages for components of theirs, a good part of a start: we use our own.
    """
    net_util.get_external_ip = net_util.get_internal_ip = lambda: None
    manifest_scanner.scan_component_manifests = lambda *_, **__: []


def explain(problem: Exception) -> bool:
    """Error message: what a page shows of an exception that nobody caught.

    A user's mistake in its own words, ours in one sentence.
    """
    if isinstance(problem, MmexploreError):
        st.error(literal(problem), icon=":material/info:")
    elif isinstance(problem, OSError) and (words := files.disk_words(problem)):
        st.error(literal(words), icon=":material/info:")
    else:
        log.error("a page failed", exc_info=problem)
        st.error("Something went wrong on this page; the log has the details.", icon=":material/error:")
        st.caption(literal(f"The log is {logs.log_file(default_home())}"))
    return True
