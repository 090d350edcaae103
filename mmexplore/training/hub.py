"""Teacher embeddings of published SMILES language models, for MMFRL's SMILES replica; made once.

Any encoder that transformers reads by name, or from a folder, with the tokens of its own; a molecule is the state of
its first token in the last layer. Weights come from safetensors alone: no pickle, and no code of a repository, is run.
"""

import hashlib
import io
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from filelock import FileLock

from mmexplore.datasets import Dataset
from mmexplore.runtime import devices, seals
from mmexplore.runtime.errors import NotAvailable
from mmexplore.runtime.home import Home, write_atomically
from mmexplore.runtime.progress import Progress, silent

_TOGETHER = 64
_MOST_SIZE = 1_000_000


def embedded(name: str, dataset: Dataset, progress: Progress = silent, *, home: Home) -> np.ndarray:
    """Teacher embeddings ``(n, d)`` float32 of a data set's molecules, kept on disk by name and data.

    Raises NotAvailable.
    """
    key = hashlib.sha256(f"{name} {dataset.digest}".encode()).hexdigest()[:24]
    path = home.folder("targets") / f"{key}.npy"
    if not seals.is_sound(path):
        with FileLock(
            path.with_suffix(".lock")
        ):  # made twice, the second would replace a file that the first has mapped
            if not seals.is_sound(path):
                seals.remove(path)
                buffer = io.BytesIO()
                np.save(buffer, embed(name, list(map(str, dataset.smiles)), progress))
                write_atomically(path, buffer.getvalue())
    found: np.ndarray = np.load(path, mmap_mode="r", allow_pickle=False)
    return found


def embed(name: str, smiles: Sequence[str], progress: Progress = silent) -> np.ndarray:
    """Teacher embeddings ``(n, d)`` float32 of molecules. Raises NotAvailable."""
    tokenizer, network = _loaded(name)
    policy = devices.policy()
    network.to(policy.device).eval()
    longest = int(getattr(network.config, "max_position_embeddings", 512)) - 2  # RoBERTa's places begin at 2
    order = sorted(range(len(smiles)), key=lambda row: len(smiles[row]))
    found = np.empty((len(smiles), network.config.hidden_size), np.float32)
    with devices.exactly(policy), torch.inference_mode():
        for start in range(0, len(order), _TOGETHER):
            rows = order[start : start + _TOGETHER]
            texts = [smiles[row] for row in rows]
            words = tokenizer(texts, padding=True, truncation=True, max_length=longest, return_tensors="pt")
            found[rows] = network(**words.to(policy.device)).last_hidden_state[:, 0].float().cpu().numpy()
            progress("target", start + len(rows), len(order))
    return found


def _check_size(config: Any) -> None:
    """A folder from anywhere may claim any size, and memory would be taken for it before its weights are looked at."""
    for size in ("hidden_size", "intermediate_size", "num_hidden_layers", "vocab_size", "max_position_embeddings"):
        if (came := getattr(config, size, 0)) and not 0 < int(came) <= _MOST_SIZE:
            raise ValueError(f"its {size} is {came}, and 1 to {_MOST_SIZE:,} is taken")


def _loaded(name: str) -> tuple[Any, Any]:
    from transformers import AutoConfig, AutoModel, AutoTokenizer

    try:
        _check_size(AutoConfig.from_pretrained(name, trust_remote_code=False))
        tokenizer = AutoTokenizer.from_pretrained(name, trust_remote_code=False)
        network = AutoModel.from_pretrained(name, use_safetensors=True, trust_remote_code=False)
    except Exception as error:
        said = " ".join(str(error).split())[:200]
        raise NotAvailable(
            f"the published SMILES model {name!r} could not be read ({said}); a model of the Hugging Face hub with a "
            "tokenizer and safetensors weights would do, or a folder with both, or a model that was trained here"
        ) from error
    return tokenizer, network
