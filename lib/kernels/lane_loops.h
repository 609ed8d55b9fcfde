// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef LWMSPECTRO_LANE_LOOPS_H
#define LWMSPECTRO_LANE_LOOPS_H

// Loops over samples that take whole vectors of them. Complex numbers are pairs of
// floats.

#include <cstddef>

namespace gr {
namespace lwmspectro {

/*!
 * Values of x at \p n instants, the first at sample \p at, \p step apart. \p taps: for
 * each of \p fractions + 1 fractions of a sample 8 * \p blocks taps, each there twice, of
 * which the first meets the sample of the instant's whole part.
 */
void filter_points(const float* x,
                   double at,
                   double step,
                   std::size_t n,
                   const float* taps,
                   std::size_t fractions,
                   std::size_t blocks,
                   float* points);

/*!
 * Adds \p n products x conj(y) to \p sums. Sum of the powers of these products.
 */
float fold_products(const float* x, const float* y, std::size_t n, float* sums);

} // namespace lwmspectro
} // namespace gr

#endif
