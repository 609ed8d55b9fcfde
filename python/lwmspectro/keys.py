# SPDX-License-Identifier: GPL-3.0-or-later
"""Names of the message port, of its keys and of the stream tags.

The same names are in include/gnuradio/lwmspectro/message_keys.h, but for those that C++
has no use for; tests/python/test_keys.py holds the two together.
"""

from typing import Final

# message ports
CLASSIFICATION: Final = "classification"
EMBEDDING: Final = "embedding"

# keys of a classification message
STATUS: Final = "status"  # one of STATUS_*
PROTOCOL: Final = "protocol"  # label of the model; present when status is ok
PROTOCOL_P: Final = "protocol_p"  # probability of the likeliest protocol, 0 to 1
MODULATION: Final = "modulation"  # label of the model; present when it is probable enough
MODULATION_P: Final = "modulation_p"  # probability of the likeliest modulation, 0 to 1
SNR_DB: Final = "snr_db"  # dB, in the occupied band
MOBILITY: Final = "mobility"  # label of the model; present when it is probable enough
MOBILITY_P: Final = "mobility_p"  # probability of the likeliest mobility, 0 to 1
SAMPLE_START: Final = "sample_start"  # samples since the start of the stream
SAMPLE_COUNT: Final = "sample_count"  # samples in the window
RX_TIME: Final = "rx_time"  # (whole seconds, fraction); one number in JSON
SAMPLE_RATE: Final = "sample_rate"  # Hz; the tag on the samples is rx_rate
CENTER_FREQ: Final = "center_freq"  # Hz; the tag on the samples is rx_freq
LATENCY_S: Final = "latency_s"  # s, from the arrival of the last sample to the message
DROPPED_WINDOWS: Final = "dropped_windows"  # windows dropped since the start
MODEL: Final = "model"  # name and version of the bundle

# tag on each vector of tokens, and the keys of its dict beside sample_start,
# sample_count, rx_time, sample_rate and center_freq
WINDOW: Final = "window"
VALID_FRACTION: Final = "valid_fraction"  # samples present over samples of a whole window
NONFINITE: Final = "nonfinite"  # samples that were not finite and were taken as zero
COMPLETED_AT: Final = "completed_at"  # s, steady clock, when the last sample had come

# tags on the samples; rx_time is the same name as above
RX_RATE: Final = "rx_rate"  # Hz
RX_FREQ: Final = "rx_freq"  # Hz
FLUSH: Final = "flush"  # any value: close the open window before this sample

# port of the TDL channel, and the keys of its dict beside model and center_freq
COMMAND: Final = "command"
DELAYS_S: Final = "delays_s"  # s, one a path
POWERS_DB: Final = "powers_db"  # dB, one a path
K_FACTORS_DB: Final = "k_factors_db"  # Rician K in dB, one a path
LOS_DOPPLER_RATIOS: Final = "los_doppler_ratios"  # of the maximum shift, one a path
DELAY_SPREAD_S: Final = "delay_spread_s"  # RMS, s
DOPPLER_HZ: Final = "doppler_hz"  # maximum shift, Hz
SPEED_KMH: Final = "speed_kmh"

# tag of the synthetic source on the first sample of each scene
SCENE: Final = "scene"

# keys of JSON Lines beside those of the message; WINDOW there is a number that counts windows
FILE: Final = "file"

# values of status
STATUS_OK: Final = "ok"
STATUS_NO_SIGNAL: Final = "no_signal"
STATUS_UNKNOWN: Final = "unknown"
STATUS_PARTIAL: Final = "partial"

STATUSES: Final = (STATUS_OK, STATUS_NO_SIGNAL, STATUS_UNKNOWN, STATUS_PARTIAL)

# keys of a message that only an expert answers
EXPERT_KEYS: Final = (MODULATION, MODULATION_P, SNR_DB, MOBILITY, MOBILITY_P)

# keys of a message in the order in which they are written
MESSAGE_KEYS: Final = (
    STATUS,
    PROTOCOL,
    PROTOCOL_P,
    *EXPERT_KEYS,
    SAMPLE_START,
    SAMPLE_COUNT,
    RX_TIME,
    SAMPLE_RATE,
    CENTER_FREQ,
    LATENCY_S,
    DROPPED_WINDOWS,
    MODEL,
)
