"""How often is a molecule found by its measured 13C peaks, by predicted shifts and by the joint model?

    MMEXPLORE_DATA_DIR=... python benchmarks/peaks.py [--model joint] [--queries 0]

Queries are the spectra of NMRShiftDB2's molecules whose scaffolds the model was not trained on (0: all of them); they
are sought among all molecules of the data set, and among those of the same formula alone, of queries that have any. The
``shifts`` are matched one by one with those that a table of environments predicts for each candidate; the table is made
of the assigned peaks of the same training part. ``shipped`` is the same by the table that the app has, whose
environments stand in two molecules at least. ``both`` is the sum of its rank and the joint model's. ``permuted``: each
query has the peaks of another one, which is chance. Molecules that tie count by their share. Intervals are percentiles
over 1,000 resamples of the queries. Hydrogens are not told.

Mistakes are planted by having pairs of isomers among the queries swap their spectra: how many of them does a doubt find
that calls one true pairing in twenty? Its ``shifts`` are those of the shipped table.
"""

import os
from pathlib import Path
from typing import Any

import numpy as np
from rdkit.Chem import MolFromSmiles, MolToMolBlock
from record import Asked, record, smallest

from mmexplore import studio
from mmexplore.datasets import Dataset, catalog
from mmexplore.datasets.splits import Split
from mmexplore.explore.spectra import doubt, matching, peaks, shift_table
from mmexplore.features.modalities.carbon_environments import CarbonEnvironments
from mmexplore.features.of_dataset import features_of
from mmexplore.models.bootstrap import RESAMPLES, drawn
from mmexplore.recipes import presets
from mmexplore.runtime.home import default_home
from mmexplore.training import checks

KS = (1, 10, 100)
SMALL = 300


def main(data: str, model: str, queries: int, work: Path) -> None:
    if smallest():
        made_up(work)
    home, table = default_home(), catalog.load(data, home=default_home())
    chosen = studio.model(model) if model else trained(data, work)
    assert chosen.recipe is not None
    split = checks.divide(chosen.recipe, table).split
    environments = features_of(table, peaks.ENVIRONMENTS, home=home)
    whole, told_twice = (shift_table.fit(table, environments, split.train, fewest) for fewest in (1, 2))
    shifts, shipped = whole.predicted(environments), told_twice.predicted(environments)
    structures = np.asarray(studio.embed(chosen.name, data).view(peaks.STRUCTURE))
    asked = drawn_queries(table, split, queries)
    assert table.spectra is not None
    lists = [table.spectra.ppm[table.spectra.of(row)] for row in asked.tolist()]
    spectra = peaks.spectra_embedded(chosen.folder, lists)
    unit = structures / np.linalg.norm(structures, axis=1, keepdims=True)

    def by_shifts(number: int, predicted: shift_table.Shifts) -> np.ndarray:
        return matching.similarity(lists[number], predicted)

    def by_joint(number: int) -> np.ndarray:
        return np.asarray(unit @ spectra[number], np.float64)

    formulas = doubt.formulas_of(table)
    turned = np.random.default_rng(0).permutation(len(asked))
    found = {name: Counted(asked, formulas) for name in ("shifts", "shipped", "joint", "both", "permuted")}
    for number in range(len(asked)):
        each = {"shifts": by_shifts(number, shifts), "shipped": by_shifts(number, shipped), "joint": by_joint(number)}
        each["both"] = peaks.summed(each["shipped"], each["joint"])
        for name, scores in each.items():
            found[name].add(number, scores)
        found["permuted"].add(int(turned[number]), each["both"])
        if number % 200 == 0:
            print(
                f"{number} of {len(asked)}",
                {n: round(float(np.mean(c.first)), 3) for n, c in found.items()},
                flush=True,
            )
    rows = [row for name, counted in found.items() for row in counted.rows(name)]
    rows += planted(doubt.Decoys(table, formulas, home=home), asked, lists, spectra, doubt.Pairings(shipped, unit))
    question = f"How often is a molecule of {len(table):,} found by its 13C peaks?"
    about = {"training molecules": len(split.train), "queries": len(asked), "model": chosen.title}
    record("peaks", question, f"python benchmarks/peaks.py --model {model} --queries {queries}", rows, told=about)


class Counted:
    """Places of the right molecules, of all and among isomers."""

    def __init__(self, asked: np.ndarray, formulas: np.ndarray) -> None:
        self.asked, self.formulas = asked, formulas
        self.places: dict[str, list[tuple[int, int, int]]] = {"all": [], "isomers": []}

    @property
    def first(self) -> np.ndarray:
        """Share of the first place that each query has."""
        return shares(self.places["all"], 1)

    def add(self, number: int, scores: np.ndarray) -> None:
        """Count where the right molecule of a query stands: how many are better, how many tie, of how many."""
        row = self.asked[number]
        scores = np.where(np.isnan(scores), -np.inf, scores)
        isomers = self.formulas == self.formulas[row]
        for name, among in (("all", scores), ("isomers", scores[isomers])):
            if len(among) > 1:
                better, tied = int((among > scores[row]).sum()), int((among == scores[row]).sum())
                self.places[name].append((better, tied, len(among)))

    def rows(self, name: str) -> list[dict[str, Any]]:
        """A row for all candidates, a row for isomers."""
        return [self._row(name, among, places) for among, places in self.places.items() if places]

    def _row(self, name: str, among: str, places: list[tuple[int, int, int]]) -> dict[str, Any]:
        row: dict[str, Any] = {"by": name, "among": among, "queries": len(places)}
        row |= {"candidates": float(np.mean([n for _, _, n in places]))}
        for k in KS:
            each = shares(places, k)
            low, high = interval(each)
            row |= {f"recall@{k}": float(each.mean()), f"recall@{k}, low": low, f"recall@{k}, high": high}
        row |= {"median rank": float(np.median([better + (tied + 1) / 2 for better, tied, _ in places]))}
        return row


def shares(places: list[tuple[int, int, int]], k: int) -> np.ndarray:
    """Chance of each query's right molecule to stand among the first k, where equals are in any order."""
    better, tied, _ = np.array(places).T
    found: np.ndarray = np.clip((k - better) / tied, 0, 1)
    return found


def interval(values: np.ndarray) -> tuple[float, float]:
    """Interval of a mean at 95 %, over resamples of the queries."""
    means = np.concatenate([(counts @ values) / len(values) for counts in drawn(len(values), RESAMPLES)])
    low, high = np.percentile(means, [2.5, 97.5])
    return float(low), float(high)


def planted(
    decoys: doubt.Decoys, asked: np.ndarray, lists: list[np.ndarray], spectra: np.ndarray, pairings: doubt.Pairings
) -> list[dict[str, Any]]:
    """How many swapped spectra are found, where one true pairing in twenty is called wrong."""
    rng, formulas = np.random.default_rng(0), decoys.formulas
    wrong: dict[int, int] = {}
    for formula in np.unique(formulas[asked]):
        same = rng.permutation(np.flatnonzero(formulas[asked] == formula)).tolist()
        for one, other in zip(same[::2], same[1::2], strict=False):
            wrong |= {one: other, other: one}
    doubts: dict[str, tuple[list[float], list[float]]] = {name: ([], []) for name in peaks.WAYS}
    for one, other in sorted(wrong.items()):
        among = decoys.of(int(asked[one]))
        if len(among) < doubt.FEWEST_DECOYS:
            continue
        rows = np.concatenate([asked[[one]], among])
        for place, spectrum in enumerate((one, other)):  # the molecule's own spectrum, and its isomer's
            for name, scores in pairings.scores(lists[spectrum], spectra[spectrum], rows).items():
                doubts[name][place].append(doubt.percentile(scores))
    return [_caught(name, np.array(true), np.array(swapped)) for name, (true, swapped) in doubts.items() if true]


def _caught(name: str, true: np.ndarray, swapped: np.ndarray) -> dict[str, Any]:
    least = doubt.threshold(true)
    caught = (swapped <= least).astype(float)
    row: dict[str, Any] = {"by": name, "among": "swapped spectra", "queries": len(swapped)}
    low, high = interval(caught)
    row |= {"found": float(caught.mean()), "found, low": low, "found, high": high}
    return row | {"called wrong": float(np.mean(true <= least)), "at percentile": least}


def drawn_queries(table: Dataset, split: Split, most: int) -> np.ndarray:
    """Rows of the test part that have a spectrum, some of them drawn with seed 0 where fewer are asked for."""
    assert table.spectra is not None
    rows = split.test[table.spectra.counts[split.test] > 0]
    return np.sort(np.random.default_rng(0).permutation(rows)[:most]) if most else rows


def trained(data: str, work: Path) -> studio.Model:
    """A joint model of that data, trained for one epoch."""
    settings = [f"data.dataset={data}", "training.epochs=1", "training.batch_size=32"]
    return studio.train(presets.pretraining("joint", "quick").with_settings(settings), work / "joint")


def made_up(folder: Path) -> None:
    """NMRShiftDB2's file as if it held small molecules that nobody measured: what surrounds a carbon is its shift."""
    os.environ["MMEXPLORE_DATA_DIR"] = str(folder)
    modality, records = CarbonEnvironments(), []
    smiles = catalog.load("freesolv", home=default_home()).smiles[:SMALL]
    for number, molecule in enumerate(map(MolFromSmiles, smiles)):
        told = modality.record_as_read(molecule)
        pairs = zip(told["codes"][:, 2] % 2200 / 10, told["atom"], strict=True)
        peaks_of = "".join(f"{ppm};0.0Q;{atom}|" for ppm, atom in pairs) or "1.0;0.0Q;0|"
        fields = f"> <nmrshiftdb2 ID>\n{number}\n\n> <Spectrum 13C 0>\n{peaks_of}\n\n$$$$\n"
        records.append(MolToMolBlock(molecule) + fields)
    (folder / "nmrshiftdb2withsignals.sd").write_text("".join(records))


def command_line() -> Asked:
    """What can be asked for."""
    asked = Asked(__doc__)
    asked.work_folder()
    asked.option("--data", "nmrshiftdb2", "nmrshiftdb2")
    asked.option("--model", "joint", "")
    asked.option("--queries", 0, 0)
    return asked


if __name__ == "__main__":
    chosen = command_line().parse_args()
    main(chosen.data, chosen.model, chosen.queries, chosen.work)
