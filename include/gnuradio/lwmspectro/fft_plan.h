// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_LWMSPECTRO_FFT_PLAN_H
#define INCLUDED_LWMSPECTRO_FFT_PLAN_H

#include <gnuradio/lwmspectro/api.h>
#include <complex>
#include <cstddef>
#include <memory>

namespace gr {
namespace lwmspectro {

//! Complex FFT, not scaled. The only place where the kernels touch FFTW.
class LWMSPECTRO_API fft_plan
{
public:
    enum class direction { forward, inverse };

    explicit fft_plan(std::size_t n_fft, direction way = direction::forward);
    ~fft_plan();
    fft_plan(fft_plan&&) noexcept;
    fft_plan& operator=(fft_plan&&) noexcept;

    std::size_t size() const;
    std::complex<float>* input();
    const std::complex<float>* output() const;
    void execute();

private:
    struct impl;
    std::unique_ptr<impl> d_impl;
};

} // namespace lwmspectro
} // namespace gr

#endif
