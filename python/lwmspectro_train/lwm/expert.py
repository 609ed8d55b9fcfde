# SPDX-License-Identifier: GPL-3.0-or-later
"""A protocol's expert: views, encoder, decoder, projection and heads put together."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from .answers import CLASSES, MODULATION, SNR
from .config import MODULATIONS, Model
from .contrastive import Projection
from .decoder import Decoder, reconstruction_loss
from .encoder import Encoder
from .head import ConvolutionalHead
from .masking import Mask, pick, put
from .patches import POSITION_STD, PatchEmbedding, cut
from .view_kinds import VIEWS
from .views import View

NEVER = -30.0
"""Logit added for a modulation that training never showed."""


class Expert(nn.Module):
    """Views of a window to an embedding, answers, and predicted patches."""

    snr_mean: Tensor
    snr_std: Tensor
    modulation_bias: Tensor

    def __init__(self, model: Model) -> None:
        super().__init__()
        self.model = model
        self.views = nn.ModuleDict({s.name: VIEWS[s.kind](s) for s in model.sources})
        self.patches = nn.ModuleDict({s.name: PatchEmbedding(s, model.dim) for s in model.sources})
        self.cls = nn.Parameter(POSITION_STD * torch.randn(1, 1, model.dim)) if model.cls else None
        self.encoder = Encoder(model.dim, model.layers, model.heads, model.ffn, model.dropout)
        self.mask_embedding = nn.Parameter(POSITION_STD * torch.randn(model.dim))
        self.decoder = Decoder(model)
        self.projection = Projection(model.dim, model.projection_hidden, model.projection)
        self.heads = nn.ModuleDict(
            {name: ConvolutionalHead(model.head, model.dim, n) for name, n in CLASSES.items()}
        )
        self.heads[SNR] = ConvolutionalHead(model.head, model.dim, 2)  # mean and log variance
        self.register_buffer("snr_mean", torch.tensor(10.0))  # dB
        self.register_buffer("snr_std", torch.tensor(10.0))
        self.register_buffer("modulation_bias", torch.zeros(len(MODULATIONS)))

    def pretrained(self) -> list[nn.Module]:
        """The parts that carry over from pretraining to everything else, but lone parameters."""
        return [self.views, self.patches, self.encoder]

    def take_over(self, other: Expert) -> None:
        """Takes the weights of another: of the views in common, and of all else that is alike."""
        own = self.state_dict()
        fitting = {
            name: value
            for theirs, value in other.state_dict().items()
            if (name := self._own_name(theirs, other.model)) in own
            and own[name].shape == value.shape
        }
        self.load_state_dict(own | fitting)

    def _own_name(self, theirs: str, model: Model) -> str:
        """Of a weight of another model, the name that it has here; empty where it has no place."""
        if model.sources == self.model.sources:
            return theirs
        first, second, *rest = [*theirs.split("."), ""]  # a lone parameter has no second
        if first in ("views", "patches"):
            kept = [s for s in model.sources if s.name == second and s in self.model.sources]
            return theirs if kept else ""
        if (first, second) == ("decoder", "predict"):
            source = model.sources[int(rest[0])]
            if source not in self.model.sources:
                return ""
            place = self.model.sources.index(source)
            return f"decoder.predict.{place}.{rest[1]}"
        return "" if theirs == "decoder.position" else theirs  # one for each token of all views

    @torch.no_grad()
    def fit_views(self, raw: Mapping[str, Tensor]) -> None:
        """Takes the statistics of a sample of the training corpus, by column."""
        for source in self.model.sources:
            self._view(source.name).fit(raw[source.column])

    @torch.no_grad()
    def fit_images(self, images: Mapping[str, Tensor]) -> None:
        """As :meth:`fit_views`, of images by source."""
        for source in self.model.sources:
            self._view(source.name).fit_image(images[source.name])

    @torch.no_grad()
    def fit_labels(self, snr_db: Tensor, modulation: Tensor) -> None:
        """Takes the scale of the SNR, and which modulations there are, of the training corpus.

        Args:
            snr_db: NaN where unknown.
            modulation: index, less than 0 where unknown.
        """
        known = snr_db[~snr_db.isnan()]
        if len(known) > 1:
            self.snr_mean.copy_(known.mean())
            self.snr_std.copy_(known.std().clamp(min=1.0))
        seen = torch.bincount(modulation[modulation >= 0], minlength=len(MODULATIONS)) > 0
        if seen.any():
            self.modulation_bias.copy_(torch.where(seen, 0.0, NEVER))

    def _view(self, name: str) -> View:
        view = self.views[name]
        assert isinstance(view, View)
        return view

    def _embedding(self, name: str) -> PatchEmbedding:
        embedding = self.patches[name]
        assert isinstance(embedding, PatchEmbedding)
        return embedding

    def cut(self, raw: Mapping[str, Tensor]) -> list[Tensor]:
        """Columns of the data set, float32, to standardised patches (b, n, e c) of each source."""
        return [cut(self._view(s.name)(raw[s.column]), s.cell) for s in self.model.sources]

    def cut_images(self, images: Mapping[str, Tensor]) -> list[Tensor]:
        """As :meth:`cut`, of images by source, which are not standardised yet."""
        return [
            cut(self._view(s.name).standardise(images[s.name]), s.cell) for s in self.model.sources
        ]

    def encode(self, patches: list[Tensor], masks: list[Mask] | None = None) -> Tensor:
        """Patches to encoded tokens, the class token not among them.

        Args:
            patches: of each source, (b, n, e c).
            masks: of each; only what they leave visible is encoded.

        Returns:
            (b, all n, d), or (b, all that is visible, d).
        """
        parts = []
        for k, (source, part) in enumerate(zip(self.model.sources, patches, strict=True)):
            embedding = self._embedding(source.name)
            if masks is None:
                parts.append(embedding.place(embedding(part)))  # (11), (12)
            else:
                seen = masks[k].visible
                parts.append(embedding.place(embedding(pick(part, seen), seen), seen))
        return self._run(torch.cat(parts, dim=1))

    def _run(self, x: Tensor) -> Tensor:
        if self.cls is None:
            encoded: Tensor = self.encoder(x)
            return encoded
        encoded = self.encoder(torch.cat([self.cls.expand(len(x), -1, -1).to(x.dtype), x], dim=1))
        return encoded[:, 1:]

    def encode_masked(self, patches: list[Tensor], masks: list[Mask]) -> Tensor:
        """Encoded tokens (b, n, d) of which the hidden ones come from the mask embedding (eq. 15).

        With ``visible_only`` the encoder never sees these, and they are put in afterwards.
        """
        if self.model.visible_only:
            seen = self.encode(patches, masks)
            counts = [mask.visible.shape[1] for mask in masks]
            whole = zip(seen.split(counts, dim=1), masks, strict=True)
            return torch.cat([put(part, mask, self.mask_embedding) for part, mask in whole], dim=1)
        parts = []
        for source, part, mask in zip(self.model.sources, patches, masks, strict=True):
            embedding = self._embedding(source.name)
            seen = embedding(pick(part, mask.visible), mask.visible)  # (11)
            parts.append(embedding.place(put(seen, mask, self.mask_embedding)))  # (15), (12)
        return self._run(torch.cat(parts, dim=1))

    def reconstruction_loss(self, patches: list[Tensor], masks: list[Mask]) -> Tensor:
        """Masked modelling: hide, encode, decode, compare (eq. 15 to 17)."""
        predicted = self.decoder(self.encode_masked(patches, masks), masks)  # (16)
        target = [pick(part, mask.hidden) for part, mask in zip(patches, masks, strict=True)]
        return reconstruction_loss(predicted, target, any(m.hidden.shape[1] for m in masks))

    def embed(self, raw: Mapping[str, Tensor]) -> Tensor:
        """Embedding of windows: the mean of the encoded tokens, (b, d)."""
        return self.encode(self.cut(raw)).mean(dim=1)

    def answers(self, encoded: Tensor) -> dict[str, Tensor]:
        """Logits of each class, (b, classes), and the standardised SNR, (b, 2), by answer."""
        found = {name: head(encoded) for name, head in self.heads.items()}
        found[MODULATION] = found[MODULATION] + self.modulation_bias
        return found

    def standardised_snr(self, snr_db: Tensor) -> Tensor:
        """SNR in the scale of the head."""
        return (snr_db - self.snr_mean) / self.snr_std

    def snr_db(self, answer: Tensor) -> Tensor:
        """The head's answer (b, 2) in dB, (b, 1)."""
        return answer[:, :1] * self.snr_std + self.snr_mean

    def forward(self, raw: Mapping[str, Tensor], prepared: bool = False) -> dict[str, Tensor]:
        """Columns of the data set to answers and ``embedding``; ``snr_db`` in dB, (b, 1).

        Args:
            raw: by column; or prepared, images by source.
            prepared: which of both.
        """
        encoded = self.encode(self.cut_images(raw) if prepared else self.cut(raw))
        found = self.answers(encoded)
        return found | {SNR: self.snr_db(found[SNR]), "embedding": encoded.mean(dim=1)}


def random(model: Model, seed: int) -> Expert:
    """An expert with random weights, the same for the same seed."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return Expert(model)
