// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef LWMSPECTRO_ELEMENT_LOOPS_H
#define LWMSPECTRO_ELEMENT_LOOPS_H

// The loops over resource elements that VOLK has no kernel for. Complex numbers are pairs
// of floats, n counts them, and nothing here is infinite.

#include <cstddef>

namespace gr {
namespace lwmspectro {

//! Powers below this, of the mean power of the window, are silence.
constexpr float least_element_power = 1e-20f;

/*!
 * No part is larger: an element is one of the 15 x 7 at most whose mean power is its
 * gain. Where these are next to nothing beside others in the same sums, their mean is
 * lost to rounding.
 */
constexpr float largest_part = 10.25f;

//! squares = (turns / |turns|)^2, fourths its square, weights = |turns|; 0 in silence.
void square_angles(
    const float* turns, std::size_t n, float* squares, float* fourths, float* weights);

//! Real parts of squares * turn, and of their squares; 0 in silence.
void cosines(
    const float* squares, const float* turn, std::size_t n, float* cos2, float* cos4);

//! fourths = x^4 / power, of size |x|^2.
void fourth_powers(const float* x, const float* power, std::size_t n, float* fourths);

//! steps = x[k + 1] conj(x[k]), of the square root of its size; n - 1 of them.
void phase_steps(const float* x, std::size_t n, float* steps);

/*!
 * Parts of x over its gain: the root of \p mean_power, with a quarter of the angle of
 * -mean * shared. Both in magnitude and at most largest_part, the larger one first; 0 in
 * silence.
 */
void fold_octants(const float* x,
                  const float* power,
                  const float* mean_power,
                  const float* mean,
                  const float* shared,
                  std::size_t n,
                  float* larger,
                  float* smaller);

//! to[k] += from[k] + part * (from[k + 2] - from[k]) for \p n floats.
void add_between(const float* from, float part, std::size_t n, float* to);

//! to[k] = scale[k] * sum of from[k + j * step] for j below \p count; \p n floats.
void sum_steps(const float* from,
               std::size_t step,
               std::size_t count,
               const float* scale,
               std::size_t n,
               float* to);

} // namespace lwmspectro
} // namespace gr

#endif
