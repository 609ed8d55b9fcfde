// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_LWMSPECTRO_WINDOW_SPEC_H
#define INCLUDED_LWMSPECTRO_WINDOW_SPEC_H

#include <gnuradio/lwmspectro/api.h>
#include <array>
#include <cstddef>
#include <string>
#include <vector>

namespace gr {
namespace lwmspectro {

//! Lowest and highest sample rate the tokenizer accepts, in Hz.
constexpr double min_samp_rate_Hz = 1.92e6;
constexpr double max_samp_rate_Hz = 61.44e6;

//! Counts up whenever the same samples give other tokens: models are bound to it.
constexpr int features_version = 2;

//! Values of one row of the correlogram (C3).
constexpr std::size_t correlogram_cols = 128;

//! Rows of the correlogram, in the order in which they are stored.
constexpr std::array<const char*, 9> correlogram_rows = {
    "cp_15khz",      // CP correlation, lag 66.67 us, folded on 71.43 us
    "cp_30khz",      // CP correlation, lag 33.33 us, folded on 35.71 us
    "wifi_long_gi",  // lag 3.2 us, folded on 4.0 us, best phase of each frame
    "wifi_short_gi", // lag 3.2 us, folded on 3.6 us, best phase of each frame
    "wifi_stf",      // lag 0.8 us, best 3.9 us of each frame
    "repeat_5ms",    // one symbol against itself 5 ms later, folded on 5 ms
    "repeat_10ms",   // one symbol against itself 10 ms later, folded on 1 ms
    "energy_1ms",    // power folded on 1 ms, over its mean
    "lte_pss",       // matched filter for LTE's primary sync signal, folded on 5 ms
};

//! Planes of a symbol grid (C1, C2), in the order in which they are stored.
constexpr std::array<const char*, 5> symbol_grid_planes = {
    "power_db",  // of a resource element, as C0: white noise of unit power reads 0 dB
    "cos_2dphi", // dphi: its phase against that of the symbol before
    "cos_4dphi",
    "larger_part", // of the element over the gain of those around, real or imaginary
    "smaller_part",
};

//! Rows (symbols) and columns (subcarriers) of a plane.
constexpr std::size_t symbol_grid_rows = 128, symbol_grid_cols = 128;

//! Floats of one symbol grid: planes x rows x columns.
constexpr std::size_t symbol_grid_size =
    symbol_grid_planes.size() * symbol_grid_rows * symbol_grid_cols;

/*!
 * \brief What a window of samples is turned into: the part of a model bundle's spec
 * that the tokenizer needs.
 *
 * A window holds \p n_frames frames of \p frame_us microseconds. Each frame becomes
 * \p n_bins powers (C0). Consecutive windows start \p hop_frames frames apart:
 * hop_frames == n_frames leaves no overlap. \p grids names the numerologies of which
 * the symbol grid is wanted too: none, unless a model asks for some.
 */
struct LWMSPECTRO_API window_spec {
    int n_frames = 128;
    int frame_us = 200;
    int n_bins = 128;
    int hop_frames = 128;
    std::vector<std::string> grids = {};

    //! Throws std::invalid_argument that says what was expected and what came.
    void validate() const;

    //! Floats of C0, frame major: n_frames x n_bins.
    std::size_t spectrogram_size() const
    {
        return static_cast<std::size_t>(n_frames) * n_bins;
    }
    //! Floats of C3, row major: correlogram_rows x correlogram_cols.
    static constexpr std::size_t correlogram_size()
    {
        return correlogram_rows.size() * correlogram_cols;
    }
    //! Floats of one output item: C0, then C3, then the symbol grids in their order.
    std::size_t vlen() const
    {
        return spectrogram_size() + correlogram_size() + grids.size() * symbol_grid_size;
    }
};

//! Throws std::invalid_argument unless min_samp_rate_Hz <= samp_rate <= max_samp_rate_Hz.
LWMSPECTRO_API void check_samp_rate(double samp_rate);

} // namespace lwmspectro
} // namespace gr

#endif
