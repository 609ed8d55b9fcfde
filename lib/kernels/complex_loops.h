// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_LWMSPECTRO_COMPLEX_LOOPS_H
#define INCLUDED_LWMSPECTRO_COMPLEX_LOOPS_H

#include <complex>
#include <cstddef>

namespace gr {
namespace lwmspectro {

// Loops over samples that would be two or three calls of VOLK, and as many passes.

//! out[k] = x[k] w[k]; every weight stands twice, for both parts: 2 \p n floats in \p w2.
void multiply_weights(const std::complex<float>* x,
                      const float* w2,
                      std::complex<float>* out,
                      std::size_t n);

//! sum[k] += |x[k]|^2
void add_power(const std::complex<float>* x, float* sum, std::size_t n);

//! out[k] = x[k] - mean; \p out may be \p x.
void subtract(const std::complex<float>* x,
              std::complex<float> mean,
              std::complex<float>* out,
              std::size_t n);

//! product[k] = x[k] conj(y[k]), power[k] = |product[k]|^2
void lag_products(const std::complex<float>* x,
                  const std::complex<float>* y,
                  std::complex<float>* product,
                  float* power,
                  std::size_t n);

//! sum[k] += product[k], powers[k] += power[k]
void add_products(const std::complex<float>* product,
                  const float* power,
                  std::complex<float>* sum,
                  float* powers,
                  std::size_t n);

} // namespace lwmspectro
} // namespace gr

#endif
