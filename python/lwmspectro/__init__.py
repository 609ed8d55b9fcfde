# SPDX-License-Identifier: GPL-3.0-or-later
"""LWM-Spectro for GNU Radio: says live which wireless protocol is in I/Q samples.

Blocks: ``classifier`` (samples in, messages out), and what it is made of: ``tokenizer``
and ``moe_classifier``. Transmitters: ``wifi_source``, ``lte_source``, ``nr_source`` and
``single_carrier_source``, and on the way from them ``tdl_channel`` and ``front_end``.
``iq_file_source`` plays recordings, and ``synthetic_source`` needs nothing else.
"""

from importlib.util import find_spec

from .bundle import Bundle, open_bundle
from .channel_profile import channel_profile
from .errors import BundleError, InputError, ProviderError, UserError
from .iqfile import open_recording
from .spec import Spec
from .thresholds import AnswerThreshold, Correction, ExpertThresholds, Thresholds

if find_spec("gnuradio.gr"):  # kernels and waveforms, and so training, do without
    from .classifier import classifier
    from .front_end import front_end
    from .iq_file_source import iq_file_source
    from .lwmspectro_python import tdl_channel, tokenizer
    from .moe_classifier import moe_classifier
    from .synthetic_source import synthetic_source
    from .transmitters.sources import (
        lte_source,
        nr_source,
        single_carrier_source,
        wifi_source,
    )

__all__ = [
    "AnswerThreshold",
    "Bundle",
    "BundleError",
    "Correction",
    "ExpertThresholds",
    "InputError",
    "ProviderError",
    "Spec",
    "Thresholds",
    "UserError",
    "channel_profile",
    "classifier",
    "front_end",
    "iq_file_source",
    "lte_source",
    "moe_classifier",
    "nr_source",
    "open_bundle",
    "open_recording",
    "single_carrier_source",
    "synthetic_source",
    "tdl_channel",
    "tokenizer",
    "wifi_source",
]
