// SPDX-License-Identifier: GPL-3.0-or-later
#include "element_loops.h"
#include "vector_clones.h"
#include <algorithm>
#include <cmath>

namespace gr {
namespace lwmspectro {

namespace {

constexpr float tiny = 1e-30f;

//! One of the square roots of a number of size 1, in place.
inline __attribute__((always_inline)) void halve_angle(float& real, float& imag)
{
    const float sum = 1.0f + real;
    const float norm = sum * sum + imag * imag;
    const bool apart = norm > 1e-12f; // from -1
    const float scale = 1.0f / std::sqrt(apart ? norm : 1.0f);
    real = apart ? sum * scale : 0.0f;
    imag = apart ? imag * scale : 1.0f;
}

} // namespace

LWMSPECTRO_VECTOR_CLONES
void square_angles(
    const float* turns, std::size_t n, float* squares, float* fourths, float* weights)
{
    for (std::size_t k = 0; k < n; ++k) {
        const float re = turns[2 * k], im = turns[2 * k + 1];
        const float norm = re * re + im * im;
        const bool heard = norm > tiny;
        const float scale = 1.0f / (heard ? norm : 1.0f);
        const float real = heard ? (re * re - im * im) * scale : 0.0f;
        const float imag = heard ? 2.0f * re * im * scale : 0.0f;
        squares[2 * k] = real;
        squares[2 * k + 1] = imag;
        fourths[2 * k] = real * real - imag * imag;
        fourths[2 * k + 1] = 2.0f * real * imag;
        weights[k] = heard ? std::sqrt(norm) : 0.0f;
    }
}

LWMSPECTRO_VECTOR_CLONES
void cosines(
    const float* squares, const float* turn, std::size_t n, float* cos2, float* cos4)
{
    for (std::size_t k = 0; k < n; ++k) {
        const float re = squares[2 * k], im = squares[2 * k + 1];
        const float real = re * turn[0] - im * turn[1];
        cos2[k] = real;
        cos4[k] = 2.0f * real * real - (re * re + im * im);
    }
}

LWMSPECTRO_VECTOR_CLONES
void fourth_powers(const float* x, const float* power, std::size_t n, float* fourths)
{
    for (std::size_t k = 0; k < n; ++k) {
        const float re = x[2 * k], im = x[2 * k + 1];
        const float scale = 1.0f / std::max(power[k], tiny);
        const float real = re * re - im * im, imag = 2.0f * re * im;
        fourths[2 * k] = (real * real - imag * imag) * scale;
        fourths[2 * k + 1] = 2.0f * real * imag * scale;
    }
}

LWMSPECTRO_VECTOR_CLONES
void phase_steps(const float* x, std::size_t n, float* steps)
{
    for (std::size_t k = 0; k + 1 < n; ++k) {
        const float a = x[2 * k], b = x[2 * k + 1];
        const float c = x[2 * k + 2], d = x[2 * k + 3];
        const float real = c * a + d * b, imag = d * a - c * b;
        const float norm = std::max(real * real + imag * imag, tiny);
        const float scale = 1.0f / std::sqrt(std::sqrt(norm));
        steps[2 * k] = real * scale;
        steps[2 * k + 1] = imag * scale;
    }
}

LWMSPECTRO_VECTOR_CLONES
void fold_octants(const float* x,
                  const float* power,
                  const float* mean_power,
                  const float* mean,
                  const float* shared,
                  std::size_t n,
                  float* __restrict larger,
                  float* __restrict smaller)
{
    for (std::size_t k = 0; k < n; ++k) {
        const float a = -mean[2 * k], b = -mean[2 * k + 1];
        const float c = shared[2 * k], d = shared[2 * k + 1];
        float real = a * c - b * d, imag = a * d + b * c;
        const float size = 1.0f / std::sqrt(std::max(real * real + imag * imag, tiny));
        real *= size;
        imag *= size;
        halve_angle(real, imag);
        halve_angle(real, imag);
        const float re = x[2 * k], im = x[2 * k + 1];
        const float gain = 1.0f / std::sqrt(std::max(mean_power[k], tiny));
        const float heard = power[k] > least_element_power ? gain : 0.0f;
        const float i = std::fabs(re * real + im * imag) * heard;
        const float q = std::fabs(im * real - re * imag) * heard;
        larger[k] = std::min(std::max(i, q), largest_part);
        smaller[k] = std::min(std::min(i, q), largest_part);
    }
}

LWMSPECTRO_VECTOR_CLONES
void add_between(const float* from, float part, std::size_t n, float* to)
{
    for (std::size_t k = 0; k < n; ++k) {
        to[k] += from[k] + part * (from[k + 2] - from[k]);
    }
}

LWMSPECTRO_VECTOR_CLONES
void sum_steps(const float* from,
               std::size_t step,
               std::size_t count,
               const float* scale,
               std::size_t n,
               float* to)
{
    for (std::size_t k = 0; k < n; ++k) {
        to[k] = from[k];
    }
    for (std::size_t j = 1; j < count; ++j) {
        const float* next = from + j * step;
        for (std::size_t k = 0; k < n; ++k) {
            to[k] += next[k];
        }
    }
    for (std::size_t k = 0; k < n; ++k) {
        to[k] *= scale[k];
    }
}

} // namespace lwmspectro
} // namespace gr
