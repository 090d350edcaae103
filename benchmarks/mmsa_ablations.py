"""What does each part of MMSA contribute? Tables VI to IX and figures 6 and 7 of the paper at a smaller scale, and
what smaller pictures and conformers that are not relaxed do ("pictures", a table of ours; other seeds of the same
pre-training tell which differences mean something), as do what a shipped model may be made of ("choice").

    MMEXPLORE_DATA_DIR=... python benchmarks/mmsa_ablations.py VII --work FOLDER

One table a call; the paper's figure stands beside ours where it prints one. Defaults: 1,000 ZINC molecules for 3
epochs at 64 px with one conformer as it was embedded and hyperedges of two (paper: 100,000 for 30, of ten), then 5
epochs of fine-tuning (paper: 100) on the deterministic scaffold split. Finished runs in the work folder are not run
again.
"""

import json
from typing import Any

from mmsa_runs import finetuned, pretrained, protocol, rows_beside_the_paper, sample
from record import Asked, record

_QUICK: dict[str, dict[str, Any]] = {"resnet": {"side_px": 64}, "comenet": {"conformers": 1, "mmff": "off"}}
_NAMES = {"gin": "graph2d", "resnet": "image", "comenet": "graph3d"}


def branches(*encoders: str, dropout: float = 0, **features: dict[str, Any]) -> str:
    """The branches of a pre-training as a setting; the first one, with that dropout, is the 2D graph's."""
    read = _QUICK | features
    chosen = [{"encoder": e, "name": _NAMES.get(e, "graph2d"), "features": read.get(e, {})} for e in encoders]
    chosen[0]["options"] = {"dropout": dropout}
    return f"branches={json.dumps(chosen)}"


def _option(**options: object) -> list[str]:
    return [f"pretraining.options.{name}={json.dumps(value)}" for name, value in options.items()]


_THREE = ("gin", "resnet", "comenet")
_ALL = branches(*_THREE)
TABLES: dict[str, dict[str, list[str]]] = {
    "VI": {
        "2D graph": [branches("gin")],
        "2D graph + image": [branches("gin", "resnet")],
        "2D graph + 3D graph": [branches("gin", "comenet")],
        "all three": [_ALL],
    },
    "VII": {
        "without contrastive loss": [_ALL, *_option(contrastive_loss=False)],
        "without reconstruction loss": [_ALL, *_option(reconstruction_loss=False)],
        "without memory loss": [_ALL, *_option(memory_loss=False)],
        "without prediction loss": [_ALL, *_option(prediction_loss=False)],
        "GCN in place of the hypergraph": [_ALL, *_option(structure="graph")],
        "MMSA": [_ALL],
    },
    "VIII": {e: [branches(e, "resnet", "comenet")] for e in ("gcn", "gat", "gin", "graphsage", "graphormer")},
    "IX": {f"K = {k}": [_ALL, *_option(neighbours=k)] for k in (2, 5, 10, 15)},
    "figure 6": {
        **{f"lambda = {x}": [_ALL, *_option(alignment_weight=x)] for x in (0.3, 0.5, 0.6, 0.7, 0.9)},
        **{f"alpha = {x}": [_ALL, *_option(memory_weight=x)] for x in (0.1, 0.2, 0.5, 0.8)},
    },
    "figure 7": {
        **{f"L = {n}": [_ALL, *_option(anchors=n)] for n in (32, 64, 128, 256)},
        **{f"d = {n}": [_ALL, *_option(dimension=n)] for n in (64, 128, 256, 512)},
    },
    "pictures": {  # ours: does what "quick" spares do harm?
        "64 px, a conformer as embedded": [_ALL],
        "the same, seed 1": [_ALL, "training.seed=1"],
        "the same, seed 2": [_ALL, "training.seed=2"],
        "112 px": [branches(*_THREE, resnet={"side_px": 112})],
        "a conformer relaxed": [branches(*_THREE, comenet={"conformers": 1, "mmff": "capped"})],
    },
    "choice": {  # ours: what the shipped model is made of, by the linear probe
        "as shipped": [_ALL],
        "the same, seed 1": [_ALL, "training.seed=1"],
        "the same, seed 2": [_ALL, "training.seed=2"],
        "K = 10": [_ALL, *_option(neighbours=10)],
        "pair distances": [_ALL, *_option(geometry="distances")],
        "no geometry": [_ALL, *_option(geometry="none")],
        "dropout of 0.5": [branches(*_THREE, dropout=0.5)],
        "learning rate 3e-4": [_ALL, "training.learning_rate=3e-4"],
        "learning rate 3e-3": [_ALL, "training.learning_rate=3e-3"],
    },
}
COLUMNS = {
    "VI": ("bbbp", "tox21", "clintox", "esol", "lipophilicity"),
    "VII": ("bbbp", "tox21", "clintox", "lipophilicity", "esol"),
    "VIII": ("bbbp", "tox21", "lipophilicity", "esol"),
    "IX": ("bbbp", "tox21", "lipophilicity", "esol"),
    "figure 6": ("bace",),
    "figure 7": ("bace",),
    "pictures": ("bbbp", "bace", "esol"),
    "choice": ("bbbp", "bace", "esol", "freesolv"),
}


_PICTURES, _CONFORMERS = {"pre-training picture encoder": None}, {"pre-training conformers": None}
APART: dict[str, dict[str, dict[str, Any]]] = {
    "VI": {
        "2D graph": _PICTURES | _CONFORMERS,
        "2D graph + image": _CONFORMERS,
        "2D graph + 3D graph": _PICTURES,
    },
    "IX": {f"K = {k}": {"pre-training hyperedges of": k} for k in (2, 5, 10, 15)},
}
"""What of the protocol is another for a row; None where it has no such part."""


def main() -> None:
    asked = command_line().parse_args()
    molecules = sample(asked.molecules, asked.work)
    found: dict[str, dict[str, list[float]]] = {}
    for variant in asked.variants or TABLES[asked.table]:
        settings = TABLES[asked.table][variant]
        start = pretrained(molecules, "quick", [*settings, f"training.epochs={asked.pretraining_epochs}"], asked.work)
        encoder = variant if asked.table == "VIII" else "gin"
        found[variant] = {
            data: [finetuned(start, encoder, data, s, asked.epochs, asked.work) for s in range(asked.seeds)]
            for data in asked.only or COLUMNS[asked.table]
        }
        print(variant, found[variant], flush=True)
    question = (
        f"{asked.table}: {asked.molecules:,} molecules x {asked.pretraining_epochs} epochs of pre-training, then "
        f"{asked.epochs} epochs of fine-tuning, {asked.seeds} seed(s), scaffold split"
    )
    name = "mmsa_table_" + asked.table.replace(" ", "_")
    scale = f"--molecules {asked.molecules} --pretraining-epochs {asked.pretraining_epochs} --epochs {asked.epochs}"
    only = f" --only {' '.join(asked.only)}" if asked.only else ""
    command = f"python benchmarks/mmsa_ablations.py {json.dumps(asked.table)} --work FOLDER {scale}"
    command += f" --seeds {asked.seeds}{only}"
    told: dict[str, Any] = {"protocol": protocol(asked.epochs, "ZINC250k", asked.molecules, asked.pretraining_epochs)}
    told |= {"scratch": [], "variants": APART.get(asked.table, {})}
    record(name, question, command, rows_beside_the_paper(asked.table, found), told=told)


def command_line() -> Asked:
    """What can be asked for."""
    asked = Asked(__doc__)
    asked.add_argument("table", choices=TABLES, nargs="?", default="VI")
    asked.work_folder()
    asked.option("--molecules", 1000, 40)
    asked.option("--pretraining-epochs", 3, 1)
    asked.option("--epochs", 5, 1)
    asked.option("--seeds", 1, 1)
    asked.option("--only", None, ["freesolv"], nargs="+", help="data sets; default: the paper's columns")
    asked.option("--variants", None, ["2D graph"], nargs="+", help="rows of the table; default: all")
    return asked


if __name__ == "__main__":
    main()
