# SPDX-License-Identifier: GPL-3.0-or-later
"""LWM-Spectro for GNU Radio: says live which wireless protocol is in I/Q samples.

Blocks: ``classifier`` (samples in, messages out), and what it is made of: ``tokenizer``
and ``moe_classifier``; ``iq_file_source``, ``synthetic_source`` and ``tdl_channel`` for
trying it out.
"""

from importlib.util import find_spec

from .bundle import Bundle, Thresholds, open_bundle
from .channel_profile import channel_profile
from .errors import BundleError, InputError, ProviderError, UserError
from .iqfile import open_recording
from .spec import Spec

if find_spec("gnuradio.gr"):  # kernels and waveforms, and so training, do without
    from .classifier import classifier
    from .iq_file_source import iq_file_source
    from .lwmspectro_python import tdl_channel, tokenizer
    from .moe_classifier import moe_classifier
    from .synthetic_source import synthetic_source

__all__ = [
    "Bundle",
    "BundleError",
    "InputError",
    "ProviderError",
    "Spec",
    "Thresholds",
    "UserError",
    "channel_profile",
    "classifier",
    "iq_file_source",
    "moe_classifier",
    "open_bundle",
    "open_recording",
    "synthetic_source",
    "tdl_channel",
    "tokenizer",
]
