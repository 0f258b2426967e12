"""The reader's network: the encoder's model with a low-rank adapter and two heads.

Hu et al. (2021), "LoRA: low-rank adaptation of large language models": each linear layer W of the
model becomes W + 2·B·A with B and A of rank 32, so what is shipped is small and the published weights
stay as they are. Needed to train and to make the graph only; serving imports no torch.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.nn import functional

from index.encode import Model
from index.torch_encoder import load

RANK = 32
SCALE = 2.0
LONGEST = 160
_OPSET = 17


class Adapted(nn.Module):
    """A linear layer with a low-rank addition that begins as nothing."""

    def __init__(self, base: nn.Linear, rank: int = RANK) -> None:
        super().__init__()
        self.base = base
        self.a = nn.Parameter(torch.randn(rank, base.in_features) / math.sqrt(base.in_features))
        self.b = nn.Parameter(torch.zeros(base.out_features, rank))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        added: torch.Tensor = functional.linear(functional.linear(x, self.a), self.b) * SCALE
        base: torch.Tensor = self.base(x)
        return base + added

    def merged(self) -> nn.Linear:
        """One linear layer that does the same."""
        with torch.no_grad():
            self.base.weight += SCALE * (self.b @ self.a)
        return self.base


class ReaderNet(nn.Module):
    """Token ids of a question (type 0) and a text (type 1) to the logit of the text answering, of shape (texts,),
    and logits of each token being the answer's first and last, of shape (texts, length, 2)."""

    def __init__(self, model: Model) -> None:
        super().__init__()
        loaded = load(model)
        self.tokenizer = loaded.tokenizer
        bert: Any = loaded[0].auto_model
        self.bert = bert
        for weight in bert.parameters():
            weight.requires_grad_(False)
        for owner, name in self._linear():
            setattr(owner, name, Adapted(getattr(owner, name)))
        for name, weight in bert.named_parameters():
            if "LayerNorm" in name and "encoder" in name:
                weight.requires_grad_(True)
        width = int(loaded.get_embedding_dimension() or 0)
        self.pool = nn.Linear(2 * width, width)
        self.cls = nn.Linear(width, 1)
        self.span = nn.Linear(width, 2)

    def forward(self, ids: torch.Tensor, mask: torch.Tensor, types: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        hidden = self.bert(input_ids=ids, attention_mask=mask, token_type_ids=types).last_hidden_state
        text = (types * mask).unsqueeze(-1).to(hidden.dtype)
        mean = (hidden * text).sum(1) / text.sum(1).clamp(min=1)
        pooled = torch.tanh(self.pool(torch.cat([hidden[:, 0], mean], -1)))
        return self.cls(pooled)[:, 0], self.span(hidden).float() + (text.float() - 1) * 1e4

    def adapter(self) -> dict[str, torch.Tensor]:
        """What was trained, by name, in 16 bits."""
        kept = {name for name, weight in self.named_parameters() if weight.requires_grad}
        return {name: weight.detach().half().contiguous() for name, weight in self.state_dict().items() if name in kept}

    def take(self, adapter: dict[str, torch.Tensor]) -> None:
        """Put a trained adapter in."""
        wrong = self.load_state_dict({name: weight.float() for name, weight in adapter.items()}, strict=False)
        assert not wrong.unexpected_keys, wrong.unexpected_keys  # noqa: S101 - the adapter's digest was checked

    def merge(self) -> None:
        """The adapter's addition into the layers themselves."""
        for owner, name in self._linear():
            setattr(owner, name, getattr(owner, name).merged())

    def _linear(self) -> Iterator[tuple[nn.Module, str]]:
        for layer in self.bert.encoder.layer:
            for name in ("query", "key", "value"):
                yield layer.attention.self, name
            for owner in (layer.attention.output, layer.intermediate, layer.output):
                yield owner, "dense"


def export(model: Model, adapter: Path, graph: Path, tokenizer: Path) -> dict[str, Any]:
    """Write the reader as one ONNX graph in 32 bits; gives what a graph's source gives."""
    from safetensors.torch import load_file

    net = ReaderNet(model)
    net.take(load_file(adapter))
    net.merge()
    net.eval()
    sample = net.tokenizer(["a question", "one"], ["a text", "another, longer text"], padding=True, return_tensors="pt")
    names = ["input_ids", "attention_mask", "token_type_ids"]
    with torch.inference_mode(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            net,
            tuple(sample[name] for name in names),
            str(graph),
            input_names=names,
            output_names=["answers", "places"],
            dynamic_axes={**{name: {0: "texts", 1: "length"} for name in (*names, "places")}, "answers": {0: "texts"}},
            opset_version=_OPSET,
            dynamo=False,
        )
    net.tokenizer.backend_tokenizer.save(str(tokenizer))
    return {
        "inputs": names,
        "outputs": ["answers", "places"],
        "max_length": LONGEST,
        "pad_id": int(net.tokenizer.pad_token_id or 0),
    }
