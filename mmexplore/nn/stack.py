"""Weights of a stack: late fusion over whole models (MMFRL's equations 9 to 11 with ``p`` from models already trained).

Stacked regression with weights that are not negative: Breiman 1996, doi:10.1007/BF00117832. They may be drawn towards
equal ones, as weights that few molecules tell follow noise: Diebold and Pauly, International Journal of Forecasting 6
(1990) 503.
"""

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

_DIRECTIONS = 4
_LEAST, _MOST = 1e-6, 4.0  # members that part the classes without an error would have weights without end
_STIFFNESS = 0.1


class Gates(nn.Module):
    """Gates of a stack: a weight a member that is not negative, of all molecules or, ``learned``, of each.

    Learned: ``w_i = softplus(b_i + a_i u_i)``, ``u_i`` the first four principal components of the member's space
    over the training molecules, standardised; ``a`` is held near 0, ``b`` near the constant weights. ``shrinkage``: the
    constant weights' way from the fitted ones (0) to equal ones that fit best (1).
    """

    constant: Tensor

    def __init__(self, spaces: dict[str, int], *, learned: bool = False, shrinkage: float = 0.0) -> None:
        super().__init__()
        self.names, self.learned, self.shrinkage = tuple(spaces), learned, shrinkage
        self.register_buffer("constant", torch.full((len(spaces),), 1 / len(spaces)))
        widths = list(spaces.values()) if learned else []
        self.directions = nn.ParameterList(_fixed(torch.zeros(width, _DIRECTIONS)) for width in widths)
        self.centers = nn.ParameterList(_fixed(torch.zeros(width)) for width in widths)
        self.slopes = _fixed(torch.zeros(len(widths), _DIRECTIONS))
        self.offsets = _fixed(torch.full((len(widths),), float(np.log(np.expm1(1 / len(spaces))))))

    def forward(self, spaces: dict[str, Tensor]) -> Tensor:
        """Weights ``(n, members)`` of molecules from the members' views ``{name: (n, width)}``."""
        first = spaces[self.names[0]]
        if not self.learned:
            return self.constant.to(first).expand(len(first), -1)
        u = torch.stack([self._seen(number, spaces[name]) for number, name in enumerate(self.names)], dim=1)
        return functional.softplus(self.offsets + (self.slopes * u).sum(2))

    def fit(self, p: Tensor, labels: Tensor, classes: bool, spaces: dict[str, Tensor]) -> None:
        """Weights from predictions of molecules that the members had not seen.

        ``p`` (n, members, tasks), and ``labels`` (n, tasks) on the same scale, logits' labels 0 and 1, NaN where
        missing; least squares, or least cross entropy of classes.
        """
        known = torch.isfinite(labels)
        each = p.transpose(1, 2)[known].double().numpy()
        seen = labels[known].double().numpy()
        equal = _constant(each.mean(1, keepdims=True), seen, classes) / len(self.names)
        self.constant.copy_(torch.lerp(_constant(each, seen, classes), equal.expand(len(self.names)), self.shrinkage))
        if not self.learned:
            return
        for number, name in enumerate(self.names):
            center, directions = _principal(spaces[name])
            self.centers[number].copy_(center)
            self.directions[number].copy_(directions)
        self.offsets.copy_(self.constant.clamp(min=1e-3).expm1().log())
        u = torch.stack([self._seen(number, spaces[name]) for number, name in enumerate(self.names)], dim=1)
        offsets, slopes = (one.detach().clone().requires_grad_(True) for one in (self.offsets, self.slopes))
        solver = torch.optim.LBFGS([offsets, slopes], max_iter=200, line_search_fn="strong_wolfe")

        def loss() -> float:
            solver.zero_grad()
            w = functional.softplus(offsets + (slopes * u).sum(2))
            outputs = (w.unsqueeze(2) * p).sum(1)[known]
            error = functional.binary_cross_entropy_with_logits if classes else functional.mse_loss
            found = error(outputs, labels[known].to(outputs))
            found = found + _STIFFNESS * (slopes.square().sum() + (offsets - self.offsets).square().sum())
            found.backward()  # type: ignore[no-untyped-call]
            return float(found)

        solver.step(loss)  # type: ignore[no-untyped-call]
        self.offsets.copy_(offsets.detach())
        self.slopes.copy_(slopes.detach())

    def _seen(self, number: int, space: Tensor) -> Tensor:
        found: Tensor = (space - self.centers[number]) @ self.directions[number]
        return found


def _fixed(values: Tensor) -> nn.Parameter:
    return nn.Parameter(values, requires_grad=False)


def _constant(p: np.ndarray, labels: np.ndarray, classes: bool) -> Tensor:
    """Weights (members,) from predictions (labels, members)."""
    from scipy.optimize import minimize, nnls
    from scipy.special import expit

    if not classes:
        return torch.from_numpy(nnls(p, labels)[0])

    def loss(w: np.ndarray) -> tuple[float, np.ndarray]:
        z = p @ w
        return float((np.logaddexp(0, z) - labels * z).mean()), p.T @ (expit(z) - labels) / len(z)

    begin = np.full(p.shape[1], 1 / p.shape[1])
    found = minimize(loss, begin, jac=True, method="L-BFGS-B", bounds=[(0, _MOST)] * len(begin)).x
    return torch.from_numpy(np.where(found > _LEAST, found, 0))


def _principal(space: Tensor) -> tuple[Tensor, Tensor]:
    """Center, and the directions of most variance, scaled so that each has a variance of one."""
    center = space.double().mean(0)
    _, lengths, directions = torch.linalg.svd(space.double() - center, full_matrices=False)
    lengths, directions = lengths[:_DIRECTIONS], directions[:_DIRECTIONS].T
    scale = len(space) ** 0.5 / lengths.clamp(min=1e-6)
    found = torch.zeros(space.shape[1], _DIRECTIONS, dtype=torch.float64)
    found[:, : len(lengths)] = torch.where(lengths > 1e-6, directions * scale, 0.0)
    return center.float(), found.float()
