# SPDX-License-Identifier: GPL-3.0-or-later
"""Masked modelling: which tokens are hidden, and that nothing of them gets through."""

import dataclasses

import pytest

pytest.importorskip("torch", reason="PyTorch is not installed: no training here")

import torch
from lwmspectro_train.lwm import masking
from lwmspectro_train.lwm.config import Model, Source
from lwmspectro_train.lwm.expert import Expert

SOURCES = (
    Source("spectrogram", patch=(32, 32)),
    Source("grid", "cp_15khz", patch=(64, 64), lift=(3,), arrange="mean"),
    Source("correlogram"),
    Source("fluctuation", bands=4, mask=False),
)
TINY = Model(
    sources=SOURCES,
    dim=16,
    layers=1,
    heads=2,
    ffn=16,
    decoder_dim=8,
    decoder_heads=2,
    decoder_ffn=8,
    projection=4,
)


def views(b: int) -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(b)
    shapes = {"spectrogram": (128, 128), "correlogram": (9, 128), "grid_cp_15khz": (5, 128, 128)}
    return {name: torch.randn((b, *shape), generator=generator) for name, shape in shapes.items()}


def test_seven_tenths_of_each_source_are_hidden() -> None:
    """Eq. 15; another mask in every window and every step, each token hidden equally often."""
    times = torch.zeros(SOURCES[0].tokens)
    for _ in range(50):
        masks = masking.draw(TINY, torch.rand(32, TINY.tokens))
        assert [m.hidden.shape[1] for m in masks] == [11, 3, 6, 0]
        for source, mask in zip(SOURCES, masks, strict=True):
            both = torch.cat([mask.hidden, mask.visible], dim=1).sort(dim=1).values
            assert (both == torch.arange(source.tokens)).all()
        times += torch.bincount(masks[0].hidden.flatten(), minlength=len(times))
    assert len({tuple(row.tolist()) for row in masks[0].hidden}) > 16
    share = times / (50 * 32)
    assert (share - 11 / 16).abs().max() < 0.06  # five standard deviations


def test_put_is_the_inverse_of_pick() -> None:
    mask = masking.draw(TINY, torch.rand(3, TINY.tokens))[0]
    tokens, filling = torch.randn(3, 16, 5), torch.randn(5)
    whole = masking.put(masking.pick(tokens, mask.visible), mask, filling)
    torch.testing.assert_close(
        masking.pick(whole, mask.visible), masking.pick(tokens, mask.visible)
    )
    assert (masking.pick(whole, mask.hidden) == filling).all()


@pytest.mark.parametrize("visible_only", [True, False])
def test_hidden_patches_do_not_reach_the_prediction(visible_only: bool) -> None:
    torch.manual_seed(4)
    expert = Expert(dataclasses.replace(TINY, visible_only=visible_only, cls=True)).eval()
    patches = expert.cut(views(2))
    masks = masking.draw(expert.model, torch.rand(2, TINY.tokens))
    before = expert.decoder(expert.encode_masked(patches, masks), masks)
    for kind in ("hidden", "visible"):
        changed = [part.clone() for part in patches]
        for part, mask in zip(changed, masks, strict=True):
            index = getattr(mask, kind)[:, :, None].expand(-1, -1, part.shape[2])
            part.scatter_(1, index, 9.0)
        after = expert.decoder(expert.encode_masked(changed, masks), masks)
        same = all(torch.equal(a, b) for a, b in zip(before, after, strict=True))
        assert same == (kind == "hidden")


def test_tokens_that_are_dropped_do_not_reach_the_rest() -> None:
    torch.manual_seed(6)
    expert = Expert(dataclasses.replace(TINY, cls=True)).eval()
    patches = expert.cut(views(2))
    masks = masking.draw(expert.model, torch.rand(2, TINY.tokens), 0.5)
    assert [m.hidden.shape[1] for m in masks] == [8, 2, 4, 0]
    encoded = expert.encode(patches, masks)
    assert encoded.shape[1] == sum(m.visible.shape[1] for m in masks)
    changed = [part.clone() for part in patches]
    for part, mask in zip(changed, masks, strict=True):
        part.scatter_(1, mask.hidden[:, :, None].expand(-1, -1, part.shape[2]), 9.0)
    assert torch.equal(expert.encode(changed, masks), encoded)
    none = masking.draw(expert.model, torch.rand(2, TINY.tokens), 0.0)
    torch.testing.assert_close(expert.encode(patches, none), expert.encode(patches))


@pytest.mark.parametrize("visible_only", [True, False])
def test_loss_is_of_hidden_patches_alone(visible_only: bool) -> None:
    """Eq. 17: a prediction of zeros costs the mean square of what is hidden."""
    torch.manual_seed(5)
    expert = Expert(dataclasses.replace(TINY, visible_only=visible_only)).eval()
    for predict in expert.decoder.predict:
        torch.nn.init.zeros_(predict.weight)
        torch.nn.init.zeros_(predict.bias)
    patches = expert.cut(views(3))
    masks = masking.draw(expert.model, torch.rand(3, TINY.tokens))
    hidden = [masking.pick(p, m.hidden) for p, m in zip(patches, masks, strict=True)]
    count = sum(part.shape[1] for part in hidden)
    expected = sum(part.square().mean() * part.shape[1] / count for part in hidden if part.shape[1])
    torch.testing.assert_close(expert.reconstruction_loss(patches, masks), expected)
    none = dataclasses.replace(TINY, mask_ratio=0.0)
    with pytest.raises(ValueError, match="expected hidden tokens to reconstruct, got none"):
        expert.reconstruction_loss(patches, masking.draw(none, torch.rand(3, TINY.tokens)))


def test_encoding_all_tokens_is_masking_none() -> None:
    torch.manual_seed(6)
    expert = Expert(TINY).eval()
    patches = expert.cut(views(2))
    none = masking.draw(dataclasses.replace(TINY, mask_ratio=0.0), torch.rand(2, TINY.tokens))
    torch.testing.assert_close(expert.encode(patches), expert.encode_masked(patches, none))
    out = expert(views(2))
    torch.testing.assert_close(out["embedding"], expert.embed(views(2)))
    assert out["embedding"].shape == (2, TINY.dim)
