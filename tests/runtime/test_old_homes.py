"""What earlier versions left under the home is read, and goes on where it stopped."""

from pathlib import Path

import numpy as np
import pytest
from packed_records import assert_holds, embedded
from toy_models import a_dataset, save_model

from mmexplore.features.pool import Pool
from mmexplore.features.store import features
from mmexplore.models import embeddings
from mmexplore.models.embed import embed
from mmexplore.runtime.errors import Cancelled
from mmexplore.runtime.home import default_home, read_json, write_json


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MMEXPLORE_HOME", str(tmp_path / "home"))


def as_version_0_1_left_it(folder: Path) -> dict[str, object]:
    """Its files lay beside the head, which named neither their folder nor their CRC-32; returns that head."""
    head = read_json(folder / "head.json")
    place = folder / head.pop("files")
    del head["crc"]
    for path in place.iterdir():
        path.rename(folder / path.name)
    place.rmdir()
    write_json(folder / "head.json", head)
    return head


def test_a_pool_is_read_and_goes_on() -> None:
    smiles = embedded(80)
    features("graph2d", smiles[:50], home=default_home())
    pool = Pool("graph2d", {}, home=default_home())
    head = as_version_0_1_left_it(pool.folder)
    assert_holds(features("graph2d", smiles[:50], home=default_home()), "graph2d", smiles[:50])
    assert_holds(features("graph2d", smiles, home=default_home()), "graph2d", smiles)
    assert (pool.head().born, pool.head().files, pool.head().molecules) == (head["born"], "", 80)
    assert (pool.folder / "keys.bin").stat().st_size == 80 * 16


@pytest.mark.parametrize("whole", [True, False])
def test_an_embedding_is_read_or_goes_on(tmp_path: Path, whole: bool) -> None:
    model = tmp_path / "model"
    told: list[int] = []

    def listen(stage: str, done: int, total: int, /, **_: float) -> None:
        told.extend([done] * (stage == "embed"))

    def stop(stage: str, done: int, total: int, /, **_: float) -> None:
        if stage == "embed" and done == 30:
            raise Cancelled("stopped")

    save_model(model)
    if whole:
        embed(model, a_dataset(), shard=10, home=default_home())
    else:
        with pytest.raises(Cancelled):
            embed(model, a_dataset(), stop, shard=10, home=default_home())
    folder = embeddings.place(model, a_dataset(), home=default_home())
    as_version_0_1_left_it(folder)
    found = embed(model, a_dataset(), listen, shard=10, home=default_home())
    assert told == ([] if whole else [30, 40, 50, 60, 70, 72])
    assert found.folder == folder
    assert np.isfinite(found.view("dmpnn")).all()
