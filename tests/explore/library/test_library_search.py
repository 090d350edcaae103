"""Search in a library: what is found is what a plain product over all rows finds; indexes say what they cost."""

import re
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from library_data import VIEW, built, sources
from rdkit import Chem
from rdkit.Chem.rdFingerprintGenerator import GetMorganGenerator
from rdkit.DataStructs import BulkTanimotoSimilarity

from mmexplore.explore.library import search
from mmexplore.explore.library.build import Library
from mmexplore.explore.library.search import LibraryQuery
from mmexplore.explore.library.shard import FINGERPRINT, matrix
from mmexplore.runtime.errors import BadRecipe, Damaged, UnknownName

QUERY = "CCCCCc1ccccc1"


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("searched")


@pytest.fixture(scope="module")
def library(here: Path) -> Library:
    return built(here, here / "library", sources(here / "source"))


def column(library: Library, name: str) -> pa.ChunkedArray:
    return pa.concat_tables(library.columns([name]))[name]


def bits(smiles: str) -> np.ndarray:
    made = GetMorganGenerator(radius=2, fpSize=2048).GetFingerprintAsNumPy(Chem.MolFromSmiles(smiles))
    return np.packbits(made).view(np.uint64)[None]


def tanimoto(smiles: list[str]) -> np.ndarray:
    generator = GetMorganGenerator(radius=2, fpSize=2048)
    each = [generator.GetFingerprint(Chem.MolFromSmiles(text)) for text in [QUERY, *smiles]]
    return np.array(BulkTanimotoSimilarity(each[0], each[1:]))


def test_exact_hits_are_those_of_rdkit_and_of_a_plain_product(library: Library) -> None:
    smiles = column(library, "smiles").to_pylist()
    expected = tanimoto(smiles)
    found = search.search(library, "", bits(QUERY), LibraryQuery(k=12))
    assert (found.how, found.recall) == ("exact", 1.0)
    np.testing.assert_allclose(found.table["similarity"], np.sort(expected)[::-1][:12], atol=1e-6)
    assert [smiles[row] for row in found.table["row"]] == found.table["smiles"].tolist()
    x = matrix(column(library, VIEW)).astype(float)
    unit = x / np.linalg.norm(x, axis=1, keepdims=True)
    found = search.search(library, "", x[[7]].astype(np.float32), LibraryQuery(VIEW, 12))
    np.testing.assert_allclose(found.table["similarity"], np.sort(unit @ unit[7])[::-1][:12], atol=1e-6)
    assert {"model: logS", "map x", "line", "source"} <= set(found.table.columns)
    assert not {VIEW, FINGERPRINT} & set(found.table.columns)


def test_a_flipped_bit_is_no_other_number(tmp_path: Path) -> None:
    library = built(tmp_path, tmp_path / "library", sources(tmp_path / "source"))
    path = sorted((library.folder / "shards").glob("*.parquet"))[0]
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(Damaged, match=re.escape(path.name)):
        column(library, "smiles")


def test_filters_hold_and_the_query_is_no_hit_of_its_own(library: Library) -> None:
    canonical = Chem.CanonSmiles(QUERY)
    asked = LibraryQuery(k=50, within={"molecular weight": (100.0, 160.0)}, smarts="c1ccccc1")
    found = search.search(library, canonical, bits(QUERY), asked).table
    smiles = column(library, "smiles").to_pylist()
    ring = Chem.MolFromSmarts("c1ccccc1")
    weights = column(library, "molecular weight").to_numpy()
    right = {
        row for row, text in enumerate(smiles)
        if 100 <= weights[row] <= 160 and Chem.MolFromSmiles(text).HasSubstructMatch(ring) and text != canonical
    }  # fmt: skip
    assert set(found["row"]) == right
    assert len(right) > 3
    for asked in (LibraryQuery(within={"QED": (0, 1)}), LibraryQuery("no@view"), LibraryQuery(index="faiss")):
        with pytest.raises(UnknownName):
            search.search(library, "", bits(QUERY), asked)
    with pytest.raises(BadRecipe, match="exact or fpsim2"):
        search.search(library, "", bits(QUERY), LibraryQuery(index="lance"))
    with pytest.raises(BadRecipe, match="logP:1:3"):
        search.numbers(["logP>3"])


def test_fpsim2_finds_what_an_exact_search_finds(library: Library) -> None:
    pytest.importorskip("FPSim2", reason="the extra scale is not installed")
    for k in (1, 5, 40):
        exact = search.search(library, "", bits(QUERY), LibraryQuery(k=k)).table
        found = search.search(library, "", bits(QUERY), LibraryQuery(k=k, index="fpsim2"))
        assert found.how == "fpsim2"
        np.testing.assert_allclose(found.table["similarity"], exact["similarity"], atol=1e-6)
    for within in ({"molecular weight": (100.0, 160.0)}, {"logP": (-np.inf, 1.0), "molecular weight": (60.0, np.inf)}):
        for smarts in ("", "c1ccccc1"):
            each = [
                search.search(library, "", bits(QUERY), LibraryQuery(k=90, within=within, smarts=smarts, index=index))
                for index in ("exact", "fpsim2")
            ]
            assert [found.how for found in each] == ["exact", "fpsim2"]
            assert each[0].table["row"].tolist() == each[1].table["row"].tolist()
            assert "alone" not in each[1].words
    assert not any(path.suffix in (".h5", ".pkl") for path in library.folder.rglob("*"))


def test_a_pattern_that_was_not_looked_for_everywhere_is_said(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "MOST_TRIED", 13)
    found = search.search(library, "", bits(QUERY), LibraryQuery(k=5, smarts="[OX2H]"))
    assert "looked for in the 13 most similar molecules alone" in found.words


def test_lance_says_its_recall_and_pushes_filters_down(library: Library) -> None:
    pytest.importorskip("lancedb", reason="the extra scale is not installed")
    x = matrix(column(library, VIEW))
    found = search.search(library, "", x[[3]], LibraryQuery(VIEW, 5, index="lance"))
    exact = search.search(library, "", x[[3]], LibraryQuery(VIEW, 5)).table
    assert found.how == "lance"
    assert found.recall > 0.9  # of so few, which are scanned one by one; molecules of one view tie
    assert "recall@10 against exact search by 32 molecules" in found.words
    np.testing.assert_allclose(found.table["similarity"], exact["similarity"], atol=1e-5)
    inside = {"molecular weight": (0.0, 80.0)}
    found = search.search(library, "", x[[3]], LibraryQuery(VIEW, 50, within=inside, index="lance")).table
    assert len(found) == int((column(library, "molecular weight").to_numpy() <= 80).sum())


@pytest.mark.parametrize("kind", ["float16", "int8"])
def test_fewer_bytes_say_what_they_cost(kind: str, here: Path, tmp_path: Path) -> None:
    library = built(here, tmp_path / kind, here / "source", vectors=kind, mapped=False)
    found = search.search(library, "", matrix(column(library, VIEW))[[0]], LibraryQuery(VIEW, 3))
    assert 0.5 < found.recall <= 1
    assert f"{kind} keeps" in found.words
    assert not [name for name in found.table if name.startswith(VIEW)]


def test_an_index_is_of_the_shards_that_are_there(here: Path, tmp_path: Path) -> None:
    pytest.importorskip("FPSim2", reason="the extra scale is not installed")
    source = sources(tmp_path / "source")
    library = built(here, tmp_path / "library", source, mapped=False)
    search.search(library, "", bits(QUERY), LibraryQuery(index="fpsim2"))
    (source / "more.smi").write_text(f"{QUERY}F\n")
    more = built(here, library.folder, source, mapped=False)
    found = search.search(more, "", bits(QUERY), LibraryQuery(k=80, index="fpsim2")).table
    assert "more.smi" in set(found["source"])
