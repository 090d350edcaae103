"""Odd SMILES and SMARTS through the doors that a visitor reaches: none hangs, none brings a process down.

Each door has a deadline: that of the server for every piece of chemistry that it asks for, ten seconds for a common
subgraph. What comes later than that and ``GRACE`` is asked once more, and counts if that is late, too; beside other
work both are longer by as much as a fixed piece of work takes longer then (:func:`fuzzing.crew.pace`).
"""

import random
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rdkit import Chem, RDLogger

from fuzzing.crew import ANSWERED, LATE, SILENT, Came, dice_of, pace
from fuzzing.molecules import ODD, SMILES
from mmexplore import studio
from mmexplore.runtime import deadline
from mmexplore.runtime.errors import MmexploreError
from mmexplore.runtime.home import Home

GRACE = 2.0
PATIENCE = 90.0
"""Seconds after which a process counts as one that hangs."""
CHAIN = "C" * 60
MODEL = "solubility-dmpnn"
_SIGNS = "CNOPSFIBclnos[]()=#$:/\\@+-.%0123456789*~!&,;?HXRvDa"
_SMARTS = (
    "[#6]", "[C,c]", "[!#1]", "[R]", "[r6]", "[CX4]", "[$(C=O)]", "[NX3;H2,H1;!$(NC=O)]", "a", "A", "*", "[#6]~[#7]",
    "[O;D1]", "[C@@H]", "[+]", "c:c", "C-!@C", "[2H]", "[CH3][OH]", "[#6;!R]=[#8]", "[$([#6]1~[#6]~[#6]1)]",
)  # fmt: skip


def text_of(seed: int, number: int) -> str:
    """The text of a case: valid, mutated or pathological."""
    dice = dice_of(seed, "smiles", number)
    kind = dice.random()
    if kind < 0.25:
        return dice.choice(SMILES + ODD + _SMARTS)
    if kind < 0.75:
        return _mutated(dice)
    return _pathological(dice)


def _mutated(dice: random.Random) -> str:
    text = dice.choice(SMILES + _SMARTS)
    for _ in range(dice.randint(1, 6)):
        place = dice.randrange(len(text) + 1)
        way = dice.randrange(5)
        if way == 0:
            text = text[:place] + dice.choice(_SIGNS) + text[place:]
        elif way == 1:
            text = text[:place] + text[place + 1 :]
        elif way == 2:
            text = text[:place] + dice.choice(_SIGNS) + text[place + 1 :]
        elif way == 3:
            text = text[:place] + dice.choice(SMILES + _SMARTS) + text[place:]
        else:
            text = text[place:] + dice.choice(["", ".", ">>", ">"]) + text[:place]
    return text[:2_000]


def _pathological(dice: random.Random) -> str:
    n = dice.choice([30, 100, 500, 1_990, 5_000])
    spiro = "C1CC2" + "".join(f"(CC%{k}" for k in range(10, 10 + min(n, 80)))
    ways: list[Callable[[], str]] = [
        lambda: "B" * n,
        lambda: "C1CC1" * n,
        lambda: "C" * n,
        lambda: "C1" + "C" * n + "1",
        lambda: "c1ccccc1" * n,
        lambda: "C(" * n + "C" + ")" * n,
        lambda: "(" * n,
        lambda: "[" * n,
        lambda: "[$(" * n,
        lambda: "[$(" * min(n, 29) + "C" + ")]" * min(n, 29),
        lambda: ".".join(["[C,c]"] * (n % 40 + 2)) + ".[#92]",
        lambda: ".".join(["*~*~*~*"] * (n % 6 + 1)),
        lambda: "*" * n,
        lambda: "." * n,
        lambda: "~".join(["[#6,#7]"] * min(n, 500)),
        lambda: "F/C=C/" * n,
        lambda: "[C@@H](F)(Cl)" * n,
        lambda: "[" + "9" * n + "C]",
        lambda: "[C" + "+" * n + "]",
        lambda: "C%" + "9" * n,
        lambda: "[H]" * n,
        lambda: "CCO |" + "$" * n + "|",
        lambda: "InChI=1S/C" + "9" * min(n, 500) + "H2O",
        lambda: "C1CCC2(CC1)" * n,
        lambda: spiro,
        lambda: "N" + "c1ccc(cc1)-" * min(n, 200) + "c1ccccc1",
        lambda: "C12C3C4C1C5C2C3C45" * min(n, 100),
        lambda: "OS(=O)(=O)" * n + "[Xx]",
        lambda: "\ud800CCO",
        lambda: "CC\0O\x1b[31m",
        lambda: "\u200bCCO\u202e" * 3,
        lambda: "[*:1]" * n + "\n" * 5 + "CCO",
        lambda: " " * n,
        lambda: "[Fe]" * n,
        lambda: "[#" + "9" * n + "]",
        lambda: "C-" * n + "C>>" + "C" * n,
        lambda: "[!C;!N;!O;R,R2,R3]@" * min(n, 200) + "*",
    ]
    return dice.choice(ways)()


def begin(place: str) -> Callable[[int, int], Came]:
    """Answers cases on a set of a few dozen molecules, once the processes for chemistry are warm."""
    RDLogger.DisableLog("rdApp.*")  # type: ignore[attr-defined]
    home = Home(Path(place) / "home")
    with studio.at_home(home):
        data = studio.add_dataset("\n".join(f"{smiles} m{n}" for n, smiles in enumerate(SMILES)), "few").name
        for _ in range(4):
            studio.depict("CCO")
        studio.hits(studio.query_of(data, "CCO"), studio.ECFP, data, 3)
    doors = _doors(data, Path(place))
    with studio.at_home(home):
        for slow in ("explanation", "prediction"):  # whose model is loaded once
            doors[slow][0]("CCO")

    def answer(seed: int, number: int) -> Came:
        text = text_of(seed, number)
        with studio.at_home(home):
            for name in dice_of(seed, "doors", number).sample(sorted(doors), 3):
                door, limit = doors[name]
                came = _in_time(name, door, text, limit)
                if came.what != ANSWERED:
                    return came
            return _same_molecule(data, text)

    return answer


def keep(seed: int, number: int, folder: Path) -> Path:
    """Write the text of a case where a person can look at it."""
    path = folder / f"{number}.txt"
    path.write_bytes(text_of(seed, number).encode("utf-8", "surrogatepass"))
    return path


def _doors(data: str, place: Path) -> dict[str, tuple[Callable[[str], Any], float]]:
    """Doors by name, each with its deadline in seconds."""
    step = deadline.seconds()
    group = place / "group.smi"

    def retrieval(text: str) -> Any:
        return studio.hits(studio.query_of(data, text), studio.ECFP, data, 5)

    def detail(text: str) -> Any:
        return studio.detail(studio.query_of(data, text), studio.BASELINE, studio.BASELINE)

    def common(text: str) -> Any:
        words = [word for word in text.encode("utf-8", "replace").decode().split() if word][:1]
        group.write_text("\n".join([*words, *words, "CC(=O)Oc1ccccc1C(=O)O"]) + "\n", encoding="utf-8")
        return studio.common("", "", studio.Group(smiles_file=str(group)), 0.6)

    def explanation(text: str) -> Any:
        task = studio.explained_tasks(MODEL)[0]
        sought, _ = studio.target(MODEL, task.name, studio.DIRECTIONS[task.kind][0])
        return studio.explain_in_time(MODEL, studio.query_of(data, text).smiles, sought)

    def prediction(text: str) -> Any:
        return studio.predict_molecule([MODEL], studio.read_structure(text).smiles)

    return {
        "drawing": (lambda text: studio.depict(text, 260, 200), step),
        "highlight": (lambda text: studio.depict(CHAIN, 260, 200, (), True, text), step),
        "search": (lambda text: studio.find(data, text), 2 * step),
        "retrieval": (retrieval, 3 * step),
        "filter": (lambda text: studio.hits(studio.query_of_row(data, 1), studio.ECFP, data, 5, text), 2 * step),
        "card": (detail, 3 * step),
        "shape": (studio.shape, step),
        "common subgraph": (common, 12.0),
        "explanation": (explanation, 2 * step),
        "prediction": (prediction, 2 * step),
    }


def _in_time(name: str, door: Callable[[str], Any], text: str, limit: float) -> Came:
    for again in (False, True):
        started = time.perf_counter()
        try:
            made = door(text)
            if name in ("drawing", "highlight") and not made.rstrip().endswith("</svg>"):
                return Came(SILENT, f"{name} gave no drawing: {made[:80]!r}")
        except MmexploreError as error:
            if not str(error) or "Traceback" in str(error):
                return Came(SILENT, f"{name} said {str(error)[:200]!r}")
        took = time.perf_counter() - started
        if took <= limit + GRACE or took <= (limit + GRACE) * pace():
            break
        if again:
            return Came(LATE, f"{name} took {took:.1f} s of {limit:g} s over {text[:60]!r}")
    return Came(ANSWERED)


def _same_molecule(data: str, text: str) -> Came:
    """What is taken for one molecule is the one that RDKit reads; raises MmexploreError for what is none."""
    found = studio.query_of(data, text).smiles
    if len(text) > 300 or Chem.MolFromSmiles(found) is None:
        unread = len(text) <= 300
        return Came(SILENT, f"{text!r} became {found!r}, which nothing reads") if unread else Came(ANSWERED)
    plain = not (set(text) & set("~*#|:") or text.lower().startswith("inchi"))  # else it may be a pattern, or a name
    mol = Chem.MolFromSmiles(text.strip()) if plain else None
    if mol is not None and Chem.MolToSmiles(mol) != found:
        return Came(SILENT, f"{text!r} became {found!r}")
    return Came(ANSWERED)
