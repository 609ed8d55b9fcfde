// SPDX-License-Identifier: GPL-3.0-or-later
#include "float_environment.h"
#include <gnuradio/lwmspectro/symbol_grid.h>
#include <volk/volk.h>
#include <algorithm>
#include <cmath>

namespace gr {
namespace lwmspectro {

namespace {

constexpr std::size_t n_planes = symbol_grid_planes.size();

double checked(double samp_rate)
{
    check_samp_rate(samp_rate);
    return samp_rate;
}

//! Of one piece of \p step: a scale for the samples, which need not be exact.
double level_of(const std::complex<float>* x, std::size_t n, std::size_t step)
{
    constexpr std::size_t piece = 1 << 10;
    double energy = 0.0;
    std::size_t seen = 0;
    for (std::size_t at = 0; at < n; at += step * piece) {
        const auto* parts = reinterpret_cast<const float*>(x + at);
        float sum = 0.0f;
        const std::size_t count = std::min(piece, n - at);
        volk_32f_x2_dot_prod_32f(
            &sum, parts, parts, static_cast<unsigned int>(2 * count));
        energy += sum;
        seen += count;
    }
    return seen > 0 ? std::sqrt(energy / seen) : 0.0;
}

} // namespace

symbol_grid::symbol_grid(double samp_rate, const numerology& kind)
    : d_samp_rate(checked(samp_rate)),
      d_kind(kind),
      d_symbols(symbol_grid_rows * symbol_grid_cols / kind.n_subcarriers),
      d_timing(samp_rate, kind),
      d_transform(samp_rate, kind),
      d_band(samp_rate, kind.n_subcarriers * kind.subcarrier_spacing_Hz),
      d_planes(kind.n_subcarriers, kind.coherent_subcarriers, kind.bursts),
      d_narrow(symbol_grid_size)
{
}

std::vector<element_row> symbol_grid::rows_of(const std::vector<symbol_run>& runs) const
{
    const std::size_t columns = d_kind.n_subcarriers;
    const double symbol = d_samp_rate * d_kind.symbol_s();
    std::vector<element_row> rows;
    const cfloat* at = d_elements.data();
    for (std::size_t r = 0; r < runs.size(); ++r) {
        const std::size_t run = d_kind.bursts ? r : 0; // a carrier goes on
        for (std::size_t k = 1; k < runs[r].symbols.size(); ++k) {
            const auto& timed = runs[r].symbols[k];
            const std::size_t kind = timed.first ? 1 : 0;
            rows.push_back({ at + k * columns,
                             at + (k - 1) * columns,
                             timed.start / symbol,
                             run,
                             kind,
                             timed.usable });
        }
        at += runs[r].symbols.size() * columns;
    }
    const element_row absent{ nullptr, nullptr, 0.0, runs.size(), 0, false };
    rows.resize(d_symbols, absent);
    return rows;
}

std::size_t symbol_grid::compute(const cfloat* samples, std::size_t n, float* out)
{
    const float_environment caller;
    std::fill_n(out, symbol_grid_size, 0.0f);
    std::fill_n(out, symbol_grid_size / n_planes, element_planes::floor_dB);
    double rms = level_of(samples, n, 8);
    rms = rms > 0.0 ? rms : level_of(samples, n, 1);
    if (!available() || !(rms > 0.0)) {
        return 0;
    }
    const std::size_t columns = d_kind.n_subcarriers;
    const std::size_t per_run =
        d_kind.bursts ? symbol_timing::burst_run : symbol_timing::cellular_run;
    const std::size_t max_runs = (d_symbols + per_run - 1) / per_run;
    auto runs = d_timing.find(samples, n, max_runs, d_transform.margin());
    if (runs.empty()) {
        return 0;
    }
    std::size_t symbols = 0;
    for (auto& run : runs) {
        symbols += run.symbols.size();
    }
    const double spacing = d_kind.subcarrier_spacing_Hz;
    const double center_Hz = spacing * std::round(d_band.center_Hz(samples, n) / spacing);
    d_elements.resize(symbols * columns);
    d_transform.transform(
        samples, n, runs, center_Hz, static_cast<float>(1.0 / rms), d_elements.data());
    const auto rows = rows_of(runs);
    const auto below = static_cast<std::size_t>(
        std::min(d_transform.view_Hz() / spacing, columns / 2.0));
    const bool narrow_rows = columns < symbol_grid_cols;
    d_planes.compute(rows,
                     columns / 2 - below,
                     columns / 2 + below,
                     20.0 * std::log10(rms),
                     narrow_rows ? d_narrow.data() : out);
    const std::size_t narrow = d_symbols * columns;
    for (std::size_t plane = 0; narrow_rows && plane < n_planes; ++plane) {
        for (std::size_t s = 0; s < d_symbols; ++s) {
            const std::size_t row = s % symbol_grid_rows;
            const std::size_t col = s / symbol_grid_rows * columns;
            std::copy_n(&d_narrow[plane * narrow + s * columns],
                        columns,
                        out + (plane * symbol_grid_rows + row) * symbol_grid_cols + col);
        }
    }
    return static_cast<std::size_t>(std::count_if(
        rows.begin(), rows.end(), [](const element_row& row) { return row.present; }));
}

} // namespace lwmspectro
} // namespace gr
