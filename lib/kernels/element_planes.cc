// SPDX-License-Identifier: GPL-3.0-or-later
#include "box_mean.h"
#include "element_loops.h"
#include <gnuradio/lwmspectro/element_planes.h>
#include <volk/volk.h>
#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

namespace gr {
namespace lwmspectro {

namespace {

constexpr float dB_an_octave = 3.01029996f;

using cfloat = std::complex<float>;

cfloat unit_of(std::complex<double> a)
{
    const double size = std::abs(a);
    return size > 0.0 ? cfloat(a / size) : cfloat(1.0f);
}

float* floats(volk::vector<cfloat>& x, std::size_t at)
{
    return reinterpret_cast<float*>(x.data() + at);
}

const float* floats(const cfloat* x) { return reinterpret_cast<const float*>(x); }

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
    d_shared.resize(plane);
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
            d_levels[k] = std::max(power[k], least_element_power);
        }
        volk_32f_log2_32f(d_levels.data(), d_levels.data(), count);
        for (std::size_t k = 0; k < count; ++k) {
            if (power[k] > least_element_power) {
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
    const std::size_t n = d_last - d_first;
    const auto count = static_cast<unsigned int>(n);
    d_turns.resize(n);
    d_steps.resize(n);
    d_levels.resize(n);
    for (std::size_t r = 0; r < rows.size(); ++r) {
        auto& sum = phases[{ rows[r].run, rows[r].kind }];
        if (!rows[r].present) {
            continue;
        }
        const cfloat *now = rows[r].now + d_first, *before = rows[r].before + d_first;
        volk_32fc_x2_multiply_conjugate_32fc(d_turns.data(), now, before, count);
        cfloat* squares = &d_squares[r * d_columns + d_first];
        square_angles(floats(d_turns.data()),
                      n,
                      reinterpret_cast<float*>(squares),
                      floats(d_steps, 0),
                      d_levels.data());
        cfloat second = 0.0f, fourth = 0.0f;
        volk_32fc_32f_dot_prod_32fc(&second, squares, d_levels.data(), count);
        volk_32fc_32f_dot_prod_32fc(&fourth, d_steps.data(), d_levels.data(), count);
        sum.second += std::complex<double>(second);
        sum.fourth += std::complex<double>(fourth);
    }
    d_advance.clear();
    for (std::size_t r = 0; r < rows.size(); ++r) {
        const auto& sum = phases[{ rows[r].run, rows[r].kind }];
        d_advance.push_back(std::polar(1.0, std::arg(sum.fourth)));
        if (!rows[r].present) {
            continue;
        }
        // of exp(j 2 dphi), half the angle of the fourth powers; which half is free
        auto back = std::polar(1.0, -0.5 * std::arg(sum.fourth));
        back *= (sum.second * back).real() < 0.0 ? -1.0 : 1.0;
        const cfloat turn(back);
        const std::size_t at = r * d_columns + d_first;
        cosines(floats(d_squares, at), floats(&turn), n, cos2 + at, cos4 + at);
    }
}

void element_planes::take_off_shared(const std::vector<element_row>& rows)
{
    const std::size_t n = d_last - d_first;
    const auto count = static_cast<unsigned int>(n);
    std::map<std::size_t, std::complex<double>> ramps; // of runs
    for (std::size_t r = 0; r < rows.size(); ++r) {
        auto& ramp = ramps[rows[r].run];
        if (!rows[r].present) {
            continue;
        }
        const std::size_t at = r * d_columns + d_first;
        fourth_powers(
            floats(rows[r].now + d_first), &d_power[at], n, floats(d_fourth, at));
        phase_steps(floats(d_fourth, at), n, floats(d_steps, 0));
        cfloat sum = 0.0f;
        volk_32fc_accumulator_s32fc(&sum, d_steps.data(), count - 1);
        ramp += std::complex<double>(sum);
    }
    std::complex<double> turn = 1.0;
    for (std::size_t r = 0; r < rows.size(); ++r) {
        turn *= d_advance[r];
        turn /= std::abs(turn);
        cfloat phase(turn), step = unit_of(ramps[rows[r].run]);
        cfloat* shared = &d_shared[r * d_columns + d_first];
        std::fill_n(d_turns.begin(), n, cfloat(1.0f));
        volk_32fc_s32fc_x2_rotator_32fc(shared, d_turns.data(), step, &phase, count);
        if (rows[r].present) {
            cfloat* fourth = &d_fourth[r * d_columns + d_first];
            volk_32fc_x2_multiply_conjugate_32fc(fourth, fourth, shared, count);
        }
    }
}

void element_planes::fit_rows(const std::vector<element_row>& rows)
{
    const auto count = static_cast<unsigned int>(d_last - d_first);
    for (std::size_t r = 0; r < rows.size(); ++r) {
        const std::size_t at = r * d_columns + d_first;
        cfloat sum = 0.0f;
        volk_32fc_x2_conjugate_dot_prod_32fc(&sum, &d_fourth[at], &d_mean[at], count);
        const cfloat late = unit_of(sum);
        volk_32fc_s32fc_multiply_32fc(&d_shared[at], &d_shared[at], late, count);
        volk_32fc_s32fc_multiply_32fc(
            &d_fourth[at], &d_fourth[at], std::conj(late), count);
    }
}

void element_planes::fold(const std::vector<element_row>& rows,
                          float* larger,
                          float* smaller)
{
    take_off_shared(rows);
    const float* fourth = floats(d_fourth, 0);
    d_box->compute(d_power.data(), 1, d_mean_power.data());
    d_box->compute(fourth, 2, floats(d_mean, 0));
    if (d_bursts) {
        fit_rows(rows);
        d_box->compute(fourth, 2, floats(d_mean, 0));
    }
    for (std::size_t r = 0; r < rows.size(); ++r) {
        if (rows[r].present) {
            const std::size_t at = r * d_columns + d_first;
            fold_octants(floats(rows[r].now + d_first),
                         &d_power[at],
                         &d_mean_power[at],
                         floats(d_mean, at),
                         floats(d_shared, at),
                         d_last - d_first,
                         larger + at,
                         smaller + at);
        }
    }
}

} // namespace lwmspectro
} // namespace gr
