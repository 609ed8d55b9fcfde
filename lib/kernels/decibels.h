// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_LWMSPECTRO_DECIBELS_H
#define INCLUDED_LWMSPECTRO_DECIBELS_H

#include <cstddef>

namespace gr {
namespace lwmspectro {

//! out[k] = 10 log10 x[k] for \p n normal positive floats, within 3e-5 dB; \p out may be
//! \p x.
void to_decibels(const float* x, float* out, std::size_t n);

} // namespace lwmspectro
} // namespace gr

#endif
