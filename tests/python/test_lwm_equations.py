# SPDX-License-Identifier: GPL-3.0-or-later
"""The model's equations, each against a slow reference in NumPy."""

import math

import numpy as np
import pytest

pytest.importorskip("torch", reason="PyTorch is not installed: no training here")

import torch
from hypothesis import given
from hypothesis import strategies as st
from lwmspectro_train.lwm import answers, objective
from lwmspectro_train.lwm.answers import cross_entropy_sum
from lwmspectro_train.lwm.config import Head, Source
from lwmspectro_train.lwm.contrastive import NO_LABEL, Projection, supervised_contrastive_loss
from lwmspectro_train.lwm.encoder import Attention, Block
from lwmspectro_train.lwm.head import ConvolutionalHead
from lwmspectro_train.lwm.patches import PatchEmbedding, cut

CLOSE = {"atol": 1e-5, "rtol": 1e-4}


def numpy_of(tensor: torch.Tensor) -> np.ndarray:
    return tensor.detach().numpy().astype(np.float64)


def linear(x: np.ndarray, layer: torch.nn.Linear) -> np.ndarray:
    return x @ numpy_of(layer.weight).T + numpy_of(layer.bias)


def norm(x: np.ndarray, layer: torch.nn.LayerNorm) -> np.ndarray:
    scaled = (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + layer.eps)
    return scaled * numpy_of(layer.weight) + numpy_of(layer.bias)


def gelu(x: np.ndarray) -> np.ndarray:
    return 0.5 * x * (1.0 + np.vectorize(math.erf)(x / math.sqrt(2.0)))


def attention(x: np.ndarray, layer: Attention) -> np.ndarray:
    """Eq. 13, head by head; x (n, d)."""
    d = x.shape[1]
    size = d // layer.heads
    q, k, v = np.split(linear(x, layer.qkv), 3, axis=1)
    parts = []
    for h in range(layer.heads):
        of = slice(h * size, (h + 1) * size)
        score = q[:, of] @ k[:, of].T / math.sqrt(size)
        weight = np.exp(score - score.max(axis=1, keepdims=True))
        parts.append(weight / weight.sum(axis=1, keepdims=True) @ v[:, of])
    return linear(np.concatenate(parts, axis=1), layer.out)


def test_patches_are_rows_of_cells(rng: np.random.Generator) -> None:
    """Eq. 11: token i is cell (i // cells a row, i % cells a row), elements row by row."""
    image = rng.normal(size=(2, 3, 8, 12)).astype(np.float32)
    got = cut(torch.from_numpy(image), (2, 4)).numpy()
    assert got.shape == (2, 4 * 3, 2 * 4 * 3)
    for i in range(12):
        r, c = divmod(i, 3)
        cell = image[:, :, 2 * r : 2 * r + 2, 4 * c : 4 * c + 4]
        np.testing.assert_array_equal(got[:, i], cell.transpose(0, 2, 3, 1).reshape(2, -1))


@pytest.mark.parametrize(
    ("lift", "arrange"), [((), "flatten"), ((5, 3), "flatten"), ((4,), "mean")]
)
def test_patch_embedding(rng: np.random.Generator, lift: tuple[int, ...], arrange: str) -> None:
    """Eq. 11 and 12 with the lift of each element; the mean is over elements that are there."""
    torch.manual_seed(3)
    source = Source("grid", "cp_15khz", patch=(64, 64), lift=lift, arrange=arrange)
    layer = PatchEmbedding(source, 7)
    elements = rng.normal(size=(2, 4, 64 * 64, 6)).astype(np.float32)
    elements[..., 5] = rng.random(elements.shape[:-1]) < 0.7  # present
    x = elements.astype(np.float64)
    for step in layer.lift:
        x = linear(x, step) if isinstance(step, torch.nn.Linear) else gelu(x)
    if arrange == "mean":
        present = elements[..., 5:]
        features = (x * present).sum(axis=2) / present.sum(axis=2)
    else:
        features = x.reshape(2, 4, -1)
    embedded = features @ numpy_of(layer.weight[0]) + numpy_of(layer.bias)
    got = layer(torch.from_numpy(elements).flatten(2))
    np.testing.assert_allclose(numpy_of(got), embedded, atol=1e-4, rtol=1e-4)
    some = torch.tensor([[2, 0], [3, 1]])
    np.testing.assert_allclose(
        numpy_of(layer.place(got[:, :2], some)),
        numpy_of(got[:, :2]) + numpy_of(layer.position)[some.numpy()],
        **CLOSE,
    )
    assert layer.position.std() < 0.05  # 0.02: unit variance would drown the tokens


def test_each_row_of_the_correlogram_has_its_own_projection(rng: np.random.Generator) -> None:
    layer = PatchEmbedding(Source("correlogram"), 5)
    patches = rng.normal(size=(2, 9, 319)).astype(np.float32)
    got = numpy_of(layer(torch.from_numpy(patches)))
    for row in range(9):
        expected = patches[:, row] @ numpy_of(layer.weight[row]) + numpy_of(layer.bias)
        np.testing.assert_allclose(got[:, row], expected, **CLOSE)
    index = torch.tensor([[4, 1], [8, 0]])
    picked = torch.from_numpy(patches).gather(1, index[:, :, None].expand(-1, -1, 319))
    some = numpy_of(layer(picked, index))
    np.testing.assert_allclose(some[1], got[1, [8, 0]], **CLOSE)


def test_attention_and_block(rng: np.random.Generator) -> None:
    """Eq. 13 and 14."""
    torch.manual_seed(1)
    block = Block(dim=12, heads=3, ffn=20).eval()
    x = rng.normal(size=(2, 7, 12)).astype(np.float32)
    got = numpy_of(block(torch.from_numpy(x)))
    for one, mine in zip(x.astype(np.float64), got, strict=True):
        y = one + attention(norm(one, block.norm_1), block.attention)
        hidden = gelu(linear(norm(y, block.norm_2), block.ffn[0]))
        np.testing.assert_allclose(mine, y + linear(hidden, block.ffn[2]), **CLOSE)


def slow_contrastive(z: np.ndarray, label: np.ndarray, tau: float) -> float:
    """Eq. 19 with loops."""
    n, each = len(z), []
    for i in range(n):
        others = [a for a in range(n) if a != i and label[a] != NO_LABEL]
        alike = [p for p in others if label[p] == label[i]]
        if label[i] == NO_LABEL or not alike:
            continue
        total = sum(math.exp(z[i] @ z[a] / tau) for a in others)
        each.append(-sum(math.log(math.exp(z[i] @ z[p] / tau) / total) for p in alike) / len(alike))
    return float(np.mean(each)) if each else 0.0


@given(st.integers(1, 12), st.integers(1, 5), st.integers(0, 10**6))
def test_contrastive_loss(n: int, classes: int, seed: int) -> None:
    """Any labels: null ones, and anchors without a positive, among them."""
    rng = np.random.default_rng(seed)
    z = rng.normal(size=(n, 4))
    z /= np.linalg.norm(z, axis=1, keepdims=True)
    label = rng.integers(-1, classes, n)
    tensor = torch.from_numpy(z).requires_grad_()
    loss = supervised_contrastive_loss(tensor, torch.from_numpy(label), 0.2)
    assert loss.item() == pytest.approx(slow_contrastive(z, label, 0.2), abs=1e-9)
    loss.backward()
    assert torch.isfinite(tensor.grad).all()
    assert (tensor.grad[torch.from_numpy(label == NO_LABEL)] == 0.0).all()


def test_contrastive_loss_is_not_rounded_to_bfloat16() -> None:
    z = torch.nn.functional.normalize(torch.randn(32, 8), dim=1)
    label = torch.arange(32) % 3
    whole = supervised_contrastive_loss(z, label, 0.05)
    with torch.autocast("cpu", torch.bfloat16):
        torch.testing.assert_close(supervised_contrastive_loss(z, label, 0.05), whole)


def test_labels_are_smoothed_over_classes_that_can_be(rng: np.random.Generator) -> None:
    """Cross entropy against the smoothed label, written out; what is masked costs nothing."""
    logits = rng.normal(size=(6, 4))
    logits[:, 2] -= 30.0
    label = np.array([0, 1, 3, -1, 3, 0])
    seen = np.array([True, True, False, True])
    log_p = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    target = 0.1 * seen / 3.0 + 0.9 * np.eye(4)[label]
    expected = -(log_p * target)[label >= 0].sum()
    got = cross_entropy_sum(*map(torch.from_numpy, (logits, label)), 0.1, torch.from_numpy(seen))
    assert float(got) == pytest.approx(expected, rel=1e-5)
    everywhere = torch.ones(4, dtype=torch.bool)
    args = (torch.randn(6, 4), torch.from_numpy(label), 0.1)
    torch.testing.assert_close(cross_entropy_sum(*args, everywhere), cross_entropy_sum(*args))


def test_projections_are_unit_vectors() -> None:
    """Eq. 18."""
    z = Projection(6, 8, 4)(torch.randn(5, 6) * 100.0)
    torch.testing.assert_close(z.norm(dim=1), torch.ones(5))


@pytest.mark.parametrize("over", ["tokens", "embedding"])
def test_head(rng: np.random.Generator, over: str) -> None:
    """Eq. 20, against convolutions by loops."""
    torch.manual_seed(2)
    head = ConvolutionalHead(Head(over=over, blocks=1, channels=8), dim=6, classes=3).eval()
    encoded = rng.normal(size=(2, 5, 6)).astype(np.float32)
    got = numpy_of(head(torch.from_numpy(encoded)))

    def convolve(x: np.ndarray, layer: torch.nn.Conv1d) -> np.ndarray:
        weight, padded = numpy_of(layer.weight), np.pad(x, ((0, 0), (1, 1)))
        columns = [np.einsum("oik,ik->o", weight, padded[:, t : t + 3]) for t in range(x.shape[1])]
        return np.stack(columns, axis=1) + numpy_of(layer.bias)[:, None]

    def group_norm(x: np.ndarray, layer: torch.nn.GroupNorm) -> np.ndarray:
        groups = x.reshape(layer.num_groups, -1)
        scaled = (groups - groups.mean(1, keepdims=True)) / np.sqrt(
            groups.var(1, keepdims=True) + layer.eps
        )
        return scaled.reshape(x.shape)

    first, block, _ = head.blocks
    for one, mine in zip(encoded.astype(np.float64), got, strict=True):
        x = convolve(one.T if over == "tokens" else one.mean(axis=0)[None], first)
        y = x
        for step in block.layers:
            if isinstance(step, torch.nn.Conv1d):
                y = convolve(y, step)
            else:
                y = gelu(y) if isinstance(step, torch.nn.GELU) else group_norm(y, step)
        expected = linear(gelu(x + y).mean(axis=1), head.linear)
        np.testing.assert_allclose(mine, expected, **CLOSE)


def test_head_without_blocks_is_linear_on_the_embedding() -> None:
    head = ConvolutionalHead(Head(blocks=0), dim=6, classes=3)
    encoded = torch.randn(4, 5, 6)
    torch.testing.assert_close(head(encoded), head.linear(encoded.mean(dim=1)))


def test_total_is_the_weighted_sum_and_so_is_its_gradient() -> None:
    """Eq. 21 to 23."""
    x = torch.tensor([2.0, 3.0], requires_grad=True)
    terms = {"reconstruction": x[0] ** 2, "contrastive": x[1] ** 3, "modulation": x.sum()}
    weights = objective.Weights(reconstruction=1.0, contrastive=0.3, modulation=0.5)
    loss = objective.total(terms, weights)
    assert loss.item() == pytest.approx(4.0 + 0.3 * 27.0 + 0.5 * 5.0)
    loss.backward()
    np.testing.assert_allclose(x.grad.numpy(), [4.0 + 0.5, 0.3 * 27.0 + 0.5], rtol=1e-6)
    assert objective.total({"reconstruction": x[0]}, objective.PRETRAINING).item() == 2.0
    with pytest.raises(ValueError, match="reconstruction: expected a weight of 0 or more, got -1"):
        objective.Weights(reconstruction=-1.0)


def test_null_labels_do_not_count() -> None:
    logits = torch.tensor([[2.0, 0.0], [0.0, 1.0]], requires_grad=True)
    loss = answers.cross_entropy_sum(logits, torch.tensor([0, NO_LABEL]), 0.0)
    assert loss.item() == pytest.approx(math.log(1.0 + math.exp(-2.0)))
    loss.backward()
    assert (logits.grad[1] == 0.0).all()
    guess = torch.tensor([[1.0, 0.3], [5.0, 0.0]], requires_grad=True)
    snr = torch.tensor([0.8, math.nan])
    gaussian = answers.snr_loss_sum(guess, snr, "gaussian")
    assert gaussian.item() == pytest.approx(0.5 * (0.04 * math.exp(-0.3) + 0.3), rel=1e-5)
    gaussian.backward()
    assert torch.isfinite(guess.grad).all()
    assert (guess.grad[1] == 0.0).all()
    even = answers.indecision_sum(torch.zeros(2, 4), torch.tensor([NO_LABEL, 1]), torch.ones(4) > 0)
    assert even.item() == pytest.approx(math.log(4.0))  # of the first alone, and no lower for any
    sure = torch.tensor([[9.0, 0.0, 0.0, 0.0]])
    assert answers.indecision_sum(sure, torch.tensor([NO_LABEL]), torch.ones(4) > 0) > even
    assert answers.snr_loss_sum(guess, snr, "smooth_l1").item() == pytest.approx(0.15, rel=1e-5)
