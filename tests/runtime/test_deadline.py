"""Chemistry on what a visitor typed: answers as without a deadline, ended at it, and the next visitor is served."""

import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from importlib import import_module

import numpy as np
import pandas as pd
import psutil
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rdkit import Chem
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.testclient import TestClient

from mmexplore import studio
from mmexplore.chem import molecules
from mmexplore.chem.standardize import scaffolds
from mmexplore.datasets import search
from mmexplore.explore.explain import shape3d
from mmexplore.features.featurize import featurize
from mmexplore.features.workers import hurried
from mmexplore.runtime import deadline
from mmexplore.runtime.deadline import HURRIED, Hurried, each, within
from mmexplore.runtime.errors import BadMolecule, MmexploreError, TooLong
from mmexplore.runtime.registry import MODALITIES
from mmexplore.runtime.workers import Worker
from mmexplore.ui.server import routes as drawings
from mmexplore.ui.server.routes import routes

ENDLESS = "B" * 1_990
DOTS = "[C,c].[C,c].[C,c].[C,c].[C,c].[#92]"  # every way to lay the others is tried before the last is missed
LONG_CHAIN = "C" * 60


@pytest.fixture
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """A short deadline, once the processes are warm."""
    within(search.molecule_and_pattern, "OCC")
    monkeypatch.setenv(deadline.SETTING, "0.5")


@pytest.fixture
def own() -> Iterator[Hurried]:
    made = Hurried(1)
    yield made
    made.close()


@settings(max_examples=25, deadline=None)
@given(st.text(alphabet="CNOcn()=#[]+-123.", max_size=14))
def test_what_is_said_is_what_the_function_says(text: str) -> None:
    told = []
    for call in (molecules.depict, lambda smiles: within(molecules.depict, smiles)):
        try:
            told.append(call(text))
        except BadMolecule as mistake:
            told.append(str(mistake))
    assert told[0] == told[1]


def test_what_takes_too_long_is_told_so_and_the_next_is_served(hurry: None, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(TooLong, match=r"longer than 0\.5 seconds"):
        within(molecules.depict, ENDLESS)
    monkeypatch.setenv(deadline.SETTING, "60")
    assert "<svg" in within(molecules.depict, "CCO")


def test_the_process_is_gone_with_its_work(own: Hurried, monkeypatch: pytest.MonkeyPatch) -> None:
    own.ask("mmexplore.datasets.search:molecule_and_pattern", ["C"], {})
    (worker,) = own._idle
    process = psutil.Process(worker.process.pid)
    monkeypatch.setenv(deadline.SETTING, "0.2")
    with pytest.raises(TooLong):
        own.ask("mmexplore.chem.molecules:depict", [ENDLESS], {})
    psutil.wait_procs([process], 60)
    assert not process.is_running()
    monkeypatch.setenv(deadline.SETTING, "60")
    assert own.ask("mmexplore.datasets.search:molecule_and_pattern", ["OCC"], {})[0] == "CCO"


def test_a_process_that_had_no_processor_has_the_rest_of_its_time(
    own: Hurried, monkeypatch: pytest.MonkeyPatch
) -> None:
    own.ask("mmexplore.datasets.search:molecule_and_pattern", ["C"], {})
    (worker,) = own._idle
    process, looks = psutil.Process(worker.process.pid), []

    def look(of: Worker) -> float:
        looks.append(of)
        if len(looks) == 2:
            process.resume()
        return 0.0

    monkeypatch.setattr(Worker, "processor_seconds", look)
    monkeypatch.setattr(deadline, "_CLOCK", 10_000)
    monkeypatch.setenv(deadline.SETTING, "0.2")
    process.suspend()
    assert own.ask("mmexplore.datasets.search:molecule_and_pattern", ["OCC"], {})[0] == "CCO"
    assert len(looks) > 1


def test_who_gets_no_processor_at_all_is_told_by_the_clock(own: Hurried, monkeypatch: pytest.MonkeyPatch) -> None:
    own.ask("mmexplore.datasets.search:molecule_and_pattern", ["C"], {})
    psutil.Process(own._idle[0].process.pid).suspend()
    monkeypatch.setenv(deadline.SETTING, "0.1")
    with pytest.raises(TooLong):
        own.ask("mmexplore.datasets.search:molecule_and_pattern", ["OCC"], {})


def test_who_waits_in_line_is_told_in_time(own: Hurried, monkeypatch: pytest.MonkeyPatch) -> None:
    own.ask("mmexplore.datasets.search:molecule_and_pattern", ["C"], {})
    monkeypatch.setenv(deadline.SETTING, "0.5")
    said: list[str] = []

    def ask() -> None:
        with pytest.raises(TooLong) as told:
            own.ask("mmexplore.chem.molecules:depict", [ENDLESS], {})
        said.append(str(told.value))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(said) == 4
    assert sum("given up" in words for words in said) >= 1


def test_a_process_that_comes_down_is_a_sentence(own: Hurried) -> None:
    own.ask("mmexplore.datasets.search:molecule_and_pattern", ["C"], {})
    own._idle[0].kill()
    with suppress(BadMolecule):  # it may come down in the middle, or have been seen to be gone before
        own.ask("mmexplore.datasets.search:molecule_and_pattern", ["C"], {})
    assert own.ask("mmexplore.datasets.search:molecule_and_pattern", ["OCC"], {})[0] == "CCO"


def test_only_functions_of_the_package_run_there() -> None:
    with pytest.raises(MmexploreError, match="no function"):
        HURRIED.ask("os:getcwd", [], {})


@pytest.mark.parametrize("text", ["", "x", "-1", "0", "nan", "inf", "1e9"])
def test_a_setting_that_is_no_time_is_the_usual_one(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv(deadline.SETTING, text)
    assert deadline.seconds() == deadline.USUAL_SECONDS


@pytest.fixture
def no_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is asked of the endless molecule, laid out, comes to the deadline at once."""
    import_module("mmexplore.studio.molecules")  # which takes `within` as it is when it is first asked for

    def late(work: Callable[..., object], part: list[str], *rest: object, **settings: object) -> object:
        if ENDLESS in part:
            raise TooLong("no time")
        return work(part, *rest, **settings)

    monkeypatch.setattr(deadline, "within", late)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(st.sampled_from(["CCO", "CCN", ENDLESS]), max_size=9), st.integers(1, 5))
def test_one_that_takes_too_long_costs_itself_alone(no_time: None, texts: list[str], at_once: int) -> None:
    if texts.count(ENDLESS) > 3:
        with pytest.raises(TooLong):
            each(scaffolds, texts, at_once=at_once, workers=0)
        return
    found = each(scaffolds, texts, at_once=at_once, workers=0)
    assert [one is None for one in found] == [text == ENDLESS for text in texts]


def test_an_sdf_holds_also_what_could_not_be_laid_out(no_time: None) -> None:
    table = pd.DataFrame({"smiles": ["CCO", ENDLESS], "name": ["a", "> b"], "x": [1.0, 2.0]})
    first, second = (Chem.MolFromMolBlock(part) for part in studio.to_sdf(table).split("$$$$\n")[:2])
    assert (first.GetProp("_Name"), second.GetProp("_Name").strip()) == ("a", "> b")
    assert second.GetNumAtoms() == len(ENDLESS)
    assert np.ptp(first.GetConformer().GetPositions()) > 0


@pytest.mark.parametrize("query", [f"smiles={ENDLESS}", f"smiles={LONG_CHAIN}&smarts={DOTS.replace('#', '%23')}"])
def test_a_route_answers_at_the_deadline(hurry: None, query: str) -> None:
    client = TestClient(Starlette(routes=routes()))
    answer = client.get(f"/depict.svg?{query}")
    assert answer.status_code == 400
    assert "longer than 0.5 seconds" in answer.text or "busy" in answer.text
    assert client.get("/healthz").status_code == 200


def test_a_route_waits_for_processes_that_are_still_to_start(monkeypatch: pytest.MonkeyPatch) -> None:
    """A page asks for a drawing once: what is refused there is an empty place."""
    ready = threading.Event()
    looks: list[bool] = []

    class Starting:
        @property
        def cold(self) -> bool:
            looks.append(not ready.is_set())
            if len(looks) == 3:
                ready.set()
            return looks[-1]

    def drawn(request: Request) -> Response:
        ready.wait()
        return PlainTextResponse("drawn")

    monkeypatch.setattr(drawings, "HURRIED", Starting())
    monkeypatch.setattr(drawings, "_depicted", drawn)
    monkeypatch.setattr(drawings, "_GRACE_SECONDS", 0.0)
    monkeypatch.setenv(deadline.SETTING, "0.01")
    answer = TestClient(Starlette(routes=routes())).get("/depict.svg?smiles=C")
    assert (answer.status_code, answer.text) == (200, "drawn")
    assert looks[:2] == [True, True]


def test_a_search_ends_at_the_deadline_and_finds_what_rdkit_finds(hurry: None, monkeypatch: pytest.MonkeyPatch) -> None:
    data = studio.dataset("solubility")
    with pytest.raises(TooLong):
        search.matches(data, DOTS)
    monkeypatch.setenv(deadline.SETTING, "60")
    monkeypatch.setattr(search, "_AT_ONCE", 500)
    for smarts in ("[#6]-[OX2H]", "[Cl,Br]c", "[C@H]"):
        query = Chem.MolFromSmarts(smarts)
        assert search.matches(data, smarts).tolist() == search.containing(data, query).tolist()


@pytest.mark.parametrize(
    ("smarts", "words"),
    [
        ("[C,c]" * 501, "501 atoms of the 500"),
        ("C" * 5_001, "5,001 characters of the 5,000"),
        (".".join(["[C,c]"] * 7), "7 components of the 6"),
        ("[$(C)]" * 31, "31 recursive environments of the 30"),
        ("[$(C" * 40 + ")]" * 40, "80 brackets in each other of the 60"),
        ("(" * 4_000, "brackets in each other"),
    ],
)
def test_a_smarts_is_bounded_and_said_to_be(smarts: str, words: str) -> None:
    for check in (molecules.pattern, lambda text: studio.find("solubility", text)):
        with pytest.raises(BadMolecule) as told:
            check(smarts)
        assert words in str(told.value)
        assert len(str(told.value)) < 400


def test_a_conformer_and_records_are_those_made_here() -> None:
    here, there = shape3d.shape("c1ccncc1"), studio.shape("c1ccncc1")
    np.testing.assert_array_equal(here.xyz, there.xyz)
    np.testing.assert_array_equal(here.bonds, there.bonds)
    assert (here.elements, here.block, here.how) == (there.elements, there.block, there.how)
    chunk, direct = hurried("fingerprint", {}, "CCO"), featurize(MODALITIES["fingerprint"](), ["CCO"])
    for name, values in direct.packed.columns.items():
        np.testing.assert_array_equal(values, chunk.packed.columns[name])


def test_the_common_scaffold_passes_over_what_takes_too_long() -> None:
    data = studio.dataset("solubility")
    rows = np.arange(60)
    found = [molecules.scaffold(smiles) for smiles in data.smiles[rows]]
    wanted = max((found.count(one), one) for one in found if one)
    smiles, count = studio.common_scaffold("solubility", rows)
    assert (count, found.count(smiles)) == (wanted[0], wanted[0])


def test_a_large_molecule_is_not_explained_while_a_page_waits() -> None:
    model = next(one for one in studio.models() if one.card and one.card.data.tasks)
    goal, _ = studio.target(model.name)
    with pytest.raises(BadMolecule, match="has 251 atoms"):
        studio.explain(model.name, "C" * 251, goal)
