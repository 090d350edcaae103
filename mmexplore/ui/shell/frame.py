"""Page frame: navigation over pages/, the data set, model and view, and what is at work.

Every file ``pages/N_Title.py`` is a page, in the order of the numbers; nothing else has to be told.
"""

from contextlib import suppress
from copy import copy
from functools import cache
from pathlib import Path
from typing import Any

import streamlit as st

from mmexplore import studio
from mmexplore.runtime import logs
from mmexplore.runtime.errors import MmexploreError
from mmexplore.studio import Model, hosts
from mmexplore.ui.components import waits
from mmexplore.ui.components.words import literal
from mmexplore.ui.server import asked, visitors
from mmexplore.ui.shell import address, deep_links, jobs, navigation, session, skip_link, startup, tour

ICON = Path(__file__).with_name("icon.svg")  # a material icon would be fetched from a foreign server
_ICONS = {
    "Map": "scatter_plot", "Fusion": "merge", "Retrieval": "manage_search", "Subgraphs": "hub",
    "Predict": "batch_prediction", "Train": "model_training", "Data": "table_view", "Results": "leaderboard",
}  # fmt: skip
# Streamlit's own download of a table leaves formulas as they are; those below the tables are studio.to_csv's
_SIDEBAR_PX = 244
_VISITED = "visited"
_STYLE = """<style>
[data-testid="stMainBlockContainer"] { padding: 2.6rem clamp(1rem, 2.5vw, 3rem) 3rem; }
[data-testid="stMarkdownContainer"] table { font-size: 0.875rem; line-height: 1.3; width: 100%; }
[data-testid="stMarkdownContainer"] table:has(th:nth-child(7)) :is(th, td):not(:first-child) {
  overflow-wrap: anywhere; }
[data-testid="stMarkdownContainer"] :is(th, td) { padding: 0.3rem 0.5rem; }
:is([data-testid="stBaseButton-primary"], [data-tag], [data-tag] *) { color: light-dark(#fff, #0b1215); }
[data-testid="stElementToolbarButton"]:has([aria-label^="Download as CSV"]) { display: none; }
[data-testid="stMarkdownContainer"] tr:not(:has(th:not(:empty))) > th { display: none; }
:is([data-testid="stTextInput"], [data-testid="stNumberInput"]) [data-testid="InputInstructions"] { display: none; }
[data-testid="stButtonGroup"] :has(> button) { flex-wrap: wrap; }
[data-testid="stMultiSelect"] [role="group"]:has(> [data-testid="stMultiSelectTagsContainer"]) {
  height: auto; max-height: none; }
[data-testid="stMultiSelectTagsContainer"] { flex-wrap: wrap; height: auto; mask-image: none; padding-block: 0.3rem 0; }
.st-key-history { position: absolute; }
[data-testid="stLayoutWrapper"]:has(> .st-key-demo-bar) { position: sticky; top: 0; z-index: 9;
  background: light-dark(#fff, #14181b); }
@media (max-width: 1200px) {
  [data-testid="stColumn"] [data-testid="stMarkdownContainer"] table:has(th:nth-child(5)) {
    font-size: 0.75rem; :is(th, td) { padding: 0.3rem 0.2rem; } }
  [data-testid="stMain"] h1 { font-size: 1.2rem; }
  :is([class*="st-key-stacks-"], [class*="st-key-pairs-"]) > * > [data-testid="stHorizontalBlock"] { flex-wrap: wrap; }
  [class*="st-key-stacks-"] > * > * > [data-testid="stColumn"] { min-width: 100%; }
  [class*="st-key-pairs-"] > * > * > [data-testid="stColumn"] { min-width: calc(50% - 1rem); }
}
SKIP</style>""".replace("SKIP", skip_link.STYLE)


def main() -> None:
    """One run of the app for one visitor."""
    st.set_page_config("mmexplore", str(ICON), "wide", initial_sidebar_state=_SIDEBAR_PX)
    st.html(_STYLE)
    st.logo(str(ICON.with_name("wordmark.svg")), icon_image=str(ICON), size="large")
    if hosts.signs_in() and not _door():
        return
    chosen = st.navigation(_pages(), expanded=True)
    address.steps()
    address.notes_here()
    deep_links.arrive()
    with st.sidebar:
        skip_link.skip_link(chosen.title)
        choice = _pickers()
    waits.read(choice.data)
    with st.sidebar:
        session.remember(choice)
        jobs.job_banner()
        if hosts.signs_in():
            _account(chosen.title)
    deep_links.answer()
    tour.bar()
    chosen.run()
    deep_links.strange(chosen.title)
    startup.stands()


def _door() -> bool:
    """Whether the pages are open to who is here; else what there is to be done is drawn."""
    user = st.user.to_dict()
    if visitors.identity(user):
        return True
    st.title("mmexplore")
    if user.get("is_logged_in"):
        st.error(literal(f"{visitors.called(user)} has no access to this server; whoever runs it can give it."))
        st.button("Sign out", on_click=st.logout)
    else:
        st.write("This server keeps data sets and models for each of its users.")
        st.button("Sign in", on_click=st.login, type="primary")
    return False


def _account(page: str) -> None:
    """Who is signed in, and the way out; the audit log is told of a visit and of each page."""
    st.caption(literal(f"Signed in as {visitors.called(st.user.to_dict())}"))
    st.button("Sign out", on_click=st.logout, key="sign-out")
    if _VISITED not in st.session_state:
        logs.audit("visit")
    if st.session_state.get(_VISITED) != page:
        st.session_state[_VISITED] = page
        logs.audit("page", page=page)


def _pages() -> list[st.Page]:
    return [copy(_page(path, first=number == 0)) for number, path in enumerate(navigation.pages())]


@cache
def _page(path: Path, *, first: bool) -> st.Page:
    """A page, whose file is looked for once; who asks takes a copy, as Streamlit marks the one that is run."""
    title = navigation.title(path)
    return st.Page(path, title=title, icon=f":material/{_ICONS.get(title, 'article')}:", default=first)


def _pickers() -> session.Choice:
    names = studio.available()
    models = {model.name: model for model in studio.models()}
    first_data, first_model, *_ = studio.first_choice()
    address.renamed("data", studio.current_name)
    about: dict[str, Any] = {"key": "data", "kind": "the data set", "on_change": _follow_data}
    data = address.choose(st.selectbox, "Data set", names, index=_index(names, first_data), **about)
    _with_twin(models)
    about = {"key": "model", "kind": "the model", "index": _index(list(models), first_model)}
    model = address.choose(st.selectbox, "Model", list(models), **about)
    st.caption(_about(models[model]))
    views = list(models[model].views)
    view = address.choose(st.selectbox, "View", views, key="view", kind=f"the view of {model}", help=_VIEW_HELP)
    return session.Choice(data, model, view)


def _with_twin(models: dict[str, Model]) -> None:
    """An untrained model stands in the list only where it is the one that is asked for."""
    wanted = str(st.session_state.get("model") or st.query_params.get("model", ""))
    if wanted.startswith(studio.UNTRAINED):
        with suppress(MmexploreError):
            models[wanted] = studio.model(asked.model(wanted))


_VIEW_HELP = "Which of the model's pictures of a molecule is shown: that of one branch, or the fused one."


def _index(names: list[str], wanted: str) -> int:
    return names.index(wanted) if wanted in names else 0


def _follow_data() -> None:
    """Another data set brings the model that was trained on it, where there is one."""
    models = studio.models()
    by_name = {model.name: model for model in models}
    fitting = [model.name for model in models if model.data == st.session_state["data"]]
    now = by_name.get(st.session_state.get("model", ""))
    if fitting and (now is None or now.data != st.session_state["data"]):
        st.session_state["model"] = fitting[0]


def _about(model: Model) -> str:
    if isinstance(model, studio.Imported):
        words = f"{model.held:,} of {model.n:,} molecules have a vector of {model.width:,} numbers"
        return literal(f"{model.title}: imported for {model.bound}; {words}. No other molecule can be embedded.")
    if model.card is None:
        return "Morgan fingerprints, radius 2, 2,048 bits; nothing was learned."
    if model.card.untrained:
        return literal(f"{model.title}: the weights that seed {model.card.seed} draws; nothing was learned.")
    return literal(f"{model.title}: trained on {model.data}")
