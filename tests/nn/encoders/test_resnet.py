"""Our ResNet-18 is the published one, written out of plain layers; weights come from a file and never from a pickle."""

from pathlib import Path

import huggingface_hub
import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from mmexplore.chem.molecules import parse
from mmexplore.features.modalities.image import Image
from mmexplore.features.packing import pack
from mmexplore.features.store import features
from mmexplore.nn.dataloader import Records, collate
from mmexplore.nn.encoders.resnet import ResNet
from mmexplore.nn.signals.images import normalized, pictures
from mmexplore.runtime.errors import BadRecipe, NotAvailable
from mmexplore.runtime.home import default_home

SMILES = ["CC(=O)Oc1ccccc1C(=O)O", "[Na+].[Cl-]", "C"]


def records_of(smiles: list[str], side_px: int = 64) -> Records:
    return collate(
        features("image", smiles, {"side_px": side_px}, home=default_home()).take(np.arange(len(smiles))), "image"
    )


class Block(nn.Module):
    """Two 3 x 3 convolutions beside the identity, or beside a 1 x 1 convolution where the shape changes."""

    def __init__(self, narrow: int, wide: int, stride: int) -> None:
        super().__init__()
        self.one, self.norm_one = nn.Conv2d(narrow, wide, 3, stride, 1, bias=False), nn.BatchNorm2d(wide)
        self.two, self.norm_two = nn.Conv2d(wide, wide, 3, 1, 1, bias=False), nn.BatchNorm2d(wide)
        changes = stride > 1 or narrow != wide
        self.side = nn.Conv2d(narrow, wide, 1, stride, bias=False) if changes else None
        self.norm_side = nn.BatchNorm2d(wide) if changes else None

    def forward(self, x: Tensor) -> Tensor:
        beside = self.norm_side(self.side(x)) if self.side and self.norm_side else x
        return (self.norm_two(self.two(self.norm_one(self.one(x)).relu())) + beside).relu()


class Plain(nn.Module):
    """He et al. 2016, table 1, 18 layers."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.norm = nn.Conv2d(3, 64, 7, 2, 3, bias=False), nn.BatchNorm2d(64)
        sizes = [(64, 64, 1), (64, 64, 1), (64, 128, 2), (128, 128, 1), (128, 256, 2), (256, 256, 1)]
        self.blocks = nn.Sequential(*(Block(*size) for size in [*sizes, (256, 512, 2), (512, 512, 1)]))

    def forward(self, x: Tensor) -> Tensor:
        x = nn.functional.max_pool2d(self.norm(self.first(x)).relu(), 3, 2, 1)
        return self.blocks(x).mean((2, 3))


def copied(model: ResNet) -> Plain:
    """The plain network with the model's weights: layers found by their role, norms made uneven first."""
    for norm in (m for m in model.modules() if isinstance(m, nn.BatchNorm2d)):
        for values in (norm.running_mean, norm.bias):
            nn.init.uniform_(values, -0.2, 0.2)
        for values in (norm.running_var, norm.weight):
            nn.init.uniform_(values, 0.5, 1.5)
    plain, network = Plain(), model.network
    pairs = [(plain.first, plain.norm, network.embedder.embedder)]
    theirs = [layer for stage in network.encoder.stages for layer in stage.layers]
    for block, layer in zip(plain.blocks, theirs, strict=True):
        pairs += [(block.one, block.norm_one, layer.layer[0]), (block.two, block.norm_two, layer.layer[1])]
        pairs += [(block.side, block.norm_side, layer.shortcut)] if block.side else []
    for convolution, norm, layer in pairs:
        convolution.load_state_dict(layer.convolution.state_dict())
        norm.load_state_dict(layer.normalization.state_dict())
    return plain


@pytest.fixture(scope="module")
def model() -> ResNet:
    torch.manual_seed(0)
    return ResNet(augment=False)


def test_the_network_is_the_published_one(model: ResNet) -> None:
    plain, records = copied(model), records_of(SMILES)
    images = normalized(pictures(records)).contiguous()
    for mode in (False, True):
        model.train(mode)
        plain.train(mode)
        torch.testing.assert_close(model(records), plain(images), atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(model.network.embedder.embedder.normalization.running_var, plain.norm.running_var)


def test_a_single_molecule_of_the_smallest_side_trains(model: ResNet) -> None:
    found = model.train()(records_of(["CCO"], 32))
    found.square().sum().backward()
    assert torch.isfinite(found).all()
    assert all(torch.isfinite(p.grad).all() for p in model.parameters() if p.grad is not None)


def test_only_training_augments() -> None:
    torch.manual_seed(0)
    model, records = ResNet(), records_of(SMILES, 32)
    assert torch.equal(model.eval()(records), model(records))
    assert not torch.equal(model.train()(records), model(records))
    plain = ResNet(augment=False).train()
    assert torch.equal(plain(records), plain(records))


def test_bfloat16_is_near(model: ResNet) -> None:
    records = records_of(SMILES)
    exact = model.eval()(records)
    with torch.autocast("cpu", torch.bfloat16):
        found = model(records)
    assert (found.float() - exact).norm() < 0.03 * exact.norm()


def test_sizes_do_not_mix_in_a_batch(model: ResNet) -> None:
    mixed = [Image(side_px=side).record(parse("CCO")) for side in (32, 64)]
    with pytest.raises(BadRecipe, match=r"one size, and sides of \[32, 64\]"):
        model(collate(pack(Image.columns, mixed), "image"))


# ---- weights from the hub


def hub_file(monkeypatch: pytest.MonkeyPatch, path: Path) -> None:
    monkeypatch.setattr(huggingface_hub, "try_to_load_from_cache", lambda *_: str(path))


def test_weights_come_from_the_cache(model: ResNet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    values = {f"resnet.{k}": v.contiguous() for k, v in model.network.state_dict().items()}
    save_file(values | {"classifier.1.weight": torch.zeros(1000, 512)}, tmp_path / "model.safetensors")
    hub_file(monkeypatch, tmp_path / "model.safetensors")
    torch.manual_seed(1)
    other = ResNet()
    other.from_hub()
    assert all(torch.equal(v, model.state_dict()[k]) for k, v in other.state_dict().items() if "tracked" not in k)


def test_foreign_weights_are_refused_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = ResNet()
    before = {k: v.clone() for k, v in model.state_dict().items()}
    values = {k: v.contiguous() for k, v in model.network.state_dict().items()}
    last = list(values)[-2]
    save_file({k: torch.ones(2) if k == last else v + 1 for k, v in values.items()}, tmp_path / "other.safetensors")
    (tmp_path / "broken.safetensors").write_bytes(b"\x80\x04 no safetensors")
    for name, words in (("other", "not those of a ResNet-18"), ("broken", "cannot be read")):
        hub_file(monkeypatch, tmp_path / f"{name}.safetensors")
        with pytest.raises(NotAvailable, match=words):
            model.from_hub("someone/other")
    assert all(torch.equal(v, before[k]) for k, v in model.state_dict().items())


def test_no_network_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def unreachable(*_: object, **__: object) -> None:
        raise OSError("Name or service not known\nand more")

    monkeypatch.setattr(huggingface_hub, "try_to_load_from_cache", lambda *_: None)
    monkeypatch.setattr(huggingface_hub, "get_hf_file_metadata", unreachable)
    with pytest.raises(NotAvailable, match="random weights, or another try with a network, would do") as told:
        ResNet().from_hub()
    assert "\n" not in str(told.value)
