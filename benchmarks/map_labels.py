"""How long do a map's labels take, beside its layout?

    MMEXPLORE_DATA_DIR=... python benchmarks/map_labels.py [--sizes 1000 10000 100000]

Molecules of ZINC250k, laid out by UMAP on their ECFP bits as ``map`` does it, then labelled as ``map --labels`` does:
wall seconds, and how many labels were found. Both are jobs; the page shows the map without labels meanwhile.
"""

from functools import partial
from typing import Any

from public import zinc
from record import Asked, own_home, record
from timing import seconds

from mmexplore import studio

METHOD = "umap"


def main(sizes: list[int]) -> None:
    folder = own_home()
    rows: list[dict[str, Any]] = []
    smiles, source = zinc(max(sizes))
    for n in sizes:
        csv = folder / f"of-{n}.csv"
        csv.write_text("smiles\n" + "\n".join(smiles[:n]) + "\n", encoding="utf-8")
        name = studio.add_dataset(csv, f"of {n}").name
        studio.embed("ecfp", name)
        layout = seconds(partial(studio.compute_map, "ecfp", name, "ecfp", METHOD))
        shown = studio.stored_map("ecfp", name, "ecfp", METHOD)
        assert shown is not None
        spent = seconds(partial(studio.compute_labels, shown, "ecfp", name))
        found = studio.stored_labels(shown, "ecfp", name) or ()
        rows.append(
            {"from": source, "n": len(studio.dataset(name)), "layout s": round(layout, 1)}
            | {"labels s": round(spent, 1), "labels": len(found)}
        )
    command = f"python benchmarks/map_labels.py --sizes {' '.join(map(str, sizes))}"
    record("map_labels", "seconds of a map's layout and of its labels", command, rows)


def command_line() -> Asked:
    """What can be asked for."""
    asked = Asked(__doc__)
    asked.option("--sizes", [1_000, 10_000, 100_000], [200], nargs="+", type=int)
    return asked


if __name__ == "__main__":
    main(command_line().parse_args().sizes)
