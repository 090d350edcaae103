"""A model saved from its page comes back from the zip, bytes and all."""

from pathlib import Path

import pytest
from toy_models import save_model

from mmexplore import studio
from mmexplore.runtime.errors import UnknownName
from mmexplore.ui.shell import backups

pytest_plugins = ("screens",)


def test_a_model_that_was_saved_comes_back(empty_home: Path, tmp_path: Path) -> None:
    save_model(empty_home / "runs" / "toy" / "model")
    weights = (empty_home / "runs" / "toy" / "model" / "weights.safetensors").read_bytes()
    kept = tmp_path / "toy.zip"
    kept.write_bytes(backups.zipped(model="toy"))
    studio.delete_model("toy")
    assert "toy" not in [model.name for model in studio.models()]
    assert studio.restore(kept).models == ("toy",)
    assert (studio.model("toy").folder / "weights.safetensors").read_bytes() == weights


def test_what_is_not_the_users_own_is_not_saved(empty_home: Path) -> None:
    with pytest.raises(UnknownName):
        backups.zipped(model="ecfp")
