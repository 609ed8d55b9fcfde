# SPDX-License-Identifier: GPL-3.0-or-later
"""The model that is installed with the module: it is there, small, and right."""

import json
import statistics
from collections import Counter

import pytest
from gnuradio import blocks, gr
from gnuradio.lwmspectro import Bundle, classifier, keys, open_bundle, synthetic_source
from gnuradio.lwmspectro.bundle import DEFAULT_NAME
from gnuradio.lwmspectro.synthetic_scenes import LINKS, NOISE, SCENES

MAX_BYTES = 30_000_000
NAMED_RIGHT = 0.80
"""Least share of windows named right, of each protocol."""
ACCEPTED = 0.05
"""Largest share of windows named that hold none of the protocols, or another one."""
WINDOWS = 30
LINK_WINDOWS = 20
WINDOW_S = 25.6e-3
ANSWERS = ((keys.MODULATION, 0.4, 0.8), (keys.MOBILITY, 0.6, 0.7))
"""Of links: least share of windows that get the answer, and of the answers that are right."""
SNR_ERROR_DB = 4.0
"""Of links: largest median error."""
SNR_DB = 20.0


@pytest.fixture(scope="module")
def shipped():
    """The installed bundle; where it is missing or damaged that is an error, no reason to skip."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("LWMSPECTRO_MODEL", raising=False)
        return open_bundle()


def test_is_the_one_in_the_repository(shipped, repository):
    source = Bundle.load(repository / "models" / DEFAULT_NAME)
    assert source.manifest == shipped.manifest


def test_fits_the_tokenizer(shipped):
    assert shipped.spec.kernel_spec().vlen == shipped.spec.vlen
    assert set(shipped.protocols) == {"wifi", "lte", "nr", "none"}


def test_is_small(shipped):
    assert sum(path.stat().st_size for path in shipped.folder.iterdir()) <= MAX_BYTES


@pytest.fixture(scope="module", params=[10e6, 20e6], ids=lambda rate: f"{rate / 1e6:g}MS")
def said(request, shipped):
    """What is said of each scene of the synthetic source: {scene: Counter of protocols}."""
    rate = request.param
    source = synthetic_source(rate, dwell_s=WINDOWS * WINDOW_S, snr_db=SNR_DB, seed=2024)
    block = classifier(rate, 0.0, shipped, "block")
    heard = []
    block.add_listener(heard.append)
    graph = gr.top_block()
    n_samples = round(len(SCENES) * WINDOWS * WINDOW_S * rate)
    graph.connect(source, blocks.head(gr.sizeof_gr_complex, n_samples), block)
    graph.run()
    assert block.error is None
    counts = {scene: Counter() for scene in SCENES}
    for answer in heard:
        scene = source.truth(answer[keys.SAMPLE_START], answer[keys.SAMPLE_COUNT])
        if scene is not None:
            counts[scene][answer.get(keys.PROTOCOL)] += 1
    return counts


@pytest.mark.parametrize("protocol", ["wifi", "lte", "nr"])
def test_names_protocols(said, protocol):
    counts = said[protocol]
    assert counts.total() >= WINDOWS - 2
    assert counts[protocol] >= NAMED_RIGHT * counts.total(), counts


def test_does_not_name_noise(said):
    counts = said["noise"]
    assert counts.total() >= WINDOWS - 2
    assert counts.total() - counts[None] <= ACCEPTED * counts.total(), counts


@pytest.fixture(scope="module")
def in_int8(shipped):
    """The faster variant, by its name."""
    return open_bundle(f"{DEFAULT_NAME}-int8")


def test_the_int8_variant_is_of_the_shipped_model(shipped, in_int8):
    assert in_int8.manifest.provenance["quantised"]["of"] == shipped.id
    assert in_int8.thresholds == shipped.thresholds
    assert in_int8.read("router.onnx") == shipped.read("router.onnx")
    for protocol in shipped.experts:
        file = shipped.manifest.models[f"expert_{protocol}"].file
        assert len(in_int8.read(file)) < 0.7 * len(shipped.read(file))


@pytest.fixture(scope="module", params=["shipped", "in_int8"])
def of_links(request):
    """Truth and message of each whole window of links of known modulation, speed and SNR."""
    rate = 20e6
    source = synthetic_source(rate, "links", dwell_s=LINK_WINDOWS * WINDOW_S, seed=2024)
    block = classifier(rate, 0.0, request.getfixturevalue(request.param), "block")
    pairs = []

    def keep(answer):
        truth = source.truth_of(answer[keys.SAMPLE_START], answer[keys.SAMPLE_COUNT])
        if truth is not None and truth.protocol != NOISE:
            pairs.append((truth, answer))

    block.add_listener(keep)
    graph = gr.top_block()
    n_samples = round((len(LINKS) - 1) * LINK_WINDOWS * WINDOW_S * rate)  # noise comes last
    graph.connect(source, blocks.head(gr.sizeof_gr_complex, n_samples), block)
    graph.run()
    assert block.error is None
    assert len(pairs) >= (LINK_WINDOWS - 2) * (len(LINKS) - 1)
    return pairs


@pytest.mark.parametrize(("key", "given", "right"), ANSWERS, ids=lambda value: str(value))
def test_experts_are_right_of_links(of_links, key, given, right):
    """What is given of windows that are named, against the truth."""
    named = [(t, a) for t, a in of_links if a.get(keys.PROTOCOL) == t.protocol]
    assert len(named) >= NAMED_RIGHT * len(of_links)
    answers = [(getattr(t, key), a[key]) for t, a in named if a.get(key) is not None]
    assert len(answers) >= given * len(named)
    assert sum(truth == said for truth, said in answers) >= right * len(answers)


def test_experts_measure_the_snr_of_links(of_links):
    named = [(t, a) for t, a in of_links if a.get(keys.PROTOCOL) == t.protocol]
    errors = [abs(a[keys.SNR_DB] - t.snr_db) for t, a in named]
    assert statistics.median(errors) <= SNR_ERROR_DB


def test_recordings(shipped, captures, run_app):
    """Of SigMF recordings whose ``lwm:label`` says what they hold: {"protocol": "lte"} or "lte"."""
    labelled = {}
    for meta in sorted(captures.rglob("*.sigmf-meta")):
        label = json.loads(meta.read_text())["global"].get("lwm:label")
        if label is not None:
            labelled[meta] = label["protocol"] if isinstance(label, dict) else label
    assert labelled, f"no recording in {captures} has a lwm:label"
    wrong = []
    for meta, protocol in labelled.items():
        result = run_app("lwmspectro-classify", meta, "--model", shipped.folder)
        assert result.returncode == 0, result.stderr
        answers = [json.loads(line) for line in result.stdout.splitlines()]
        counts = Counter(answer["protocol"] for answer in answers)
        others = counts.total() - counts[None] - counts[protocol]
        idle = sum(answer["status"] == keys.STATUS_NO_SIGNAL for answer in answers)
        is_named = protocol not in shipped.protocols or protocol == "none"
        is_named |= counts[protocol] >= NAMED_RIGHT * (counts.total() - idle) > 0
        if not is_named or others > ACCEPTED * counts.total():
            wrong.append(f"{meta.name}: {protocol}: {dict(counts)}")
    assert not wrong
