// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef LWMSPECTRO_LANE_VECTOR_H
#define LWMSPECTRO_LANE_VECTOR_H

// Vectors of 8 complex samples, for loops that the compiler does not make vectors of by
// itself. Where the machine's are shorter, the compiler takes several.

#include <complex>
#include <cstddef>
#include <cstring>

namespace gr {
namespace lwmspectro {
namespace lane {

constexpr std::size_t lanes = 16, samples = lanes / 2; // of complex numbers, in a vector

typedef float vector __attribute__((vector_size(lanes * sizeof(float))));
typedef int indices __attribute__((vector_size(lanes * sizeof(int))));

#define LWMSPECTRO_INLINE inline __attribute__((always_inline))
#ifdef __clang__
#define LWMSPECTRO_SHUFFLE(x, ...) __builtin_shufflevector(x, x, __VA_ARGS__)
#else
#define LWMSPECTRO_SHUFFLE(x, ...) \
    __builtin_shuffle(x, gr::lwmspectro::lane::indices{ __VA_ARGS__ })
#endif

LWMSPECTRO_INLINE void load(vector& to, const std::complex<float>* x)
{
    std::memcpy(&to, x, sizeof(to));
}

LWMSPECTRO_INLINE void load(vector& to, const float* x)
{
    std::memcpy(&to, x, sizeof(to));
}

LWMSPECTRO_INLINE void store(float* to, const vector& x)
{
    std::memcpy(to, &x, sizeof(x));
}

//! Exchanges real and imaginary parts.
LWMSPECTRO_INLINE void swap_parts(vector& x)
{
    x = LWMSPECTRO_SHUFFLE(x, 1, 0, 3, 2, 5, 4, 7, 6, 9, 8, 11, 10, 13, 12, 15, 14);
}

//! Sums of the even lanes in the first, of the odd ones in the second.
LWMSPECTRO_INLINE void add_pairs(vector& x)
{
    x += LWMSPECTRO_SHUFFLE(x, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7);
    x += LWMSPECTRO_SHUFFLE(x, 4, 5, 6, 7, 0, 1, 2, 3, 4, 5, 6, 7, 0, 1, 2, 3);
    x += LWMSPECTRO_SHUFFLE(x, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1);
}

} // namespace lane
} // namespace lwmspectro
} // namespace gr

#endif
