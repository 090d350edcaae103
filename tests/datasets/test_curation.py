"""Merging, rejecting and reporting, against reading row by row."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rdkit import Chem

from mmexplore.datasets import RawTable, Task, catalog, curation, moleculenet
from mmexplore.runtime.home import default_home


def lines(remarks):
    return {remark.line: remark.reason for remark in remarks}


def sums_up(report):
    return report.read == report.kept + len(report.merged) + len(report.rejected)


def table(rows, tasks, **choices):
    frame = pd.DataFrame(
        {"smiles": [r[0] for r in rows]} | {t.name: [r[1][i] for r in rows] for i, t in enumerate(tasks)}
    )
    return RawTable(frame.astype(str), np.arange(2, len(rows) + 2), "smiles", None, tuple(tasks), **choices)


CLASS, NUMBER = Task("c", "classification"), Task("r", "regression")
SPELLINGS = ["CCO", "OCC", "C(O)C", "CCN", "NCC", "c1ccccc1", "C1=CC=CC=C1", "C1CC", "", "CCN.Cl", "[NH3+]CC"]
cell = st.sampled_from(["0", "1", "", "n/a"])
number = st.sampled_from(["0", "1", "2.5", "-3", "", ">5"])


@pytest.mark.slow
@settings(max_examples=80, deadline=None)
@given(
    rows=st.lists(st.tuples(st.sampled_from(SPELLINGS), st.tuples(cell, number)), min_size=1, max_size=12),
    salts=st.sampled_from(["keep", "strip"]),
    duplicates=st.sampled_from(["keep", "merge"]),
)
def test_merging_agrees_with_reading_row_by_row(rows, salts, duplicates):
    some = [("CC", ("0", "7")), ("CCC", ("1", "8")), *rows]
    raw = table(some, [CLASS, NUMBER], salts=salts, duplicates=duplicates)
    made = curation.curate(raw, "t", "t")
    assert sums_up(made.report)
    assert made.report.kept == len(made) == len(made.names) == len(made.lines) == len(made.extra)
    expected: dict = {}
    for line, smiles, first, second in zip(raw.lines, raw.frame["smiles"], raw.frame["c"], raw.frame["r"], strict=True):
        if smiles in ("C1CC", ""):
            continue
        canonical = Chem.CanonSmiles(smiles)
        if salts == "strip":
            canonical = {"CCN.Cl": "CCN", "CC[NH3+]": "CCN", "Cl.CCN": "CCN"}.get(canonical, canonical)
        key = canonical if duplicates == "merge" else line
        found = expected.setdefault(key, (canonical, line, [], []))
        found[2].extend([float(first)] if first in ("0", "1") else [])
        found[3].extend([float(second)] if second not in ("", ">5") else [])
    assert made.smiles.tolist() == [found[0] for found in expected.values()]
    assert made.lines.tolist() == [found[1] for found in expected.values()]
    for row, (_, _, classes, values) in enumerate(expected.values()):
        agreed = classes[0] if len(set(classes)) == 1 else np.nan
        assert np.array_equal(made.labels[row, 0], np.float32(agreed), equal_nan=True)
        mean = np.mean(values) if values else np.nan
        assert np.allclose(made.labels[row, 1], mean, equal_nan=True)


def test_contradicting_classes_leave_the_label_empty_and_say_so():
    made = curation.curate(
        table([("CCO", ["1"]), ("OCC", ["0"]), ("CCN", ["1"])], [CLASS], duplicates="merge"), "t", "t"
    )
    assert np.isnan(made.labels[0, 0])
    assert lines(made.report.merged) == {3: "same molecule as line 2; 'c' contradicts, label left empty"}


@pytest.mark.slow
def test_single_atoms_stereo_fragments_and_many_tasks():
    tasks = [Task(f"t{i}", "classification") for i in range(700)]
    smiles = ["[Na+]", "C", "[Na+].[Cl-]", "C[C@H](N)O", "C[C@@H](N)O", "F/C=C/F", "F/C=C\\F", "*C"]
    rows = [(text, [str(i % 2) if (i + row) % 3 else "" for i in range(700)]) for row, text in enumerate(smiles)]
    made = curation.curate(table(rows, tasks, duplicates="merge"), "t", "t")
    assert len(made) == len(smiles)
    assert made.labels.shape == (8, 700)
    missing = np.add.outer(np.arange(8), np.arange(700)) % 3 == 0
    assert np.array_equal(np.isnan(made.labels), missing)


def test_real_hiv_holds_seven_unreadable_molecules(real_data):
    raw = moleculenet.raw("hiv", home=default_home())
    bad = [137, 987, 12882, 18293, 30784, 30785, 35728]
    rows = sorted({*bad, *range(0, len(raw.frame), 150)})
    some = replace(raw, frame=raw.frame.iloc[rows].reset_index(drop=True), lines=raw.lines[rows])
    made = curation.curate(some, "hiv", "HIV")
    assert [remark.line for remark in made.report.rejected] == raw.lines[bad].tolist()


@pytest.mark.parametrize(
    ("name", "read", "kept", "bad"),
    [("bbbp", 2050, 2039, [61, 63, 393, 616, 644, 647, 648, 649, 650, 651, 687]), ("bace", 1513, 1513, []),
     ("clintox", 1484, 1480, [9, 304, 1221, 1222]), ("sider", 1427, 1427, []), ("esol", 1128, 1128, []),
     ("lipophilicity", 4200, 4200, []), ("tox21", 7831, 7823, [1324, 2292, 2299, 3560, 4567, 4651, 5540, 6725])],
)  # fmt: skip
@pytest.mark.release
def test_real_sets_keep_the_published_molecules(real_data, name, read, kept, bad):
    loaded = catalog.load(name, home=default_home())
    assert (loaded.report.read, len(loaded)) == (read, kept)
    assert [remark.line for remark in loaded.report.rejected] == bad
    assert sums_up(loaded.report)


def test_real_bbbp_tells_of_its_contradictions(real_data):
    loaded = catalog.load("bbbp", home=default_home())
    assert (int((loaded.labels == 1).sum()), int((loaded.labels == 0).sum())) == (1560, 479)
    assert any("labels differ for 10" in note for note in loaded.report.notes)
    merged = catalog.load("bbbp", duplicates="merge", home=default_home())
    assert len(merged) == 1975
    assert int(np.isnan(merged.labels).sum()) == 10
    assert sums_up(merged.report)


def test_real_bace_can_be_read_for_its_affinity(real_data):
    loaded = catalog.load("bace", targets=["pIC50"], home=default_home())
    assert loaded.tasks == (Task("pIC50", "regression"),)
    assert np.isfinite(loaded.labels).all()
    assert list(loaded.extra) == ["Class", "Model"]
