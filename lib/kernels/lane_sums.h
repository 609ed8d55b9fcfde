// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_LWMSPECTRO_LANE_SUMS_H
#define INCLUDED_LWMSPECTRO_LANE_SUMS_H

#include <complex>
#include <cstddef>

namespace gr {
namespace lwmspectro {

// Sums over sequences of some tens of samples, which are not worth the calls of VOLK that
// they would take.

constexpr std::size_t spare_samples = 8; // that may be read behind a sequence

struct sample_sums {
    std::complex<float> sum;
    float energy; // sum of |x|^2, not finite if a sample is not
};

//! Sum and energy of \p n samples.
sample_sums sum_samples(const std::complex<float>* x, std::size_t n);

struct lag_sums {
    std::complex<float> product; // sum of x[k] conj(y[k])
    float energy;                // sum of |x[k]|^2
};

//! \p n products of \p x with the samples \p y. \p room: spare_samples
//! may be read behind both, which is faster.
lag_sums sum_lag_products(const std::complex<float>* x,
                          const std::complex<float>* y,
                          std::size_t n,
                          bool room);

//! sums[j] = sum over k < \p n of x[k] conj(y[j + k]), for j < \p n_lags.
void sum_neighbours(const std::complex<float>* x,
                    const std::complex<float>* y,
                    std::size_t n,
                    bool room,
                    std::size_t n_lags,
                    std::complex<float>* sums);

} // namespace lwmspectro
} // namespace gr

#endif
