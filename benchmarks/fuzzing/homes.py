"""Corrupted files of a home: an answer is the healthy one, or nothing, or a sentence, and never another number.

One small home is made; each case has a copy of it in which one file was hurt, and a process that has read nothing yet.
"""

import json
import math
import random
import shutil
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from fuzzing.crew import ANSWERED, REFUSED, SILENT, Came, dice_of
from fuzzing.molecules import SMILES
from mmexplore import studio
from mmexplore.features import store
from mmexplore.recipes.recipe import parse
from mmexplore.runtime import seals
from mmexplore.runtime.errors import MmexploreError
from mmexplore.runtime.home import Home, json_text
from mmexplore.studio import ViewRef

PATIENCE = 300.0
TINY: dict[str, Any] = {
    "name": "tiny",
    "data": {"dataset": "few", "split": "random", "fractions": [0.6, 0.2, 0.2]},
    "branches": [{"encoder": "dmpnn", "name": name, "options": {"hidden_size": 16, "depth": 2}} for name in ("a", "b")],
    "fusion": {"name": "late"},
    "training": {"epochs": 1, "batch_size": 16, "device": "cpu"},
}
"""The least model that has parts, two views and a fused one."""
_LISTS = ("data sets", "models", "jobs")
_NEVER_HURT = (".lock", "lock", "mmexplore.log")


def table() -> str:
    """A few dozen molecules with a label that is no constant."""
    both = [*SMILES, *(f"CC{smiles}" for smiles in SMILES[::2] if smiles[0] in "CNO")]
    lines = [f"{smiles},m{n},{n % 7 + len(smiles) / 10:.2f},{n % 3}a" for n, smiles in enumerate(both)]
    return "smiles,name,y,kind\n" + "\n".join(lines) + "\n"


def build(place: str) -> Callable[[], Came]:
    """Makes the home in ``place``/home, and what it answers when it is well beside it."""

    def work() -> Came:
        home = Home(Path(place) / "home")
        with studio.at_home(home):
            _fill()
            told = {name: answer() for name, answer in _answers().items()}
            (Path(place) / "healthy.json").write_text(json_text(told), encoding="utf-8")
        return Came(ANSWERED)

    return work


def begin(place: str) -> Callable[[int, int, str], Came]:
    """Answers one case: a copy of the home is hurt and asked."""

    def answer(seed: int, number: int, built: str) -> Came:
        folder = Path(place) / f"case-{number}"
        shutil.copytree(Path(built) / "home", folder / "home", symlinks=True)
        healthy = json.loads((Path(built) / "healthy.json").read_text(encoding="utf-8"))
        home = Home(folder / "home")
        hurt = _hurt(home.path, dice_of(seed, "home", number))
        try:
            with studio.at_home(home):
                return _compared(healthy, hurt)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    return answer


def keep(seed: int, number: int, folder: Path, built: Path) -> Path:
    """Write the hurt home of a case where a person can look at it."""
    place = folder / f"home-{number}"
    shutil.copytree(built / "home", place, symlinks=True)
    (folder / f"home-{number}.txt").write_text(_hurt(place, dice_of(seed, "home", number)), encoding="utf-8")
    return place


def _fill() -> None:
    """One of everything that a home keeps."""
    data = studio.add_dataset(table(), "few", targets=["y"], kinds={"y": "regression"}).name
    assert data == "few"
    studio.train(parse(TINY), studio.new_run("tiny"), "tiny")
    model = studio.model("tiny").name
    studio.embed(model, data)
    for view in studio.model(model).views:
        studio.compute_map(model, data, view, "pca")
    studio.compute_map(studio.BASELINE, data, studio.BASELINE, "pca")
    goal, _ = studio.target(model)
    studio.group_motifs(model, data, studio.Group(cluster=1), goal, most=3)
    studio.keep_selection(data, np.arange(5))
    job = studio.start_map(studio.BASELINE, data, studio.BASELINE, "pca")
    for _ in studio.follow_job(job.id):
        pass
    assert studio.job(job.id).state == "done", studio.job(job.id).log_tail(20)


def _compared(healthy: dict[str, Any], hurt: str) -> Came:
    """Every answer beside the healthy one."""
    silent, refused = [], []
    for name, answer in _answers().items():
        try:
            found = json.loads(json_text(answer()))
        except MmexploreError as error:
            refused.append(str(error))
            continue
        if not (_same(found, healthy[name]) or _said(name, found, healthy[name], hurt)):
            silent.append(f"{name}: {_first_difference(found, healthy[name])}")
    if silent:
        return Came(SILENT, f"{hurt}: {'; '.join(silent)}"[:900])
    return Came(REFUSED, refused[0][:300]) if refused else Came(ANSWERED)


def _said(name: str, found: Any, healthy: Any, hurt: str) -> bool:
    """Whether what is lacking is not there, or is named; no answer may hold another number."""
    if found in (None, [], {}):
        return True
    if name in ("colors", "predictions"):  # without those that are not there, which a page does not show
        return all(key in healthy and _same(found[key], healthy[key]) for key in found)
    if name == "card":
        return found[:-1] == healthy[:-1] and all(fact in healthy[-1] for fact in found[-1])
    if name not in _LISTS:
        return False
    damaged = {"data sets": studio.damaged_datasets, "models": studio.damaged_models, "jobs": studio.damaged_jobs}
    there, whole = ({one[0]: one for one in some} for some in (found, healthy))
    lost = whole.keys() - there.keys()
    other = [key for key in there if key not in whole or (there[key] != whole[key] and there[key][1:] != [None])]
    return not other and (not lost or "deleted" in hurt or lost <= damaged[name]().keys())


def _answers() -> dict[str, Callable[[], Any]]:
    """What is asked of a home, as plain values."""
    data, model, view = "few", "tiny", "a"

    def mine(entries: Any) -> list[Any]:
        return [[e.name, e.rows, e.molecules, [asdict(t) for t in e.tasks]] for e in entries if e.source == "yours"]

    def dataset() -> Any:
        d = studio.dataset(data)
        return [d.smiles, d.names, d.labels, d.lines, asdict(d.report), d.extra.to_dict("list"), d.digest]

    def embedded() -> Any:
        made = studio.embed(model, data)
        return [made.predictions, {v: made.view(v) for v in made.views}, {p: made.part(p) for p in made.parts}]

    def mapped(name: str, of: str) -> Any:
        made = studio.compute_map(name, data, of, "pca")
        return [made.xy, asdict(made.quality)]

    def colored() -> Any:
        names = studio.color_names(model, data, view)
        return {name: asdict(studio.color(model, data, view, name)) for name in names}

    def hits(panel: ViewRef) -> Any:
        found = studio.hits(studio.query_of_row(data, 3), panel, data, 7)
        return [found.rows, found.similarity]

    def fusion() -> Any:
        report = studio.fusion_report(model, data)
        return [report.mean, report.std, report.prediction, report.w, report.p, asdict(report.alike)]

    def motifs() -> Any:
        goal, how = studio.target(model)
        found = studio.stored_motifs(model, data, studio.Group(cluster=1), goal, most=3)
        return None if found is None else [asdict(found) | {"common": found.common.smarts}, asdict(goal), how]

    def features(modality: str) -> Any:
        smiles = studio.dataset(data).smiles
        made = store.features(modality, smiles, home=studio.home())
        return made.take(np.arange(len(smiles))).columns

    def selected() -> Any:
        found = [path.name for path in (studio.home() / "selections").iterdir() if not seals.is_seal(path)]
        return [studio.kept_selection(data, name) for name in found if len(name) == 16]

    def jobs() -> Any:
        results = {job.id: job.result for job in studio.list_jobs()}
        return [[id, told and {k: v for k, v in told.items() if k != "file"}] for id, told in results.items()]

    def card() -> Any:
        found = studio.molecule_card(data, 2, model)
        return [found.row, found.name, found.smiles, found.line, found.facts]

    def known() -> Any:
        found = studio.predictions(model, data)
        return None if found is None else found.to_dict("list")

    def history() -> Any:
        return studio.history(model).drop(columns=["seconds"], errors="ignore").to_dict("list")

    return {
        "data sets": lambda: mine(studio.datasets()),
        "data set": dataset,
        "rows": lambda: studio.rows_of(data).to_dict("list"),
        "models": lambda: [[m.name, m.card and m.card.metrics] for m in studio.models() if m.card and not m.shipped],
        "history": history,
        "predictions": known,
        "embedding": embedded,
        "map": lambda: mapped(model, view),
        "map of fingerprints": lambda: mapped(studio.BASELINE, studio.BASELINE),
        "colors": colored,
        "hits": lambda: hits(ViewRef(model, view)),
        "hits by fingerprint": lambda: hits(studio.ECFP),
        "fusion": fusion,
        "motifs": motifs,
        "graphs": lambda: features("graph2d"),
        "fingerprints": lambda: features("fingerprint"),
        "selection": selected,
        "jobs": jobs,
        "card": card,
        "recipe": lambda: studio.model(model).recipe.model_dump(mode="json"),  # type: ignore[union-attr]
    }


def _same(found: Any, healthy: Any) -> bool:
    """Whether two values are the same, numbers to the digits that remaking may change."""
    if isinstance(found, dict) and isinstance(healthy, dict):
        return found.keys() == healthy.keys() and all(_same(found[key], healthy[key]) for key in found)
    if isinstance(found, list) and isinstance(healthy, list):
        return len(found) == len(healthy) and all(map(_same, found, healthy))
    if isinstance(found, float) and isinstance(healthy, float):
        return math.isclose(found, healthy, rel_tol=1e-5, abs_tol=1e-6)
    return bool(found == healthy)


def _first_difference(found: Any, healthy: Any, where: str = "") -> str:
    """Where two values first differ, in words."""
    if isinstance(found, dict) and isinstance(healthy, dict) and found.keys() == healthy.keys():
        pairs: Iterator[tuple[Any, Any, Any]] = ((key, found[key], healthy[key]) for key in found)
    elif isinstance(found, list) and isinstance(healthy, list) and len(found) == len(healthy):
        pairs = ((n, a, b) for n, (a, b) in enumerate(zip(found, healthy, strict=True)))
    else:
        return f"{where} {str(found)[:80]} for {str(healthy)[:80]}"
    return next((_first_difference(a, b, f"{where}/{key}") for key, a, b in pairs if not _same(a, b)), "")


def _hurt(home: Path, dice: random.Random) -> str:
    """Hurt one file of a home; says which, and how."""
    files = sorted(p for p in home.rglob("*") if p.is_file() and p.name not in _NEVER_HURT and p.suffix != ".lock")
    ways: list[Callable[[Path, random.Random], str]] = [_flip, _flip, _flip, _cut, _delete, _dangling, _empty, _add_odd]
    way = dice.choice(ways)
    if dice.random() < 0.2:
        way, files = _odd_json, [path for path in files if path.suffix == ".json"]
    if way in (_flip, _cut, _empty):
        files = [path for path in files if path.stat().st_size]
    kinds = sorted({path.relative_to(home).parts[0] for path in files})
    kind = dice.choice(kinds)  # a kind first: there are more features than cards
    path = dice.choice([one for one in files if one.relative_to(home).parts[0] == kind])
    return f"{path.relative_to(home)} {way(path, dice)}"


def _flip(path: Path, dice: random.Random) -> str:
    content = bytearray(path.read_bytes())
    place = dice.randrange(len(content))
    content[place] ^= 1 << dice.randrange(8)
    path.write_bytes(bytes(content))
    return f"has a flipped bit in byte {place}"


def _cut(path: Path, dice: random.Random) -> str:
    content = path.read_bytes()
    path.write_bytes(content[: dice.randrange(len(content))])
    return "was cut"


def _delete(path: Path, _: random.Random) -> str:
    path.unlink()
    return "was deleted"


def _empty(path: Path, _: random.Random) -> str:
    path.write_bytes(b"")
    return "is empty"


def _dangling(path: Path, _: random.Random) -> str:
    path.unlink()
    path.symlink_to("/nowhere/at/all")
    return "is a link that leads nowhere"


def _odd_json(path: Path, dice: random.Random) -> str:
    odd = ["[]", "{}", "null", "[" * 100_000, '{"version": NaN}', '"text"', "1e999", '{"a": 1', "\ufeff{}", "[[1], {}]"]
    path.write_text(text := dice.choice(odd), encoding="utf-8")
    return f"holds {text[:20]}"


def _add_odd(path: Path, dice: random.Random) -> str:
    """Something that nobody here has written, beside a file."""
    odd = path.parent / dice.choice(["odd.json", "odd", "0-odd.parquet"])
    if dice.random() < 0.5:
        odd.symlink_to("/nowhere/at/all")
    else:
        odd.write_bytes(dice.randbytes(40))
    return f"has {odd.name} beside it"
