// SPDX-License-Identifier: GPL-3.0-or-later
// Samples that the C++ tests feed.
#ifndef INCLUDED_LWMSPECTRO_TESTS_SAMPLES_H
#define INCLUDED_LWMSPECTRO_TESTS_SAMPLES_H

#include <cmath>
#include <complex>
#include <cstddef>
#include <random>
#include <vector>

using samples = std::vector<std::complex<float>>;

//! White Gaussian noise of unit power.
inline samples noise(std::size_t n, unsigned seed = 1)
{
    std::mt19937_64 engine(seed);
    std::normal_distribution<float> part(0.0f, std::sqrt(0.5f));
    samples x(n);
    for (auto& value : x) {
        value = { part(engine), part(engine) };
    }
    return x;
}

//! A tone of unit power; \p frequency in cycles a sample.
inline samples tone(std::size_t n, double frequency)
{
    samples x(n);
    for (std::size_t k = 0; k < n; ++k) {
        const double turns = frequency * static_cast<double>(k);
        x[k] = std::complex<float>(
            std::polar(1.0, 2.0 * std::acos(-1.0) * (turns - std::floor(turns))));
    }
    return x;
}

#endif
