// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_LWMSPECTRO_MESSAGE_KEYS_H
#define INCLUDED_LWMSPECTRO_MESSAGE_KEYS_H

namespace gr {
namespace lwmspectro {

/*!
 * \brief Names of the message port, of its keys and of the stream tags.
 *
 * The same names are in python/lwmspectro/keys.py; tests/python/test_keys.py holds the
 * two together.
 */
namespace keys {

// message ports
inline constexpr char CLASSIFICATION[] = "classification";
inline constexpr char EMBEDDING[] = "embedding";

// keys of a classification message
inline constexpr char STATUS[] = "status";
inline constexpr char PROTOCOL[] = "protocol";
inline constexpr char PROTOCOL_P[] = "protocol_p";
inline constexpr char MODULATION[] = "modulation";
inline constexpr char MODULATION_P[] = "modulation_p";
inline constexpr char SNR_DB[] = "snr_db";
inline constexpr char MOBILITY[] = "mobility";
inline constexpr char MOBILITY_P[] = "mobility_p";
inline constexpr char SAMPLE_START[] = "sample_start";
inline constexpr char SAMPLE_COUNT[] = "sample_count";
inline constexpr char RX_TIME[] = "rx_time";
inline constexpr char SAMPLE_RATE[] = "sample_rate";
inline constexpr char CENTER_FREQ[] = "center_freq";
inline constexpr char LATENCY_S[] = "latency_s";
inline constexpr char DROPPED_WINDOWS[] = "dropped_windows";
inline constexpr char MODEL[] = "model";

// tag on each vector of tokens, and the keys of its dict beside sample_start,
// sample_count, rx_time, sample_rate and center_freq
inline constexpr char WINDOW[] = "window";
inline constexpr char VALID_FRACTION[] = "valid_fraction";
inline constexpr char NONFINITE[] = "nonfinite";
inline constexpr char COMPLETED_AT[] = "completed_at";

// tags on the samples; rx_time is the same name as above
inline constexpr char RX_RATE[] = "rx_rate";
inline constexpr char RX_FREQ[] = "rx_freq";
inline constexpr char FLUSH[] = "flush";

// port of the TDL channel, and the keys of its dict beside model and center_freq
inline constexpr char COMMAND[] = "command";
inline constexpr char DELAYS_S[] = "delays_s";
inline constexpr char POWERS_DB[] = "powers_db";
inline constexpr char K_FACTORS_DB[] = "k_factors_db";
inline constexpr char LOS_DOPPLER_RATIOS[] = "los_doppler_ratios";
inline constexpr char DELAY_SPREAD_S[] = "delay_spread_s";
inline constexpr char DOPPLER_HZ[] = "doppler_hz";
inline constexpr char SPEED_KMH[] = "speed_kmh";

// values of status
inline constexpr char STATUS_OK[] = "ok";
inline constexpr char STATUS_NO_SIGNAL[] = "no_signal";
inline constexpr char STATUS_UNKNOWN[] = "unknown";
inline constexpr char STATUS_PARTIAL[] = "partial";

} // namespace keys
} // namespace lwmspectro
} // namespace gr

#endif
