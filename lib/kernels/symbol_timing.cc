// SPDX-License-Identifier: GPL-3.0-or-later
#include "element_loops.h"
#include "lane_loops.h"
#include <gnuradio/lwmspectro/symbol_timing.h>
#include <volk/volk.h>
#include <algorithm>
#include <cmath>
#include <numeric>

namespace gr {
namespace lwmspectro {

namespace {

constexpr double pi = 3.14159265358979323846;
constexpr double back_off = 0.5; // of a prefix, before the useful part

// products a second that tell where the prefixes are: periods are left out at higher
// rates
constexpr double products_Hz = 4e6;

// |sum p|^2 / sum |p|^2 has mean 1 over noise, and exceeds this in less than one run of a
// window
constexpr double least_ratio = 12.0;

constexpr double steps_a_prefix = 64.0;

constexpr double silent = 1.0 / 8.0; // of the strongest symbol of a run
constexpr double training = 0.5;     // coherence of a symbol outside of its prefix

double energy_of(const std::complex<float>* x, std::size_t n)
{
    const auto* parts = reinterpret_cast<const float*>(x);
    float sum = 0.0f;
    volk_32f_x2_dot_prod_32f(&sum, parts, parts, static_cast<unsigned int>(2 * n));
    return sum;
}

double
coherence(const std::complex<float>* x, const std::complex<float>* y, std::size_t n)
{
    std::complex<float> sum = 0.0f;
    volk_32fc_x2_conjugate_dot_prod_32fc(&sum, x, y, static_cast<unsigned int>(n));
    const double scale = std::sqrt(energy_of(x, n) * energy_of(y, n));
    return scale > 0.0 ? std::abs(sum) / scale : 0.0;
}

//! Indices of the \p count largest values, in their own order; of equal ones the first.
std::vector<std::size_t> strongest(const std::vector<double>& values, std::size_t count)
{
    std::vector<std::size_t> order(values.size());
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(), [&values](auto a, auto b) {
        return values[a] > values[b];
    });
    order.resize(std::min(count, order.size()));
    std::sort(order.begin(), order.end());
    return order;
}

//! Every how many periods are enough; prime to the patterns of frames.
std::size_t step_for(double samp_rate)
{
    std::size_t step = 1;
    for (const std::size_t candidate : { 3, 7, 9 }) {
        step = samp_rate / candidate >= products_Hz ? candidate : step;
    }
    return step;
}

} // namespace

symbol_timing::symbol_timing(double samp_rate, const numerology& kind)
    : d_samp_rate(samp_rate),
      d_kind(kind),
      d_period(samp_rate * kind.period_s()),
      d_len(static_cast<std::size_t>(d_period)),
      d_lag(static_cast<std::size_t>(std::llround(samp_rate * kind.useful_s()))),
      d_prefix(static_cast<std::size_t>(std::llround(samp_rate * kind.prefix_s))),
      d_folded(d_len + 1),
      d_running(2 * d_len + 2),
      d_sums(2 * d_len + 2),
      d_first_sums(2 * d_len + 2),
      d_scores(d_len)
{
    for (std::size_t symbol = 0; symbol < kind.symbols_per_period; ++symbol) {
        // the longer prefix counts whole: its symbol might as well be the last one
        const double len_s = symbol == 0 ? kind.first_prefix_s : kind.prefix_s;
        d_prefix_starts.push_back(std::max(0.0, kind.useful_start_s(symbol) - len_s) *
                                  samp_rate);
    }
    // hypotheses of where a period begins differ by some percent of a short prefix
    if (!kind.bursts) {
        d_steps = static_cast<std::size_t>(
            std::ceil(steps_a_prefix / (samp_rate * kind.prefix_s)));
    }
}

void symbol_timing::sum_prefixes(double len, volk::vector<cfloat>& sums) const
{
    const auto whole = static_cast<std::size_t>(len);
    const double part = len - whole;
    for (std::size_t at = 0; at < d_len; ++at) {
        const auto* end = &d_running[at + whole];
        sums[at] = cfloat(end[0] + part * (end[1] - end[0]) - d_running[at]);
    }
    for (std::size_t at = d_len; at < sums.size(); ++at) {
        sums[at] = sums[at - d_len];
    }
}

symbol_timing::peak symbol_timing::best_start()
{
    d_running[0] = 0.0;
    for (std::size_t k = 0; k < d_len; ++k) {
        d_running[k + 1] = d_running[k] + std::complex<double>(d_folded[k]);
    }
    for (std::size_t k = d_len + 1; k < d_running.size(); ++k) {
        d_running[k] = d_running[k - d_len] + d_running[d_len];
    }
    sum_prefixes(d_kind.prefix_s * d_samp_rate, d_sums);
    if (!d_kind.bursts) {
        sum_prefixes(d_kind.first_prefix_s * d_samp_rate, d_first_sums);
    }
    peak best{ 0.0, 0.0, 0.0 };
    double most = -1.0;
    for (std::size_t step = 0; step < d_steps; ++step) {
        const double fine = static_cast<double>(step) / d_steps;
        std::fill(d_scores.begin(), d_scores.end(), 0.0f);
        for (std::size_t symbol = 0; symbol < d_prefix_starts.size(); ++symbol) {
            const double start = d_prefix_starts[symbol] + fine;
            const auto whole = static_cast<std::size_t>(start);
            const auto part = static_cast<float>(start - whole);
            const auto& sums = symbol == 0 && !d_kind.bursts ? d_first_sums : d_sums;
            const auto* from = reinterpret_cast<const float*>(&sums[whole]);
            auto* to = reinterpret_cast<float*>(d_scores.data());
            add_between(from, part, 2 * d_len, to);
        }
        for (std::size_t at = 0; at < d_len; ++at) {
            const double score = std::norm(d_scores[at]);
            if (score > most) {
                most = score;
                best.at = at + fine;
                best.sum = d_scores[at];
            }
        }
    }
    return best;
}

std::vector<symbol_run> symbol_timing::find(const cfloat* x,
                                            std::size_t n,
                                            std::size_t max_runs,
                                            std::size_t margin)
{
    return d_kind.bursts ? find_bursts(x, n, max_runs, margin)
                         : find_carrier(x, n, max_runs, margin);
}

symbol_timing::peak symbol_timing::fold(
    const cfloat* x, double begin, std::size_t first, std::size_t last, std::size_t step)
{
    std::fill(d_folded.begin(), d_folded.end(), 0.0f);
    double power = 0.0;
    const auto sample = [&](std::size_t period) {
        return static_cast<std::size_t>(begin + period * d_period);
    };
    for (std::size_t k = first; k < last; k += step) {
        // the part of a sample by which periods are longer gathers behind the last one
        const bool goes_on = d_kind.bursts && k + 1 < last;
        const auto* from = x + sample(k);
        power += fold_products(reinterpret_cast<const float*>(from),
                               reinterpret_cast<const float*>(from + d_lag),
                               goes_on ? sample(k + 1) - sample(k) : d_len,
                               reinterpret_cast<float*>(d_folded.data()));
    }
    auto best = best_start();
    best.power = power;
    return best;
}

double symbol_timing::window_start(double begin, double period, std::size_t symbol) const
{
    const double s = d_kind.useful_start_s(symbol) - back_off * d_kind.prefix_s;
    return begin + period * d_period + s * d_samp_rate;
}

symbol_run
symbol_timing::run_at(double begin, std::size_t first, std::size_t n, double angle) const
{
    const std::size_t per_period = d_kind.symbols_per_period;
    symbol_run run;
    run.symbols.reserve(n + 1);
    run.offset_Hz = -angle / (2.0 * pi * d_lag) * d_samp_rate;
    const double before = window_start(begin, first - 1.0, per_period - 1);
    run.symbols.push_back({ before, per_period == 1, true });
    for (std::size_t k = 0; k < n; ++k) {
        const std::size_t symbol = k % per_period;
        const double start = window_start(begin, first + k / per_period, symbol);
        run.symbols.push_back({ start, symbol == 0, true });
    }
    return run;
}

bool symbol_timing::fits(double begin,
                         std::size_t first,
                         std::size_t symbols,
                         std::size_t n,
                         std::size_t margin) const
{
    // a window, and half a prefix more on both sides
    const std::size_t per_period = d_kind.symbols_per_period, last = symbols - 1;
    const double more = margin + back_off * d_kind.prefix_s * d_samp_rate + 1.0;
    const double useful = d_kind.useful_s() * d_samp_rate;
    const double end =
        window_start(begin, first + last / per_period, last % per_period) + useful;
    return window_start(begin, first - 1.0, per_period - 1) >= more &&
           end + more <= static_cast<double>(n);
}

std::vector<symbol_run> symbol_timing::find_carrier(const cfloat* x,
                                                    std::size_t n,
                                                    std::size_t max_runs,
                                                    std::size_t margin)
{
    std::vector<symbol_run> found;
    std::size_t periods = 0;
    while ((periods + 1) * d_period + d_lag <= n) {
        ++periods;
    }
    if (periods == 0) {
        return found;
    }
    const auto best = fold(x, 0.0, 0, periods, periods < 16 ? 1 : step_for(d_samp_rate));
    const std::size_t span = cellular_run / d_kind.symbols_per_period; // periods
    const double angle = std::arg(best.sum);
    std::size_t first = 0;
    while (first <= periods && !fits(best.at, first, 1, n, margin)) {
        ++first;
    }
    std::vector<std::size_t> firsts;
    std::vector<double> energies;
    for (; fits(best.at, first, cellular_run, n, margin); first += span) {
        const auto begin = static_cast<std::size_t>(best.at + first * d_period);
        energies.push_back(energy_of(x + begin, span * d_len));
        firsts.push_back(first);
    }
    for (const std::size_t k : strongest(energies, max_runs)) {
        found.push_back(run_at(best.at, firsts[k], cellular_run, angle));
    }
    return found;
}

std::vector<symbol_run> symbol_timing::find_bursts(const cfloat* x,
                                                   std::size_t n,
                                                   std::size_t max_runs,
                                                   std::size_t margin)
{
    std::vector<symbol_run> found;
    std::vector<peak> peaks;
    std::vector<double> sizes;
    const double span = burst_run * d_period;
    for (double begin = 0.0; begin + span + d_lag + 1.0 <= n; begin += span) {
        auto best = fold(x, begin, 0, burst_run, 1);
        const double in_prefix = best.power * d_prefix / d_len;
        best.at += begin;
        if (std::norm(best.sum) > least_ratio * in_prefix &&
            fits(best.at, 0, burst_run, n, margin)) {
            peaks.push_back(best);
            sizes.push_back(std::abs(best.sum));
        }
    }
    for (const std::size_t k : strongest(sizes, max_runs)) {
        found.push_back(run_at(peaks[k].at, 0, burst_run, std::arg(peaks[k].sum)));
        judge(x, n, found.back());
    }
    return found;
}

void symbol_timing::judge(const cfloat* x, std::size_t n, symbol_run& run) const
{
    std::vector<double> energies;
    for (const auto& symbol : run.symbols) {
        energies.push_back(energy_of(x + static_cast<std::size_t>(symbol.start), d_lag));
    }
    const double least = silent * *std::max_element(energies.begin(), energies.end());
    // a training field repeats all along, before it or behind it; prefixes are left out
    const std::size_t count = d_lag - d_prefix;
    for (std::size_t k = 0; k < run.symbols.size(); ++k) {
        auto& symbol = run.symbols[k];
        const auto useful = static_cast<std::size_t>(symbol.start) + d_prefix;
        // short fields of four periods, also where one symbol of them stands alone
        double most = coherence(x + useful, x + useful + d_lag / 4, count - d_lag / 4);
        if (useful >= d_lag) {
            most = std::max(most, coherence(x + useful - d_lag, x + useful, count));
        }
        if (useful + count + d_lag <= n) {
            most = std::max(most, coherence(x + useful, x + useful + d_lag, count));
        }
        symbol.usable = energies[k] > least && most <= training;
    }
    for (std::size_t k = run.symbols.size() - 1; k > 0; --k) {
        run.symbols[k].usable &= energies[k - 1] > least; // its phase tells nothing else
    }
}

} // namespace lwmspectro
} // namespace gr
