"""A transformer over the tokens of the canonical SMILES: MMFRL's SMILES branch (its table C.1 names a RoBERTa).

Liu et al. 2019, arXiv:1907.11692, by transformers' ``RobertaModel``, built here from nothing. The state of [CLS] passes
one dense layer, as the branch of MMFRL's published code does. Departs from it: smaller by default (its sizes are 6
layers, 12 heads, 768 wide), and a vocabulary of our own, :mod:`mmexplore.features.modalities.smiles`.
"""

from typing import Annotated, ClassVar

import torch
from pydantic import Field
from torch import Tensor, nn
from transformers.models.roberta.configuration_roberta import RobertaConfig
from transformers.models.roberta.modeling_roberta import RobertaModel

from mmexplore.features.modalities.smiles import LONGEST, PAD, VOCABULARY
from mmexplore.nn.dataloader import Records
from mmexplore.nn.encoders import Encoder
from mmexplore.runtime.errors import BadRecipe, NotAvailable
from mmexplore.runtime.registry import OneOf, Range

_TOGETHER, _GROUPS = 16, 8  # molecules padded to one length, and groups of a large batch: most SMILES are short


class SmilesTransformer(Encoder):
    """SMILES encoder: ``z = tanh(W h_[CLS] + b)``, ``h`` the states of the last layer.

    Tokens attend to their own molecule's alone, so neighbours in a batch do not matter; a batch is worked on in groups
    of SMILES of about one length.
    """

    reads: ClassVar[str] = "smiles"

    def __init__(
        self,
        *,
        layers: Annotated[int, Field(ge=1, le=24, description="layers of the transformer"), Range(2, 6)] = 4,
        heads: Annotated[
            int, Field(ge=1, le=32, description="heads of attention; they divide the width"), OneOf((2, 4, 8))
        ] = 4,
        hidden_size: Annotated[
            int, Field(ge=4, le=2048, description="width of the tokens' states"), OneOf((64, 128, 256))
        ] = 128,
        dimension: Annotated[
            int, Field(ge=1, le=4096, description="width of the embedding"), OneOf((64, 128, 256, 512))
        ] = 256,
        dropout: Annotated[
            float, Field(ge=0, lt=1, description="dropout of states and of attention"), Range(0.0, 0.6)
        ] = 0.1,
    ) -> None:
        super().__init__()
        if hidden_size % heads:
            raise BadRecipe(f"heads must divide the width, and {heads} heads came for a width of {hidden_size}")
        self.dimension = dimension
        config = RobertaConfig(
            vocab_size=len(VOCABULARY),
            hidden_size=hidden_size,
            num_hidden_layers=layers,
            num_attention_heads=heads,
            intermediate_size=4 * hidden_size,
            hidden_dropout_prob=dropout,
            attention_probs_dropout_prob=dropout,
            max_position_embeddings=LONGEST + PAD + 1,  # RoBERTa counts places from beyond the padding
            type_vocab_size=1,
            pad_token_id=PAD,
        )
        self.network = RobertaModel(config, add_pooling_layer=False)
        self.dense = nn.Linear(hidden_size, dimension)

    def forward(self, records: Records) -> Tensor:
        """Embeddings ``(n, dimension)`` of a batch of SMILES."""
        counts = records.counts["tokens"]
        return self.by_atom(records)[counts.cumsum(0) - counts]

    def by_atom(self, records: Records) -> Tensor:
        """A vector for each token, not atom, ``(tokens, dimension)``; a molecule's first one is its embedding."""
        counts, owner, tokens = records.counts["tokens"], records.owner["tokens"], records.columns["tokens"].long()
        first = counts.cumsum(0) - counts
        rows, states = [], []
        for group in torch.split(counts.argsort(), max(_TOGETHER, len(counts) // _GROUPS)):
            place = torch.arange(int(counts[group].max()), device=owner.device)
            there = place < counts[group].unsqueeze(1)
            row = (first[group].unsqueeze(1) + place)[there]
            rows.append(row)
            states.append(self._states(tokens[row], there))
        found = torch.cat(states)
        ordered = torch.empty_like(found).index_copy_(0, torch.cat(rows), found)
        embeddings: Tensor = self.dense(ordered).tanh()
        return embeddings

    def _states(self, tokens: Tensor, there: Tensor) -> Tensor:
        """States ``(tokens, hidden_size)`` of molecules of about one length, whose tokens fill ``there``."""
        padded = torch.full(there.shape, PAD, device=tokens.device)
        padded[there] = tokens
        states: Tensor = self.network(input_ids=padded, attention_mask=there.long()).last_hidden_state[there]
        return states

    def from_hub(self, name: str) -> None:
        """Raises NotAvailable: a published model reads tokens of its own."""
        raise NotAvailable(
            f"the published SMILES model {name!r} reads tokens of its own, which encoder 'smiles_transformer' does not "
            "have; pre-train it here (python -m mmexplore pretrain smiles) or start from a model that was"
        )
