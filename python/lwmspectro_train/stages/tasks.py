# SPDX-License-Identifier: GPL-3.0-or-later
"""What a step computes while pretraining (eq. 21) and while fine-tuning (eq. 22)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ..lwm import answers, masking
from ..lwm.contrastive import NO_LABEL, supervised_contrastive_loss
from ..lwm.expert import Expert
from ..lwm.objective import CONTRASTIVE, PRETRAINING, RECONSTRUCTION, Weights
from .augmentation import DRAWS, augment
from .batch import LIKENESS, Batch
from .config import Augmentation, FineTuning
from .prepared import augment_images
from .world import Alone, mean_over


class Task(nn.Module):
    """Terms of the loss of a batch."""

    def __init__(self, expert: Expert, weights: Weights, augmentation: Augmentation) -> None:
        super().__init__()
        self.expert = expert
        self.weights = weights
        self.augmentation = augmentation
        self._train_alone_what_is_used()

    def _train_alone_what_is_used(self) -> None:
        weigh, expert = self.weights.terms(), self.expert
        if not weigh[RECONSTRUCTION]:
            expert.decoder.requires_grad_(False)
            expert.mask_embedding.requires_grad_(False)
        for predict, hidden in zip(
            expert.decoder.predict, masking.hidden_counts(expert.model), strict=True
        ):
            predict.requires_grad_(bool(hidden and weigh[RECONSTRUCTION]))
        expert.projection.requires_grad_(bool(weigh[CONTRASTIVE]))
        for name, head in expert.heads.items():
            head.requires_grad_(bool(weigh[name]))

    def encoder_rate(self) -> float:
        """Learning rate of the encoder as a share of that of the rest."""
        return 1.0

    def cut(self, batch: Batch) -> list[Tensor]:
        """Standardised patches; changed views while training."""
        views = batch.views
        if batch.prepared:
            if self.training:
                sources, draws = self.expert.model.sources, batch.uniform[:, :DRAWS]
                views = augment_images(views, sources, draws, self.augmentation)
            with torch.no_grad():
                return self.expert.cut_images(views)
        if self.training:
            views = augment(views, batch.uniform[:, :DRAWS], self.augmentation)
        with torch.no_grad():  # views have nothing to learn
            return self.expert.cut(views)

    def reconstruct(self, patches: list[Tensor], batch: Batch) -> Tensor:
        """Loss of masked modelling."""
        masks = masking.draw(self.expert.model, batch.uniform[:, DRAWS:])  # afresh each step
        return self.expert.reconstruction_loss(patches, masks)

    def forward(self, batch: Batch, world: Alone) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        """Terms of the loss, and answers (none while pretraining)."""
        raise NotImplementedError


class Pretraining(Task):
    """Reconstruction alone (eq. 21)."""

    def __init__(self, expert: Expert, augmentation: Augmentation) -> None:
        super().__init__(expert, PRETRAINING, augmentation)

    def forward(self, batch: Batch, world: Alone) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        """The reconstruction loss; its mean over processes is that of the batch."""
        return {RECONSTRUCTION: self.reconstruct(self.cut(batch), batch)}, {}


class FineTune(Task):
    """Reconstruction, contrast and answers (eq. 22), or answers alone on a frozen encoder."""

    def __init__(self, expert: Expert, config: FineTuning) -> None:
        self.frozen = config.frozen
        weights = config.weights
        if config.frozen:  # neither would change anything but decoder and projection
            terms = weights.terms() | {RECONSTRUCTION: 0.0, CONTRASTIVE: 0.0}
            weights = Weights(**terms)
        super().__init__(expert, weights, config.training.augmentation)
        self.config = config
        if config.frozen:
            for part in (*expert.pretrained(), expert.cls):
                if part is not None:
                    part.requires_grad_(False)

    def encoder_rate(self) -> float:
        """Of the configuration."""
        return self.config.encoder_rate

    def _encode(self, patches: list[Tensor], batch: Batch) -> Tensor:
        if not self.frozen:
            if not (self.training and self.config.drop_tokens):
                return self.expert.encode(patches)
            numbers = batch.uniform[:, DRAWS:]
            masks = masking.draw(self.expert.model, numbers, self.config.drop_tokens)
            return self.expert.encode(patches, masks)
        self.expert.encoder.eval()  # no dropout where nothing is learned
        with torch.no_grad():
            return self.expert.encode(patches)

    def forward(self, batch: Batch, world: Alone) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        """Every term that has a weight, and the answers."""
        weigh, terms = self.weights.terms(), {}
        patches = self.cut(batch)
        if weigh[RECONSTRUCTION]:
            terms[RECONSTRUCTION] = self.reconstruct(patches, batch)
        encoded = self._encode(patches, batch)  # (b, n, d)
        if weigh[CONTRASTIVE]:
            z = world.gather(self.expert.projection(encoded.mean(dim=1)))  # (18)
            label = world.gather(batch.labels[LIKENESS])
            terms[CONTRASTIVE] = supervised_contrastive_loss(
                z, label, self.expert.model.temperature
            )
        found = self.expert.answers(encoded)
        for name, answer in found.items():
            if weigh[name]:
                terms[name] = self._loss(name, answer, batch.labels[name], world)
        return terms, found

    def _loss(self, name: str, answer: Tensor, label: Tensor, world: Alone) -> Tensor:
        if name == answers.SNR:
            snr = self.expert.standardised_snr(label)
            loss = answers.snr_loss_sum(answer, snr, self.config.snr_loss)
            return mean_over(loss, (~label.isnan()).sum(), world)
        seen = self.expert.modulation_bias == 0.0 if name == answers.MODULATION else None
        loss = answers.cross_entropy_sum(answer, label, self.config.label_smoothing, seen)
        known = mean_over(loss, (label != NO_LABEL).sum(), world)
        if seen is None or not self.config.indecision:
            return known
        loss = answers.indecision_sum(answer, label, seen)
        return known + self.config.indecision * mean_over(loss, (label == NO_LABEL).sum(), world)
