// SPDX-License-Identifier: GPL-3.0-or-later
#include "complex_loops.h"
#include "vector_clones.h"

namespace gr {
namespace lwmspectro {

namespace {

const float* parts(const std::complex<float>* x)
{
    return reinterpret_cast<const float*>(x);
}

float* parts(std::complex<float>* x) { return reinterpret_cast<float*>(x); }

LWMSPECTRO_VECTOR_CLONES
void multiply_parts(const float* __restrict x,
                    const float* __restrict w,
                    float* __restrict out,
                    std::size_t n)
{
    for (std::size_t k = 0; k < n; ++k) {
        out[k] = x[k] * w[k];
    }
}

LWMSPECTRO_VECTOR_CLONES
void add_power_of(const float* __restrict x, float* __restrict sum, std::size_t n)
{
    for (std::size_t k = 0; k < n; ++k) {
        sum[k] += x[2 * k] * x[2 * k] + x[2 * k + 1] * x[2 * k + 1];
    }
}

LWMSPECTRO_VECTOR_CLONES
void subtract_parts(const float* x, float re, float im, float* out, std::size_t n)
{
    for (std::size_t k = 0; k < n; ++k) {
        out[2 * k] = x[2 * k] - re;
        out[2 * k + 1] = x[2 * k + 1] - im;
    }
}

LWMSPECTRO_VECTOR_CLONES
void multiply_lagged(const float* __restrict x,
                     const float* __restrict y,
                     float* __restrict product,
                     float* __restrict power,
                     std::size_t n)
{
    for (std::size_t k = 0; k < n; ++k) {
        const float re = x[2 * k] * y[2 * k] + x[2 * k + 1] * y[2 * k + 1];
        const float im = x[2 * k + 1] * y[2 * k] - x[2 * k] * y[2 * k + 1];
        product[2 * k] = re;
        product[2 * k + 1] = im;
        power[k] = re * re + im * im;
    }
}

LWMSPECTRO_VECTOR_CLONES
void add_parts(const float* __restrict x, float* __restrict sum, std::size_t n)
{
    for (std::size_t k = 0; k < n; ++k) {
        sum[k] += x[k];
    }
}

} // namespace

void multiply_weights(const std::complex<float>* x,
                      const float* w2,
                      std::complex<float>* out,
                      std::size_t n)
{
    multiply_parts(parts(x), w2, parts(out), 2 * n);
}

void add_power(const std::complex<float>* x, float* sum, std::size_t n)
{
    add_power_of(parts(x), sum, n);
}

void subtract(const std::complex<float>* x,
              std::complex<float> mean,
              std::complex<float>* out,
              std::size_t n)
{
    subtract_parts(parts(x), mean.real(), mean.imag(), parts(out), n);
}

void lag_products(const std::complex<float>* x,
                  const std::complex<float>* y,
                  std::complex<float>* product,
                  float* power,
                  std::size_t n)
{
    multiply_lagged(parts(x), parts(y), parts(product), power, n);
}

void add_products(const std::complex<float>* product,
                  const float* power,
                  std::complex<float>* sum,
                  float* powers,
                  std::size_t n)
{
    add_parts(parts(product), parts(sum), 2 * n);
    add_parts(power, powers, n);
}

} // namespace lwmspectro
} // namespace gr
