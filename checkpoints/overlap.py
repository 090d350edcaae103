"""How many molecules of the sets that models are judged on a shipped pre-training has seen, written into its card.

    python checkpoints/overlap.py [NAME ...]          minutes for all of CORPORA

Molecules are the same where the first blocks of their InChIKeys are, both as published; of a corpus that was trained
without some sets, those that were left. It wants ``MMEXPLORE_DATA_DIR`` with the data sets of the catalog; the corpus
of ``mmsa`` is drawn as ``make.py`` drew it.
"""

import argparse
import os
import tempfile
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from pathlib import Path

import numpy as np
from make import HERE, judged, sample

from mmexplore.chem import inchi_keys
from mmexplore.datasets import catalog, embedded, moleculenet, nmrshiftdb2
from mmexplore.models import checkpoints
from mmexplore.runtime.home import default_home, json_text, write_atomically
from mmexplore.training.data import held_by

TARGETS = ("target-smiles", "target-spectrum", "target-image")
CORPORA = dict.fromkeys(("mmfrl", "joint", *TARGETS), "nmrshiftdb2") | {"mmsa": "druglike-100k"}
MOST_ROWS = 10_000
"""Larger sets are judged by no shipped model, and left out."""
NOTE = "its corpus holds molecules that models are judged on (without labels): "
_CHUNK = 500


def published(name: str) -> list[str]:
    """SMILES of a data set or of a corpus as they were published."""
    if name == "druglike-100k":
        with tempfile.TemporaryDirectory() as work:
            return sample(Path(work)).read_text().split()
    entry = next(one for one in catalog.entries(home=default_home()) if one.name == name)
    if entry.source == "embedded":
        table = embedded.raw(name)
    elif entry.source == "moleculenet":
        table = moleculenet.raw(name, home=default_home())
    else:
        table = nmrshiftdb2.raw(nmrshiftdb2.fetch(home=default_home()))
    return list(map(str, table.frame[table.smiles_column]))


def corpus(name: str) -> list[str]:
    """SMILES of what a shipped pre-training learned from."""
    without = checkpoints.read(HERE / name)[0].data.without
    return left(CORPORA[name], tuple(without)) if without else published(CORPORA[name])


@cache
def left(name: str, without: tuple[str, ...]) -> list[str]:
    """SMILES of a corpus less the molecules of some data sets."""
    with tempfile.TemporaryDirectory() as work:
        data = catalog.load(sample(Path(work)) if name == "druglike-100k" else name, home=default_home())
    sets = [catalog.load(other, home=default_home()) for other in without]
    return [str(data.smiles[row]) for row in np.setdiff1d(data.readable, list(held_by(sets, data)))]


def skeletons(smiles: list[str], workers: int = 1) -> list[str | None]:
    """First blocks of InChIKeys, by so many processes."""
    chunks = [smiles[start : start + _CHUNK] for start in range(0, len(smiles), _CHUNK)]
    with ProcessPoolExecutor(workers) as pool:
        return [key for part in pool.map(inchi_keys.skeletons, chunks) for key in part]


def keep(name: str, counts: dict[str, tuple[int, int]]) -> None:
    """Write counts, each of so many, into the card of a shipped model, and a note for people."""
    _, card = checkpoints.read(HERE / name)
    told = ", ".join(f"{count:,} of {rows:,} of {data}" for data, (count, rows) in counts.items() if count)
    notes = (*(note for note in card.notes if not note.startswith(NOTE)), *([NOTE + told] if told else []))
    found = {data: count for data, (count, _) in counts.items()}
    card = card.model_copy(update={"overlap": found, "notes": notes})
    content = json_text(card.model_dump(mode="json"), indent=1, ascii=False) + "\n"
    write_atomically(HERE / name / checkpoints.CARD, content, sealed=False)


def main() -> None:
    """Count for the models that were named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(CORPORA)}; default: all")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    asked = parser.parse_args()
    names = asked.names or list(CORPORA)
    if unknown := set(names) - CORPORA.keys():
        parser.error(f"no pre-training is called {', '.join(unknown)}")
    keys = {data: skeletons(published(data), asked.workers) for data in judged(MOST_ROWS)}
    for name in names:
        seen = set(skeletons(corpus(name), asked.workers)) - {None}
        counts = {data: (sum(key in seen for key in known), len(known)) for data, known in keys.items()}
        print(name, counts, flush=True)
        keep(name, counts)


if __name__ == "__main__":
    main()
