// SPDX-License-Identifier: GPL-3.0-or-later
#include <gnuradio/lwmspectro/element_planes.h>
#include <volk/volk.h>
#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

namespace gr {
namespace lwmspectro {

namespace {

constexpr double reach_symbols = 7.5; // to either side, of the mean power
constexpr std::size_t reach_columns = 3;
constexpr float least_power = 1e-20f; // of its floor_dB

} // namespace

void element_planes::compute(const std::vector<element_row>& rows,
                             std::size_t columns,
                             std::size_t first,
                             std::size_t last,
                             double gain_dB,
                             float* out)
{
    const std::size_t plane = rows.size() * columns;
    d_columns = columns;
    d_first = first;
    d_last = last;
    d_power.assign(plane, 0.0f);
    d_squares.assign(plane, 0.0f);
    std::fill_n(out, plane, floor_dB);
    std::fill_n(out + plane, 3 * plane, 0.0f);
    const auto gain = static_cast<float>(gain_dB);
    for (std::size_t r = 0; r < rows.size(); ++r) {
        if (!rows[r].present) {
            continue;
        }
        float* power = &d_power[r * columns];
        const auto count = static_cast<unsigned int>(last - first);
        volk_32fc_magnitude_squared_32f(power + first, rows[r].now + first, count);
        decibels(power + first, count);
        for (std::size_t k = first; k < last; ++k) {
            if (power[k] > least_power) {
                out[r * columns + k] = std::max(d_levels[k - first] + gain, floor_dB);
            }
        }
    }
    turn_phases(rows, out + plane, out + 2 * plane);
    spread(rows, out + 3 * plane);
}

void element_planes::decibels(const float* powers, std::size_t n)
{
    const auto count = static_cast<unsigned int>(n);
    d_levels.resize(n);
    for (std::size_t k = 0; k < n; ++k) {
        d_levels[k] = std::max(powers[k], least_power);
    }
    volk_32f_log2_32f(d_levels.data(), d_levels.data(), count);
    volk_32f_s32f_multiply_32f(d_levels.data(), d_levels.data(), 3.01029996f, count);
}

void element_planes::turn_phases(const std::vector<element_row>& rows,
                                 float* cos2,
                                 float* cos4)
{
    struct common {
        std::complex<double> second = 0.0, fourth = 0.0;
    };
    std::map<std::pair<std::size_t, std::size_t>, common> phases;
    for (std::size_t r = 0; r < rows.size(); ++r) {
        auto& sum = phases[{ rows[r].run, rows[r].kind }];
        cfloat second = 0.0f, fourth = 0.0f; // of a row
        for (std::size_t k = d_first; rows[r].present && k < d_last; ++k) {
            const cfloat a = rows[r].now[k], b = rows[r].before[k];
            const cfloat turn{ a.real() * b.real() + a.imag() * b.imag(),
                               a.imag() * b.real() - a.real() * b.imag() };
            const float weight2 = std::norm(turn);
            if (weight2 <= least_power * least_power) {
                continue;
            }
            const float weight = std::sqrt(weight2);
            const cfloat square{ (turn.real() * turn.real() - turn.imag() * turn.imag()) /
                                     weight2,
                                 2.0f * turn.real() * turn.imag() / weight2 };
            d_squares[r * d_columns + k] = square;
            second += weight * square;
            fourth += cfloat{ weight * (square.real() * square.real() -
                                        square.imag() * square.imag()),
                              weight * 2.0f * square.real() * square.imag() };
        }
        sum.second += std::complex<double>(second);
        sum.fourth += std::complex<double>(fourth);
    }
    for (std::size_t r = 0; r < rows.size(); ++r) {
        const auto& sum = phases[{ rows[r].run, rows[r].kind }];
        // of exp(j 2 dphi), half the angle of the fourth powers; which half is free
        auto back = std::polar(1.0, -0.5 * std::arg(sum.fourth));
        back *= (sum.second * back).real() < 0.0 ? -1.0 : 1.0;
        const cfloat turn(back);
        for (std::size_t k = d_first; rows[r].present && k < d_last; ++k) {
            const cfloat z = d_squares[r * d_columns + k];
            const float real = z.real() * turn.real() - z.imag() * turn.imag();
            if (z != 0.0f) {
                cos2[r * d_columns + k] = real;
                cos4[r * d_columns + k] = 2.0f * real * real - 1.0f;
            }
        }
    }
}

void element_planes::spread(const std::vector<element_row>& rows, float* out)
{
    const std::size_t n = rows.size(), stride = d_columns;
    d_sums.assign((n + 1) * stride, 0.0);
    std::vector<std::size_t> present(n + 1, 0);
    for (std::size_t r = 0; r < n; ++r) {
        present[r + 1] = present[r] + (rows[r].present ? 1 : 0);
        for (std::size_t k = 0; k < stride; ++k) {
            d_sums[(r + 1) * stride + k] = d_sums[r * stride + k] + d_power[r * stride + k];
        }
    }
    std::vector<double> column(stride + 1);
    std::size_t top = 0, bottom = 0; // rows near the one at hand
    for (std::size_t r = 0; r < n; ++r) {
        const auto near = [&](std::size_t other) {
            return rows[other].run == rows[r].run &&
                   std::fabs(rows[other].time - rows[r].time) <= reach_symbols;
        };
        while (!near(top)) {
            ++top;
        }
        bottom = std::max(bottom, r);
        while (bottom < n && near(bottom)) {
            ++bottom;
        }
        if (!rows[r].present) {
            continue;
        }
        for (std::size_t k = 0; k < stride; ++k) {
            column[k + 1] =
                column[k] + d_sums[bottom * stride + k] - d_sums[top * stride + k];
        }
        const double height = static_cast<double>(present[bottom] - present[top]);
        d_ratios.assign(d_last - d_first, 1.0f);
        for (std::size_t k = d_first; k < d_last; ++k) {
            const std::size_t left = std::max(d_first + reach_columns, k) - reach_columns;
            const std::size_t right = std::min(d_last, k + reach_columns + 1);
            const double mean = (column[right] - column[left]) / (height * (right - left));
            const float power = d_power[r * stride + k];
            if (power > least_power && mean > 0.0) {
                d_ratios[k - d_first] = power / static_cast<float>(mean);
            }
        }
        decibels(d_ratios.data(), d_ratios.size());
        for (std::size_t k = d_first; k < d_last; ++k) {
            out[r * stride + k] = std::max(d_levels[k - d_first], spread_floor_dB);
        }
    }
}

} // namespace lwmspectro
} // namespace gr
