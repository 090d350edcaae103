"""Table of public data sets, one row a data set.

MoleculeNet's (Wu et al., Chem. Sci. 2018, 9, 513), Malaria and CEP as Duvenaud et al. (2015) prepared them, ZINC250k
as Gomez-Bombarelli et al. (2018) did.

A checksum is that of the upstream file: sha256 where it is known, md5 where only that is published.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from mmexplore.datasets import Kind, Task

_S3 = "https://deepchemdata.s3-us-west-1.amazonaws.com/datasets/"
_HIPS = "https://raw.githubusercontent.com/HIPS/neural-fingerprint/master/data/"
_VAE = "https://raw.githubusercontent.com/aspuru-guzik-group/chemical_vae/master/models/zinc_properties/"
_UNSTATED = "not stated by the publisher"

_NR = [f"NR-{x}" for x in ("AR", "AR-LBD", "AhR", "Aromatase", "ER", "ER-LBD", "PPAR-gamma")]
_SR = [f"SR-{x}" for x in ("ARE", "ATAD5", "HSE", "MMP", "p53")]
_MUV = [f"MUV-{n}" for n in (466, 548, 600, 644, 652, 689, 692, 712, 713, 733, 737, 810, 832, 846, 852, 858, 859)]
_SIDER = [
    "Hepatobiliary disorders", "Metabolism and nutrition disorders", "Product issues", "Eye disorders",
    "Investigations", "Musculoskeletal and connective tissue disorders", "Gastrointestinal disorders",
    "Social circumstances", "Immune system disorders", "Reproductive system and breast disorders",
    "Neoplasms benign, malignant and unspecified (incl cysts and polyps)",
    "General disorders and administration site conditions", "Endocrine disorders", "Surgical and medical procedures",
    "Vascular disorders", "Blood and lymphatic system disorders", "Skin and subcutaneous tissue disorders",
    "Congenital, familial and genetic disorders", "Infections and infestations",
    "Respiratory, thoracic and mediastinal disorders", "Psychiatric disorders", "Renal and urinary disorders",
    "Pregnancy, puerperium and perinatal conditions", "Ear and labyrinth disorders", "Cardiac disorders",
    "Nervous system disorders", "Injury, poisoning and procedural complications",
]  # fmt: skip


@dataclass(frozen=True)
class Published:
    """Published data set: how its upstream file is called and checked, and what its columns mean."""

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

    @cached_property
    def tasks(self) -> tuple[Task, ...]:
        """The labels, one task a column."""
        return tuple(Task(name, self.kind, self.unit) for name in self.targets or ())


PUBLISHED = {
    row.name: row
    for row in (
        Published(
            "bbbp", "BBBP: blood-brain barrier penetration", 2050, "BBBP.csv", ["p_np"], label="name",
            sha256="d07a38487aeac5cee5508413e468043ef3097451d2a112701c2d60be9ec6b662",
            stand_ins=("BBBP_chemprop.csv",),
        ),
        Published(
            "bace", "BACE: inhibitors of beta-secretase 1", 1513, "bace.csv", ["Class"], smiles="mol", label="CID",
            extra=("Model", "pIC50"), megabytes=3.9,
            sha256="f3fb9ce90bada3e2bd6148b0df13f8f8145a357bf87df0dd5b391ede974fc737",
        ),
        Published(
            "clintox", "ClinTox: approved drugs and failed trials", 1484, "clintox.csv.gz", ["FDA_APPROVED", "CT_TOX"],
            md5="db4f2df08be8ae92814e9d6a2d015284", stand_ins=("clintox_chemprop.csv",),
        ),
        Published(
            "sider", "SIDER: side effects in 27 organ classes", 1427, "sider.csv.gz", _SIDER,
            sha256="4cc7ccb20dded475853c583596e227116c222c6ca7dbb40159bdbe9ee3f099b9",
            licence="CC BY-NC-SA 4.0 (SIDER)",
        ),
        Published(
            "tox21", "Tox21: nuclear receptors and stress response", 7831, "tox21.csv.gz", [*_NR, *_SR], label="mol_id",
            md5="2882d69e70bba0fec14995f26787cc25",
        ),
        Published(
            "toxcast", "ToxCast: 617 in-vitro assays", 8615, "toxcast_data.csv.gz", None, megabytes=0.4,
            md5="92911bbf9c1e2ad85231014859388cd6", stand_ins=("toxcast_chemprop.csv", "toxcast.csv"),
        ),
        Published(
            "hiv", "HIV: inhibition of replication", 41127, "HIV.csv", ["HIV_active"], extra=("activity",),
            megabytes=2.2,
            sha256="9ffa7fe57dc86c342627ee1d5255e937e2ab812393c73c4d16c697022f6e1d22",
        ),
        Published(
            "muv", "MUV: 17 unbiased virtual screens", 93087, "muv.csv.gz", _MUV, label="mol_id", megabytes=1.3,
            md5="9c40bd41310991efd40f4d4868fa3ddf",
        ),
        Published(
            "esol", "ESOL: aqueous solubility (Delaney)", 1128, "delaney-processed.csv",
            ["measured log solubility in mols per litre"], "regression", "log mol/L", label="Compound ID",
            sha256="8c06a76f0c6487d29ab0f903e6a7a7139f189ab3c1178f159c8be8964602f189",
        ),
        Published(
            "lipophilicity", "Lipophilicity: octanol/water logD at pH 7.4", 4200, "Lipophilicity.csv", ["exp"],
            "regression", "logD", label="CMPD_CHEMBLID", licence="CC BY-SA 3.0 (ChEMBL)", megabytes=0.3,
            sha256="aed41590cb30609d51d8e08ad3ff06495a76e80e211358801f596b10da69bacd",
        ),
        Published(
            "malaria", "Malaria: half-maximal concentration against P. falciparum", 9999, "malaria-processed.csv",
            ["activity"], "regression", "log EC50", base=_HIPS + "2015-06-03-malaria/", megabytes=0.6,
            sha256="2cea95027569d94a05093f0e1ea9ae174b721298380d1dfc33f2eb802a0cf008",
        ),
        Published(
            "cep", "CEP: photovoltaic efficiency (Harvard Clean Energy Project)", 29978, "cep-processed.csv", ["PCE"],
            "regression", "%", base=_HIPS + "2015-06-02-cep-pce/", megabytes=1.7,
            sha256="99c3def57a412e0ac3922194d0605b6a8a9056938706a44bc4ba1d35fe8bc8c0",
        ),
        Published(
            "zinc250k", "ZINC250k: drug-like molecules to pre-train on", 249455, "250k_rndm_zinc_drugs_clean_3.csv", (),
            extra=("logP", "qed", "SAS"), base=_VAE, md5="b59078b2b04c6e9431280e3dc42048d5", megabytes=22.6,
            licence="ZINC's terms: free to use, no redistribution of large parts", stand_ins=("zinc250k.smi",),
        ),
    )
}  # fmt: skip
