"""Precise batch normalization: statistics taken anew from training molecules before a network is judged or kept.

PreciseBN, Wu and Johnson 2021, arXiv:2105.07576, section 3: the moving averages that training leaves mix those of
weights long gone, and are of activations with dropout, which has no part in a prediction.
"""

from collections.abc import Iterable

import torch
from torch.nn.modules.batchnorm import _BatchNorm

from mmexplore.nn.dataloader import Batch
from mmexplore.nn.model import Predictor

MOLECULES = 1024
"""So many molecules tell the statistics: some 25,000 atoms."""


def settle(predictor: Predictor, sample: Iterable[Batch]) -> None:
    """Put the mean over these batches in place of the moving averages; leaves evaluation mode on.

    Nothing is drawn at random, dropout is off, no weight changes, frozen encoders keep what they
    have; without batch normalisation no batch is read.
    """
    predictor.eval()
    frozen = {module for encoder in predictor.frozen_encoders() for module in encoder.modules()}
    norms = [module for module in predictor.modules() if isinstance(module, _BatchNorm) and module not in frozen]
    if not norms:
        return
    momenta = [norm.momentum for norm in norms]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # torch's word for the plain mean over batches
        norm.train()
    with torch.no_grad():
        for batch in sample:
            predictor(batch)
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum
        norm.eval()
