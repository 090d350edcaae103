"""How many molecules of the sets that models are judged on a shipped pre-training has seen, written into its card.

    python checkpoints/overlap.py NAME ...          some ten minutes for all of CORPORA

Molecules are the same where the first blocks of their InChIKeys are. It wants ``MMEXPLORE_DATA_DIR`` with all data sets
of the catalog; the corpus of ``mmsa`` is drawn as ``make.py`` drew it.
"""

import argparse
import tempfile
from pathlib import Path

from make import HERE, sample

from mmexplore import studio
from mmexplore.explore import comparison
from mmexplore.models import checkpoints
from mmexplore.runtime.home import json_text, write_atomically

TARGETS = ("target-smiles", "target-spectrum", "target-image")
CORPORA = dict.fromkeys(("mmfrl", *TARGETS), "nmrshiftdb2") | {"mmsa": "druglike-40k"}
NOTE = "its corpus holds molecules that models are judged on (without labels): "


def downstream() -> list[str]:
    """Names of the sets that models are judged on, those of the catalog that have labels; the smallest first."""
    judged = [entry for entry in studio.datasets() if entry.tasks and entry.source in ("embedded", "moleculenet")]
    return [entry.name for entry in sorted(judged, key=lambda entry: entry.rows)]


def keep(name: str, data: str, count: int) -> None:
    """Write a count into the card of a shipped model, and a note for people."""
    _, card = checkpoints.read(HERE / name)
    found = card.overlap | {data: count}
    told = ", ".join(f"{count:,} of {len(studio.dataset(data)):,} of {data}" for data, count in found.items() if count)
    notes = (*(note for note in card.notes if not note.startswith(NOTE)), *([NOTE + told] if told else []))
    card = card.model_copy(update={"overlap": found, "notes": notes})
    content = json_text(card.model_dump(mode="json"), indent=1, ascii=False) + "\n"
    write_atomically(HERE / name / checkpoints.CARD, content, sealed=False)


def main() -> None:
    """Count for the models that were named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(CORPORA)}; default: all")
    names = parser.parse_args().names or list(CORPORA)
    if unknown := set(names) - CORPORA.keys():
        parser.error(f"no pre-training is called {', '.join(unknown)}")
    seen: dict[str, set[str | None]] = {}
    with tempfile.TemporaryDirectory() as work:
        for corpus in {CORPORA[name] for name in names}:
            source = corpus if corpus in studio.available() else str(sample(Path(work)))
            seen[corpus] = set(comparison.skeletons(list(map(str, studio.dataset(source).smiles))))
    for data in downstream():
        keys = comparison.skeletons(list(map(str, studio.dataset(data).smiles)))
        for name in names:
            corpus = seen[CORPORA[name]] - {None}
            keep(name, data, sum(key in corpus for key in keys))
            print(name, data, sum(key in corpus for key in keys), flush=True)


if __name__ == "__main__":
    main()
