// SPDX-License-Identifier: GPL-3.0-or-later
#include "lane_sums.h"
#include "symbol_sums.h"
#include <gnuradio/lwmspectro/repeat_search.h>
#include <gnuradio/lwmspectro/window_spec.h>
#include <algorithm>
#include <utility>

namespace gr {
namespace lwmspectro {

namespace {

constexpr std::size_t cols = correlogram_cols;

} // namespace

repeat_search::repeat_search(const setup& what, bounds segments)
    : d_what(what),
      d_bounds(std::move(segments)),
      d_n_lags(2 * what.max_shift + 1),
      d_n_segments(d_n_lags),
      d_sums((d_bounds->size() / what.step + 1) * d_n_lags),
      d_scale(d_bounds->size() / what.step + 1),
      d_trial(cols),
      d_row(cols)
{
}

void repeat_search::begin(std::size_t n)
{
    d_n = n;
    std::fill(d_sums.begin(), d_sums.end(), 0.0f);
    for (std::size_t k = 0; k < d_n_lags; ++k) {
        const std::size_t lag = d_what.lag - d_what.max_shift + k;
        const auto end =
            std::upper_bound(d_bounds->begin(), d_bounds->end(), n > lag ? n - lag : 0);
        const std::size_t within =
            end == d_bounds->begin() ? 0 : end - d_bounds->begin() - 1;
        d_n_segments[k] = within >= d_what.min_segments ? within : 0;
    }
}

void repeat_search::correlate(const std::complex<float>* x, std::size_t s)
{
    // a longer lag has fewer partners
    const auto end = std::find_if(d_n_segments.begin(),
                                  d_n_segments.end(),
                                  [s](std::size_t within) { return s >= within; });
    const std::size_t lags = end - d_n_segments.begin();
    if (lags > 0) {
        const std::size_t first = (*d_bounds)[s], last = (*d_bounds)[s + 1];
        const std::size_t lag = d_what.lag - d_what.max_shift;
        sum_neighbours(x + first,
                       x + first + lag,
                       last - first,
                       last + lag + d_n_lags + spare_samples <= d_n,
                       lags,
                       &d_sums[s / d_what.step * d_n_lags]);
    }
}

const std::vector<double>& repeat_search::row(const std::vector<double>& energies,
                                              const std::vector<double>& counts)
{
    const std::size_t lag = d_what.lag_segments / d_what.step;
    for (std::size_t q = 0; q + lag < energies.size(); ++q) {
        // a lag that is some samples off moves the second energy next to nothing
        const double product = energies[q] * energies[q + lag];
        d_scale[q] = product > 0.0 ? counts[q] / product : 0.0;
    }
    // over one symbol the channel stands still: add phases there, powers beyond
    sum_rows(d_sums, d_sums.size() / d_n_lags, d_n_lags, symbol_segments / d_what.step);
    std::fill(d_row.begin(), d_row.end(), 0.0);
    double best = 0.0;
    for (std::size_t k = 0; k < d_n_lags; ++k) {
        std::fill(d_trial.begin(), d_trial.end(), 0.0);
        const double peak = fold(k, counts, d_trial);
        if (peak > best) {
            best = peak;
            std::swap(d_row, d_trial);
        }
    }
    return d_row;
}

double repeat_search::fold(std::size_t lag_index,
                           const std::vector<double>& counts,
                           std::vector<double>& row) const
{
    const std::size_t n = d_n_segments[lag_index];
    const std::size_t step = d_what.step, period = d_what.period;
    if (n < symbol_segments) {
        return 0.0;
    }
    double peak = 0.0;
    // segments between two that take part have the same symbol as the next that does, but
    // may fit into the window once more
    for (std::size_t next = 0; next < period + step; next += step) {
        const std::size_t earliest = next < step ? next : next - (step - 1);
        double sum = 0.0, last = 0.0;
        std::size_t times = 0;
        for (std::size_t s = earliest; s + symbol_segments <= n; s += period, ++times) {
            const std::size_t q = (next + times * period) / step;
            last = std::min<double>(
                counts[q], d_scale[q] * std::norm(d_sums[q * d_n_lags + lag_index]));
            sum += last;
        }
        for (std::size_t s = earliest; s <= std::min(next, period - 1); ++s) {
            const std::size_t fits =
                s + symbol_segments <= n ? (n - symbol_segments - s) / period + 1 : 0;
            if (fits > 0) {
                const double mean = (fits == times ? sum : sum - last) / fits;
                double& col = row[s * cols / period];
                col = std::max(col, mean);
                peak = std::max(peak, mean);
            }
        }
    }
    return peak;
}

} // namespace lwmspectro
} // namespace gr
