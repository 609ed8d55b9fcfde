// SPDX-License-Identifier: GPL-3.0-or-later
#include "box_mean.h"
#include <gnuradio/lwmspectro/element_planes.h>
#include <volk/volk.h>
#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

namespace gr {
namespace lwmspectro {

namespace {

constexpr float least_power = 1e-20f; // of the mean power of the window: its floor_dB
constexpr float dB_an_octave = 3.01029996f;

using cfloat = std::complex<float>;

// the operators of std::complex look after infinities, of which there are none
inline cfloat product(cfloat a, cfloat b)
{
    return { a.real() * b.real() - a.imag() * b.imag(),
             a.real() * b.imag() + a.imag() * b.real() };
}

inline cfloat square_of(cfloat a) { return product(a, a); }

cfloat unit_of(cfloat a)
{
    const float size = std::abs(a);
    return size > 0.0f ? a / size : 1.0f;
}

//! One of the square roots of a number of size 1.
inline cfloat unit_root(cfloat a)
{
    const float real = 1.0f + a.real();
    const float norm = real * real + a.imag() * a.imag();
    const float scale = 1.0f / std::sqrt(std::max(norm, 1e-12f));
    return norm > 1e-12f ? cfloat{ real * scale, a.imag() * scale } : cfloat{ 0.0f, 1.0f };
}

} // namespace

element_planes::element_planes(std::size_t columns, std::size_t reach, bool bursts)
    : d_columns(columns),
      d_reach(reach),
      d_bursts(bursts),
      d_box(std::make_unique<box_mean>())
{
}
element_planes::~element_planes() = default;
element_planes::element_planes(element_planes&&) noexcept = default;
element_planes& element_planes::operator=(element_planes&&) noexcept = default;

void element_planes::compute(const std::vector<element_row>& rows,
                             std::size_t first,
                             std::size_t last,
                             double gain_dB,
                             float* out)
{
    const std::size_t plane = rows.size() * d_columns;
    d_first = first;
    d_last = last;
    d_power.assign(plane, 0.0f);
    d_mean_power.resize(plane);
    d_squares.assign(plane, 0.0f);
    d_fourth.assign(plane, 0.0f);
    d_mean.resize(plane);
    std::fill_n(out, plane, floor_dB);
    std::fill_n(out + plane, (symbol_grid_planes.size() - 1) * plane, 0.0f);
    put_levels(rows, gain_dB, out);
    turn_phases(rows, out + plane, out + 2 * plane);
    d_box->prepare(rows, d_columns, first, last, d_reach);
    fold(rows, out + 3 * plane, out + 4 * plane);
}

void element_planes::put_levels(const std::vector<element_row>& rows,
                                double gain_dB,
                                float* out)
{
    const auto count = static_cast<unsigned int>(d_last - d_first);
    const auto gain = static_cast<float>(gain_dB);
    d_levels.resize(count);
    for (std::size_t r = 0; r < rows.size(); ++r) {
        if (!rows[r].present) {
            continue;
        }
        float* power = &d_power[r * d_columns + d_first];
        float* level = out + r * d_columns + d_first;
        volk_32fc_magnitude_squared_32f(power, rows[r].now + d_first, count);
        for (std::size_t k = 0; k < count; ++k) {
            d_levels[k] = std::max(power[k], least_power);
        }
        volk_32f_log2_32f(d_levels.data(), d_levels.data(), count);
        for (std::size_t k = 0; k < count; ++k) {
            if (power[k] > least_power) {
                level[k] = std::max(dB_an_octave * d_levels[k] + gain, floor_dB);
            }
        }
    }
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
            const cfloat turn = product(rows[r].now[k], std::conj(rows[r].before[k]));
            const float norm = std::norm(turn);
            if (norm > least_power * least_power) {
                const float weight = std::sqrt(norm);
                const cfloat square = square_of(turn) / norm;
                d_squares[r * d_columns + k] = square;
                second += weight * square;
                fourth += weight * square_of(square);
            }
        }
        sum.second += std::complex<double>(second);
        sum.fourth += std::complex<double>(fourth);
    }
    d_advance.clear();
    for (std::size_t r = 0; r < rows.size(); ++r) {
        const auto& sum = phases[{ rows[r].run, rows[r].kind }];
        d_advance.push_back(std::polar(1.0, std::arg(sum.fourth)));
        // of exp(j 2 dphi), half the angle of the fourth powers; which half is free
        auto back = std::polar(1.0, -0.5 * std::arg(sum.fourth));
        back *= (sum.second * back).real() < 0.0 ? -1.0 : 1.0;
        const cfloat turn(back);
        for (std::size_t k = d_first; rows[r].present && k < d_last; ++k) {
            const cfloat z = d_squares[r * d_columns + k];
            if (z != 0.0f) {
                const float real = product(z, turn).real();
                cos2[r * d_columns + k] = real;
                cos4[r * d_columns + k] = 2.0f * real * real - 1.0f;
            }
        }
    }
}

void element_planes::fourth_powers(const std::vector<element_row>& rows)
{
    d_row_turn.clear();
    d_ramps.clear();
    std::complex<double> turn = 1.0;
    std::map<std::size_t, std::complex<double>> ramps; // of runs
    for (std::size_t r = 0; r < rows.size(); ++r) {
        turn *= d_advance[r];
        turn /= std::abs(turn);
        d_row_turn.push_back(cfloat(turn));
        cfloat* fourth = &d_fourth[r * d_columns];
        cfloat ramp = 0.0f;
        for (std::size_t k = d_first; rows[r].present && k < d_last; ++k) {
            const float power = d_power[r * d_columns + k];
            if (power > least_power) {
                fourth[k] = square_of(square_of(rows[r].now[k])) / power;
            }
            if (k > d_first) {
                const cfloat step = product(fourth[k], std::conj(fourth[k - 1]));
                const float size = std::sqrt(std::abs(step));
                ramp += size > 0.0f ? step / size : 0.0f;
            }
        }
        ramps[rows[r].run] += std::complex<double>(ramp);
    }
    for (std::size_t r = 0; r < rows.size(); ++r) {
        d_ramps.push_back(unit_of(cfloat(ramps[rows[r].run])));
        cfloat back = std::conj(d_row_turn[r]);
        for (std::size_t k = d_first; rows[r].present && k < d_last; ++k) {
            cfloat& value = d_fourth[r * d_columns + k];
            value = product(value, back);
            back = product(back, std::conj(d_ramps[r]));
        }
    }
}

void element_planes::fit_rows(const std::vector<element_row>& rows)
{
    for (std::size_t r = 0; r < rows.size(); ++r) {
        cfloat sum = 0.0f;
        for (std::size_t k = d_first; rows[r].present && k < d_last; ++k) {
            const std::size_t at = r * d_columns + k;
            sum += product(d_fourth[at], std::conj(d_mean[at]));
        }
        const cfloat late = unit_of(sum);
        d_row_turn[r] = product(d_row_turn[r], late);
        for (std::size_t k = d_first; rows[r].present && k < d_last; ++k) {
            cfloat& value = d_fourth[r * d_columns + k];
            value = product(value, std::conj(late));
        }
    }
}

void element_planes::fold(const std::vector<element_row>& rows,
                          float* abs_i,
                          float* abs_q)
{
    fourth_powers(rows);
    const auto* fourth = reinterpret_cast<const float*>(d_fourth.data());
    auto* mean = reinterpret_cast<float*>(d_mean.data());
    d_box->compute(d_power.data(), 1, d_mean_power.data());
    d_box->compute(fourth, 2, mean);
    if (d_bursts) {
        fit_rows(rows);
        d_box->compute(fourth, 2, mean);
    }
    for (std::size_t r = 0; r < rows.size(); ++r) {
        cfloat turn = d_row_turn[r];
        for (std::size_t k = d_first; rows[r].present && k < d_last; ++k) {
            const std::size_t at = r * d_columns + k;
            if (d_power[at] > least_power && d_mean_power[at] > 0.0f) {
                const cfloat angle = product(-unit_of(d_mean[at]), turn);
                const cfloat quarter = unit_root(unit_root(angle));
                const cfloat z = product(rows[r].now[k], std::conj(quarter));
                const float gain = 1.0f / std::sqrt(d_mean_power[at]);
                abs_i[at] = std::fabs(z.real()) * gain;
                abs_q[at] = std::fabs(z.imag()) * gain;
            }
            turn = product(turn, d_ramps[r]);
        }
    }
}

} // namespace lwmspectro
} // namespace gr
