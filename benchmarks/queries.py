"""How often is a molecule found by a picture of it, or by a conformer, that the model has not seen it by?

    MMEXPLORE_DATA_DIR=... python benchmarks/queries.py [--data lipophilicity] [--among nmrshiftdb2] [--queries 200]

Queries are molecules of a data set that the model of pictures was not trained on, sought among all of it and of the
other one (``--among DATA``: of that data set alone), and among those with the same formula alone. The model's places
are those of RDKit's drawings, 64 pixels a side, and of ETKDG's first conformers without hydrogens. Pictures are drawn
in other styles, then read as an uploaded file is: cropped, scaled, looked at six ways. ``pixels`` is the nearest of
the same six looks by grey pixels. Conformers are those of another seed, as ETKDG leaves them and refined by MMFF;
``USRCAT`` is RDKit's descriptor of shape and atom types on the same, ``ECFP`` the structure that the file holds anyway,
a ceiling. ``dealt``: each query is counted for another one's molecule, which is chance. Molecules that tie count by
their share; intervals are percentiles over 1,000 resamples of the queries.
"""

import base64
from collections.abc import Iterable, Iterator
from io import BytesIO
from itertools import chain
from typing import Any

import numpy as np
from PIL import Image as Picture
from rdkit import Chem
from rdkit.Chem import rdCoordGen
from rdkit.Chem.Draw import rdMolDraw2D
from rdkit.Chem.rdDepictor import Compute2DCoords
from rdkit.Chem.rdDistGeom import EmbedMolecule
from rdkit.Chem.rdForceFieldHelpers import MMFFOptimizeMolecule
from rdkit.Chem.rdMolDescriptors import GetUSRCAT
from rdkit.Geometry import Point3D
from record import Asked, record, smallest

from mmexplore import studio
from mmexplore.chem.fingerprints import Tanimoto
from mmexplore.datasets import Dataset, catalog
from mmexplore.datasets.readers.pictures import picture, to_png
from mmexplore.explore.neighbors import shown
from mmexplore.explore.neighbors.search import Cosine
from mmexplore.explore.spectra.doubt import formulas_of
from mmexplore.features.modalities.image import Image
from mmexplore.features.packing import pack
from mmexplore.features.store import features
from mmexplore.models.bootstrap import RESAMPLES, drawn
from mmexplore.models.registry import View
from mmexplore.runtime.home import default_home

KS = (1, 10, 100)
SEED = 1
MODELS = {"picture": ("target-image", "mmsa"), "conformer": ("mmsa",)}
STYLES: dict[str, dict[str, Any]] = {
    "300 pixels": {},
    "100 pixels": {"side": 100},
    "wide bonds": {"width": 5},
    "black": {"black": True},
    "other colors on beige": {"palette": True},
    "white on black": {"dark": True},
    "JPEG, quality 20": {"jpeg": True},
    "turned by any angle": {"turned": True},
    "laid out by CoordGen": {"layout": "coordgen"},
}


Ranked = tuple[str, str, np.ndarray, Iterable[np.ndarray]]


def main(data: str, among: str, queries: int) -> None:
    asked = catalog.load(data, home=default_home()).smiles.astype(str)
    known = np.array([] if smallest() else catalog.load("nmrshiftdb2", home=default_home()).smiles, str)
    table = catalog.load(data, home=default_home()) if among == data else both(data, among)
    rows = asked_rows(table, asked[~np.isin(asked, known)], queries)
    formulas = formulas_of(table)
    found = [counted(formulas, *one) for one in chain(by_pictures(table, rows), by_conformers(table, rows))]
    question = f"How often is one of {len(table):,} molecules found by a picture or a conformer?"
    command = f"python benchmarks/queries.py --data {data} --among {among} --queries {queries}"
    record("queries", question, command, found, seed=SEED, told={"queries": len(rows), "candidates": len(table)})


def both(data: str, among: str) -> Dataset:
    """The molecules of two data sets as one, in the home."""
    every = [smiles for name in (data, among) for smiles in catalog.load(name, home=default_home()).smiles.tolist()]
    return catalog.add("\n".join(every), f"{data} and {among}", home=default_home())


def asked_rows(table: Dataset, strange: np.ndarray, most: int) -> np.ndarray:
    """Rows that are asked for: drawn with a seed from those of strange molecules."""
    found = np.flatnonzero(np.isin(table.smiles.astype(str), strange))
    return np.sort(np.random.default_rng(SEED).permutation(found)[:most])


def by_pictures(table: Dataset, rows: np.ndarray) -> Iterator[Ranked]:
    """For each style and way: what is asked for, and the scores of all molecules."""
    gray = gray_pixels(table)
    spaces = {name: space_of(name, "picture", table) for name in MODELS["picture"]}
    for style, about in STYLES.items():
        pixels = [picture(drawing(str(table.smiles[row]), seed, **about)) for seed, row in enumerate(rows.tolist())]
        contents = [base64.b64encode(to_png(one)).decode() for one in pixels]
        for name, (there, view) in spaces.items():
            places = shown.embedded(view.model.folder, view.name, "picture", contents)
            yield (style, name, rows, (there.scores(one).max(0) for one in places))
        yield (style, "pixels", rows, by_pixels(gray, pixels))
    dealt = np.roll(rows, 1)
    yield (style, "pixels, dealt", dealt, by_pixels(gray, pixels))


def by_conformers(table: Dataset, rows: np.ndarray) -> Iterator[Ranked]:
    """The same for each kind of conformer and way."""
    there, view = space_of(MODELS["conformer"][0], "conformer", table)
    gallery = np.array([shape(one) for one in stored(table)])
    bits = features("fingerprint", table.smiles, home=default_home())
    words = Tanimoto(bits.take(np.arange(len(table))).columns["bits"], bits.ok)
    for kind, mmff in (("ETKDG, another seed", False), ("ETKDG, another seed, MMFF", True)):
        made = [(row, one) for row in rows.tolist() if (one := conformer(str(table.smiles[row]), mmff)) is not None]
        asked = np.array([row for row, _ in made])
        blocks = [Chem.MolToMolBlock(one) for _, one in made]
        places = shown.embedded(view.model.folder, view.name, "conformer", blocks)
        yield (kind, view.model.name, asked, (there.scores(one).max(0) for one in places))
        shapes = np.array([shape(Chem.RemoveHs(one)) for _, one in made])
        yield (kind, "USRCAT", asked, (-np.abs(gallery - one).sum(1) for one in shapes))
        yield (kind, "ECFP", asked, (words.scores(words.take(np.array([row])))[0] for row in asked))


def space_of(name: str, kind: shown.Kind, table: Dataset) -> tuple[Cosine, View]:
    """Where a model's branch has put the molecules."""
    view = shown.view_for(kind, studio.model(name))
    return Cosine(np.asarray(studio.embed(name, table.name).view(view.name))), view


def drawing(
    smiles: str,
    seed: int,
    *,
    side: int = 300,
    width: int = 2,
    layout: str = "",
    **flags: bool,
) -> bytes:
    """A PNG of a structure in a style."""
    molecule = Chem.MolFromSmiles(smiles)
    if layout == "coordgen":
        rdCoordGen.AddCoords(molecule)
    else:
        Compute2DCoords(molecule, canonOrient=True)
    canvas = rdMolDraw2D.MolDraw2DCairo(side, side)
    options: Any = canvas.drawOptions()
    options.bondLineWidth = width
    if flags.get("black"):
        options.useBWAtomPalette()
    if flags.get("palette"):
        options.setAtomPalette({-1: (0.1, 0.2, 0.6), 7: (0.0, 0.5, 0.2), 8: (0.7, 0.0, 0.4)})
        options.setBackgroundColour((1.0, 1.0, 0.9))
    if flags.get("dark"):
        rdMolDraw2D.SetDarkMode(canvas)
    if flags.get("turned"):
        options.rotate = float(np.random.default_rng(seed).uniform(15, 345))
    rdMolDraw2D.PrepareAndDrawMolecule(canvas, molecule)
    canvas.FinishDrawing()
    return noisy(canvas.GetDrawingText()) if flags.get("jpeg") else canvas.GetDrawingText()


def noisy(png: bytes) -> bytes:
    """The picture after a JPEG's loss."""
    file, again = BytesIO(), BytesIO()
    Picture.open(BytesIO(png)).convert("RGB").save(file, "JPEG", quality=20)
    Picture.open(file).save(again, "PNG")
    return again.getvalue()


def gray_pixels(table: Dataset) -> np.ndarray:
    """Ink of the molecules' own drawings, float32 (n, pixels)."""
    described = features("image", table.smiles, {"side_px": 64}, home=default_home())
    parts = [described.take(np.array([row])) for row in range(len(table))]
    return np.concatenate([inks([part.columns | {"side": part.columns["side"][0]}]) for part in parts])


def inks(records: list[dict[str, np.ndarray]]) -> np.ndarray:
    """How dark the pixels of drawings are, float32 (n, pixels)."""
    from mmexplore.nn.dataloader import collate
    from mmexplore.nn.signals.images import ink

    found: np.ndarray = ink(collate(pack(Image.columns, records), "image")).flatten(1).numpy()
    return found


def by_pixels(gallery: np.ndarray, pixels: list[np.ndarray]) -> Iterator[np.ndarray]:
    """Scores of pictures, each by the likest of the six looks at it."""
    return (-nearest(gallery, inks(Image(side_px=64).seen(one))) for one in pixels)


def nearest(gallery: np.ndarray, looks: np.ndarray) -> np.ndarray:
    """Least squared distance of any look to each drawing, (n,)."""
    own = np.einsum("ij,ij->i", gallery, gallery)[:, None] + np.einsum("ij,ij->i", looks, looks)
    found: np.ndarray = (own - 2 * gallery @ looks.T).min(1)
    return found


def stored(table: Dataset) -> Iterator[Chem.Mol]:
    """The molecules, each with the conformer that the model has it by."""
    options = {"conformers": 1, "hydrogens": False, "mmff": "off", "seed": 0}
    described = features("graph3d", table.smiles, options, home=default_home())
    for row, smiles in enumerate(table.smiles.tolist()):
        molecule = Chem.MolFromSmiles(smiles)
        own = Chem.Conformer(molecule.GetNumAtoms())
        for atom, place in enumerate(described.take(np.array([row])).columns["positions"].astype(float).tolist()):
            own.SetAtomPosition(atom, Point3D(*place))
        molecule.AddConformer(own)
        yield molecule


def conformer(smiles: str, mmff: bool) -> Chem.Mol | None:
    """A molecule with all its hydrogens and another conformer; None where RDKit makes none."""
    molecule = Chem.AddHs(Chem.MolFromSmiles(smiles))
    if EmbedMolecule(molecule, randomSeed=1000 + SEED, maxAttempts=20) < 0:
        return None
    if mmff:
        MMFFOptimizeMolecule(molecule, maxIters=1000)
    return molecule


def shape(molecule: Chem.Mol) -> np.ndarray:
    """USRCAT of a molecule, (60,); of one with fewer than three atoms it is zeros."""
    if molecule.GetNumAtoms() < 3:
        return np.zeros(60)
    return np.array(GetUSRCAT(molecule))


def counted(
    formulas: np.ndarray, query: str, by: str, rows: np.ndarray, scores: Iterable[np.ndarray]
) -> dict[str, Any]:
    """Recall of a way to rank, with its intervals: among all molecules, and among each query's isomers alone."""
    places, isomers = [], []
    for row, found in zip(rows.tolist(), scores, strict=True):
        each = np.where(np.isfinite(found), found, -np.inf)
        alike = formulas == formulas[row]
        places.append(place(each, each[row]))
        if alike.sum() > 1:
            isomers.append((*place(each[alike], each[row]), int(alike.sum())))
    better, tied = np.array(places).T
    about: dict[str, Any] = {"query": query, "by": by, "queries": len(rows)}
    for k in KS:
        about |= share(f"recall@{k}", better, tied, k)
    about |= {"median rank": float(np.median(better + (tied + 1) / 2)), "with isomers": len(isomers)}
    if isomers:
        better, tied, of = np.array(isomers).T
        about |= share("recall@1 of isomers", better, tied, 1) | {"chance": float((1 / of).mean())}
    print({key: round(value, 3) if isinstance(value, float) else value for key, value in about.items()}, flush=True)
    return about


def place(scores: np.ndarray, own: float) -> tuple[int, int]:
    """How many are better than its own score, and how many tie with it."""
    near = np.isclose(scores, own, rtol=0, atol=1e-6)
    return int((scores[~near] > own).sum()), int(near.sum())


def share(name: str, better: np.ndarray, tied: np.ndarray, k: int) -> dict[str, float]:
    """Share of the queries that are found among k, those that tie by their share, with its interval."""
    each = np.clip((k - better) / tied, 0, 1)
    means = np.concatenate([(counts @ each) / len(each) for counts in drawn(len(each), RESAMPLES)])
    low, high = np.percentile(means, [2.5, 97.5])
    return {name: float(each.mean()), f"{name}, low": float(low), f"{name}, high": float(high)}


def command_line() -> Asked:
    """What can be asked for."""
    asked = Asked(__doc__)
    asked.option("--data", "lipophilicity", "freesolv")
    asked.option("--among", "nmrshiftdb2", "freesolv")
    asked.option("--queries", 200, 3)
    return asked


if __name__ == "__main__":
    chosen = command_line().parse_args()
    main(chosen.data, chosen.among, chosen.queries)
