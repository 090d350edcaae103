"""Public benchmark sets: MoleculeNet (Wu et al., Chem. Sci. 2018, 9, 513), Malaria and CEP (Duvenaud et al. 2015), ZINC250k.

A data set is a row of the table below. Its file is looked for below MMEXPLORE_DATA_DIR first (plain or gzipped), then
fetched into the home and checked: by sha256 where the upstream file's is known, by md5 where only that is published.
FreeSolv is not here: the same 642 molecules come embedded. Rows are kept as published, salts and duplicates too.
"""

import csv
import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from mmexplore.datasets import Entry, Kind, RawTable, Task
from mmexplore.datasets._cells import delimited, smiles_lines
from mmexplore.datasets._source import opened
from mmexplore.errors import MmexploreError, NotAvailable, UnknownName
from mmexplore.home import folder
from mmexplore.progress import Progress, silent

_S3 = "https://deepchemdata.s3-us-west-1.amazonaws.com/datasets/"
_HIPS = "https://raw.githubusercontent.com/HIPS/neural-fingerprint/master/data/"
_VAE = "https://raw.githubusercontent.com/aspuru-guzik-group/chemical_vae/master/models/zinc_properties/"
_UNSTATED = "not stated by the publisher"
_DEPTH = 4  # folders below MMEXPLORE_DATA_DIR that are searched

_TOX21 = (
    "NR-AR NR-AR-LBD NR-AhR NR-Aromatase NR-ER NR-ER-LBD NR-PPAR-gamma SR-ARE SR-ATAD5 SR-HSE SR-MMP SR-p53"
).split()
_MUV = [f"MUV-{n}" for n in (466, 548, 600, 644, 652, 689, 692, 712, 713, 733, 737, 810, 832, 846, 852, 858, 859)]
_SIDER = (
    "Hepatobiliary disorders|Metabolism and nutrition disorders|Product issues|Eye disorders|Investigations|"
    "Musculoskeletal and connective tissue disorders|Gastrointestinal disorders|Social circumstances|"
    "Immune system disorders|Reproductive system and breast disorders|"
    "Neoplasms benign, malignant and unspecified (incl cysts and polyps)|"
    "General disorders and administration site conditions|Endocrine disorders|Surgical and medical procedures|"
    "Vascular disorders|Blood and lymphatic system disorders|Skin and subcutaneous tissue disorders|"
    "Congenital, familial and genetic disorders|Infections and infestations|"
    "Respiratory, thoracic and mediastinal disorders|Psychiatric disorders|Renal and urinary disorders|"
    "Pregnancy, puerperium and perinatal conditions|Ear and labyrinth disorders|Cardiac disorders|"
    "Nervous system disorders|Injury, poisoning and procedural complications"
).split("|")


@dataclass(frozen=True)
class _Row:
    """One data set: how its upstream file is called and checked, and what its columns mean."""

    name: str
    title: str
    rows: int
    file: str
    targets: Sequence[str] | None  # None: every column but the SMILES
    kind: Kind = "classification"
    unit: str = ""
    smiles: str = "smiles"
    label: str | None = None
    extra: tuple[str, ...] = ()
    base: str = _S3
    sha256: str = ""
    md5: str = ""
    megabytes: float = 0.1
    licence: str = _UNSTATED
    stand_ins: tuple[str, ...] = ()

    @property
    def tasks(self) -> tuple[Task, ...]:
        return tuple(Task(name, self.kind, self.unit) for name in self.targets or ())


_ROWS = {
    row.name: row
    for row in (
        _Row(
            "bbbp", "BBBP: blood-brain barrier penetration", 2050, "BBBP.csv", ["p_np"], label="name",
            sha256="d07a38487aeac5cee5508413e468043ef3097451d2a112701c2d60be9ec6b662",
            stand_ins=("BBBP_chemprop.csv",),
        ),
        _Row(
            "bace", "BACE: inhibitors of beta-secretase 1", 1513, "bace.csv", ["Class"], smiles="mol", label="CID",
            extra=("Model", "pIC50"), megabytes=3.9,
            sha256="f3fb9ce90bada3e2bd6148b0df13f8f8145a357bf87df0dd5b391ede974fc737",
        ),
        _Row(
            "clintox", "ClinTox: approved drugs and failed trials", 1484, "clintox.csv.gz", ["FDA_APPROVED", "CT_TOX"],
            md5="db4f2df08be8ae92814e9d6a2d015284", stand_ins=("clintox_chemprop.csv",),
        ),
        _Row(
            "sider", "SIDER: side effects in 27 organ classes", 1427, "sider.csv.gz", _SIDER,
            sha256="4cc7ccb20dded475853c583596e227116c222c6ca7dbb40159bdbe9ee3f099b9", licence="CC BY-NC-SA 4.0 (SIDER)",
        ),
        _Row(
            "tox21", "Tox21: nuclear receptors and stress response", 7831, "tox21.csv.gz", _TOX21, label="mol_id",
            md5="2882d69e70bba0fec14995f26787cc25",
        ),
        _Row(
            "toxcast", "ToxCast: 617 in-vitro assays", 8615, "toxcast_data.csv.gz", None, megabytes=0.4,
            md5="92911bbf9c1e2ad85231014859388cd6", stand_ins=("toxcast_chemprop.csv", "toxcast.csv"),
        ),
        _Row(
            "hiv", "HIV: inhibition of replication", 41127, "HIV.csv", ["HIV_active"], extra=("activity",), megabytes=2.2,
            sha256="9ffa7fe57dc86c342627ee1d5255e937e2ab812393c73c4d16c697022f6e1d22",
        ),
        _Row(
            "muv", "MUV: 17 unbiased virtual screens", 93087, "muv.csv.gz", _MUV, label="mol_id", megabytes=1.3,
            md5="9c40bd41310991efd40f4d4868fa3ddf",
        ),
        _Row(
            "esol", "ESOL: aqueous solubility (Delaney)", 1128, "delaney-processed.csv",
            ["measured log solubility in mols per litre"], "regression", "log mol/L", label="Compound ID",
            sha256="8c06a76f0c6487d29ab0f903e6a7a7139f189ab3c1178f159c8be8964602f189",
        ),
        _Row(
            "lipophilicity", "Lipophilicity: octanol/water logD at pH 7.4", 4200, "Lipophilicity.csv", ["exp"],
            "regression", "logD", label="CMPD_CHEMBLID", licence="CC BY-SA 3.0 (ChEMBL)", megabytes=0.3,
            sha256="aed41590cb30609d51d8e08ad3ff06495a76e80e211358801f596b10da69bacd",
        ),
        _Row(
            "malaria", "Malaria: half-maximal concentration against P. falciparum", 9999, "malaria-processed.csv",
            ["activity"], "regression", "log EC50", base=_HIPS + "2015-06-03-malaria/", megabytes=0.6,
            sha256="2cea95027569d94a05093f0e1ea9ae174b721298380d1dfc33f2eb802a0cf008",
        ),
        _Row(
            "cep", "CEP: photovoltaic efficiency (Harvard Clean Energy Project)", 29978, "cep-processed.csv", ["PCE"],
            "regression", "%", base=_HIPS + "2015-06-02-cep-pce/", megabytes=1.7,
            sha256="99c3def57a412e0ac3922194d0605b6a8a9056938706a44bc4ba1d35fe8bc8c0",
        ),
        _Row(
            "zinc250k", "ZINC250k: drug-like molecules to pre-train on", 249455, "250k_rndm_zinc_drugs_clean_3.csv", (),
            extra=("logP", "qed", "SAS"), base=_VAE, md5="b59078b2b04c6e9431280e3dc42048d5", megabytes=22.6,
            licence="ZINC's terms: free to use, no redistribution of large parts", stand_ins=("zinc250k.smi",),
        ),
    )
}  # fmt: skip


def entries() -> list[Entry]:
    """The table, with what is here already."""
    here = _here()
    return [
        Entry(
            row.name, row.title, row.rows, row.tasks or _tasks_in(here, row), "moleculenet", _found(here, row) is not None,
            row.licence, row.base + row.file, row.sha256, row.md5, row.megabytes,
        )
        for row in _ROWS.values()
    ]  # fmt: skip


def find(name: str) -> Path | None:
    """Where its file lies in MMEXPLORE_DATA_DIR or the home, None where it has to be fetched. Raises UnknownName."""
    return _found(_here(), _row(name))


def fetch(name: str, progress: Progress = silent) -> Path:
    """Its file, downloaded and checked if it is not here. Raises NotAvailable, UnknownName."""
    row = _row(name)
    return find(name) or _download(row, progress)


def raw(name: str, also: Sequence[str] = (), progress: Progress = silent) -> RawTable:
    """Its unchecked rows; ``also`` names further columns to bring. Raises NotAvailable, UnknownName, BadTable."""
    row, path = _row(name), fetch(name, progress)
    with opened(path) as file:
        cells = smiles_lines(file) if ".smi" in path.suffixes else delimited(file, ",")
    frame = pd.DataFrame(cells.rows, columns=cells.columns, dtype=str)
    for column in also:
        if column not in frame:
            raise UnknownName("column", column, frame.columns)
    targets = [c for c in frame.columns if c != row.smiles] if row.targets is None else list(row.targets)
    label = row.label if row.label in frame else None
    wanted = [c for c in dict.fromkeys([row.smiles, label, *targets, *row.extra, *also]) if c in frame]
    tasks = tuple(Task(target, row.kind, row.unit) for target in targets)
    notes = [*cells.notes, f"read from {path.name}"]
    lines = np.array(cells.lines, dtype=np.int64)
    return RawTable(frame[wanted], lines, row.smiles, label, tasks, tuple(cells.rejected), notes=tuple(notes))


def _row(name: str) -> _Row:
    if name not in _ROWS:
        raise UnknownName("MoleculeNet data set", name, _ROWS)
    return _ROWS[name]


def _here() -> dict[str, Path]:
    """Files by name: those of MMEXPLORE_DATA_DIR, then those that were fetched."""
    found: dict[str, Path] = {}
    chosen = os.environ.get("MMEXPLORE_DATA_DIR", "")
    for root in (Path(chosen).expanduser() if chosen else None, folder("datasets", "fetched")):
        for place, below, files in os.walk(root) if root else ():
            if len(Path(place).relative_to(root or "").parts) >= _DEPTH:
                below.clear()
            for file in sorted(files):
                found.setdefault(file, Path(place, file))
    return found


def _found(here: dict[str, Path], row: _Row) -> Path | None:
    stems = [name.removesuffix(".gz") for name in (row.file, *row.stand_ins)]
    return next((here[name] for stem in stems for name in (stem, stem + ".gz") if name in here), None)


def _tasks_in(here: dict[str, Path], row: _Row) -> tuple[Task, ...]:
    path = _found(here, row) if row.targets is None else None
    return tuple(Task(c, row.kind, row.unit) for c in _header(path) if c != row.smiles) if path else ()


@lru_cache(maxsize=8)
def _header(path: Path) -> tuple[str, ...]:
    with opened(path) as file:
        return tuple(next(csv.reader(file), ()))


def _download(row: _Row, progress: Progress) -> Path:
    import pooch

    check = f"sha256:{row.sha256}" if row.sha256 else f"md5:{row.md5}" if row.md5 else None
    url = row.base + row.file
    place = folder("datasets", "fetched")
    try:
        meter: Any = _Meter(row.name, progress)
        getter = pooch.HTTPDownloader(progressbar=meter, timeout=30)
        return Path(pooch.retrieve(url, check, fname=row.file, path=place, downloader=getter))
    except MmexploreError:
        raise
    except ValueError:
        raise NotAvailable(
            f"what came from {url} is not the published file of {row.name!r} (its checksum differs); try again later, or "
            f"put {row.file} into a folder and set MMEXPLORE_DATA_DIR to it"
        ) from None
    except OSError as error:  # requests' errors are children of it
        raise NotAvailable(
            f"data set {row.name!r} could not be fetched ({type(error).__name__}); with a network try again, without one "
            f"put {row.file} (from {url}) into a folder and set MMEXPLORE_DATA_DIR to it"
        ) from None


class _Meter:
    """What pooch calls a progress bar."""

    def __init__(self, name: str, progress: Progress) -> None:
        self.total, self._done, self._name, self._progress = 0, 0, name, progress

    def update(self, size: int) -> None:
        self._done += size
        self._progress(f"fetch {self._name}", self._done, max(self.total, self._done))

    def reset(self) -> None:
        self._done = 0

    def close(self) -> None:
        pass
