"""Masked language modeling of SMILES.

Masked tokens of a SMILES told from the rest: how the language models of molecules learn (Devlin et al. 2019,
arXiv:1810.04805, section 3.1; Liu et al. 2019, arXiv:1907.11692), and what teaches MMFRL's SMILES target here.

Of each SMILES 15 % of the tokens are chosen: four fifths become [MASK], a tenth any token, a tenth stay.
"""

from typing import Annotated, Any, ClassVar

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional

from mmexplore.features.modalities.smiles import CLS, MASK, SPECIAL, VOCABULARY
from mmexplore.nn.dataloader import Records, owned_sums
from mmexplore.nn.pretraining import Pretraining


class MaskedSmiles(Pretraining):
    """Masked language modeling of SMILES.

    ``L = L_token + w L_composition``: cross entropy of the chosen tokens, and ``KL(frequencies || predicted)`` of
    the molecule's tokens told from its embedding.

    Departs from the papers: masked tokens alone teach the states of the tokens but not the one that stands for the
    molecule, which is what is used afterwards; composition teaches that one (weight 0: as published).
    """

    views: ClassVar[dict[str, str]] = {}
    set_views: ClassVar[dict[str, str]] = {}
    targets: ClassVar[dict[str, str]] = {}
    target_features: ClassVar[dict[str, dict[str, Any]]] = {}
    lessons: ClassVar[dict[str, str]] = {"smiles": ""}

    def __init__(
        self,
        dimensions: dict[str, int],
        *,
        share: Annotated[float, Field(gt=0, lt=1, description="part of the tokens that is chosen")] = 0.15,
        composition_weight: Annotated[
            float, Field(ge=0, le=100, description="w: which tokens a molecule has, told from its embedding")
        ] = 1.0,
    ) -> None:
        super().__init__()
        (self.branch, width), *others = dimensions.items()
        assert not others, "lessons let one branch be called 'smiles'"
        self.by_atoms = (self.branch,)
        self.share, self.composition_weight = share, composition_weight
        self.token = nn.Linear(width, len(VOCABULARY))
        self.composition = nn.Linear(width, len(VOCABULARY))

    def forward(self, embeddings: dict[str, Tensor]) -> dict[str, Tensor]:
        """Nothing: the view is the branch's own."""
        del embeddings
        return {}

    def chosen(self, records: dict[str, Records]) -> dict[str, Records]:
        """The batch with some tokens hidden; the column ``hidden`` (tokens,) has what stood there, -1 elsewhere.

        Drawn from torch's global generator of the CPU, so that every device trains on the same batches.
        """
        own = records["smiles"]
        tokens = own.columns["tokens"].long()
        chance, fate = torch.rand(2, len(tokens)).to(tokens.device)
        other = torch.randint(SPECIAL, len(VOCABULARY), (len(tokens),)).to(tokens.device)
        picked = (chance < self.share) & (tokens != CLS)
        shown = torch.where(fate < 0.8, MASK, torch.where(fate < 0.9, other, tokens))
        columns = {"tokens": torch.where(picked, shown, tokens), "hidden": torch.where(picked, tokens, -1)}
        hidden = {"hidden": own.about["tokens"]} if "tokens" in own.about else {}
        return records | {
            "smiles": Records(own.n, own.columns | columns, own.counts, own.owner, about=own.about | hidden)
        }

    def losses(self, embeddings: dict[str, Tensor], records: dict[str, Records]) -> dict[str, Tensor]:
        """``loss``, its terms ``token`` and ``composition``, and ``accuracy`` of the chosen tokens.

        The embedding of the branch has a row a token, [CLS] first.
        """
        own, rows = records["smiles"], embeddings[self.branch]
        hidden = own.columns["hidden"]
        picked = (hidden >= 0).nonzero().squeeze(1)
        logits, goals = self.token(rows[picked]).float(), hidden[picked]
        token = functional.cross_entropy(logits, goals, reduction="sum") / max(len(goals), 1)
        right = (logits.argmax(1) == goals).sum() / max(len(goals), 1)
        counts = own.counts["tokens"]
        composition = self._composition(rows[counts.cumsum(0) - counts], own)
        loss = token + self.composition_weight * composition
        return {"loss": loss, "token": token, "composition": composition, "accuracy": right}

    def _composition(self, z: Tensor, own: Records) -> Tensor:
        """[CLS] counts once as well, so that the frequencies tell how long the SMILES is."""
        hidden, shown = own.columns["hidden"], own.columns["tokens"]
        every = functional.one_hot(torch.where(hidden >= 0, hidden, shown), len(VOCABULARY)).float()
        part = owned_sums(every, own.owner["tokens"], own.n) / own.counts["tokens"].unsqueeze(1)
        return functional.kl_div(self.composition(z).float().log_softmax(1), part, reduction="batchmean")
