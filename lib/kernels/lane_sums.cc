// SPDX-License-Identifier: GPL-3.0-or-later
#include "lane_sums.h"
#include "lane_vector.h"
#include "vector_clones.h"
#include <algorithm>

namespace gr {
namespace lwmspectro {

namespace {

using cfloat = std::complex<float>;
using lane::add_pairs, lane::load, lane::samples, lane::swap_parts, lane::vector;
using lane::indices;

//! Zeros all but the first \p n samples.
LWMSPECTRO_INLINE void keep(vector& x, int n)
{
    const indices at{ 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7 };
    x = at < n ? x : vector{};
}

//! Sums of the even and of the odd lanes.
LWMSPECTRO_INLINE cfloat sum_pairs(vector x)
{
    add_pairs(x);
    return cfloat(x[0], x[1]);
}

LWMSPECTRO_INLINE float sum_all(const vector& x)
{
    const cfloat pair = sum_pairs(x);
    return pair.real() + pair.imag();
}

//! Sums of x conj(y): lanes of \p re add up to the real part, and the odd lanes of \p im
//! less the even ones to the imaginary part.
struct products {
    vector re{}, im{};
};

LWMSPECTRO_INLINE void add(products& to, const vector& x, vector& y)
{
    to.re += x * y;
    swap_parts(y);
    to.im += x * y;
}

LWMSPECTRO_INLINE cfloat total(const products& p)
{
    const cfloat im = sum_pairs(p.im);
    return cfloat(sum_all(p.re), im.imag() - im.real());
}

//! What is left of \p n samples after whole vectors, with room behind it to read one.
struct tail {
    cfloat x[samples]{}, y[2 * samples]{};

    tail(const cfloat* from_x, const cfloat* from_y, std::size_t n, std::size_t n_lags)
    {
        std::copy_n(from_x, n, x);
        std::copy_n(from_y, n + n_lags - 1, y);
    }
};

template <std::size_t n_lags>
LWMSPECTRO_INLINE void
neighbours(const cfloat* x, const cfloat* y, std::size_t n, bool room, cfloat* sums)
{
    products p[n_lags];
    vector a, b;
    std::size_t k = 0;
    for (; k + samples <= n; k += samples) {
        load(a, x + k);
        for (std::size_t j = 0; j < n_lags; ++j) {
            load(b, y + j + k);
            add(p[j], a, b);
        }
    }
    if (k < n && room) {
        load(a, x + k);
        keep(a, static_cast<int>(n - k));
        for (std::size_t j = 0; j < n_lags; ++j) {
            load(b, y + j + k);
            add(p[j], a, b);
        }
    } else if (k < n) {
        const tail rest(x + k, y + k, n - k, n_lags);
        load(a, rest.x);
        for (std::size_t j = 0; j < n_lags; ++j) {
            load(b, rest.y + j);
            add(p[j], a, b);
        }
    }
    for (std::size_t j = 0; j < n_lags; ++j) {
        sums[j] = total(p[j]);
    }
}

} // namespace

LWMSPECTRO_VECTOR_CLONES
sample_sums sum_samples(const cfloat* x, std::size_t n)
{
    // two of each, so that additions overlap
    vector sum[2] = {}, energy[2] = {}, a;
    std::size_t k = 0;
    for (; k + 2 * samples <= n; k += 2 * samples) {
        for (std::size_t j = 0; j < 2; ++j) {
            load(a, x + k + j * samples);
            sum[j] += a;
            energy[j] += a * a;
        }
    }
    cfloat rest_sum = sum_pairs(sum[0] + sum[1]);
    float rest_energy = sum_all(energy[0] + energy[1]);
    for (; k < n; ++k) {
        rest_sum += x[k];
        rest_energy += x[k].real() * x[k].real() + x[k].imag() * x[k].imag();
    }
    return { rest_sum, rest_energy };
}

LWMSPECTRO_VECTOR_CLONES
lag_sums sum_lag_products(const cfloat* x, const cfloat* y, std::size_t n, bool room)
{
    products p;
    vector energy{}, a, b;
    std::size_t k = 0;
    for (; k + samples <= n; k += samples) {
        load(a, x + k);
        load(b, y + k);
        energy += a * a;
        add(p, a, b);
    }
    if (k < n && room) {
        load(a, x + k);
        load(b, y + k);
        keep(a, static_cast<int>(n - k));
        energy += a * a;
        add(p, a, b);
    } else if (k < n) {
        const tail rest(x + k, y + k, n - k, 1);
        load(a, rest.x);
        load(b, rest.y);
        energy += a * a;
        add(p, a, b);
    }
    return { total(p), sum_all(energy) };
}

LWMSPECTRO_VECTOR_CLONES
void sum_neighbours(const cfloat* x,
                    const cfloat* y,
                    std::size_t n,
                    bool room,
                    std::size_t n_lags,
                    cfloat* sums)
{
    switch (n_lags) {
    case 3:
        return neighbours<3>(x, y, n, room, sums);
    case 5:
        return neighbours<5>(x, y, n, room, sums);
    default:
        for (std::size_t j = 0; j < n_lags; ++j) {
            neighbours<1>(x, y + j, n, room, sums + j);
        }
    }
}

} // namespace lwmspectro
} // namespace gr
