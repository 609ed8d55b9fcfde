// SPDX-License-Identifier: GPL-3.0-or-later
#include "lane_loops.h"
#include "lane_vector.h"
#include "vector_clones.h"

namespace gr {
namespace lwmspectro {

using lane::vector;

LWMSPECTRO_VECTOR_CLONES
void filter_points(const float* x,
                   double at,
                   double step,
                   std::size_t n,
                   const float* taps,
                   std::size_t fractions,
                   std::size_t blocks,
                   float* points)
{
    for (std::size_t k = 0; k < n; ++k) {
        const double instant = at + k * step;
        const auto whole = static_cast<std::size_t>(instant);
        const auto fraction =
            static_cast<std::size_t>((instant - whole) * fractions + 0.5);
        const float* from = x + 2 * whole;
        const float* tap = taps + fraction * blocks * lane::lanes;
        vector sum{}, a, b;
        for (std::size_t at_lane = 0; at_lane < blocks * lane::lanes;
             at_lane += lane::lanes) {
            lane::load(a, from + at_lane);
            lane::load(b, tap + at_lane);
            sum += a * b;
        }
        lane::add_pairs(sum);
        std::memcpy(points + 2 * k, &sum, 2 * sizeof(float));
    }
}

LWMSPECTRO_VECTOR_CLONES
float fold_products(const float* x, const float* y, std::size_t n, float* sums)
{
    const lane::indices odd{ 0, -1, 0, -1, 0, -1, 0, -1, 0, -1, 0, -1, 0, -1, 0, -1 };
    vector powers{}, a, b, sum;
    std::size_t k = 0;
    for (; k + lane::samples <= n; k += lane::samples) {
        lane::load(a, x + 2 * k);
        lane::load(b, y + 2 * k);
        lane::load(sum, sums + 2 * k);
        vector real = a * b, swapped = real;
        lane::swap_parts(swapped);
        real += swapped;
        lane::swap_parts(b);
        vector imag = a * b;
        swapped = imag;
        lane::swap_parts(swapped);
        imag -= swapped; // in the odd lanes
        const vector product = odd ? imag : real;
        powers += product * product;
        lane::store(sums + 2 * k, sum + product);
    }
    lane::add_pairs(powers);
    float power = powers[0] + powers[1];
    for (; k < n; ++k) {
        const float re = x[2 * k] * y[2 * k] + x[2 * k + 1] * y[2 * k + 1];
        const float im = x[2 * k + 1] * y[2 * k] - x[2 * k] * y[2 * k + 1];
        sums[2 * k] += re;
        sums[2 * k + 1] += im;
        power += re * re + im * im;
    }
    return power;
}

} // namespace lwmspectro
} // namespace gr
